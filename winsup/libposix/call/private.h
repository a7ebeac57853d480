/* Shared by the families of calls. */
#ifndef CALL_PRIVATE_H
#define CALL_PRIVATE_H

#include "memory/memory.h"
#include "vfs/vfs.h"

/* A path from user memory: 0, -EFAULT or -ENAMETOOLONG. */
static inline long path_fetch(char name[PATH_SIZE], const char *user)
{
	long n = user_string(name, user, PATH_SIZE);

	return n < 0 ? n : 0;
}

#endif
