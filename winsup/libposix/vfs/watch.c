/* The table of watches, which all processes share, and telling who watches. */
#include "vfs/watch.h"

#include <string.h>

#include "abi/errno.h"

/* What a queue keeps free, so that its overflow can be told. */
#define SPARE	      4096u
#define SPARE_AT_LAST 2048u

#define DONE_NEAR 8 /* so many of watch_done have one place */
#define OF_FOLDER (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define OF_ITSELF (IN_DELETE_SELF | IN_MOVE_SELF)

static struct shared_lock *watch_lock(void)
{
	return &task_shared()->watch_lock;
}

/* Windows does not tell upper from lower case; of letters that only Unicode
 * pairs we do. */
static size_t fold(uint16_t *to, const uint16_t *path, size_t length)
{
	if (length > WATCH_PATH)
		return 0;
	for (size_t i = 0; i < length; i++)
		to[i] = path[i] >= 'a' && path[i] <= 'z'
				? (uint16_t)(path[i] - 32)
				: path[i];
	return length;
}

static uint64_t key_of(const uint16_t *folded, size_t length)
{
	return hash_bytes(folded, length * 2) | 1;
}

static uint64_t owner_of(struct watcher w)
{
	return (uint64_t)w.generation << 32 | (w.slot + 1);
}

static struct watcher watcher_of(uint64_t owner)
{
	return (struct watcher){ (uint32_t)owner - 1, (uint32_t)(owner >> 32) };
}

static struct event_slot *slot_of(struct watcher w)
{
	return &task_shared()->events[w.slot];
}

static bool lives(struct watcher w)
{
	uint64_t word = slot_of(w)->word;

	return (word & 0xff) && (uint32_t)(word >> 8) == w.generation;
}

struct queue watcher_queue(struct watcher w)
{
	uint64_t value = slot_of(w)->value;

	return (struct queue){ (uint32_t)value, (uint32_t)(value >> 32) };
}

/* ---- events ---- */

/* struct inotify_event, with room */
struct told {
	int32_t wd;
	uint32_t mask, cookie, length;
	char name[NAME_BYTES * 4 + 16];
};
#define HEAD sizeof(struct inotify_event)
_Static_assert(HEAD == offsetof(struct told, name), "struct inotify_event");

/* man 7 inotify: an event that is the same as the last one, which has not been
 * read yet, is not told again; what finds the queue full is lost, and
 * IN_Q_OVERFLOW says so. */
static void put(struct watcher w, const struct told *t, size_t size)
{
	static const struct inotify_event overflow = { .wd = -1,
		.mask = IN_Q_OVERFLOW };
	struct event_slot *e = slot_of(w);
	struct queue q = watcher_queue(w);
	int64_t hash = (int64_t)hash_bytes(t, size), lost;

	shared_lock_take(&e->lock);
	if (!queue_bytes(q) || e->interval != hash) {
		if (queue_write_whole(q, t, size, SPARE)) {
			e->interval = hash;
		} else {
			lost = (int64_t)hash_bytes(&overflow, sizeof overflow);
			if (e->interval != lost)
				queue_write_whole(q, &overflow, sizeof overflow,
					SPARE_AT_LAST);
			e->interval = lost;
		}
	}
	shared_lock_drop(&e->lock);
}

static void put_event(const struct watch_slot *s, uint32_t mask,
	uint32_t cookie, const char *name, size_t length)
{
	struct told t = { s->wd, mask, cookie, 0, "" };

	if (length && length < NAME_BYTES * 4) {
		memcpy(t.name, name, length);
		t.length = (uint32_t)((length + HEAD) / HEAD * HEAD);
	}
	put(watcher_of(s->owner), &t, HEAD + t.length);
}

/* ---- the table; its lock is held ---- */

static void end_watch(uint32_t i)
{
	struct shared *sh = task_shared();
	struct watch_slot *s = &sh->watches[i];

	sh->watch_keys[i] = 0;
	s->owner = 0;
	if (!--sh->watch_count)
		sh->watch_orphans = 0;
}

