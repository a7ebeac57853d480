/* Calls on paths. */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

#define SECOND		 1000000000l
#define RENAME_NOREPLACE 1u

static long fetch(char name[PATH_SIZE], const char *user)
{
	long n = user_string(name, user, PATH_SIZE);

	return n < 0 ? n : 0;
}

/* ---- open ---- */

long sys_openat(int at, const char *path, int flags, unsigned mode)
{
	char name[PATH_SIZE];
	struct file *f;
	long r = fetch(name, path);

	if (r)
		return r;
	if (flags & O_PATH)
		flags &= O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return -EOPNOTSUPP;
	r = path_open(
		at, name, flags & ~O_CLOEXEC, mode & 07777 & ~fs_umask(-1), &f);
	return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
}

long sys_open(const char *path, int flags, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

long sys_creat(const char *path, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- stat ---- */

static long stat_at(int at, const char *path, int flags, struct kstat *out)
{
	char name[PATH_SIZE];
	unsigned how = 0;
	long r = fetch(name, path);

	if (r)
		return r;
	if (flags & AT_SYMLINK_NOFOLLOW)
		how |= PATH_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		how |= PATH_EMPTY;
	return path_stat(at, name, how, out);
}

long sys_newfstatat(int at, const char *path, struct kstat *user, int flags)
{
	struct kstat st;
	long r;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	r = stat_at(at, path, flags, &st);
	return r ? r : user_copy_out(user, &st, sizeof st);
}

long sys_stat(const char *path, struct kstat *user)
{
	return sys_newfstatat(AT_FDCWD, path, user, 0);
}

long sys_lstat(const char *path, struct kstat *user)
{
	return sys_newfstatat(AT_FDCWD, path, user, AT_SYMLINK_NOFOLLOW);
}

static long stat_file(int fd, struct kstat *out)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = f->ops->stat ? f->ops->stat(f, out) : -EBADF;
	file_put(f);
	return r;
}

long sys_fstat(int fd, struct kstat *user)
{
	struct kstat st;
	long r = stat_file(fd, &st);

	return r ? r : user_copy_out(user, &st, sizeof st);
}

/* man 2 statx; what the kernel calls struct statx. */
struct kstatx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t seconds;
		uint32_t ns, pad;
	} atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};
_Static_assert(sizeof(struct kstatx) == 256, "struct statx");

#define STATX_BASIC_STATS 0x7ffu
#define STATX_RESERVED	  0x80000000u

long sys_statx(
	int at, const char *path, int flags, unsigned mask, struct statx *user)
{
	struct kstat st;
	struct kstatx x = { .mask = STATX_BASIC_STATS };
	long r;

	if (mask & STATX_RESERVED)
		return -EINVAL;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
			    0x6000 /* AT_STATX_SYNC_TYPE */))
		return -EINVAL;
	r = stat_at(at, path, flags, &st);
	if (r)
		return r;
	x.blksize = (uint32_t)st.blksize;
	x.nlink = (uint32_t)st.nlink;
	x.uid = st.uid;
	x.gid = st.gid;
	x.mode = (uint16_t)st.mode;
	x.ino = st.ino;
	x.size = (uint64_t)st.size;
	x.blocks = (uint64_t)st.blocks;
	x.atime.seconds = st.atime;
	x.atime.ns = (uint32_t)st.atime_nsec;
	x.mtime.seconds = st.mtime;
	x.mtime.ns = (uint32_t)st.mtime_nsec;
	x.ctime.seconds = st.ctime;
	x.ctime.ns = (uint32_t)st.ctime_nsec;
	x.rdev_major = (uint32_t)(st.rdev >> 8 & 0xfff);
	x.rdev_minor = (uint32_t)(st.rdev & 0xff);
	x.dev_major = (uint32_t)(st.dev >> 8 & 0xfff);
	x.dev_minor = (uint32_t)(st.dev & 0xff);
	return user_copy_out(user, &x, sizeof x);
}

