/* Signals. */
#include "test.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_run_before_kill_returns),
		cmocka_unit_test(info_says_who),
		cmocka_unit_test(blocked_signals_wait),
		cmocka_unit_test(real_time_signals_queue),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