/* With the word that it has ended: man 7 inotify, IN_IGNORED. */
static void ignore(uint32_t i)
{
	put_event(&task_shared()->watches[i], IN_IGNORED, 0, NULL, 0);
	end_watch(i);
}

static bool is_at(uint32_t i, const uint16_t *folded, size_t length)
{
	const struct watch_slot *s = &task_shared()->watches[i];

	return s->length == length && !memcmp(s->path, folded, length * 2);
}

static void tell_one(uint32_t i, const struct happening *h, bool folder)
{
	struct watch_slot *s = &task_shared()->watches[i];
	uint32_t what = h->what & ~(uint32_t)IN_ISDIR;

	if (!lives(watcher_of(s->owner))) {
		end_watch(i);
		return;
	}
	if (!(what & s->mask) ||
		(folder && h->unlinked && (s->mask & IN_EXCL_UNLINK)))
		return;
	put_event(s, what & OF_ITSELF ? what : h->what, h->cookie,
		folder ? h->name : NULL, folder ? h->name_length : 0);
	if (s->mask & IN_ONESHOT)
		ignore(i);
}

/* only: those of that instance for which this process hears; NULL: all. */
static bool is_meant(uint32_t i, const struct watcher *only)
{
	const struct watch_slot *s = &task_shared()->watches[i];

	return !only ||
	       (s->owner == owner_of(*only) && s->hearer == task_host_self());
}

static void tell_all(const uint16_t *folded, size_t length,
	const struct happening *h, bool folder, const struct watcher *only)
{
	struct shared *sh = task_shared();
	uint64_t key = key_of(folded, length);

	for (uint32_t i = 0; i < sh->watch_end; i++)
		if (sh->watch_keys[i] == key && is_at(i, folded, length) &&
			is_meant(i, only))
			tell_one(i, h, folder);
}

#define CHANGES (OF_FOLDER | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE)
#define LATELY	(2 * SECOND)

/* The one for that key, or the oldest that it may take the place of. */
static struct watch_done *done_at(uint64_t key)
{
	struct watch_done *d = task_shared()->watch_done, *oldest;

	d += key / 2 % (WATCH_DONE / DONE_NEAR) * DONE_NEAR;
	oldest = d;
	for (int i = 0; i < DONE_NEAR; i++) {
		if (d[i].key == key)
			return &d[i];
		if (d[i].at < oldest->at)
			oldest = &d[i];
	}
	return oldest;
}

/* Windows tells it only after it was done: who reads this waits a little. */
static void note(const uint16_t *folded, size_t length, uint32_t what)
{
	uint64_t key = key_of(folded, length);
	struct watch_done *d = done_at(key);
	int64_t now = win_clock_monotonic();

	if (!(what & CHANGES))
		return;
	if (d->key != key || now - d->at > LATELY)
		d->what = 0;
	d->key = key;
	d->what |= what & CHANGES;
	d->at = now;
}

bool watch_did(const uint16_t *path, size_t length, uint32_t what)
{
	uint16_t folded[WATCH_PATH];
	const struct watch_done *d;
	uint64_t key;
	bool r;

	length = fold(folded, path, length);
	if (!length)
		return false;
	key = key_of(folded, length);
	shared_lock_take(watch_lock());
	d = done_at(key);
	r = d->key == key && (d->what & what) &&
	    win_clock_monotonic() - d->at <= LATELY;
	shared_lock_drop(watch_lock());
	return r;
}

static size_t parent_length(const uint16_t *path, size_t length)
{
	while (length && path[length - 1] != '\\')
		length--;
	return length ? length - 1 : 0;
}

/* Without the lock: who is added meanwhile has missed it. */
static bool is_watched(const uint16_t *folded, size_t length)
{
	struct shared *sh = task_shared();
	uint64_t key = key_of(folded, length);

	for (uint32_t i = 0; i < sh->watch_end; i++)
		if (sh->watch_keys[i] == key)
			return true;
	return false;
}

bool watch_concerns(const uint16_t *path, size_t length)
{
	uint16_t folded[WATCH_PATH];
	size_t up = parent_length(path, length);

	if (task_shared()->watch_orphans)
		return true;
	if (up > WATCH_PATH)
		return false;
	length = fold(folded, path, length > WATCH_PATH ? up : length);
	return is_watched(folded, up) || is_watched(folded, length);
}

