/* /etc/passwd, /etc/group and /etc/mtab where the bundle has none: read-only
 * files with what Windows knows of its user, and what is mounted.  The walk
 * asks here only for a name that was not found (vfs/path.c), so a real file
 * always comes first. */
#include "fs/fs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define TEXT_ROOM 4096

struct made_file {
	struct file file;
	uint64_t which;
	int64_t at; /* file.position */
	size_t size;
	char *text;
};

static struct made_file *made(struct file *f)
{
	return container_of(f, struct made_file, file);
}

/* A colon and a line's end separate (man 5 passwd); Windows' user names have
 * neither, a profile folder may have what it likes. */
static const char *plain(char *text)
{
	for (char *p = text; *p; p++)
		if (*p == ':' || *p == '\n')
			*p = '_';
	return text;
}

static void home_folder(char *to, size_t room)
{
	uint16_t path[1024];
	size_t n = win_profile_folder(path, array_size(path));

	if (!n || path_from_windows(path, n, to, room) < 0)
		memcpy(to, "/", 2);
}

static size_t passwd_text(char *to)
{
	char name[256], home[PATH_SIZE / 2];
	struct process *p = current->process;
	size_t n = 0;

	win_user_name(name, sizeof name);
	home_folder(home, sizeof home);
	if (p->uid && strcmp(name, "root"))
		n = format(to, TEXT_ROOM, "root:x:0:0:root:/:/bin/sh\n");
	return n + format(to + n, TEXT_ROOM - n, "%s:x:%u:%u:%s:%s:/bin/sh\n",
			   plain(name), p->uid, p->gid, name, plain(home));
}

/* The user's group has the user's name, as Debian gives each a group of its
 * own: what Windows calls it ("None") helps nobody. */
static size_t group_text(char *to)
{
	char name[256];
	struct process *p = current->process;
	size_t n = 0;

	win_user_name(name, sizeof name);
	if (p->gid && strcmp(name, "root"))
		n = format(to, TEXT_ROOM, "root:x:0:\n");
	return n +
	       format(to + n, TEXT_ROOM - n, "%s:x:%u:\n", plain(name), p->gid);
}

/* Where programs look that do not know of /proc/mounts. */
static size_t mtab_text(char *to)
{
	return proc_mounts(to, TEXT_ROOM);
}

static const struct {
	const char *path;
	size_t (*text)(char *to);
} files[] = {
	{ "etc/passwd", passwd_text },
	{ "etc/group", group_text },
	{ "etc/mtab", mtab_text },
};

/* Its index, or array_size(files). */
static size_t find(const char *rest, size_t length)
{
	size_t i;

	for (i = 0; i < array_size(files); i++)
		if (strlen(files[i].path) == length &&
			!memcmp(files[i].path, rest, length))
			break;
	return i;
}

/* A path that goes on behind such a file is ours too, to say -ENOTDIR. */
bool etc_makes(const char *rest, size_t length)
{
	for (size_t i = 0; i < array_size(files); i++) {
		size_t n = strlen(files[i].path);

		if (length >= n && !memcmp(files[i].path, rest, n) &&
			(length == n || rest[n] == '/'))
			return true;
	}
	return false;
}

static void fill_stat(struct kstat *out, uint64_t which, size_t size)
{
	memset(out, 0, sizeof *out);
	out->dev = 8;
	out->ino = which + 1;
	out->nlink = 1;
	out->mode = S_IFREG | 0444;
	out->size = (int64_t)size;
	out->blksize = 4096;
	out->blocks = (int64_t)((size + 511) / 512);
}

static int64_t copy(struct made_file *m, struct io *io, int64_t at)
{
	int64_t start = at;

	for (int i = 0; i < io->count && (uint64_t)at < m->size; i++) {
		const struct iovec *v = &io->vector[i];
		size_t n = m->size - (size_t)at;

		if (n > v->iov_len)
			n = v->iov_len;
		if (user_copy_out(v->iov_base, m->text + at, n))
			return at > start ? at - start : -EFAULT;
		at += (int64_t)n;
	}
	return at - start;
}

static long made_read(struct file *f, struct io *io)
{
	struct made_file *m = made(f);
	int64_t n;

	if (io->offset >= 0)
		return (long)copy(m, io, io->offset);
	lock_take(&f->position);
	n = copy(m, io, m->at);
	if (n > 0)
		m->at += n;
	lock_drop(&f->position);
	return (long)n;
}

