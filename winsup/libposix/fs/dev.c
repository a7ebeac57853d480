/* /dev: the devices that have no hardware.  /dev/fd is fs/descriptors.c's. */
#include "fs/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "tty/tty.h"

enum device {
	ROOT,
	NULL_DEVICE,
	ZERO,
	FULL,
	RANDOM,
	TTY,
	DESCRIPTORS, /* what a listing shows; a mount lies on it */
	STANDARD
};

/* Numbers as Linux gives them: Documentation/admin-guide/devices.txt. */
static const struct entry {
	const char *name;
	enum device what;
	uint32_t mode;
	unsigned major, minor; /* of STANDARD: minor is the descriptor */
} entries[] = {
	{ "", ROOT, S_IFDIR | 0755, 0, 0 },
	{ "null", NULL_DEVICE, S_IFCHR | 0666, 1, 3 },
	{ "zero", ZERO, S_IFCHR | 0666, 1, 5 },
	{ "full", FULL, S_IFCHR | 0666, 1, 7 },
	{ "random", RANDOM, S_IFCHR | 0666, 1, 8 },
	{ "urandom", RANDOM, S_IFCHR | 0666, 1, 9 },
	{ "tty", TTY, S_IFCHR | 0666, 5, 0 },
	{ "fd", DESCRIPTORS, S_IFDIR | 0555, 0, 0 },
	/* a mount of its own: here to be listed */
	{ "shm", ROOT, S_IFDIR | 01777, 0, 0 },
	{ "stdin", STANDARD, S_IFLNK | 0777, 0, 0 },
	{ "stdout", STANDARD, S_IFLNK | 0777, 0, 1 },
	{ "stderr", STANDARD, S_IFLNK | 0777, 0, 2 },
};

struct device_file {
	struct file file;
	const struct entry *entry;
	int64_t next; /* of a listing; file.position */
};

static const struct entry *entry_of(struct file *f)
{
	return container_of(f, struct device_file, file)->entry;
}

static const struct entry *find(const struct place *p)
{
	for (size_t i = 0; i < array_size(entries); i++)
		if (strlen(entries[i].name) == p->length &&
			!memcmp(entries[i].name, p->rest, p->length))
			return &entries[i];
	return NULL;
}

static long each(struct io *io, long (*f)(const struct iovec *))
{
	long done = 0;

	for (int i = 0; i < io->count; i++) {
		long r = f(&io->vector[i]);

		if (r)
			return done ? done : r;
		done += (long)io->vector[i].iov_len;
	}
	return done;
}

static long fill_zero(const struct iovec *v)
{
	return user_zero(v->iov_base, v->iov_len);
}

static long fill_random(const struct iovec *v)
{
	char bytes[256];
	long r = 0;

	for (size_t n = 0; !r && n < v->iov_len; n += sizeof bytes) {
		size_t size = v->iov_len - n;

		if (size > sizeof bytes)
			size = sizeof bytes;
		r = win_random(bytes, size);
		if (!r)
			r = user_copy_out((char *)v->iov_base + n, bytes, size);
	}
	return r;
}

static long device_read(struct file *f, struct io *io)
{
	switch (entry_of(f)->what) {
	case NULL_DEVICE:
		return 0;
	case ZERO:
	case FULL:
		return each(io, fill_zero);
	case RANDOM:
		return each(io, fill_random);
	default:
		return -EISDIR;
	}
}

static long device_write(struct file *f, struct io *io)
{
	return entry_of(f)->what == FULL ? -ENOSPC : (long)io->size;
}

static long device_seek(struct file *f, int64_t offset, int whence)
{
	struct device_file *d = container_of(f, struct device_file, file);

	(void)whence;
	if (S_ISDIR(d->entry->mode))
		d->next = offset;
	return S_ISDIR(d->entry->mode) ? (long)offset : 0;
}

static void fill_stat(const struct entry *e, struct kstat *out)
{
	memset(out, 0, sizeof *out);
	out->dev = 5;
	out->ino = (uint64_t)(e - entries) + 1;
	out->nlink = 1;
	out->mode = e->mode;
	out->rdev = e->major << 8 | e->minor;
	out->blksize = 4096;
	if (S_ISLNK(e->mode))
		out->size = 4;
}

static long device_stat_file(struct file *f, struct kstat *out)
{
	fill_stat(entry_of(f), out);
	return 0;
}

/* Entry number n of the listing; 0 at the end. */
static long list_root(int64_t *n, void *user, size_t size)
{
	static const char *const dots[] = { ".", ".." };
	const struct entry *e;

	if (*n < 2)
		return fs_put_entry(user, size, 1, *n + 1, DT_DIR, dots[*n]);
	if (*n - 1 >= (int64_t)array_size(entries))
		return 0;
	e = &entries[*n - 1];
	return fs_put_entry(user, size, (uint64_t)*n, *n + 1,
		(e->mode & S_IFMT) >> 12, e->name);
}

