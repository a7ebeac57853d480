/* musl's, and what POSIX.1-2024 has beside. */
#include_next <signal.h>

#ifndef _POSIX1_SIGNAL_H
#define _POSIX1_SIGNAL_H

#if defined(_GNU_SOURCE) || _POSIX_C_SOURCE - 0 >= 202405L || \
	_XOPEN_SOURCE - 0 >= 800

#ifdef __cplusplus
extern "C" {
#endif

#define SIG2STR_MAX 12 /* "RTMIN+15", and room */

int sig2str(int, char *);
int str2sig(const char *__restrict, int *__restrict);

#ifdef __cplusplus
}
#endif

#endif

#endif
