/* Calls on paths. */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE	 2u

/* ---- open ---- */

#define PATH_FLAGS (O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)

/* man 2 open, O_TMPFILE */
static long check_nameless(int flags)
{
	if ((flags & O_TMPFILE) != O_TMPFILE)
		return 0;
	return (flags & O_CREAT) || (flags & O_ACCMODE) == O_RDONLY ? -EINVAL
								    : 0;
}

static long open_at(
	int at, const char *path, int flags, unsigned mode, unsigned resolve)
{
	char name[PATH_SIZE];
	struct file *f;
	long r = path_fetch(name, path);

	if (!r)
		r = check_nameless(flags);
	if (!r)
		r = path_open_within(at, name, flags & ~O_CLOEXEC,
			mode & 07777 & ~fs_umask(-1), resolve, &f);
	return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
}

long sys_openat(int at, const char *path, int flags, unsigned mode)
{
	if (flags & O_PATH)
		flags &= PATH_FLAGS;
	return open_at(at, path, flags, mode, 0);
}

/* man 2 openat2 */
struct k_open_how {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_CACHED 32u
#define RESOLVE_KNOWN \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | \
		RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED)
#define OPEN_KNOWN \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | \
		O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | \
		O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | \
		O_TMPFILE)

/* Of a structure of that size: what we do not know must be zero. */
static long fetch_how(
	struct k_open_how *how, const struct k_open_how *user, size_t size)
{
	char more[64];
	long r;

	if (size < sizeof *how)
		return -EINVAL;
	if (size > PAGE_SIZE_BYTES)
		return -E2BIG;
	r = user_copy_in(how, user, sizeof *how);
	for (size_t at = sizeof *how; !r && at < size; at += sizeof more) {
		size_t n = size - at < sizeof more ? size - at : sizeof more;

		r = user_copy_in(more, (const char *)user + at, n);
		for (size_t i = 0; !r && i < n; i++)
			if (more[i])
				r = -E2BIG;
	}
	return r;
}

static long check_how(const struct k_open_how *how)
{
	bool creates =
		(how->flags & O_CREAT) || (how->flags & O_TMPFILE) == O_TMPFILE;

	if ((how->flags & ~(uint64_t)(unsigned)OPEN_KNOWN) ||
		(how->resolve & ~(uint64_t)RESOLVE_KNOWN) ||
		(how->mode & (creates ? ~07777ul : ~0ul)))
		return -EINVAL;
	if ((how->resolve & RESOLVE_BENEATH) &&
		(how->resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if ((how->flags & O_PATH) &&
		(how->flags & ~(uint64_t)(unsigned)PATH_FLAGS))
		return -EINVAL;
	/* nothing is cached here */
	return how->resolve & RESOLVE_CACHED ? -EAGAIN : 0;
}

long sys_openat2(
	int at, const char *path, const struct open_how *user, size_t size)
{
	struct k_open_how how;
	long r = fetch_how(&how, (const struct k_open_how *)user, size);

	if (!r)
		r = check_how(&how);
	return r ? r
		 : open_at(at, path, (int)how.flags, (unsigned)how.mode,
			   (unsigned)how.resolve);
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

static void moved(const char *from, const char *to)
{
	files_moved(from, to);
	fs_moved(from, to);
}

static long rename_place(const struct place *to, void *argument)
{
	/* a path that nobody has */
	static const char between[] = "/dev/null/exchanged";
	struct two *t = argument;
	const struct fs_ops *ops = t->from->mount->ops;
	char old[PATH_SIZE], new[PATH_SIZE];
	long r;

	if (ops != to->mount->ops)
		return -EXDEV;
	r = ops->rename ? ops->rename(t->from, to, t->flags) : -EPERM;
	if (r || path_of_place(t->from, old, sizeof old) ||
		path_of_place(to, new, sizeof new))
		return r;
	if (t->flags & RENAME_EXCHANGE)
		moved(new, between);
	moved(old, new);
	if (t->flags & RENAME_EXCHANGE)
		moved(between, old);
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
	if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
		flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
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

static long link_file_place(const struct place *to, void *file)
{
	struct file *f = file;

	return f->ops->link ? f->ops->link(f, to) : -EPERM;
}

static long link_file(struct file *f, int at, const char *to)
{
	long r = path_apply(at, to, PATH_NOFOLLOW, link_file_place, f);

	file_put(f);
	return r;
}

static long leads_to(const struct place *p, void *file)
{
	return p->mount->ops->leads_to ? p->mount->ops->leads_to(p, file)
				       : -EINVAL;
}

long sys_linkat(
	int old_at, const char *old, int new_at, const char *new, int flags)
{
	char from[PATH_SIZE], to[PATH_SIZE], real[PATH_SIZE];
	struct two t = { NULL, 0, new_at, to };
	struct file *f;
	long r = path_fetch(from, old);

	if (!r)
		r = path_fetch(to, new);
	if (r)
		return r;
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !*from && old_at != AT_FDCWD) {
		r = fd_get(old_at, &f);
		return r ? r : link_file(f, new_at, to);
	}
	if (flags & AT_SYMLINK_FOLLOW) {
		/* man 2 open, O_TMPFILE: by way of /proc/self/fd */
		if (!path_apply(old_at, from, PATH_NOFOLLOW, leads_to, &f))
			return link_file(f, new_at, to);
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

/* Of a link that O_PATH | O_NOFOLLOW opened: man 2 readlinkat. */
static long readlink_open(int fd, struct text *t)
{
	char path[PATH_SIZE];
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = file_path(f, path, sizeof path);
	file_put(f);
	if (r >= 0)
		r = path_apply(
			AT_FDCWD, path, PATH_NOFOLLOW, readlink_place, t);
	return r == -EINVAL || r == -ENOTDIR ? -ENOENT : r;
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
	if (!*name && at != AT_FDCWD)
		r = readlink_open(at, &t);
	else
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

/* man 2 getdents: as long as an entry of getdents64(), whose type comes last */
long sys_getdents(int fd, void *user, size_t size)
{
	const size_t name = offsetof(struct k_dirent64, name);
	struct k_dirent64 e;
	char text[1024 + 8];
	long r = sys_getdents64(fd, user, size);

	for (char *at = user; at < (char *)user + (r > 0 ? r : 0);
		at += e.reclen) {
		if (user_copy_in(&e, at, name))
			return -EFAULT;
		/* another thread may write there meanwhile */
		if (e.reclen <= name || e.reclen - name > sizeof text)
			return -EFAULT;
		if (user_copy_in(text, at + name, e.reclen - name) ||
			user_copy_out(at + name - 1, text, e.reclen - name) ||
			user_copy_out(at + e.reclen - 1, &e.type, 1))
			return -EFAULT;
	}
	return r;
}
