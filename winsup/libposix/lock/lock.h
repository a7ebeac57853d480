/* Private and cross-process locks and the order they are taken in. */
#ifndef LOCK_LOCK_H
#define LOCK_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Taken in this order, never backwards. */
enum lock_rank {
	RANK_FORK_GATE,
	RANK_MOUNTS,
	RANK_DESCRIPTORS,
	RANK_FILE_POSITION,
	RANK_FILE,
	RANK_TTY,
	RANK_QUEUE_TURN,
	RANK_QUEUE,
	RANK_PROCESS_TABLE,
	RANK_SIGNAL_QUEUE,
	RANK_WAIT_QUEUE,
	RANK_HEAP,
	RANK_REGIONS,
	RANK_TRACE,
};

/* Between threads of one process.  Zero, plus a rank, is an unlocked lock. */
struct lock {
	_Atomic uint32_t word; /* 0 free, 1 held, 2 held and waited for */
	uint32_t rank;
};
#define LOCK_INIT(r) \
	{ \
		0, (r) \
	}

void lock_take(struct lock *l);
void lock_drop(struct lock *l);
bool lock_try(struct lock *l);

/* Between processes; lies in shared memory and survives its owner's death. */
struct shared_lock {
	/* host slot + 1 of the holder, its generation << 32; 0 = free: one
	 * word, so that a holder is never seen with another's generation */
	_Atomic uint64_t owner;
};

/* Takes the lock.  If the holder has died it is taken over, and true is
 * returned: the caller must repair what the lock guards. Spins, then yields,
 * then sleeps in growing steps of at most 1 ms: holders never block. */
bool shared_lock_take(struct shared_lock *l);
void shared_lock_drop(struct shared_lock *l);

/* Registered by `task`: who we are, and whether another owner lives. */
struct lock_owner {
	uint32_t slot, generation;
};
void lock_register_owner(struct lock_owner self,
	bool (*lives)(uint32_t slot, uint32_t generation));

#endif
