/* Record locks as the tests of locks.c and ofd-locks.c take them. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* 0 or what errno says. */
static int lock(int f, int command, int type, off_t start, off_t length)
{
	struct flock l = { .l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length };

	return fcntl(f, command, &l) ? errno : 0;
}