static long made_seek(struct file *f, int64_t offset, int whence)
{
	struct made_file *m = made(f);
	int64_t size = (int64_t)m->size;
	long r;

	lock_take(&f->position);
	switch (whence) {
	case SEEK_CUR:
		offset += m->at;
		break;
	case SEEK_END:
		offset += size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= size) {
			lock_drop(&f->position);
			return -ENXIO;
		}
		if (whence == SEEK_HOLE)
			offset = size;
	}
	r = offset < 0 ? -EINVAL : (long)offset;
	if (r >= 0)
		m->at = offset;
	lock_drop(&f->position);
	return r;
}

static long made_stat(struct file *f, struct kstat *out)
{
	fill_stat(out, made(f)->which, made(f)->size);
	return 0;
}

static unsigned made_poll(struct file *f, unsigned events, struct sleep *s)
{
	(void)f;
	(void)s;
	return events & (POLLIN | POLLRDNORM);
}

/* musl maps what it looks up; a copy is as good, nobody writes here. */
static long made_map(struct file *f, uint64_t offset, size_t size,
	int protection, int flags, win_handle *section)
{
	struct made_file *m = made(f);
	void *at = NULL;
	long r;

	(void)flags;
	(void)protection;
	if (offset || size > round_up(m->size, PAGE_SIZE_BYTES))
		return -ENXIO;
	r = win_section_create(
		section, NULL, round_up(m->size, PAGE_SIZE_BYTES), false, NULL);
	if (r)
		return r;
	r = win_section_map(*section, &at, 0, m->size, WIN_READ | WIN_WRITE);
	if (r) {
		win_close(*section);
		return r;
	}
	memcpy(at, m->text, m->size);
	win_section_unmap(at);
	return 0;
}

static void made_pack(struct file *f, struct transfer *to)
{
	transfer_put_number(to, made(f)->which);
	transfer_put_number(to, (uint64_t)made(f)->at);
}

static void made_release(struct file *f)
{
	win_free(made(f)->text);
	win_free(f);
}

static const struct file_ops made_ops = {
	.name = "made",
	.kind = FILE_MADE,
	.read = made_read,
	.seek = made_seek,
	.stat = made_stat,
	.poll = made_poll,
	.map = made_map,
	.pack = made_pack,
	.release = made_release,
};

static struct file *make(uint64_t which, int flags)
{
	struct made_file *m = win_alloc(sizeof *m);

	if (!m)
		return NULL;
	file_init(&m->file, &made_ops, flags);
	m->which = which;
	m->text = win_alloc(TEXT_ROOM);
	if (!m->text) {
		win_free(m);
		return NULL;
	}
	m->size = files[which].text(m->text);
	return &m->file;
}

static struct file *made_unpack(struct transfer *from)
{
	uint64_t which = transfer_get_number(from);
	int64_t at = (int64_t)transfer_get_number(from);
	struct file *f = which < array_size(files) ? make(which, 0) : NULL;

	if (f)
		made(f)->at = at;
	return f;
}

static long etc_open(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	size_t which = find(p->rest, p->length);

	(void)mode;
	if (which == array_size(files))
		return -ENOTDIR;
	if (flags & O_CREAT)
		return -ENOENT; /* its folder, or a real one would be made */
	if ((flags & O_DIRECTORY) || p->must_be_folder)
		return -ENOTDIR;
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	*out = make(which, flags);
	return *out ? 0 : -ENOMEM;
}

static long etc_stat(const struct place *p, struct kstat *out)
{
	size_t which = find(p->rest, p->length);
	char text[TEXT_ROOM];

	if (which == array_size(files))
		return -ENOTDIR;
	fill_stat(out, which, files[which].text(text));
	return 0;
}

static long etc_statfs(const struct place *p, void *out)
{
	(void)p;
	return fs_made_statfs(out, 0x01021994); /* TMPFS_MAGIC */
}

const struct fs_ops etc_fs = {
	.name = "etc",
	.open = etc_open,
	.stat = etc_stat,
	.statfs = etc_statfs,
};

void etc_fs_start(void)
{
	file_register(FILE_MADE, made_unpack);
}
