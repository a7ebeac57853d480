/* Modes of files: where they are kept, what they are without, whom they let.
 *
 * A mode is kept with the file where the volume can (win/mode.c).  Elsewhere
 * only one that is not what the file would have anyway is kept, in the store
 * (store.c), and the file has the SYSTEM attribute to say so: a file made by
 * others under a number used before is never taken for the old one. */
#include "fs/nt/nt.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"

static bool looks_executable(const char head[2])
{
	return (head[0] == '#' && head[1] == '!') ||
	       (head[0] == 'M' && head[1] == 'Z');
}

/* A file may be executed if it begins as what exec can run does: "#!" or a PE
 * file's "MZ".  Windows' access lists cannot say it: by default all files have
 * the right, and Wine shows it for every file that others may read. */
bool nt_executable(win_handle file)
{
	char head[2];

	return win_file_read(file, head, sizeof head, 0) == sizeof head &&
	       looks_executable(head);
}

/* Whether a folder's mode forbids its owner anything. */
static bool restricts(uint32_t mode)
{
	return (mode & 0700) != 0700;
}

bool nt_mode_kept(
	win_handle file, const struct win_file_stat *st, uint32_t *mode)
{
	long r = -ENOENT;

	if (st->mode)
		r = st->mode & 0177777;
	else if (st->attributes & WIN_ATTRIBUTE_SYSTEM)
		r = nt_store_get(file, st->id);
	if (r < 0)
		return false;
	*mode = (uint32_t)r;
	/* from now on those on the way are asked */
	if ((st->attributes & WIN_ATTRIBUTE_FOLDER) && restricts(*mode))
		task_shared()->folders_restricted = 1;
	return true;
}

uint32_t nt_mode_plain(const struct win_file_stat *st, bool executable)
{
	return st->attributes & WIN_ATTRIBUTE_FOLDER ? 0755
	       : executable			     ? 0755
						     : 0644;
}

/* What a mode is while the file has no kept one. */
static bool is_plain(
	win_handle file, const struct win_file_stat *st, uint32_t mode)
{
	bool folder = st->attributes & WIN_ATTRIBUTE_FOLDER;
	uint32_t plain;

	if (folder)
		return mode == nt_mode_plain(st, false);
	/* what comes into a file later must not make it a program */
	if (st->size < 2)
		return false;
	plain = nt_mode_plain(st, nt_executable(file));
	return mode == (mode & 0222 ? plain : plain & ~0222u);
}

static bool is_special(uint32_t mode)
{
	return !S_ISREG(mode) && !S_ISDIR(mode);
}

/* `mode` goes to the store, or out of it: the attributes then. */
static long keep_apart(win_handle file, const struct win_file_stat *st,
	uint32_t mode, uint32_t *attributes)
{
	if (is_special(mode) || !is_plain(file, st, mode & 07777)) {
		*attributes |= WIN_ATTRIBUTE_SYSTEM;
		return nt_store_put(file, st->id, mode);
	}
	*attributes &= ~(uint32_t)WIN_ATTRIBUTE_SYSTEM;
	if (st->attributes & WIN_ATTRIBUTE_SYSTEM)
		nt_store_remove(file, st->id);
	return 0;
}

static long set(win_handle file, const struct win_file_stat *st, uint32_t mode)
{
	bool folder = S_ISDIR(mode);
	uint32_t attributes = st->attributes, before = mode;
	long r = win_file_set_mode(file, mode);

	if (r == -EOPNOTSUPP) {
		r = keep_apart(file, st, mode, &attributes);
	} else if (folder && restricts(mode)) {
		attributes |= WIN_ATTRIBUTE_SYSTEM; /* for folder_lets() */
	} else if (folder && nt_mode_kept(file, st, &before) &&
		   restricts(before)) {
		attributes &= ~(uint32_t)WIN_ATTRIBUTE_SYSTEM;
	}
	/* native programs are to know at least that */
	if (!folder)
		attributes =
			mode & 0222
				? attributes & ~(uint32_t)WIN_ATTRIBUTE_READONLY
				: attributes | WIN_ATTRIBUTE_READONLY;
	else if (restricts(mode))
		task_shared()->folders_restricted = 1;
	/* also where nothing changes: chmod marks the time of change */
	return r ? r : win_file_set_attributes(file, attributes);
}

