/* Making, removing and renaming.
 *
 * Windows 10 1809's NTFS can do what POSIX asks: delete a name at once and
 * rename over an open file.  Elsewhere (FAT, networks, Wine 8) a name stays
 * until its last handle is closed, and a file made anew under it meanwhile is
 * lost with it; there the file is first moved to a hidden name. */
#include "fs/nt/nt.h"

#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "vfs/watch.h"

/* man 2 rename; musl 1.2.3 has no names for them */
#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE	 2u

long nt_mkdir(const struct place *p, uint32_t mode)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	win_handle h;
	long r = nt_name(p, path, &name, true);

	if (!r)
		r = nt_may_create(&name);
	if (!r)
		r = win_file_open(&h, &name, WIN_FILE_SET_ATTRIBUTES,
			WIN_CREATE, WIN_FILE_FOLDER, 0, NULL);
	if (r)
		return r;
	nt_mode_of_new(h, S_IFDIR | mode);
	win_close(h);
	nt_tell(&name, IN_CREATE | IN_ISDIR, TELL_FOLDER);
	return 0;
}

/* An empty file whose mode says what it is.  SYSTEM also where the volume
 * keeps modes: a listing then does not call it a plain file. */
long nt_mknod(const struct place *p, uint32_t mode)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	win_handle h;
	long r = nt_name(p, path, &name, true);

	if (!r && p->must_be_folder)
		r = -ENOENT;
	if (!r)
		r = nt_may_create(&name);
	if (!r)
		r = win_file_open(&h, &name,
			WIN_FILE_SET_ATTRIBUTES | WIN_FILE_DELETE, WIN_CREATE,
			WIN_FILE_NOT_FOLDER, WIN_ATTRIBUTE_SYSTEM, NULL);
	if (r)
		return r;
	r = nt_mode_of_new(h, mode);
	if (r)
		win_file_delete(h, false);
	win_close(h);
	if (!r)
		nt_tell(&name, IN_CREATE, TELL_FOLDER);
	return r;
}

/* Away from its folder, so that this can be removed; where that cannot be,
 * beside its old name.  `away`, of NT_PATH units at `path`, is its new one. */
static long move_away(win_handle h, const struct win_name *name,
	struct win_name *away, uint16_t *path)
{
	long r = -EXDEV;

	if (nt_hidden_root(name, away, path))
		r = win_file_rename(h, away, false, false);
	if (!r)
		return r;
	memcpy(path, name->text, name->length * 2);
	*away = (struct win_name){ 0, path, name->length };
	nt_hidden_name(away, path);
	return win_file_rename(h, away, false, false);
}

/* A file that is mapped is not to be deleted, but who opens it may say that it
 * shall go when it is closed: by the last one, which is the mapping. */
static void delete_mapped(const struct win_name *name)
{
	win_handle h;

	if (!win_file_open(&h, name, WIN_FILE_DELETE, WIN_OPEN,
		    WIN_FILE_NO_FOLLOW | WIN_FILE_NOT_FOLDER |
			    WIN_FILE_DELETE_ON_CLOSE,
		    0, NULL))
		win_close(h);
}

/* Of the last name of a file, or a folder. */
static void forget_mode(win_handle h, uint32_t attributes)
{
	struct win_file_stat st;
	uint32_t mode;
	bool folder = attributes & WIN_ATTRIBUTE_FOLDER;

	if (win_file_stat(h, &st) || (!folder && st.links > 1) ||
		!nt_mode_kept(h, &st, &mode))
		return;
	nt_store_remove(h, st.id);
}

/* The name is free when this returns; the file or folder lives as long as it
 * is open. */
static long remove_name(const struct win_name *name, uint32_t attributes)
{
	uint16_t path[NT_PATH];
	struct win_name away;
	win_handle h;
	bool open = false;
	long r = nt_may_change(name);

	if (r)
		return r;
	r = win_file_open(&h, name, WIN_FILE_DELETE | WIN_FILE_SET_ATTRIBUTES,
		WIN_OPEN,
		WIN_FILE_NO_FOLLOW | (attributes & WIN_ATTRIBUTE_FOLDER
						     ? WIN_FILE_FOLDER
						     : WIN_FILE_NOT_FOLDER),
		0, NULL);

	if (r)
		return r;
	r = win_file_delete(h, true);
	if (r == -ENOSYS) {
		if (attributes & WIN_ATTRIBUTE_READONLY)
			win_file_set_attributes(h,
				attributes & ~(uint32_t)WIN_ATTRIBUTE_READONLY);
		r = move_away(h, name, &away, path);
		if (!r) {
			if (win_file_delete(h, false))
				delete_mapped(&away);
			open = nt_file_removed(h);
		}
	}
	if (!r && !open && (attributes & WIN_ATTRIBUTE_SYSTEM))
		forget_mode(h, attributes);
	win_close(h);
	return r;
}

