/* Private memory.  Windows reserves in steps of 64 KiB, POSIX maps in pages;
 * so address space is reserved in large units once, and pages are committed
 * and decommitted within them.  No Windows call may span two reservations,
 * hence the loops. */
#include "memory/private.h"

#include <string.h>

#include "abi/errno.h"

#define UNIT	   (64ul << 20)
#define KEPT_UNITS 8

/* Reserved units, by number, ascending. */
static struct {
	uint64_t *units;
	size_t count, room;
} arena HOST_STATE = { 0, 0, 0 };

static size_t lower_bound(uint64_t unit)
{
	size_t low = 0, high = arena.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (arena.units[middle] < unit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int have_unit(uint64_t unit)
{
	size_t i = lower_bound(unit);
	int r;

	if (i < arena.count && arena.units[i] == unit)
		return 0;
	if (arena.count == arena.room) {
		size_t room = arena.room ? arena.room * 2 : 64;
		uint64_t *units =
			win_realloc(arena.units, room * sizeof *units);

		if (!units)
			return -ENOMEM;
		arena.units = units;
		arena.room = room;
	}
	r = win_region_reserve((void *)(unit * UNIT), UNIT);
	if (r)
		return r;
	memmove(arena.units + i + 1, arena.units + i,
		(arena.count - i) * sizeof *arena.units);
	arena.units[i] = unit;
	arena.count++;
	return 0;
}

/* The part of [start, end) that lies in start's unit. */
static size_t part(uintptr_t start, uintptr_t end)
{
	uintptr_t limit = round_down(start, UNIT) + UNIT;

	return (end < limit ? end : limit) - start;
}

int arena_reserve(uintptr_t start, size_t size)
{
	uintptr_t end = start + size;
	int r = 0;

	for (; start < end && !r; start += part(start, end))
		r = have_unit(start / UNIT);
	return r == -EEXIST ? -ENOMEM : r;
}

int arena_commit(uintptr_t start, size_t size, int protection)
{
	uintptr_t end = start + size;
	int r = arena_reserve(start, size);

	for (; start < end && !r; start += part(start, end))
		r = win_region_commit(
			(void *)start, part(start, end), protection);
	return r;
}

void arena_decommit(uintptr_t start, size_t size)
{
	uintptr_t end = start + size;

	for (; start < end; start += part(start, end))
		win_region_decommit((void *)start, part(start, end));
}

int arena_protect(uintptr_t start, size_t size, int protection)
{
	uintptr_t end = start + size;
	int r = 0;

	for (; start < end && !r; start += part(start, end))
		r = win_region_protect(
			(void *)start, part(start, end), protection);
	return r;
}

void arena_trim(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < arena.count; i++) {
		uintptr_t start = arena.units[i] * UNIT;

		if (kept >= KEPT_UNITS && region_free(start, start + UNIT))
			win_region_release((void *)start);
		else
			arena.units[kept++] = arena.units[i];
	}
	arena.count = kept;
}
