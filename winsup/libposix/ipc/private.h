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
void pipe_unread(struct file *f, const void *bytes, size_t size);

struct file *native_pipe_unpack(struct transfer *from);
void fifo_start(void);

#endif
