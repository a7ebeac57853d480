/* Signals. */
#include "test.h"

#include <cpuid.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count, last_code, last_value;
static volatile pid_t last_pid;
static sigjmp_buf jump;

static void counted(int signal)
{
	count++;
}

static void informed(int signal, siginfo_t *info, void *context)
{
	count++;
	last_code = info->si_code;
	last_pid = info->si_pid;
	last_value = info->si_value.sival_int;
}

static void jumped(int signal)
{
	siglongjmp(jump, signal);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	assert_int_equal(sigaction(signal, &a, NULL), 0);
}

static void handlers_run_before_kill_returns(void **state)
{
	handle(SIGUSR1, counted, 0);
	count = 0;
	kill(getpid(), SIGUSR1);
	assert_int_equal(count, 1);
	raise(SIGUSR1);
	assert_int_equal(count, 2);
}

static void info_says_who(void **state)
{
	struct sigaction a = { .sa_sigaction = informed,
		.sa_flags = SA_SIGINFO };
	union sigval v = { .sival_int = 55 };

	sigaction(SIGUSR1, &a, NULL);
	count = 0;
	kill(getpid(), SIGUSR1);
	assert_int_equal(last_pid, getpid());
	assert_int_equal(last_code, SI_USER);
	sigqueue(getpid(), SIGUSR1, v);
	assert_int_equal(last_code, SI_QUEUE);
	assert_int_equal(last_value, 55);
	assert_int_equal(count, 2);
}

static void blocked_signals_wait(void **state)
{
	sigset_t set, old, pending;

	handle(SIGUSR1, counted, 0);
	count = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	raise(SIGUSR1);
	assert_int_equal(count, 0);
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGUSR1));
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(count, 1);
}

static void real_time_signals_queue(void **state)
{
	sigset_t set, old;

	handle(SIGRTMIN, counted, 0);
	count = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 5; i++)
		kill(getpid(), SIGRTMIN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(count, 5);
}

static int values[8], value_count;

/* One handler at a time. */
static void handle_alone(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction a = { .sa_sigaction = handler,
		.sa_flags = SA_SIGINFO };

	sigfillset(&a.sa_mask);
	assert_int_equal(sigaction(signal, &a, NULL), 0);
}

static void valued(int signal, siginfo_t *info, void *context)
{
	if (value_count < 8)
		values[value_count++] = info->si_value.sival_int;
}

static void queue_to(long tid, int signal, int value)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_value.sival_int = value;
	assert_int_equal(syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), tid,
				 (long)signal, &info),
		0);
}

static void *hold_signals(void *out)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	*(volatile long *)out = syscall(SYS_gettid);
	while (*(volatile long *)out)
		usleep(1000);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return NULL;
}

/* The same, sent to one thread; in order, each with its value. */
static void real_time_signals_queue_for_a_thread(void **state)
{
	static const int order[] = { 9, 1, 2, 3, 11, 12 };
	volatile long tid = 0;
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	pthread_t t;

	handle_alone(SIGRTMIN + 2, valued);
	handle_alone(SIGRTMIN + 3, valued);
	handle_alone(SIGUSR1, valued);
	value_count = 0;
	pthread_create(&t, NULL, hold_signals, (void *)&tid);
	while (!tid)
		usleep(1000);
	queue_to(tid, SIGRTMIN + 3, 11);
	queue_to(tid, SIGRTMIN + 2, 1);
	queue_to(tid, SIGRTMIN + 2, 2);
	queue_to(tid, SIGUSR1, 9);
	queue_to(tid, SIGUSR1, 10);
	queue_to(tid, SIGRTMIN + 3, 12);
	queue_to(tid, SIGRTMIN + 2, 3);
	assert_fails(syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), -1L,
			     (long)SIGUSR1, &info),
		EINVAL);
	assert_fails(syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), 4000000L,
			     (long)SIGUSR1, &info),
		ESRCH);
	assert_fails(
		syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), tid, 65L, &info),
		EINVAL);
	info.si_code = SI_USER;
	assert_fails(syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), tid,
			     (long)SIGUSR1, &info),
		EPERM);
	tid = 0;
	pthread_join(t, NULL);
	assert_int_equal(value_count, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(values[i], order[i]);
}