static void tell_some(
	const struct happening *h, unsigned whom, const struct watcher *only)
{
	uint16_t folded[WATCH_PATH];
	size_t n = fold(folded, h->path, h->length), up = 0;

	/* what is too long to be watched may lie in a folder that is not */
	if (!n && parent_length(h->path, h->length) <= WATCH_PATH)
		up = fold(folded, h->path, parent_length(h->path, h->length));
	else if (n)
		up = parent_length(folded, n);
	shared_lock_take(watch_lock());
	if (up && (whom & TELL_FOLDER))
		tell_all(folded, up, h, true, only);
	if (n && (whom & TELL_ITSELF))
		tell_all(folded, n, h, false, only);
	if (n && !only)
		note(folded, n, h->what);
	shared_lock_drop(watch_lock());
}

void watch_tell(const struct happening *h, unsigned whom)
{
	tell_some(h, whom, NULL);
}

void watch_tell_foreign(
	struct watcher w, const struct happening *h, unsigned whom)
{
	tell_some(h, whom, &w);
}

void watch_overflow(struct watcher w)
{
	static const struct told t = { .wd = -1, .mask = IN_Q_OVERFLOW };

	if (lives(w))
		put(w, &t, HEAD);
}

uint32_t watch_cookie(void)
{
	return ++task_shared()->last_cookie;
}

static void set_path(uint32_t i, const uint16_t *head, size_t head_length,
	const uint16_t *tail, size_t tail_length)
{
	struct watch_slot *s = &task_shared()->watches[i];

	if (head_length + tail_length > WATCH_PATH) {
		ignore(i);
		return;
	}
	memmove(s->path + head_length, tail, tail_length * 2);
	memcpy(s->path, head, head_length * 2);
	s->length = (uint32_t)(head_length + tail_length);
	task_shared()->watch_keys[i] = key_of(s->path, s->length);
}

void watch_moved(const uint16_t *from, size_t from_length, const uint16_t *to,
	size_t to_length)
{
	struct shared *sh = task_shared();
	uint16_t old[WATCH_PATH], new[WATCH_PATH];
	size_t n = fold(old, from, from_length);
	size_t to_n = fold(new, to, to_length);

	if (!n || !to_n)
		return;
	shared_lock_take(watch_lock());
	for (uint32_t i = 0; i < sh->watch_end; i++) {
		struct watch_slot *s = &sh->watches[i];

		if (!s->owner || s->length < n || memcmp(s->path, old, n * 2) ||
			(s->length > n && s->path[n] != '\\'))
			continue;
		set_path(i, new, to_n, s->path + n, s->length - n);
	}
	shared_lock_drop(watch_lock());
}

size_t watch_orphan_path(uint16_t *to, uint64_t object)
{
	char text[24];
	size_t n = format(text, sizeof text, "#%lX", (unsigned long)object);

	for (size_t i = 0; i < n; i++)
		to[i] = (uint16_t)text[i];
	return n;
}

void watch_orphaned(const uint16_t *path, size_t length, uint64_t object)
{
	uint16_t orphan[24];
	size_t n = watch_orphan_path(orphan, object);
	uint16_t folded[WATCH_PATH];

	length = fold(folded, path, length);
	shared_lock_take(watch_lock());
	for (uint32_t i = 0; length && i < task_shared()->watch_end; i++) {
		if (!task_shared()->watches[i].owner ||
			!is_at(i, folded, length))
			continue;
		set_path(i, orphan, n, NULL, 0);
		task_shared()->watch_orphans = 1;
	}
	shared_lock_drop(watch_lock());
}

static void end_all(
	const uint16_t *path, size_t length, const struct watcher *only)
{
	struct happening h = { .what = IN_DELETE_SELF };
	uint16_t folded[WATCH_PATH];

	length = fold(folded, path, length);
	shared_lock_take(watch_lock());
	for (uint32_t i = 0; length && i < task_shared()->watch_end; i++) {
		if (!task_shared()->watches[i].owner ||
			!is_at(i, folded, length) || !is_meant(i, only))
			continue;
		tell_one(i, &h, false);
		if (task_shared()->watches[i].owner)
			ignore(i);
	}
	shared_lock_drop(watch_lock());
}

