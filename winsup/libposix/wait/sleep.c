/* The one place where a POSIX thread sleeps.
 *
 * The thread slot's word `sleeping` says how to wake the thread.  The sleeper
 * stores it and then looks at its condition; a waker changes the condition and
 * then takes the word away.  So either the sleeper sees the change, or the
 * waker sees the word. */
#include "wait/wait.h"

#include "abi/errno.h"

static struct thread_slot *own_slot(const struct sleep *s)
{
	return &task_shared()->threads[s->thread->slot];
}

static void announce(const struct sleep *s)
{
	__atomic_store_n((uint32_t *)&own_slot(s)->sleeping,
		s->within ? SLEEPS_ON_WORD : SLEEPS_ON_EVENT, __ATOMIC_SEQ_CST);
}

static void begin(struct sleep *s, int64_t deadline, bool within)
{
	s->thread = current;
	s->within = within;
	s->deadline = deadline;
	s->queue_count = 0;
	s->handle_count = 1; /* [0] is the wake event */
	s->queue_room = SLEEP_QUEUES;
	s->queues = s->own;
	s->crowded = false;
	s->at = WIN_FOREVER;
	s->ear = 0;
	s->handles[0] = s->thread->wake;
	announce(s);
}

void sleep_begin(struct sleep *s, int64_t deadline)
{
	begin(s, deadline, false);
}

void sleep_begin_within(struct sleep *s, int64_t deadline)
{
	begin(s, deadline, true);
}

void sleep_listen(struct sleep *s, uint32_t ear, uint64_t *peers)
{
	s->queue_count = 0;
	s->queues = s->own;
	s->at = WIN_FOREVER;
	s->ear = ear;
	s->peers = peers;
	s->deaf = false;
}

static int more_room(struct sleep *s)
{
	int room = s->queue_room * 4;
	struct wait_queue **queues = win_alloc((size_t)room * sizeof *queues);

	if (!queues)
		return -ENOMEM;
	for (int i = 0; i < s->queue_count; i++)
		queues[i] = s->queues[i];
	if (s->queues != s->own)
		win_free(s->queues);
	s->queues = queues;
	s->queue_room = room;
	return 0;
}

static bool registered(const struct wait_queue *q, uint32_t entry)
{
	for (size_t i = 0; i < array_size(q->waiters); i++)
		if (q->waiters[i] == entry)
			return true;
	return false;
}