long nt_mode_set(win_handle file, const struct win_file_stat *st, uint32_t mode)
{
	bool folder = st->attributes & WIN_ATTRIBUTE_FOLDER;
	uint32_t before = folder ? S_IFDIR : S_IFREG;

	nt_mode_kept(file, st, &before);
	return set(file, st, (before & S_IFMT) | mode);
}

long nt_mode_of_new(win_handle file, uint32_t mode)
{
	struct win_file_stat st;
	bool folder = S_ISDIR(mode);
	long r;

	/* what it has anyway need not be kept: a file's, until it has content
	 */
	if (!win_modes_are_kept(file) &&
		mode == (folder ? S_IFDIR | 0755 : S_IFREG | 0644))
		return 0;
	if (!folder || !restricts(mode)) {
		r = win_file_set_mode(file, mode);
		if (r != -EOPNOTSUPP)
			return r;
	}
	r = win_file_stat(file, &st);
	return r ? r : set(file, &st, mode);
}

void nt_mode_first_bytes(win_handle file, const struct io *io)
{
	struct win_file_stat st;
	char head[2];

	if (win_modes_are_kept(file) || !io->count ||
		io->vector[0].iov_len < 2 ||
		user_copy_in(head, io->vector[0].iov_base, 2) ||
		!looks_executable(head) || win_file_stat(file, &st) ||
		(st.attributes & WIN_ATTRIBUTE_SYSTEM))
		return;
	if (!nt_store_put(file, st.id,
		    S_IFREG | (st.attributes & WIN_ATTRIBUTE_READONLY ? 0444
								      : 0644)))
		win_file_set_attributes(
			file, st.attributes | WIN_ATTRIBUTE_SYSTEM);
}

long nt_mode_lets_open(
	win_handle file, uint32_t attributes, int flags, uint32_t *type)
{
	uint32_t mode, need = 0;
	struct win_file_stat st;

	*type = attributes & WIN_ATTRIBUTE_FOLDER ? S_IFDIR : S_IFREG;
	if (!(win_modes_are_kept(file) ||
		    (attributes & WIN_ATTRIBUTE_SYSTEM)) ||
		win_file_stat(file, &st) || !nt_mode_kept(file, &st, &mode))
		return 0;
	if ((flags & O_ACCMODE) != O_WRONLY)
		need |= 0400;
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		need |= 0200;
	*type = mode & S_IFMT;
	return (flags & O_PATH) || (mode & need) == need ? 0 : -EACCES;
}

/* ---- what the folders on the way say ---- */

static bool folder_lets(const struct win_name *name, uint32_t need)
{
	struct win_file_stat st;
	uint32_t mode = 0755;
	win_handle h;

	if (nt_query(name, &st) || !(st.attributes & WIN_ATTRIBUTE_FOLDER) ||
		!(st.attributes & WIN_ATTRIBUTE_SYSTEM))
		return true;
	if (win_file_open(&h, name, WIN_FILE_MODE, WIN_OPEN, WIN_FILE_FOLDER, 0,
		    NULL))
		return true;
	if (!win_file_stat(h, &st))
		nt_mode_kept(h, &st, &mode);
	win_close(h);
	return (mode & need) == need;
}

static size_t parent_of(const uint16_t *path, size_t length)
{
	while (length && path[length - 1] != '\\')
		length--;
	return length ? length - 1 : 0;
}

long nt_may_search(const struct place *p)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	const char *slash = p->rest + p->base, *end = p->rest + p->length;

	if (!task_shared()->folders_restricted ||
		nt_name(p, path, &name, false))
		return 0;
	/* as many as there are from where the path begins */
	while ((slash = memchr(slash, '/', (size_t)(end - slash)))) {
		slash++;
		name.length = parent_of(path, name.length);
		if (!folder_lets(&name, 0100))
			return -EACCES;
	}
	return 0;
}

long nt_may_change(const struct win_name *name)
{
	struct win_name parent = *name;

	if (!task_shared()->folders_restricted)
		return 0;
	parent.length = parent_of(name->text, name->length);
	return folder_lets(&parent, 0300) ? 0 : -EACCES;
}

long nt_may_create(const struct win_name *name)
{
	struct win_file_stat st;
	long r = nt_may_change(name);

	return r && !nt_query(name, &st) ? -EEXIST : r;
}
