/* poll(2), select(2) and their variants. */
#include "call/call.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "abi/errno.h"
#include "call/private.h"
#include "ipc/ipc.h"
#include "memory/memory.h"
#include "signal/signal.h"

static long do_poll(struct pollfd *user, unsigned long count, int64_t deadline)
{
	struct pollfd few[16], *fds = few;
	size_t size = count * sizeof *fds;
	long r;

	if (count > current->process->limits[LIMIT_FILES][0])
		return -EINVAL;
	if (count > array_size(few) && !(fds = win_alloc(size)))
		return -ENOMEM;
	r = user_copy_in(fds, user, size);
	if (!r)
		r = poll_files(fds, (unsigned)count, deadline);
	if (r >= 0 && user_copy_out(user, fds, size))
		r = -EFAULT;
	if (fds != few)
		win_free(fds);
	return r;
}

long sys_poll(struct pollfd *fds, unsigned long count, int milliseconds)
{
	return do_poll(fds, count,
		milliseconds < 0 ? WIN_FOREVER
		: milliseconds	 ? deadline_of_call(deadline_after(
					   milliseconds * 1000000l))
				 : 0);
}

long poll_deadline(int64_t *out, const struct timespec *user)
{
	struct timespec t;
	long r = deadline_from_user(out, user, CLOCK_MONOTONIC, false);

	if (!r && user && !user_copy_in(&t, user, sizeof t) && !t.tv_sec &&
		!t.tv_nsec)
		*out = 0;
	return r;
}

long sys_ppoll(struct pollfd *fds, unsigned long count,
	const struct timespec *timeout, const uint64_t *mask, size_t size)
{
	int64_t deadline;
	long r = poll_deadline(&deadline, timeout);

	if (!r)
		r = mask_for_wait(mask, size);
	return r ? r : mask_after_wait(do_poll(fds, count, deadline));
}

/* ---- select ---- */

#define SETS	  3
#define SET_WORDS (FD_SETSIZE / 64)

static const short events_of[SETS] = { POLLIN | POLLRDNORM,
	POLLOUT | POLLWRNORM, POLLPRI };
/* man 2 select, "Correspondence between select() and poll()" */
static const short ready_of[SETS] = { POLLIN | POLLRDNORM | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLERR, POLLPRI };

struct sets {
	uint64_t bits[SETS][SET_WORDS];
};

static bool has(const struct sets *s, int set, int fd)
{
	return s->bits[set][fd / 64] >> fd % 64 & 1;
}

static unsigned collect(const struct sets *s, int count, struct pollfd *fds)
{
	unsigned n = 0;

	for (int fd = 0; fd < count; fd++) {
		short events = 0;

		for (int k = 0; k < SETS; k++)
			if (has(s, k, fd))
				events |= events_of[k];
		if (events)
			fds[n++] = (struct pollfd){ fd, events, 0 };
	}
	return n;
}

static long distribute(struct sets *s, const struct pollfd *fds, unsigned n)
{
	struct sets wanted = *s;
	long ready = 0;

	memset(s, 0, sizeof *s);
	for (unsigned i = 0; i < n; i++) {
		int fd = fds[i].fd;

		if (fds[i].revents & POLLNVAL)
			return -EBADF;
		for (int k = 0; k < SETS; k++) {
			if (!has(&wanted, k, fd) ||
				!(fds[i].revents & ready_of[k]))
				continue;
			s->bits[k][fd / 64] |= 1ul << fd % 64;
			ready++;
		}
	}
	return ready;
}

static long do_select(int count, void *const user[SETS], int64_t deadline)
{
	struct sets s;
	struct pollfd *fds;
	size_t size;
	unsigned n;
	long r = 0;

	if (count < 0)
		return -EINVAL;
	if (count > FD_SETSIZE)
		count = FD_SETSIZE;
	size = (size_t)(count + 63) / 64 * 8;
	memset(&s, 0, sizeof s);
	for (int k = 0; !r && k < SETS; k++)
		if (user[k])
			r = user_copy_in(s.bits[k], user[k], size);
	if (r)
		return r;
	fds = win_alloc((size_t)(count + 1) * sizeof *fds);
	if (!fds)
		return -ENOMEM;
	n = collect(&s, count, fds);
	r = poll_files(fds, n, deadline);
	if (r >= 0)
		r = distribute(&s, fds, n);
	win_free(fds);
	for (int k = 0; r >= 0 && k < SETS; k++)
		if (user[k] && user_copy_out(user[k], s.bits[k], size))
			r = -EFAULT;
	return r;
}

/* Linux tells in the timeout what is left of it: man 2 select. */
static long tell_rest(struct timeval *user, int64_t deadline)
{
	int64_t left = deadline - win_clock_monotonic();
	struct timeval v;

	if (!user || deadline == WIN_FOREVER)
		return 0;
	if (left < 0 || !deadline)
		left = 0;
	v = (struct timeval){ left / SECOND, left % SECOND / 1000 };
	return user_copy_out(user, &v, sizeof v);
}

long sys_select(int count, void *readable, void *writable, void *exceptional,
	struct timeval *timeout)
{
	void *sets[SETS] = { readable, writable, exceptional };
	int64_t deadline = WIN_FOREVER;
	struct timeval v;
	struct timespec t;
	long r;

	if (timeout) {
		if (user_copy_in(&v, timeout, sizeof v))
			return -EFAULT;
		if (v.tv_sec < 0 || v.tv_usec < 0)
			return -EINVAL;
		/* more than a second of them: Linux carries over */
		t.tv_sec = v.tv_sec;
		t.tv_nsec = v.tv_usec % 1000000 * 1000;
		if (__builtin_add_overflow(
			    t.tv_sec, v.tv_usec / 1000000, &t.tv_sec))
			return -EINVAL;
		deadline = v.tv_sec || v.tv_usec
				   ? deadline_of_call(deadline_after(
					     ns_from_timespec(&t)))
				   : 0;
	}
	r = do_select(count, sets, deadline);
	tell_rest(timeout, deadline);
	return r;
}

long sys_pselect6(int count, void *readable, void *writable, void *exceptional,
	const struct timespec *timeout, const void *user)
{
	void *sets[SETS] = { readable, writable, exceptional };
	struct {
		const uint64_t *mask;
		size_t size;
	} m = { NULL, 0 };
	int64_t deadline;
	long r = poll_deadline(&deadline, timeout);

	if (!r && user && user_copy_in(&m, user, sizeof m))
		r = -EFAULT;
	if (!r)
		r = mask_for_wait(m.mask, m.size);
	return r ? r : mask_after_wait(do_select(count, sets, deadline));
}
