/* Shared by this room's own files. */
#ifndef IPC_PRIVATE_H
#define IPC_PRIVATE_H

#include "ipc/ipc.h"
#include "stream/stream.h"

/* A file on a byte queue.  What it does to the queue is the same for a pipe and
 * a fifo; the operations below take either. */
struct pipe_file {
	struct file file;
	struct queue queue;
	enum queue_end end;
	uint64_t ino;
};

static inline struct pipe_file *pipe_of(struct file *f)
{
	return container_of(f, struct pipe_file, file);
}

long pipe_read(struct file *f, struct io *io);
long pipe_write(struct file *f, struct io *io);
long pipe_ioctl(struct file *f, unsigned long request, uintptr_t user);
long pipe_native(struct file *f, win_handle *out, bool *pump);
long pipe_peek(struct file *f, void *to, size_t size);
void pipe_unread(struct file *f, const void *bytes, size_t size);

struct file *native_pipe_unpack(struct transfer *from);
void fifo_start(void);

/* ---- events.c: what eventfd, timerfd and signalfd have in common ---- */

/* Their state lies in the session's section, for all who share the open file
 * by fork. */
struct event_file {
	struct file file;
	uint32_t slot, generation;
};

struct event_slot *event_slot(struct file *f);
/* The operations that every such kind has. */
long event_stat(struct file *f, struct kstat *out);
long event_seek(struct file *f, int64_t offset, int whence);
void event_pack(struct file *f, struct transfer *to);
void event_shared_with(struct file *f, uint32_t process_slot);
void event_release(struct file *f);
#define EVENT_OPERATIONS \
	.seek = event_seek, .stat = event_stat, .pack = event_pack, \
	.shared_with = event_shared_with, .release = event_release

long event_create(struct file **out, const struct file_ops *ops, int flags,
	uint64_t value);
struct file *event_unpack(struct transfer *from, const struct file_ops *ops);
/* Takes, or puts, a value if it can; s: registers what else may make it so. */
typedef bool event_try(struct event_slot *e, uint64_t *value, struct sleep *s);
/* Calls `try` until it succeeds, and sleeps on q between: 0, -EAGAIN,
 * -ERESTARTSYS. */
long event_await(struct file *f, struct wait_queue *q, bool nonblocking,
	event_try *try, uint64_t *value);
/* read(2) of a file that gives numbers of eight bytes, one a call. */
long event_read_number(struct file *f, struct io *io, event_try *take);

/* Bytes to the place `at` of a transfer: 0 or -EFAULT. */
long io_put(const struct io *io, size_t at, const void *bytes, size_t size);

/* A file without a name: what fstat(2) tells. */
void anonymous_stat(struct kstat *out, uint64_t ino);

/* ---- poll.c ---- */
/* What is ready of `events`, and POLLERR and POLLHUP. */
unsigned file_look(struct file *f, unsigned events, struct sleep *s);

struct file *eventfd_unpack(struct transfer *from);
struct file *timerfd_unpack(struct transfer *from);
struct file *signalfd_unpack(struct transfer *from);
struct file *inotify_unpack(struct transfer *from);
struct file *epoll_unpack(struct transfer *from);
void epoll_file_gone(struct file *f);

#endif
