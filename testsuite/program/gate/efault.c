/* Every pointer argument of every system call, given an address that cannot be
 * used: -EFAULT, and neither a crash nor a hang.
 * includes: winsup/libposix
 * timeout: 120 */
#include "test.h"
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	  4096
#define ARGUMENTS 6
#define PRIVATE	  0x1000 /* calls that only libposix has */
#define AT_MOST	  3000	 /* milliseconds that a call may take */

/* A page that can be used, between two that cannot; one that is only read. */
static char *usable, *readable;
static char *program;
static int file, folder, timer;
static int counter, empty_epoll, ready_epoll, signals, timer_file, process;
static int failures;

/* ---- what a call needs to get as far as its pointers ---- */

static struct timespec soon;
static struct sigevent event;
static char buffer[65536];
static char *strings[] = { "x", NULL };
static struct iovec vector = { buffer, 64 };
static struct pollfd polled = { -1, POLLIN, 0 };
static uint64_t mask;
static int watcher, pipe_ends[2];

/* By call: the arguments that differ from what their kinds get.  A letter
 * each: '.' as the kind says, a digit that number, others below. */
static const struct special {
	const char *name, *arguments;
} specials[] = {
	{ "mincore", "u" },
	{ "poll", "p10" },
	{ "ppoll", "p1..8" },
	{ "select", "8" },
	{ "pselect6", "8" },
	{ "rt_sigaction", "...8" },
	{ "rt_sigprocmask", "0..8" },
	{ "rt_sigpending", ".8" },
	{ "rt_sigtimedwait", "m..8" },
	{ "rt_sigqueueinfo", "i" },
	{ "rt_tgsigqueueinfo", "ii" },
	{ "rt_sigsuspend", ".8" },
	{ "readv", ".v1" },
	{ "writev", ".v1" },
	{ "preadv", ".v100" },
	{ "pwritev", ".v100" },
	{ "preadv2", ".v1000" },
	{ "pwritev2", ".v1000" },
	{ "execve", "xaa" },
	{ "execveat", ".xaa0" },
	{ "waitid", "00.4" },
	{ "timer_create", ".e" },
	{ "timer_settime", "t0" },
	{ "timer_gettime", "t" },
	{ "clock_settime", "0" },
	{ "getdents", "f" },
	{ "getdents64", "f" },
	{ "inotify_add_watch", "I.2" },
	{ "vmsplice", "w.1" },
	{ "readlink", "l" },
	{ "readlinkat", ".l" },
	{ "getgroups", "9" },
	{ "getrlimit", "4" },
	{ "setrlimit", "4" },
	{ "prlimit64", "04" },
	{ "mkdir", "n" },
	{ "mkdirat", ".n" },
	{ "link", ".n" },
	{ "linkat", "...n" },
	{ "symlink", ".n" },
	{ "symlinkat", "..n" },
	{ "rename", ".n" },
	{ "renameat", "...n" },
	{ "renameat2", "...n" },
	{ "rmdir", "n" },
	{ "unlink", "n" },
	{ "statx", "...7" },
	{ "futex", ".0" },
	{ "sched_setscheduler", "00" },
	{ "sched_setparam", "0" },
	{ "sched_getparam", "0" },
	{ "sched_rr_get_interval", "0" },
	{ "sched_setattr", "0.0" },
	{ "sched_getattr", "0..0" },
	{ "epoll_ctl", "E1c" },
	{ "epoll_wait", "R.10" },
	{ "epoll_pwait", "R.10.8" },
	{ "epoll_pwait2", "R.1..8" },
	{ "signalfd", "s.8" },
	{ "signalfd4", "s.80" },
	{ "timerfd_settime", "T0" },
	{ "timerfd_gettime", "T" },
	{ "pidfd_send_signal", "P..0" },
};

static long letter(char c)
{
	switch (c) {
	case 'u':
		return (long)usable;
	case 'p':
		return (long)&polled;
	case 'v':
		return (long)&vector;
	case 'm':
		return (long)&mask;
	case 'i':
		return getpid();
	case 'x':
		return (long)program;
	case 'a':
		return (long)strings;
	case 'e':
		return (long)&event;
	case 't':
		return timer;
	case 'f':
		return folder;
	case 'l':
		return (long)"link";
	case 'n':
		return (long)"new";
	case 'c':
		return counter;
	case 'E':
		return empty_epoll;
	case 'R':
		return ready_epoll;
	case 's':
		return signals;
	case 'T':
		return timer_file;
	case 'P':
		return process;
	case 'I':
		return watcher;
	case 'w':
		return pipe_ends[1];
	}
	return c - '0';
}

