/* strace(1) by libposix's own trace: starts a program or takes processes that
 * run, has each write its calls to a file, and shows what is asked for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../winsup/libposix/abi/private_syscalls.h"
#include "strace.h"

#define PIDS  64
#define PAUSE 50 /* ms between two looks at the file */

static char trace[] = "/tmp/posix-strace-XXXXXX";
static pid_t child, attached[PIDS];
static int attached_count, status;
static bool child_ended;
static volatile sig_atomic_t stopped;
static sigset_t given; /* the mask that the program is to have */

static _Noreturn void usage(void)
{
	fputs("usage: posix-strace [OPTION...] {-p PID... | PROGRAM [ARG...]}\n"
	      "  -f  child processes and other threads too; -ff  and with -o "
	      "each to FILE.PID\n"
	      "  -p PID[,PID...]  processes that run already\n"
	      "  -o FILE  write to FILE (\"|COMMAND\": to its input); -A  at "
	      "its end\n"
	      "  -e trace=SET  only these calls; SET is names and families "
	      "(%file %process\n"
	      "     %network %signal %memory %desc %ipc %clock %creds %stat), "
	      "/REGEX, all, none;\n"
	      "     with \"!\" in front, all others.  -e signal=SET likewise\n"
	      "  -z, -Z  only calls that succeed, that fail\n"
	      "  -c  a table of counts and times instead of lines; -C  as "
	      "well\n"
	      "  -T  time spent in each call; -r  since the line before\n"
	      "  -t, -tt, -ttt  time of day; with microseconds; since 1970\n"
	      "  -y  paths of descriptors; -s SIZE  bytes of strings shown\n"
	      "  -a COLUMN  of results; -q  no remarks; -E NAME[=VALUE]  the "
	      "program's\n",
		stderr);
	exit(1);
}

static long set_trace(pid_t pid, const char *file)
{
	return syscall(SYS_posix_trace, pid, file,
		POSIX_TRACE_SIZE(options.size) |
			(options.paths ? POSIX_TRACE_PATHS : 0));
}

/* What has come since the last time; part of a line waits for its rest. */
static void drain(int from)
{
	static char text[65536];
	static size_t length;
	char *line, *end;
	ssize_t n;

	while ((n = read(from, text + length, sizeof text - 1 - length)) > 0) {
		length += (size_t)n;
		text[length] = 0;
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			show_line(line);
		}
		length -= (size_t)(line - text);
		memmove(text, line, length);
		if (length == sizeof text - 1)
			length = 0; /* that is no line */
	}
	show_flush();
}

/* ---- the program ---- */

/* As execvp would find it, but with one call. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	char *list, *folder, *rest, *found;

	if (strchr(name, '/'))
		return strdup(name);
	list = strdup(path ? path : "/bin:/usr/bin");
	for (folder = strtok_r(list, ":", &rest); folder;
		folder = strtok_r(NULL, ":", &rest)) {
		struct stat st;

		if (asprintf(&found, "%s/%s", folder, name) < 0)
			break;
		if (!stat(found, &st) && S_ISREG(st.st_mode) &&
			!access(found, X_OK)) {
			free(list);
			return found;
		}
		free(found);
	}
	unlink(trace);
	fprintf(stderr, ME ": Cannot find executable '%s'\n", name);
	exit(1);
}

static void start(char **argv)
{
	char *program = find_program(*argv);
	int e;

	child = fork();
	if (child < 0) {
		perror(ME ": fork");
		exit(1);
	}
	if (child)
		return;
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &given, NULL);
	if (set_trace(0, trace)) {
		perror(ME ": trace");
		_exit(1);
	}
	execv(program, argv);
	e = errno;
	syscall(SYS_posix_trace, 0, "", 0);
	fprintf(stderr, ME ": exec: %s\n", strerror(e));
	_exit(1);
}

/* ---- processes that run ---- */

static void add_pids(const char *list)
{
	char *end;

	do {
		long pid = strtol(list, &end, 10);

		if (end == list || (*end && *end != ',') || pid <= 0) {
			fprintf(stderr, ME ": Invalid process id: '%s'\n",
				list);
			exit(1);
		}
		if (attached_count == PIDS) {
			fprintf(stderr, ME ": too many processes\n");
			exit(1);
		}
		attached[attached_count++] = (pid_t)pid;
		list = end + 1;
	} while (*end);
}

static void attach_all(void)
{
	int good = 0;

	for (int i = 0; i < attached_count; i++) {
		if (attached[i] == getpid()) {
			errno = EPERM;
		} else if (!set_trace(attached[i], trace)) {
			show_add(attached[i]);
			good++;
			if (!options.quiet)
				fprintf(stderr, "strace: Process %d attached\n",
					(int)attached[i]);
			continue;
		}
		fprintf(stderr, ME ": attach to %d: %s\n", (int)attached[i],
			strerror(errno));
	}
	if (!good) {
		unlink(trace);
		exit(1);
	}
}