static long is_empty(const struct win_name *name)
{
	struct win_folder_entry e;
	char buffer[8192] __attribute__((aligned(8)));
	size_t at;
	int64_t used;
	bool first = true;
	win_handle h;
	long r = win_file_open(
		&h, name, WIN_FILE_LIST, WIN_OPEN, WIN_FILE_FOLDER, 0, NULL);

	while (!r &&
		(used = win_folder_read(h, buffer, sizeof buffer, first)) > 0) {
		first = false;
		at = 0;
		while (win_folder_next(buffer, (size_t)used, &at, &e)) {
			if (e.name[0] == '.' &&
				(e.length == 1 ||
					(e.length == 2 && e.name[1] == '.')))
				continue;
			r = -ENOTEMPTY;
		}
	}
	if (r != -ENOENT && r != -ENOTDIR)
		win_close(h);
	return r;
}

long nt_rmdir(const struct place *p)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	struct nt_loss loss;
	long r = nt_name(p, path, &name, true);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	if (!(st.attributes & WIN_ATTRIBUTE_FOLDER))
		return -ENOTDIR;
	if (!p->length)
		return -EBUSY; /* a mount's root */
	/* Wine would only say so at the close */
	r = is_empty(&name);
	if (r)
		return r;
	nt_before_loss(&loss, &name, p->mount->device);
	r = remove_name(&name, st.attributes);
	if (!r)
		nt_tell_loss(&loss, &name);
	return r;
}

long nt_unlink(const struct place *p)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	struct nt_loss loss;
	long r = nt_name(p, path, &name, true);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	if (st.attributes & WIN_ATTRIBUTE_FOLDER)
		return -EISDIR;
	if (p->must_be_folder)
		return -ENOTDIR;
	nt_before_loss(&loss, &name, p->mount->device);
	r = remove_name(&name, st.attributes);
	if (!r)
		nt_tell_loss(&loss, &name);
	return r;
}

/* Whether two names are one file: a change of case, or hard links. */
static bool same(const struct win_name *a, const struct win_name *b)
{
	win_handle x, y;
	bool r = false;

	if (win_file_open(&x, a, WIN_FILE_ATTRIBUTES, WIN_OPEN, 0, 0, NULL))
		return false;
	if (!win_file_open(&y, b, WIN_FILE_ATTRIBUTES, WIN_OPEN, 0, 0, NULL)) {
		r = win_file_same(x, y);
		win_close(y);
	}
	win_close(x);
	return r;
}

/* The first of two steps: a name of its own, in its folder. */
static long step_aside(win_handle h, const struct win_name *name)
{
	uint16_t path[NT_PATH];
	struct win_name between = { 0, path, name->length };

	memcpy(path, name->text, name->length * 2);
	nt_passing_name(&between, path);
	return win_file_rename(h, &between, false, false);
}

/* Wine takes a name that differs only in case for no change. */
static long rename_case(
	win_handle h, const struct win_name *from, const struct win_name *to)
{
	long r = step_aside(h, from);

	return r ? r : win_file_rename(h, to, false, false);
}

static bool equal_but_for_case(
	const struct win_name *a, const struct win_name *b)
{
	if (a->length != b->length)
		return false;
	for (size_t i = 0; i < a->length; i++)
		if ((a->text[i] | 0x20) != (b->text[i] | 0x20))
			return false;
	return true;
}

/* What stands at `to` gives way, if POSIX lets it. */
static long make_way(const struct place *to, const struct win_name *name,
	bool folder, const struct win_file_stat *there)
{
	bool there_folder = there->attributes & WIN_ATTRIBUTE_FOLDER;

	if (folder && !there_folder)
		return -ENOTDIR;
	if (!folder && there_folder)
		return -EISDIR;
	if (there_folder && (!to->length || is_empty(name)))
		return to->length ? -ENOTEMPTY : -EBUSY;
	return remove_name(name, there->attributes);
}

static bool starts_with(
	const struct win_name *longer, const struct win_name *shorter)
{
	return longer->length > shorter->length &&
	       !memcmp(longer->text, shorter->text, shorter->length * 2) &&
	       longer->text[shorter->length] == '\\';
}

static long rename_open(win_handle h, const struct place *to,
	const struct win_name *to_name, bool folder, bool exists,
	const struct win_file_stat *there)
{
	bool there_folder =
		exists && (there->attributes & WIN_ATTRIBUTE_FOLDER);
	long r = folder || there_folder
			 ? -ENOSYS
			 : win_file_rename(h, to_name, true, true);

	if (r != -ENOSYS)
		return r;
	if (exists) {
		/* one step if nobody has it open */
		r = folder || there_folder
			    ? -EACCES
			    : win_file_rename(h, to_name, true, false);
		if (r != -EACCES && r != -EEXIST)
			return r;
		r = make_way(to, to_name, folder, there);
		if (r)
			return r;
	}
	return win_file_rename(h, to_name, false, false);
}

/* Three renames: Windows has no such step.  For a moment the first name is
 * missing; who is killed in between leaves its file as "renamed-...". */
