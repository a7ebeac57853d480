/* Stacks, and what lies below them.
 *
 * A guard page alone does not do: the record of its exception lies below it.
 * Windows makes a stack of its own grow at such a page (Microsoft "Thread Stack
 * Size"); these are not within the bounds it knows, so the page faults. */
#include "memory/private.h"

#include "abi/errno.h"

static uintptr_t guard_page(const struct region *r)
{
	return r->end - PAGE_SIZE_BYTES;
}

int guard_raise(const struct region *r)
{
	size_t size = r->end - r->start;
	int error;

	if (arena_take_guard(r->start, size))
		return 0;
	error = arena_commit(r->start, size, WIN_READ | WIN_WRITE);
	return error ? error
		     : arena_protect(guard_page(r), PAGE_SIZE_BYTES,
			       WIN_READ | WIN_WRITE | WIN_GUARD);
}

void guard_drop(struct region *r)
{
	arena_decommit_unused(r->start, r->end - r->start);
	r->kind = REGION_PRIVATE;
	r->committed = false;
}

uintptr_t guard_take_out(void)
{
	list_for_each(entry, &memory_regions)
	{
		struct node *n = container_of(entry, struct node, entry);
		struct node *stack;
		uintptr_t start = n->region.start;

		if (n->region.kind != REGION_GUARD || arena_is_view(start))
			continue;
		stack = region_at(n->region.end);
		if (!stack || stack->region.kind != REGION_STACK)
			continue;
		list_remove(&n->entry);
		win_free(n);
		return start;
	}
	return 0;
}

/* Cuts the guard off what lies below a stack. */
static void take_guard(uintptr_t stack)
{
	struct node *n = region_at(stack - 1);

	/* as well if it is a guard */
	if (!n || n->region.committed ||
		n->region.end - n->region.start < GUARD_SIZE ||
		region_split(stack - GUARD_SIZE, stack))
		return;
	n = region_at(stack - 1);
	n->region.kind = REGION_GUARD;
	n->region.committed = true;
	if (guard_raise(&n->region))
		guard_drop(&n->region);
}

void memory_guard_stack(uintptr_t inside)
{
	struct node *n;

	lock_take(&memory_lock);
	n = region_at(inside);
	if (n && (n->region.protection & WIN_WRITE))
		take_guard(n->region.start);
	arena_drop_guard();
	lock_drop(&memory_lock);
}

void memory_guard_again(uintptr_t start, size_t size)
{
	lock_take(&memory_lock);
	list_for_each(entry, &memory_regions)
	{
		struct region *r =
			&container_of(entry, struct node, entry)->region;

		if (r->kind == REGION_GUARD && r->end > start &&
			(r->start <= start || r->start - start < size))
			arena_protect(guard_page(r), PAGE_SIZE_BYTES,
				WIN_READ | WIN_WRITE | WIN_GUARD);
	}
	lock_drop(&memory_lock);
}

uintptr_t memory_make_stack(size_t size)
{
	uintptr_t at;
	int r = -ENOMEM;

	lock_take(&memory_lock);
	at = region_place(
		ANONYMOUS_START, ANONYMOUS_END, size + GRANULE, GRANULE);
	if (at)
		r = region_add(at, GRANULE, 0, REGION_STACK);
	if (!r)
		r = region_add(
			at + GRANULE, size, WIN_READ | WIN_WRITE, REGION_STACK);
	lock_drop(&memory_lock);
	return r ? 0 : at + GRANULE + size;
}
