/* Windows' own pipes, as they come from or go to native programs.
 *
 * A transfer that waits in Windows cannot be interrupted everywhere, so it is
 * a thread of the host that waits.  Where a pipe can be peeked it waits with a
 * read of no bytes, which ends when there are some and takes none: what it
 * would read ahead, a child with the same standard input would miss.  A pipe of
 * Wine's host cannot be peeked; there the thread reads just the bytes that were
 * asked for. */
#include "ipc/ipc.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"

#define CHUNK 65536

#define LAST_TRY      50000000 /* ns; see stop() */
#define SHORT_PAUSE   1000000  /* ns; doubled each time, up to */
#define LONGEST_PAUSE 50000000

enum worker_state { IDLE, ASKED, DONE };
enum job {
	READ,  /* then DONE */
	WRITE, /* then DONE */
	WATCH, /* till there is something to read; then IDLE */
	PAUSE  /* till it is worth while to write again; then IDLE */
};

struct native_pipe {
	struct file file;
	win_handle handle;
	/* the thread's part; state is the one word both look at */
	_Atomic uint32_t state;
	_Atomic uint32_t closing;
	_Atomic uint32_t leave; /* WATCH and PAUSE are to end */
	win_handle thread;
	win_handle ask;	 /* event: state is ASKED, leave or closing */
	win_handle left; /* event: state is no longer ASKED */
	enum job job;
	int64_t retry_at; /* nothing fitted: not worth while before; or 0 */
	int64_t pause;	  /* ns, that led to it */
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

/* PeekNamedPipe() says whether there is something; the read only makes the wait
 * short.  Microsoft does not say that it waits, so there are pauses too. */
static void watch(struct native_pipe *p)
{
	int64_t pause = SHORT_PAUSE;

	while (!p->leave && !p->closing) {
		win_file_read(p->handle, p->buffer, 0, -1);
		if (win_pipe_peek(p->handle) || p->leave)
			return;
		win_wait(&p->ask, 1, deadline_after(pause));
		if (pause < LONGEST_PAUSE)
			pause *= 2;
	}
}

static void pause_writing(struct native_pipe *p)
{
	while (!p->leave && !p->closing && win_clock_monotonic() < p->retry_at)
		win_wait(&p->ask, 1, p->retry_at);
}

static void do_job(struct native_pipe *p)
{
	switch (p->job) {
	case READ:
		p->got = win_file_read(p->handle, p->buffer, p->wanted, -1);
		if (p->got == -EPIPE)
			p->got = 0; /* the last writer is gone */
		break;
	case WRITE:
		p->got = write_all(p->handle, p->buffer, p->wanted);
		break;
	case WATCH:
		watch(p);
		break;
	case PAUSE:
		pause_writing(p);
		break;
	}
}

static void work(void *argument)
{
	struct native_pipe *p = argument;

	for (;;) {
		while (p->state != ASKED && !p->closing)
			win_wait(&p->ask, 1, WIN_FOREVER);
		if (p->closing)
			return;
		do_job(p);
		p->at = 0;
		p->state = p->job == READ || p->job == WRITE ? DONE : IDLE;
		win_event_set(p->left);
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
	if (!r && !p->left)
		r = win_event_create(&p->left, NULL, false);
	return r ? r : win_thread_create(&p->thread, NULL, 65536, work, p);
}

static void begin(struct native_pipe *p, size_t size, enum job job)
{
	p->wanted = size;
	p->job = job;
	p->leave = false;
	p->state = ASKED;
	win_event_set(p->ask);
}

static int ask(struct native_pipe *p, size_t size, enum job job)
{
	int r = need_thread(p);

	if (!r && p->state == IDLE)
		begin(p, size < CHUNK ? size : CHUNK, job);
	return r;
}

static bool is_watched(struct native_pipe *p)
{
	return p->state == ASKED && (p->job == WATCH || p->job == PAUSE);
}

/* Windows does nothing else with the handle while a transfer waits (Microsoft
 * "NtCreateFile", FILE_SYNCHRONOUS_IO_NONALERT), and who gets it must not find
 * one there.  A read that is about to begin cannot be cancelled yet, so that is
 * asked again. */
static void unwatch(struct native_pipe *p)
{
	int64_t pause = 100000;

	while (is_watched(p)) {
		p->leave = true;
		win_event_set(p->ask);
		win_cancel_synchronous(p->thread);
		win_wait(&p->left, 1, deadline_after(pause));
		if (pause < LONGEST_PAUSE)
			pause *= 2;
	}
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
	while (!r && p->state == ASKED)
		r = sleep_wait(&s);
	sleep_end(&s);
	return r;
}

/* Until the thread has read, or there is something to read without it: 0, or
 * what the call is to answer. */
static long await_input(struct native_pipe *p, size_t size, bool nonblocking)
{
	long r = 0;

	if (nonblocking)
		unwatch(p);
	while (!r && p->state != DONE) {
		int64_t available = -EINVAL;

		if (p->state == IDLE)
			available = win_pipe_peek(p->handle);
		if (available == -EPIPE || available > 0)
			return 0;
		if (p->state == IDLE && available == 0 && nonblocking)
			return -EAGAIN;
		if (p->state == IDLE)
			r = ask(p, size, available ? READ : WATCH);
		if (!r && nonblocking && p->state == ASKED)
			return -EAGAIN;
		if (!r)
			r = await(p);
	}
	return r;
}

static long native_read(struct file *f, struct io *io)
{
	struct native_pipe *p = native(f);
	const struct iovec *v = io->vector;
	long r;

	while (v < io->vector + io->count && !v->iov_len)
		v++;
	if (v == io->vector + io->count)
		return 0;
	r = await_input(p, v->iov_len, io->nonblocking);
	if (r)
		return r;
	if (p->state == DONE)
		return take(p, v->iov_base, v->iov_len);
	r = win_file_read(p->handle, v->iov_base, v->iov_len, -1);
	return r == -EPIPE ? 0 : r;
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
	unwatch(p);
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
	begin(p, size, WRITE);
	return finish_write(p);
}

/* O_NONBLOCK: POSIX write(), "pipe or FIFO".  What cannot say whether something
 * fits waits all the same. */
static long write_now(struct native_pipe *p, const void *user, size_t size)
{
	int64_t n;

	unwatch(p);
	if (p->state != IDLE)
		return -EAGAIN;
	if (!win_pipe_may_block(p->handle, size))
		return win_file_write(p->handle, user, size, -1);
	n = win_pipe_write_now(p->handle, user, size, size > PIPE_BUF);
	if (n == -EINVAL)
		return write_some(p, user, size);
	p->pause = n != -EAGAIN		      ? 0
		   : !p->pause		      ? SHORT_PAUSE
		   : p->pause < LONGEST_PAUSE ? p->pause * 2
					      : p->pause;
	p->retry_at = p->pause ? deadline_after(p->pause) : 0;
	return n;
}

static long native_write(struct file *f, struct io *io)
{
	long done = 0;

	for (int i = 0; i < io->count; i++) {
		const struct iovec *v = &io->vector[i];

		for (size_t at = 0; at < v->iov_len;) {
			const char *from = (const char *)v->iov_base + at;
			size_t left = v->iov_len - at;
			long n = io->nonblocking
					 ? write_now(native(f), from, left)
					 : write_some(native(f), from, left);

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

/* Wine does not know how much fits, and Windows knows too little while a reader
 * waits: so a writer for whom nothing fitted tries again after a pause. */
static bool can_write(struct native_pipe *p, bool sleeps)
{
	if (!p->retry_at || win_clock_monotonic() >= p->retry_at ||
		!win_pipe_may_block(p->handle, 1))
		return true;
	if (!sleeps)
		return false;
	return ask(p, 0, PAUSE) || p->job != PAUSE;
}

static unsigned can_read(struct native_pipe *p, unsigned events, bool sleeps)
{
	int64_t available;

	if (p->state == IDLE) {
		available = win_pipe_peek(p->handle);
		if (available == -EPIPE)
			return POLLHUP;
		if (available > 0)
			return events;
		if (available)
			ask(p, 1, READ);
		else if (sleeps)
			ask(p, 1, WATCH);
	}
	if (p->state != DONE)
		return 0;
	return p->got == 0 ? POLLHUP : events;
}

static unsigned native_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct native_pipe *p = native(f);
	unsigned reading = events & (POLLIN | POLLRDNORM);
	unsigned writing = events & (POLLOUT | POLLWRNORM);
	unsigned ready = 0;

	/* who sleeps is woken by the thread */
	if (s)
		sleep_on(s, &p->ready);
	else
		unwatch(p);
	if (writing && can_write(p, s))
		ready |= writing;
	if (reading)
		ready |= can_read(p, reading, s);
	return ready;
}

static long native_ioctl(struct file *f, unsigned long request, uintptr_t user)
{
	struct native_pipe *p = native(f);
	int64_t n = 0;
	int count;

	if (request != FIONREAD)
		return -ENOTTY;
	unwatch(p);
	if (p->state != ASKED)
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
	unwatch(native(f));
	return win_duplicate(native(f)->handle, out);
}

static void native_pack(struct file *f, struct transfer *to)
{
	unwatch(native(f));
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
	win_close(p->left);
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
