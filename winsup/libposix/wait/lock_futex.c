/* man 2 futex, "Priority-inheritance futexes": words that say who holds them.
 * They are locks like others here: nobody's priority is raised.  Windows has
 * no call for it, and does what there is against inversion by itself: now and
 * then it lets a thread run that is ready and has not for long (Microsoft,
 * "Priority Inversion"). */
#include "wait/private.h"

#include "abi/errno.h"
#include "memory/memory.h"

/* Who has waited says that others may, since he cannot know. */
static long take(uint32_t *address, uint32_t seen, bool waited)
{
	uint32_t new = (uint32_t)current->tid | (seen & (WAITERS | OWNER_DIED));
	uint32_t found;

	if (waited)
		new |= WAITERS;
	if (user_word_exchange(address, seen, new, &found))
		return -EFAULT;
	return found == seen ? 0 : -EAGAIN;
}

/* Its holder is no thread (any more). */
static long left_behind(uint32_t *address, uint32_t seen)
{
	if (!robust_holder(address, seen | WAITERS))
		return -ESRCH;
	robust_mark(address, seen);
	return 0;
}

long futex_lock(uint32_t *address, int operation, int64_t deadline)
{
	bool waited = false;
	uint32_t seen, found;
	long r;

	for (;;) {
		if (user_word_load(&seen, address))
			return -EFAULT;
		if (!(seen & TID_MASK)) {
			r = take(address, seen, waited);
			if (r != -EAGAIN)
				return r;
			continue;
		}
		if ((seen & TID_MASK) == (uint32_t)current->tid)
			return -EDEADLK;
		if (task_thread_find(seen & TID_MASK) < 0) {
			r = left_behind(address, seen);
			if (r)
				return r;
			continue;
		}
		if (!deadline)
			return -EAGAIN;
		if (!(seen & WAITERS)) {
			if (user_word_exchange(
				    address, seen, seen | WAITERS, &found))
				return -EFAULT;
			if (found != seen)
				continue;
			seen |= WAITERS;
		}
		r = futex_wait_at(address, operation, seen, deadline, ~0u);
		if (r && r != -EAGAIN)
			return r;
		waited = true;
	}
}

long futex_unlock(uint32_t *address, int operation)
{
	uint32_t seen, found;

	if (user_word_load(&seen, address))
		return -EFAULT;
	for (;;) {
		if ((seen & TID_MASK) != (uint32_t)current->tid)
			return -EPERM;
		if (user_word_exchange(address, seen, 0, &found))
			return -EFAULT;
		if (found == seen)
			break;
		seen = found;
	}
	futex_wake_at(address, operation, 1, ~0u);
	return 0;
}
