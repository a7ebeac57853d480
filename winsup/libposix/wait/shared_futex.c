/* futex(2) on words that processes share: who waits stands in its thread slot,
 * and who wakes looks through the slots, which are as many as there ever were
 * threads at once.  A word is known by object and offset, since each process
 * may have it at another address. */
#include "wait/private.h"

#include "abi/errno.h"
#include "memory/memory.h"

/* Who wakes another process often holds a lock that the other wants next, and
 * lets it go at once: that is waited for without sleeping, as an event costs
 * more than some yields. */
#define YIELDS 16

static struct shared_lock *lock_of(const struct shared_word *w)
{
	return &task_shared()
			->futex_locks[hash_bytes(w, sizeof *w) % FUTEX_LOCKS];
}

static struct shared_word word_of(const struct futex_wait *f)
{
	return (struct shared_word){ f->object, f->offset };
}

static bool waits_for(const struct thread_slot *t, const struct shared_word *w)
{
	return t->futex.state == FUTEX_WAITS && t->futex.object == w->object &&
	       t->futex.offset == w->offset;
}

/* A killed thread is not there any more, though its slot may still say so. */
static bool lives(const struct thread_slot *t)
{
	uint64_t owner = t->owner;

	return owner == task_host_self() || task_host_taker_lives(owner);
}

/* The one that has waited longest; its slot, or -1. */
static long oldest(const struct shared_word *w, uint32_t bits)
{
	struct shared *s = task_shared();
	long found = -1;

	for (uint32_t i = 0; i < s->thread_end; i++) {
		struct thread_slot *t = &s->threads[i];

		if (!waits_for(t, w) || !(t->futex.bits & bits) ||
			(found >= 0 && s->threads[found].futex.ticket <
					       t->futex.ticket))
			continue;
		if (lives(t))
			found = i;
		else
			t->futex.state = FUTEX_IDLE;
	}
	return found;
}

/* Waits are entered and left under the word's lock; requeuing may have changed
 * the word meanwhile: look until the lock is the right one. */
static struct shared_lock *lock_own(struct futex_wait *f)
{
	for (;;) {
		struct shared_word w = word_of(f);
		struct shared_lock *l = lock_of(&w);
		struct shared_word now;

		shared_lock_take(l);
		now = word_of(f);
		if (now.object == w.object && now.offset == w.offset)
			return l;
		shared_lock_drop(l);
	}
}

/* The death of the process of that thread wakes; false if there is no such
 * thread (any more). */
static bool watch(struct sleep *s, uint32_t tid)
{
	long slot = task_thread_find(tid);
	uint64_t owner;
	win_handle process;

	if (slot < 0)
		return false;
	owner = task_shared()->threads[slot].owner;
	if (owner == task_host_self())
		return true;
	process =
		task_host_process((uint32_t)owner - 1, (uint32_t)(owner >> 32));
	if (process)
		sleep_on_handle(s, process);
	return process;
}

long shared_futex_wait(const struct shared_word *word, uint32_t *address,
	uint32_t value, int64_t deadline, uint32_t bits)
{
	struct shared *shared = task_shared();
	struct futex_wait *f = &shared->threads[current->slot].futex;
	struct shared_lock *l = lock_of(word);
	uint32_t now, holder = robust_holder(address, value);
	struct sleep s;
	long r;

	shared_lock_take(l);
	r = user_word_load(&now, address);
	if (!r && now != value)
		r = -EAGAIN;
	if (!r) {
		f->object = word->object;
		f->offset = word->offset;
		f->bits = bits;
		f->ticket = ++shared->last_ticket;
		f->state = FUTEX_WAITS;
	}
	shared_lock_drop(l);
	for (int i = 0; !r && i < YIELDS && f->state == FUTEX_WAITS; i++)
		win_thread_yield();
	sleep_begin(&s, deadline);
	while (!r && f->state != FUTEX_WOKEN) {
		if (holder && !watch(&s, holder)) {
			robust_mark(address, value);
			break;
		}
		r = sleep_wait(&s);
	}
	sleep_end(&s);
	if (f->state == FUTEX_IDLE)
		return r;
	l = lock_own(f);
	if (f->state == FUTEX_WOKEN)
		r = 0;
	f->state = FUTEX_IDLE;
	shared_lock_drop(l);
	return r;
}

/* Takes the one out that has waited longest; its slot, or -1. */
static long take(const struct shared_word *word, uint32_t bits)
{
	struct shared_lock *l = lock_of(word);
	long i;

	shared_lock_take(l);
	i = oldest(word, bits);
	if (i >= 0)
		task_shared()->threads[i].futex.state = FUTEX_WOKEN;
	shared_lock_drop(l);
	return i;
}

/* Woken without the lock, which those who wake take at once. */
int shared_futex_wake(const struct shared_word *word, int count, uint32_t bits)
{
	int woken = 0;
	long i;

	for (; woken < count && (i = take(word, bits)) >= 0; woken++)
		task_thread_wake((uint32_t)i);
	return woken;
}

int shared_futex_move(
	const struct shared_word *from, const struct shared_word *to, int count)
{
	struct shared_lock *a = lock_of(from), *b = lock_of(to);
	int moved = 0;
	long i;

	if (from->object == to->object && from->offset == to->offset)
		return 0;
	shared_lock_take(a < b ? a : b);
	if (a != b)
		shared_lock_take(a < b ? b : a);
	while (moved < count && (i = oldest(from, ~0u)) >= 0) {
		struct futex_wait *f = &task_shared()->threads[i].futex;

		f->object = to->object;
		f->offset = to->offset;
		moved++;
	}
	if (a != b)
		shared_lock_drop(a < b ? b : a);
	shared_lock_drop(a < b ? a : b);
	return moved;
}
