/* Thread slots and the events that wake threads. */
#include "task/task.h"

#include "abi/errno.h"

static win_handle events[THREAD_SLOTS] HOST_STATE = { 0 };
static win_handle services[HOST_SLOTS] HOST_STATE = { 0 };
static win_handle goes[HOST_SLOTS] HOST_STATE = { 0 };
static win_handle ups[HOST_SLOTS] HOST_STATE = { 0 };
static _Atomic uint32_t first_guess HOST_STATE = 0;

static win_handle named_event(
	win_handle *cache, const char *kind, uint32_t number)
{
	char name[96];
	win_handle h = __atomic_load_n(cache, __ATOMIC_ACQUIRE), none = 0;

	if (h)
		return h;
	format(name, sizeof name, "%s-%s%u", task_session_name(), kind, number);
	if (win_event_create(&h, name, false))
		return 0;
	if (!__atomic_compare_exchange_n(cache, &none, h, false,
		    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		win_close(h);
		h = none;
	}
	return h;
}

win_handle task_thread_event(uint32_t slot)
{
	return named_event(&events[slot], "t", slot);
}

win_handle task_service_event(uint32_t host)
{
	return named_event(&services[host], "s", host);
}

win_handle task_host_event(uint32_t host)
{
	return named_event(&goes[host], "g", host);
}

win_handle task_host_up_event(uint32_t host)
{
	return named_event(&ups[host], "u", host);
}

bool task_thread_wake(uint32_t slot)
{
	struct thread_slot *t = &task_shared()->threads[slot];
	uint32_t how = t->sleeping;

	do {
		uint64_t owner = t->owner;

		if (how == AWAKE)
			return false;
		if (how == SLEEPS_ON_WORD && owner != task_host_self()) {
			/* only a signal comes from outside to one who sleeps
			 * so: the service thread looks whom it wakes */
			if ((uint32_t)owner)
				win_event_set(task_service_event(
					(uint32_t)owner - 1));
			return owner != 0;
		}
	} while (!__atomic_compare_exchange_n((uint32_t *)&t->sleeping, &how,
		AWAKE, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	if (how == SLEEPS_ON_WORD)
		win_word_wake((uint32_t *)&t->sleeping);
	else
		win_event_set(task_thread_event(slot));
	return true;
}

static bool take(uint32_t i, uint64_t old)
{
	struct shared *s = task_shared();
	struct thread_slot *t = &s->threads[i];
	uint32_t end;

	if (!__atomic_compare_exchange_n((uint64_t *)&t->owner, &old,
		    task_host_self(), false, __ATOMIC_SEQ_CST,
		    __ATOMIC_RELAXED))
		return false;
	t->sleeping = AWAKE;
	t->in_crowd = 0;
	t->tid = 0;
	t->robust_list = 0;
	t->futex.state = FUTEX_IDLE;
	while ((end = s->thread_end) <= i &&
		!__atomic_compare_exchange_n((uint32_t *)&s->thread_end, &end,
			i + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return true;
}

static long allocate(void)
{
	struct shared *s = task_shared();
	uint32_t first = first_guess;

	for (uint32_t k = 0; k < THREAD_SLOTS; k++) {
		uint32_t i = (first + k) % THREAD_SLOTS;

		if (!s->threads[i].owner && take(i, 0)) {
			first_guess = i;
			return i;
		}
	}
	/* all taken: some may belong to the dead */
	for (uint32_t i = 0; i < THREAD_SLOTS; i++) {
		uint64_t owner = s->threads[i].owner;

		if (owner && !task_host_taker_lives(owner) && take(i, owner))
			return i;
	}
	return -EAGAIN;
}

int task_thread_create(struct thread **out)
{
	struct thread *t = win_alloc(sizeof *t + 64 + win_wide_size);
	long slot;

	if (!t)
		return -ENOMEM;
	slot = allocate();
	if (slot < 0) {
		win_free(t);
		return (int)slot;
	}
	t->slot = (uint32_t)slot;
	t->wake = task_thread_event(t->slot);
	list_init(&t->peers);
	t->signal_lock.rank = RANK_SIGNAL_QUEUE;
	list_init(&t->more_signals);
	t->wide = (void *)round_up((uintptr_t)(t + 1), 64);
	*out = t;
	return 0;
}

void task_thread_destroy(struct thread *t)
{
	struct thread_slot *s = &task_shared()->threads[t->slot];

	s->sleeping = AWAKE;
	s->tid = 0;
	s->owner = 0;
	if (t->slot < first_guess)
		first_guess = t->slot;
	win_close(t->handle);
	list_for_each(entry, &t->more_signals)
		win_free(container_of(entry, struct queued_signal, entry));
	win_free(t);
}

void task_thread_number(struct thread *t, int tid)
{
	struct shared *s = task_shared();

	/* above every pid, and within the 30 bits that a futex word has */
	if (!tid)
		tid = (int)(TASK_PID_MAX + 1 +
			    __atomic_fetch_add((uint32_t *)&s->last_tid, 1,
				    __ATOMIC_RELAXED) %
				    0x3ff00000u);
	t->tid = tid;
	s->threads[t->slot].tid = tid;
}

long task_thread_find(uint32_t tid)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->thread_end; i++) {
		uint64_t owner = s->threads[i].owner;

		if ((uint32_t)s->threads[i].tid == tid &&
			(owner == task_host_self() ||
				task_host_taker_lives(owner)))
			return i;
	}
	return -1;
}

static void publish(struct process *p)
{
	struct process_slot *slot = task_process_slot(p->slot);

	slot->threads = (uint32_t)p->thread_count;
	slot->main_thread =
		list_empty(&p->threads)
			? 0
			: container_of(p->threads.next, struct thread, peers)
					  ->slot +
				  1;
}

void task_thread_join_process(struct thread *t, struct process *p)
{
	lock_take(&p->lock);
	t->process = p;
	list_append(&p->threads, &t->peers);
	p->thread_count++;
	publish(p);
	lock_drop(&p->lock);
}

void task_thread_leave_process(struct thread *t)
{
	struct process *p = t->process;

	lock_take(&p->lock);
	list_remove(&t->peers);
	p->thread_count--;
	publish(p);
	lock_drop(&p->lock);
}
