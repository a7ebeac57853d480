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
#include <string.h>
#include <sys/epoll.h>

#include "abi/errno.h"
#include "ipc/private.h"
#include "memory/memory.h"

/* What epoll_ctl(2) calls input flags. */
#define OPTIONS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define EXCLUSIVE_ALLOWED \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | \
		EPOLLEXCLUSIVE)
#define NESTED 5

struct item {
	struct epoll *epoll;
	struct file *file;
	struct item *next_of_file; /* file->watchers; watch_lock */
	struct item *next_of_fd;
	int fd;
	unsigned number; /* in epoll->items; its bit, modulo EPOLL_BITS */
	struct epoll_event event;
	struct list ready;   /* in epoll->ready, or alone */
	struct list special; /* in epoll->special, if deaf or with a time */
	bool deaf;
	int64_t due; /* when its file may be ready by time alone */
	int queue_count;
	struct wait_queue *queues[SLEEP_QUEUES]; /* its ear is in */
};

/* Told by the process that this one was forked from; found again at first use,
 * when all descriptors are there. */
struct inherited {
	uint64_t description;
	int fd;
	struct epoll_event event;
};

struct epoll {
	struct file file;
	struct lock lock; /* guards what follows */
	uint32_t slot;	  /* + 1; 0: none yet */
	uint32_t generation;
	struct item **items; /* by number */
	struct item **fds;   /* by descriptor: a list, dup() makes several */
	unsigned item_room, fd_room;
	unsigned lowest; /* no number below it is free */
	struct list ready, special;
	/* who sleeps on handles of deaf items; of those, who has one of an
	 * item that has gone since; what tells them apart */
	int sleepers, outdated;
	unsigned epoch;
	struct inherited *inherited;
	unsigned inherited_count;
	uint64_t peers[PROCESS_SLOTS / 64];
};

/* The files' lists of watchers, and so which instance watches which; taken
 * before any instance's lock. */
static struct lock watch_lock HOST_STATE = LOCK_INIT(RANK_FILE_POSITION);

static const struct file_ops epoll_ops;

static struct epoll *epoll_of(struct file *f)
{
	return container_of(f, struct epoll, file);
}

static bool is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

static struct epoll_slot *slot_of(const struct epoll *e)
{
	return &task_shared()->epolls[e->slot - 1];
}

/* ---- shared slots ---- */

static long take_slot(struct epoll *e)
{
	struct shared *sh = task_shared();
	uint64_t owner = task_process()->slot + 1;

	for (uint32_t i = 0; i < EPOLL_SLOTS; i++) {
		struct epoll_slot *s = &sh->epolls[i];
		uint64_t old = s->owner, new;

		if ((uint32_t)old)
			continue;
		if (sh->epoll_end < i + 1)
			sh->epoll_end = i + 1;
		new = ((old >> 32) + 1) << 32 | owner;
		if (!__atomic_compare_exchange_n((uint64_t *)&s->owner, &old,
			    new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		s->summary = 0;
		for (size_t k = 0; k < array_size(s->heard); k++)
			s->heard[k] = 0;
		wait_queue_init(&s->ready);
		e->slot = i + 1;
		e->generation = (uint32_t)(new >> 32);
		return 0;
	}
	return -EMFILE;
}

void epolls_forget(uint32_t process_slot)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->epoll_end; i++) {
		uint64_t owner = sh->epolls[i].owner;

		if ((uint32_t)owner == process_slot + 1)
			__atomic_compare_exchange_n(
				(uint64_t *)&sh->epolls[i].owner, &owner,
				owner & ~0xfffffffful, false, __ATOMIC_SEQ_CST,
				__ATOMIC_RELAXED);
	}
}

/* ---- items ---- */

static uint32_t ear_of(const struct item *i)
{
	return EAR(i->epoll->slot - 1, i->epoll->generation,
		i->number % EPOLL_BITS);
}

static unsigned wanted(const struct item *i)
{
	return i->event.events & ~OPTIONS;
}

static bool is_off(const struct item *i)
{
	return !wanted(i); /* EPOLLONESHOT has been told */
}

static void queue_ready(struct item *i)
{
	if (list_empty(&i->ready) && !is_off(i))
		list_append(&i->epoll->ready, &i->ready);
}

static bool is_among(const struct wait_queue *q, const struct sleep *s)
{
	for (int k = 0; k < s->queue_count; k++)
		if (s->queues[k] == q)
			return true;
	return false;
}

/* Puts the ear where it has to be and says what is ready. */
static unsigned listen(struct item *i)
{
	struct epoll *e = i->epoll;
	struct sleep s;
	unsigned ready;

	sleep_listen(&s, ear_of(i), e->peers);
	ready = file_look(i->file, wanted(i), &s);
	for (int k = 0; k < i->queue_count; k++)
		if (!is_among(i->queues[k], &s))
			sleep_listen_end(i->queues[k], ear_of(i));
	i->queue_count = s.queue_count;
	memcpy(i->queues, s.own, sizeof i->queues);
	i->deaf = s.deaf;
	i->due = s.at;
	list_remove(&i->special);
	if (i->deaf || i->due != WIN_FOREVER)
		list_append(&e->special, &i->special);
	return ready;
}