static void suspend_waits_with_its_mask(void **state)
{
	sigset_t set, old;
	pid_t pid;

	handle(SIGUSR1, counted, 0);
	count = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = fork();
	if (!pid) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	while (!count)
		assert_fails(sigsuspend(&old), EINTR);
	assert_int_equal(count, 1);
	sigprocmask(SIG_SETMASK, &old, NULL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void timed_wait(void **state)
{
	struct timespec t = { 0, 20000000 };
	siginfo_t info;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	assert_fails(sigtimedwait(&set, &info, &t), EAGAIN);
	raise(SIGUSR2);
	assert_int_equal(sigtimedwait(&set, &info, &t), SIGUSR2);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void interruption_and_restart(void **state)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	int p[2];
	char c;

	pipe(p);
	count = 0;
	handle(SIGALRM, counted, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_fails(read(p[0], &c, 1), EINTR);
	assert_int_equal(count, 1);
	handle(SIGALRM, counted, SA_RESTART);
	pid_t pid = fork();

	if (!pid) {
		usleep(150000);
		write(p[1], "x", 1);
		_exit(0);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(count, 2);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(p[0]);
	close(p[1]);
}

static void a_loop_without_calls_is_interrupted(void **state)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	handle(SIGALRM, counted, 0);
	count = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	while (!count)
		;
	assert_int_equal(count, 1);
}

static void handlers_may_jump_out(void **state)
{
	handle(SIGUSR1, jumped, 0);
	for (int i = 0; i < 3; i++) {
		int signal = sigsetjmp(jump, 1);

		if (!signal) {
			raise(SIGUSR1);
			fail();
		}
		assert_int_equal(signal, SIGUSR1);
	}
}

static void faults_are_signals(void **state)
{
	volatile int zero = 0;

	handle(SIGSEGV, jumped, 0);
	handle(SIGFPE, jumped, 0);
	handle(SIGILL, jumped, 0);
	if (!sigsetjmp(jump, 1)) {
		*(volatile int *)16 = 1;
		fail();
	}
	if (!sigsetjmp(jump, 1)) {
		zero = 10 / zero;
		fail();
	}
	if (!sigsetjmp(jump, 1)) {
		__asm__ volatile("ud2");
		fail();
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
}

static void alternate_stack(void **state)
{
	static char stack[65536];
	stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };

	assert_int_equal(sigaltstack(&s, NULL), 0);
	handle(SIGUSR1, counted, SA_ONSTACK);
	count = 0;
	raise(SIGUSR1);
	assert_int_equal(count, 1);
	s.ss_flags = SS_DISABLE;
	sigaltstack(&s, NULL);
}

static void ignoring_and_errors(void **state)
{
	struct sigaction a = { .sa_handler = SIG_IGN };

	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	assert_fails(sigaction(SIGKILL, &a, NULL), EINVAL);
	assert_fails(sigaction(100, &a, NULL), EINVAL);
	assert_fails(kill(99999, 0), ESRCH);
	assert_fails(kill(getpid(), 100), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

static void timers(void **state)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2 };
	struct itimerspec t = { { 0, 10000000 }, { 0, 10000000 } };
	timer_t timer;

	handle(SIGUSR2, counted, 0);
	count = 0;
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &t, NULL), 0);
	while (count < 3)
		pause();
	assert_int_equal(timer_delete(timer), 0);
	alarm(100);
	assert_true(alarm(0) > 98);
}

static void broken_pipe(void **state)
{
	int p[2];

	pipe(p);
	close(p[0]);
	handle(SIGPIPE, counted, 0);
	count = 0;
	assert_fails(write(p[1], "x", 1), EPIPE);
	assert_int_equal(count, 1);
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);
}

static sigjmp_buf after_fault;
static volatile int fault_code;
static void *volatile fault_address;

static void note_fault(int signal, siginfo_t *info, void *context)
{
	fault_code = info->si_code;
	fault_address = info->si_addr;
	siglongjmp(after_fault, 1);
}

