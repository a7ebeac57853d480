/* Open disk files.  The offset is the Windows file pointer, so dup and fork
 * share it and nothing can lose it; positional transfers use a handle of
 * their own. */
#include "fs/nt/nt.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/watch.h"

struct nt_file {
	struct file file;
	win_handle handle;
	win_handle positional; /* made at the first pread; file.lock */
	uint64_t device;
	bool no_positional;
	bool looked, executable; /* whether it begins as programs do */
	bool fresh; /* empty, and of a plain mode, when it was opened */
	/* names that were removed but that Windows still counts */
	_Atomic uint32_t removed;
	/* O_TMPFILE's, without O_EXCL: has no name and may get one */
	bool nameless;
};

static struct nt_file *nt(struct file *f)
{
	return container_of(f, struct nt_file, file);
}

/* The first write is looked at: the short way is for those after it. */
static void set_fresh(struct nt_file *n, bool fresh)
{
	n->fresh = fresh;
	n->file.direct = fresh || n->file.seals ? 0 : n->handle;
}

static int access_of(int flags)
{
	/* O_TRUNC changes the file whatever else is asked for */
	if (flags & O_TRUNC)
		return WIN_FILE_READ | WIN_FILE_WRITE;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return WIN_FILE_READ;
	case O_WRONLY:
		return WIN_FILE_WRITE;
	}
	return WIN_FILE_READ | WIN_FILE_WRITE;
}

static int through(int flags)
{
	return flags & O_DSYNC ? WIN_FILE_WRITE_THROUGH : 0;
}

/* A second file object for the same file.  Wine 8 opens again by name, and
 * the name may by now be another file's: then -ESTALE. */
static long reopen(struct nt_file *f, int access, win_handle *out)
{
	long r = win_file_reopen(out, f->handle, access);

	if (!r && !win_file_same(*out, f->handle)) {
		win_close(*out);
		return -ESTALE;
	}
	return r;
}

static win_handle positional(struct nt_file *f)
{
	lock_take(&f->file.lock);
	if (!f->positional && !f->no_positional &&
		reopen(f, access_of(f->file.flags), &f->positional)) {
		f->positional = 0;
		f->no_positional = true;
	}
	lock_drop(&f->file.lock);
	return f->positional;
}

static int64_t move(win_handle h, const struct iovec *v, int64_t at, bool write)
{
	return write ? win_file_write(h, v->iov_base, v->iov_len, at)
		     : win_file_read(h, v->iov_base, v->iov_len, at);
}

static long transfer_all(win_handle h, struct io *io, int64_t at, bool write)
{
	int64_t n = 0;
	long done = 0;

	if (io->count == 1 && io->size)
		return move(h, io->vector, at, write);
	for (int i = 0; i < io->count; i++) {
		const struct iovec *v = &io->vector[i];

		if (!v->iov_len)
			continue;
		n = move(h, v, at, write);
		if (n < 0)
			break;
		done += n;
		if (at >= 0)
			at += n;
		if ((size_t)n < v->iov_len)
			break;
	}
	return done ? done : n < 0 ? (long)n : 0;
}

/* POSIX.1-2024 write(), "O_APPEND": no other write comes between finding the
 * end and writing.  The rest of a vector follows in the same step. */
static long append_locked(struct nt_file *f, struct io *io)
{
	win_handle h = io->offset < 0 ? f->handle : positional(f);
	bool locked;
	long r;

	if (!h)
		h = f->handle;
	/* not every volume has locks: what is written counts more */
	locked = !win_file_lock(h);
	r = transfer_all(h, io, WIN_AT_END, true);
	if (locked)
		win_file_unlock(h);
	return r;
}

static long transfer_at(struct file *f, struct io *io, int64_t at, bool write)
{
	struct nt_file *n = nt(f);
	win_handle second;
	int64_t before;
	long r;

	second = positional(n);
	if (second)
		return transfer_all(second, io, at, write);
	/* without one the pointer moves for a moment */
	lock_take(&f->position);
	before = win_file_seek(n->handle, 0, SEEK_CUR);
	r = transfer_all(n->handle, io, at, write);
	win_file_seek(n->handle, before, SEEK_SET);
	lock_drop(&f->position);
	return r;
}

static void tell(struct file *f, uint32_t what)
{
	nt_tell_open(f, nt(f)->handle, nt(f)->device, nt(f)->removed, what);
}

static long nt_read(struct file *f, struct io *io)
{
	long r = io->offset < 0 ? transfer_all(nt(f)->handle, io, -1, false)
				: transfer_at(f, io, io->offset, false);

	if (r > 0)
		tell(f, IN_ACCESS);
	return r;
}