/* Their children too: whoever still writes to our file. */
static void detach_all(void)
{
	pid_t pid;

	for (int i = -1; (i = show_next(i + 1, &pid)) >= 0;) {
		syscall(SYS_posix_trace, pid, "", 0);
		if (!options.quiet)
			fprintf(stderr, "strace: Process %d detached\n",
				(int)pid);
	}
}

/* ---- waiting ---- */

static void stop(int signal)
{
	stopped = signal;
}

/* Whoever wants to end posix-strace means the program. */
static void on_stop(void)
{
	if (child && !child_ended) {
		kill(child, stopped);
		stopped = 0;
	}
}

static bool has_gone(pid_t pid)
{
	int fd;
	struct pollfd p = { .events = POLLIN };

	if (pid == child)
		return child_ended;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return errno == ESRCH;
	p.fd = fd;
	poll(&p, 1, 0);
	close(fd);
	return p.revents & POLLIN;
}

/* What is written before a process ends is in the file when it has ended. */
static bool look_at_ends(int from)
{
	pid_t pid, gone[PIDS];
	int count = 0;
	bool any = false;

	for (int i = -1; (i = show_next(i + 1, &pid)) >= 0;) {
		any = true;
		if (count < PIDS && has_gone(pid))
			gone[count++] = pid;
	}
	if (!count)
		return any;
	drain(from);
	for (int i = 0; i < count; i++)
		show_end(gone[i], gone[i] == child ? status : SIGKILL);
	return show_next(0, &pid) >= 0;
}

/* The file grows without a word to its reader, so it is looked at often.  The
 * end of the child is awaited besides: SIGCHLD ends the pause. */
static void follow(int from)
{
	struct timespec pause = { 0, PAUSE * 1000000 };
	bool any = true;
	sigset_t open;

	sigemptyset(&open);
	while (any && !stopped) {
		if (child && !child_ended &&
			waitpid(child, &status, WNOHANG) == child)
			child_ended = true;
		drain(from);
		any = look_at_ends(from);
		if (!any)
			break;
		ppoll(NULL, 0, &pause, &open);
		if (stopped)
			on_stop();
	}
	/* it has said that it ends, which it then does */
	if (child && !child_ended)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	drain(from);
}

static void nothing(int signal)
{
	(void)signal;
}

/* Signals come while follow() pauses, and then alone.  The keyboard's are for
 * the program. */
static void take_signals(void)
{
	static const int taken[] = { SIGHUP, SIGTERM, SIGINT, SIGQUIT };
	struct sigaction a = { .sa_handler = stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		bool keyboard = taken[i] == SIGINT || taken[i] == SIGQUIT;

		sigaddset(&blocked, taken[i]);
		a.sa_handler = keyboard && !attached_count ? nothing : stop;
		sigaction(taken[i], &a, NULL);
	}
	sigaddset(&blocked, SIGCHLD);
	a.sa_handler = nothing;
	sigaction(SIGCHLD, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &blocked, &given);
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+a:AcCe:E:fo:p:qrs:tTwyzZ")) >= 0) {
		switch (c) {
		case 'a':
			options.column = atoi(optarg);
			break;
		case 'A':
			options.append = true;
			break;
		case 'c':
			options.count = true;
			break;
		case 'C':
			options.count = options.also_lines = true;
			break;
		case 'e':
			set_expression(optarg);
			break;
		case 'E':
			if (strchr(optarg, '='))
				putenv(optarg);
			else
				unsetenv(optarg);
			break;
		case 'f':
			options.each = options.follow;
			options.follow = true;
			break;
		case 'o':
			options.file = optarg;
			break;
		case 'p':
			add_pids(optarg);
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'r':
			options.relative = true;
			break;
		case 's':
			options.size = atoi(optarg);
			if (options.size < 0 || options.size > 1 << 20) {
				fprintf(stderr,
					ME ": invalid -s argument: "
					   "'%s'\n",
					optarg);
				exit(1);
			}
			break;
		case 't':
			options.time++;
			break;
		case 'T':
			options.spent = true;
			break;
		case 'w': /* our times are always those of the clock */
			break;
		case 'y':
			options.paths = true;
			break;
		case 'z':
			options.good_only = true;
			break;
		case 'Z':
			options.failed_only = true;
			break;
		default:
			usage();
		}
	}
	if (options.time > 3)
		options.time = 3;
	if ((optind == argc) == !attached_count)
		usage();
}

int main(int argc, char **argv)
{
	int fd;

	read_options(argc, argv);
	if (!show_open())
		return 1;
	fd = mkostemp(trace, O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, ME ": %s: %s\n", trace, strerror(errno));
		return 1;
	}
	take_signals();
	if (attached_count) {
		attach_all();
	} else {
		start(argv + optind);
		show_add(child);
	}
	follow(fd);
	detach_all();
	drain(fd);
	unlink(trace);
	if (options.count)
		show_summary();
	show_flush();
	if (!child)
		return 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* as the program ended, as strace does; without a core of ours */
	signal(WTERMSIG(status), SIG_DFL);
	sigprocmask(SIG_SETMASK, &given, NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
