/* Lines of the trace (winsup/libposix/gate/trace.c) as strace(1) writes them.
 *
 *   PID SECONDS.MICROSECONDS CALL(ARGUMENTS) = RESULT (Windows CODE) <TIME>
 *
 * with PID/TID where the thread is not the first, or "--- signal ---" and
 * "+++ end +++"; what looks otherwise are the lower half's own remarks. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "strace.h"

struct options options = { .column = 40, .size = 32 };

/* ---- who is traced ---- */

struct tracee {
	pid_t pid, tid;
	bool ended;
	FILE *out;
};
static struct tracee *tracees;
static int tracee_count, living;
static FILE *common; /* where all goes, but for -ff */

bool show_open(void)
{
	common = stderr;
	if (!options.file || (options.each && !options.count))
		return true;
	if (*options.file == '|' || *options.file == '!')
		common = popen(options.file + 1, "we");
	else
		common = fopen(options.file, options.append ? "ae" : "we");
	if (!common)
		fprintf(stderr, ME ": %s: %s\n", options.file, strerror(errno));
	return common != NULL;
}

/* The last one: numbers are used again. */
static struct tracee *find(pid_t tid)
{
	for (int i = tracee_count - 1; i >= 0; i--)
		if (tracees[i].tid == tid && !tracees[i].ended)
			return &tracees[i];
	return NULL;
}

static struct tracee *enter(pid_t pid, pid_t tid)
{
	struct tracee *t;
	char name[4096];

	tracees =
		realloc(tracees, (size_t)(tracee_count + 1) * sizeof *tracees);
	if (!tracees) {
		perror(ME);
		exit(1);
	}
	t = &tracees[tracee_count++];
	*t = (struct tracee){ pid, tid, false, common };
	living++;
	if (options.each && options.file) {
		snprintf(name, sizeof name, "%s.%d", options.file, (int)tid);
		t->out = fopen(name, options.append ? "ae" : "we");
		if (!t->out) {
			fprintf(stderr, ME ": %s: %s\n", name, strerror(errno));
			exit(1);
		}
	}
	return t;
}

void show_add(pid_t pid)
{
	enter(pid, pid);
}

int show_next(int from, pid_t *pid)
{
	for (int i = from; i < tracee_count; i++) {
		if (!tracees[i].ended && tracees[i].pid == tracees[i].tid) {
			*pid = tracees[i].pid;
			return i;
		}
	}
	return -1;
}

/* ---- -c ---- */

static struct total {
	char *name;
	long calls, errors;
	double seconds;
} * totals;
static int total_count;

static void count_call(
	const char *name, size_t length, bool failed, double seconds)
{
	int i = 0;

	while (i < total_count && (strncmp(totals[i].name, name, length) ||
					  totals[i].name[length]))
		i++;
	if (i == total_count) {
		totals = realloc(
			totals, (size_t)(total_count + 1) * sizeof *totals);
		totals[total_count++] =
			(struct total){ strndup(name, length), 0, 0, 0 };
	}
	totals[i].calls++;
	totals[i].errors += failed;
	totals[i].seconds += seconds;
}

static int by_time(const void *a, const void *b)
{
	const struct total *x = a, *y = b;

	return x->seconds < y->seconds	 ? 1
	       : x->seconds > y->seconds ? -1
	       : x->calls != y->calls
		       ? (x->calls < y->calls) - (x->calls > y->calls)
		       : strcmp(x->name, y->name);
}

static void print_total(const struct total *t, double all)
{
	char errors[24] = "";

	if (t->errors)
		snprintf(errors, sizeof errors, "%ld", t->errors);
	fprintf(common, "%6.2f %11.6f %11.0f %9ld %9s %s\n",
		all > 0 ? 100 * t->seconds / all : 0.0, t->seconds,
		t->calls ? t->seconds * 1e6 / (double)t->calls : 0.0, t->calls,
		errors, t->name);
}

void show_summary(void)
{
	static const char line[] = "------ ----------- ----------- --------- "
				   "--------- ----------------\n";
	struct total all = { .name = "total" };

	for (int i = 0; i < total_count; i++) {
		all.calls += totals[i].calls;
		all.errors += totals[i].errors;
		all.seconds += totals[i].seconds;
	}
	qsort(totals, (size_t)total_count, sizeof *totals, by_time);
	fprintf(common,
		"%% time     seconds  usecs/call     calls    errors syscall\n"
		"%s",
		line);
	for (int i = 0; i < total_count; i++)
		print_total(&totals[i], all.seconds);
	fputs(line, common);
	print_total(&all, all.seconds);
}

