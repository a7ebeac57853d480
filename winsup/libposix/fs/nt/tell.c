/* Telling who watches (vfs/watch.h) what was done to files on disk.  All of it
 * returns at once where nobody watches anything. */
#include "fs/nt/nt.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "vfs/watch.h"

static size_t last_component(const struct win_name *name)
{
	size_t n = name->length;

	while (n && name->text[n - 1] != '\\')
		n--;
	return n;
}

static void tell(const struct win_name *name, uint32_t what, uint32_t cookie,
	bool unlinked, unsigned whom)
{
	char text[NAME_BYTES * 4];
	size_t at = last_component(name);
	size_t n = nt_decode(
		text, sizeof text, name->text + at, name->length - at);
	struct happening h = { name->text, name->length, text,
		n < sizeof text ? n : sizeof text, what, cookie, unlinked };

	watch_tell(&h, whom);
}

void nt_tell(const struct win_name *name, uint32_t what, unsigned whom)
{
	if (watch_any())
		tell(name, what, 0, false, whom);
}

/* ---- open files ---- */

static void tell_orphan(const struct win_file_stat *st, uint64_t device,
	uint32_t what, bool gone)
{
	struct kstat k = { .dev = device, .ino = st->id };
	uint16_t path[24];
	struct happening h = { .path = path, .what = what };

	h.length = watch_orphan_path(path, file_object(&k));
	if (what)
		watch_tell(&h, TELL_ITSELF);
	if (gone)
		watch_gone(path, h.length);
}

static long name_of(struct file *f, uint16_t *to, struct win_name *name)
{
	char path[PATH_SIZE];
	size_t prefix;
	struct place p = { 0 };
	long n = file_path(f, path, sizeof path);

	if (n < 0)
		return n;
	p.mount = mount_find(path, &prefix);
	p.rest = path + prefix + (path[prefix] == '/');
	p.length = (size_t)(path + n - p.rest);
	return nt_name(&p, to, name, false);
}

void nt_tell_open(struct file *f, win_handle h, uint64_t device,
	uint32_t removed, uint32_t what)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	bool unlinked;
	long r;

	if (!watch_any() || (f->flags & O_PATH))
		return;
	r = name_of(f, path, &name);
	if ((!r && !watch_concerns(name.text, name.length)) ||
		win_file_stat(h, &st))
		return;
	if (st.attributes & WIN_ATTRIBUTE_FOLDER)
		what |= IN_ISDIR;
	unlinked = st.links <= removed;
	if (!r)
		tell(&name, what, 0, unlinked,
			unlinked ? TELL_FOLDER : TELL_BOTH);
	if (unlinked)
		tell_orphan(&st, device, what,
			(what & IN_CLOSE) && !nt_file_is_open(h, f));
}

/* ---- names ---- */

void nt_before_loss(
	struct nt_loss *l, const struct win_name *name, uint64_t device)
{
	struct win_file_stat st;
	struct kstat k = { .dev = device };
	win_handle h;

	l->known = false;
	if (!watch_any() || win_file_open(&h, name, WIN_FILE_ATTRIBUTES,
				    WIN_OPEN, WIN_FILE_NO_FOLLOW, 0, NULL))
		return;
	if (!win_file_stat(h, &st)) {
		k.ino = st.id;
		l->known = true;
		l->folder = st.attributes & WIN_ATTRIBUTE_FOLDER;
		l->last = l->folder || st.links <= 1;
		l->open = nt_file_is_open(h, NULL);
		l->object = file_object(&k);
	}
	win_close(h);
}

static void orphan(const struct nt_loss *l, const struct win_name *name)
{
	if (!l->folder)
		nt_tell(name, IN_ATTRIB, TELL_ITSELF);
	watch_orphaned(name->text, name->length, l->object);
}

static void end_orphan(const struct nt_loss *l)
{
	uint16_t path[24];
	size_t n = watch_orphan_path(path, l->object);

	if (l->last && !l->open)
		watch_gone(path, n);
}

void nt_tell_loss(const struct nt_loss *l, const struct win_name *name)
{
	if (!l->known)
		return;
	orphan(l, name);
	tell(name, l->folder ? IN_DELETE | IN_ISDIR : IN_DELETE, 0, false,
		TELL_FOLDER);
	end_orphan(l);
}

void nt_tell_move(const struct win_name *from, const struct win_name *to,
	bool folder, const struct nt_loss *replaced)
{
	uint32_t dir = folder ? IN_ISDIR : 0, cookie;

	if (!watch_any())
		return;
	cookie = watch_cookie();
	tell(from, IN_MOVED_FROM | dir, cookie, false, TELL_FOLDER);
	tell(to, IN_MOVED_TO | dir, cookie, false, TELL_FOLDER);
	if (replaced->known)
		orphan(replaced, to);
	watch_moved(from->text, from->length, to->text, to->length);
	tell(to, IN_MOVE_SELF, 0, false, TELL_ITSELF);
	if (replaced->known)
		end_orphan(replaced);
}

void nt_tell_exchange(const struct win_name *a, bool a_folder,
	const struct win_name *b, bool b_folder)
{
	static const uint16_t between[] = { '#' };
	uint32_t cookie;

	if (!watch_any())
		return;
	cookie = watch_cookie();
	tell(a, IN_MOVED_FROM | (a_folder ? IN_ISDIR : 0), cookie, false,
		TELL_FOLDER);
	tell(b, IN_MOVED_TO | (a_folder ? IN_ISDIR : 0), cookie, false,
		TELL_FOLDER);
	watch_moved(a->text, a->length, between, 1);
	cookie = watch_cookie();
	tell(b, IN_MOVED_FROM | (b_folder ? IN_ISDIR : 0), cookie, false,
		TELL_FOLDER);
	tell(a, IN_MOVED_TO | (b_folder ? IN_ISDIR : 0), cookie, false,
		TELL_FOLDER);
	watch_moved(b->text, b->length, a->text, a->length);
	watch_moved(between, 1, b->text, b->length);
	tell(b, IN_MOVE_SELF, 0, false, TELL_ITSELF);
	tell(a, IN_MOVE_SELF, 0, false, TELL_ITSELF);
}

/* Linux fsnotify_change(): both times at once are an attribute. */
uint32_t nt_what_changes(const struct attributes *a)
{
	const unsigned times = ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED;
	uint32_t what = a->what & ~times ? IN_ATTRIB : 0;

	if ((a->what & times) == times)
		return IN_ATTRIB;
	if (a->what & ATTRIBUTE_ACCESSED)
		what |= IN_ACCESS;
	if (a->what & ATTRIBUTE_MODIFIED)
		what |= IN_MODIFY;
	return what;
}
