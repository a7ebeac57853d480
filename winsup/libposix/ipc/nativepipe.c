/* Windows' own pipes, as they come from or go to native programs.
 *
 * A transfer that waits in Windows cannot be interrupted everywhere (Wine
 * cannot even tell whether there is something to read from a host's pipe), so
 * it is made by a thread of the host, for just the bytes that were asked for:
 * what it would read ahead, a child with the same standard input would miss. */
#include "ipc/ipc.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"

#define CHUNK 65536

#define LAST_TRY 50000000 /* ns; see stop() */

enum worker_state { IDLE, ASKED, DONE };

struct native_pipe {
	struct file file;
	win_handle handle;
	/* the thread's part; state is the one word both look at */
	_Atomic uint32_t state;
	_Atomic uint32_t closing;
	win_handle thread;
	win_handle ask; /* event: state is ASKED, or closing */
	bool writing;
	size_t wanted, at;
	int64_t got; /* bytes moved, 0 at the end, -errno */
	struct wait_queue ready;
	char *buffer;
};

static struct native_pipe *native(struct file *f)
{
	return container_of(f, struct native_pipe, file);
}

static int64_t write_all(win_handle h, const char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		int64_t n = win_file_write(h, bytes + done, size - done, -1);

		if (n <= 0)
			return n;
		done += (size_t)n;
	}
	return (int64_t)done;
}

static void work(void *argument)
{
	struct native_pipe *p = argument;

	for (;;) {
		while (p->state != ASKED && !p->closing)
			win_wait(&p->ask, 1, WIN_FOREVER);
		if (p->closing)
			return;
		if (p->writing)
			p->got = write_all(p->handle, p->buffer, p->wanted);
		else
			p->got = win_file_read(
				p->handle, p->buffer, p->wanted, -1);
		if (p->got == -EPIPE && !p->writing)
			p->got = 0; /* the last writer is gone */
		p->at = 0;
		p->state = DONE;
		wake(&p->ready);
	}
}

static int need_thread(struct native_pipe *p)
{
	int r = 0;

	if (p->thread)
		return 0;
	if (!p->buffer)
		p->buffer = win_alloc(CHUNK);
	if (!p->buffer)
		return -ENOMEM;
	if (!p->ask)
		r = win_event_create(&p->ask, NULL, false);
	return r ? r : win_thread_create(&p->thread, NULL, 65536, work, p);
}

static void begin(struct native_pipe *p, size_t size, bool writing)
{
	p->wanted = size;
	p->writing = writing;
	p->state = ASKED;
	win_event_set(p->ask);
}

static int ask(struct native_pipe *p, size_t size)
{
	int r = need_thread(p);

	if (!r && p->state == IDLE)
		begin(p, size < CHUNK ? size : CHUNK, false);
	return r;
}

/* What the thread has read. */
static long take(struct native_pipe *p, void *user, size_t size)
{
	size_t there;

	if (p->got <= 0) {
		long r = (long)p->got;

		p->state = IDLE;
		return r;
	}
	there = (size_t)p->got - p->at;
	if (size > there)
		size = there;
	if (user_copy_out(user, p->buffer + p->at, size))
		return -EFAULT;
	p->at += size;
	if (p->at == (size_t)p->got)
		p->state = IDLE;
	return (long)size;
}

static long await(struct native_pipe *p)
{
	struct sleep s;
	long r;

	sleep_begin(&s, WIN_FOREVER);
	r = sleep_on(&s, &p->ready);
	while (!r && p->state != DONE)
		r = sleep_wait(&s);
	sleep_end(&s);
	return r;
}

static long native_read(struct file *f, struct io *io)
{
	struct native_pipe *p = native(f);
	const struct iovec *v = io->vector;
	int64_t available;
	long r;

	while (v < io->vector + io->count && !v->iov_len)
		v++;
	if (v == io->vector + io->count)
		return 0;
	if (p->state == IDLE) {
		available = win_pipe_peek(p->handle);
		if (available == -EPIPE)
			return 0;
		if (available > 0)
			return win_file_read(
				p->handle, v->iov_base, v->iov_len, -1);
		if (available == 0 && io->nonblocking)
			return -EAGAIN;
		r = ask(p, v->iov_len);
		if (r)
			return r;
	}
	if (p->state != DONE) {
		if (io->nonblocking)
			return -EAGAIN;
		r = await(p);
		if (r)
			return r;
	}
	return take(p, v->iov_base, v->iov_len);
}

/* A call that a signal interrupted left its bytes to the thread, and now comes
 * again. */
static bool is_the_same(struct native_pipe *p, const void *user, size_t size)
{
	char *bytes = size == p->wanted ? win_alloc(size) : NULL;
	bool same = bytes && !user_copy_in(bytes, user, size) &&
		    !memcmp(bytes, p->buffer, size);

	win_free(bytes);
	return same;
}

