/* mmap(2) and relatives. */
#include "memory/private.h"

#include <string.h>
#include <sys/mman.h>

#include "abi/errno.h"

uintptr_t memory_break_now HOST_STATE = BREAK_START;

static size_t pages(size_t size)
{
	return round_up(size, PAGE_SIZE_BYTES);
}

static bool bad_range(uintptr_t start, size_t size)
{
	return (start & (PAGE_SIZE_BYTES - 1)) || start + size < start ||
	       size > MEMORY_HIGH;
}

/* A program may ask for any place that is not a program's, an object's or
 * Windows'. */
static bool can_place(uintptr_t start, size_t size)
{
	return start >= 0x4400000000ul && start + size <= MEMORY_HIGH;
}

/* Finds the place, clearing it for MAP_FIXED. */
static long choose(uintptr_t hint, size_t size, int flags, uintptr_t low,
	uintptr_t high, size_t align)
{
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	uintptr_t at;
	int r;

	if (fixed) {
		if (bad_range(hint, size))
			return -EINVAL;
		if (!can_place(hint, size))
			return -ENOMEM;
		if ((flags & MAP_FIXED_NOREPLACE) &&
			!region_free(hint, hint + size))
			return -EEXIST;
		r = region_remove(hint, hint + size);
		/* a view that is used elsewhere keeps its place */
		if (!r && !region_free(hint, hint + size))
			r = -ENOMEM;
		return r ? r : (long)hint;
	}
	hint = round_up(hint, align);
	if (hint && !(hint & (align - 1)) && hint >= low &&
		hint + size <= high && region_free(hint, hint + size))
		return (long)hint;
	at = region_place(low, high, size, align);
	return at ? (long)at : -ENOMEM;
}

int region_add(uintptr_t at, size_t size, int protection, enum region_kind kind)
{
	struct region r = { at, at + size, protection, kind, protection != 0,
		NULL };
	int error = protection ? arena_commit(at, size, protection)
			       : arena_reserve(at, size);

	if (!error)
		error = region_insert(&r);
	if (error && protection)
		arena_decommit(at, size);
	if (!error)
		region_merge(at, at + size);
	return error;
}

long memory_map_anonymous(
	uintptr_t hint, size_t size, int protection, int flags)
{
	long at;
	int r;

	if (!size || size > MEMORY_HIGH)
		return size ? -ENOMEM : -EINVAL;
	size = pages(size);
	lock_take(&memory_lock);
	at = choose(hint, size, flags, ANONYMOUS_START, ANONYMOUS_END,
		PAGE_SIZE_BYTES);
	if (at > 0) {
		r = region_add(
			(uintptr_t)at, size, protection & 7, REGION_PRIVATE);
		if (r)
			at = r;
	}
	lock_drop(&memory_lock);
	return at;
}

/* `before` bytes of the view lie before the region: Windows begins views at
 * granules, of memory and of the section. */
static int map_view(
	struct region *r, size_t before, int most, const struct mappable *what)
{
	struct view *v = win_alloc(sizeof *v);
	void *place = (void *)(r->start - before);
	size_t size = r->end - r->start;
	int error;

	if (!v)
		return -ENOMEM;
	*v = (struct view){ what->section, (uintptr_t)place, size + before,
		size, what->offset - before, what->object, most };
	error = win_section_map(v->section, &place, v->offset, v->size, most);
	/* a file's last page: the view may not be longer than the file */
	if (error && error != -EEXIST) {
		place = (void *)v->base;
		v->size = 0;
		error = win_section_map(v->section, &place, v->offset, 0, most);
	}
	if (error) {
		win_free(v);
		return error == -EEXIST ? -ENOMEM : error;
	}
	if (before)
		win_region_protect(place, before, 0);
	if (r->protection != most)
		error = win_region_protect(
			(void *)r->start, size, r->protection);
	if (error) {
		win_section_unmap(place);
		win_free(v);
		return error;
	}
	r->view = v;
	return 0;
}

