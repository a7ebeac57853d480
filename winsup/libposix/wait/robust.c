/* Robust mutexes: man 2 set_robust_list.  musl keeps a list of those that a
 * thread holds; when it ends with some, each is marked for the next owner.
 * The list is the user's, so nothing in it is trusted. */
#include "wait/wait.h"

#include "abi/errno.h"
#include "memory/memory.h"

#define LIST_LIMIT   2048 /* Linux' ROBUST_LIST_LIMIT */
#define WAITERS	     0x80000000u
#define OWNER_DIED   0x40000000u
#define TID_MASK     0x3fffffffu
#define FUTEX_WAKE   1
#define PRIORITY_BIT 1ul /* of an entry: a mutex with priority inheritance */

/* struct robust_list_head */
struct head {
	uint64_t next;
	int64_t offset; /* from an entry to its futex word */
	uint64_t pending;
};

static void owner_died(uint64_t entry, int64_t offset, int tid)
{
	uint32_t *word =
		(uint32_t *)((entry & ~PRIORITY_BIT) + (uint64_t)offset);
	uint32_t seen, found;

	if (!entry || ((uintptr_t)word & 3) || user_word_load(&seen, word))
		return;
	while ((seen & TID_MASK) == (uint32_t)tid) {
		if (user_word_exchange(
			    word, seen, (seen & WAITERS) | OWNER_DIED, &found))
			return;
		if (found == seen) {
			if (seen & WAITERS)
				futex_call(word, FUTEX_WAKE, 1, NULL, NULL, 0);
			return;
		}
		seen = found;
	}
}

void robust_list_end(struct thread *t)
{
	uint64_t start = (uint64_t)t->robust_list, at;
	struct head head;

	t->robust_list = NULL;
	if (!start || user_copy_in(&head, (void *)start, sizeof head))
		return;
	at = head.next;
	for (int i = 0; i < LIST_LIMIT && (at & ~PRIORITY_BIT) != start; i++) {
		uint64_t next;

		if (user_copy_in(
			    &next, (void *)(at & ~PRIORITY_BIT), sizeof next))
			break;
		/* one that is being taken or dropped comes last */
		if (at != head.pending)
			owner_died(at, head.offset, t->tid);
		at = next;
	}
	owner_died(head.pending, head.offset, t->tid);
}
