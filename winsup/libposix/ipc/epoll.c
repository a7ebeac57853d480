/* epoll(7): a set of files that is kept between waits.
 *
 * Each item has an ear in the wait queues of its file (wait/sleep.c): a bit of
 * the instance's shared slot, which whoever wakes that queue sets.  So a wait
 * looks at the items that were heard, and at those that were ready the last
 * time, not at all.  What only Windows can tell (handles) has no ear: such
 * items are "deaf", and looked at and registered at each wait.
 *
 * An item leads to a file without a reference and goes with it: file_release()
 * calls epoll_file_gone(). */
#include "ipc/epoll.h"

#include "abi/errno.h"
#include "memory/memory.h"

/* ---- waiting ---- */

static void heard(struct epoll *e, unsigned bit)
{
	for (unsigned n = bit; n < e->item_room; n += EPOLL_BITS)
		if (e->items[n])
			item_is_ready(e->items[n]);
}

/* Whose ear has heard something, or whose time has come, may be ready. */
static void collect(struct epoll *e)
{
	struct epoll_slot *s = slot_of(e);
	uint64_t words = __atomic_exchange_n(
		(uint64_t *)&s->summary, 0, __ATOMIC_SEQ_CST);
	int64_t now = WIN_FOREVER;

	for (; words; words &= words - 1) {
		unsigned w = (unsigned)__builtin_ctzl(words);
		uint64_t bits = __atomic_exchange_n(
			(uint64_t *)&s->heard[w], 0, __ATOMIC_SEQ_CST);

		for (; bits; bits &= bits - 1)
			heard(e, w * 64 + (unsigned)__builtin_ctzl(bits));
	}
	list_for_each(entry, &e->special)
	{
		struct item *i = container_of(entry, struct item, special);

		if (i->due != WIN_FOREVER && now == WIN_FOREVER)
			now = win_clock_monotonic();
		if (!i->deaf && i->due > now)
			continue;
		item_is_ready(i);
		/* it has another time once it is found not ready */
		i->due = WIN_FOREVER;
		if (!i->deaf)
			list_remove(&i->special);
	}
}

/* Level-triggered items stay in the list until they are found not ready. */
static long give(struct epoll *e, struct epoll_event *user, int most)
{
	struct list again;
	long n = 0, r = 0;

	list_init(&again);
	lock_take(&e->lock);
	collect(e);
	while (n < most && !list_empty(&e->ready)) {
		struct item *i =
			container_of(e->ready.next, struct item, ready);
		struct epoll_event out = { .data = i->event.data };

		list_remove(&i->ready);
		out.events = item_look(i);
		if (!out.events)
			continue;
		if (user_copy_out(user + n, &out, sizeof out)) {
			list_append(&again, &i->ready);
			r = -EFAULT;
			break;
		}
		n++;
		if (i->event.events & EPOLLONESHOT)
			i->event.events &= OPTIONS;
		else if (!(i->event.events & EPOLLET))
			list_append(&again, &i->ready);
	}
	list_for_each(entry, &again)
	{
		list_remove(entry);
		list_append(&e->ready, entry);
	}
	lock_drop(&e->lock);
	return n ? n : r;
}

/* What has no ear, registered with one sleep; the lock is held. */
static void register_special(struct epoll *e, struct sleep *s)
{
	for (unsigned w = 0; w < array_size(e->peers); w++)
		for (uint64_t bits = e->peers[w]; bits; bits &= bits - 1)
			sleep_on_process(
				s, w * 64 + (unsigned)__builtin_ctzl(bits));
	list_for_each(entry, &e->special)
	{
		struct item *i = container_of(entry, struct item, special);

		if (item_is_off(i))
			continue;
		if (i->due != WIN_FOREVER)
			sleep_at(s, i->due);
		if (i->deaf && file_look(i->file, item_wants(i), s))
			item_is_ready(i);
	}
}

/* Something woke us and no ear has heard: a process that holds the other end
 * of something may have died, which its handle tells. */
static void look_for_dead(struct epoll *e)
{
	bool any = false;

	lock_take(&e->lock);
	for (unsigned w = 0; w < array_size(e->peers); w++) {
		for (uint64_t bits = e->peers[w]; bits; bits &= bits - 1) {
			unsigned k = (unsigned)__builtin_ctzl(bits);

			if (task_process_lives(w * 64 + k))
				continue;
			e->peers[w] &= ~(1ul << k);
			any = true;
		}
	}
	for (unsigned k = 0; any && k < e->item_room; k++)
		if (e->items[k] && !item_is_off(e->items[k]) &&
			item_listen(e->items[k]))
			item_is_ready(e->items[k]);
	lock_drop(&e->lock);
}

/* One sleep: 0 to look again.  Registered before the last look, except for
 * what has no ear, which is looked at as it is registered. */
static long await(
	struct epoll *e, struct epoll_event *user, int most, int64_t deadline)
{
	struct sleep s;
	bool has_handles, ready;
	unsigned epoch;
	long r;

