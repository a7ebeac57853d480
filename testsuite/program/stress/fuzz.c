/* Random system calls with random arguments, from several threads and their
 * children: the lower half neither crashes nor hangs, and nothing is left.
 * libposix only: on Linux the table holds calls that a test must not try.
 *
 * A seed makes the same calls again (what they meet may differ, as threads
 * run at once).  In the environment: FUZZ_SEED, FUZZ_WORKER (only that one, as
 * a failure names it), FUZZ_SECONDS.
 * includes: winsup/libposix
 * timeout: 900 */
#include "test.h"
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	  4096ul
#define ARGUMENTS 6
#define THREADS	  3
#define CALLS	  150 /* of a thread of a worker */
#define OF_CHILD  8   /* of a child that such a call makes */
#define CHILDREN  64
#define HISTORY	  8
#define PATIENCE  30000 /* milliseconds for a call that never waits */

#define COUNT (int)(sizeof calls / sizeof *calls)

/* ---- what supervisor and worker share ---- */

struct made {
	long number, arguments[ARGUMENTS], result;
};

struct record {
	volatile int started, ended; /* calls */
	struct made made[HISTORY];
};

static struct shared {
	struct record thread[THREADS];
	volatile int children, child[CHILDREN];
} * shared;

/* ---- random things ---- */

struct chance {
	uint64_t state;
	char *plain; /* the thread's own memory */
};

static uint64_t next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned below(struct chance *c, unsigned limit)
{
	return (unsigned)(next(c) % limit);
}

#define ONE_OF(c, list) list[below(c, sizeof(list) / sizeof *(list))]

/* Memory whose protection changes all the time, which only calls touch; and
 * memory that our own code may write, a part for each thread. */
#define FIELD (16 * PAGE)
#define PLAIN (16 * PAGE)
static char *field, *plain;

/* Never SIGKILL or SIGABRT. */
static long number(struct chance *c)
{
	static const long numbers[] = { 0, 1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 24,
		31, 32, 33, 63, 64, 65, 100, 128, 255, 1000, 4095, 4096, 4097,
		65535, 65536, 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, -1, -2, -22, -100, -4096,
		(long)0x8000000000000000, 0x80000, 0x800, 0x40000000, 999999999,
		1000000000 };

	switch (below(c, 4)) {
	case 0:
		return 1l << below(c, 63);
	case 1:
		return below(c, 2) ? below(c, 6) : 10 + below(c, 100);
	default:
		return ONE_OF(c, numbers);
	}
}

static long bad_pointer(struct chance *c)
{
	const long bad[] = { 0, 24, 0x312345678000, (long)0xffff888000001000,
		0x123456789abcdef0, -16, -1, 0x7fffffff0000, 0x7ffe0000,
		0x7fffffffffff, (long)field + (long)FIELD - 3, (long)field - 1,
		(long)plain + (long)(THREADS * PLAIN) - 3 };

	return ONE_OF(c, bad);
}

static long pointer(struct chance *c);

/* What structures hold: small numbers, pairs of int, pointers. */
static void fill(struct chance *c, void *at)
{
	long *words = at;

	for (int i = 0; i < 16; i++)
		switch (below(c, 6)) {
		case 0:
			words[i] = number(c);
			break;
		case 1:
			words[i] = below(c, 20) | (long)below(c, 64) << 32;
			break;
		case 2:
			words[i] = below(c, 8)
					   ? (long)c->plain + below(c, PLAIN)
					   : bad_pointer(c);
			break;
		case 3:
			words[i] = below(c, 100000);
			break;
		default:
			words[i] = 0;
		}
}

static long pointer(struct chance *c)
{
	switch (below(c, 8)) {
	case 0:
		return bad_pointer(c);
	case 1:
		return (long)field + below(c, FIELD);
	case 2:
		return (long)c->plain + below(c, PLAIN);
	default: {
		long at = (long)c->plain + below(c, PLAIN / 256) * 256;

		fill(c, (void *)at);
		return at;
	}
	}
}

/* None leads out of the folder we are in, but to what cannot be changed. */
static const char *const paths[] = { "fz_a", "fz_b", "fz_dir", "fz_dir/x",
	"fz_dir/y", "fz_link", "fz_loop", "fz_fifo", "fz_dir/../fz_a", ".", "",
	"fz_none/x", "fz_a/x", "/dev/null", "/dev/zero", "/dev/full",
	"/dev/urandom", "/dev/tty", "/proc/self/status", "/proc/self/maps",
	"/proc/self/fd/3", "/proc/self/fd", "/proc/self/task", "/proc/stat",
	"/proc/meminfo", "/proc/self/stat", "/proc/self/fdinfo/4",
	"/proc/mounts", "/proc/sys/kernel/pid_max", "fz_\xff\xfe", "fz_<>|:*?",
	"fz_a/", "fz_dir/", "./././fz_b", "fz_a.", "fz_CON", "fz_dir//x" };
