/* POSIX.1-2024 posix_getdents().  struct posix_dent begins as struct dirent. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#define DT_FORCE_TYPE 1

static void find_type(int fd, struct dirent *d)
{
	struct stat st;

	if (d->d_type == DT_UNKNOWN &&
		!fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW))
		d->d_type = IFTODT(st.st_mode);
}

ssize_t posix_getdents(int fd, void *buffer, size_t size, int flags)
{
	char *at = buffer, *end;
	int n;

	if (flags & ~DT_FORCE_TYPE) {
		errno = EINVAL;
		return -1;
	}
	n = getdents(fd, buffer, size < INT_MAX ? size : INT_MAX);
	if (n <= 0 || !(flags & DT_FORCE_TYPE))
		return n;
	for (end = at + n; at < end; at += ((struct dirent *)at)->d_reclen)
		find_type(fd, (struct dirent *)at);
	return n;
}
