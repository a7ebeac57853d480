/* What programs that are not ours do to watched files, as Windows tells it.
 *
 * Windows tells what ours did as well, somewhat later: so each report waits a
 * moment, and what one of ours has done itself is left out.  When a file is
 * closed Windows does not tell; one that has not changed for a while is taken
 * for closed.  (To try whether it can be opened by one who lets nobody write
 * would show it, and would for that moment keep out who wants to write.) */
#include "fs/nt/nt.h"

#include <string.h>

#include "abi/errno.h"
#include "vfs/watch.h"

#define MOMENT	(100 * 1000000l)
#define BETWEEN (50 * 1000000l)
#define QUIET	(1 * SECOND)
#define REPORTS 65536u

/* A folder that Windows reports of. */
struct heard {
	struct win_watch windows;
	struct heard *next;
	struct watcher watcher;
	int wd;	      /* the first watch there: it knows where that is now */
	bool of_file; /* that one is of a file in the folder */
	bool ended;
	size_t length;
	uint16_t path[WATCH_PATH];
};

/* A report that waits, or (WRITTEN) a file that is perhaps not closed yet. */
struct report {
	struct report *next;
	struct watcher watcher;
	uint32_t action;
	int64_t due;
	size_t length;
	uint16_t path[];
};
#define WRITTEN 100u
#define GONE	101u

static struct lock lock HOST_STATE = LOCK_INIT(RANK_FILE); /* guards all */
static struct heard *all HOST_STATE = NULL;
static struct report *first HOST_STATE = NULL;
static struct report **last HOST_STATE = NULL;
static uint32_t reports HOST_STATE = 0;
static win_handle port HOST_STATE = 0;
static uint16_t moved_from[WATCH_PATH] HOST_STATE = { 0 };
static size_t moved_length HOST_STATE = 0;
static uint32_t moved_cookie HOST_STATE = 0;

