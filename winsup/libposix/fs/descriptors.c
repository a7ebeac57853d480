/* /proc/self/fd and /dev/fd: the caller's own descriptors by name.  Each is a
 * link that leads to the open file itself, whatever its name is by now
 * (man 5 proc, "/proc/[pid]/fd/"). */
#include "fs/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"

struct listing {
	struct file file;
	int64_t next; /* file.position */
};

static long get(const struct place *p, struct file **out)
{
	int fd = 0;

	if (!p->length || p->length > 5)
		return -ENOENT;
	for (size_t i = 0; i < p->length; i++) {
		if (p->rest[i] < '0' || p->rest[i] > '9')
			return -ENOENT;
		fd = fd * 10 + p->rest[i] - '0';
	}
	return fd_get(fd, out) ? -ENOENT : 0;
}

static void fill_stat(struct kstat *out, uint64_t ino, uint32_t mode)
{
	memset(out, 0, sizeof *out);
	out->dev = 9;
	out->ino = ino;
	out->nlink = 1;
	out->mode = mode;
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->blksize = 1024;
}

static long stat_listing(struct file *f, struct kstat *out)
{
	(void)f;
	fill_stat(out, 1, S_IFDIR | 0500);
	return 0;
}

static long seek_listing(struct file *f, int64_t offset, int whence)
{
	struct listing *l = container_of(f, struct listing, file);

	if (whence || offset < 0)
		return -EINVAL;
	l->next = offset;
	return (long)offset;
}

/* Entry number *n, which is where to look for it first; 0 at the end. */
static long list(int64_t *n, void *user, size_t size)
{
	char name[16];
	int fd;

	if (*n < 2)
		return fs_put_entry(
			user, size, 1, *n + 1, DT_DIR, *n ? ".." : ".");
	fd = fd_next(current->process->files, (int)*n - 2);
	if (fd < 0)
		return 0;
	*n = fd + 2;
	format(name, sizeof name, "%d", fd);
	return fs_put_entry(
		user, size, 100 + (uint64_t)fd, *n + 1, DT_LNK, name);
}

static long read_listing(struct file *f, void *user, size_t size)
{
	struct listing *l = container_of(f, struct listing, file);
	size_t done = 0;
	long r;

	lock_take(&f->position);
	while ((r = list(&l->next, (char *)user + done, size - done)) > 0) {
		done += (size_t)r;
		l->next++;
	}
	lock_drop(&f->position);
	return done ? (long)done : r;
}

static void pack_listing(struct file *f, struct transfer *to)
{
	transfer_put_number(
		to, (uint64_t)container_of(f, struct listing, file)->next);
}

static void release_listing(struct file *f)
{
	win_free(f);
}

static const struct file_ops listing_ops = {
	.name = "descriptors",
	.kind = FILE_DESCRIPTORS,
	.seek = seek_listing,
	.stat = stat_listing,
	.readdir = read_listing,
	.pack = pack_listing,
	.release = release_listing,
};

static struct file *make_listing(int flags)
{
	struct listing *l = win_alloc(sizeof *l);

	if (!l)
		return NULL;
	file_init(&l->file, &listing_ops, flags);
	return &l->file;
}

static struct file *unpack_listing(struct transfer *from)
{
	int64_t next = (int64_t)transfer_get_number(from);
	struct file *f = make_listing(0);

	if (f)
		container_of(f, struct listing, file)->next = next;
	return f;
}

/* Opens a file on disk once more, as the new flags ask, if its path still
 * leads to it. */
static long open_again(struct file *f, int flags, struct file **out)
{
	char path[PATH_SIZE];
	struct kstat was, is;
	struct file *again;
	long r;

	if (f->ops->kind != FILE_NT && f->ops->kind != FILE_NT_FOLDER)
		return -ENOENT;
	r = file_path(f, path, sizeof path);
	if (r < 0)
		return -ENOENT;
	/* nothing is cut off a file that only has the same name */
	r = path_stat(AT_FDCWD, path, PATH_NOFOLLOW, &is);
	if (r || f->ops->stat(f, &was) || was.ino != is.ino ||
		was.dev != is.dev)
		return -ENOENT;
	r = path_open(AT_FDCWD, path, flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW),
		0, &again);
	if (!r)
		*out = again;
	return r;
}

