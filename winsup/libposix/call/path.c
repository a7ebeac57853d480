/* Calls on paths. */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"

#define RENAME_NOREPLACE 1u

/* ---- open ---- */

long sys_openat(int at, const char *path, int flags, unsigned mode)
{
	char name[PATH_SIZE];
	struct file *f;
	long r = path_fetch(name, path);

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

static long mknod_place(const struct place *p, void *mode)
{
	return p->mount->ops->mknod ? p->mount->ops->mknod(p, *(uint32_t *)mode)
				    : -EPERM;
}

long sys_mknodat(int at, const char *path, unsigned mode, unsigned long device)
{
	char name[PATH_SIZE];
	struct file *f;
	long r = path_fetch(name, path);

	(void)device;
	if (r)
		return r;
	mode = (mode & S_IFMT) | (mode & 07777 & ~fs_umask(-1));
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
		r = path_open(at, name, O_CREAT | O_EXCL | O_WRONLY,
			mode & 07777, &f);
		if (!r)
			file_put(f);
		return r;
	case S_IFIFO:
	case S_IFSOCK:
		return path_apply(at, name, PATH_NOFOLLOW, mknod_place, &mode);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFDIR:
		return -EPERM;
	}
	return -EINVAL;
}

long sys_mknod(const char *path, unsigned mode, unsigned long device)
{
	return sys_mknodat(AT_FDCWD, path, mode, device);
}

/* ---- names ---- */

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

/* A name that ends so means a folder that is there: first of all, is it? */
static long dots(int at, const char *name)
{
	struct kstat st;
	long r = last_dots(name), missing;

	if (!r)
		return 0;
	missing = path_stat(at, name, 0, &st);
	return missing ? missing : r;
}

static long mkdir_place(const struct place *p, void *mode)
{
	struct kstat st;

	if (!p->mount->ops->mkdir)
		return p->mount->ops->stat(p, &st) ? -EROFS : -EEXIST;
	return p->mount->ops->mkdir(p, *(unsigned *)mode);
}

long sys_mkdirat(int at, const char *path, unsigned mode)
{
	char name[PATH_SIZE];
	long r = path_fetch(name, path);

	if (!r)
		r = dots(at, name);
	if (r)
		return r == -EINVAL || r == -ENOTEMPTY ? -EEXIST : r;
	mode &= 07777 & ~fs_umask(-1);
	return path_apply(at, name, PATH_NOFOLLOW, mkdir_place, &mode);
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

long sys_unlinkat(int at, const char *path, int flags)
{
	char name[PATH_SIZE];
	long r = path_fetch(name, path);

	if (r)
		return r;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	if (!(flags & AT_REMOVEDIR))
		return path_apply(at, name, PATH_NOFOLLOW, unlink_place, NULL);
	r = dots(at, name);
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
	long r = path_fetch(from, old);

	if (!r)
		r = path_fetch(to, new);
	if (r)
		return r;
	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	r = dots(old_at, from);
	if (!r || r == -EINVAL || r == -ENOTEMPTY) {
		long to_dots = dots(new_at, to);

		if (to_dots)
			r = to_dots;
	}
	if (r)
		return r == -EINVAL || r == -ENOTEMPTY ? -EBUSY : r;
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
	long r = path_fetch(from, old);

	if (!r)
		r = path_fetch(to, new);
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
	long r = path_fetch(text, target);

	if (!r)
		r = path_fetch(name, path);
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
	if (t->length == -EINVAL && p->must_be_folder &&
		!p->mount->ops->stat(p, &st) && !S_ISDIR(st.mode))
		return -ENOTDIR;
	if (t->length < 0)
		return t->length;
	return p->follow ? -ELOOP : 0; /* a slash behind it: what it names */
}

long sys_readlinkat(int at, const char *path, void *user, size_t size)
{
	char name[PATH_SIZE];
	struct text t;
	long r = path_fetch(name, path);

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

/* ---- folders ---- */

static long may_enter(const struct kstat *st)
{
	return S_ISDIR(st->mode) ? file_permits(st, X_OK, true) : -ENOTDIR;
}

long sys_chdir(const char *path)
{
	char name[PATH_SIZE], real[PATH_SIZE];
	struct kstat st;
	long r = path_fetch(name, path);

	if (!r)
		r = path_stat(AT_FDCWD, name, 0, &st);
	if (!r)
		r = may_enter(&st);
	if (!r)
		r = path_real(AT_FDCWD, name, real, sizeof real);
	return r ? r : fs_chdir(real);
}

long sys_fchdir(int fd)
{
	char path[PATH_SIZE];
	struct kstat st;
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = f->ops->stat ? f->ops->stat(f, &st) : -ENOTDIR;
	if (!r)
		r = may_enter(&st);
	/* the folders above are not asked, and it has no links in it */
	if (!r && (r = file_path(f, path, sizeof path)) >= 0)
		r = fs_chdir(path);
	file_put(f);
	return r;
}

long sys_getcwd(void *user, size_t size)
{
	const char *cwd = fs_cwd();
	size_t n = strlen(cwd) + 1;
	struct kstat st;
	long r = path_stat(AT_FDCWD, cwd, 0, &st);

	/* man 3 getcwd: the folder has been removed */
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
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