	sleep_begin(&s, deadline);
	r = sleep_on(&s, &slot_of(e)->ready);
	if (!r)
		r = give(e, user, most);
	if (r)
		goto out;
	lock_take(&e->lock);
	register_special(e, &s);
	ready = !list_empty(&e->ready);
	has_handles = s.handle_count > 1;
	e->sleepers += has_handles;
	epoch = e->epoch;
	lock_drop(&e->lock);
	if (!ready)
		r = sleep_wait(&s);
	if (has_handles) {
		lock_take(&e->lock);
		if (epoch == e->epoch)
			e->sleepers--;
		else
			e->outdated--;
		lock_drop(&e->lock);
	}
out:
	sleep_end(&s);
	return r;
}

long epoll_await(struct file *epoll, struct epoll_event *user, int most,
	int64_t deadline)
{
	struct epoll *e = epoll_of(epoll);
	long r = 0;

	if (!is_epoll(epoll))
		return -EINVAL;
	epoll_settle(e);
	lock_take(&e->lock);
	if (!e->slot)
		r = epoll_take_slot(e);
	lock_drop(&e->lock);
	if (!r)
		r = give(e, user, most);
	if (r || !deadline)
		return r;
	while (!(r = await(e, user, most, deadline)) &&
		!(r = give(e, user, most)))
		look_for_dead(e);
	if (r == -ETIMEDOUT)
		return give(e, user, most);
	/* never restarted, not after a stop either: man 7 signal */
	return r == -ERESTARTSYS ? -EINTR : r;
}

/* ---- the instance as a file ---- */

static bool any_ready(struct epoll *e)
{
	while (!list_empty(&e->ready)) {
		struct item *i =
			container_of(e->ready.next, struct item, ready);

		if (item_look(i))
			return true;
		list_remove(&i->ready);
	}
	return false;
}

static unsigned epoll_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct epoll *e = epoll_of(f);
	bool ready = false;

	(void)events;
	if (e->inherited)
		epoll_settle(e);
	lock_take(&e->lock);
	if (e->slot || !epoll_take_slot(e)) {
		if (s) {
			sleep_on(s, &slot_of(e)->ready);
			register_special(e, s);
		}
		collect(e);
		ready = any_ready(e);
	}
	lock_drop(&e->lock);
	return ready ? POLLIN | POLLRDNORM : 0;
}

static long epoll_stat(struct file *f, struct kstat *out)
{
	anonymous_stat(out, description_number(f));
	return 0;
}

static void epoll_pack(struct file *f, struct transfer *to)
{
	struct epoll *e = epoll_of(f);

	lock_take(&e->lock);
	for (unsigned k = 0; k < e->item_room; k++) {
		const struct item *i = e->items[k];

		if (!i)
			continue;
		transfer_put_number(to, description_number(i->file));
		transfer_put_number(to, (uint64_t)i->fd);
		transfer_put(to, &i->event, sizeof i->event);
	}
	for (unsigned k = 0; k < e->inherited_count; k++) {
		const struct inherited *i = &e->inherited[k];

		transfer_put_number(to, i->description);
		transfer_put_number(to, (uint64_t)i->fd);
		transfer_put(to, &i->event, sizeof i->event);
	}
	transfer_put_number(to, 0);
	lock_drop(&e->lock);
}

static void epoll_release(struct file *f)
{
	struct epoll *e = epoll_of(f);

	lock_take(&epoll_watch_lock);
	lock_take(&e->lock);
	for (unsigned k = 0; k < e->item_room; k++)
		if (e->items[k])
			epoll_take_out(e->items[k]);
	lock_drop(&e->lock);
	lock_drop(&epoll_watch_lock);
	if (e->slot)
		slot_of(e)->owner = (uint64_t)e->generation << 32;
	win_free(e->items);
	win_free(e->fds);
	win_free(e->inherited);
	win_free(e);
}

const struct file_ops epoll_ops = {
	.name = "eventpoll",
	.kind = FILE_EPOLL,
	.seek = event_seek,
	.poll = epoll_poll,
	.stat = epoll_stat,
	.pack = epoll_pack,
	.release = epoll_release,
};

static struct epoll *make(int flags)
{
	struct epoll *e = win_alloc(sizeof *e);

	if (!e)
		return NULL;
	file_init(&e->file, &epoll_ops, flags);
	e->lock.rank = RANK_FILE;
	list_init(&e->ready);
	list_init(&e->special);
	return e;
}

long epoll_make(struct file **out)
{
	struct epoll *e = make(2); /* O_RDWR */

	if (!e)
		return -ENOMEM;
	*out = &e->file;
	return 0;
}

struct file *epoll_unpack(struct transfer *from)
{
	struct epoll *e = make(0);
	uint64_t description;
	unsigned room = 0;

	while (e && (description = transfer_get_number(from))) {
		struct inherited *i;

		if (e->inherited_count == room) {
			room = room ? room * 2 : 16;
			i = win_realloc(e->inherited, room * sizeof *i);
			if (!i) {
				epoll_release(&e->file);
				return NULL;
			}
			e->inherited = i;
		}
		i = &e->inherited[e->inherited_count++];
		i->description = description;
		i->fd = (int)transfer_get_number(from);
		transfer_get(from, &i->event, sizeof i->event);
	}
	return e ? &e->file : NULL;
}