static const char *const programs[] = { "/bin/true", "/bin/true", "fz_script",
	"fz_a", "fz_dir", "/dev/null", "fz_none", "fz_link" };

static char long_path[5000];

static long path(struct chance *c)
{
	switch (below(c, 12)) {
	case 0:
		return bad_pointer(c);
	case 1:
		return (long)long_path + below(c, 5000);
	default:
		return (long)ONE_OF(c, paths);
	}
}

/* The caller, its own, and nobody: never a process that is not ours. */
static long process(struct chance *c)
{
	const long pids[] = { 0, getpid(), gettid(), -getpid(), getpid(), 99999,
		-99999, 0x7fffffff, -0x7fffffffl - 1,
		shared->child[below(c, CHILDREN)],
		shared->child[below(c, CHILDREN)] };
	long pid = ONE_OF(c, pids);

	return pid == -1 ? 0 : pid;
}

static long file_number(struct chance *c)
{
	static const long odd[] = { -1, -2, AT_FDCWD, 63, 64, 1023, 1024, 1025,
		65536, 0x7fffffff, -0x80000000l };

	return below(c, 10) ? 3 + below(c, 30) : ONE_OF(c, odd);
}

static long size(struct chance *c)
{
	static const long sizes[] = { 0, 1, 2, 4, 7, 8, 8, 8, 8, 12, 16, 24, 64,
		100, 128, 255, 4095, 4096, 4097, 8192, 65536, 65537, 1 << 20,
		0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		1l << 40, 1l << 47, 1l << 62, 0x7fffffffffffffff, -1, -4096 };

	return ONE_OF(c, sizes);
}

static long address(struct chance *c)
{
	switch (below(c, 10)) {
	case 0:
		return bad_pointer(c);
	case 1:
		return (long)field + below(c, FIELD);
	case 2: /* in the DLL */
		return (long)&getpid & -(long)PAGE;
	default:
		return (long)field + below(c, FIELD / PAGE) * (long)PAGE;
	}
}

static bool is(const char *kind, const char *name)
{
	return !strncmp(kind, name, strlen(name));
}

static long argument(struct chance *c, const struct call *call,
	const char *kind, bool memory)
{
	static char *strings[] = { "x", "-c", "", NULL };

	if (is(kind, "PID"))
		return process(c);
	if (!below(c, 12))
		return number(c);
	if (is(kind, "PATH"))
		return is(call->name, "exec") ? (long)ONE_OF(c, programs)
					      : path(c);
	if (is(kind, "STRINGS"))
		return below(c, 4) ? (long)strings : bad_pointer(c);
	if (is(kind, "OPTIONAL") && !below(c, 3))
		return 0;
	if (is(kind, "OPTIONAL") || is(kind, "IN_") || is(kind, "IN(") ||
		is(kind, "OUT") || is(kind, "INOUT"))
		return pointer(c);
	if (is(kind, "FD"))
		return file_number(c);
	if (is(kind, "ATFD"))
		return below(c, 3) ? AT_FDCWD : file_number(c);
	if (is(kind, "SIZE"))
		return memory ? (long)(PAGE * below(c, 8)) : size(c);
	if (is(kind, "SIGNAL"))
		return below(c, 66);
	if (is(kind, "CLOCK"))
		return below(c, 13) - 1l;
	if (is(kind, "ADDRESS"))
		return address(c);
	if (is(kind, "PROTECTION"))
		return below(c, 8) ? below(c, 4) : number(c);
	if (is(kind, "MODE"))
		return below(c, 4) ? 0755 : number(c);
	if (is(kind, "HEX") && !below(c, 4))
		return pointer(c);
	return below(c, 2) ? below(c, 6) : number(c);
}

static void split(const char *kinds, const char *out[ARGUMENTS])
{
	int n = 0, depth = 0;

	for (const char *p = out[n++] = kinds; *p; p++) {
		depth += (*p == '(') - (*p == ')');
		if (*p == ',' && !depth)
			out[n++] = p + 2;
	}
}

/* ---- which calls, and what keeps the harm in the folder ---- */