static long device_readdir(struct file *f, void *user, size_t size)
{
	struct device_file *d = container_of(f, struct device_file, file);
	size_t done = 0;
	long r;

	if (!S_ISDIR(d->entry->mode))
		return -ENOTDIR;
	lock_take(&f->position);
	do {
		r = list_root(&d->next, (char *)user + done, size - done);
		if (r > 0) {
			done += (size_t)r;
			d->next++;
		}
	} while (r > 0);
	lock_drop(&f->position);
	return done ? (long)done : r;
}

static long set_nothing(struct file *f, const struct attributes *a)
{
	(void)f;
	(void)a;
	return 0;
}

/* Native programs get Windows' own null device; the others have none. */
static long device_native(struct file *f, win_handle *out, bool *pump)
{
	static const uint16_t nul[] = { '\\', '?', '?', '\\', 'N', 'U', 'L' };
	struct win_name name = { 0, nul, 7 };

	*pump = false;
	if (entry_of(f)->what != NULL_DEVICE) {
		*pump = true;
		return 0;
	}
	return win_file_open(out, &name, WIN_FILE_READ | WIN_FILE_WRITE,
		WIN_OPEN, 0, 0, NULL);
}

static void device_pack(struct file *f, struct transfer *to)
{
	transfer_put_number(to, (uint64_t)(entry_of(f) - entries));
}

static void device_release(struct file *f)
{
	win_free(f);
}

static const struct file_ops device_ops = {
	.name = "device",
	.kind = FILE_DEVICE,
	.read = device_read,
	.write = device_write,
	.seek = device_seek,
	.stat = device_stat_file,
	.set_attributes = set_nothing,
	.readdir = device_readdir,
	.native = device_native,
	.pack = device_pack,
	.release = device_release,
};

static struct file *make(const struct entry *e, int flags)
{
	struct device_file *d = win_alloc(sizeof *d);

	if (!d)
		return NULL;
	file_init(&d->file, &device_ops, flags);
	d->entry = e;
	return &d->file;
}

static struct file *device_unpack(struct transfer *from)
{
	uint64_t i = transfer_get_number(from);

	return i < array_size(entries) ? make(&entries[i], 0) : NULL;
}

struct file *null_open(int flags)
{
	return make(&entries[1], flags);
}

static long dev_parent(const struct place *p)
{
	struct place up = *p;
	const struct entry *e;

	while (up.length && up.rest[up.length - 1] != '/')
		up.length--;
	if (up.length)
		up.length--;
	e = find(&up);
	return !e ? -ENOENT : S_ISDIR(e->mode) ? 0 : -ENOTDIR;
}

static long dev_open(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	const struct entry *e = find(p);
	struct file *f;
	long r;

	(void)mode;
	if (!e) {
		r = dev_parent(p);
		return r ? r : flags & O_CREAT ? -EACCES : -ENOENT;
	}
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (e->what == STANDARD) {
		if (fd_get((int)e->minor, &f))
			return -ENOENT;
		r = descriptor_open(f, flags, out);
		file_put(f);
		return r;
	}
	if (e->what == TTY)
		return console_open(flags, out);
	if (S_ISDIR(e->mode) && (flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	if (!S_ISDIR(e->mode) && ((flags & O_DIRECTORY) || p->must_be_folder))
		return -ENOTDIR;
	*out = make(e, flags);
	return *out ? 0 : -ENOMEM;
}

static long dev_stat(const struct place *p, struct kstat *out)
{
	const struct entry *e = find(p);
	struct file *f;
	long r;

	if (!e)
		return -ENOENT;
	if ((e->what != STANDARD || !p->follow)) {
		fill_stat(e, out);
		return 0;
	}
	r = fd_get((int)e->minor, &f);
	if (r)
		return r == -EBADF ? -ENOENT : r;
	r = f->ops->stat ? f->ops->stat(f, out) : -EBADF;
	file_put(f);
	return r;
}

static long dev_readlink(const struct place *p, char *to, size_t room)
{
	const struct entry *e = find(p);
	char text[8];
	size_t n;

	if (!e || e->what != STANDARD)
		return e ? -EINVAL : -ENOENT;
	n = (size_t)format(text, sizeof text, "fd/%u", e->minor);
	if (n > room)
		n = room;
	memcpy(to, text, n);
	return (long)n;
}

static long dev_set(const struct place *p, const struct attributes *a)
{
	const struct entry *e = find(p);
	struct file *f;
	long r;

	if (!e || e->what != STANDARD)
		return e ? 0 : -ENOENT;
	if (!p->follow)
		return -EOPNOTSUPP;
	r = fd_get((int)e->minor, &f);
	if (r)
		return r == -EBADF ? -ENOENT : r;
	r = f->ops->set_attributes ? f->ops->set_attributes(f, a) : -EROFS;
	file_put(f);
	return r;
}

static long dev_statfs(const struct place *p, void *out)
{
	(void)p;
	return fs_made_statfs(out, 0x1373); /* DEVFS_SUPER_MAGIC */
}

const struct fs_ops dev_fs = {
	.name = "dev",
	.open = dev_open,
	.stat = dev_stat,
	.readlink = dev_readlink,
	.set_attributes = dev_set,
	.statfs = dev_statfs,
	.parent = dev_parent,
};

void dev_fs_start(void)
{
	file_register(FILE_DEVICE, device_unpack);
	descriptors_fs_start();
}
