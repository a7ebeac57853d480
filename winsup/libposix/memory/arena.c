/* Private memory.  Windows reserves in steps of 64 KiB, POSIX maps in pages;
 * so address space is reserved in large units once, and pages are committed
 * and decommitted within them.  No Windows call may span two reservations,
 * hence the loops.
 *
 * In a fork child a unit may be a view of what the parent left for it, copied
 * page by page as it is written to (snapshot.c).  There Windows neither
 * commits nor decommits: pages are made inaccessible, and zero when they come
 * back. */
#include "memory/private.h"

#include <string.h>

#include "abi/errno.h"

#define KEPT_UNITS 8

/* Reserved units, by number, ascending. */
struct unit {
	uint64_t number;
	bool view;
};

static struct {
	struct unit *units;
	size_t count, room;
} arena HOST_STATE = { 0, 0, 0 };

/* Small pieces that were unmapped stay committed, inaccessible, for the next
 * mapping of their place and size: what allocators do all the time then costs
 * two changes of protection, not a decommit, a commit and page faults. */
#define SPARES	   8
#define SPARE_SIZE (64ul << 10) /* the largest */

static struct spare {
	uintptr_t start;
	size_t size; /* 0: none */
} spares[SPARES + 1] HOST_STATE = { 0 };
static unsigned oldest_spare HOST_STATE = 0;
/* The guard of the life before, raised: arena_keep_guard(). */
#define LAST_SPARE (spares + SPARES)

static void drop_spare(struct spare *s)
{
	if (s->size)
		win_region_decommit((void *)s->start, s->size);
	s->size = 0;
}

static void drop_spares(void)
{
	for (struct spare *s = spares; s <= LAST_SPARE; s++)
		drop_spare(s);
}

/* Whether the place is the spare that it gets back; any other there goes. */
static bool take_spare(uintptr_t start, size_t size)
{
	for (struct spare *s = spares; s <= LAST_SPARE; s++) {
		if (s->start >= start + size || s->start + s->size <= start)
			continue;
		if (s->start == start && s->size == size) {
			s->size = 0;
			return true;
		}
		drop_spare(s);
	}
	return false;
}

static bool keep_spare(uintptr_t start, size_t size)
{
	struct spare *s = &spares[oldest_spare];

	/* what was to be committed, and could not be, may still hold one */
	if (take_spare(start, size) || size > SPARE_SIZE ||
		win_region_protect((void *)start, size, 0))
		return false;
	drop_spare(s);
	*s = (struct spare){ start, size };
	oldest_spare = (oldest_spare + 1) % SPARES;
	return true;
}