static long map_section(uintptr_t hint, size_t size, int protection, int most,
	int flags, const struct mappable *what)
{
	struct region r = { .kind = REGION_SHARED,
		.committed = true,
		.protection = protection };
	size_t before = what->offset & (GRANULE - 1);
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	long at;
	int error;

	/* a place within a private unit cannot hold a view */
	if (fixed && (hint < VIEWS_START || hint >= VIEWS_END || before ||
			     (hint & (GRANULE - 1))))
		return -ENOMEM;
	at = choose(hint > before ? hint - before : 0,
		round_up(size + before, GRANULE), flags, VIEWS_START, VIEWS_END,
		GRANULE);
	if (at < 0)
		return at;
	r.start = (uintptr_t)at + before;
	r.end = r.start + size;
	error = map_view(&r, before, most, what);
	if (error)
		return error;
	error = region_insert(&r);
	if (error) {
		win_section_unmap((void *)r.view->base);
		win_free(r.view);
		return error;
	}
	return (long)r.start;
}

long memory_map_section(uintptr_t hint, size_t size, int protection, int most,
	int flags, const struct mappable *what)
{
	long at;

	if (!size)
		return -EINVAL;
	if (protection & ~most)
		return -EACCES;
	lock_take(&memory_lock);
	at = map_section(hint, pages(size), protection, most, flags, what);
	lock_drop(&memory_lock);
	return at;
}

long memory_unmap(uintptr_t start, size_t size)
{
	long r;

	if (!size || bad_range(start, size))
		return -EINVAL;
	lock_take(&memory_lock);
	r = region_remove(start, start + pages(size));
	lock_drop(&memory_lock);
	return r;
}

/* Whether [start, end) is mapped without holes. */
static bool covered(uintptr_t start, uintptr_t end)
{
	struct node *n;

	for (; start < end; start = n->region.end) {
		n = region_at(start);
		if (!n)
			return false;
	}
	return true;
}

static int protect_region(struct region *r, int protection)
{
	size_t size = r->end - r->start;
	int error;

	if (r->kind == REGION_GUARD)
		guard_drop(r);
	if (r->kind == REGION_SHARED && (protection & ~r->view->protection))
		error = -EACCES;
	else if (r->kind == REGION_SHARED)
		error = win_region_protect((void *)r->start, size, protection);
	else if (!r->committed && protection)
		error = arena_commit(r->start, size, protection);
	else if (r->committed)
		error = arena_protect(r->start, size, protection);
	else
		error = 0;
	if (!error) {
		r->protection = protection;
		r->committed |= protection != 0;
	}
	return error;
}

long memory_protect(uintptr_t start, size_t size, int protection)
{
	uintptr_t end = start + pages(size);
	long r = 0;

	if (bad_range(start, size) || (protection & ~7))
		return -EINVAL;
	if (!size)
		return 0;
	lock_take(&memory_lock);
	if (!covered(start, end))
		r = -ENOMEM;
	else
		r = region_split(start, end);
	for (uintptr_t at = start; !r && at < end;) {
		struct node *n = region_at(at);

		r = protect_region(&n->region, protection);
		at = n->region.end;
	}
	region_merge(start, end);
	lock_drop(&memory_lock);
	return r;
}

/* Another view of the section, which then is the only one. */
static long remap_view(struct region *r, uintptr_t old, size_t old_size,
	size_t new_size, int flags, uintptr_t new_place)
{
	const struct view *v = r->view;
	struct mappable what = { 0, v->offset + (old - v->base), v->object };
	long at;

	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	if (win_duplicate(v->section, &what.section))
		return -ENOMEM;
	at = map_section(new_place, new_size, r->protection, v->protection,
		flags & MREMAP_FIXED ? MAP_FIXED : 0, &what);
	if (at < 0) {
		win_close(what.section);
		return -ENOMEM;
	}
	region_remove(old, old + old_size);
	return at;
}

/* All bytes of private memory, whatever its protection. */
static void copy_private(const struct region *r, uintptr_t to, size_t size)
{
	uintptr_t from = r->start;

	if (!r->committed)
		return;
	if (!(r->protection & WIN_READ))
		arena_protect(from, size, WIN_READ);
	memcpy((void *)to, (void *)from, size);
}