/* First without a registration, which costs more. */
static unsigned look(struct item *i)
{
	unsigned ready;

	if (is_off(i))
		return 0;
	ready = file_look(i->file, wanted(i), NULL);
	return ready ? ready : listen(i);
}

static struct item *find(struct epoll *e, int fd, const struct file *f)
{
	struct item *i = (unsigned)fd < e->fd_room ? e->fds[fd] : NULL;

	while (i && i->file != f)
		i = i->next_of_fd;
	return i;
}

static long grow(struct item ***array, unsigned *room, unsigned needed)
{
	unsigned more = *room ? *room : 32;
	struct item **new;

	if (needed < *room)
		return 0;
	while (more <= needed)
		more *= 2;
	new = win_realloc(*array, more * sizeof *new);
	if (!new)
		return -ENOMEM;
	memset(new + *room, 0, (more - *room) * sizeof *new);
	*array = new;
	*room = more;
	return 0;
}

static long insert(struct epoll *e, struct item *i)
{
	unsigned n = e->lowest;
	long r;

	while (n < e->item_room && e->items[n])
		n++;
	r = grow(&e->items, &e->item_room, n);
	if (!r)
		r = grow(&e->fds, &e->fd_room, (unsigned)i->fd);
	if (r)
		return r;
	i->number = n;
	e->lowest = n + 1;
	e->items[n] = i;
	i->next_of_fd = e->fds[i->fd];
	e->fds[i->fd] = i;
	i->next_of_file = i->file->watchers;
	i->file->watchers = i;
	return 0;
}

/* Both locks are held. */
static void take_out(struct item *i)
{
	struct epoll *e = i->epoll;
	struct item **at = (struct item **)&i->file->watchers;

	while (*at != i)
		at = &(*at)->next_of_file;
	*at = i->next_of_file;
	at = &e->fds[i->fd];
	while (*at != i)
		at = &(*at)->next_of_fd;
	*at = i->next_of_fd;
	e->items[i->number] = NULL;
	for (int k = 0; k < i->queue_count; k++)
		sleep_listen_end(i->queues[k], ear_of(i));
	list_remove(&i->ready);
	list_remove(&i->special);
	if (i->number < e->lowest)
		e->lowest = i->number;
	if (i->deaf) {
		e->outdated += e->sleepers;
		e->sleepers = 0;
		e->epoch++;
	}
	win_free(i);
}

void epoll_file_gone(struct file *f)
{
	struct item *i;

	lock_take(&watch_lock);
	while ((i = f->watchers)) {
		struct epoll *e = i->epoll;

		lock_take(&e->lock);
		take_out(i);
		/* its handles may be closed when nobody waits for them: MSDN
		 * WaitForMultipleObjects, "If one of these handles is closed
		 * while the wait is still pending" */
		while (e->outdated) {
			lock_drop(&e->lock);
			wake(&slot_of(e)->ready);
			win_thread_yield();
			lock_take(&e->lock);
		}
		lock_drop(&e->lock);
	}
	lock_drop(&watch_lock);
}

/* ---- nesting ---- */

/* How many instances watch one another in a row below e; NESTED + 1 for too
 * many, or when `above` is among them.  watch_lock is held. */
static int depth_below(const struct epoll *e, const struct epoll *above, int n)
{
	int deepest = n;

	if (e == above || n > NESTED)
		return NESTED + 1;
	for (unsigned k = 0; k < e->item_room; k++) {
		int d;

		if (!e->items[k] || !is_epoll(e->items[k]->file))
			continue;
		d = depth_below(epoll_of(e->items[k]->file), above, n + 1);
		deepest = d > deepest ? d : deepest;
	}
	return deepest;
}

static int depth_above(const struct epoll *e, int n)
{
	int highest = n;

	for (const struct item *i = e->file.watchers; i && n <= NESTED;
		i = i->next_of_file) {
		int d = depth_above(i->epoll, n + 1);

		highest = d > highest ? d : highest;
	}
	return highest;
}

/* ---- epoll_ctl ---- */

static void tell_sleepers(struct epoll *e)
{
	wake(&slot_of(e)->ready);
}

