/* Robust mutexes: man 2 set_robust_list.  musl keeps a list of those that a
 * thread holds; when it ends with some, each is marked for the next owner.
 * The list is the user's, so nothing in it is trusted.
 *
 * Who kills a process with SIGKILL walks the lists of its threads in its place,
 * in their memory: robust_lists_kill().  When others terminate it, nobody does,
 * and its memory is gone.  But its mutexes lie in memory that others have as
 * well, and so do the list's entries, each beside its mutex: who waits for a
 * word that names a thread and has an entry beside it watches that thread's
 * process, and marks the word himself when there is no such thread any more. */
#include "wait/private.h"

#include "abi/errno.h"
#include "memory/memory.h"

#define LIST_LIMIT   2048 /* Linux' ROBUST_LIST_LIMIT */
#define FUTEX_WAKE   1
#define LOWEST	     0x10000ul	       /* of addresses that Windows gives */
#define HIGHEST	     0x7fffffffffffull /* to programs */
#define PRIORITY_BIT 1ul /* of an entry: a mutex with priority inheritance */

/* struct robust_list_head */
struct head {
	uint64_t next;
	int64_t offset; /* from an entry to its futex word */
	uint64_t pending;
};

void robust_list_begin(struct thread *t, void *user_head)
{
	struct thread_slot *slot = &task_shared()->threads[t->slot];
	struct head head;

	t->robust_list = user_head;
	slot->windows_id = win_thread_id();
	slot->robust_list = (uint64_t)user_head;
	if (!user_copy_in(&head, user_head, sizeof head) && head.offset)
		task_shared()->robust_offset = head.offset;
}

uint32_t robust_holder(const uint32_t *word, uint32_t value)
{
	int64_t offset = task_shared()->robust_offset;
	uint64_t entry = (uint64_t)word - (uint64_t)offset, next;

	/* musl's other words that are waited for have none beside them: they
	 * lie at other distances from an address that a pointer may have */
	if (!offset || !(value & WAITERS) || (entry & 7) ||
		user_copy_in(&next, (void *)entry, sizeof next) ||
		next < LOWEST || next > HIGHEST || (next & 6) ||
		(value & TID_MASK) == TID_MASK)
		return 0;
	return value & TID_MASK;
}

void robust_mark(uint32_t *word, uint32_t value)
{
	uint32_t found;

	/* who was faster has done it, or has the mutex already */
	user_word_exchange(word, value, WAITERS | OWNER_DIED, &found);
}

/* One whose thread ends by itself, in memory of our own. */
static void owner_ends(uint32_t *word, int tid)
{
	uint32_t seen, found;

	if (user_word_load(&seen, word))
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

/* One whose thread stands still and is to be terminated.  Somebody may just
 * have set the bit that says he waits, and it is lost: he watches the process
 * as well, and looks again when that has ended. */
static void owner_is_killed(win_handle process, uint32_t *word, int tid)
{
	uint32_t seen;

	if (memory_read_of(process, &seen, word, sizeof seen) ||
		(seen & TID_MASK) != (uint32_t)tid)
		return;
	seen = (seen & WAITERS) | OWNER_DIED;
	win_process_write(process, (uintptr_t)word, &seen, sizeof seen);
}

static void mark_entry(
	win_handle process, uint64_t entry, int64_t offset, int tid)
{
	uint32_t *word =
		(uint32_t *)((entry & ~PRIORITY_BIT) + (uint64_t)offset);

	if (!entry || ((uintptr_t)word & 3))
		return;
	if (process)
		owner_is_killed(process, word, tid);
	else
		owner_ends(word, tid);
}

/* process: of Windows, 0 for our own. */
static void mark_all(win_handle process, uint64_t start, int tid)
{
	struct head head;
	uint64_t at;

	if (!start ||
		memory_read_of(process, &head, (void *)start, sizeof head))
		return;
	at = head.next;
	for (int i = 0; i < LIST_LIMIT && (at & ~PRIORITY_BIT) != start; i++) {
		uint64_t next;

		if (memory_read_of(process, &next, (void *)(at & ~PRIORITY_BIT),
			    sizeof next))
			break;
		/* one that is being taken or dropped comes last */
		if (at != head.pending)
			mark_entry(process, at, head.offset, tid);
		at = next;
	}
	mark_entry(process, head.pending, head.offset, tid);
}

void robust_list_end(struct thread *t)
{
	uint64_t start = (uint64_t)t->robust_list;

	t->robust_list = NULL;
	task_shared()->threads[t->slot].robust_list = 0;
	mark_all(0, start, t->tid);
}

/* The threads are not to be resumed: they hold nothing any more. */
void robust_lists_kill(win_handle process, uint64_t owner)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->thread_end; i++) {
		struct thread_slot *t = &s->threads[i];
		win_handle thread;

		if (t->owner != owner || !t->robust_list ||
			win_thread_open(&thread, t->windows_id))
			continue;
		if (!win_thread_suspend(thread))
			mark_all(process, t->robust_list, t->tid);
		win_close(thread);
	}
}
