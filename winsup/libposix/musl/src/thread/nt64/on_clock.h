/* POSIX.1-2024's waits with a clock of the caller's choice, by those that have
 * one of their own.  musl makes each wait a distance from now, so a time that
 * was converted says the same; but should the other clock be set forward
 * meanwhile, the wait ends early, and goes on here. */
#include <errno.h>
#include <time.h>

#define SECOND 1000000000l

static inline int known_clock(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
}

/* `at`, a time of clock `from`, by clock `to`.  What is no time is left to the
 * wait to refuse, and what is far away stays so. */
static inline struct timespec on_clock(
	const struct timespec *at, clockid_t from, clockid_t to)
{
	struct timespec then = *at, here, there;
	time_t distance;

	if (from == to || at->tv_nsec < 0 || at->tv_nsec >= SECOND)
		return then;
	clock_gettime(from, &here);
	clock_gettime(to, &there);
	if (__builtin_sub_overflow(at->tv_sec, here.tv_sec, &distance) ||
		__builtin_add_overflow(there.tv_sec, distance, &then.tv_sec)) {
		then.tv_sec = at->tv_sec;
		return then;
	}
	then.tv_nsec += there.tv_nsec - here.tv_nsec;
	if (then.tv_nsec < 0) {
		then.tv_nsec += SECOND;
		then.tv_sec--;
	} else if (then.tv_nsec >= SECOND) {
		then.tv_nsec -= SECOND;
		then.tv_sec++;
	}
	return then;
}

static inline int has_come(const struct timespec *at, clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec > at->tv_sec ||
	       (now.tv_sec == at->tv_sec && now.tv_nsec >= at->tv_nsec);
}
