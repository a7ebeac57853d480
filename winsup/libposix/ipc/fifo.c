/* FIFOs: a name on disk, and a byte queue for as long as somebody has it open.
 * POSIX.1-2024 open(), man 7 fifo. */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "ipc/private.h"

struct fifo_file {
	struct pipe_file pipe;
	struct file *disk; /* what stat and chmod are about */
	bool reads, writes;
	/* how often it had been opened for writing when this one was: as long
	 * as nobody has since, there is no end to tell of (man 2 poll) */
	uint32_t writers_before;
	struct list entry;
};

/* Those of this host, the ones that still wait for their other side included:
 * an end is held once for all of them. */
static struct {
	struct lock lock;
	struct list files;
} open_here HOST_STATE = { .lock = LOCK_INIT(RANK_DESCRIPTORS) };

static struct fifo_file *fifo_of(struct file *f)
{
	return container_of(pipe_of(f), struct fifo_file, pipe);
}

static bool has_end(const struct fifo_file *f, enum queue_end end)
{
	return end == QUEUE_READER ? f->reads : f->writes;
}

static bool held_by_another(const struct fifo_file *f, enum queue_end end)
{
	list_for_each(e, &open_here.files)
	{
		struct fifo_file *o = container_of(e, struct fifo_file, entry);

		if (has_end(o, end) &&
			o->pipe.queue.slot == f->pipe.queue.slot &&
			o->pipe.queue.generation == f->pipe.queue.generation)
			return true;
	}
	return false;
}

static void let_go(struct fifo_file *f)
{
	lock_take(&open_here.lock);
	list_remove(&f->entry);
	for (enum queue_end end = QUEUE_READER; end <= QUEUE_WRITER; end++)
		if (has_end(f, end) && !held_by_another(f, end))
			queue_release(f->pipe.queue, end, task_process()->slot);
	lock_drop(&open_here.lock);
}

static void fifo_release(struct file *file)
{
	struct fifo_file *f = fifo_of(file);

	let_go(f);
	file_put(f->disk);
	win_free(f);
}

static unsigned fifo_poll(struct file *file, unsigned events, struct sleep *s)
{
	struct fifo_file *f = fifo_of(file);
	struct queue q = f->pipe.queue;
	unsigned ready = 0;

	if (f->reads) {
		ready |= queue_poll(q, QUEUE_READER, events, s);
		if (queue_openings(q, QUEUE_WRITER) == f->writers_before)
			ready &= ~(unsigned)POLLHUP;
	}
	if (f->writes)
		ready |= queue_poll(q, QUEUE_WRITER, events, s);
	return ready;
}

static long fifo_stat(struct file *f, struct kstat *out)
{
	struct file *disk = fifo_of(f)->disk;

	return disk->ops->stat(disk, out);
}

static long fifo_set(struct file *f, const struct attributes *a)
{
	struct file *disk = fifo_of(f)->disk;

	return disk->ops->set_attributes(disk, a);
}

static void fifo_pack(struct file *file, struct transfer *to)
{
	struct fifo_file *f = fifo_of(file);

	transfer_put(to, &f->pipe.queue, sizeof f->pipe.queue);
	transfer_put_number(to, (uint64_t)f->reads | (uint64_t)f->writes << 1);
	transfer_put_number(to, f->writers_before);
	file_pack(f->disk, to);
}

static void fifo_shared_with(struct file *file, uint32_t process_slot)
{
	struct fifo_file *f = fifo_of(file);

	for (enum queue_end end = QUEUE_READER; end <= QUEUE_WRITER; end++)
		if (has_end(f, end))
			queue_hold(f->pipe.queue, end, process_slot);
}

static const struct file_ops fifo_ops = {
	.name = "fifo",
	.kind = FILE_FIFO,
	.read = pipe_read,
	.write = pipe_write,
	.poll = fifo_poll,
	.ioctl = pipe_ioctl,
	.stat = fifo_stat,
	.set_attributes = fifo_set,
	.native = pipe_native,
	.unread = pipe_unread,
	.peek = pipe_peek,
	.pack = fifo_pack,
	.shared_with = fifo_shared_with,
	.release = fifo_release,
};

/* Takes `disk` over. */
static struct fifo_file *make(struct file *disk, int flags)
{
	struct fifo_file *f = win_alloc(sizeof *f);

	if (!f) {
		file_put(disk);
		return NULL;
	}
	file_init(&f->pipe.file, &fifo_ops, flags);
	f->disk = disk;
	list_init(&f->entry);
	return f;
}

static void enter(struct fifo_file *f)
{
	lock_take(&open_here.lock);
	list_append(&open_here.files, &f->entry);
	lock_drop(&open_here.lock);
}

/* The other side of this one's is there, or was meanwhile. */
static long await_other(struct fifo_file *f, uint32_t readers_before)
{
	if (f->reads && f->writes)
		return 0;
	return f->reads ? queue_await(f->pipe.queue, QUEUE_WRITER,
				  f->writers_before)
			: queue_await(
				  f->pipe.queue, QUEUE_READER, readers_before);
}

static long open_queue(struct fifo_file *f, int flags)
{
	uint32_t readers_before;
	struct kstat st;
	long r = f->disk->ops->stat(f->disk, &st);

	f->reads = (flags & O_ACCMODE) != O_WRONLY;
	f->writes = (flags & O_ACCMODE) != O_RDONLY;
	f->pipe.end = f->reads ? QUEUE_READER : QUEUE_WRITER;
	if (!r)
		r = queue_open(&f->pipe.queue, file_object(&st), f->reads,
			f->writes, task_process()->slot, &readers_before,
			&f->writers_before);
	if (r)
		return r;
	enter(f);
	if (!(flags & O_NONBLOCK))
		r = await_other(f, readers_before);
	else if (!f->reads && !queue_has(f->pipe.queue, QUEUE_READER))
		r = -ENXIO;
	if (r)
		let_go(f);
	return r;
}

static long fifo_open(struct file *disk, int flags, struct file **out)
{
	struct fifo_file *f = make(disk, flags);
	long r;

	if (!f)
		return -ENOMEM;
	r = open_queue(f, flags);
	if (r) {
		file_put(disk);
		win_free(f);
		return r;
	}
	*out = &f->pipe.file;
	return 0;
}

static struct file *fifo_unpack(struct transfer *from)
{
	struct queue q;
	struct file *disk;
	struct fifo_file *f;
	uint64_t ends;
	uint32_t before;

	transfer_get(from, &q, sizeof q);
	ends = transfer_get_number(from);
	before = (uint32_t)transfer_get_number(from);
	disk = file_unpack(from);
	f = disk ? make(disk, 0) : NULL;
	if (!f)
		return NULL;
	f->pipe.queue = q;
	f->reads = ends & 1;
	f->writes = ends & 2;
	f->pipe.end = f->reads ? QUEUE_READER : QUEUE_WRITER;
	f->writers_before = before;
	enter(f);
	return &f->pipe.file;
}

void fifo_start(void)
{
	list_init(&open_here.files);
	file_register(FILE_FIFO, fifo_unpack);
	fifo_register(fifo_open);
}