static bool same_watcher(struct watcher a, struct watcher b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

static size_t parent_of(const uint16_t *path, size_t length)
{
	while (length && path[length - 1] != '\\')
		length--;
	return length ? length - 1 : 0;
}

static struct report *make_report(struct watcher w, uint32_t action,
	const uint16_t *folder, size_t folder_length, const uint16_t *name,
	size_t length)
{
	size_t n = folder_length + 1 + length;
	struct report *r = NULL;

	if (reports < REPORTS)
		r = win_alloc(sizeof *r + n * 2);
	if (!r) {
		watch_overflow(w);
		return NULL;
	}
	r->watcher = w;
	r->action = action;
	r->due = win_clock_monotonic() + MOMENT;
	memcpy(r->path, folder, folder_length * 2);
	r->path[folder_length] = '\\';
	memcpy(r->path + folder_length + 1, name, length * 2);
	r->length = name ? n : folder_length;
	return r;
}

static void queue(struct report *r)
{
	if (!r)
		return;
	if (!first)
		last = &first;
	*last = r;
	last = &r->next;
	reports++;
}

static size_t folder_now(const struct heard *a, uint16_t to[WATCH_PATH])
{
	size_t n = watch_path(a->watcher, a->wd, to);

	if (n)
		return a->of_file ? parent_of(to, n) : n;
	memcpy(to, a->path, a->length * 2);
	return a->length;
}

static void unlink_heard(struct heard *a)
{
	struct heard **p = &all;

	while (*p && *p != a)
		p = &(*p)->next;
	if (*p)
		*p = a->next;
}

static void hear(struct heard *a, int64_t size)
{
	uint16_t folder[WATCH_PATH];
	struct win_change c;
	size_t n = folder_now(a, folder), at = 0;

	if (a->ended) {
		win_free(a);
		return;
	}
	if (!size)
		watch_overflow(a->watcher);
	while (size > 0 && win_watch_next(&a->windows, (size_t)size, &at, &c))
		queue(make_report(
			a->watcher, c.action, folder, n, c.name, c.length));
	if (size >= 0 && !win_watch_arm(&a->windows))
		return;
	/* the folder is no more */
	queue(make_report(a->watcher, GONE, folder, n, NULL, 0));
	unlink_heard(a);
	win_watch_close(&a->windows);
	win_free(a);
}

/* ---- telling ---- */

static void tell(
	const struct report *r, uint32_t what, uint32_t cookie, unsigned whom)
{
	char text[NAME_BYTES * 4];
	size_t at = parent_of(r->path, r->length) + 1;
	size_t n = nt_decode(text, sizeof text, r->path + at, r->length - at);
	struct happening h = { r->path, r->length, text,
		n < sizeof text ? n : sizeof text, what, cookie, false };

	watch_tell_foreign(r->watcher, &h, whom);
}

static struct win_name name_of(const struct report *r)
{
	return (struct win_name){ 0, r->path, r->length };
}

/* Until it is closed; one report a file. */
static bool await_close(struct report *r)
{
	int64_t due = win_clock_monotonic() + QUIET;

	for (struct report *o = first; o; o = o->next) {
		if (o->action == WRITTEN &&
			same_watcher(o->watcher, r->watcher) &&
			o->length == r->length &&
			!memcmp(o->path, r->path, r->length * 2)) {
			o->due = due;
			return false;
		}
	}
	r->action = WRITTEN;
	r->due = due;
	return true;
}

static void tell_move(struct report *r, uint32_t dir)
{
	if (r->action == WIN_RENAMED_FROM) {
		moved_cookie = watch_cookie();
		moved_length = r->length < WATCH_PATH ? r->length : 0;
		memcpy(moved_from, r->path, moved_length * 2);
		tell(r, IN_MOVED_FROM | dir, moved_cookie, TELL_FOLDER);
		return;
	}
	tell(r, IN_MOVED_TO | dir, moved_cookie ? moved_cookie : watch_cookie(),
		TELL_FOLDER);
	if (moved_length) {
		watch_moved(moved_from, moved_length, r->path, r->length);
		tell(r, IN_MOVE_SELF, 0, TELL_ITSELF);
	}
	moved_length = moved_cookie = 0;
}

/* What of ours Windows may tell so. */
static uint32_t own(uint32_t action)
{
	switch (action) {
	case WIN_ADDED:
		return IN_CREATE | IN_MOVED_TO;
	case WIN_RENAMED_TO:
		return IN_MOVED_TO | IN_CREATE;
	case WIN_REMOVED:
	case WIN_RENAMED_FROM:
		return IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	case WIN_MODIFIED:
		return IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE |
		       IN_MOVE;
	}
	return 0;
}

/* True: the report is to wait on. */
static bool act(struct report *r)
{
	struct win_name name = name_of(r);
	struct win_file_stat st;
	size_t at = parent_of(r->path, r->length) + 1;
	bool there, folder;

	if (nt_is_hidden(r->path + at, r->length - at) ||
		watch_did(r->path, r->length, own(r->action)))
		return false;
	there = !nt_query(&name, &st);
	folder = there && (st.attributes & WIN_ATTRIBUTE_FOLDER);
	switch (r->action) {
	case WIN_ADDED:
		tell(r, folder ? IN_CREATE | IN_ISDIR : IN_CREATE, 0,
			TELL_FOLDER);
		return there && !folder && await_close(r);
	case WIN_MODIFIED:
		if (!there || folder)
			return false;
		tell(r, IN_MODIFY, 0, TELL_BOTH);
		return await_close(r);
	case WIN_REMOVED:
		tell(r, IN_DELETE, 0, TELL_FOLDER);
		if (!there)
			watch_gone_foreign(r->watcher, r->path, r->length);
		return false;
	case WIN_RENAMED_FROM:
	case WIN_RENAMED_TO:
		tell_move(r, folder ? IN_ISDIR : 0);
		return false;
	case GONE:
		if (!there)
			watch_gone_foreign(r->watcher, r->path, r->length);
		return false;
	case WRITTEN:
		if (there)
			tell(r, IN_CLOSE_WRITE, 0, TELL_BOTH);
		return false;
	}
	return false;
}

static void act_on_due(void)
{
	int64_t now = win_clock_monotonic();
	struct report *r = first, *next;

	first = NULL;
	reports = 0;
	for (; r; r = next) {
		next = r->next;
		r->next = NULL;
		if (r->due > now || act(r))
			queue(r);
		else
			win_free(r);
	}
}

static void run(void *unused)
{
	struct win_watch *w;
	int64_t size;

	(void)unused;
	for (;;) {
		w = win_watch_await(port, first ? BETWEEN : WIN_FOREVER, &size);
		lock_take(&lock);
		if (w)
			hear(container_of(w, struct heard, windows), size);
		act_on_due();
		lock_drop(&lock);
	}
}

/* ---- what is heard ---- */

static int start(void)
{
	win_handle thread;
	int r;

	if (port)
		return 0;
	r = win_watch_port(&port);
	if (!r)
		r = win_thread_create(&thread, NULL, 262144, run, NULL);
	if (r) {
		win_close(port);
		port = 0;
	} else {
		win_close(thread);
	}
	return r;
}

static void end(struct heard *a)
{
	unlink_heard(a);
	a->ended = true;
	win_watch_close(&a->windows);
}

static int begin(struct watcher w, int wd, const uint16_t *path, size_t length,
	bool of_file, bool subtree)
{
	struct win_name name = { 0, path, length };
	struct heard *a = win_alloc(sizeof *a);
	int r;

	if (!a)
		return -ENOMEM;
	a->watcher = w;
	a->wd = wd;
	a->of_file = of_file;
	a->length = length;
	memcpy(a->path, path, length * 2);
	r = win_watch_open(&a->windows, &name, subtree, port);
	if (r) {
		win_free(a);
		return r;
	}
	a->next = all;
	all = a;
	return 0;
}

/* The one that reports of that folder: its own, or one above. */
static struct heard *hears(
	struct watcher w, const uint16_t *path, size_t length)
{
	for (struct heard *a = all; a; a = a->next) {
		if (!same_watcher(a->watcher, w) || a->length > length ||
			memcmp(a->path, path, a->length * 2))
			continue;
		if (a->length == length ||
			(a->windows.subtree && path[a->length] == '\\'))
			return a;
	}
	return NULL;
}

/* Who watches a folder and those in it gets all by one handle on the uppermost:
 * Windows lets nobody rename a folder in which something is open. */
static int watch_folder(struct watcher w, int wd, const uint16_t *path,
	size_t length, bool of_file)
{
	size_t up = parent_of(path, length);
	struct heard *a = hears(w, path, length);
	int r;

	if (a)
		return 0;
	/* "\??\C:" would be a whole disk */
	a = up > 6 && win_watches_subtrees() && watch_is_heard(w, path, up)
		    ? hears(w, path, up)
		    : NULL;
	if (!a)
		return begin(w, wd, path, length, of_file, false);
	r = begin(w, a->wd, a->path, a->length, a->of_file, true);
	if (!r)
		end(a);
	return r;
}

int nt_foreign_watch(struct watcher w, int wd, const uint16_t *path,
	size_t length, bool folder)
{
	int r;

	if (!folder)
		length = parent_of(path, length);
	if (length < 6 || length > WATCH_PATH)
		return -ENAMETOOLONG;
	lock_take(&lock);
	r = start();
	if (!r)
		r = watch_folder(w, wd, path, length, !folder);
	lock_drop(&lock);
	return r;
}

void nt_foreign_end(struct watcher w)
{
	struct heard *next;

	lock_take(&lock);
	for (struct heard *a = all; a; a = next) {
		next = a->next;
		if (same_watcher(a->watcher, w))
			end(a);
	}
	lock_drop(&lock);
}
