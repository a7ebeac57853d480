/* futex(2) between threads of one process: what musl's locks are made of. */
#include "wait/wait.h"

#include <time.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define FUTEX_WAIT	     0
#define FUTEX_WAKE	     1
#define FUTEX_REQUEUE	     3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_PRIVATE	     128
#define FUTEX_CLOCK_REALTIME 256

#define BUCKETS 64

/* A thread that waits for a word.  Lies on its kernel stack, in a bucket's
 * list; `woken` is set under the bucket's lock by who takes it out. */
struct waiter {
	struct list entry;
	uint32_t *address;
	uint32_t bits, slot;
	_Atomic uint32_t woken;
};

static struct bucket {
	struct lock lock;
	struct list waiters;
} buckets[BUCKETS] HOST_STATE = { { { 0, 0 }, { 0, 0 } } };

static struct bucket *bucket_of(const uint32_t *address)
{
	struct bucket *b =
		&buckets[hash_bytes(&address, sizeof address) % BUCKETS];

	if (!b->waiters.next) {
		lock_take(&b->lock);
		if (!b->waiters.next)
			list_init(&b->waiters);
		lock_drop(&b->lock);
	}
	return b;
}

static long futex_wait(
	uint32_t *address, uint32_t value, int64_t deadline, uint32_t bits)
{
	struct bucket *b = bucket_of(address);
	struct waiter w = {
		.address = address, .bits = bits, .slot = current->slot
	};
	struct sleep s;
	uint32_t now;
	long r;

	sleep_begin(&s, deadline);
	lock_take(&b->lock);
	r = user_word_load(&now, address);
	if (!r && now != value)
		r = -EAGAIN;
	if (r) {
		lock_drop(&b->lock);
		sleep_end(&s);
		return r;
	}
	list_append(&b->waiters, &w.entry);
	lock_drop(&b->lock);
	while (!w.woken && !(r = sleep_wait(&s)))
		;
	sleep_end(&s);
	/* requeuing may have moved it to another bucket, whose lock then
	 * guards it: look until the one we hold is the right one */
	for (;;) {
		uint32_t *where = __atomic_load_n(&w.address, __ATOMIC_SEQ_CST);

		b = bucket_of(where);
		lock_take(&b->lock);
		if (where == __atomic_load_n(&w.address, __ATOMIC_SEQ_CST))
			break;
		lock_drop(&b->lock);
	}
	if (!w.woken)
		list_remove(&w.entry);
	lock_drop(&b->lock);
	return w.woken ? 0 : r;
}

static int wake_bits(uint32_t *address, int count, uint32_t bits)
{
	struct bucket *b = bucket_of(address);
	int woken = 0;

	lock_take(&b->lock);
	list_for_each(entry, &b->waiters)
	{
		struct waiter *w = container_of(entry, struct waiter, entry);
		uint32_t slot = w->slot;

		if (woken >= count)
			break;
		if (w->address != address || !(w->bits & bits))
			continue;
		list_remove(&w->entry);
		w->woken = 1; /* w is gone from here on */
		task_thread_wake(slot);
		woken++;
	}
	lock_drop(&b->lock);
	return woken;
}

long futex_wake(uint32_t *address, int count)
{
	return wake_bits(address, count, ~0u);
}

/* Moves waiters; both buckets' locks in address order. */
static int move(uint32_t *from, uint32_t *to, int count)
{
	struct bucket *a = bucket_of(from), *b = bucket_of(to);
	int moved = 0;

	lock_take(a < b ? &a->lock : &b->lock);
	if (a != b)
		lock_take(a < b ? &b->lock : &a->lock);
	list_for_each(entry, &a->waiters)
	{
		struct waiter *w = container_of(entry, struct waiter, entry);

		if (moved >= count)
			break;
		if (w->address != from)
			continue;
		list_remove(&w->entry);
		__atomic_store_n(&w->address, to, __ATOMIC_SEQ_CST);
		list_append(&b->waiters, &w->entry);
		moved++;
	}
	if (a != b)
		lock_drop(a < b ? &b->lock : &a->lock);
	lock_drop(a < b ? &a->lock : &b->lock);
	return moved;
}

static long requeue(uint32_t *address, int wake_count, int move_count,
	uint32_t *target, bool compare, uint32_t expected)
{
	uint32_t now;
	int woken;

	if (((uintptr_t)target & 3) || wake_count < 0 || move_count < 0)
		return -EINVAL;
	if (user_word_load(&now, address))
		return -EFAULT;
	if (compare && now != expected)
		return -EAGAIN;
	woken = wake_bits(address, wake_count, ~0u);
	return woken + move(address, target, move_count);
}

long futex_call(uint32_t *address, int operation, uint32_t value,
	const void *timeout, uint32_t *address2, uint32_t value3)
{
	int command = operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
	int64_t deadline;
	uint32_t probe;
	long r;

	if ((uintptr_t)address & 3)
		return -EINVAL;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if (command == FUTEX_WAIT)
			value3 = ~0u;
		if (!value3)
			return -EINVAL;
		r = deadline_from_user(&deadline, timeout,
			operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME
							 : CLOCK_MONOTONIC,
			command == FUTEX_WAIT_BITSET);
		if (r)
			return r;
		return futex_wait(address, value, deadline, value3);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		if (command == FUTEX_WAKE)
			value3 = ~0u;
		if (!value3)
			return -EINVAL;
		if (user_word_load(&probe, address))
			return -EFAULT;
		return wake_bits(address, (int)value, value3);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(address, (int)value, (int)(uintptr_t)timeout,
			address2, command == FUTEX_CMP_REQUEUE, value3);
	}
	return -ENOSYS;
}
