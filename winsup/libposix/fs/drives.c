/* /mnt: a folder in which each drive is a mount of its own. */
#include "fs/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"

struct drives_file {
	struct file file;
	int next;
};

static void fill_stat(struct kstat *out)
{
	memset(out, 0, sizeof *out);
	out->dev = 6;
	out->ino = 1;
	out->nlink = 2;
	out->mode = S_IFDIR | 0555;
	out->size = out->blksize = 4096;
}

static long stat_open(struct file *f, struct kstat *out)
{
	(void)f;
	fill_stat(out);
	return 0;
}

/* Entries 0 and 1 are the dots, 2 to 27 drives A to Z. */
static long readdir_drives(struct file *f, void *user, size_t size)
{
	struct drives_file *d = container_of(f, struct drives_file, file);
	uint32_t drives = win_drives();
	size_t done = 0;
	long r = 0;

	lock_take(&f->position);
	for (; !r && d->next < 28 && size - done >= 24; d->next++) {
		struct {
			uint64_t ino;
			int64_t off;
			uint16_t reclen;
			uint8_t type;
			char name[5];
		} e = { (uint64_t)d->next + 1, d->next + 1, 24, DT_DIR,
			{ '.', '.' } };

		if (d->next >= 2 && !(drives >> (d->next - 2) & 1))
			continue;
		if (d->next != 1)
			e.name[1] = 0;
		if (d->next >= 2)
			e.name[0] = (char)('a' + d->next - 2);
		if (user_copy_out((char *)user + done, &e, 24))
			r = -EFAULT;
		done += 24;
	}
	lock_drop(&f->position);
	return r ? r : (long)done;
}

static long seek_drives(struct file *f, int64_t offset, int whence)
{
	struct drives_file *d = container_of(f, struct drives_file, file);

	if (whence || offset < 0 || offset > 28)
		return -EINVAL;
	d->next = (int)offset;
	return (long)offset;
}

static void nothing_to_pack(struct file *f, struct transfer *to)
{
	(void)f;
	(void)to;
}

static void release_drives(struct file *f)
{
	win_free(f);
}

static const struct file_ops drives_ops = {
	.name = "drives",
	.kind = FILE_ROOT_FOLDER,
	.seek = seek_drives,
	.stat = stat_open,
	.readdir = readdir_drives,
	.pack = nothing_to_pack,
	.release = release_drives,
};

static struct file *make(int flags)
{
	struct drives_file *d = win_alloc(sizeof *d);

	if (!d)
		return NULL;
	file_init(&d->file, &drives_ops, flags);
	return &d->file;
}

static struct file *unpack_drives(struct transfer *from)
{
	(void)from;
	return make(0);
}

static long open_drives(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	(void)mode;
	if (p->length)
		return flags & O_CREAT ? -EROFS : -ENOENT;
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	*out = make(flags);
	return *out ? 0 : -ENOMEM;
}

static long stat_drives(const struct place *p, struct kstat *out)
{
	if (p->length)
		return -ENOENT;
	fill_stat(out);
	return 0;
}

static long statfs_drives(const struct place *p, void *out)
{
	(void)p;
	return fs_made_statfs(out, 0x1373); /* DEVFS_SUPER_MAGIC */
}

const struct fs_ops drives_fs = {
	.name = "drives",
	.open = open_drives,
	.stat = stat_drives,
	.statfs = statfs_drives,
};

void drives_fs_start(void)
{
	file_register(FILE_ROOT_FOLDER, unpack_drives);
}
