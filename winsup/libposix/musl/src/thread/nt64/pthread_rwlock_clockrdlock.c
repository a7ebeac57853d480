#include "pthread_impl.h"
#include "on_clock.h"

int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
	const struct timespec *restrict at)
{
	struct timespec then;
	int r;

	if (!known_clock(clock))
		return EINVAL;
	do {
		then = on_clock(at, clock, CLOCK_REALTIME);
		r = pthread_rwlock_timedrdlock(lock, &then);
	} while (r == ETIMEDOUT && !has_come(at, clock));
	return r;
}