/* Neither SIGKILL nor SIGABRT: those are the signs of a crash. */
static long a_signal(struct chance *c, long signal)
{
	if (below(c, 20))
		return SIGUSR1 + 2 * below(c, 2);
	return (int)signal == SIGKILL || (int)signal == SIGABRT ? SIGTERM
								: signal;
}

static bool seldom(long n)
{
	switch (n) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_execve:
	case 322 /* execveat */:
	case SYS_rt_sigreturn:
	case SYS_fork:
	case SYS_clone:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_arch_prctl:
	case SYS_brk:
	case 0x1000:
		return true;
	}
	return false;
}

static bool may_wait(long n)
{
	static const long numbers[] = { SYS_read, SYS_write, SYS_open, SYS_poll,
		SYS_readv, SYS_writev, SYS_select, SYS_pause, SYS_nanosleep,
		SYS_sendfile, SYS_fork, SYS_clone, SYS_execve, SYS_exit,
		SYS_wait4, SYS_kill, SYS_fcntl, SYS_flock, SYS_creat,
		SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_rt_sigsuspend,
		SYS_tkill, SYS_futex, SYS_clock_nanosleep, SYS_exit_group,
		SYS_epoll_wait, SYS_tgkill, SYS_waitid, SYS_openat,
		SYS_pselect6, SYS_ppoll, SYS_splice, SYS_epoll_pwait,
		SYS_preadv2, SYS_pwritev2, SYS_rt_tgsigqueueinfo, 322, 326, 424,
		441, 0x1000, SYS_vfork, SYS_getrandom, SYS_pread64,
		SYS_pwrite64, SYS_preadv, SYS_pwritev };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (numbers[i] == n)
			return true;
	return false;
}

/* Calls that change memory find their harm within the field. */
static void tame_memory(
	const struct call *call, const char *const *kinds, long *a)
{
	for (int i = 1; is(call->kinds, "ADDRESS") && i < call->count; i++)
		if (is(kinds[i], "SIZE") && a[i] > (long)FIELD &&
			a[i] < 1l << 48)
			a[i] = (long)FIELD;
}

/* Returns false for what is not to be tried. */
static bool tame(struct chance *c, const struct call *call, long *a)
{
	switch (call->number) {
	case SYS_vfork: /* musl's own is tried */
	case SYS_sync:
	case SYS_clock_settime: /* it would be the machine's */
	case 0x1006:		/* constructors, which the upper half owns */
		return false;
	case SYS_clone:
		/* without a stack of its own: as fork */
		a[0] &= ~(CLONE_VM | CLONE_VFORK | CLONE_THREAD);
		a[0] = (a[0] & ~255l) | SIGCHLD;
		a[1] = 0;
		break;
	case SYS_kill:
	case SYS_rt_sigqueueinfo:
	case SYS_tkill:
	case SYS_pidfd_send_signal:
		a[1] = a_signal(c, a[1]);
		break;
	case SYS_timer_create:
		/* where it says the signal */
		if (a[1] - (long)c->plain < (long)PLAIN - 16 &&
			a[1] >= (long)c->plain)
			((int *)a[1])[2] |= 16;
		break;
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		a[2] = a_signal(c, a[2]);
		break;
	case SYS_exit:
	case SYS_exit_group:
		a[0] = below(c, 100);
		break;
	case SYS_prctl:
		/* children die with the worker */
		if ((int)a[0] == PR_SET_PDEATHSIG)
			return false;
		break;
	case SYS_setpriority:
	case SYS_getpriority:
	case SYS_ioprio_set:
		a[0] = PRIO_PROCESS;
		a[1] = process(c);
		break;
	case SYS_setrlimit:
	case SYS_prlimit64:
		/* a hard limit of CPU time ends with SIGKILL */
		for (int i = 0; i < 2; i++)
			if ((int)a[i] == RLIMIT_CPU)
				a[i] = RLIMIT_NOFILE;
		break;
	case SYS_chdir:
		a[0] = (long)"fz_dir/..";
		break;
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		return !below(c, 4);
	}
	return true;
}

static pid_t worker_pid;
static long child(struct chance *c, struct record *r);