long descriptor_open(struct file *f, int flags, struct file **out)
{
	long r = open_again(f, flags, out);

	if (r != -ENOENT)
		return r;
	*out = file_get(f);
	return 0;
}

static long descriptors_open(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	struct file *f;
	long r;

	(void)mode;
	if (!p->length) {
		if ((flags & O_ACCMODE) != O_RDONLY)
			return -EISDIR;
		*out = make_listing(flags);
		return *out ? 0 : -ENOMEM;
	}
	r = get(p, &f);
	if (r)
		return r;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		r = -EEXIST;
	else if (!p->follow && !(flags & O_PATH))
		r = -ELOOP;
	else
		r = descriptor_open(f, flags, out);
	file_put(f);
	return r;
}

static long descriptors_stat(const struct place *p, struct kstat *out)
{
	struct file *f;
	long r;

	if (!p->length) {
		fill_stat(out, 1, S_IFDIR | 0500);
		return 0;
	}
	r = get(p, &f);
	if (r)
		return r;
	if (p->follow) {
		r = f->ops->stat ? f->ops->stat(f, out) : -EBADF;
	} else {
		fill_stat(out, 100, S_IFLNK | 0700);
		out->size = 64;
	}
	file_put(f);
	return r;
}

long file_describe(struct file *f, char *to, size_t room)
{
	long r = file_path(f, to, room);
	struct kstat st;

	if (r != -ENOTDIR)
		return r;
	r = f->ops->stat ? f->ops->stat(f, &st) : -ENOENT;
	if (r)
		return r;
	if (!(st.mode & S_IFMT))
		return (long)format(to, room, "anon_inode:[%s]", f->ops->name);
	return (long)format(to, room, "%s:[%lu]",
		S_ISFIFO(st.mode) ? "pipe" : f->ops->name, st.ino);
}

static long descriptors_readlink(const struct place *p, char *to, size_t room)
{
	char path[PATH_SIZE];
	struct file *f;
	long r;

	if (!p->length)
		return -EINVAL;
	r = get(p, &f);
	if (r)
		return r;
	r = file_describe(f, path, sizeof path);
	file_put(f);
	if (r < 0)
		return r;
	if ((size_t)r > room)
		r = (long)room;
	memcpy(to, path, (size_t)r);
	return r;
}

static long descriptors_set(const struct place *p, const struct attributes *a)
{
	struct file *f;
	long r = get(p, &f);

	if (r)
		return p->length ? r : -EPERM;
	if (!p->follow)
		r = -EOPNOTSUPP;
	else
		r = f->ops->set_attributes ? f->ops->set_attributes(f, a)
					   : -EROFS;
	file_put(f);
	return r;
}

static long descriptors_statfs(const struct place *p, void *out)
{
	(void)p;
	return fs_made_statfs(out, 0x9fa0); /* PROC_SUPER_MAGIC */
}

/* A path may lead on through a descriptor: there the walk follows. */
static long descriptors_parent(const struct place *p)
{
	return memchr(p->rest, '/', p->length) ? -ENOENT : 0;
}

static bool descriptors_magic(const struct place *p)
{
	return p->length;
}

const struct fs_ops descriptors_fs = {
	.name = "descriptors",
	.open = descriptors_open,
	.stat = descriptors_stat,
	.readlink = descriptors_readlink,
	.set_attributes = descriptors_set,
	.statfs = descriptors_statfs,
	.parent = descriptors_parent,
	.leads_to = get,
	.magic = descriptors_magic,
};

void descriptors_fs_start(void)
{
	file_register(FILE_DESCRIPTORS, unpack_listing);
}