static bool is(const char *kind, const char *name)
{
	return !strncmp(kind, name, strlen(name));
}

static bool optional(const char *kind)
{
	return is(kind, "OPTIONAL_");
}

static bool writes(const char *kind)
{
	return strstr(kind, "OUT") == kind || is(kind, "OPTIONAL_OUT") ||
	       is(kind, "INOUT") || is(kind, "OPTIONAL_INOUT");
}

static bool is_pointer(const char *kind)
{
	return is(kind, "PATH") || is(kind, "STRINGS") || is(kind, "IN_") ||
	       is(kind, "IN(") || is(kind, "OUT") || is(kind, "INOUT") ||
	       optional(kind);
}

static long valid(const char *kind)
{
	if (is(kind, "PATH"))
		return (long)"file";
	if (is_pointer(kind)) {
		memset(buffer, 0, sizeof buffer);
		return (long)buffer;
	}
	if (is(kind, "FD"))
		return file;
	if (is(kind, "ATFD"))
		return AT_FDCWD;
	if (is(kind, "SIZE"))
		return 128;
	if (is(kind, "SIGNAL"))
		return SIGUSR1;
	if (is(kind, "CLOCK"))
		return CLOCK_MONOTONIC;
	if (is(kind, "OPENFLAGS"))
		return O_RDONLY;
	return 0;
}

/* Splits "FD, OUT_BUF(2), SIZE". */
static void split(const char *kinds, const char *out[ARGUMENTS])
{
	int n = 0, depth = 0;

	for (const char *p = out[n++] = kinds; *p; p++) {
		depth += (*p == '(') - (*p == ')');
		if (*p == ',' && !depth)
			out[n++] = p + 2;
	}
}

static void fill(const struct call *c, const char *const kinds[ARGUMENTS],
	long arguments[ARGUMENTS])
{
	const struct special *s = NULL;

	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (!strcmp(specials[i].name, c->name))
			s = &specials[i];
	for (int i = 0; i < ARGUMENTS; i++)
		arguments[i] = i < c->count ? valid(kinds[i]) : 0;
	for (int i = 0; s && s->arguments[i]; i++)
		if (s->arguments[i] != '.')
			arguments[i] = letter(s->arguments[i]);
}

/* What the call looks for before it touches the pointer. */
static void prepare(const struct call *c)
{
	if (!strcmp(c->name, "wait4") || !strcmp(c->name, "waitid")) {
		siginfo_t info;
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	} else if (!strcmp(c->name, "rt_sigtimedwait")) {
		raise(SIGUSR1); /* blocked, so it is pending */
	} else {
		lseek(file, 0, SEEK_SET);
		lseek(folder, 0, SEEK_SET);
	}
}

/* ---- the addresses ---- */

enum bad {
	NOTHING,
	LOW,
	HOLE,
	NO_ACCESS,
	KERNEL,
	NOT_CANONICAL,
	LAST,
	READ_ONLY,
	CROSSING,
	BADS
};

static const char *const bad_names[] = { "NULL", "low", "a hole", "PROT_NONE",
	"the kernel's", "no canonical address", "the last bytes",
	"a page that is read-only", "the end of a page" };

static long address(enum bad bad)
{
	switch (bad) {
	case NOTHING:
		return 0;
	case LOW:
		return 24;
	case HOLE:
		return 0x312345678000; /* where nothing is mapped */
	case NO_ACCESS:
		return (long)usable - PAGE;
	case KERNEL:
		return (long)0xffff888000001000;
	case NOT_CANONICAL:
		return 0x123456789abcdef0;
	case LAST:
		return -16;
	case READ_ONLY:
		return (long)readable;
	default:
		memset(usable, 'n', PAGE);
		return (long)usable + PAGE - 3;
	}
}

