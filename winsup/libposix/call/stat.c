/* What is known of files: stat, access, statfs. */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"

static long stat_at(int at, const char *path, int flags, struct kstat *out)
{
	char name[PATH_SIZE];
	unsigned how = 0;
	long r = path_fetch(name, path);

	if (r)
		return r;
	if (flags & AT_SYMLINK_NOFOLLOW)
		how |= PATH_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		how |= PATH_EMPTY;
	return path_stat(at, name, how, out);
}

static long copy_out(struct kstat *user, struct kstat *st)
{
	st->birth = 0;
	return user_copy_out(user, st, sizeof *st);
}

long sys_newfstatat(int at, const char *path, struct kstat *user, int flags)
{
	struct kstat st;
	long r;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	r = stat_at(at, path, flags, &st);
	return r ? r : copy_out(user, &st);
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

	return r ? r : copy_out(user, &st);
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
#define STATX_BTIME	  0x800u
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
	if (st.birth) {
		x.mask |= STATX_BTIME;
		x.btime.seconds = st.birth / SECOND;
		x.btime.ns = (uint32_t)(st.birth % SECOND);
	}
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
	return file_permits(&st, (unsigned)how, flags & AT_EACCESS);
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
	long r = path_fetch(name, path);

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

/* ---- handles ---- */

/* man 2 name_to_handle_at.  What is in it is ours alone: the inode number. */
struct k_file_handle {
	uint32_t bytes;
	int32_t type;
	uint64_t ino;
};
#define HANDLE_INO   1
#define HANDLE_BYTES 8u
#define HANDLE_MOST  128u /* MAX_HANDLE_SZ */

struct handle {
	struct kstat st;
	int mount;
};

static long handle_place(const struct place *p, void *argument)
{
	struct handle *h = argument;
	const struct mount *m;
	long r = p->mount->ops->stat(p, &h->st);

	if (!r && p->follow && S_ISLNK(h->st.mode))
		return -ELOOP;
	if (!r && p->must_be_folder && !S_ISDIR(h->st.mode))
		return -ENOTDIR;
	for (h->mount = 0; (m = mount_number(h->mount)) && m != p->mount;
		h->mount++)
		;
	return r;
}

static long handle_at(int at, const char *name, int flags, struct handle *h)
{
	char path[PATH_SIZE];
	struct file *f;
	long r;

	if (*name || !(flags & AT_EMPTY_PATH) || at == AT_FDCWD)
		return path_apply(at, *name ? name : ".",
			flags & AT_SYMLINK_FOLLOW ? 0 : PATH_NOFOLLOW,
			handle_place, h);
	r = fd_get(at, &f);
	if (r)
		return r;
	r = file_path(f, path, sizeof path);
	file_put(f);
	/* what has no path is in no file system that has handles */
	return r < 0 ? -EOPNOTSUPP
		     : path_apply(
			       AT_FDCWD, path, PATH_NOFOLLOW, handle_place, h);
}

long sys_name_to_handle_at(
	int at, const char *path, void *user, int *mount, int flags)
{
	char name[PATH_SIZE];
	struct k_file_handle out = { HANDLE_BYTES, HANDLE_INO, 0 };
	struct handle h;
	uint32_t room;
	long r;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = path_fetch(name, path);
	if (!r && !*name && !(flags & AT_EMPTY_PATH))
		r = -ENOENT;
	if (!r)
		r = handle_at(at, name, flags, &h);
	if (r)
		return r;
	if (user_copy_in(&room, user, sizeof room))
		return -EFAULT;
	if (room > HANDLE_MOST)
		return -EINVAL;
	out.ino = h.st.ino;
	if (user_copy_out(mount, &h.mount, sizeof h.mount) ||
		user_copy_out(user, &out,
			room < HANDLE_BYTES ? sizeof room : sizeof out))
		return -EFAULT;
	return room < HANDLE_BYTES ? -EOVERFLOW : 0;
}

/* man 2 open_by_handle_at, EPERM: it takes CAP_DAC_READ_SEARCH, since no
 * folder on the way is asked; nobody has that here. */
long sys_open_by_handle_at(int mount, const void *user, int flags)
{
	uint32_t head[2];

	(void)mount;
	(void)flags;
	return user_copy_in(head, user, sizeof head) ? -EFAULT : -EPERM;
}
