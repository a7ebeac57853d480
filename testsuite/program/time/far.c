/* Times so far away that nanoseconds cannot count them. */
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile int rings, signals;

static void ring(int signal)
{
	if (signal == SIGALRM)
		rings++;
	else
		signals++;
}

static void wait_for(volatile int *count, int wanted)
{
	struct timespec t = { 0, 10000000 };

	for (int i = 0; i < 1000 && *count < wanted; i++)
		nanosleep(&t, NULL);
	assert_int_equal(*count, wanted);
}

static void handle(int signal)
{
	struct sigaction a = { .sa_handler = ring };

	assert_int_equal(sigaction(signal, &a, NULL), 0);
}

/* One that comes, and then again at no time; others go on meanwhile. */
static void intervals_without_end(void **state)
{
	struct itimerval far = { { LONG_MAX, 999999 }, { 0, 10000 } },
			 none = { { 0, 0 }, { 0, 0 } };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1 };
	struct itimerspec soon = { { LONG_MAX, 0 }, { 0, 10000000 } };
	timer_t t;

	handle(SIGALRM);
	handle(SIGUSR1);
	for (int i = 1; i <= 3; i++) {
		far.it_interval.tv_sec = LONG_MAX >> i;
		assert_int_equal(setitimer(ITIMER_REAL, &far, NULL), 0);
		wait_for(&rings, i);
	}
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &e, &t), 0);
	assert_int_equal(timer_settime(t, 0, &soon, NULL), 0);
	wait_for(&signals, 1);
	assert_int_equal(rings, 3);
	assert_int_equal(setitimer(ITIMER_REAL, &none, NULL), 0);
	assert_int_equal(timer_delete(t), 0);
}

static void work(long ns)
{
	struct timespec t;

	do {
		for (volatile int i = 0; i < 10000; i++)
			;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec == 0 && t.tv_nsec < ns);
}

static void of_time_worked(void **state)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1 };
	struct itimerspec soon = { { LONG_MAX, 0 }, { 0, 10000000 } };
	struct timespec now;
	timer_t t;

	handle(SIGUSR1);
	signals = 0;
	assert_int_equal(timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &t), 0);
	assert_int_equal(timer_settime(t, 0, &soon, NULL), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	work(now.tv_nsec + 300000000);
	assert_int_equal(signals, 1);
	assert_int_equal(timer_delete(t), 0);
}

static void a_file_with_such_an_interval(void **state)
{
	struct itimerspec t = { { LONG_MAX, 0 }, { 0, 1000000 } };
	int f = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t count = 0;
	struct timespec moment = { 0, 50000000 };

	assert_int_equal(timerfd_settime(f, 0, &t, NULL), 0);
	nanosleep(&moment, NULL);
	assert_int_equal(read(f, &count, sizeof count), sizeof count);
	assert_int_equal(count, 1);
	assert_fails(read(f, &count, sizeof count), EAGAIN);
	close(f);
}

/* A wait without end is one: only the signal ends it. */
static void waits(void **state)
{
	static const long far[] = { LONG_MAX / 2, LONG_MAX / 1000000 };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	handle(SIGALRM);
	for (int i = 0; i < 2; i++) {
		struct timeval t = { far[i], 999999 };

		assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
		assert_fails(select(0, NULL, NULL, NULL, &t), EINTR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_without_end),
		cmocka_unit_test(of_time_worked),
		cmocka_unit_test(a_file_with_such_an_interval),
		cmocka_unit_test(waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