static long exchange(win_handle a, const struct win_name *a_name, win_handle b,
	const struct win_name *b_name)
{
	long r = step_aside(a, a_name);

	if (r)
		return r;
	r = win_file_rename(b, a_name, false, false);
	if (!r)
		r = win_file_rename(a, b_name, false, false);
	else
		win_file_rename(a, a_name, false, false);
	return r;
}

static long exchange_names(
	const struct win_name *a_name, const struct win_name *b_name)
{
	struct shared_lock *lock = &task_shared()->exchange_lock;
	win_handle a, b;
	long r;

	if (starts_with(a_name, b_name) || starts_with(b_name, a_name))
		return -EINVAL;
	if (same(a_name, b_name))
		return 0;
	shared_lock_take(lock);
	r = win_file_open(&a, a_name, WIN_FILE_DELETE, WIN_OPEN,
		WIN_FILE_NO_FOLLOW, 0, NULL);
	if (!r) {
		r = win_file_open(&b, b_name, WIN_FILE_DELETE, WIN_OPEN,
			WIN_FILE_NO_FOLLOW, 0, NULL);
		if (!r) {
			r = exchange(a, a_name, b, b_name);
			win_close(b);
		}
		win_close(a);
	}
	shared_lock_drop(lock);
	return r;
}

long nt_rename(const struct place *from, const struct place *to, unsigned flags)
{
	uint16_t from_path[NT_PATH], to_path[NT_PATH];
	struct win_name from_name, to_name;
	struct win_file_stat st, there;
	struct nt_loss loss = { .known = false };
	bool exists, folder;
	win_handle h;
	long r = nt_name(from, from_path, &from_name, true);

	if (!r)
		r = nt_name(to, to_path, &to_name, true);
	if (!r)
		r = nt_query(&from_name, &st);
	if (r)
		return r;
	if (!from->length || !to->length)
		return -EBUSY;
	folder = st.attributes & WIN_ATTRIBUTE_FOLDER;
	if (!folder &&
		(from->must_be_folder ||
			(to->must_be_folder && !(flags & RENAME_EXCHANGE))))
		return -ENOTDIR;
	if (folder && starts_with(&to_name, &from_name))
		return -EINVAL;
	r = nt_may_change(&from_name);
	if (!r)
		r = nt_may_change(&to_name);
	if (r)
		return r;
	exists = !nt_query(&to_name, &there);
	if (flags & RENAME_EXCHANGE) {
		r = exists ? exchange_names(&from_name, &to_name) : -ENOENT;
		if (!r)
			nt_tell_exchange(&from_name, folder, &to_name,
				there.attributes & WIN_ATTRIBUTE_FOLDER);
		return r;
	}
	if (exists && same(&from_name, &to_name)) {
		if (from_name.length == to_name.length &&
			!memcmp(from_path, to_path, to_name.length * 2))
			return 0;
		if (!equal_but_for_case(&from_name, &to_name))
			return 0; /* POSIX.1-2024 rename(): links of one file */
		r = win_file_open(&h, &from_name, WIN_FILE_DELETE, WIN_OPEN,
			WIN_FILE_NO_FOLLOW, 0, NULL);
		if (r)
			return r;
		r = rename_case(h, &from_name, &to_name);
		win_close(h);
		if (!r)
			nt_tell_move(&from_name, &to_name, folder, &loss);
		return r;
	}
	if (exists && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (exists && folder != !!(there.attributes & WIN_ATTRIBUTE_FOLDER))
		return folder ? -ENOTDIR : -EISDIR;
	r = win_file_open(&h, &from_name, WIN_FILE_DELETE, WIN_OPEN,
		WIN_FILE_NO_FOLLOW, 0, NULL);
	if (r)
		return r;
	if (exists)
		nt_before_loss(&loss, &to_name, to->mount->device);
	r = rename_open(h, to, &to_name, folder, exists, &there);
	win_close(h);
	if (!r)
		nt_tell_move(&from_name, &to_name, folder, &loss);
	return r;
}

long nt_link_file(win_handle file, const struct place *to)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	long r = nt_name(to, path, &name, true);

	if (r)
		return r;
	if (!nt_query(&name, &st))
		return -EEXIST;
	if (to->must_be_folder)
		return -ENOENT;
	r = nt_may_change(&name);
	if (!r)
		r = win_file_link(file, &name);
	if (!r)
		nt_tell(&name, IN_CREATE, TELL_FOLDER);
	return r;
}

long nt_link(const struct place *from, const struct place *to)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	win_handle h;
	long r = nt_name(from, path, &name, true);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	if (st.attributes & WIN_ATTRIBUTE_FOLDER)
		return -EPERM;
	if (from->must_be_folder)
		return -ENOTDIR;
	r = win_file_open(&h, &name, WIN_FILE_SET_ATTRIBUTES, WIN_OPEN,
		WIN_FILE_NO_FOLLOW, 0, NULL);
	if (r)
		return r;
	r = nt_link_file(h, to);
	win_close(h);
	if (!r)
		nt_tell(&name, IN_ATTRIB, TELL_ITSELF);
	return r;
}