long sys_faccessat2(int at, const char *path, int how, int flags)
{
	struct kstat st;
	long r;

	if ((how & ~7) ||
		(flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	r = stat_at(at, path, flags & ~AT_EACCESS, &st);
	if (r)
		return r;
	if ((how & X_OK) && !(st.mode & 0111))
		return -EACCES;
	if ((how & W_OK) && !(st.mode & 0222))
		return -EACCES;
	return 0;
}

long sys_faccessat(int at, const char *path, int how)
{
	return sys_faccessat2(at, path, how, 0);
}

long sys_access(const char *path, int how)
{
	return sys_faccessat2(AT_FDCWD, path, how, 0);
}

static long statfs_place(const struct place *p, void *out)
{
	return p->mount->ops->statfs ? p->mount->ops->statfs(p, out) : -ENOSYS;
}

long sys_statfs(const char *path, struct statfs *user)
{
	char name[PATH_SIZE];
	struct statfs s;
	long r = fetch(name, path);

	if (!r)
		r = path_apply(AT_FDCWD, name, 0, statfs_place, &s);
	return r ? r : user_copy_out(user, &s, sizeof s);
}

long sys_fstatfs(int fd, struct statfs *user)
{
	char path[PATH_SIZE];
	struct statfs s;
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	if (file_path(f, path, sizeof path) >= 0) {
		r = path_apply(AT_FDCWD, path, 0, statfs_place, &s);
	} else {
		memset(&s, 0, sizeof s);
		s.f_type = 0x50495045; /* PIPEFS_MAGIC: man 2 statfs */
		s.f_bsize = s.f_frsize = 4096;
		s.f_namelen = NAME_BYTES;
	}
	file_put(f);
	return r ? r : user_copy_out(user, &s, sizeof s);
}

/* ---- names ---- */

static long mkdir_place(const struct place *p, void *mode)
{
	if (!p->mount->ops->mkdir)
		return -EROFS;
	return p->mount->ops->mkdir(p, *(unsigned *)mode);
}

long sys_mkdirat(int at, const char *path, unsigned mode)
{
	char name[PATH_SIZE];
	long r = fetch(name, path);

	mode &= 07777 & ~fs_umask(-1);
	return r ? r : path_apply(at, name, PATH_NOFOLLOW, mkdir_place, &mode);
}

long sys_mkdir(const char *path, unsigned mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

static long unlink_place(const struct place *p, void *unused)
{
	(void)unused;
	return p->mount->ops->unlink ? p->mount->ops->unlink(p) : -EPERM;
}

static long rmdir_place(const struct place *p, void *unused)
{
	(void)unused;
	return p->mount->ops->rmdir ? p->mount->ops->rmdir(p) : -EBUSY;
}

/* POSIX.1-2024 rmdir(): "." is refused, and a name that ends in "..". */
static long last_dots(const char *name)
{
	size_t n = strlen(name);

	while (n && name[n - 1] == '/')
		n--;
	if (n && name[n - 1] == '.') {
		if (n == 1 || name[n - 2] == '/')
			return -EINVAL;
		if (name[n - 2] == '.' && (n == 2 || name[n - 3] == '/'))
			return -ENOTEMPTY;
	}
	return 0;
}

long sys_unlinkat(int at, const char *path, int flags)
{
	char name[PATH_SIZE];
	long r = fetch(name, path);

	if (r)
		return r;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	if (!(flags & AT_REMOVEDIR))
		return path_apply(at, name, PATH_NOFOLLOW, unlink_place, NULL);
	r = last_dots(name);
	return r ? r : path_apply(at, name, PATH_NOFOLLOW, rmdir_place, NULL);
}

long sys_unlink(const char *path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

long sys_rmdir(const char *path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Two paths: the first is resolved to a place, then the second applied. */
struct two {
	const struct place *from;
	unsigned flags;
	int at;
	const char *to;
};

static long rename_place(const struct place *to, void *argument)
{
	struct two *t = argument;
	const struct fs_ops *ops = t->from->mount->ops;

	char old[PATH_SIZE], new[PATH_SIZE];
	long r;

	if (ops != to->mount->ops)
		return -EXDEV;
	r = ops->rename ? ops->rename(t->from, to, t->flags) : -EPERM;
	if (!r && !path_of_place(t->from, old, sizeof old) &&
		!path_of_place(to, new, sizeof new)) {
		files_moved(old, new);
		fs_moved(old, new);
	}
	return r;
}

static long rename_from(const struct place *from, void *argument)
{
	struct two *t = argument;

	t->from = from;
	return path_apply(t->at, t->to, PATH_NOFOLLOW, rename_place, t);
}

long sys_renameat2(int old_at, const char *old, int new_at, const char *new,
	unsigned flags)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	struct two t = { NULL, flags, new_at, to };
	struct kstat st;
	long r = fetch(from, old);

	if (!r)
		r = fetch(to, new);
	if (r)
		return r;
	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (last_dots(from))
		r = path_stat(old_at, from, 0, &st);
	if (!r && last_dots(to))
		r = path_stat(new_at, to, 0, &st);
	if (r || last_dots(from) || last_dots(to))
		return r ? r : -EBUSY;
	return path_apply(old_at, from, PATH_NOFOLLOW, rename_from, &t);
}

long sys_renameat(int old_at, const char *old, int new_at, const char *new)
{
	return sys_renameat2(old_at, old, new_at, new, 0);
}

long sys_rename(const char *old, const char *new)
{
	return sys_renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

static long link_place(const struct place *to, void *argument)
{
	struct two *t = argument;
	const struct fs_ops *ops = t->from->mount->ops;

	if (ops != to->mount->ops)
		return -EXDEV;
	return ops->link ? ops->link(t->from, to) : -EPERM;
}

static long link_from(const struct place *from, void *argument)
{
	struct two *t = argument;

	t->from = from;
	return path_apply(t->at, t->to, PATH_NOFOLLOW, link_place, t);
}

long sys_linkat(
	int old_at, const char *old, int new_at, const char *new, int flags)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	struct two t = { NULL, 0, new_at, to };
	long r = fetch(from, old);

	if (!r)
		r = fetch(to, new);
	if (r)
		return r;
	if (flags & ~AT_SYMLINK_FOLLOW)
		return -EINVAL;
	if (flags & AT_SYMLINK_FOLLOW) {
		char real[PATH_SIZE];

		r = path_real(old_at, from, real, sizeof real);
		if (r)
			return r;
		memcpy(from, real, sizeof real);
		old_at = AT_FDCWD;
	}
	return path_apply(old_at, from, PATH_NOFOLLOW, link_from, &t);
}

long sys_link(const char *old, const char *new)
{
	return sys_linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

static long symlink_place(const struct place *p, void *target)
{
	return p->mount->ops->symlink ? p->mount->ops->symlink(p, target)
				      : -EPERM;
}

long sys_symlinkat(const char *target, int at, const char *path)
{
	char text[PATH_SIZE], name[PATH_SIZE];
	struct kstat st;
	long r = fetch(text, target);

	if (!r)
		r = fetch(name, path);
	if (r)
		return r;
	if (!*text)
		return -ENOENT;
	if (!path_stat(at, name, PATH_NOFOLLOW, &st))
		return -EEXIST;
	return path_apply(at, name, PATH_NOFOLLOW, symlink_place, text);
}

long sys_symlink(const char *target, const char *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

struct text {
	char bytes[PATH_SIZE];
	long length;
};

static long readlink_place(const struct place *p, void *argument)
{
	struct text *t = argument;
	struct kstat st;
	long r;

	if (!p->mount->ops->readlink) {
		r = p->mount->ops->stat(p, &st);
		return r ? r : -EINVAL;
	}
	t->length = p->mount->ops->readlink(p, t->bytes, sizeof t->bytes);
	if (t->length < 0)
		return t->length;
	return p->follow ? -ELOOP : 0; /* a slash behind it: what it names */
}

long sys_readlinkat(int at, const char *path, void *user, size_t size)
{
	char name[PATH_SIZE];
	struct text t;
	long r = fetch(name, path);

	if (r)
		return r;
	if ((long)size <= 0)
		return -EINVAL;
	r = path_apply(at, name, PATH_NOFOLLOW, readlink_place, &t);
	if (r)
		return r;
	if ((size_t)t.length < size)
		size = (size_t)t.length;
	return user_copy_out(user, t.bytes, size) ? -EFAULT : (long)size;
}

long sys_readlink(const char *path, void *user, size_t size)
{
	return sys_readlinkat(AT_FDCWD, path, user, size);
}

/* ---- attributes ---- */

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
	long r = fetch(name, path);

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
		*to = t->tv_sec * SECOND + t->tv_nsec;
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

/* ---- folders ---- */

static long change_folder(const char *path)
{
	char real[PATH_SIZE];
	struct kstat st;
	long r = path_stat(AT_FDCWD, path, 0, &st);

	if (!r && !S_ISDIR(st.mode))
		r = -ENOTDIR;
	if (!r)
		r = path_real(AT_FDCWD, path, real, sizeof real);
	return r ? r : fs_chdir(real);
}

long sys_chdir(const char *path)
{
	char name[PATH_SIZE];
	long r = fetch(name, path);

	return r ? r : change_folder(name);
}

long sys_fchdir(int fd)
{
	char path[PATH_SIZE];
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = file_path(f, path, sizeof path);
	if (r >= 0)
		r = change_folder(path);
	file_put(f);
	return r;
}

long sys_getcwd(void *user, size_t size)
{
	const char *cwd = fs_cwd();
	size_t n = strlen(cwd) + 1;

	if (n > size)
		return -ERANGE;
	return user_copy_out(user, cwd, n) ? -EFAULT : (long)n;
}

long sys_umask(unsigned mode)
{
	return fs_umask((int)(mode & 0777));
}

long sys_getdents64(int fd, void *user, size_t size)
{
	struct file *f;
	long r = fd_get_readable(fd, &f);

	if (r)
		return r;
	r = f->ops->readdir ? f->ops->readdir(f, user, size) : -ENOTDIR;
	file_put(f);
	return r;
}
