/* timerfd: man 2 timerfd_create. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS     1000000l
#define SECOND 1000000000l

static struct itimerspec spec(long first, long interval)
{
	return (struct itimerspec){ { interval / SECOND, interval % SECOND },
		{ first / SECOND, first % SECOND } };
}

static int set(int fd, int flags, long first, long interval)
{
	struct itimerspec s = spec(first, interval);

	return timerfd_settime(fd, flags, &s, NULL);
}

static long now(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static long ns(struct timespec t)
{
	return t.tv_sec * SECOND + t.tv_nsec;
}

static uint64_t take(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };

static void ends_once(void **state)
{
	for (int i = 0; i < 3; i++) {
		int fd = timerfd_create(clocks[i], 0);
		long before = now(CLOCK_MONOTONIC);
		struct itimerspec s;

		assert_true(fd >= 0);
		assert_int_equal(set(fd, 0, 50 * MS, 0), 0);
		assert_int_equal(timerfd_gettime(fd, &s), 0);
		assert_true(ns(s.it_value) > 0 && ns(s.it_value) <= 50 * MS);
		assert_int_equal(ns(s.it_interval), 0);
		assert_int_equal(take(fd), 1);
		assert_true(now(CLOCK_MONOTONIC) - before >= 50 * MS);
		timerfd_gettime(fd, &s);
		assert_int_equal(ns(s.it_value), 0);
		close(fd);
	}
}

static void at_a_time(void **state)
{
	for (int i = 0; i < 3; i++) {
		int fd = timerfd_create(clocks[i], 0);
		long then = now(clocks[i]) + 50 * MS;

		assert_int_equal(set(fd, TFD_TIMER_ABSTIME, then, 0), 0);
		assert_int_equal(take(fd), 1);
		assert_true(now(clocks[i]) >= then);
		/* long ago */
		assert_int_equal(set(fd, TFD_TIMER_ABSTIME, 1, 0), 0);
		assert_int_equal(take(fd), 1);
		assert_int_equal(set(fd, TFD_TIMER_ABSTIME,
					 now(clocks[i]) - 95 * MS, 10 * MS),
			0);
		assert_true(take(fd) >= 10);
		close(fd);
	}
}

static void again_and_again(void **state)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec s, old;
	uint64_t n, seen = 0;

	assert_fails(read(fd, &n, sizeof n), EAGAIN);
	assert_int_equal(set(fd, 0, 10 * MS, 20 * MS), 0);
	usleep(95000);
	/* to look loses nothing */
	timerfd_gettime(fd, &s);
	assert_true(ns(s.it_value) > 0 && ns(s.it_value) <= 20 * MS);
	assert_int_equal(ns(s.it_interval), 20 * MS);
	n = take(fd);
	assert_true(n >= 5);
	fcntl(fd, F_SETFL, 0);
	while (seen < 3)
		seen += take(fd);
	/* a new time forgets what was not read */
	usleep(50000);
	s = spec(10 * SECOND, 0);
	assert_int_equal(timerfd_settime(fd, 0, &s, &old), 0);
	assert_true(ns(old.it_value) > 0 && ns(old.it_value) <= 20 * MS);
	assert_int_equal(ns(old.it_interval), 20 * MS);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	assert_fails(read(fd, &n, sizeof n), EAGAIN);
	s = spec(0, 5 * MS);
	assert_int_equal(timerfd_settime(fd, 0, &s, &old), 0);
	assert_true(ns(old.it_value) > 9 * SECOND);
	usleep(20000);
	assert_fails(read(fd, &n, sizeof n), EAGAIN);
	close(fd);
}

static void refusals(void **state)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), p[2];
	struct itimerspec s = spec(0, 0);
	char c[8];

	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
	assert_fails(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	assert_fails(timerfd_create(999, 0), EINVAL);
	assert_fails(timerfd_create(CLOCK_MONOTONIC, 0x10000), EINVAL);
	assert_fails(read(fd, c, 7), EINVAL);
	assert_fails(write(fd, c, 8), EINVAL);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_fails(set(fd, 0x100, 1, 0), EINVAL);
	s.it_value.tv_nsec = SECOND;
	assert_fails(timerfd_settime(fd, 0, &s, NULL), EINVAL);
	s.it_value.tv_nsec = -1;
	assert_fails(timerfd_settime(fd, 0, &s, NULL), EINVAL);
	s = spec(1, 0);
	s.it_interval.tv_sec = -1;
	assert_fails(timerfd_settime(fd, 0, &s, NULL), EINVAL);
	pipe(p);
	assert_fails(set(p[0], 0, 1, 0), EINVAL);
	assert_fails(timerfd_gettime(p[0], &s), EINVAL);
	assert_fails(timerfd_gettime(-1, &s), EBADF);
	assert_fails(set(77, 0, 1, 0), EBADF);
	assert_int_equal(set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
				 now(CLOCK_MONOTONIC) + MS, 0),
		0);
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void *set_later(void *fd)
{
	usleep(50000);
	set(*(int *)fd, 0, MS, 0);
	return NULL;
}

static void a_waiter_hears_of_a_new_time(void **state)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	pthread_t t;

	assert_int_equal(poll(&p, 1, 0), 0);
	set(fd, 0, 1000 * SECOND, 0);
	pthread_create(&t, NULL, set_later, &fd);
	assert_int_equal(take(fd), 1);
	pthread_join(t, NULL);
	set(fd, 0, 1000 * SECOND, 0);
	pthread_create(&t, NULL, set_later, &fd);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(p.revents, POLLIN);
	pthread_join(t, NULL);
	/* with a time that the poll has, and one before it */
	set(fd, 0, 200 * MS, 0);
	assert_int_equal(poll(&p, 1, 20), 0);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(take(fd), 1);
	close(fd);
}

static void one_for_parent_and_child(void **state)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), status;
	struct itimerspec s;
	pid_t pid = fork();

	if (!pid) {
		set(fd, 0, 30 * MS, 0);
		_exit(0);
	}
	assert_int_equal(take(fd), 1);
	waitpid(pid, &status, 0);
	set(fd, 0, 100 * SECOND, 7 * SECOND);
	pid = fork();
	if (!pid) {
		timerfd_gettime(fd, &s);
		_exit(ns(s.it_value) < 90 * SECOND ||
			ns(s.it_interval) != 7 * SECOND);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(fd);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void signals_interrupt(void **state)
{
	struct sigaction a = { .sa_handler = on_alarm };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t n;

	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_fails(read(fd, &n, sizeof n), EINTR);
	a.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &a, NULL);
	set(fd, 0, 100 * MS, 0);
	ualarm(30000, 0);
	assert_int_equal(take(fd), 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_once),
		cmocka_unit_test(at_a_time),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(refusals),
		cmocka_unit_test(a_waiter_hears_of_a_new_time),
		cmocka_unit_test(one_for_parent_and_child),
		cmocka_unit_test(signals_interrupt),
	};

	alarm(55);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