void watch_gone(const uint16_t *path, size_t length)
{
	end_all(path, length, NULL);
}

void watch_gone_foreign(struct watcher w, const uint16_t *path, size_t length)
{
	end_all(path, length, &w);
}

/* ---- watches ---- */

static struct watch_slot *find(
	uint64_t owner, uint64_t object, int wd, uint32_t *index)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->watch_end; i++) {
		struct watch_slot *s = &sh->watches[i];

		*index = i;
		if (s->owner == owner &&
			(wd ? s->wd == wd : s->object == object))
			return s;
	}
	return NULL;
}

static long unused(void)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < WATCHES; i++) {
		uint64_t owner = sh->watches[i].owner;

		if (owner && !lives(watcher_of(owner)))
			end_watch(i);
		else if (owner)
			continue;
		if (sh->watch_end <= i)
			sh->watch_end = i + 1;
		return i;
	}
	return -ENOSPC;
}

static long change(struct watch_slot *s, uint32_t mask)
{
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	s->mask = mask & IN_MASK_ADD ? s->mask | mask : mask;
	return s->wd;
}

static long make(struct watcher w, uint64_t object, const uint16_t *path,
	size_t length, uint32_t mask)
{
	long i = unused();
	struct watch_slot *s;

	if (i < 0)
		return i;
	s = &task_shared()->watches[i];
	s->object = object;
	s->hearer = task_host_self();
	s->wd = (int)++slot_of(w)->due;
	s->mask = mask;
	set_path((uint32_t)i, path, length, NULL, 0);
	__atomic_store_n((uint64_t *)&s->owner, owner_of(w), __ATOMIC_SEQ_CST);
	task_shared()->watch_count++;
	return s->wd;
}

long watch_add(struct watcher w, uint64_t object, const uint16_t *path,
	size_t length, uint32_t mask)
{
	uint16_t folded[WATCH_PATH];
	struct watch_slot *s;
	uint32_t i;
	long r;

	length = fold(folded, path, length);
	if (!length)
		return -ENAMETOOLONG;
	shared_lock_take(watch_lock());
	s = find(owner_of(w), object, 0, &i);
	r = s ? change(s, mask) : make(w, object, folded, length, mask);
	shared_lock_drop(watch_lock());
	return r;
}

long watch_remove(struct watcher w, int wd)
{
	struct watch_slot *s;
	uint32_t i;

	shared_lock_take(watch_lock());
	s = wd > 0 ? find(owner_of(w), 0, wd, &i) : NULL;
	if (s)
		ignore(i);
	shared_lock_drop(watch_lock());
	return s ? 0 : -EINVAL;
}

void watcher_gone(struct watcher w)
{
	struct shared *sh = task_shared();

	shared_lock_take(watch_lock());
	for (uint32_t i = 0; i < sh->watch_end; i++)
		if (sh->watches[i].owner == owner_of(w))
			end_watch(i);
	shared_lock_drop(watch_lock());
}

size_t watch_path(struct watcher w, int wd, uint16_t to[WATCH_PATH])
{
	struct watch_slot *s;
	size_t n = 0;
	uint32_t i;

	shared_lock_take(watch_lock());
	s = find(owner_of(w), 0, wd, &i);
	if (s) {
		n = s->length;
		memcpy(to, s->path, n * 2);
	}
	shared_lock_drop(watch_lock());
	return n;
}

bool watch_is_heard(struct watcher w, const uint16_t *path, size_t length)
{
	uint16_t folded[WATCH_PATH];
	bool found = false;

	length = fold(folded, path, length);
	shared_lock_take(watch_lock());
	for (uint32_t i = 0; length && i < task_shared()->watch_end; i++)
		found |= is_meant(i, &w) && is_at(i, folded, length);
	shared_lock_drop(watch_lock());
	return found;
}