/* Where Linux answers something else, or does not look. */
static const struct exception {
	const char *name;
	int argument;
	const char *why;
	unsigned bads; /* which of the addresses; 0: all */
	int number;    /* errno; -1: any success; -2: nobody can say */
} exceptions[] = {
	{ "nanosleep", 1, "written only when interrupted", 0, -1 },
	{ "clock_nanosleep", 3, "written only when interrupted", 0, -1 },
	{ "clone", 2, "a fault is ignored, a child made", 0, -2 },
	{ "clone", 3, "a fault is ignored, a child made", 0, -2 },
	{ "execve", 1, "no arguments", 1u << NOTHING, -2 },
	{ "execve", 2, "no environment", 1u << NOTHING, -2 },
	{ "execveat", 2, "no arguments", 1u << NOTHING, -2 },
	{ "execveat", 3, "no environment", 1u << NOTHING, -2 },
	{ "read", 1, "what there is room for", 1u << CROSSING, -1 },
	{ "pread64", 1, "what there is room for", 1u << CROSSING, -1 },
	{ "write", 1, "what can be read", 1u << CROSSING, -1 },
	{ "pwrite64", 1, "what can be read", 1u << CROSSING, -1 },
	{ "getrandom", 0, "what there is room for", 1u << CROSSING, -1 },
	{ "readlink", 1, "it fits", 1u << CROSSING, -1 },
	{ "readlinkat", 2, "it fits", 1u << CROSSING, -1 },
	{ "mincore", 2, "one byte fits", 1u << CROSSING, -1 },
	{ "getgroups", 1, "there need not be any", 0, -2 },
	{ "select", 4, "the rest is not told", 1u << READ_ONLY, -1 },
	{ "futex", 0, "only read", 1u << READ_ONLY, -2 },
	{ "splice", 1, "neither is a pipe", 1u << READ_ONLY, EINVAL },
	{ "splice", 3, "neither is a pipe", 1u << READ_ONLY, EINVAL },
	{ "copy_file_range", 1, "within one file", 1u << READ_ONLY, EINVAL },
	{ "copy_file_range", 3, "within one file", 1u << READ_ONLY, EINVAL },
	{ "sched_setparam", 1, "no parameter", 1u << NOTHING, EINVAL },
	{ "sched_setscheduler", 2, "no parameter", 1u << NOTHING, EINVAL },
	{ "sched_getparam", 1, "nowhere to go", 1u << NOTHING, EINVAL },
	{ "sched_setattr", 1, "no attributes", 1u << NOTHING, EINVAL },
	{ "sched_setattr", 1, "only read", 1u << READ_ONLY, -2 },
	{ "sched_getattr", 1, "nowhere to go", 1u << NOTHING, EINVAL },
	{ "timer_settime", 2, "EINVAL, as no time", 1u << NOTHING, -2 },
	{ "posix_object", 1, "there is none left", 0, -2 },
	{ "futex", 0, "not aligned", 1u << CROSSING, EINVAL },
};

static const struct exception *exception(
	const struct call *c, int argument, enum bad bad)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
		const struct exception *e = &exceptions[i];

		if (!strcmp(e->name, c->name) && e->argument == argument &&
			(!e->bads || (e->bads >> bad & 1)))
			return e;
	}
	return NULL;
}

static int milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void try(const struct call *c, const char *const kinds[ARGUMENTS],
	int argument, enum bad bad)
{
	const struct exception *e = exception(c, argument, bad);
	int before, took;
	long a[ARGUMENTS], r;

	if ((bad == NOTHING && optional(kinds[argument])) ||
		(bad == READ_ONLY && !writes(kinds[argument])) ||
		(e && e->number == -2))
		return;
	fill(c, kinds, a);
	prepare(c);
	a[argument] = address(bad);
	before = milliseconds();
	errno = 0;
	r = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	took = milliseconds() - before;
	if (r == -1 && errno == (e && e->number > 0 ? e->number : EFAULT) &&
		took < AT_MOST)
		return;
	if (e && e->number < 0 && r >= 0 && took < AT_MOST)
		return;
	failures++;
	print_error("%s, argument %d, %s: %ld, errno %d, %d ms\n", c->name,
		argument, bad_names[bad], r, errno, took);
}

