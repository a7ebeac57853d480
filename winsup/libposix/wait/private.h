/* Shared by the wait room's own files. */
#ifndef WAIT_PRIVATE_H
#define WAIT_PRIVATE_H

#include "wait/wait.h"

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