static size_t lower_bound(uint64_t unit)
{
	size_t low = 0, high = arena.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (arena.units[middle].number < unit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct unit *find_unit(uint64_t number)
{
	size_t i = lower_bound(number);

	return i < arena.count && arena.units[i].number == number
		       ? &arena.units[i]
		       : NULL;
}

static int add_unit(uint64_t number, bool view)
{
	size_t i = lower_bound(number);

	if (arena.count == arena.room) {
		size_t room = arena.room ? arena.room * 2 : 64;
		struct unit *units =
			win_realloc(arena.units, room * sizeof *units);

		if (!units)
			return -ENOMEM;
		arena.units = units;
		arena.room = room;
	}
	memmove(arena.units + i + 1, arena.units + i,
		(arena.count - i) * sizeof *arena.units);
	arena.units[i] = (struct unit){ number, view };
	arena.count++;
	return 0;
}

static int have_unit(uint64_t number)
{
	int r;

	if (find_unit(number))
		return 0;
	r = win_region_reserve((void *)(number * UNIT), UNIT);
	if (r)
		return r;
	r = add_unit(number, false);
	if (r)
		win_region_release((void *)(number * UNIT));
	return r;
}

bool arena_is_view(uintptr_t address)
{
	struct unit *u = find_unit(address / UNIT);

	return u && u->view;
}

int arena_map_view(uint64_t number, win_handle section)
{
	struct unit *u = find_unit(number);
	void *place = (void *)(number * UNIT);
	int r;

	drop_spares();
	if (u) {
		win_region_release(place);
		memmove(u, u + 1,
			(size_t)(arena.units + arena.count - u - 1) *
				sizeof *u);
		arena.count--;
	}
	r = win_section_map(section, &place, 0, UNIT,
		WIN_READ | WIN_WRITE | WIN_EXECUTE | WIN_PRIVATE);
	if (!r)
		r = win_region_protect(place, UNIT, 0);
	return r ? r : add_unit(number, true);
}

/* The part of [start, end) that lies in start's unit. */
size_t arena_part(uintptr_t start, uintptr_t end)
{
	uintptr_t limit = round_down(start, UNIT) + UNIT;

	return (end < limit ? end : limit) - start;
}

static int protect_part(uintptr_t start, size_t size, int protection)
{
	/* what may be written is written to a copy */
	if ((protection & WIN_WRITE) && arena_is_view(start))
		protection |= WIN_PRIVATE;
	return win_region_protect((void *)start, size, protection);
}

bool page_is_zero(const void *page)
{
	const uint64_t *p = page;

	for (size_t i = 0; i < PAGE_SIZE_BYTES / 8; i += 4)
		if (p[i] | p[i + 1] | p[i + 2] | p[i + 3])
			return false;
	return true;
}

/* Only where it must: to write in a view is to copy. */
static void zero_view(uintptr_t start, size_t size)
{
	for (uintptr_t at = start; at < start + size; at += PAGE_SIZE_BYTES)
		if (!page_is_zero((void *)at))
			memset((void *)at, 0, PAGE_SIZE_BYTES);
}

static int commit_part(uintptr_t start, size_t size, int protection)
{
	bool view = arena_is_view(start);
	int r;

	if (!view && !take_spare(start, size))
		return win_region_commit((void *)start, size, protection);
	r = protect_part(start, size, WIN_READ | WIN_WRITE);
	if (r)
		return r;
	if (view)
		zero_view(start, size);
	else
		user_zero((void *)start, size);
	return protection == (WIN_READ | WIN_WRITE)
		       ? 0
		       : protect_part(start, size, protection);
}

int arena_reserve(uintptr_t start, size_t size)
{
	uintptr_t end = start + size;
	int r = 0;

	for (; start < end && !r; start += arena_part(start, end))
		r = have_unit(start / UNIT);
	return r == -EEXIST ? -ENOMEM : r;
}

int arena_commit(uintptr_t start, size_t size, int protection)
{
	uintptr_t end = start + size;
	int r = arena_reserve(start, size);

	for (; start < end && !r; start += arena_part(start, end))
		r = commit_part(start, arena_part(start, end), protection);
	return r;
}

void arena_decommit(uintptr_t start, size_t size)
{
	uintptr_t end = start + size;

	for (; start < end; start += arena_part(start, end)) {
		if (arena_is_view(start))
			protect_part(start, arena_part(start, end), 0);
		else if (!keep_spare(start, arena_part(start, end)))
			win_region_decommit(
				(void *)start, arena_part(start, end));
	}
}

void arena_keep_guard(uintptr_t start, size_t size)
{
	struct unit *u = find_unit(start / UNIT);

	if (u && !u->view)
		*LAST_SPARE = (struct spare){ start, size };
}

bool arena_take_guard(uintptr_t start, size_t size)
{
	bool there = LAST_SPARE->start == start && LAST_SPARE->size == size;

	if (there)
		LAST_SPARE->size = 0;
	return there;
}

void arena_drop_guard(void)
{
	drop_spare(LAST_SPARE);
}

void arena_decommit_unused(uintptr_t start, size_t size)
{
	if (arena_is_view(start))
		protect_part(start, size, 0);
	else
		win_region_decommit((void *)start, size);
}

int arena_protect(uintptr_t start, size_t size, int protection)
{
	uintptr_t end = start + size;
	int r = 0;

	for (; start < end && !r; start += arena_part(start, end))
		r = protect_part(start, arena_part(start, end), protection);
	return r;
}

void arena_trim(void)
{
	size_t kept = 0;

	drop_spares();
	for (size_t i = 0; i < arena.count; i++) {
		struct unit u = arena.units[i];
		uintptr_t start = u.number * UNIT;

		if ((kept < KEPT_UNITS && !u.view) ||
			!region_free(start, start + UNIT))
			arena.units[kept++] = u;
		else if (u.view)
			win_section_unmap((void *)start);
		else
			win_region_release((void *)start);
	}
	arena.count = kept;
}
