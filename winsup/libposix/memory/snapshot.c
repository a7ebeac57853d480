/* Fork of large processes.
 *
 * What goes through the stream is written twice and faults twice in the child:
 * 64 MiB took 33 ms under Wine.  So a unit of address space in which much is
 * committed is written once, into a section that belongs to the receiving
 * host, and the child maps it copy-on-write where it was: it pays for what it
 * changes.  The section keeps its memory from fork to fork; `dirty` tells
 * which of its pages are not zero, and is written before the page is, so a
 * writer that is killed leaves nothing behind.  The host is the child's until
 * the child has ended, so nobody writes while it looks. */
#include "memory/private.h"

#include <string.h>

#include "abi/errno.h"
#include "task/task.h"
#include "task/transfer.h"

#define AREAS	   64	       /* units that one host can be handed: 4 GiB */
#define WORTH	   (4ul << 20) /* bytes committed in a unit */
#define UNIT_PAGES (UNIT / PAGE_SIZE_BYTES)

/* A section of its own. */
struct head {
	uint8_t dirty[AREAS][UNIT_PAGES / 8];
};

/* What this process has mapped of other hosts'. */
struct remote {
	struct head *head;
	char *areas[AREAS];
};
static struct remote *remotes[HOST_SLOTS] HOST_STATE = { 0 };

/* The units chosen for the fork that is going on; memory_lock guards it. */
static struct {
	uint64_t units[AREAS];
	int count;
} chosen HOST_STATE = { { 0 }, 0 };

/* A section for each area: Wine 8 takes what is committed in a section from
 * the beginning of a view, wherever in the section that lies. */
static int open_section(uint32_t host, const char *what, int number,
	size_t size, win_handle *out)
{
	char name[96];

	format(name, sizeof name, "%s-m%u-%s%d", task_session_name(), host,
		what, number);
	return win_section_create(out, name, size, false, NULL);
}

static void *map_section(
	uint32_t host, const char *what, int number, size_t size)
{
	win_handle section;
	void *at = NULL;

	if (open_section(host, what, number, size, &section))
		return NULL;
	/* the handle stays open: without one the name is gone, though not the
	 * section */
	if (!win_section_map(section, &at, 0, size, WIN_READ | WIN_WRITE))
		return at;
	win_close(section);
	return NULL;
}

static bool have_area(uint32_t host, int i)
{
	struct remote *r = remotes[host];

	if (!r)
		r = remotes[host] = win_alloc(sizeof *r);
	if (!r)
		return false;
	if (!r->head)
		r->head = map_section(host, "head", 0, sizeof *r->head);
	if (r->head && !r->areas[i])
		r->areas[i] = map_section(host, "area", i, UNIT);
	return r->areas[i] != NULL;
}

bool snapshot_has(uintptr_t address)
{
	for (int i = 0; i < chosen.count; i++)
		if (chosen.units[i] == address / UNIT)
			return true;
	return false;
}

static bool is_private(const struct region *r)
{
	return r->committed && !r->view && r->kind != REGION_GUARD;
}

static void choose(void)
{
	uint64_t unit = 0;
	size_t sum = 0;

	chosen.count = 0;
	list_for_each(entry, &memory_regions)
	{
		struct region *r =
			&container_of(entry, struct node, entry)->region;

		/* of the first stack little is used */
		if (!is_private(r) || r->kind == REGION_STACK)
			continue;
		for (uintptr_t at = r->start; at < r->end;
			at += arena_part(at, r->end)) {
			if (at / UNIT != unit)
				sum = 0;
			unit = at / UNIT;
			sum += arena_part(at, r->end);
			if (sum >= WORTH && chosen.count < AREAS &&
				!snapshot_has(at))
				chosen.units[chosen.count++] = unit;
		}
	}
}

struct area {
	uint8_t *dirty;
	char *pages;
	uint8_t fresh[UNIT_PAGES / 8]; /* written by this fork */
};

static void write_pages(struct area *a, uintptr_t start, uintptr_t end)
{
	for (uintptr_t at = start; at < end; at += PAGE_SIZE_BYTES) {
		size_t page = at % UNIT / PAGE_SIZE_BYTES;
		uint8_t bit = (uint8_t)(1 << page % 8);

		if (page_is_zero((void *)at))
			continue;
		a->fresh[page / 8] |= bit;
		__atomic_fetch_or(&a->dirty[page / 8], bit, __ATOMIC_RELEASE);
		memcpy(a->pages + at % UNIT, (void *)at, PAGE_SIZE_BYTES);
	}
}

/* What the fork before left and this one has not. */
static void clear_pages(struct area *a)
{
	for (size_t page = 0; page < UNIT_PAGES; page++) {
		uint8_t bit = (uint8_t)(1 << page % 8);

		if (!(a->dirty[page / 8] & bit) || (a->fresh[page / 8] & bit))
			continue;
		memset(a->pages + page * PAGE_SIZE_BYTES, 0, PAGE_SIZE_BYTES);
		a->dirty[page / 8] &= (uint8_t)~bit;
	}
}

static void write_region(
	struct area *a, const struct region *r, uintptr_t start, uintptr_t end)
{
	bool readable = r->protection & WIN_READ;
	uintptr_t used = region_used_from(r);

	if (r->start > start)
		start = r->start;
	if (r->end < end)
		end = r->end;
	if (start >= end)
		return;
	if (!readable)
		arena_protect(start, end - start, WIN_READ);
	write_pages(a, used > start ? used : start, end);
	if (!readable)
		arena_protect(start, end - start, r->protection);
}

static int write_unit(uint32_t host, int i)
{
	uintptr_t start = chosen.units[i] * UNIT;
	struct area *a = win_alloc(sizeof *a);

	if (!a)
		return -ENOMEM;
	a->dirty = remotes[host]->head->dirty[i];
	a->pages = remotes[host]->areas[i];
	list_for_each(entry, &memory_regions)
	{
		struct region *region =
			&container_of(entry, struct node, entry)->region;

		if (is_private(region))
			write_region(a, region, start, start + UNIT);
	}
	clear_pages(a);
	win_free(a);
	return 0;
}

int snapshot_pack(struct transfer *to)
{
	int r = 0;

	choose();
	/* what finds no room goes through the stream */
	for (int i = 0; i < chosen.count; i++)
		if (!have_area(to->host, i))
			chosen.count = i;
	for (int i = 0; !r && i < chosen.count; i++)
		r = write_unit(to->host, i);
	transfer_put_number(to, (uint64_t)chosen.count);
	for (int i = 0; i < chosen.count; i++)
		transfer_put_number(to, chosen.units[i]);
	return r;
}

int snapshot_unpack(struct transfer *from)
{
	static win_handle own[AREAS] HOST_STATE = { 0 };
	uint64_t count = transfer_get_number(from);
	int r = 0;

	for (uint64_t i = 0; !r && i < count; i++) {
		if (!own[i])
			r = open_section(
				task_host, "area", (int)i, UNIT, &own[i]);
		if (!r)
			r = arena_map_view(transfer_get_number(from), own[i]);
	}
	return r;
}
