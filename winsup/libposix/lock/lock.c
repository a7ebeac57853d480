/* Locks between threads of a process and between processes. */
#include "lock/lock.h"

#include "lib/lib.h"
#include "win/win.h"

#define SPINS 100

bool lock_try(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n((uint32_t *)&l->word, &free, 1,
		false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lock_take(struct lock *l)
{
	for (int i = 0; i < SPINS; i++) {
		if (lock_try(l))
			return;
		__builtin_ia32_pause();
	}
	while (__atomic_exchange_n((uint32_t *)&l->word, 2, __ATOMIC_ACQUIRE))
		win_word_wait((const uint32_t *)&l->word, 2, WIN_FOREVER);
}

void lock_drop(struct lock *l)
{
	if (__atomic_exchange_n((uint32_t *)&l->word, 0, __ATOMIC_RELEASE) == 2)
		win_word_wake((const uint32_t *)&l->word);
}

static struct lock_owner self HOST_STATE = { 0, 0 };
static bool (*owner_lives)(uint32_t slot, uint32_t generation) HOST_STATE = 0;

void lock_register_owner(struct lock_owner owner,
	bool (*lives)(uint32_t slot, uint32_t generation))
{
	self = owner;
	owner_lives = lives;
}

static bool acquire(struct shared_lock *l, uint32_t expected)
{
	if (!__atomic_compare_exchange_n((uint32_t *)&l->owner, &expected,
		    self.slot + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	l->generation = self.generation;
	return true;
}

/* Whether the holder is dead; its generation may not be written yet, then the
 * next look tells. */
static bool abandoned(struct shared_lock *l, uint32_t owner)
{
	uint32_t generation = l->generation;

	return owner && owner != self.slot + 1 && l->owner == owner &&
	       !owner_lives(owner - 1, generation);
}

bool shared_lock_take(struct shared_lock *l)
{
	uint32_t owner, dead = 0;

	for (int i = 0;; i++) {
		if (acquire(l, 0))
			return false;
		if (i < SPINS) {
			__builtin_ia32_pause();
			continue;
		}
		win_thread_yield();
		if (i % SPINS || !owner_lives)
			continue;
		/* twice in a row: a new holder may be between its two stores */
		owner = l->owner;
		if (!abandoned(l, owner)) {
			dead = 0;
		} else if (dead != owner) {
			dead = owner;
		} else if (acquire(l, owner)) {
			win_trace(
				"a lock of dead host %u taken over", owner - 1);
			return true;
		}
		if (i > 100 * SPINS)
			win_wait(NULL, 0, win_clock_monotonic() + 1000000);
	}
}

void shared_lock_drop(struct shared_lock *l)
{
	__atomic_store_n((uint32_t *)&l->owner, 0, __ATOMIC_RELEASE);
}