static long remap_locked(uintptr_t old, size_t old_size, size_t new_size,
	int flags, uintptr_t new_place)
{
	struct node *n = region_at(old);
	int protection;
	long at;
	int r;

	if (!n || n->region.end < old + old_size)
		return -EFAULT;
	if (!(flags & MREMAP_FIXED)) {
		if (new_size <= old_size) {
			r = new_size < old_size ? region_remove(old + new_size,
							  old + old_size)
						: 0;
			return r ? r : (long)old;
		}
		if (n->region.kind != REGION_SHARED &&
			n->region.end == old + old_size &&
			region_free(old + old_size, old + new_size) &&
			old + new_size <= ANONYMOUS_END) {
			r = region_add(old + old_size, new_size - old_size,
				n->region.protection, REGION_PRIVATE);
			return r ? r : (long)old;
		}
		if (!(flags & MREMAP_MAYMOVE))
			return -ENOMEM;
	}
	if (n->region.kind == REGION_SHARED)
		return remap_view(
			&n->region, old, old_size, new_size, flags, new_place);
	r = region_split(old, old + old_size);
	if (r)
		return r;
	n = region_at(old);
	protection = n->region.protection;
	at = choose(new_place, new_size, flags & MREMAP_FIXED ? MAP_FIXED : 0,
		ANONYMOUS_START, ANONYMOUS_END, PAGE_SIZE_BYTES);
	if (at < 0)
		return at;
	n = region_at(old); /* choose() may have cut the list anew */
	if (n->region.kind == REGION_GUARD)
		guard_drop(&n->region);
	r = region_add(
		(uintptr_t)at, new_size, WIN_READ | WIN_WRITE, REGION_PRIVATE);
	if (r)
		return r;
	copy_private(&n->region, (uintptr_t)at,
		old_size < new_size ? old_size : new_size);
	r = region_remove(old, old + old_size);
	if (!r && protection != (WIN_READ | WIN_WRITE)) {
		r = region_split((uintptr_t)at, (uintptr_t)at + new_size);
		if (!r)
			r = protect_region(
				&region_at((uintptr_t)at)->region, protection);
	}
	return r ? r : at;
}

long memory_remap(uintptr_t old, size_t old_size, size_t new_size, int flags,
	uintptr_t new_place)
{
	long r;

	old_size = pages(old_size);
	new_size = pages(new_size);
	if (bad_range(old, old_size) || !new_size || !old_size ||
		(flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
		((flags & MREMAP_FIXED) &&
			(!(flags & MREMAP_MAYMOVE) ||
				(new_place < old + old_size &&
					old < new_place + new_size))))
		return -EINVAL;
	lock_take(&memory_lock);
	r = remap_locked(old, old_size, new_size, flags, new_place);
	lock_drop(&memory_lock);
	return r;
}

/* MADV_DONTNEED: private pages read as zero again (man 2 madvise). */
static int forget(uintptr_t start, uintptr_t end)
{
	int r = region_split(start, end);

	for (uintptr_t at = start; !r && at < end;) {
		struct region *region = &region_at(at)->region;
		size_t size = region->end - region->start;

		if ((region->kind == REGION_PRIVATE ||
			    region->kind == REGION_STACK) &&
			region->committed) {
			arena_decommit(region->start, size);
			r = arena_commit(
				region->start, size, region->protection);
		}
		at = region->end;
	}
	region_merge(start, end);
	return r;
}

/* Hints that may be ignored; not what programs rely on and is not here, as
 * MADV_DONTFORK, MADV_WIPEONFORK and MADV_REMOVE. */
static bool known_advice(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_KEEPONFORK:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return true;
	}
	return false;
}

long memory_advise(uintptr_t start, size_t size, int advice)
{
	uintptr_t end = start + pages(size);
	long r = 0;

	if (bad_range(start, size) || !known_advice(advice))
		return -EINVAL;
	if (!size)
		return 0;
	lock_take(&memory_lock);
	if (!covered(start, end))
		r = -ENOMEM;
	else if (advice == MADV_DONTNEED)
		r = forget(start, end);
	lock_drop(&memory_lock);
	return r;
}