static void every_pointer_of_every_call(void **state)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const struct call *c = &calls[i];
		const char *kinds[ARGUMENTS];

#ifndef __libposix__
		if (c->number >= PRIVATE)
			continue;
#endif
		if (!c->count)
			continue;
		split(c->kinds, kinds);
		for (int argument = 0; argument < c->count; argument++)
			for (int bad = 0;
				bad < BADS && is_pointer(kinds[argument]);
				bad++)
				try(c, kinds, argument, bad);
	}
	assert_int_equal(failures, 0);
}

/* Pointers that the table knows only as numbers. */
static void pointers_behind_a_command(void **state)
{
	static const enum bad inputs[] = { NOTHING, LOW, HOLE, NO_ACCESS,
		KERNEL, NOT_CANONICAL, LAST };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		void *p = (void *)address(inputs[i]);

		assert_fails(ioctl(fds[0], FIONREAD, p), EFAULT);
		assert_fails(ioctl(fds[0], FIONBIO, p), EFAULT);
		assert_fails(prctl(PR_SET_NAME, p), EFAULT);
		assert_fails(prctl(PR_GET_NAME, p), EFAULT);
		assert_fails(syscall(SYS_futex, &mask, 0, 0, p ? p : (void *)8,
				     0, 0),
			EFAULT);
	}
	assert_fails(ioctl(fds[0], FIONREAD, readable), EFAULT);
	close(fds[0]);
	close(fds[1]);
}

static void pointers_within_vectors(void **state)
{
	struct iovec v[2] = { { buffer, 1 }, { usable - PAGE, 1 } };
	char *bad_strings[] = { "x", usable - PAGE, NULL };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	lseek(file, 0, SEEK_SET);
	assert_fails(readv(file, v + 1, 1), EFAULT);
	assert_fails(writev(file, v + 1, 1), EFAULT);
	assert_fails(writev(fds[1], v + 1, 1), EFAULT);
	assert_fails(preadv(file, v + 1, 1, 0), EFAULT);
	assert_fails(pwritev(file, v + 1, 1, 0), EFAULT);
	assert_int_equal(writev(file, v, 2), 1);
	assert_fails(execve(program, bad_strings, strings), EFAULT);
	assert_fails(execve(program, strings, bad_strings), EFAULT);
	close(fds[0]);
	close(fds[1]);
}

static void devices_too(void **state)
{
	static const char *const names[] = { "/dev/zero", "/dev/full",
		"/dev/urandom", "/dev/random" };
	char *bad = usable - PAGE;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int f = open(names[i], O_RDONLY);

		assert_true(f >= 0);
		assert_fails(read(f, bad, 16), EFAULT);
		assert_fails(read(f, readable, 16), EFAULT);
		close(f);
	}
}

static int set_up(void **state)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event readiness = { .events = EPOLLIN };
	sigset_t blocked;

	/* nothing, the usable page, nothing, one that is read */
	usable = p + PAGE;
	readable = p + 4 * PAGE;
	mprotect(p, PAGE, PROT_NONE);
	mprotect(usable + PAGE, PAGE, PROT_NONE);
	mprotect(readable, PAGE, PROT_READ);
	file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
	write(file, buffer, 4096);
	folder = open(".", O_RDONLY | O_DIRECTORY);
	symlink("abc", "link");
	event.sigev_notify = SIGEV_NONE;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
	counter = eventfd(1, 0);
	watcher = inotify_init();
	if (pipe(pipe_ends))
		return 1;
	empty_epoll = epoll_create1(0);
	ready_epoll = epoll_create1(0);
	epoll_ctl(ready_epoll, EPOLL_CTL_ADD, counter, &readiness);
	timer_file = timerfd_create(CLOCK_MONOTONIC, 0);
	process = (int)syscall(434 /* pidfd_open */, getpid(), 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	mask = 1ul << (SIGUSR1 - 1);
	signals = signalfd(-1, &blocked, 0);
	return 0;
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pointer_of_every_call),
		cmocka_unit_test(pointers_behind_a_command),
		cmocka_unit_test(pointers_within_vectors),
		cmocka_unit_test(devices_too),
	};

	program = arguments[0];
	return cmocka_run_group_tests(tests, set_up, NULL);
}
