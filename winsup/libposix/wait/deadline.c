/* Times that calls are given, as deadlines. */
#include "wait/wait.h"

#include <time.h>

#include "abi/errno.h"
#include "memory/memory.h"

int64_t deadline_after(int64_t ns)
{
	int64_t now = win_clock_monotonic(), then;

	if (ns < 0)
		ns = 0;
	if (__builtin_add_overflow(now, ns, &then))
		return WIN_FOREVER;
	/* 0 means "look only" */
	return then ? then : 1;
}

int64_t ns_from_timespec(const struct timespec *t)
{
	/* 292 years are for ever */
	if (t->tv_sec > INT64_MAX / SECOND - 1)
		return INT64_MAX;
	return t->tv_sec * SECOND + t->tv_nsec;
}

int64_t deadline_of_call(int64_t deadline)
{
	struct thread *t = current;

	if (!t->call_deadline)
		t->call_deadline = deadline;
	return t->call_deadline;
}

long deadline_from_user(
	int64_t *out, const void *user_timespec, int clock, bool absolute)
{
	struct timespec t;
	int64_t ns;

	if (!user_timespec) {
		*out = WIN_FOREVER;
		return 0;
	}
	if (user_copy_in(&t, user_timespec, sizeof t))
		return -EFAULT;
	if (t.tv_nsec < 0 || t.tv_nsec >= SECOND || t.tv_sec < 0)
		return -EINVAL;
	ns = ns_from_timespec(&t);
	if (absolute)
		ns -= clock == CLOCK_REALTIME ? win_clock_realtime()
					      : win_clock_monotonic();
	*out = ns == INT64_MAX ? WIN_FOREVER : deadline_after(ns);
	if (!absolute)
		*out = deadline_of_call(*out);
	return 0;
}
