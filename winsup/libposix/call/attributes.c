/* Changing what is known of files: modes, owners, times. */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>

#include "abi/errno.h"
#include "call/private.h"

static long set_place(const struct place *p, void *attributes)
{
	const struct fs_ops *ops = p->mount->ops;

	return ops->set_attributes ? ops->set_attributes(p, attributes)
				   : -EROFS;
}

static long set_file(int fd, const struct attributes *a)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = f->flags & O_PATH	     ? -EBADF
	    : f->ops->set_attributes ? f->ops->set_attributes(f, a)
				     : -EROFS;
	file_put(f);
	return r;
}

static long set_at(int at, const char *path, int flags, struct attributes *a)
{
	char name[PATH_SIZE];
	long r = path_fetch(name, path);

	if (r)
		return r;
	if ((flags & AT_EMPTY_PATH) && !*name)
		return set_file(at, a);
	return path_apply(at, name,
		flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0, set_place, a);
}

long sys_fchmodat(int at, const char *path, unsigned mode)
{
	struct attributes a = { .what = ATTRIBUTE_MODE, .mode = mode & 07777 };

	return set_at(at, path, 0, &a);
}

long sys_fchmodat2(int at, const char *path, unsigned mode, int flags)
{
	struct attributes a = { .what = ATTRIBUTE_MODE, .mode = mode & 07777 };

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return set_at(at, path, flags, &a);
}

long sys_chmod(const char *path, unsigned mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, unsigned mode)
{
	struct attributes a = { .what = ATTRIBUTE_MODE, .mode = mode & 07777 };

	return set_file(fd, &a);
}

static struct attributes owner(unsigned uid, unsigned gid)
{
	struct attributes a = { .uid = uid, .gid = gid };

	if (uid != ~0u)
		a.what |= ATTRIBUTE_UID;
	if (gid != ~0u)
		a.what |= ATTRIBUTE_GID;
	return a;
}

long sys_fchownat(
	int at, const char *path, unsigned uid, unsigned gid, int flags)
{
	struct attributes a = owner(uid, gid);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return set_at(at, path, flags, &a);
}

long sys_chown(const char *path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(const char *path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, unsigned uid, unsigned gid)
{
	struct attributes a = owner(uid, gid);

	return set_file(fd, &a);
}

/* Nanoseconds since 1970 reach from 1677 to 2262: what lies beyond is kept as
 * near as that, as Linux does with what a disk cannot keep (man 2 utimensat,
 * NOTES). */
static int64_t nanoseconds(const struct timespec *t)
{
	if (t->tv_sec >= INT64_MAX / SECOND)
		return INT64_MAX;
	if (t->tv_sec < INT64_MIN / SECOND + 1)
		return INT64_MIN + 1; /* INT64_MIN: leave it */
	return t->tv_sec * SECOND + t->tv_nsec;
}

/* One of the two times of utimensat(): UTIME_NOW, UTIME_OMIT or a time. */
static long set_time(struct attributes *a, unsigned what, int64_t *to,
	const struct timespec *t)
{
	if (t->tv_nsec == UTIME_OMIT)
		return 0;
	a->what |= what;
	if (t->tv_nsec == UTIME_NOW)
		*to = win_clock_realtime();
	else if (t->tv_nsec < 0 || t->tv_nsec >= SECOND)
		return -EINVAL;
	else
		*to = nanoseconds(t);
	return 0;
}

static long set_times(
	int at, const char *path, const struct timespec *t, int flags)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct attributes a = { 0 };
	long r;

	/* without a path `at` is the file itself, which the cwd is not:
	 * man 2 utimensat, "C library/kernel ABI differences" */
	if (!path && at == AT_FDCWD)
		return -EFAULT;
	if (!t)
		t = now;
	r = set_time(&a, ATTRIBUTE_ACCESSED, &a.accessed, &t[0]);
	if (!r)
		r = set_time(&a, ATTRIBUTE_MODIFIED, &a.modified, &t[1]);
	if (r)
		return r;
	return path ? set_at(at, path, flags, &a) : set_file(at, &a);
}

long sys_utimensat(
	int at, const char *path, const struct timespec *user, int flags)
{
	struct timespec t[2];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (user && user_copy_in(t, user, sizeof t))
		return -EFAULT;
	return set_times(at, path, user ? t : NULL, flags);
}

long sys_futimesat(int at, const char *path, const struct timeval *user)
{
	struct timeval v[2];
	struct timespec t[2];

	if (user && user_copy_in(v, user, sizeof v))
		return -EFAULT;
	for (int i = 0; user && i < 2; i++) {
		if (v[i].tv_usec < 0 || v[i].tv_usec >= 1000000)
			return -EINVAL;
		t[i] = (struct timespec){ v[i].tv_sec, v[i].tv_usec * 1000 };
	}
	return set_times(at, path, user ? t : NULL, 0);
}

long sys_utimes(const char *path, const struct timeval *user)
{
	return sys_futimesat(AT_FDCWD, path, user);
}

long sys_utime(const char *path, const long *user)
{
	struct timespec t[2] = { { 0, 0 }, { 0, 0 } };
	long times[2];

	if (user && user_copy_in(times, user, sizeof times))
		return -EFAULT;
	for (int i = 0; user && i < 2; i++)
		t[i].tv_sec = times[i];
	return set_times(AT_FDCWD, path, user ? t : NULL, 0);
}
