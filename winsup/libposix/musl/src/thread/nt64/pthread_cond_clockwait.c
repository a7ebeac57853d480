#include "pthread_impl.h"
#include "on_clock.h"

/* A condition has one clock; its waiters may each have another. */
int pthread_cond_clockwait(pthread_cond_t *restrict c,
	pthread_mutex_t *restrict m, clockid_t clock,
	const struct timespec *restrict at)
{
	struct timespec then;
	int r;

	if (!known_clock(clock))
		return EINVAL;
	then = on_clock(at, clock, c->_c_clock);
	r = pthread_cond_timedwait(c, m, &then);
	/* early, it woke for nothing: the caller looks, and waits again */
	return r == ETIMEDOUT && !has_come(at, clock) ? 0 : r;
}
