/* The shared byte queue: the one object behind pipes, fifos, ptys and local
 * stream sockets.  It lies in shared memory and costs no kernel object; who
 * holds an end is a set of processes, so a death is seen, not counted
 * (winsup/doc/decisions/queue-holders.md). */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wait/wait.h"

/* A queue and its generation: what files keep and processes hand over. */
struct queue {
	uint32_t slot, generation;
};

enum queue_end { QUEUE_READER, QUEUE_WRITER };

int queue_start(void); /* maps the session's buffers; once in a host */
/* A new queue, both of whose ends the process in `process_slot` holds.
 * -ENFILE when all are in use. */
int queue_create(struct queue *out, uint32_t process_slot);
/* The queue of a fifo (`object` is its number, file_object()), made if nobody
 * has it open; the process holds the ends named, and the other sides hear of
 * it.  *readers, *writers: how often each end had been opened before the other
 * side was met, for queue_await(). */
int queue_open(struct queue *out, uint64_t object, bool reads, bool writes,
	uint32_t process_slot, uint32_t *readers, uint32_t *writers);
/* How often it was, of a fifo. */
uint32_t queue_openings(struct queue q, enum queue_end end);
/* Waits until somebody holds that end, or has opened it since there were so
 * many openings: 0 or -ERESTARTSYS. */
long queue_await(struct queue q, enum queue_end end, uint32_t openings);
/* The process in `process_slot` holds that end from now on.  Counted once a
 * process, not a descriptor: the caller keeps the descriptors' count. */
void queue_hold(struct queue q, enum queue_end end, uint32_t process_slot);
/* No longer; frees the queue with its last holder, wakes the other side. */
void queue_release(struct queue q, enum queue_end end, uint32_t process_slot);
/* Takes a dead process out of every queue.  Any thread. */
void queue_forget_process(uint32_t process_slot);

/* Reads at most size bytes into user memory.  Blocks until there is one,
 * unless `nonblocking` (-EAGAIN).  0 at the end (empty, nobody holds the write
 * end), -ERESTARTSYS, -EFAULT. */
long queue_read(struct queue q, void *user, size_t size, bool nonblocking);
/* Writes; up to PIPE_BUF bytes go in whole (POSIX.1-2024 write(), "Write
 * requests to a pipe or FIFO").  -EPIPE when nobody holds the read end, also
 * after some bytes were taken if none were written. Never raises SIGPIPE. */
long queue_write(
	struct queue q, const void *user, size_t size, bool nonblocking);
/* Puts back, in front, what was read last: at most QUEUE_BACK bytes in all. */
void queue_unread(struct queue q, const void *bytes, size_t size);
/* All of it, leaving so much room, or nothing: false. */
bool queue_write_whole(
	struct queue q, const void *bytes, size_t size, size_t spare);
/* What a read would get now, which stays: bytes. */
size_t queue_peek(struct queue q, void *to, size_t size);
/* The same with kernel memory, for pumps; any thread with a struct sleep's
 * conditions met by the caller: never blocks. */
long queue_read_some(struct queue q, void *to, size_t size);
long queue_write_some(struct queue q, const void *from, size_t size);
/* Ready events (POLLIN, POLLOUT, POLLHUP, POLLERR); registers with s if not
 * NULL. */
unsigned queue_poll(
	struct queue q, enum queue_end end, unsigned events, struct sleep *s);
size_t queue_bytes(struct queue q); /* FIONREAD */
/* Status flags (O_*) of an end, the same for all processes that hold it: it
 * is one open file description (POSIX.1-2024 fork()). */
uint32_t queue_status(struct queue q, enum queue_end end);
void queue_set_status(struct queue q, enum queue_end end, uint32_t flags);
bool queue_has(struct queue q, enum queue_end end); /* somebody holds it */
struct wait_queue *queue_waiters(struct queue q, enum queue_end end);

#endif