/* ---- lines ---- */

/* Time in front of a line; how many columns it took. */
static int lead(struct tracee *t, double when)
{
	static double before;
	time_t seconds = (time_t)when;
	long micro = (long)((when - (double)seconds) * 1e6 + 0.5);
	char clock[32];
	struct tm tm;
	int n = 0;

	if (micro > 999999)
		micro = 999999;
	if (options.file && options.follow && !options.each)
		n += fprintf(t->out, "%-5d ", (int)t->tid);
	else if (living > 1 && !options.each)
		n += fprintf(t->out, "[pid %5d] ", (int)t->tid);
	if (options.relative) {
		double since = before ? when - before : 0;

		n += fprintf(t->out, "%13.6f ", since > 0 ? since : 0);
		before = when;
	} else if (options.time == 3) {
		n += fprintf(t->out, "%ld.%06ld ", (long)seconds, micro);
	} else if (options.time) {
		localtime_r(&seconds, &tm);
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
		n += fprintf(t->out, "%s", clock);
		if (options.time == 2)
			n += fprintf(t->out, ".%06ld", micro);
		n += fprintf(t->out, " ");
	}
	return n;
}

static const struct {
	const char *name;
	int number;
} errors[] = {
#define E(name) \
	{ \
#name, name \
	}
	E(EPERM),
	E(ENOENT),
	E(ESRCH),
	E(EINTR),
	E(EIO),
	E(ENXIO),
	E(E2BIG),
	E(ENOEXEC),
	E(EBADF),
	E(ECHILD),
	E(EAGAIN),
	E(ENOMEM),
	E(EACCES),
	E(EFAULT),
	E(ENOTBLK),
	E(EBUSY),
	E(EEXIST),
	E(EXDEV),
	E(ENODEV),
	E(ENOTDIR),
	E(EISDIR),
	E(EINVAL),
	E(ENFILE),
	E(EMFILE),
	E(ENOTTY),
	E(ETXTBSY),
	E(EFBIG),
	E(ENOSPC),
	E(ESPIPE),
	E(EROFS),
	E(EMLINK),
	E(EPIPE),
	E(EDOM),
	E(ERANGE),
	E(EDEADLK),
	E(ENAMETOOLONG),
	E(ENOLCK),
	E(ENOSYS),
	E(ENOTEMPTY),
	E(ELOOP),
	E(ENODATA),
	E(ETIME),
	E(EPROTO),
	E(EOVERFLOW),
	E(EBADMSG),
	E(EILSEQ),
	E(ENOTSOCK),
	E(EDESTADDRREQ),
	E(EMSGSIZE),
	E(EPROTOTYPE),
	E(ENOPROTOOPT),
	E(EPROTONOSUPPORT),
	E(ESOCKTNOSUPPORT),
	E(EOPNOTSUPP),
	E(EPFNOSUPPORT),
	E(EAFNOSUPPORT),
	E(EADDRINUSE),
	E(EADDRNOTAVAIL),
	E(ENETDOWN),
	E(ENETUNREACH),
	E(ECONNABORTED),
	E(ECONNRESET),
	E(ENOBUFS),
	E(EISCONN),
	E(ENOTCONN),
	E(ETIMEDOUT),
	E(ECONNREFUSED),
	E(EHOSTUNREACH),
	E(EALREADY),
	E(EINPROGRESS),
	E(ESTALE),
	E(EDQUOT),
	E(ECANCELED),
	E(EOWNERDEAD),
	E(ENOTRECOVERABLE),
#undef E
};

static void print_result(FILE *out, const char *result)
{
	fprintf(out, "= %s", result);
	if (!strcmp(result, "? ERESTARTSYS"))
		fputs(" (To be restarted if SA_RESTART is set)", out);
	else if (!strcmp(result, "? ERESTARTNOHAND"))
		fputs(" (To be restarted if no handler)", out);
	else if (!strncmp(result, "-1 E", 4))
		for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
			if (!strcmp(errors[i].name, result + 3))
				fprintf(out, " (%s)",
					strerror(errors[i].number));
}

static char *last(char *text, const char *what)
{
	char *found = NULL;

	for (char *p = text; (p = strstr(p, what)); p++)
		found = p;
	return found;
}

