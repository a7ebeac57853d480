/* POSIX timers: man 2 timer_create, POSIX.1-2024 timer_getoverrun(). */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile sig_atomic_t count, overrun, tid;

static void note(int signal, siginfo_t *info, void *context)
{
	overrun = info->si_overrun;
	tid = (int)syscall(SYS_gettid);
	count++;
}

static timer_t timer_on(clockid_t clock, int signal)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = signal };
	struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	timer_t t;

	sigaction(signal, &a, NULL);
	assert_int_equal(timer_create(clock, &e, &t), 0);
	count = 0;
	return t;
}

static void set(timer_t t, long first, long interval)
{
	struct itimerspec s = { { interval / 1000, interval % 1000 * 1000000 },
		{ first / 1000, first % 1000 * 1000000 } };

	assert_int_equal(timer_settime(t, 0, &s, NULL), 0);
}

static void clocks_of_cpu_time(void **state)
{
	static const clockid_t clocks[] = { CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID };
	struct timespec moment = { 0, 150000000 };
	struct itimerspec left;

	for (int i = 0; i < 2; i++) {
		timer_t t = timer_on(clocks[i], SIGUSR1);

		set(t, 50, 20);
		nanosleep(&moment, NULL);
		assert_int_equal(count, 0);
		assert_int_equal(timer_gettime(t, &left), 0);
		assert_true(left.it_value.tv_nsec > 0);
		assert_true(left.it_value.tv_nsec <= 50000000);
		assert_int_equal(left.it_interval.tv_nsec, 20000000);
		while (count < 3)
			;
		set(t, 0, 0);
		assert_int_equal(timer_gettime(t, &left), 0);
		assert_int_equal(left.it_value.tv_nsec, 0);
		assert_int_equal(timer_delete(t), 0);
	}
}

static volatile int stop;

static void *work(void *argument)
{
	while (!stop)
		;
	return argument;
}

/* Of another thread: it counts that one's time, not the caller's. */
static void clocks_of_other_threads(void **state)
{
	struct timespec moment = { 0, 50000000 }, then;
	clockid_t clock, own;
	pthread_t thread;
	timer_t t;

	stop = 0;
	pthread_create(&thread, NULL, work, NULL);
	assert_int_equal(pthread_getcpuclockid(thread, &clock), 0);
	assert_int_equal(clock_getcpuclockid(0, &own), 0);
	t = timer_on(clock, SIGUSR1);
	set(t, 60, 0);
	while (!count)
		nanosleep(&moment, NULL);
	assert_int_equal(clock_gettime(clock, &then), 0);
	assert_true(then.tv_sec > 0 || then.tv_nsec >= 60000000);
	assert_int_equal(clock_gettime(own, &then), 0);
	assert_true(then.tv_sec > 0 || then.tv_nsec >= 60000000);
	stop = 1;
	pthread_join(thread, NULL);
	/* musl's join may return some instructions before its end */
	for (int i = 0; i < 1000 && !clock_gettime(clock, &then); i++)
		usleep(1000);
	assert_fails(clock_gettime(clock, &then), EINVAL);
	assert_int_equal(timer_delete(t), 0);
	assert_fails(timer_create(clock, NULL, &t), EINVAL);
}

/* What ends while its signal is blocked is counted, and told when that is
 * taken. */
static void overruns_are_counted(void **state)
{
	const int signals[] = { SIGUSR1, SIGRTMIN + 3 };
	struct timespec moment = { 0, 200000000 };

	for (int i = 0; i < 2; i++) {
		timer_t t = timer_on(CLOCK_MONOTONIC, signals[i]);
		sigset_t blocked;
		siginfo_t info;

		sigemptyset(&blocked);
		sigaddset(&blocked, signals[i]);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		set(t, 10, 10);
		nanosleep(&moment, NULL);
		assert_int_equal(sigwaitinfo(&blocked, &info), signals[i]);
		assert_int_equal(info.si_code, SI_TIMER);
		assert_true(info.si_overrun >= 8 && info.si_overrun <= 30);
		assert_int_equal(timer_getoverrun(t), info.si_overrun);
		nanosleep(&moment, NULL);
		count = overrun = 0;
		sigprocmask(SIG_UNBLOCK, &blocked, NULL);
		assert_true(count > 0);
		assert_int_equal(timer_delete(t), 0);
	}
}

static volatile int notified;
static volatile int value;

static void called(union sigval v)
{
	value = v.sival_int;
	__atomic_fetch_add(&notified, 1, __ATOMIC_SEQ_CST);
}

static void threads_are_made(void **state)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD,
		.sigev_value.sival_int = 42 };
	timer_t t;

	e.sigev_notify_function = called;
	notified = 0;
	assert_int_equal(timer_create(CLOCK_REALTIME, &e, &t), 0);
	set(t, 10, 10);
	while (notified < 3)
		usleep(1000);
	assert_int_equal(value, 42);
	assert_int_equal(timer_delete(t), 0);
}

static volatile int worker;

static void *wait_for_it(void *argument)
{
	worker = (int)syscall(SYS_gettid);
	while (!stop)
		usleep(1000);
	return argument;
}

static void one_thread_is_told(void **state)
{
	struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGUSR2 };
	pthread_t thread;
	timer_t t;

	stop = worker = count = 0;
	sigaction(SIGUSR2, &a, NULL);
	pthread_create(&thread, NULL, wait_for_it, NULL);
	while (!worker)
		usleep(1000);
	e.sigev_notify_thread_id = worker;
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &e, &t), 0);
	set(t, 5, 5);
	while (count < 3)
		usleep(1000);
	assert_int_equal(tid, worker);
	/* that it ends does no harm */
	stop = 1;
	pthread_join(thread, NULL);
	usleep(50000);
	assert_int_equal(timer_delete(t), 0);
	e.sigev_notify_thread_id = 4000000;
	assert_fails(timer_create(CLOCK_MONOTONIC, &e, &t), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_of_cpu_time),
		cmocka_unit_test(clocks_of_other_threads),
		cmocka_unit_test(overruns_are_counted),
		cmocka_unit_test(threads_are_made),
		cmocka_unit_test(one_thread_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