static void one_call(struct chance *c, struct record *r, bool is_child)
{
	const char *kinds[ARGUMENTS] = { 0 };
	const struct call *call;
	struct made *m = &r->made[r->started % HISTORY];
	bool memory;
	long a[ARGUMENTS];

	do
		call = &calls[below(c, COUNT)];
	while (seldom(call->number) && below(c, 12));
	split(call->kinds, kinds);
	memory = is(call->kinds, "ADDRESS");
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = i < call->count ? argument(c, call, kinds[i], memory)
				       : (long)0xdeadbeefcafe;
	if (!tame(c, call, a))
		return;
	tame_memory(call, kinds, a);
	if (is_child && (call->number == SYS_fork || call->number == SYS_clone))
		return;
	m->number = call->number;
	memcpy(m->arguments, a, sizeof a);
	m->result = -1234;
	__atomic_add_fetch(&r->started, 1, __ATOMIC_SEQ_CST);
	m->result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (!m->result &&
		(call->number == SYS_fork || call->number == SYS_clone)) {
		child(c, r);
		for (;;)
			syscall(SYS_exit_group, 0);
	}
	__atomic_add_fetch(&r->ended, 1, __ATOMIC_SEQ_CST);
}

static long child(struct chance *c, struct record *r)
{
	struct record own = { 0 };
	int i = __atomic_fetch_add(&shared->children, 1, __ATOMIC_SEQ_CST);

	(void)r;
	shared->child[i % CHILDREN] = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it may have died before that, and nobody would end us */
	if (getppid() != worker_pid)
		return 0;
	for (i = 0; i < OF_CHILD; i++)
		one_call(c, &own, true);
	return 0;
}

/* ---- a worker ---- */

static void nothing(int signal)
{
}

static struct {
	struct chance chance;
	struct record *record;
} given[THREADS];

static void *caller(void *which)
{
	int i = (int)(long)which;
	struct chance *c = &given[i].chance;

	for (int k = 0; k < CALLS; k++)
		one_call(c, given[i].record, false);
	return NULL;
}

static void some_files(void)
{
	int fds[2], f;
	struct epoll_event e = { .events = EPOLLIN };

	close(3);
	f = open("fz_a", O_RDWR | O_CREAT, 0644);
	f = open("fz_b", O_RDWR | O_CREAT | O_APPEND, 0644);
	write(f, plain, 5000);
	mkdir("fz_dir", 0755);
	open("fz_dir", O_RDONLY | O_DIRECTORY);
	open(".", O_RDONLY | O_DIRECTORY);
	symlink("fz_a", "fz_link");
	symlink("fz_loop", "fz_loop");
	mkfifo("fz_fifo", 0644);
	open("fz_fifo", O_RDWR | O_NONBLOCK);
	pipe(fds);
	pipe2(fds, O_NONBLOCK);
	write(fds[1], plain, 100);
	f = eventfd(3, EFD_NONBLOCK);
	timerfd_create(CLOCK_MONOTONIC, 0);
	fds[0] = epoll_create1(0);
	epoll_ctl(fds[0], EPOLL_CTL_ADD, f, &e);
	open("/dev/null", O_RDWR);
	open("/dev/zero", O_RDWR);
	open("/proc/self/status", O_RDONLY);
	open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	syscall(319, "fz", 0);
	syscall(434, getpid(), 0);
	f = open("fz_script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	write(f, "#!/bin/true\n", 12);
	close(f);
}

static void limits(void)
{
	struct rlimit files = { 4 << 20, 4 << 20 },
		      space = { 1ul << 30, 1ul << 30 };

	setrlimit(RLIMIT_FSIZE, &files);
	setrlimit(RLIMIT_AS, &space);
}

static void worker(uint64_t seed, int n)
{
	struct chance c = { seed + (uint64_t)n * 1000003 };
	struct sigaction a = { 0 };
	pthread_t threads[THREADS];

	for (int s = 1; s <= 64; s++) {
		bool fatal = s == SIGSEGV || s == SIGBUS || s == SIGILL ||
			     s == SIGFPE || s == SIGTRAP || s == SIGABRT;

		a.sa_handler = fatal || s == SIGCHLD ? SIG_DFL : nothing;
		sigaction(s, &a, NULL);
	}
	worker_pid = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDWR), 1);
	dup2(1, 2);
	field = mmap(
		NULL, 3 * FIELD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	plain = mmap(NULL, THREADS * PLAIN + 2 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(plain, PAGE, PROT_NONE);
	mprotect(plain + PAGE + THREADS * PLAIN, PAGE, PROT_NONE);
	field += PAGE;
	plain += PAGE;
	mprotect(field, FIELD, PROT_READ | PROT_WRITE);
	memset(long_path, 'n', sizeof long_path - 1);
	some_files();
	limits();
	for (int i = 0; i < THREADS; i++) {
		given[i].chance.state = next(&c);
		given[i].chance.plain = plain + (size_t)i * PLAIN;
		given[i].record = &shared->thread[i];
	}
	for (int i = 1; i < THREADS; i++)
		pthread_create(&threads[i], NULL, caller, (void *)(long)i);
	caller(NULL);
	/* one that ended by a call of its own is never joined */
	syscall(SYS_exit_group, 0);
}

/* ---- the supervisor ---- */

static long milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *name_of(long number)
{
	for (int i = 0; i < COUNT; i++)
		if (calls[i].number == number)
			return calls[i].name;
	return "?";
}

static void tell(uint64_t seed, int n, const char *what, int status)
{
	printf("FUZZ_SEED=%lu FUZZ_WORKER=%d: %s, status %#x\n",
		(unsigned long)seed, n, what, status);
	for (int i = 0; i < THREADS; i++) {
		struct record *r = &shared->thread[i];
		int from = r->started > HISTORY ? r->started - HISTORY : 0;

		printf(" thread %d: %d calls, %d ended\n", i, r->started,
			r->ended);
		for (int k = from; k < r->started; k++) {
			struct made *m = &r->made[k % HISTORY];

			printf("  %s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx) = "
			       "%ld\n",
				name_of(m->number), m->arguments[0],
				m->arguments[1], m->arguments[2],
				m->arguments[3], m->arguments[4],
				m->arguments[5], m->result);
		}
	}
	fflush(stdout);
}

static int progress(void)
{
	int sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += shared->thread[i].started + shared->thread[i].ended;
	return sum;
}

/* Is a thread in a call that never waits? */
static bool stuck(void)
{
	for (int i = 0; i < THREADS; i++) {
		struct record *r = &shared->thread[i];
		int last = r->started - 1;

		if (last >= r->ended &&
			!may_wait(r->made[last % HISTORY].number))
			return true;
	}
	return false;
}

static void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void end_children(void)
{
	for (int i = 0; i < CHILDREN; i++)
		if (shared->child[i] > 0)
			kill(shared->child[i], SIGKILL);
}

/* Its end, or -1 when even SIGKILL brings none. */
static int await(pid_t pid, int limit)
{
	long start = milliseconds();
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (milliseconds() - start > limit)
			return -1;
		sleep_ms(2);
	}
	return status;
}