/* man 2 fcntl, "File Sealing" */
static long sealed(struct file *f, const struct io *io)
{
	uint32_t seals = description_seals(f);
	struct win_file_stat st;
	int64_t at = io->offset;
	long r;

	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(seals & F_SEAL_GROW))
		return 0;
	r = win_file_stat(nt(f)->handle, &st);
	if (r)
		return r;
	if (file_flags(f) & O_APPEND)
		at = (int64_t)st.size;
	else if (at < 0)
		at = win_file_seek(nt(f)->handle, 0, SEEK_CUR);
	return (uint64_t)at + io->size > st.size ? -EPERM : 0;
}

static long write_unsealed(struct file *f, struct io *io)
{
	struct nt_file *n = nt(f);
	int64_t at = io->offset;

	f->written = true;
	if (n->fresh) {
		set_fresh(n, false);
		nt_mode_first_bytes(n->handle, io);
	}
	/* as on Linux, also where an offset is given: man 2 pwrite, BUGS */
	if (io->append || (file_flags(f) & O_APPEND)) {
		if (!win_file_appends_atomically())
			return append_locked(n, io);
		at = WIN_AT_END;
	}
	return io->offset < 0 ? transfer_all(n->handle, io, at, true)
			      : transfer_at(f, io, at, true);
}

static long nt_write(struct file *f, struct io *io)
{
	long r = f->seals ? sealed(f, io) : 0;

	if (!r)
		r = write_unsealed(f, io);
	if (r > 0)
		tell(f, IN_MODIFY);
	return r;
}

/* Without holes known, all is data: man 2 lseek, SEEK_DATA. */
static long seek_data(struct nt_file *f, int64_t offset, int whence)
{
	struct win_file_stat st;
	long r = win_file_stat(f->handle, &st);

	if (r)
		return r;
	if (offset < 0 || (uint64_t)offset >= st.size)
		return -ENXIO;
	return win_file_seek(f->handle,
		whence == SEEK_DATA ? offset : (int64_t)st.size, SEEK_SET);
}

static long nt_seek(struct file *f, int64_t offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_data(nt(f), offset, whence);
	return win_file_seek(nt(f)->handle, offset, whence);
}

static long stat_open_file(struct file *f, struct kstat *out)
{
	struct nt_file *n = nt(f);
	win_handle content;
	/* nobody reads by an O_PATH descriptor's pointer */
	bool own = f->flags & O_PATH, kept;
	long r = nt_stat_file(
		n->handle, own ? n->handle : 0, n->device, out, &kept);

	if (r)
		return r;
	out->nlink -= n->removed < out->nlink ? n->removed : out->nlink;
	if (own || kept || out->size < 2)
		return 0;
	/* asked once for an open file: another handle costs more than the
	 * rest, and the pointer of this one is shared */
	if (f->written)
		f->written = n->looked = false;
	if (!n->looked && !reopen(n, WIN_FILE_READ, &content)) {
		n->executable = nt_executable(content);
		n->looked = true;
		win_close(content);
	}
	if (n->executable)
		out->mode |= 0111;
	return 0;
}

/* A handle that only reads may not change attributes. */
static long set_open_file(struct file *f, const struct attributes *a)
{
	uint16_t path[NT_PATH];
	struct win_name name = { 0, path, 0 };
	win_handle h;
	int64_t n = win_file_path(nt(f)->handle, path, NT_PATH);
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
		tell(f, nt_what_changes(a));
	return r;
}

static long nt_truncate(struct file *f, int64_t size)
{
	uint32_t seals = description_seals(f);
	struct win_file_stat st;
	long r;

	if ((seals & (F_SEAL_SHRINK | F_SEAL_GROW)) &&
		!win_file_stat(nt(f)->handle, &st) &&
		(((uint64_t)size < st.size && (seals & F_SEAL_SHRINK)) ||
			((uint64_t)size > st.size && (seals & F_SEAL_GROW))))
		return -EPERM;
	r = win_file_truncate(nt(f)->handle, size);
	if (!r)
		tell(f, IN_MODIFY);
	return r;
}

/* By writing, where Windows has no way of its own. */
static long write_zeros(struct nt_file *n, int64_t start, int64_t end)
{
	const int64_t chunk = 65536;
	win_handle h = positional(n);
	char *zeros = win_alloc((size_t)chunk);
	int64_t done = !zeros ? -ENOMEM : h ? 0 : -EIO;

	n->file.written = true;
	for (; start < end && done >= 0; start += done)
		done = win_file_write(h, zeros,
			(size_t)(end - start < chunk ? end - start : chunk),
			start);
	win_free(zeros);
	return done < 0 ? (long)done : 0;
}

