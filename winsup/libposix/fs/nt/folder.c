/* Open folders and their listing. */
#include "fs/nt/nt.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/watch.h"

#define BUFFER 65536

struct nt_folder {
	struct file file;
	win_handle handle;
	uint64_t device;
	/* the listing; file.position guards it */
	void *buffer;
	size_t used, at;
	size_t reads;	/* how often the buffer was filled */
	bool inherited; /* another process may have the handle too */
	int64_t next;	/* number of the entry to give; 0 and 1: "." and ".." */
	bool ended;
};

static struct nt_folder *nt(struct file *f)
{
	return container_of(f, struct nt_folder, file);
}

/* The entry at position d->next, from Windows; -ENOENT at the end. */
static long next_entry(struct nt_folder *d, struct win_folder_entry *out)
{
	for (;;) {
		if (win_folder_next(d->buffer, d->used, &d->at, out)) {
			bool dots = out->name[0] == '.' &&
				    (out->length == 1 ||
					    (out->length == 2 &&
						    out->name[1] == '.'));

			if (!dots && !nt_is_hidden(out->name, out->length))
				return 0;
			continue;
		}
		int64_t n = win_folder_read(
			d->handle, d->buffer, BUFFER, d->next == 2 && !d->used);

		if (n <= 0)
			return n ? (long)n : -ENOENT;
		d->used = (size_t)n;
		d->at = 0;
		d->reads++;
	}
}

static void rewind_folder(struct nt_folder *d)
{
	d->next = 0;
	d->used = d->at = 0;
	d->ended = false;
}

static long put_entry(void *user, size_t size, uint64_t ino, int64_t next,
	unsigned type, const char *name, size_t length)
{
	struct {
		uint64_t ino;
		int64_t off;
		uint16_t reclen;
		uint8_t type;
		char name[1024 + 5];
	} __attribute__((packed)) e;
	size_t need;

	if (length > 1024)
		length = 1024;
	need = round_up(offsetof(struct k_dirent64, name) + length + 1, 8);
	if (need > size)
		return -EINVAL;
	memset(&e, 0, sizeof e);
	e.ino = ino;
	e.off = next;
	e.reclen = (uint16_t)need;
	e.type = (uint8_t)type;
	memcpy(e.name, name, length);
	return user_copy_out(user, &e, need) ? -EFAULT : (long)need;
}

static unsigned type_of(const struct win_folder_entry *e)
{
	if (e->attributes & WIN_ATTRIBUTE_FOLDER)
		return DT_DIR;
	/* perhaps a link: who needs to know asks lstat() */
	return e->attributes & WIN_ATTRIBUTE_SYSTEM ? DT_UNKNOWN : DT_REG;
}

/* Of the folder above, which another mount may have; 0: its path is not known.
 * It is asked for before any lock is held. */
static uint64_t ino_above(struct file *f)
{
	char path[PATH_SIZE];
	struct kstat st;
	char *slash;

	if (file_path(f, path, sizeof path) < 0)
		return 0;
	slash = strrchr(path, '/');
	if (!slash)
		return 0;
	slash[slash == path] = 0;
	return path_stat(AT_FDCWD, path, 0, &st) ? 0 : st.ino;
}

static long put_next(
	struct nt_folder *d, uint64_t above, void *user, size_t size)
{
	struct win_folder_entry e;
	struct kstat st;
	char name[1024];
	size_t n;
	long r;

	if (d->next < 2) {
		r = nt_stat_file(d->handle, 0, d->device, &st, NULL);
		if (r)
			return r;
		return put_entry(user, size,
			d->next == 1 && above ? above : st.ino, d->next + 1,
			DT_DIR, "..", (size_t)d->next + 1);
	}
	if (d->ended)
		return -ENOENT;
	r = next_entry(d, &e);
	if (r) {
		d->ended = r == -ENOENT;
		return r;
	}
	n = nt_decode(name, sizeof name, e.name, e.length);
	return put_entry(user, size, e.id, d->next + 1, type_of(&e), name,
		n < sizeof name ? n : sizeof name);
}

/* To entry number `wanted` from wherever the listing is. */
static void skip_to(struct nt_folder *d, int64_t wanted)
{
	struct win_folder_entry e;

	rewind_folder(d);
	while (d->next < wanted && !d->ended) {
		if (d->next >= 2 && next_entry(d, &e))
			d->ended = true;
		d->next++;
	}
}

/* Wine 8 opens again by name, which may be another folder's by now. */
static void open_again(struct nt_folder *d)
{
	win_handle again;

	if (win_file_reopen(&again, d->handle, WIN_FILE_READ))
		return;
	if (win_file_same(again, d->handle)) {
		win_close(d->handle);
		d->handle = again;
	} else {
		win_close(again);
	}
}

