/* Between a native child and files that are no Windows handles: moves bytes
 * through a Windows pipe, on the thread that waits for the child, with
 * overlapped transfers on our end and calls that do not block on the file's.
 *
 * A child may read less than it is sent, or nothing: what it left is put back,
 * so that who shares its standard input with it reads on where it ended. */
#include "process/private.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "abi/errno.h"
#include "vfs/vfs.h"

/* In flight are at most a chunk and a full pipe, together what can be put
 * back: QUEUE_BACK. */
#define CHUNK	  32768
#define PIPE_SIZE 16384

struct pump {
	struct file *file;
	win_handle pipe;   /* our end, 0 when it is over */
	win_handle childs; /* the child's, to find what it left; or 0 */
	bool child_reads;
	bool moving; /* a transfer goes on */
	struct win_async async;
	size_t start, end; /* of what waits in buffer */
	char buffer[CHUNK];
};

struct pump *pump_make(struct file *f, bool child_reads, win_handle *child_end)
{
	struct pump *p = win_alloc(sizeof *p);
	int r;

	if (!p)
		return NULL;
	r = win_async_create(&p->async);
	if (!r)
		r = win_pipe_for_child(
			&p->pipe, child_end, child_reads, PIPE_SIZE);
	if (!r && child_reads)
		r = win_duplicate(*child_end, &p->childs);
	p->file = file_get(f);
	p->child_reads = child_reads;
	if (r) {
		pump_free(p);
		return NULL;
	}
	return p;
}

static bool over(struct pump *p)
{
	win_close(p->pipe);
	p->pipe = 0;
	return false;
}

/* One call on the file: bytes, 0 at the end, -EAGAIN, -errno. */
static long transfer(struct pump *p)
{
	struct iovec v = { p->buffer + p->start,
		p->child_reads ? CHUNK : p->end - p->start };
	struct io io = { .vector = &v,
		.count = 1,
		.size = v.iov_len,
		.offset = -1,
		.nonblocking = true };

	return p->child_reads ? p->file->ops->read(p->file, &io)
			      : p->file->ops->write(p->file, &io);
}

/* The same; -EAGAIN only when s will be woken. */
static long transfer_or_register(struct pump *p, struct sleep *s)
{
	unsigned events = p->child_reads ? POLLIN : POLLOUT;
	long r = transfer(p);

	if (r != -EAGAIN || !p->file->ops->poll)
		return r;
	return p->file->ops->poll(p->file, events, s) ? transfer(p) : r;
}

/* Looks after the transfer in the pipe.  -EAGAIN: it goes on. */
static int64_t collect(struct pump *p, struct sleep *s)
{
	int64_t n = win_async_result(&p->async, p->pipe);

	if (n == -EAGAIN)
		sleep_on_handle(s, p->async.event);
	else
		p->moving = false;
	return n;
}

/* Makes the next transfer in the pipe: 1, -EAGAIN while the file has to wait,
 * or it is over. */
static int64_t begin_to_child(struct pump *p, struct sleep *s)
{
	int64_t n = transfer_or_register(p, s);

	if (n <= 0)
		return n;
	return win_async_write(&p->async, p->pipe, p->buffer, (size_t)n) ? 0
									 : 1;
}

/* What has come goes into the file first. */
static int64_t begin_from_child(struct pump *p, struct sleep *s)
{
	while (p->start < p->end) {
		int64_t n = transfer_or_register(p, s);

		if (n <= 0)
			return n;
		p->start += (size_t)n;
	}
	return win_async_read(&p->async, p->pipe, p->buffer, CHUNK) ? 0 : 1;
}

bool pump_step(struct pump *p, struct sleep *s)
{
	int64_t n = 0;

	while (p->pipe) {
		if (p->moving) {
			n = collect(p, s);
			p->start = 0;
			p->end = n > 0 ? (size_t)n : 0;
		}
		if (n >= 0)
			n = p->child_reads ? begin_to_child(p, s)
					   : begin_from_child(p, s);
		if (n == -EAGAIN)
			return true;
		if (n <= 0)
			return over(p);
		p->moving = true;
	}
	return false;
}

/* The child has ended: what still is in its pipe, it did not read. */
static void put_back(struct pump *p)
{
	char *left = win_alloc(QUEUE_BACK);
	size_t n = 0;

	while (left && n < QUEUE_BACK) {
		int64_t r = win_pipe_peek(p->childs);

		if (r <= 0)
			break;
		if ((size_t)r > QUEUE_BACK - n)
			r = (int64_t)(QUEUE_BACK - n);
		r = win_file_read(p->childs, left + n, (size_t)r, -1);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	if (n)
		p->file->ops->unread(p->file, left, n);
	win_free(left);
}

void pump_free(struct pump *p)
{
	if (p->childs && p->file->ops->unread)
		put_back(p);
	if (p->moving && p->pipe)
		win_async_cancel(&p->async, p->pipe);
	win_close(p->pipe);
	win_close(p->childs);
	win_close(p->async.event);
	file_put(p->file);
	win_free(p);
}