static long nt_zero(struct file *f, int64_t start, int64_t end, bool hole)
{
	long r;

	if (description_seals(f) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	r = win_file_zero(nt(f)->handle, start, end, hole);
	if (r == -ENOSYS)
		r = write_zeros(nt(f), start, end);
	if (!r)
		tell(f, IN_MODIFY);
	return r;
}

static long nt_sync(struct file *f, bool data_only)
{
	(void)data_only;
	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return 0; /* Windows flushes only what may be written */
	return win_file_flush(nt(f)->handle);
}

static long nt_map(struct file *f, uint64_t offset, size_t size, int protection,
	int flags, win_handle *section)
{
	struct win_file_stat st;
	long r = win_file_stat(nt(f)->handle, &st);

	(void)flags;
	if (r)
		return r;
	if (offset + size > round_up(st.size, PAGE_SIZE_BYTES))
		return -ENXIO;
	return win_section_of_file(section, nt(f)->handle, 0, protection);
}

static long nt_native(struct file *f, win_handle *out, bool *pump)
{
	*pump = false;
	/* its own writes must go to the end as well */
	if (file_flags(f) & O_APPEND)
		return win_file_reopen(out, nt(f)->handle, WIN_FILE_APPEND);
	return win_duplicate(nt(f)->handle, out);
}

/* What has lost its last name cannot get another: man 2 link, ENOENT. */
static long nt_link_open(struct file *f, const struct place *to)
{
	struct nt_file *n = nt(f);
	struct win_file_stat st;
	long r = win_file_stat(n->handle, &st);

	if (r)
		return r;
	if (to->mount->ops != &nt_fs)
		return -EXDEV;
	if (st.links <= n->removed && !n->nameless)
		return -ENOENT;
	return nt_link_file(n->handle, to);
}

static void nt_pack(struct file *f, struct transfer *to)
{
	transfer_put_handle(to, nt(f)->handle);
	transfer_put_number(to, nt(f)->device);
	transfer_put_number(to, nt(f)->removed);
	transfer_put_number(to, nt(f)->fresh);
	transfer_put_number(to, nt(f)->nameless);
}

static void nt_release(struct file *f)
{
	if (!f->held)
		tell(f, (f->flags & O_ACCMODE) == O_RDONLY ? IN_CLOSE_NOWRITE
							   : IN_CLOSE_WRITE);
	win_close(nt(f)->handle);
	win_close(nt(f)->positional);
	win_free(f);
}

static const struct file_ops nt_ops = {
	.name = "file",
	.kind = FILE_NT,
	.read = nt_read,
	.write = nt_write,
	.seek = nt_seek,
	.stat = stat_open_file,
	.set_attributes = set_open_file,
	.truncate = nt_truncate,
	.link = nt_link_open,
	.zero = nt_zero,
	.sync = nt_sync,
	.map = nt_map,
	.native = nt_native,
	.pack = nt_pack,
	.release = nt_release,
};

struct file *nt_file_make(win_handle h, int flags, uint64_t device)
{
	struct nt_file *f = win_alloc(sizeof *f);

	if (!f) {
		win_close(h);
		return NULL;
	}
	file_init(&f->file, &nt_ops, flags);
	f->file.direct = h;
	f->handle = h;
	f->device = device;
	return &f->file;
}

struct file *nt_file_adopt(win_handle h, int flags)
{
	return nt_file_make(h, flags, 1);
}

struct removed {
	win_handle handle;
	bool open;
};

static void count_removed(struct file *f, void *argument)
{
	struct removed *r = argument;

	if (f->ops != &nt_ops || !win_file_same(nt(f)->handle, r->handle))
		return;
	nt(f)->removed++;
	r->open = true;
}

struct sought {
	win_handle handle;
	const struct file *but;
	bool found;
};

static void compare(struct file *f, void *argument)
{
	struct sought *s = argument;

	if (f->ops == &nt_ops && f != s->but && !(f->flags & O_PATH) &&
		win_file_same(nt(f)->handle, s->handle))
		s->found = true;
}

bool nt_file_is_open(win_handle h, const struct file *but)
{
	struct sought s = { h, but, false };

	files_each(compare, &s);
	return s.found;
}

bool nt_file_removed(win_handle h)
{
	struct removed r = { h, false };

	files_each(count_removed, &r);
	return r.open;
}

win_handle nt_file_handle(struct file *f)
{
	return f->ops == &nt_ops ? nt(f)->handle : 0;
}

static struct file *nt_unpack(struct transfer *from)
{
	win_handle h = transfer_get_handle(from);
	struct file *f = nt_file_make(h, 0, transfer_get_number(from));
	uint64_t removed = transfer_get_number(from);
	bool fresh = transfer_get_number(from);
	bool nameless = transfer_get_number(from);

	if (f) {
		nt(f)->nameless = nameless;
		nt(f)->removed = (uint32_t)removed;
		set_fresh(nt(f), fresh);
	}
	return f;
}

/* ---- opening ---- */

/* How an existing file is to be opened, from its attributes; -errno if it is
 * not to be. */
static long check(const struct place *p, const struct win_name *name,
	const struct win_file_stat *st, int flags)
{
	bool folder = st->attributes & WIN_ATTRIBUTE_FOLDER;
	char target[1];

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (nt_may_be_link(st->attributes) &&
		nt_link_read(name, target, 1) >= 0 &&
		!((flags & O_PATH) && (flags & O_NOFOLLOW)))
		return !p->follow && (flags & O_DIRECTORY) ? -ENOTDIR : -ELOOP;
	if (!folder && ((flags & O_DIRECTORY) || p->must_be_folder))
		return -ENOTDIR;
	if (folder && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT)) &&
		!(flags & O_PATH))
		return -EISDIR;
	return 0;
}

