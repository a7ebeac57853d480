/* musl's, and what POSIX.1-2024 has beside. */
#include_next <pthread.h>

#ifndef _POSIX1_PTHREAD_H
#define _POSIX1_PTHREAD_H

#if defined(_GNU_SOURCE) || _POSIX_C_SOURCE - 0 >= 202405L || \
	_XOPEN_SOURCE - 0 >= 800

#ifdef __cplusplus
extern "C" {
#endif

int pthread_cond_clockwait(pthread_cond_t *__restrict,
	pthread_mutex_t *__restrict, clockid_t,
	const struct timespec *__restrict);
int pthread_mutex_clocklock(pthread_mutex_t *__restrict, clockid_t,
	const struct timespec *__restrict);
int pthread_rwlock_clockrdlock(pthread_rwlock_t *__restrict, clockid_t,
	const struct timespec *__restrict);
int pthread_rwlock_clockwrlock(pthread_rwlock_t *__restrict, clockid_t,
	const struct timespec *__restrict);

#ifdef __cplusplus
}
#endif

#endif

#endif
