/* The Windows console as a terminal, in Windows' own line mode: enough for
 * isatty(), typing and Ctrl-C.  Line discipline of our own comes with ptys. */
#include "tty/tty.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"

#define UNITS 1024	  /* of UTF-16 at once */
#define LINE  (3 * UNITS) /* the same in UTF-8 */

/* ns that Ctrl-C is given to end a read, and to become a signal */
#define CONTROL_TIME 100000000

struct console {
	struct file file; /* its lock guards `cut` */
	win_handle handle;
	char cut[4]; /* begin of a character whose rest is yet to be written */
	size_t cut_size;
};

/* What is left of the line that was typed last; one for the process. */
static struct {
	struct lock lock;
	char bytes[LINE];
	size_t at, length;
	/* the handle that Windows reads a line from, while it does */
	_Atomic(win_handle) reading;
	win_handle ended;	 /* event: that read has ended */
	atomic_bool interrupted; /* by Ctrl-C */
} typed HOST_STATE = { .lock = LOCK_INIT(RANK_TTY) };

static win_handle handle_of(struct file *f)
{
	return container_of(f, struct console, file)->handle;
}

/* CR LF of Windows' line mode as LF.  Ctrl-D gives what was typed before it:
 * nothing is the end of the file, and so is Ctrl-Z at a line's start. */
static void take_line(const uint16_t *units, int64_t n)
{
	size_t to = 0, length;

	if (n && units[n - 1] == 4)
		n--;
	length = utf8_from_utf16(typed.bytes, LINE, units, (size_t)n);
	for (size_t i = 0; i < length; i++)
		if (typed.bytes[i] != '\r')
			typed.bytes[to++] = typed.bytes[i];
	if (to && typed.bytes[0] == 26)
		to = 0;
	typed.at = 0;
	typed.length = to;
}

static long await(struct file *f)
{
	struct sleep s;
	long r;

	sleep_begin(&s, WIN_FOREVER);
	sleep_on_handle(&s, handle_of(f));
	for (;;) {
		win_handle h = handle_of(f);

		if (win_wait(&h, 1, 0) == 0) {
			r = 0;
			break;
		}
		r = sleep_wait(&s);
		if (r)
			break;
	}
	sleep_end(&s);
	return r;
}

/* Ctrl-C has ended a read; another thread or process sends its signal. */
static long await_signal(void)
{
	struct sleep s;

	sleep_begin(&s, win_clock_monotonic() + CONTROL_TIME);
	sleep_wait(&s);
	sleep_end(&s);
	return -ERESTARTSYS;
}

static long console_read(struct file *f, struct io *io)
{
	const struct iovec *v = io->vector;
	long r = 0;

	if (!io->count || !v->iov_len)
		return 0;
	if (typed.at == typed.length) {
		uint16_t units[UNITS];
		int64_t n;

		r = await(f);
		if (r)
			return r;
		if (!typed.ended && win_event_create(&typed.ended, NULL, true))
			return -ENOMEM;
		typed.interrupted = false;
		win_event_reset(typed.ended);
		typed.reading = handle_of(f);
		n = win_console_read(handle_of(f), units, UNITS);
		typed.reading = 0;
		win_event_set(typed.ended);
		if (typed.interrupted || n == -EINTR)
			return await_signal();
		if (n < 0)
			return (long)n;
		take_line(units, n);
	}
	lock_take(&typed.lock);
	r = (long)(typed.length - typed.at);
	if (r > (long)v->iov_len)
		r = (long)v->iov_len;
	if (user_copy_out(v->iov_base, typed.bytes + typed.at, (size_t)r))
		r = -EFAULT;
	else
		typed.at += (size_t)r;
	lock_drop(&typed.lock);
	return r;
}

