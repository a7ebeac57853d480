/* What libposix has beside POSIX and Linux. */
#ifndef _SYS_POSIX_H
#define _SYS_POSIX_H

#ifdef __cplusplus
extern "C" {
#endif

#include <sys/types.h>

#define POSIX_PATH_TO_POSIX   0
#define POSIX_PATH_TO_WINDOWS 1

/* Puts the path that `from` (UTF-8) names into to[size], spelled as `what`
 * says, absolute, and returns its length.  `from` may have either spelling and
 * be relative; to Windows, links are followed, and what comes behind the last
 * folder that exists is taken as it is.  Errors: EINVAL (no such `what`),
 * ENODEV (to Windows: it is no file of Windows', as /dev/null), ENOENT (to
 * POSIX: no mount holds it, or `from` is empty), ERANGE (size is too small). */
static __inline ssize_t posix_path(
	int __what, const char *__from, char *__to, size_t __size)
{
	extern long syscall(long, ...);

	return syscall(0x1007, __what, __from, __to, __size);
}

#ifdef __cplusplus
}
#endif

#endif
