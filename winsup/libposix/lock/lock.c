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

static uint64_t self_word(void)
{
	return (uint64_t)self.generation << 32 | (self.slot + 1);
}

static bool acquire(struct shared_lock *l, uint64_t expected)
{
	return __atomic_compare_exchange_n((uint64_t *)&l->owner, &expected,
		self_word(), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A holder that has our slot but another generation was the host before us. */
static bool abandoned(uint64_t owner)
{
	return owner && owner != self_word() &&
	       !owner_lives((uint32_t)owner - 1, (uint32_t)(owner >> 32));
}

bool shared_lock_take(struct shared_lock *l)
{
	uint64_t owner;

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
		owner = l->owner;
		if (abandoned(owner) && acquire(l, owner)) {
			win_trace("a lock of dead host %u taken over",
				(uint32_t)owner - 1);
			return true;
		}
		if (i > 100 * SPINS)
			win_wait(NULL, 0, win_clock_monotonic() + 1000000);
	}
}

void shared_lock_drop(struct shared_lock *l)
{
	__atomic_store_n((uint64_t *)&l->owner, 0, __ATOMIC_RELEASE);
}
