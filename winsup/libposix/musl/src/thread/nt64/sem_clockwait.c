#include <semaphore.h>
#include "on_clock.h"

int sem_clockwait(
	sem_t *restrict s, clockid_t clock, const struct timespec *restrict at)
{
	struct timespec then;
	int r;

	if (!known_clock(clock)) {
		errno = EINVAL;
		return -1;
	}
	do {
		then = on_clock(at, clock, CLOCK_REALTIME);
		r = sem_timedwait(s, &then);
	} while (r && errno == ETIMEDOUT && !has_come(at, clock));
	return r;
}