/* POSIX.1-2024 <signal.h>: SEGV_MAPERR, SEGV_ACCERR. */
static void faults_tell_what_was_wrong(void **state)
{
	struct sigaction a = { .sa_sigaction = note_fault,
		.sa_flags = SA_SIGINFO };
	volatile char *page = mmap(
		NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(page != MAP_FAILED);
	sigaction(SIGSEGV, &a, NULL);
	if (!sigsetjmp(after_fault, 1))
		page[10] = 1;
	assert_int_equal(fault_code, SEGV_ACCERR);
	assert_ptr_equal(fault_address, page + 10);
	munmap((void *)page, 65536);
	fault_code = 0;
	if (!sigsetjmp(after_fault, 1))
		page[20];
	assert_int_equal(fault_code, SEGV_MAPERR);
	assert_ptr_equal(fault_address, page + 20);
	signal(SIGSEGV, SIG_DFL);
}

static volatile sig_atomic_t ticks;

static void tick(int signal)
{
	ticks++;
}

/* POSIX.1-2008 setitimer(): CPU time, not time, makes these go off. */
static void timers_of_cpu_time(void **state)
{
	static const struct {
		int which, signal;
	} kinds[] = { { ITIMER_VIRTUAL, SIGVTALRM }, { ITIMER_PROF, SIGPROF } };
	struct itimerval t = { { 0, 20000 }, { 0, 50000 } }, left;
	struct timespec moment = { 0, 200000000 };

	for (int i = 0; i < 2; i++) {
		signal(kinds[i].signal, tick);
		ticks = 0;
		assert_int_equal(setitimer(kinds[i].which, &t, NULL), 0);
		nanosleep(&moment, NULL);
		assert_int_equal(ticks, 0);
		assert_int_equal(getitimer(kinds[i].which, &left), 0);
		assert_true(left.it_value.tv_usec > 0);
		assert_int_equal(left.it_interval.tv_usec, 20000);
		while (ticks < 3)
			;
		memset(&left, 0, sizeof left);
		assert_int_equal(setitimer(kinds[i].which, &left, &t), 0);
		assert_int_equal(t.it_interval.tv_usec, 20000);
		t.it_value.tv_usec = 50000;
		signal(kinds[i].signal, SIG_DFL);
	}
	assert_fails(setitimer(3, &left, NULL), EINVAL);
}

static bool has_avx(void)
{
	unsigned a, b, c, d;

	/* OSXSAVE and AVX */
	return __get_cpuid(1, &a, &b, &c, &d) && (c & 0x18000000) == 0x18000000;
}

static char *forbidden;

static void spoil(int signal)
{
	__asm__ volatile("vzeroall" ::
				 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			 "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
			 "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	if (forbidden)
		mprotect(forbidden, 4096, PROT_READ | PROT_WRITE);
	count++;
}

#define EACH(f) \
	f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) \
		f(13) f(14) f(15)
#define LOAD(n)	 "vmovups " #n "*32(%0), %%ymm" #n "\n"
#define STORE(n) "vmovups %%ymm" #n ", " #n "*32(%1)\n"

/* Waits for a handler, or writes where it must not, with all in registers. */
static void keep(
	const char *in, char *out, volatile sig_atomic_t *until, char *touch)
{
	__asm__ volatile(
		EACH(LOAD) "movb $7, (%3)\n"
			   "1: cmpl $0, (%2)\n"
			   "je 1b\n" EACH(STORE) "vzeroupper\n" ::"r"(in),
		"r"(out), "r"(until), "r"(touch)
		: "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
		"xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
		"xmm12", "xmm13", "xmm14", "xmm15");
}

static void wide_registers_survive(void **state)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	char in[512], out[512], byte;

	if (!has_avx())
		skip();
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (char)(i * 7 + 1);
	handle(SIGALRM, spoil, 0);
	handle(SIGSEGV, spoil, 0);
	for (int i = 0; i < 5; i++) {
		memset(out, 0, sizeof out);
		count = 0;
		setitimer(ITIMER_REAL, &soon, NULL);
		keep(in, out, &count, &byte);
		assert_memory_equal(in, out, sizeof in);
	}
	forbidden =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(out, 0, sizeof out);
	count = 0;
	keep(in, out, &count, forbidden);
	assert_memory_equal(in, out, sizeof in);
	assert_int_equal(*forbidden, 7);
	munmap(forbidden, 4096);
	forbidden = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_run_before_kill_returns),
		cmocka_unit_test(info_says_who),
		cmocka_unit_test(blocked_signals_wait),
		cmocka_unit_test(real_time_signals_queue),
		cmocka_unit_test(real_time_signals_queue_for_a_thread),
		cmocka_unit_test(suspend_waits_with_its_mask),
		cmocka_unit_test(timed_wait),
		cmocka_unit_test(interruption_and_restart),
		cmocka_unit_test(a_loop_without_calls_is_interrupted),
		cmocka_unit_test(handlers_may_jump_out),
		cmocka_unit_test(faults_are_signals),
		cmocka_unit_test(alternate_stack),
		cmocka_unit_test(ignoring_and_errors),
		cmocka_unit_test(timers),
		cmocka_unit_test(broken_pipe),
		cmocka_unit_test(faults_tell_what_was_wrong),
		cmocka_unit_test(timers_of_cpu_time),
		cmocka_unit_test(wide_registers_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
