/* Runs a program with libposix's trace (POSIX_STRACE) and shows what is asked
 * for: its own calls or its children's too, all or those named. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static FILE *out;
static bool follow, negated;
static const char *names; /* separated by commas, NULL: all calls */
static pid_t child;
static sigset_t given; /* the mask that the program is to have */

static void usage(void)
{
	fputs("usage: posix-strace [-f] [-o FILE] [-e trace=CALL,...] PROGRAM "
	      "[ARG...]\n"
	      "  -f  show the calls of child processes too\n"
	      "  -o FILE  write to FILE, not to standard error\n"
	      "  -e trace=CALL,...  show these calls alone; trace=!CALL,... "
	      "all "
	      "others\n",
		stderr);
	exit(1);
}

static bool is_named(const char *name, size_t n)
{
	const char *p = names;

	while (p) {
		if (!strncmp(p, name, n) && (p[n] == ',' || !p[n]))
			return true;
		p = strchr(p, ',');
		p += p != NULL;
	}
	return false;
}

/* "PID SECONDS NAME(ARGUMENTS) = RESULT <TIME>", or a message without "(". */
static void show(const char *line)
{
	char *call;
	long pid = strtol(line, &call, 10);
	size_t n;

	if (call == line || *call != ' ') {
		fputs(line, out); /* a complaint of libposix's own */
		return;
	}
	if (!follow && pid != child)
		return;
	call = strchr(call + 1, ' ');
	if (!call)
		return;
	call++;
	n = strcspn(call, "( ");
	if (names && (call[n] != '(' || is_named(call, n) == negated))
		return;
	fputs(follow ? line : call, out);
}

/* What has come since the last time; part of a line waits for its rest. */
static void drain(int from)
{
	static char text[65536];
	static size_t length;
	char *line = text, *end;
	ssize_t n;

	while ((n = read(from, text + length, sizeof text - 1 - length)) > 0) {
		length += (size_t)n;
		text[length] = 0;
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			char next = end[1];

			end[1] = 0;
			show(line);
			end[1] = next;
		}
		length -= (size_t)(line - text);
		memmove(text, line, length);
	}
	fflush(out);
}

static void start(char **argv, const char *trace)
{
	sigprocmask(SIG_SETMASK, &given, NULL);
	if (out != stderr)
		fclose(out);
	setenv("POSIX_STRACE", trace, 1);
	execvp(*argv, argv);
	fprintf(stderr, "posix-strace: %s: %s\n", *argv, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* The file grows without a word to its reader, so it is looked at ten times a
 * second, and once more when the program has ended.  Whoever wants to end
 * posix-strace means the program. */
static int await(int from)
{
	struct timespec pause = { 0, 100000000 };
	sigset_t awaited;
	int status, signal;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGHUP);
	while (waitpid(child, &status, WNOHANG) == 0) {
		signal = sigtimedwait(&awaited, NULL, &pause);
		if (signal == SIGTERM || signal == SIGHUP)
			kill(child, signal);
		drain(from);
	}
	drain(from);
	return status;
}

/* As the program ended. */
static int finish(int status)
{
	if (WIFEXITED(status)) {
		fprintf(out, "+++ exited with %d +++\n", WEXITSTATUS(status));
		fflush(out);
		return WEXITSTATUS(status);
	}
	fprintf(out, "+++ killed by signal %d (%s) +++\n", WTERMSIG(status),
		strsignal(WTERMSIG(status)));
	fflush(out);
	return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char trace[] = "/tmp/posix-strace-XXXXXX";
	sigset_t blocked;
	int c, fd, status;

	out = stderr;
	while ((c = getopt(argc, argv, "+fo:e:")) >= 0) {
		switch (c) {
		case 'f':
			follow = true;
			break;
		case 'o':
			out = fopen(optarg, "we");
			if (!out) {
				fprintf(stderr, "posix-strace: %s: %s\n",
					optarg, strerror(errno));
				return 1;
			}
			break;
		case 'e':
			names = optarg + (strncmp(optarg, "trace=", 6) ? 0 : 6);
			negated = *names == '!';
			names += negated;
			break;
		default:
			usage();
		}
	}
	if (optind == argc)
		usage();
	fd = mkostemp(trace, O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "posix-strace: %s: %s\n", trace,
			strerror(errno));
		return 1;
	}
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	/* the keyboard's signals are for the program */
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigprocmask(SIG_BLOCK, &blocked, &given);
	child = fork();
	if (child < 0) {
		perror("posix-strace: fork");
		unlink(trace);
		return 1;
	}
	if (!child)
		start(argv + optind, trace);
	status = await(fd);
	unlink(trace);
	return finish(status);
}
