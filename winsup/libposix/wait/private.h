/* Shared by the wait room's own files. */
#ifndef WAIT_PRIVATE_H
#define WAIT_PRIVATE_H

#include "wait/wait.h"

/* What a word of a mutex holds: man 2 futex, man 2 get_robust_list. */
#define WAITERS	   0x80000000u
#define OWNER_DIED 0x40000000u
#define TID_MASK   0x3fffffffu

/* futex.c: of whichever kind the word is; operation: FUTEX_PRIVATE_FLAG. */
long futex_wait_at(uint32_t *address, int operation, uint32_t value,
	int64_t deadline, uint32_t bits);
int futex_wake_at(uint32_t *address, int operation, int count, uint32_t bits);

/* lock_futex.c: FUTEX_LOCK_PI and its relatives.  deadline 0: only tries. */
long futex_lock(uint32_t *address, int operation, int64_t deadline);
long futex_unlock(uint32_t *address, int operation);

/* shared_futex.c: words that processes share.  The operations are those of
 * futex(2); `address` is where the caller has the word. */
struct shared_word {
	uint64_t object, offset;
};
long shared_futex_wait(const struct shared_word *word, uint32_t *address,
	uint32_t value, int64_t deadline, uint32_t bits);
int shared_futex_wake(const struct shared_word *word, int count, uint32_t bits);
int shared_futex_move(const struct shared_word *from,
	const struct shared_word *to, int count);

/* robust.c: the thread that holds the robust mutex whose word that is, with
 * that value; 0 if it is no such word. */
uint32_t robust_holder(const uint32_t *word, uint32_t value);
/* Its holder has died: the next one is told. */
void robust_mark(uint32_t *word, uint32_t value);

#endif