long memory_sync(uintptr_t start, size_t size, int flags)
{
	uintptr_t end = start + pages(size);
	long r = 0;

	if (bad_range(start, size) ||
		(flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) ||
		((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	lock_take(&memory_lock);
	if (!covered(start, end))
		r = -ENOMEM;
	for (uintptr_t at = start; !r && at < end;) {
		struct region *region = &region_at(at)->region;

		if (region->kind == REGION_SHARED &&
			(region->protection & WIN_WRITE))
			r = win_section_flush((void *)region->start,
				region->end - region->start);
		at = region->end;
	}
	lock_drop(&memory_lock);
	return r;
}

long memory_resident(uintptr_t start, size_t count, uint8_t *to)
{
	long r = -ENOMEM;

	lock_take(&memory_lock);
	if (covered(start, start + count * PAGE_SIZE_BYTES))
		r = win_region_resident((void *)start, count, to);
	lock_drop(&memory_lock);
	return r;
}

long memory_break(uintptr_t wanted)
{
	uintptr_t old, new;

	lock_take(&memory_lock);
	old = memory_break_now;
	if (wanted >= BREAK_START && wanted < BREAK_END) {
		uintptr_t top = pages(old);

		new = pages(wanted);
		if (new > top) {
			if (region_add(top, new - top, WIN_READ | WIN_WRITE,
				    REGION_PRIVATE))
				wanted = old;
		} else if (new < top) {
			region_remove(new, top);
		}
		memory_break_now = wanted;
	}
	wanted = memory_break_now;
	lock_drop(&memory_lock);
	return (long)wanted;
}

bool memory_find(uintptr_t address, struct region *out)
{
	struct node *n;

	lock_take(&memory_lock);
	n = region_at(address);
	if (n)
		*out = n->region;
	lock_drop(&memory_lock);
	return n != NULL;
}

bool memory_shared_word(uintptr_t address, uint64_t *object, uint64_t *offset)
{
	struct node *n;
	bool shared;

	lock_take(&memory_lock);
	n = region_at(address);
	shared = n && n->region.kind == REGION_SHARED;
	if (shared) {
		*object = n->region.view->object;
		*offset =
			n->region.view->offset + address - n->region.view->base;
	}
	lock_drop(&memory_lock);
	return shared;
}

bool memory_next(uintptr_t after, struct region *out)
{
	bool found = false;

	lock_take(&memory_lock);
	list_for_each(entry, &memory_regions)
	{
		struct region *r =
			&container_of(entry, struct node, entry)->region;

		if (r->start >= after && r->kind != REGION_GONE) {
			*out = *r;
			found = true;
			break;
		}
	}
	lock_drop(&memory_lock);
	return found;
}

static size_t sum(bool (*counts)(const struct region *r))
{
	size_t size = 0;

	lock_take(&memory_lock);
	list_for_each(entry, &memory_regions)
	{
		const struct region *r =
			&container_of(entry, struct node, entry)->region;

		if (counts(r))
			size += r->end - r->start;
	}
	lock_drop(&memory_lock);
	return size;
}

static bool is_there(const struct region *r)
{
	return r->kind != REGION_GONE;
}

static bool is_data(const struct region *r)
{
	return r->kind == REGION_PRIVATE && (r->protection & WIN_WRITE);
}

size_t memory_size(void)
{
	return sum(is_there);
}

size_t memory_data_size(void)
{
	return sum(is_data);
}

void memory_drop(struct process *process)
{
	uintptr_t guard;

	(void)process;
	lock_take(&memory_lock);
	guard = guard_take_out();
	region_remove(0, MEMORY_HIGH);
	memory_break_now = BREAK_START;
	arena_trim();
	if (guard)
		arena_keep_guard(guard, GUARD_SIZE);
	lock_drop(&memory_lock);
}
