/* The set of an epoll instance: its items and their ears, epoll_ctl(2), and
 * what becomes of them over fork. */
#include "ipc/epoll.h"

#include <string.h>

#include "abi/errno.h"

#define EXCLUSIVE_ALLOWED \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | \
		EPOLLEXCLUSIVE)
#define NESTED 5

struct lock epoll_watch_lock HOST_STATE = LOCK_INIT(RANK_FILE_POSITION);

/* ---- shared slots ---- */

long epoll_take_slot(struct epoll *e)
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

static bool is_among(const struct wait_queue *q, const struct sleep *s)
{
	for (int k = 0; k < s->queue_count; k++)
		if (s->queues[k] == q)
			return true;
	return false;
}

unsigned item_listen(struct item *i)
{
	struct epoll *e = i->epoll;
	struct sleep s;
	unsigned ready;

	sleep_listen(&s, ear_of(i), e->peers);
	ready = file_look(i->file, item_wants(i), &s);
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

unsigned item_look(struct item *i)
{
	unsigned ready;

	if (item_is_off(i))
		return 0;
	ready = file_look(i->file, item_wants(i), NULL);
	return ready ? ready : item_listen(i);
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

void epoll_take_out(struct item *i)
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

	lock_take(&epoll_watch_lock);
	while ((i = f->watchers)) {
		struct epoll *e = i->epoll;

		lock_take(&e->lock);
		epoll_take_out(i);
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
	lock_drop(&epoll_watch_lock);
}

/* ---- nesting ---- */

/* How many instances watch one another in a row below e; NESTED + 1 for too
 * many, or when `above` is among them.  epoll_watch_lock is held. */
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
	if (item_listen(i))
		item_is_ready(i);
	return 0;
}

static void modify(struct item *i, const struct epoll_event *event)
{
	i->event = *event;
	list_remove(&i->ready);
	if (item_listen(i))
		item_is_ready(i);
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
		epoll_take_out(i);
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

	lock_take(&epoll_watch_lock);
	lock_take(&e->lock);
	if (!e->slot)
		r = epoll_take_slot(e);
	if (!r)
		r = change(e, operation, fd, f, event);
	lock_drop(&e->lock);
	lock_drop(&epoll_watch_lock);
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

void epoll_settle(struct epoll *e)
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
			epoll_settle(epoll_of(s.found));
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
	epoll_settle(epoll_of(epoll));
	if (is_epoll(f))
		epoll_settle(epoll_of(f));
	return change_locked(epoll_of(epoll), operation, fd, f, &wanted);
}