/* Whether these bytes begin a character and do not end it. */
static bool is_cut(const char *p, size_t size)
{
	unsigned char lead = (unsigned char)p[0];
	size_t whole = lead < 0xc2   ? 1
		       : lead < 0xe0 ? 2
		       : lead < 0xf0 ? 3
		       : lead < 0xf5 ? 4
				     : 1;

	if (whole <= size)
		return false;
	for (size_t i = 1; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* UTF-8 as UTF-16; what is none becomes U+FFFD.  Returns how many bytes were
 * taken: all but the first bytes of a character that is not whole. */
static size_t convert(
	const char *from, size_t size, uint16_t *to, size_t *units)
{
	size_t i = 0, n = 0, step;
	uint32_t c;

	for (; i < size && !is_cut(from + i, size - i); i += step) {
		step = utf8_decode(from + i, size - i, &c);
		if (!step) {
			step = 1;
			c = 0xfffd;
		}
		if (c >= 0x10000) {
			to[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		to[n++] = (uint16_t)c;
	}
	*units = n;
	return i;
}

static long write_some(struct console *c, const char *user, size_t size)
{
	char bytes[UNITS];
	uint16_t units[UNITS];
	size_t length, taken, count;
	long r = 0;

	lock_take(&c->file.lock);
	length = c->cut_size;
	memcpy(bytes, c->cut, length);
	if (size > UNITS - length)
		size = UNITS - length;
	if (user_copy_in(bytes + length, user, size))
		r = -EFAULT;
	if (!r) {
		length += size;
		taken = convert(bytes, length, units, &count);
		c->cut_size = length - taken;
		memcpy(c->cut, bytes + taken, c->cut_size);
	}
	lock_drop(&c->file.lock);
	if (!r)
		r = win_console_write(c->handle, units, count);
	return r ? r : (long)size;
}

static long console_write(struct file *f, struct io *io)
{
	struct console *c = container_of(f, struct console, file);
	long done = 0;

	for (int i = 0; i < io->count; i++) {
		const char *from = io->vector[i].iov_base;
		size_t left = io->vector[i].iov_len;

		while (left) {
			long n = write_some(c, from, left);

			if (n < 0)
				return done ? done : n;
			done += n;
			from += n;
			left -= (size_t)n;
		}
	}
	return done;
}

static unsigned console_poll(struct file *f, unsigned events, struct sleep *s)
{
	win_handle h = handle_of(f);
	unsigned ready = events & (POLLOUT | POLLWRNORM);

	if (!(events & (POLLIN | POLLRDNORM)))
		return ready;
	if (typed.at < typed.length || win_wait(&h, 1, 0) == 0)
		ready |= events & (POLLIN | POLLRDNORM);
	if (s)
		sleep_on_handle(s, h);
	return ready;
}

static void fill_termios(struct termios *t)
{
	memset(t, 0, sizeof *t);
	t->c_iflag = ICRNL | IXON;
	t->c_oflag = OPOST | ONLCR;
	t->c_cflag = CS8 | CREAD | B38400;
	t->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK;
	t->c_cc[VINTR] = 3;
	t->c_cc[VQUIT] = 28;
	t->c_cc[VERASE] = 127;
	t->c_cc[VKILL] = 21;
	t->c_cc[VEOF] = 4;
	t->c_cc[VMIN] = 1;
	t->c_cc[VSUSP] = 26;
}

/* The kernel's struct has 19 control characters and no speeds. */
#define KERNEL_TERMIOS 36

static int foreground(void)
{
	struct shared *s = task_shared();

	return s->console_group ? s->console_group
				: s->process[current->process->slot].group;
}

static long console_ioctl(struct file *f, unsigned long request, uintptr_t user)
{
	struct winsize size = { 24, 80, 0, 0 };
	struct termios t;
	int columns, rows, n;

	switch (request) {
	case TCGETS:
		fill_termios(&t);
		return user_copy_out((void *)user, &t, KERNEL_TERMIOS);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return user_copy_in(&t, (void *)user, KERNEL_TERMIOS);
	case TIOCGWINSZ:
		if (!win_console_size(handle_of(f), &columns, &rows)) {
			size.ws_col = (unsigned short)columns;
			size.ws_row = (unsigned short)rows;
		}
		return user_copy_out((void *)user, &size, sizeof size);
	case TIOCGPGRP:
		n = foreground();
		return user_copy_out((void *)user, &n, sizeof n);
	case TIOCSPGRP:
		if (user_copy_in(&n, (void *)user, sizeof n))
			return -EFAULT;
		if (n <= 0)
			return -EINVAL;
		task_shared()->console_group = n;
		return 0;
	case TIOCGSID:
		n = task_process_slot(current->process->slot)->session;
		return user_copy_out((void *)user, &n, sizeof n);
	}
	return -ENOTTY;
}

static long console_stat(struct file *f, struct kstat *out)
{
	(void)f;
	memset(out, 0, sizeof *out);
	out->dev = 5;
	out->ino = 50;
	out->nlink = 1;
	out->mode = S_IFCHR | 0620;
	out->rdev = 5 << 8;
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->blksize = 1024;
	return 0;
}

static long console_native(struct file *f, win_handle *out, bool *pump)
{
	*pump = false;
	return win_duplicate(handle_of(f), out);
}

static void console_pack(struct file *f, struct transfer *to)
{
	transfer_put_handle(to, handle_of(f));
}

static void console_release(struct file *f)
{
	win_close(handle_of(f));
	win_free(f);
}

static const struct file_ops console_ops = {
	.name = "console",
	.kind = FILE_CONSOLE,
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
	.stat = console_stat,
	.native = console_native,
	.pack = console_pack,
	.release = console_release,
};

static struct file *make(win_handle h, int flags)
{
	struct console *c = win_alloc(sizeof *c);

	if (!c) {
		win_close(h);
		return NULL;
	}
	file_init(&c->file, &console_ops, flags);
	c->handle = h;
	return &c->file;
}

struct file *console_adopt(win_handle h, int flags)
{
	win_console_escapes(h);
	return make(h, flags);
}

static struct file *console_unpack(struct transfer *from)
{
	return make(transfer_get_handle(from), 0);
}

/* The descriptor that is a terminal stands for it: Windows has one handle for
 * input and one for output, and a program that opens /dev/tty may want both.
 * Then the one for input is taken, as job control asks only that. */
long console_open(int flags, struct file **out)
{
	struct file *f;

	for (int fd = 0; fd < 3; fd++) {
		int wanted = (flags & O_ACCMODE) == O_WRONLY ? 2 - fd : fd;

		if (fd_get(wanted, &f))
			continue;
		if (f->ops == &console_ops) {
			*out = f;
			return 0;
		}
		file_put(f);
	}
	return -ENXIO;
}

/* Windows' console ends a read at Ctrl-C.  Wine's (8.0) empties the line and
 * goes on: it gets the Enter that it waits for, and the line is dropped.
 * `from` was being read when Ctrl-C came: not by a read that the signal has
 * already led to. */
static void end_reading(win_handle from)
{
	if (!from || typed.reading != from)
		return;
	typed.interrupted = true;
	if (win_wait(&typed.ended, 1, win_clock_monotonic() + CONTROL_TIME) < 0)
		win_console_enter(from);
}

static void tell_foreground(struct process *p, uint32_t type)
{
	struct shared *s = task_shared();
	struct signal_record record = { .signal = SIGHUP, .code = SI_KERNEL };

	if (type < 2)
		record.signal = type == 0 ? SIGINT : SIGQUIT;
	signal_send_group(
		s->console_group ? s->console_group : s->process[p->slot].group,
		&record);
}

/* Ctrl-C goes to the foreground group.  Every process on the console hears
 * it; only the one that Windows started passes it on. */
static bool control(uint32_t type)
{
	struct process *p = task_process();
	uint64_t host = task_shared()->hosts[task_host].word;
	win_handle from = typed.reading;

	if (p && task_host_state(host) == HOST_NATIVE)
		tell_foreground(p, type);
	if (type == 0)
		end_reading(from);
	return true;
}

void tty_start(void)
{
	file_register(FILE_CONSOLE, console_unpack);
	win_console_control(control);
}