static long finish_write(struct native_pipe *p)
{
	long r = await(p);

	if (r)
		return r;
	p->state = IDLE;
	return (long)p->got;
}

static long write_some(struct native_pipe *p, const void *user, size_t size)
{
	long r = 0;

	if (size > CHUNK)
		size = CHUNK;
	if (p->state != IDLE) {
		bool same = is_the_same(p, user, size);

		r = finish_write(p);
		if (r < 0 || same)
			return r;
	}
	if (!win_pipe_may_block(p->handle, size))
		return win_file_write(p->handle, user, size, -1);
	r = need_thread(p);
	if (r)
		return r;
	if (user_copy_in(p->buffer, user, size))
		return -EFAULT;
	begin(p, size, true);
	return finish_write(p);
}

static long native_write(struct file *f, struct io *io)
{
	long done = 0;

	for (int i = 0; i < io->count; i++) {
		const struct iovec *v = &io->vector[i];

		for (size_t at = 0; at < v->iov_len;) {
			long n = write_some(native(f),
				(const char *)v->iov_base + at,
				v->iov_len - at);

			if (n == -EPIPE)
				signal_raise(SIGPIPE);
			if (n <= 0)
				return done ? done : n;
			at += (size_t)n;
			done += n;
		}
	}
	return done;
}

static unsigned native_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct native_pipe *p = native(f);
	unsigned ready = events & (POLLOUT | POLLWRNORM);
	int64_t available;

	if (!(events & (POLLIN | POLLRDNORM)))
		return ready;
	if (s)
		sleep_on(s, &p->ready);
	if (p->state == IDLE) {
		available = win_pipe_peek(p->handle);
		if (available == -EPIPE)
			return ready | POLLHUP;
		if (available > 0)
			return ready | (events & (POLLIN | POLLRDNORM));
		ask(p, 1);
	}
	if (p->state == DONE)
		ready |= p->got == 0 ? POLLHUP : events & (POLLIN | POLLRDNORM);
	return ready;
}

static long native_ioctl(struct file *f, unsigned long request, uintptr_t user)
{
	struct native_pipe *p = native(f);
	int64_t n;
	int count;

	if (request != FIONREAD)
		return -ENOTTY;
	n = win_pipe_peek(p->handle);
	count = n > 0 ? (int)n : 0;
	if (p->state == DONE && p->got > 0)
		count += (int)((size_t)p->got - p->at);
	return user_copy_out((void *)user, &count, sizeof count);
}

static long native_stat(struct file *f, struct kstat *out)
{
	memset(out, 0, sizeof *out);
	out->dev = 8;
	out->ino = (uint64_t)native(f)->handle;
	out->nlink = 1;
	out->mode = S_IFIFO | 0600;
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->blksize = 4096;
	return 0;
}

static long native_native(struct file *f, win_handle *out, bool *pump)
{
	*pump = false;
	return win_duplicate(native(f)->handle, out);
}

static void native_pack(struct file *f, struct transfer *to)
{
	transfer_put_handle(to, native(f)->handle);
}

/* Ends the thread, should it be in a transfer, without one byte moved.  It may
 * be about to begin one, which cannot be cancelled yet: so again, later.  Of a
 * host's pipe Wine cancels nothing: then this host ends with its process, and
 * the transfer with the host, or it would take what another is to read. */
static bool stop(struct native_pipe *p)
{
	int64_t pause = 100000;

	p->closing = 1;
	win_event_set(p->ask);
	for (; pause < LAST_TRY; pause *= 4) {
		if (p->state == ASKED)
			win_cancel_synchronous(p->thread);
		if (win_wait(&p->thread, 1, deadline_after(pause)) == 0)
			return true;
	}
	task_host_retired = true;
	return false;
}

static void native_release(struct file *f)
{
	struct native_pipe *p = native(f);

	if (p->thread && !stop(p))
		return; /* it is still used */
	win_close(p->thread);
	win_close(p->handle);
	win_close(p->ask);
	win_free(p->buffer);
	win_free(p);
}

static const struct file_ops native_ops = {
	.name = "native pipe",
	.kind = FILE_NATIVE_PIPE,
	.read = native_read,
	.write = native_write,
	.poll = native_poll,
	.ioctl = native_ioctl,
	.stat = native_stat,
	.native = native_native,
	.pack = native_pack,
	.release = native_release,
};

struct file *native_pipe_adopt(win_handle h, int flags)
{
	struct native_pipe *p = win_alloc(sizeof *p);

	if (!p) {
		win_close(h);
		return NULL;
	}
	file_init(&p->file, &native_ops, flags);
	p->handle = h;
	return &p->file;
}

struct file *native_pipe_unpack(struct transfer *from)
{
	return native_pipe_adopt(transfer_get_handle(from), 0);
}
