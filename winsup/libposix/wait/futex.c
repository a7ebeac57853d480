/* futex(2): what musl's locks are made of.  Here words that one process has;
 * those that processes share are shared_futex.c's. */
#include "wait/private.h"

#include <time.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define FUTEX_WAIT	     0
#define FUTEX_WAKE	     1
#define FUTEX_REQUEUE	     3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAKE_OP	     5
#define FUTEX_LOCK_PI	     6
#define FUTEX_UNLOCK_PI	     7
#define FUTEX_TRYLOCK_PI     8
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_LOCK_PI2	     13
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
	/* Knuth's multiplicative hash; no two words are nearer than 4 bytes */
	struct bucket *b =
		&buckets[((uint32_t)((uintptr_t)address >> 2) * 2654435769u) /
			 (UINT32_MAX / BUCKETS + 1)];

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

	sleep_begin_within(&s, deadline);
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
	if (w.woken)
		return 0;
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

/* Takes up to `count` waiters out, not more than AT_ONCE; their slots. */
#define AT_ONCE 64

static int take(struct bucket *b, const uint32_t *address, int count,
	uint32_t bits, uint32_t *slots)
{
	int taken = 0;

	if (count > AT_ONCE)
		count = AT_ONCE;
	lock_take(&b->lock);
	list_for_each(entry, &b->waiters)
	{
		struct waiter *w = container_of(entry, struct waiter, entry);

		if (taken >= count)
			break;
		if (w->address != address || !(w->bits & bits))
			continue;
		list_remove(&w->entry);
		slots[taken++] = w->slot;
		w->woken = 1; /* w is gone from here on */
	}
	lock_drop(&b->lock);
	return taken;
}

/* Without the lock, which those who wake take at once. */
static int wake_bits(uint32_t *address, int count, uint32_t bits)
{
	struct bucket *b = bucket_of(address);
	uint32_t slots[AT_ONCE];
	int woken = 0, n;

	do {
		n = take(b, address, count - woken, bits, slots);
		for (int i = 0; i < n; i++)
			task_thread_wake(slots[i]);
		woken += n;
	} while (n == AT_ONCE);
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

static bool is_shared(
	const uint32_t *address, int operation, struct shared_word *out)
{
	return !(operation & FUTEX_PRIVATE) &&
	       memory_shared_word(
		       (uintptr_t)address, &out->object, &out->offset);
}

static long requeue(uint32_t *address, int operation, int wake_count,
	int move_count, uint32_t *target, uint32_t expected)
{
	bool compare = (operation & 127) == FUTEX_CMP_REQUEUE;
	struct shared_word from, to;
	uint32_t now;
	int woken;

	if (((uintptr_t)target & 3) || wake_count < 0 || move_count < 0)
		return -EINVAL;
	if (user_word_load(&now, address))
		return -EFAULT;
	if (compare && now != expected)
		return -EAGAIN;
	if (is_shared(address, operation, &from)) {
		woken = shared_futex_wake(&from, wake_count, ~0u);
		/* who is to wait for a private word might as well look */
		return woken + (is_shared(target, operation, &to)
					       ? shared_futex_move(
							 &from, &to, move_count)
					       : shared_futex_wake(&from,
							 move_count, ~0u));
	}
	woken = wake_bits(address, wake_count, ~0u);
	return woken + move(address, target, move_count);
}

long futex_wait_at(uint32_t *address, int operation, uint32_t value,
	int64_t deadline, uint32_t bits)
{
	struct shared_word shared;

	return is_shared(address, operation, &shared)
		       ? shared_futex_wait(
				 &shared, address, value, deadline, bits)
		       : futex_wait(address, value, deadline, bits);
}

int futex_wake_at(uint32_t *address, int operation, int count, uint32_t bits)
{
	struct shared_word shared;

	return is_shared(address, operation, &shared)
		       ? shared_futex_wake(&shared, count, bits)
		       : wake_bits(address, count, bits);
}

/* 12 bits with a sign, from bit `at` on. */
static int32_t signed_part(uint32_t code, int at)
{
	return (int32_t)(code << (20 - at)) >> 20;
}

/* man 2 futex, FUTEX_WAKE_OP: 0, and in *wakes whether the second word's
 * waiters are to be woken. */
static long change(uint32_t *address, uint32_t code, bool *wakes)
{
	uint32_t by = (uint32_t)signed_part(code, 12), old, new, found;
	int32_t other = signed_part(code, 0), was;
	long r;

	if (code >> 31)
		by = 1u << (by & 31);
	if (user_word_load(&found, address))
		return -EFAULT;
	do {
		old = found;
		switch (code >> 28 & 7) {
		case 0:
			new = by;
			break;
		case 1:
			new = old + by;
			break;
		case 2:
			new = old | by;
			break;
		case 3:
			new = old & ~by;
			break;
		case 4:
			new = old ^ by;
			break;
		default:
			return -ENOSYS;
		}
		r = user_word_exchange(address, old, new, &found);
		if (r)
			return r;
	} while (found != old);
	was = (int32_t)old;
	switch (code >> 24 & 15) {
	case 0:
		*wakes = was == other;
		return 0;
	case 1:
		*wakes = was != other;
		return 0;
	case 2:
		*wakes = was < other;
		return 0;
	case 3:
		*wakes = was <= other;
		return 0;
	case 4:
		*wakes = was > other;
		return 0;
	case 5:
		*wakes = was >= other;
		return 0;
	}
	return -ENOSYS;
}

static long wake_and_change(uint32_t *address, int operation, int count,
	int count2, uint32_t *address2, uint32_t code)
{
	uint32_t probe;
	bool wakes;
	long r;
	int woken;

	if ((uintptr_t)address2 & 3)
		return -EINVAL;
	if (user_word_load(&probe, address))
		return -EFAULT;
	r = change(address2, code, &wakes);
	if (r)
		return r;
	woken = futex_wake_at(address, operation, count, ~0u);
	if (wakes)
		woken += futex_wake_at(address2, operation, count2, ~0u);
	return woken;
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
		return futex_wait_at(
			address, operation, value, deadline, value3);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		if (command == FUTEX_WAKE)
			value3 = ~0u;
		if (!value3)
			return -EINVAL;
		if (user_word_load(&probe, address))
			return -EFAULT;
		return futex_wake_at(address, operation, (int)value, value3);
	case FUTEX_WAKE_OP:
		return wake_and_change(address, operation, (int)value,
			(int)(uintptr_t)timeout, address2, value3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		r = deadline_from_user(&deadline, timeout,
			command == FUTEX_LOCK_PI ||
					(operation & FUTEX_CLOCK_REALTIME)
				? CLOCK_REALTIME
				: CLOCK_MONOTONIC,
			true);
		return r ? r : futex_lock(address, operation, deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_lock(address, operation, 0);
	case FUTEX_UNLOCK_PI:
		return futex_unlock(address, operation);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(address, operation, (int)value,
			(int)(uintptr_t)timeout, address2, value3);
	}
	return -ENOSYS;
}
