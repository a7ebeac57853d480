/* The list of what is mapped where. */
#include "memory/private.h"

#include "abi/errno.h"

struct list memory_regions HOST_STATE = { 0, 0 };
struct lock memory_lock HOST_STATE = LOCK_INIT(RANK_REGIONS);

static struct node *node_of(struct list *entry)
{
	return container_of(entry, struct node, entry);
}

struct node *region_at(uintptr_t address)
{
	list_for_each(entry, &memory_regions)
	{
		struct node *n = node_of(entry);

		if (address >= n->region.end)
			continue;
		return address >= n->region.start &&
				       n->region.kind != REGION_GONE
			       ? n
			       : NULL;
	}
	return NULL;
}

int region_insert(const struct region *r)
{
	struct node *n = win_alloc(sizeof *n);
	struct list *before = &memory_regions;

	if (!n)
		return -ENOMEM;
	n->region = *r;
	list_for_each(entry, &memory_regions)
	{
		if (node_of(entry)->region.start >= r->end) {
			before = entry;
			break;
		}
	}
	list_append(before, &n->entry);
	return 0;
}

static int cut(uintptr_t at)
{
	struct node *n = region_at(at);
	struct region upper;

	if (!n || n->region.start == at)
		return 0;
	if (n->region.kind == REGION_GUARD)
		guard_drop(&n->region);
	upper = n->region;
	upper.start = at;
	n->region.end = at;
	return region_insert(&upper);
}

int region_split(uintptr_t start, uintptr_t end)
{
	int r = cut(start);

	return r ? r : cut(end);
}

bool region_free(uintptr_t start, uintptr_t end)
{
	list_for_each(entry, &memory_regions)
	{
		struct node *n = node_of(entry);

		if (n->region.start >= end)
			break;
		if (n->region.end > start)
			return false;
	}
	return true;
}

uintptr_t region_place(uintptr_t low, uintptr_t high, size_t size, size_t align)
{
	uintptr_t at = low;

	list_for_each(entry, &memory_regions)
	{
		struct region *r = &node_of(entry)->region;

		if (r->end <= at)
			continue;
		if (r->start >= at && r->start - at >= size)
			break;
		at = round_up(r->end, align);
	}
	return at < high && high - at >= size ? at : 0;
}

static bool alike(const struct region *a, const struct region *b)
{
	return a->end == b->start && a->kind == REGION_PRIVATE &&
	       b->kind == REGION_PRIVATE && a->protection == b->protection &&
	       a->committed == b->committed;
}

void region_merge(uintptr_t start, uintptr_t end)
{
	list_for_each(entry, &memory_regions)
	{
		struct node *n = node_of(entry), *next;

		if (n->region.start > end)
			break;
		while (n->region.end >= start &&
			n->entry.next != &memory_regions) {
			next = node_of(n->entry.next);
			if (!alike(&n->region, &next->region))
				break;
			n->region.end = next->region.end;
			list_remove(&next->entry);
			win_free(next);
		}
		entry_next = n->entry.next;
	}
}

static void forget_gone(const struct view *v)
{
	list_for_each(entry, &memory_regions)
	{
		struct node *n = node_of(entry);

		if (n->region.kind == REGION_GONE && n->region.view == v) {
			list_remove(&n->entry);
			win_free(n);
		}
	}
}

/* Windows gives back only whole views: a part that goes before the others
 * stays, without access, so that nothing else is placed there. */
static void release_part(struct node *n)
{
	struct view *v = n->region.view;
	size_t size = n->region.end - n->region.start;

	v->mapped -= size;
	n->region.kind = REGION_GONE;
	n->region.protection = 0;
	if (v->mapped)
		win_region_protect((void *)n->region.start, size, 0);
}

static void release_whole(struct view *v)
{
	forget_gone(v);
	win_section_unmap((void *)v->base);
	win_close(v->section);
	win_free(v);
}

/* A view of which nothing is used any more. */
static struct view *unused_view(uintptr_t start, uintptr_t end)
{
	list_for_each(entry, &memory_regions)
	{
		struct region *r = &node_of(entry)->region;

		if (r->start >= end)
			break;
		if (r->end > start && r->kind == REGION_GONE &&
			!r->view->mapped)
			return r->view;
	}
	return NULL;
}

int region_remove(uintptr_t start, uintptr_t end)
{
	struct view *v;
	int r = region_split(start, end);

	if (r)
		return r;
	list_for_each(entry, &memory_regions)
	{
		struct node *n = node_of(entry);

		if (n->region.start >= end)
			break;
		if (n->region.start < start || n->region.kind == REGION_GONE)
			continue;
		if (n->region.kind == REGION_SHARED) {
			release_part(n);
			continue;
		}
		if (n->region.kind == REGION_GUARD)
			guard_drop(&n->region);
		if (n->region.committed)
			arena_decommit(n->region.start,
				n->region.end - n->region.start);
		list_remove(&n->entry);
		win_free(n);
	}
	while ((v = unused_view(start, end)))
		release_whole(v);
	return 0;
}
