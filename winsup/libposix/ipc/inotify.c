/* inotify(7): a queue of what happens to files, as a file.  Its slot is an
 * event file's: `value` names the queue, `due` the last watch descriptor,
 * `interval` is a hash of the last event. */
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "ipc/private.h"
#include "memory/memory.h"
#include "fs/fs.h"
#include "vfs/watch.h"

#define AT_ONCE 65536ul

static struct watcher watcher(struct file *f)
{
	struct event_file *e = container_of(f, struct event_file, file);

	return (struct watcher){ e->slot, e->generation };
}

static struct queue queue_of(struct file *f)
{
	return watcher_queue(watcher(f));
}

/* How much of it is whole events. */
static size_t whole(const char *bytes, size_t size)
{
	size_t n = 0;

	while (size - n >= sizeof(struct inotify_event)) {
		const struct inotify_event *e = (const void *)(bytes + n);

		if (size - n < sizeof *e + e->len)
			break;
		n += sizeof *e + e->len;
	}
	return n;
}

/* As many events as there is room for: 0 if there are none. */
static long take(struct file *f, char *buffer, size_t size)
{
	struct event_slot *e = event_slot(f);
	size_t there, n;

	shared_lock_take(&e->lock);
	there = queue_peek(queue_of(f), buffer, size);
	n = whole(buffer, there);
	if (n)
		queue_read_some(queue_of(f), buffer, n);
	shared_lock_drop(&e->lock);
	return there && !n ? -EINVAL : (long)n;
}

static long take_or_wait(
	struct file *f, char *buffer, size_t size, bool nonblocking)
{
	struct sleep s;
	long n = take(f, buffer, size), r;

	if (n)
		return n;
	if (nonblocking)
		return -EAGAIN;
	sleep_begin(&s, WIN_FOREVER);
	r = sleep_on(&s, queue_waiters(queue_of(f), QUEUE_READER));
	while (!r && !(n = take(f, buffer, size)))
		r = sleep_wait(&s);
	sleep_end(&s);
	return r ? r : n;
}

static long inotify_read(struct file *f, struct io *io)
{
	size_t size = io->size < AT_ONCE ? io->size : AT_ONCE;
	char *buffer;
	long n;

	if (io->offset >= 0)
		return -ESPIPE;
	buffer = win_alloc(size + 1);
	if (!buffer)
		return -ENOMEM;
	n = take_or_wait(f, buffer, size, io->nonblocking);
	if (n > 0 && io_put(io, 0, buffer, (size_t)n))
		n = -EFAULT;
	win_free(buffer);
	return n;
}

static unsigned inotify_poll(struct file *f, unsigned events, struct sleep *s)
{
	if (s && (events & (POLLIN | POLLRDNORM)))
		sleep_on(s, queue_waiters(queue_of(f), QUEUE_READER));
	return queue_bytes(queue_of(f)) ? POLLIN | POLLRDNORM : 0;
}

static long inotify_ioctl(struct file *f, unsigned long request, uintptr_t user)
{
	int n;

	if (request != FIONREAD)
		return -ENOTTY;
	n = (int)queue_bytes(queue_of(f));
	return user_copy_out((void *)user, &n, sizeof n);
}

/* Nobody else writes to it but by watch_tell(): the writers' side is held so
 * that nobody finds an end. */
static void inotify_shared_with(struct file *f, uint32_t process_slot)
{
	event_shared_with(f, process_slot);
	queue_hold(queue_of(f), QUEUE_READER, process_slot);
}

static void inotify_release(struct file *f)
{
	struct queue q = queue_of(f);

	nt_foreign_end(watcher(f));
	event_release(f);
	queue_release(q, QUEUE_READER, task_process()->slot);
}

static const struct file_ops inotify_ops = {
	.name = "inotify",
	.kind = FILE_INOTIFY,
	.read = inotify_read,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.seek = event_seek,
	.stat = event_stat,
	.pack = event_pack,
	.shared_with = inotify_shared_with,
	.release = inotify_release,
};

long inotify_create(struct file **out, int flags)
{
	struct queue q;
	long r = queue_create(&q, task_process()->slot);

	if (r)
		return r;
	queue_release(q, QUEUE_WRITER, task_process()->slot);
	r = event_create(out, &inotify_ops, flags,
		(uint64_t)q.generation << 32 | q.slot);
	if (r)
		queue_release(q, QUEUE_READER, task_process()->slot);
	return r;
}

struct file *inotify_unpack(struct transfer *from)
{
	return event_unpack(from, &inotify_ops);
}

long inotify_add(struct file *f, const struct place *p, uint32_t mask,
	const struct kstat *st)
{
	uint16_t path[PATH_SIZE + 200];
	char text[PATH_SIZE];
	int64_t n;
	long wd;

	if (p->mount->ops->native_path) {
		n = p->mount->ops->native_path(p, path, PATH_SIZE + 200);
	} else {
		/* as on Linux, where in /proc and the like nothing is told */
		n = path_of_place(p, text, sizeof text);
		for (n = n ? n : 0; n >= 0 && text[n]; n++)
			path[n] = (uint16_t)(unsigned char)text[n];
	}
	if (n < 0)
		return (long)n;
	wd = watch_add(watcher(f), file_object(st), path, (size_t)n, mask);
	if (wd > 0 && p->mount->ops->native_path)
		nt_foreign_watch(watcher(f), (int)wd, path, (size_t)n,
			S_ISDIR(st->mode));
	return wd;
}

long inotify_remove(struct file *f, int wd)
{
	return watch_remove(watcher(f), wd);
}

bool inotify_is(const struct file *f)
{
	return f->ops == &inotify_ops;
}
