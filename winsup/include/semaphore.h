/* musl's, and what POSIX.1-2024 has beside. */
#include_next <semaphore.h>

#ifndef _POSIX1_SEMAPHORE_H
#define _POSIX1_SEMAPHORE_H

#if defined(_GNU_SOURCE) || _POSIX_C_SOURCE - 0 >= 202405L || \
	_XOPEN_SOURCE - 0 >= 800

#ifdef __cplusplus
extern "C" {
#endif

#define __NEED_clockid_t
#include <bits/alltypes.h>

int sem_clockwait(
	sem_t *__restrict, clockid_t, const struct timespec *__restrict);

#ifdef __cplusplus
}
#endif

#endif

#endif