static bool enter(struct wait_queue *q, uint32_t entry)
{
	for (size_t i = 0; i < array_size(q->waiters); i++) {
		uint32_t none = 0;

		if (!q->waiters[i] &&
			__atomic_compare_exchange_n((uint32_t *)&q->waiters[i],
				&none, entry, false, __ATOMIC_SEQ_CST,
				__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* Whose epoll instance is gone, though the entry stayed. */
static bool is_stale(uint32_t entry)
{
	uint64_t owner;

	if (!(entry & EAR_BIT))
		return false;
	owner = task_shared()->epolls[EAR_SLOT(entry)].owner;
	return !(uint32_t)owner ||
	       EAR_GENERATION(owner >> 32) != (entry & EAR_GENERATION(~0u));
}

static void drop_stale(struct wait_queue *q)
{
	for (size_t i = 0; i < array_size(q->waiters); i++) {
		uint32_t entry = q->waiters[i];

		if (is_stale(entry))
			__atomic_compare_exchange_n((uint32_t *)&q->waiters[i],
				&entry, 0, false, __ATOMIC_SEQ_CST,
				__ATOMIC_RELAXED);
	}
}

static int listen_on(struct sleep *s, struct wait_queue *q)
{
	for (int i = 0; i < s->queue_count; i++)
		if (s->queues[i] == q)
			return 0;
	if (s->queue_count == SLEEP_QUEUES) {
		s->deaf = true;
		return 0;
	}
	if (!registered(q, s->ear) && !enter(q, s->ear)) {
		drop_stale(q);
		s->deaf |= !enter(q, s->ear);
	}
	s->queues[s->queue_count++] = q;
	return 0;
}

int sleep_on(struct sleep *s, struct wait_queue *q)
{
	uint32_t entry;

	if (s->ear)
		return listen_on(s, q);
	entry = s->thread->slot + 1;
	for (int i = 0; i < s->queue_count; i++)
		if (s->queues[i] == q)
			return 0;
	if (s->queue_count == s->queue_room && more_room(s))
		return -ENOMEM;
	if (!registered(q, entry) && !enter(q, entry)) {
		q->crowded++;
		if (!s->crowded)
			own_slot(s)->in_crowd = 1;
		s->crowded = true;
	}
	s->queues[s->queue_count++] = q;
	/* a wake that came before this line was for an older look */
	announce(s);
	return 0;
}

int sleep_on_handle(struct sleep *s, win_handle h)
{
	if (s->ear) {
		s->deaf = true;
		return 0;
	}
	for (int i = 1; i < s->handle_count; i++)
		if (s->handles[i] == h)
			return 0;
	if (s->handle_count > SLEEP_HANDLES)
		return -ENOMEM;
	s->handles[s->handle_count++] = h;
	return 0;
}

int sleep_on_process(struct sleep *s, uint32_t process_slot)
{
	uint32_t host = task_process_slot(process_slot)->host;
	win_handle h;

	if (host >= HOST_SLOTS || host == task_host)
		return 0;
	if (s->ear) {
		s->peers[process_slot / 64] |= 1ul << process_slot % 64;
		return 0;
	}
	h = task_host_process(host,
		task_host_word_generation(task_shared()->hosts[host].word));
	/* with too many to watch, the others' deaths are seen by who counts */
	if (h)
		sleep_on_handle(s, h);
	return 0;
}

void sleep_at(struct sleep *s, int64_t time)
{
	if (time < s->at)
		s->at = time;
}

static int block(struct sleep *s, int64_t deadline)
{
	return s->within ? win_word_wait((uint32_t *)&own_slot(s)->sleeping,
				   SLEEPS_ON_WORD, deadline)
			 : win_wait(s->handles, s->handle_count, deadline);
}

long sleep_wait(struct sleep *s)
{
	int64_t at = s->at;
	int r;

	s->at = WIN_FOREVER;
	if (task_signals_ready(s->thread))
		return -ERESTARTSYS;
	if (own_slot(s)->sleeping) {
		r = block(s, at < s->deadline ? at : s->deadline);
		announce(s);
		if (r == -ETIMEDOUT && at < s->deadline)
			r = 0;
		if (r == -ETIMEDOUT)
			return task_signals_ready(s->thread) ? -ERESTARTSYS
							     : -ETIMEDOUT;
		if (r < 0)
			return r;
	} else {
		announce(s);
	}
	return task_signals_ready(s->thread) ? -ERESTARTSYS : 0;
}

void sleep_listen_end(struct wait_queue *q, uint32_t ear)
{
	for (size_t i = 0; i < array_size(q->waiters); i++) {
		uint32_t own = ear;

		__atomic_compare_exchange_n((uint32_t *)&q->waiters[i], &own, 0,
			false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	}
}

static void leave(struct wait_queue *q, uint32_t entry, bool crowded)
{
	for (size_t i = 0; i < array_size(q->waiters); i++) {
		uint32_t own = entry;

		if (q->waiters[i] == entry &&
			__atomic_compare_exchange_n((uint32_t *)&q->waiters[i],
				&own, 0, false, __ATOMIC_SEQ_CST,
				__ATOMIC_RELAXED))
			return;
	}
	if (crowded && q->crowded)
		q->crowded--;
}

void sleep_end(struct sleep *s)
{
	own_slot(s)->sleeping = AWAKE;
	for (int i = 0; i < s->queue_count; i++)
		leave(s->queues[i], s->thread->slot + 1, s->crowded);
	if (s->crowded)
		own_slot(s)->in_crowd = 0;
	if (s->queues != s->own)
		win_free(s->queues);
}

/* Who found no place is not named anywhere: all who sleep in a crowd look. */
static void wake_crowd(void)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->thread_end; i++)
		if (sh->threads[i].in_crowd)
			task_thread_wake(i);
}

#define NESTED 6 /* epoll_ctl(2) lets five watch one another in a row */

static void wake_nested(struct wait_queue *q, int depth);

static void hear(uint32_t ear, int depth)
{
	struct epoll_slot *e = &task_shared()->epolls[EAR_SLOT(ear)];
	uint32_t bit = EAR_ITEM(ear);

	if (is_stale(ear) || depth > NESTED)
		return;
	e->heard[bit / 64] |= 1ul << bit % 64;
	e->summary |= 1ul << bit / 64;
	wake_nested(&e->ready, depth);
}

static void wake_nested(struct wait_queue *q, int depth)
{
	__atomic_fetch_add((uint32_t *)&q->sequence, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < array_size(q->waiters); i++) {
		uint32_t entry = q->waiters[i];

		if (entry & EAR_BIT)
			hear(entry, depth + 1);
		else if (entry)
			task_thread_wake(entry - 1);
	}
	if (q->crowded)
		wake_crowd();
}

void wake(struct wait_queue *q)
{
	wake_nested(q, 0);
}

void wait_queue_init(struct wait_queue *q)
{
	q->sequence = q->crowded = 0;
	for (size_t i = 0; i < array_size(q->waiters); i++)
		q->waiters[i] = 0;
}