static bool supervise(uint64_t seed, int n)
{
	pid_t pid;
	int before = -1, status, quiet = 0;
	bool killed = false, well = true;
	long changed;

	memset(shared, 0, sizeof *shared);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		worker(seed, n);
	}
	changed = milliseconds();
	while (waitpid(pid, &status, WNOHANG) != pid) {
		long now = milliseconds();

		if (progress() != before) {
			before = progress();
			changed = now;
			quiet = 0;
		} else if (now - changed > 40 * (quiet + 1) && quiet < 4) {
			kill(pid, ++quiet == 4 ? SIGCONT : SIGUSR1);
		} else if (now - changed > (stuck() ? PATIENCE : 300)) {
			if (stuck())
				tell(seed, n, "hangs", 0);
			well = !stuck();
			killed = true;
			kill(pid, SIGKILL);
			status = await(pid, PATIENCE);
			if (status == -1) {
				tell(seed, n, "cannot be killed", 0);
				well = false;
			}
			break;
		}
		sleep_ms(2);
	}
	end_children();
	if (!killed && WIFSIGNALED(status) &&
		(WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGABRT)) {
		tell(seed, n, "crashes", status);
		well = false;
	}
	return well;
}

static int processes(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return s.procs;
}

/* Orphans are adopted by us, and go. */
static bool nobody_is_left(int before)
{
	long start = milliseconds();

	do {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (processes() <= before)
			return true;
		sleep_ms(20);
	} while (milliseconds() - start < 90000);
	printf("%d processes are left\n", processes() - before);
	return false;
}

static long setting(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? atol(value) : otherwise;
}

static void random_calls(void **state)
{
	uint64_t seed = (uint64_t)setting("FUZZ_SEED", 1);
	int only = (int)setting("FUZZ_WORKER", -1);
	long seconds = setting(
		     "FUZZ_SECONDS", getenv("POSIX_TEST_LONG") ? 600 : 4),
	     start = milliseconds();
	int bad = 0, n = only < 0 ? 0 : only, before = processes();

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	do {
		bad += !supervise(seed, n);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		n += only < 0;
	} while (milliseconds() - start < seconds * 1000 && bad < 10);
	printf("%d workers\n", n);
	assert_true(nobody_is_left(before));
	assert_int_equal(bad, 0);
}

static int set_up(void **state)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls),
	};

	/* on demand (--long, FUZZ_SECONDS): now and then a host stays behind
	 * that nobody ends, which is not understood yet */
	if (!getenv("POSIX_TEST_LONG") && !getenv("FUZZ_SECONDS"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, NULL);
}
