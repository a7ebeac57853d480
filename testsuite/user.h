/* For tests of what a user may do. */
#ifndef USER_H
#define USER_H

#include <sys/stat.h>
#include <unistd.h>

/* A group's set-up.  On Linux root may do everything: there the test is
 * somebody else. */
static inline int become_a_user(void **state)
{
	(void)state;
	if (geteuid())
		return 0;
	return chmod(".", 0777) || setgid(65534) || setuid(65534);
}

#endif
