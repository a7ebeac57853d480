/* Clocks, sleeping, and the time of day in words. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000l

static long now(clockid_t clock)
{
	struct timespec t;

	assert_int_equal(clock_gettime(clock, &t), 0);
	assert_true(t.tv_nsec >= 0 && t.tv_nsec < SECOND);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void monotonic_never_goes_back(void **state)
{
	long last = now(CLOCK_MONOTONIC), t;

	for (int i = 0; i < 100000; i++) {
		t = now(CLOCK_MONOTONIC);
		assert_true(t >= last);
		last = t;
	}
}

static void realtime_is_todays(void **state)
{
	struct timeval v;
	long t = now(CLOCK_REALTIME);

	assert_true(t / SECOND > 1700000000);
	assert_int_equal(gettimeofday(&v, NULL), 0);
	assert_true(labs(v.tv_sec - t / SECOND) <= 1);
	assert_true(labs(time(NULL) - t / SECOND) <= 1);
}

static void cpu_time_counts_work(void **state)
{
	long process = now(CLOCK_PROCESS_CPUTIME_ID),
	     thread = now(CLOCK_THREAD_CPUTIME_ID);
	long until = now(CLOCK_MONOTONIC) + 10 * SECOND;
	struct tms before, after;

	times(&before);
	while (now(CLOCK_PROCESS_CPUTIME_ID) < process + SECOND / 5)
		assert_true(now(CLOCK_MONOTONIC) < until);
	assert_true(now(CLOCK_THREAD_CPUTIME_ID) > thread + SECOND / 10);
	times(&after);
	assert_true(after.tms_utime + after.tms_stime >=
		    before.tms_utime + before.tms_stime + 10);
}

static void sleeping_lasts_long_enough(void **state)
{
	struct timespec t = { 0, 20000000 }, at;
	long start = now(CLOCK_MONOTONIC);

	assert_int_equal(nanosleep(&t, NULL), 0);
	assert_true(now(CLOCK_MONOTONIC) - start >= 20000000);
	assert_true(now(CLOCK_MONOTONIC) - start < 5 * SECOND);
	clock_gettime(CLOCK_MONOTONIC, &at);
	start = now(CLOCK_MONOTONIC);
	at.tv_nsec += 30000000;
	if (at.tv_nsec >= SECOND)
		at.tv_nsec -= SECOND, at.tv_sec++;
	assert_int_equal(
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL), 0);
	assert_true(now(CLOCK_MONOTONIC) - start >= 25000000);
	/* long past: at once */
	at.tv_sec = 1;
	start = now(CLOCK_MONOTONIC);
	assert_int_equal(
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL), 0);
	assert_true(now(CLOCK_MONOTONIC) - start < SECOND);
}

static void on_alarm(int signal)
{
}

/* POSIX.1-2024 nanosleep(): the rest, when a handler ended it; SA_RESTART
 * changes nothing (man 7 signal). */
static void an_interrupted_sleep_tells_the_rest(void **state)
{
	struct sigaction a = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval v = { { 0, 0 }, { 0, 50000 } };
	struct timespec t = { 10, 0 }, rest = { 0, 0 };

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &v, NULL);
	assert_fails(nanosleep(&t, &rest), EINTR);
	assert_int_equal(rest.tv_sec, 9);
	setitimer(ITIMER_REAL, &v, NULL);
	rest.tv_sec = 77;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += 10;
	assert_int_equal(
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, &rest),
		EINTR);
	assert_int_equal(rest.tv_sec, 77); /* not touched */
	alarm(1);
	assert_in_range(sleep(10), 8, 9);
	assert_int_equal(usleep(1000), 0);
}

static void wrong_arguments(void **state)
{
	struct timespec bad = { 0, SECOND }, negative = { -1, 0 }, t;

	assert_fails(nanosleep(&bad, NULL), EINVAL);
	assert_fails(nanosleep(&negative, NULL), EINVAL);
	assert_fails(clock_gettime(999, &t), EINVAL);
	assert_fails(clock_getres(999, &t), EINVAL);
	assert_int_equal(clock_getres(CLOCK_MONOTONIC, &t), 0);
	assert_true(t.tv_sec == 0 && t.tv_nsec > 0);
	assert_int_equal(clock_nanosleep(999, 0, &bad, NULL), EINVAL);
	assert_int_equal(
		clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &bad, NULL),
		EINVAL);
}

static void zones(void **state)
{
	time_t winter = 1735732800, summer = 1751371200;
	struct tm *t;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	t = localtime(&winter);
	assert_int_equal(t->tm_hour, 13);
	assert_int_equal(t->tm_isdst, 0);
	assert_string_equal(t->tm_zone, "CET");
	t = localtime(&summer);
	assert_int_equal(t->tm_hour, 14);
	assert_int_equal(t->tm_isdst, 1);
	assert_int_equal(mktime(t), summer);
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_int_equal(localtime(&winter)->tm_hour, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monotonic_never_goes_back),
		cmocka_unit_test(realtime_is_todays),
		cmocka_unit_test(cpu_time_counts_work),
		cmocka_unit_test(sleeping_lasts_long_enough),
		cmocka_unit_test(an_interrupted_sleep_tells_the_rest),
		cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