/* A call: taken apart from its end. */
static void show_call(struct tracee *t, char *text, double when)
{
	size_t name = strcspn(text, "(");
	char *part = last(text, " <"), *result;
	double spent = -1;
	bool failed;
	int column;

	if (!set_has_call(text, name))
		return;
	if (part && part[strlen(part) - 1] == '>' &&
		strspn(part + 2, "0123456789.") + 3 == strlen(part)) {
		spent = strtod(part + 2, NULL);
		*part = 0;
	}
	part = last(text, " (Windows ");
	if (part && !strchr(part, '<'))
		*part = 0;
	result = last(text, ") = ");
	if (!result)
		return;
	*result = 0;
	result += 4;
	failed = !strncmp(result, "-1 ", 3);
	if ((options.failed_only && !failed) || (options.good_only && failed))
		return;
	if (options.count && strcmp(result, "?"))
		count_call(text, name, failed, spent > 0 ? spent : 0);
	if (options.count && !options.also_lines)
		return;
	/* strace's time is that of the call, the trace's of its end */
	column = lead(t, spent > 0 ? when - spent : when);
	column += fprintf(t->out, "%s) ", text);
	if (column < options.column)
		fprintf(t->out, "%*s", options.column - column, "");
	print_result(t->out, result);
	if (options.spent && spent >= 0)
		fprintf(t->out, " <%.6f>", spent);
	putc('\n', t->out);
}

static void end_thread(struct tracee *t, const char *text, double when)
{
	if (!options.count || options.also_lines) {
		lead(t, when);
		fprintf(t->out, "%s\n", text);
	}
	t->ended = true;
	living--;
	if (t->out != common)
		fclose(t->out);
}

/* All its threads end with a process, the first one last. */
static void end_process(pid_t pid, const char *text, double when)
{
	for (int i = tracee_count - 1; i >= 0; i--)
		if (tracees[i].pid == pid && !tracees[i].ended)
			end_thread(&tracees[i], text, when);
}

static void show_other(struct tracee *t, char *text, double when)
{
	char *name = text + 4;

	if (!strncmp(text, "+++ thread ", 11)) {
		memmove(text + 4, text + 11, strlen(text + 11) + 1);
		end_thread(t, text, when);
	} else if (!strncmp(text, "+++ ", 4)) {
		end_process(t->pid, text, when);
	} else if (!strncmp(text, "--- ", 4)) {
		if ((options.count && !options.also_lines) ||
			(!strncmp(name, "SIG", 3) &&
				!set_has_signal(name, strcspn(name, " "))))
			return;
		lead(t, when);
		fprintf(t->out, "%s\n", text);
	}
}

void show_line(const char *line)
{
	char *at, *text, *copy = strdup(line);
	pid_t pid = (pid_t)strtol(copy, &at, 10), tid = pid;
	struct tracee *t;
	double when;

	if (at == copy || (*at != ' ' && *at != '/'))
		goto out; /* a complaint, which is on standard error too */
	if (*at == '/')
		tid = (pid_t)strtol(at + 1, &at, 10);
	when = strtod(at, &text);
	if (*text != ' ' || !pid)
		goto out;
	text++;
	text[strcspn(text, "\n")] = 0;
	t = find(tid);
	if (!t) {
		if (!options.follow)
			goto out;
		t = enter(pid, tid);
		if (!options.quiet && !options.file && !options.count)
			fprintf(stderr, "strace: Process %d attached\n",
				(int)tid);
	}
	if (strchr("+-", *text))
		show_other(t, text, when);
	else if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] ==
		 '(')
		show_call(t, text, when);
out:
	free(copy);
}

static const char *name_of_signal(int signal)
{
	static char text[32];

	if (signal == SIGKILL)
		return "SIGKILL";
	snprintf(text, sizeof text, "signal %d", signal);
	return text;
}

void show_end(pid_t pid, int status)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_REALTIME, &now);
	if (WIFEXITED(status))
		snprintf(text, sizeof text, "+++ exited with %d +++",
			WEXITSTATUS(status));
	else
		snprintf(text, sizeof text, "+++ killed by %s +++",
			name_of_signal(WTERMSIG(status)));
	end_process(pid, text, (double)now.tv_sec + (double)now.tv_nsec / 1e9);
}

void show_flush(void)
{
	fflush(common);
	for (int i = 0; i < tracee_count; i++)
		if (!tracees[i].ended)
			fflush(tracees[i].out);
}
