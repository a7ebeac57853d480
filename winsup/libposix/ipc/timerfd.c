/* timerfd_create(2): a timer as a file.  Nothing runs when it ends: how often
 * it has is reckoned from the time by who asks, and who waits sleeps until
 * then. */
#include <time.h>

#include "abi/errno.h"
#include "ipc/private.h"

static int64_t now_of(const struct event_slot *e)
{
	return e->mode ? win_clock_realtime() : win_clock_monotonic();
}

/* How often it has ended by `now` without having been read. */
static uint64_t ended(const struct event_slot *e, int64_t now)
{
	if (!e->due || now < e->due)
		return 0;
	return e->interval ? 1 + (uint64_t)((now - e->due) / e->interval) : 1;
}

static void sleep_until_due(
	const struct event_slot *e, int64_t now, struct sleep *s)
{
	if (e->due)
		sleep_at(s, deadline_after(e->due - now));
}

static bool take(struct event_slot *e, uint64_t *value, struct sleep *s)
{
	int64_t now, due;

	shared_lock_take(&e->lock);
	now = now_of(e);
	*value = ended(e, now);
	if (*value &&
		(!e->interval || __builtin_add_overflow(e->due,
					 (int64_t)*value * e->interval, &due)))
		due = 0; /* once, or again beyond the end of time */
	if (*value)
		e->due = due;
	else if (s)
		sleep_until_due(e, now, s);
	shared_lock_drop(&e->lock);
	/* who waits for its end has to know when that comes now */
	if (*value && e->interval)
		wake(&e->readable);
	return *value;
}

static long timerfd_read(struct file *f, struct io *io)
{
	return event_read_number(f, io, take);
}

static unsigned timerfd_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct event_slot *e = event_slot(f);
	int64_t now;
	bool any;

	(void)events;
	if (s)
		sleep_on(s, &e->readable);
	shared_lock_take(&e->lock);
	now = now_of(e);
	any = ended(e, now);
	if (!any && s)
		sleep_until_due(e, now, s);
	shared_lock_drop(&e->lock);
	return any ? POLLIN : 0;
}

static const struct file_ops timerfd_ops = {
	.name = "timerfd",
	.kind = FILE_TIMERFD,
	.read = timerfd_read,
	.poll = timerfd_poll,
	EVENT_OPERATIONS,
};

long timerfd_make(struct file **out, int flags, int clock)
{
	return event_create(out, &timerfd_ops, flags, (uint64_t)clock);
}

static void tell(const struct event_slot *e, int64_t now, int64_t *left,
	int64_t *interval)
{
	*interval = e->interval;
	*left = 0;
	if (!e->due)
		return;
	if (e->due > now)
		*left = e->due - now;
	else if (e->interval)
		*left = e->interval - (now - e->due) % e->interval;
}

long timerfd_get(struct file *f, int64_t *left, int64_t *interval)
{
	struct event_slot *e;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	e = event_slot(f);
	shared_lock_take(&e->lock);
	tell(e, now_of(e), left, interval);
	shared_lock_drop(&e->lock);
	return 0;
}

long timerfd_set(struct file *f, bool absolute, int64_t first, int64_t interval,
	int64_t *old_left, int64_t *old_interval)
{
	struct event_slot *e;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	e = event_slot(f);
	shared_lock_take(&e->lock);
	tell(e, now_of(e), old_left, old_interval);
	e->mode = absolute && e->value == CLOCK_REALTIME;
	e->interval = interval;
	e->due = !first || absolute ? first : deadline_after(first);
	shared_lock_drop(&e->lock);
	wake(&e->readable);
	return 0;
}

struct file *timerfd_unpack(struct transfer *from)
{
	return event_unpack(from, &timerfd_ops);
}
