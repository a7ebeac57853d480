/* Pipes: two files on a byte queue. */
#include "ipc/private.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"

long pipe_read(struct file *f, struct io *io)
{
	long done = 0;

	for (int i = 0; i < io->count; i++) {
		const struct iovec *v = &io->vector[i];
		long r;

		if (!v->iov_len)
			continue;
		/* only the first part may wait: man 2 readv */
		r = queue_read(pipe_of(f)->queue, v->iov_base, v->iov_len,
			io->nonblocking || done);
		if (r <= 0)
			return done ? done : r;
		done += r;
		if ((size_t)r < v->iov_len)
			break;
	}
	return done;
}

/* Several small parts that together fit PIPE_BUF go in whole. */
static long write_small(struct file *f, struct io *io)
{
	char bytes[4096];
	size_t n = 0;

	for (int i = 0; i < io->count; i++) {
		if (user_copy_in(bytes + n, io->vector[i].iov_base,
			    io->vector[i].iov_len))
			return -EFAULT;
		n += io->vector[i].iov_len;
	}
	return queue_write(pipe_of(f)->queue, bytes, n, io->nonblocking);
}

long pipe_write(struct file *f, struct io *io)
{
	long done = 0, r = 0;

	if (io->count > 1 && io->size <= 4096) {
		done = r = write_small(f, io);
	} else {
		for (int i = 0; i < io->count; i++) {
			const struct iovec *v = &io->vector[i];

			r = queue_write(pipe_of(f)->queue, v->iov_base,
				v->iov_len, io->nonblocking);
			if (r < 0)
				break;
			done += r;
			if ((size_t)r < v->iov_len)
				break;
		}
	}
	if (r == -EPIPE)
		signal_raise(SIGPIPE);
	return done > 0 ? done : r;
}

static unsigned pipe_poll(struct file *f, unsigned events, struct sleep *s)
{
	return queue_poll(pipe_of(f)->queue, pipe_of(f)->end, events, s);
}

long pipe_ioctl(struct file *f, unsigned long request, uintptr_t user)
{
	int n;

	if (request != FIONREAD)
		return -ENOTTY;
	n = (int)queue_bytes(pipe_of(f)->queue);
	return user_copy_out((void *)user, &n, sizeof n);
}

static long pipe_stat(struct file *f, struct kstat *out)
{
	memset(out, 0, sizeof *out);
	out->dev = 7;
	out->ino = pipe_of(f)->ino;
	out->nlink = 1;
	out->mode = S_IFIFO | 0600;
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->blksize = 4096;
	return 0;
}

static long pipe_set(struct file *f, const struct attributes *a)
{
	(void)f;
	(void)a;
	return 0;
}

long pipe_native(struct file *f, win_handle *out, bool *pump)
{
	(void)f;
	(void)out;
	*pump = true;
	return 0;
}

long pipe_peek(struct file *f, void *to, size_t size)
{
	return (long)queue_peek(pipe_of(f)->queue, to, size);
}

void pipe_unread(struct file *f, const void *bytes, size_t size)
{
	queue_unread(pipe_of(f)->queue, bytes, size);
}

static void pipe_pack(struct file *f, struct transfer *to)
{
	struct pipe_file *p = pipe_of(f);

	transfer_put(to, &p->queue, sizeof p->queue);
	transfer_put_number(to, p->end);
	transfer_put_number(to, p->ino);
}

static void pipe_shared_with(struct file *f, uint32_t process_slot)
{
	queue_hold(pipe_of(f)->queue, pipe_of(f)->end, process_slot);
}

static void pipe_release(struct file *f)
{
	struct pipe_file *p = pipe_of(f);

	queue_release(p->queue, p->end, task_process()->slot);
	win_free(p);
}

static long pipe_set_flags(struct file *f, int flags)
{
	queue_set_status(pipe_of(f)->queue, pipe_of(f)->end, (uint32_t)flags);
	return 0;
}

static int pipe_get_flags(struct file *f)
{
	return (f->flags & O_ACCMODE) |
	       ((int)queue_status(pipe_of(f)->queue, pipe_of(f)->end) &
		       ~O_ACCMODE);
}

static const struct file_ops pipe_ops = {
	.name = "pipe",
	.kind = FILE_PIPE,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.set_flags = pipe_set_flags,
	.get_flags = pipe_get_flags,
	.ioctl = pipe_ioctl,
	.stat = pipe_stat,
	.set_attributes = pipe_set,
	.native = pipe_native,
	.unread = pipe_unread,
	.peek = pipe_peek,
	.pack = pipe_pack,
	.shared_with = pipe_shared_with,
	.release = pipe_release,
};

static struct pipe_file *make(struct queue q, enum queue_end end, int flags)
{
	struct pipe_file *p = win_alloc(sizeof *p);

	if (!p)
		return NULL;
	file_init(&p->file, &pipe_ops, flags);
	p->queue = q;
	p->end = end;
	p->ino = (uint64_t)q.generation << 12 | q.slot;
	return p;
}

int pipe_create(struct file **reader, struct file **writer, int flags)
{
	struct queue q;
	struct pipe_file *r, *w;
	int error = queue_create(&q, task_process()->slot);

	if (error)
		return error;
	r = make(q, QUEUE_READER, O_RDONLY | flags);
	w = make(q, QUEUE_WRITER, O_WRONLY | flags);
	if (!r || !w) {
		queue_release(q, QUEUE_READER, task_process()->slot);
		queue_release(q, QUEUE_WRITER, task_process()->slot);
		win_free(r);
		win_free(w);
		return -ENOMEM;
	}
	pipe_set_flags(&r->file, flags);
	pipe_set_flags(&w->file, flags);
	*reader = &r->file;
	*writer = &w->file;
	return 0;
}

static struct file *pipe_unpack(struct transfer *from)
{
	struct queue q;
	enum queue_end end;
	struct pipe_file *p;

	transfer_get(from, &q, sizeof q);
	end = transfer_get_number(from);
	p = make(q, end, 0);
	if (!p)
		return NULL;
	p->ino = transfer_get_number(from);
	return &p->file;
}

void ipc_start(void)
{
	file_register(FILE_PIPE, pipe_unpack);
	file_register(FILE_NATIVE_PIPE, native_pipe_unpack);
	file_register(FILE_EVENTFD, eventfd_unpack);
	file_register(FILE_TIMERFD, timerfd_unpack);
	file_register(FILE_SIGNALFD, signalfd_unpack);
	file_register(FILE_INOTIFY, inotify_unpack);
	file_register(FILE_EPOLL, epoll_unpack);
	file_register_watch(epoll_file_gone);
	fifo_start();
}
