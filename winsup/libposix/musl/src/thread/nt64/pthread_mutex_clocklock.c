#include "pthread_impl.h"
#include "on_clock.h"

int pthread_mutex_clocklock(pthread_mutex_t *restrict lock, clockid_t clock,
	const struct timespec *restrict at)
{
	struct timespec then;
	int r;

	if (!known_clock(clock))
		return EINVAL;
	do {
		then = on_clock(at, clock, CLOCK_REALTIME);
		r = pthread_mutex_timedlock(lock, &then);
	} while (r == ETIMEDOUT && !has_come(at, clock));
	return r;
}
