/* Open file descriptions, apart from what each kind does. */
#include "vfs/vfs.h"

#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"

static struct file *(*unpackers[FILE_KINDS])(
	struct transfer *)HOST_STATE = { 0 };

static void (*watched_gone)(struct file *f) HOST_STATE = 0;

void file_register_watch(void (*gone)(struct file *f))
{
	watched_gone = gone;
}

void file_init(struct file *f, const struct file_ops *ops, int flags)
{
	f->ops = ops;
	f->refs = 1;
	f->flags = flags;
	f->lock.rank = RANK_FILE;
	f->position.rank = RANK_FILE_POSITION;
}

void file_release(struct file *f)
{
	char *path = f->path; /* who watches it is told that it is closed */

	if (f->watchers)
		watched_gone(f);
	flock_release(f);
	f->held = !description_release(f);
	f->ops->release(f);
	win_free(path);
}

/* POSIX.1-2024, XBD 4.7 "File Access Permissions": one class decides. */
long file_permits(const struct kstat *st, unsigned how, bool effective)
{
	const struct process *p = current->process;
	uint32_t mode = st->mode;

	if (st->uid == (effective ? p->euid : p->uid))
		mode >>= 6;
	else if (st->gid == (effective ? p->egid : p->gid))
		mode >>= 3;
	return (how & ~mode & 7) ? -EACCES : 0;
}

long file_path(struct file *f, char *to, size_t room)
{
	size_t n;
	long r = -ENOTDIR;

	lock_take(&f->lock);
	if (f->path) {
		n = strlen(f->path);
		r = n < room ? (long)n : -ENAMETOOLONG;
		if (r >= 0)
			memcpy(to, f->path, n + 1);
	}
	lock_drop(&f->lock);
	return r;
}

void file_register(uint32_t kind, struct file *(*unpack)(struct transfer *))
{
	unpackers[kind] = unpack;
}

static long (*open_fifo)(struct file *, int, struct file **) HOST_STATE = 0;

void fifo_register(long (*open)(struct file *, int, struct file **))
{
	open_fifo = open;
}

long special_open(
	uint32_t mode, struct file *disk, int flags, struct file **out)
{
	if (S_ISFIFO(mode))
		return open_fifo(disk, flags, out);
	file_put(disk);
	return -ENXIO;
}

void file_pack(struct file *f, struct transfer *to)
{
	transfer_put_number(to, f->ops->kind);
	transfer_put_number(to, (uint64_t)(uint32_t)f->flags);
	transfer_put_string(to, f->path);
	description_share(f, to->process);
	flock_share(f, to->process);
	transfer_put_number(to, f->description);
	transfer_put_number(to, f->shared);
	transfer_put_number(to, f->seals);
	f->ops->pack(f, to);
	if (f->ops->shared_with)
		f->ops->shared_with(f, to->process);
}

struct file *file_unpack(struct transfer *from)
{
	uint64_t kind = transfer_get_number(from);
	int flags = (int)transfer_get_number(from);
	char *path = transfer_get_string(from);
	uint64_t description = transfer_get_number(from);
	uint32_t shared = (uint32_t)transfer_get_number(from);
	uint32_t seals = (uint32_t)transfer_get_number(from);
	struct file *f = NULL;

	if (kind < FILE_KINDS && unpackers[kind])
		f = unpackers[kind](from);
	if (!f) {
		if (!from->error)
			from->error = -ENOMEM;
		win_free(path);
		return NULL;
	}
	f->flags = flags;
	f->path = path;
	f->description = description;
	f->shared = shared;
	f->seals = seals;
	if (seals)
		f->direct = 0;
	return f;
}
