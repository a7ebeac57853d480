/* Who watches which files, and telling them: inotify(7).
 *
 * The processes of a session tell each other what they do, in shared memory
 * (winsup/doc/how-files-are-watched.md).  A watch is of a path of Windows';
 * what follows a file over its renames is that they move its watches. */
#ifndef VFS_WATCH_H
#define VFS_WATCH_H

#include <sys/inotify.h>

#include "stream/stream.h"
#include "vfs/vfs.h"

/* Whom an event is for: who watches the folder the thing is in, and who
 * watches the thing. */
#define TELL_FOLDER 1u
#define TELL_ITSELF 2u
#define TELL_BOTH   3u

struct happening {
	const uint16_t *path; /* NT path of the thing */
	size_t length;
	const char *name; /* its last component, POSIX */
	size_t name_length;
	uint32_t what;	 /* IN_* */
	uint32_t cookie; /* joins the two halves of a move */
	bool unlinked;	 /* it has no name any more: IN_EXCL_UNLINK */
};

/* Whether anybody watches anything: what costs time is done only then. */
static inline bool watch_any(void)
{
	return task_shared()->watch_count;
}
/* Whether anybody watches the thing at that path or its folder, or something
 * that has no name any more. */
bool watch_concerns(const uint16_t *path, size_t length);
void watch_tell(const struct happening *h, unsigned whom);
uint32_t watch_cookie(void);
/* What lay at `from`, and below, lies at `to`. */
void watch_moved(const uint16_t *from, size_t from_length, const uint16_t *to,
	size_t to_length);
/* The thing has lost its name; it is known by its number from now on. */
void watch_orphaned(const uint16_t *path, size_t length, uint64_t object);
/* A path for that; units, at most 20. */
size_t watch_orphan_path(uint16_t *to, uint64_t object);
/* It is gone: IN_DELETE_SELF, and its watches end. */
void watch_gone(const uint16_t *path, size_t length);

/* ---- what other programs do (fs/nt/foreign.c) ---- */

/* An inotify instance: the slot of its event file and that one's generation. */
struct watcher {
	uint32_t slot, generation;
};
/* The same for one instance's watches that this process hears for. */
void watch_tell_foreign(
	struct watcher w, const struct happening *h, unsigned whom);
void watch_gone_foreign(struct watcher w, const uint16_t *path, size_t length);
void watch_overflow(struct watcher w);
/* Whether one of ours did any of `what` to it within the last seconds. */
bool watch_did(const uint16_t *path, size_t length, uint32_t what);
/* Where the watch is now; units, 0 if it has ended. */
size_t watch_path(struct watcher w, int wd, uint16_t to[WATCH_PATH]);
/* Whether one that this process hears for is exactly there. */
bool watch_is_heard(struct watcher w, const uint16_t *path, size_t length);

/* Its queue holds struct inotify_event as read(2) gives them. */
struct queue watcher_queue(struct watcher w);
/* The watch descriptor, or -EEXIST, -ENOSPC, -ENAMETOOLONG. */
long watch_add(struct watcher w, uint64_t object, const uint16_t *path,
	size_t length, uint32_t mask);
long watch_remove(struct watcher w, int wd); /* 0 or -EINVAL */
/* The instance is closed. */
void watcher_gone(struct watcher w);

#endif