/* It becomes empty, and keeps its mode: also one that only its content gave
 * it. */
static long truncate_open(win_handle h, const struct win_file_stat *st)
{
	struct win_file_stat full;
	bool program;
	long r;

	if (win_modes_are_kept(h) || (st->attributes & WIN_ATTRIBUTE_SYSTEM) ||
		st->size < 2)
		return win_file_truncate(h, 0);
	program = nt_executable(h);
	r = win_file_seek(h, 0, SEEK_SET) < 0 ? -EIO : 0;
	if (!r)
		r = win_file_truncate(h, 0);
	if (!r && program) {
		r = win_file_stat(h, &full);
		if (!r)
			r = nt_mode_set(h, &full, 0755);
	}
	return r;
}

static long open_special(const struct place *p, win_handle h, uint32_t type,
	int flags, struct file **out)
{
	struct file *disk = nt_file_make(h, O_PATH, p->mount->device);

	return disk ? special_open(type, disk, flags, out) : -ENOMEM;
}

static long open_existing(const struct place *p, const struct win_name *name,
	const struct win_file_stat *st, int flags, struct file **out)
{
	bool folder = st->attributes & WIN_ATTRIBUTE_FOLDER;
	uint32_t type = 0;
	win_handle h;
	long r = check(p, name, st, flags);

	if (!r)
		r = win_file_open(&h, name,
			folder		 ? WIN_FILE_LIST | WIN_FILE_READ
			: flags & O_PATH ? WIN_FILE_READ
					 : access_of(flags),
			WIN_OPEN,
			(folder ? WIN_FILE_FOLDER : WIN_FILE_NOT_FOLDER) |
				through(flags),
			0, NULL);
	if (r)
		return r;
	r = nt_mode_lets_open(h, st->attributes, flags, &type);
	if (!r && !folder && !S_ISREG(type) && !(flags & O_PATH))
		return open_special(p, h, type, flags, out);
	if (!r && (flags & O_TRUNC) && !folder)
		r = truncate_open(h, st);
	if (r) {
		win_close(h);
		return r;
	}
	*out = folder ? nt_folder_make(h, flags, p->mount->device)
		      : nt_file_make(h, flags, p->mount->device);
	if (!*out)
		return -ENOMEM;
	if ((flags & O_TRUNC) && !folder)
		set_fresh(nt(*out), true);
	if (!(flags & O_PATH))
		nt_tell(name, folder ? IN_OPEN | IN_ISDIR : IN_OPEN, TELL_BOTH);
	if ((flags & O_TRUNC) && !folder)
		nt_tell(name, IN_MODIFY, TELL_BOTH);
	return 0;
}

static long create(const struct place *p, const struct win_name *name,
	int flags, uint32_t mode, struct file **out)
{
	win_handle h;
	/* a file made read-only is still written by who made it */
	uint32_t attributes =
		mode & 0222 ? 0 : (uint32_t)WIN_ATTRIBUTE_READONLY;
	bool created;
	long r;

	if (p->must_be_folder)
		return -EISDIR;
	r = nt_may_create(name);
	if (r)
		return r;
	r = win_file_open(&h, name, access_of(flags) | WIN_FILE_SET_ATTRIBUTES,
		flags & O_EXCL ? WIN_CREATE : WIN_OPEN_OR_CREATE,
		WIN_FILE_NOT_FOLDER | through(flags), attributes, &created);
	if (r)
		return r;
	/* a mode that cannot be kept is no reason to have no file */
	if (created)
		nt_mode_of_new(h, S_IFREG | mode);
	*out = nt_file_make(h, flags, p->mount->device);
	if (!*out)
		return -ENOMEM;
	set_fresh(nt(*out), created);
	if (created)
		nt_tell(name, IN_CREATE, TELL_FOLDER);
	nt_tell(name, IN_OPEN, TELL_BOTH);
	return 0;
}

