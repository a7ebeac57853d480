/* musl's, and what POSIX.1-2024 has beside. */
#include_next <spawn.h>

#ifndef _POSIX1_SPAWN_H
#define _POSIX1_SPAWN_H

#if defined(_GNU_SOURCE) || _POSIX_C_SOURCE - 0 >= 202405L || \
	_XOPEN_SOURCE - 0 >= 800

#ifdef __cplusplus
extern "C" {
#endif

int posix_spawn_file_actions_addchdir(
	posix_spawn_file_actions_t *__restrict, const char *__restrict);
int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *, int);

#ifdef __cplusplus
}
#endif

#endif

#endif