/* Windows keeps in the handle how far it has listed.  One that another
 * process has too is opened again, so that neither disturbs the other. */
static long begin(struct nt_folder *d)
{
	if (d->buffer)
		return 0;
	d->buffer = win_alloc(BUFFER);
	if (!d->buffer)
		return -ENOMEM;
	if (!d->inherited)
		return 0;
	open_again(d);
	skip_to(d, d->next);
	return 0;
}

static long nt_readdir(struct file *f, void *user, size_t size)
{
	struct nt_folder *d = nt(f);
	uint64_t above = d->next < 2 ? ino_above(f) : 0;
	size_t done = 0;
	long r;

	lock_take(&f->position);
	r = begin(d);
	while (!r) {
		size_t at = d->at, reads = d->reads;

		r = put_next(d, above, (char *)user + done, size - done);
		if (r > 0) {
			done += (size_t)r;
			d->next++;
			r = 0;
		} else if (r == -EINVAL || r == -EFAULT) {
			/* does not fit: the entry comes again */
			d->at = reads == d->reads ? at : 0;
		}
	}
	lock_drop(&f->position);
	if (!done && r != -ENOENT)
		return r;
	nt_tell_open(f, d->handle, d->device, 0, IN_ACCESS);
	return (long)done;
}

/* Positions are entry numbers. */
static long nt_seek(struct file *f, int64_t offset, int whence)
{
	struct nt_folder *d = nt(f);
	int64_t wanted = offset;
	long r;

	lock_take(&f->position);
	r = begin(d);
	if (whence == SEEK_CUR)
		wanted += d->next;
	else if (whence != SEEK_SET)
		r = -EINVAL;
	if (wanted < 0)
		r = -EINVAL;
	if (!r && !wanted) {
		/* Wine 8 goes on listing what there was at first */
		open_again(d);
		rewind_folder(d);
	} else if (!r && wanted != d->next) {
		skip_to(d, wanted);
	}
	if (!r)
		r = (long)d->next;
	lock_drop(&f->position);
	return r;
}

static long nt_read_folder(struct file *f, struct io *io)
{
	(void)f;
	(void)io;
	return -EISDIR;
}

static long stat_folder(struct file *f, struct kstat *out)
{
	return nt_stat_file(nt(f)->handle, 0, nt(f)->device, out, NULL);
}

static long set_folder(struct file *f, const struct attributes *a)
{
	uint16_t path[NT_PATH];
	struct win_name name = { 0, path, 0 };
	int64_t n = win_file_path(nt(f)->handle, path, NT_PATH);
	win_handle h;
	long r;

	if (n < 0)
		return (long)n;
	name.length = (size_t)n;
	r = nt_open_to_set(&h, &name, a, 0);
	if (r)
		return r;
	r = nt_set_attributes_file(h, a);
	win_close(h);
	if (!r)
		nt_tell_open(
			f, nt(f)->handle, nt(f)->device, 0, nt_what_changes(a));
	return r;
}

static long sync_folder(struct file *f, bool data_only)
{
	(void)f;
	(void)data_only;
	return 0; /* NTFS keeps names in its journal */
}

static void nt_pack(struct file *f, struct transfer *to)
{
	transfer_put_handle(to, nt(f)->handle);
	transfer_put_number(to, nt(f)->device);
	transfer_put_number(to, (uint64_t)nt(f)->next);
}

struct file *nt_folder_unpack(struct transfer *from)
{
	win_handle h = transfer_get_handle(from);
	struct file *f = nt_folder_make(h, 0, transfer_get_number(from));
	int64_t next = (int64_t)transfer_get_number(from);

	if (f) {
		nt(f)->next = next;
		nt(f)->inherited = true;
	}
	return f;
}

static void nt_release(struct file *f)
{
	if (!f->held)
		nt_tell_open(
			f, nt(f)->handle, nt(f)->device, 0, IN_CLOSE_NOWRITE);
	win_close(nt(f)->handle);
	win_free(nt(f)->buffer);
	win_free(f);
}

const struct file_ops nt_folder_ops = {
	.name = "folder",
	.kind = FILE_NT_FOLDER,
	.read = nt_read_folder,
	.seek = nt_seek,
	.stat = stat_folder,
	.set_attributes = set_folder,
	.sync = sync_folder,
	.readdir = nt_readdir,
	.pack = nt_pack,
	.release = nt_release,
};

struct file *nt_folder_make(win_handle h, int flags, uint64_t device)
{
	struct nt_folder *d = win_alloc(sizeof *d);

	if (!d) {
		win_close(h);
		return NULL;
	}
	file_init(&d->file, &nt_folder_ops, flags);
	d->handle = h;
	d->device = device;
	return &d->file;
}
