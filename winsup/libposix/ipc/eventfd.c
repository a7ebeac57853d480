/* eventfd(2): a counter as a file. */
#include <sys/eventfd.h>

#include "abi/errno.h"
#include "ipc/private.h"
#include "memory/memory.h"

/* man 2 eventfd: one less than the largest */
#define MOST 0xfffffffffffffffeul

/* A semaphore is read by ones. */
static bool take(struct event_slot *e, uint64_t *value, struct sleep *unused)
{
	uint64_t all;

	(void)unused;
	shared_lock_take(&e->lock);
	all = e->value;
	*value = all && e->mode ? 1 : all;
	e->value = all - *value;
	shared_lock_drop(&e->lock);
	if (all)
		wake(&e->writable);
	return all;
}

static bool add(struct event_slot *e, uint64_t *value, struct sleep *unused)
{
	bool fits;

	(void)unused;
	shared_lock_take(&e->lock);
	fits = *value <= MOST - e->value;
	if (fits)
		e->value += *value;
	shared_lock_drop(&e->lock);
	if (fits)
		wake(&e->readable);
	return fits;
}

static long eventfd_read_io(struct file *f, struct io *io)
{
	return event_read_number(f, io, take);
}

/* Each part is a number by itself. */
static long eventfd_write_io(struct file *f, struct io *io)
{
	uint64_t value;
	long done = 0, r = 0;

	for (int i = 0; !r && i < io->count; i++) {
		if (io->vector[i].iov_len != sizeof value)
			r = -EINVAL;
		else if (user_copy_in(
				 &value, io->vector[i].iov_base, sizeof value))
			r = -EFAULT;
		else if (value > MOST)
			r = -EINVAL;
		else
			r = event_await(f, &event_slot(f)->writable,
				io->nonblocking, add, &value);
		if (!r)
			done += (long)sizeof value;
	}
	return done ? done : r;
}

static unsigned eventfd_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct event_slot *e = event_slot(f);
	unsigned ready = 0;
	uint64_t value;

	if (s && (events & (POLLIN | POLLRDNORM)))
		sleep_on(s, &e->readable);
	if (s && (events & (POLLOUT | POLLWRNORM)))
		sleep_on(s, &e->writable);
	value = e->value;
	/* Linux knows no POLLRDNORM and POLLWRNORM here */
	if (value)
		ready |= POLLIN;
	if (value < MOST)
		ready |= POLLOUT;
	return ready;
}

static const struct file_ops eventfd_ops = {
	.name = "eventfd",
	.kind = FILE_EVENTFD,
	.read = eventfd_read_io,
	.write = eventfd_write_io,
	.poll = eventfd_poll,
	EVENT_OPERATIONS,
};

long eventfd_create(
	struct file **out, int flags, uint64_t count, bool semaphore)
{
	long r = event_create(out, &eventfd_ops, flags, count);

	if (!r)
		event_slot(*out)->mode = semaphore;
	return r;
}

struct file *eventfd_unpack(struct transfer *from)
{
	return event_unpack(from, &eventfd_ops);
}
