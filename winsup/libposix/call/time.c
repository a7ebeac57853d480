/* Clocks and sleeping. */
#include "call/call.h"

#include <sys/time.h>
#include <time.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "wait/wait.h"

static long read_clock(int clock, int64_t *out)
{
	int tid;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		*out = win_clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*out = win_clock_monotonic();
		return 0;
	}
	return cpu_clock_of(clock, &tid)
		       ? cpu_clock_read(current->process, tid, out)
		       : -EINVAL;
}

long sys_clock_gettime(int clock, struct timespec *user)
{
	struct timespec t;
	int64_t now;
	long r = read_clock(clock, &now);

	if (r)
		return r;
	t.tv_sec = now / SECOND;
	t.tv_nsec = now % SECOND;
	return user_copy_out(user, &t, sizeof t);
}

long sys_clock_getres(int clock, struct timespec *user)
{
	struct timespec t = { 0, win_clock_resolution() };
	int64_t now;
	long r = read_clock(clock, &now);

	if (r || !user)
		return r;
	return user_copy_out(user, &t, sizeof t);
}

long sys_clock_settime(int clock, const struct timespec *user)
{
	struct timespec t;

	if (user_copy_in(&t, user, sizeof t))
		return -EFAULT;
	if (clock != CLOCK_REALTIME || t.tv_nsec < 0 || t.tv_nsec >= SECOND)
		return -EINVAL;
	return win_clock_set_realtime(ns_from_timespec(&t));
}

long sys_gettimeofday(struct timeval *user, struct timezone *zone)
{
	int64_t now = win_clock_realtime();
	struct timeval v = { now / SECOND, now % SECOND / 1000 };
	int none[2] = { 0, 0 };

	if (user && user_copy_out(user, &v, sizeof v))
		return -EFAULT;
	return zone ? user_copy_out(zone, none, sizeof none) : 0;
}

static long sleep_until(int64_t deadline)
{
	struct sleep s;
	long r;

	sleep_begin(&s, deadline);
	while (!(r = sleep_wait(&s)))
		;
	sleep_end(&s);
	return r == -ETIMEDOUT ? 0 : r;
}

long sys_clock_nanosleep(int clock, int flags, const struct timespec *user,
	struct timespec *rest)
{
	struct timespec t;
	int64_t deadline, left;
	long r;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
		clock != CLOCK_BOOTTIME)
		return clock == CLOCK_PROCESS_CPUTIME_ID ? -EOPNOTSUPP
							 : -EINVAL;
	if (flags & ~TIMER_ABSTIME)
		return -EINVAL;
	if (!user)
		return -EFAULT;
	r = deadline_from_user(&deadline, user, clock, flags & TIMER_ABSTIME);
	if (r)
		return r;
	r = sleep_until(deadline);
	if (r != -ERESTARTSYS)
		return r;
	if (!(flags & TIMER_ABSTIME) && rest && deadline != WIN_FOREVER) {
		left = deadline - win_clock_monotonic();
		if (left < 0)
			left = 0;
		t = (struct timespec){ left / SECOND, left % SECOND };
		if (user_copy_out(rest, &t, sizeof t))
			return -EFAULT;
	}
	/* a handler ends a relative sleep even with SA_RESTART: man 7 signal */
	return -ERESTARTNOHAND;
}

long sys_nanosleep(const struct timespec *user, struct timespec *rest)
{
	return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, user, rest);
}
