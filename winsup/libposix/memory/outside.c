/* The memory of other processes, and what they have mapped: for /proc. */
#include "memory/private.h"

#include "abi/errno.h"

/* posix1.dll lies at one place everywhere, so the other's list begins where
 * ours does.  An entry that was taken out meanwhile ends the walk. */
bool memory_next_of(
	win_handle process, struct memory_walk *w, struct region *out)
{
	struct node n;
	const struct list *next = w->entry;

	if (!process) {
		if (!memory_next(w->after, out))
			return false;
		w->after = out->end;
		return true;
	}
	if (!next && memory_read_of(
			     process, &next, &memory_regions.next, sizeof next))
		return false;
	if (next == &memory_regions ||
		memory_read_of(process, &n,
			container_of(next, struct node, entry), sizeof n) ||
		n.region.start < w->after || n.region.end <= n.region.start)
		return false;
	w->entry = n.entry.next;
	w->after = n.region.end;
	*out = n.region;
	return true;
}

bool memory_is_break(uintptr_t address)
{
	return address >= BREAK_START && address < BREAK_END;
}

long memory_read_of(
	win_handle process, void *to, const void *there, size_t size)
{
	if (!process)
		return user_copy_in(to, there, size);
	return win_process_read(process, (uintptr_t)there, to, size);
}

long memory_string_of(
	win_handle process, char *to, const char *there, size_t room)
{
	size_t n = 0;

	if (!process)
		return user_string(to, there, room);
	/* not beyond the page: the next may not be there */
	while (n < room) {
		size_t part = PAGE_SIZE_BYTES -
			      (uintptr_t)(there + n) % PAGE_SIZE_BYTES;

		if (part > room - n)
			part = room - n;
		if (memory_read_of(process, to + n, there + n, part))
			return -EFAULT;
		for (; part; part--, n++)
			if (!to[n])
				return (long)n;
	}
	return -ENAMETOOLONG;
}
