/* Shared by the memory room's own files. */
#ifndef MEMORY_PRIVATE_H
#define MEMORY_PRIVATE_H

#include "lib/lib.h"
#include "lock/lock.h"
#include "memory/memory.h"

/* Parts of the window. */
#define BREAK_START	MEMORY_LOW
#define BREAK_END	(MEMORY_LOW + (1ul << 40))
#define ANONYMOUS_START BREAK_END
#define ANONYMOUS_END	0x200000000000ul /* 32 TiB */
#define VIEWS_START	ANONYMOUS_END
#define VIEWS_END	0x400000000000ul

/* A section that is mapped; its regions may have been cut. */
struct view {
	win_handle section;
	uintptr_t base; /* at a granule, as the offset */
	size_t size;	/* as much as the section has, if 0 */
	size_t mapped;	/* bytes that regions still cover */
	uint64_t offset;
	uint64_t object;
	int protection; /* the most that mprotect may give */
};

struct node {
	struct list entry;
	struct region region;
};

/* All regions in address order; guarded by memory_lock. */
extern struct list memory_regions;
extern struct lock memory_lock;
extern uintptr_t memory_break_now;

/* Bytes of address space that are reserved at once. */
#define UNIT (64ul << 20)

/* arena.c: address space in units, and memory in it. */
int arena_commit(uintptr_t start, size_t size, int protection);
int arena_reserve(uintptr_t start, size_t size);
void arena_decommit(uintptr_t start, size_t size);
/* The first stack's guard costs three calls of Windows, and the next life wants
 * it in the same place: it stays raised until that has begun.  The place must
 * have been trimmed. */
void arena_keep_guard(uintptr_t start, size_t size);
bool arena_take_guard(uintptr_t start, size_t size);
void arena_drop_guard(void);
/* Within a unit; what will not be used again soon, or holds nothing. */
void arena_decommit_unused(uintptr_t start, size_t size);
int arena_protect(uintptr_t start, size_t size, int protection);
/* The part of [start, end) that lies in start's unit: bytes. */
size_t arena_part(uintptr_t start, uintptr_t end);
/* A unit in which nothing is mapped becomes a view, copied on write, of a
 * section; none of its pages is accessible at first. */
int arena_map_view(uint64_t unit, win_handle section);
bool arena_is_view(uintptr_t address);
bool page_is_zero(const void *page);
/* Gives back units in which nothing is mapped, but for the first few. */
void arena_trim(void);

/* snapshot.c: units that fork hands over whole, in a section that belongs to
 * the receiving host, instead of in the stream. */
struct transfer;
/* Chooses units, writes them into `to`'s host's section and tells which. */
int snapshot_pack(struct transfer *to);
/* Whether the unit of an address was chosen by snapshot_pack(). */
bool snapshot_has(uintptr_t address);
int snapshot_unpack(struct transfer *from);

/* Where fork begins to copy a region. */
uintptr_t region_used_from(const struct region *r);

/* stack.c */
/* Gives a region its guard page and its room; the reverse, which makes it
 * inaccessible memory like any other. */
int guard_raise(const struct region *r);
void guard_drop(struct region *r);
/* The first stack's, taken from the list as it is; its start or 0. */
uintptr_t guard_take_out(void);
/* The guard page, and below it room for a CONTEXT with AVX-512 (4 KiB),
 * Windows' dispatcher and our handler. */
#define GUARD_SIZE (32ul << 10)

/* calls.c */
/* Memory in a place that is free. */
int region_add(
	uintptr_t at, size_t size, int protection, enum region_kind kind);

/* regions.c */
struct node *region_at(uintptr_t address);
int region_insert(const struct region *r);
/* Cuts so that region boundaries lie at start and end. */
int region_split(uintptr_t start, uintptr_t end);
bool region_free(uintptr_t start, uintptr_t end);
uintptr_t region_place(
	uintptr_t low, uintptr_t high, size_t size, size_t align);
void region_merge(uintptr_t start, uintptr_t end);
/* Takes out everything between; memory included.  What is left of a view
 * that Windows cannot give back stays as REGION_GONE. */
int region_remove(uintptr_t start, uintptr_t end);

#endif