static long add(struct epoll *e, int fd, struct file *f,
	const struct epoll_event *event)
{
	struct item *i;
	long r;

	if (find(e, fd, f))
		return -EEXIST;
	if (is_epoll(f) &&
		(depth_below(epoll_of(f), e, 1) + depth_above(e, 1)) > NESTED)
		return -ELOOP;
	i = win_alloc(sizeof *i);
	if (!i)
		return -ENOMEM;
	i->epoll = e;
	i->file = f;
	i->fd = fd;
	i->event = *event;
	i->due = WIN_FOREVER;
	list_init(&i->ready);
	list_init(&i->special);
	r = insert(e, i);
	if (r) {
		win_free(i);
		return r;
	}
	if (listen(i))
		queue_ready(i);
	return 0;
}

static void modify(struct item *i, const struct epoll_event *event)
{
	i->event = *event;
	list_remove(&i->ready);
	if (listen(i))
		queue_ready(i);
}

static long change(struct epoll *e, int operation, int fd, struct file *f,
	const struct epoll_event *event)
{
	struct item *i = find(e, fd, f);

	switch (operation) {
	case EPOLL_CTL_ADD:
		return add(e, fd, f, event);
	case EPOLL_CTL_DEL:
		if (!i)
			return -ENOENT;
		take_out(i);
		return 0;
	case EPOLL_CTL_MOD:
		if (!i)
			return -ENOENT;
		if (i->event.events & EPOLLEXCLUSIVE)
			return -EINVAL;
		modify(i, event);
		return 0;
	}
	return -EINVAL;
}

static long change_locked(struct epoll *e, int operation, int fd,
	struct file *f, const struct epoll_event *event)
{
	long r = 0;

	lock_take(&watch_lock);
	lock_take(&e->lock);
	if (!e->slot)
		r = take_slot(e);
	if (!r)
		r = change(e, operation, fd, f, event);
	lock_drop(&e->lock);
	lock_drop(&watch_lock);
	if (!r)
		tell_sleepers(e);
	return r;
}

/* ---- what fork has told ---- */

struct search {
	uint64_t description;
	struct file *found;
};

static void is_it(struct file *f, void *argument)
{
	struct search *s = argument;

	if (!s->found && f->description == s->description)
		s->found = file_get(f);
}

static void settle(struct epoll *e)
{
	struct inherited *all;
	unsigned count;

	lock_take(&e->lock);
	all = e->inherited;
	count = e->inherited_count;
	e->inherited = NULL;
	e->inherited_count = 0;
	lock_drop(&e->lock);
	for (unsigned k = 0; k < count; k++) {
		struct search s = { all[k].description, NULL };

		files_each(is_it, &s);
		if (!s.found)
			continue;
		if (is_epoll(s.found))
			settle(epoll_of(s.found));
		change_locked(
			e, EPOLL_CTL_ADD, all[k].fd, s.found, &all[k].event);
		file_put(s.found);
	}
	win_free(all);
}

long epoll_change(struct file *epoll, int operation, int fd, struct file *f,
	const struct epoll_event *event)
{
	struct epoll_event wanted = { 0 };

	if (!f->ops->poll)
		return -EPERM;
	if (!is_epoll(epoll) || f == epoll)
		return -EINVAL;
	if (operation != EPOLL_CTL_DEL) {
		wanted = *event;
		if ((wanted.events & EPOLLEXCLUSIVE) &&
			(operation == EPOLL_CTL_MOD || is_epoll(f) ||
				(wanted.events & ~EXCLUSIVE_ALLOWED)))
			return -EINVAL;
		wanted.events |= EPOLLERR | EPOLLHUP;
	}
	settle(epoll_of(epoll));
	if (is_epoll(f))
		settle(epoll_of(f));
	return change_locked(epoll_of(epoll), operation, fd, f, &wanted);
}

/* ---- waiting ---- */

static void heard(struct epoll *e, unsigned bit)
{
	for (unsigned n = bit; n < e->item_room; n += EPOLL_BITS)
		if (e->items[n])
			queue_ready(e->items[n]);
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
		queue_ready(i);
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
		out.events = look(i);
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

		if (is_off(i))
			continue;
		if (i->due != WIN_FOREVER)
			sleep_at(s, i->due);
		if (i->deaf && file_look(i->file, wanted(i), s))
			queue_ready(i);
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
		if (e->items[k] && !is_off(e->items[k]) && listen(e->items[k]))
			queue_ready(e->items[k]);
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
	settle(e);
	lock_take(&e->lock);
	if (!e->slot)
		r = take_slot(e);
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

		if (look(i))
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
		settle(e);
	lock_take(&e->lock);
	if (e->slot || !take_slot(e)) {
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

	lock_take(&watch_lock);
	lock_take(&e->lock);
	for (unsigned k = 0; k < e->item_room; k++)
		if (e->items[k])
			take_out(e->items[k]);
	lock_drop(&e->lock);
	lock_drop(&watch_lock);
	if (e->slot)
		slot_of(e)->owner = (uint64_t)e->generation << 32;
	win_free(e->items);
	win_free(e->fds);
	win_free(e->inherited);
	win_free(e);
}

static const struct file_ops epoll_ops = {
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
