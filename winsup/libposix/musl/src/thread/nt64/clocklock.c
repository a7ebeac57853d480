#include "pthread_impl.h"
#include "on_clock.h"

/* Each is the wait of the same kind by CLOCK_REALTIME, which goes on for as
 * long as `at` has not come by the other clock. */
#define CLOCKLOCK(name, type, timed) \
	int name(type *restrict lock, clockid_t clock, \
		const struct timespec *restrict at) \
	{ \
		struct timespec then; \
		int r; \
\
		if (!known_clock(clock)) \
			return EINVAL; \
		do { \
			then = on_clock(at, clock, CLOCK_REALTIME); \
			r = timed(lock, &then); \
		} while (r == ETIMEDOUT && !has_come(at, clock)); \
		return r; \
	}

CLOCKLOCK(pthread_mutex_clocklock, pthread_mutex_t, pthread_mutex_timedlock)
CLOCKLOCK(pthread_rwlock_clockrdlock, pthread_rwlock_t,
	pthread_rwlock_timedrdlock)
CLOCKLOCK(pthread_rwlock_clockwrlock, pthread_rwlock_t,
	pthread_rwlock_timedwrlock)