/* Windows takes its hidden name when it is closed; one it was given meanwhile
 * stays. */
static long make_nameless(
	const struct win_name *name, int flags, uint32_t mode, win_handle *out)
{
	long r = win_file_open(out, name,
		access_of(flags) | WIN_FILE_SET_ATTRIBUTES | WIN_FILE_DELETE,
		WIN_CREATE,
		WIN_FILE_NOT_FOLDER | WIN_FILE_DELETE_ON_CLOSE | through(flags),
		0, NULL);

	if (!r)
		nt_mode_of_new(*out, S_IFREG | mode);
	return r;
}

long nt_open_nameless(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	uint16_t path[NT_PATH], hidden[NT_PATH];
	struct win_name name, away = { 0, hidden, 0 };
	struct win_file_stat st;
	struct nt_file *n;
	win_handle h;
	long r = nt_name(p, path, &name, true);

	if (!r)
		r = nt_query(&name, &st);
	if (!r && !(st.attributes & WIN_ATTRIBUTE_FOLDER))
		r = -ENOTDIR;
	if (r)
		return r;
	if (name.length + 2 > NT_PATH)
		return -ENAMETOOLONG;
	path[name.length++] = '\\';
	r = nt_may_change(&name);
	if (r)
		return r;
	/* not in the folder, so that this can be removed */
	r = nt_hidden_root(&name, &away, hidden)
		    ? make_nameless(&away, flags, mode, &h)
		    : -EXDEV;
	if (r) {
		nt_hidden_name(&name, path);
		r = make_nameless(&name, flags, mode, &h);
	}
	if (r)
		return r;
	*out = nt_file_make(h, flags & ~O_TMPFILE, p->mount->device);
	if (!*out)
		return -ENOMEM;
	n = nt(*out);
	n->removed = 1;
	n->nameless = !(flags & O_EXCL);
	set_fresh(n, true);
	return 0;
}

/* The name is asked for first: what kind of thing it is decides how it is to
 * be opened, and under Wine the question costs no request. */
static long nt_open(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	bool change = (flags & (O_CREAT | O_TRUNC)) ||
		      (flags & O_ACCMODE) != O_RDONLY;
	long r = nt_name(p, path, &name, false);

	if (r)
		return r;
	if (change && (p->mount->flags & MOUNT_READ_ONLY))
		return -EROFS;
	r = nt_query(&name, &st);
	if (!r)
		return open_existing(p, &name, &st, flags, out);
	if (r != -ENOENT || !(flags & O_CREAT))
		return r;
	return create(p, &name, flags, mode, out);
}

static long parent(const struct place *p)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	struct place up = *p;

	for (long missing = 0;; missing = -ENOENT) {
		while (up.length && up.rest[up.length - 1] != '/')
			up.length--;
		if (up.length)
			up.length--;
		if (nt_name(&up, path, &name, false))
			return -ENOENT;
		if (!nt_query(&name, &st))
			return st.attributes & WIN_ATTRIBUTE_FOLDER ? missing
								    : -ENOTDIR;
		if (!up.length)
			return -ENOENT;
	}
}

static int64_t native_path(const struct place *p, uint16_t *to, size_t room)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	long r = nt_name(p, path, &name, false);

	if (r)
		return r;
	if (name.length >= room)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < name.length; i++)
		to[i] = path[i];
	to[name.length] = 0;
	return (int64_t)name.length;
}

const struct fs_ops nt_fs = {
	.name = "ntfs",
	.open = nt_open,
	.open_nameless = nt_open_nameless,
	.stat = nt_stat,
	.readlink = nt_readlink,
	.mkdir = nt_mkdir,
	.mknod = nt_mknod,
	.rmdir = nt_rmdir,
	.unlink = nt_unlink,
	.rename = nt_rename,
	.link = nt_link,
	.symlink = nt_symlink,
	.set_attributes = nt_set_attributes,
	.statfs = nt_statfs,
	.parent = parent,
	.may_search = nt_may_search,
	.native_path = native_path,
};

void nt_fs_start(void)
{
	file_register(FILE_NT, nt_unpack);
	file_register(FILE_NT_FOLDER, nt_folder_unpack);
	if (task_session_new)
		nt_sweep();
}
