/* What fork hands over: which regions there are and the pages that hold
 * something; and musl's data, which every program finds fresh. */
#include "memory/private.h"

#include <string.h>

#include "abi/errno.h"
#include "task/task.h"
#include "task/transfer.h"

extern char user_begin[], user_end[], user_fault[];

uint64_t user_copy_landing(uint64_t rip)
{
	return rip - (uint64_t)user_begin < (uint64_t)(user_end - user_begin)
		       ? (uint64_t)user_fault
		       : 0;
}

/* ---- musl's data ---- */

/* Writable sections of posix1.dll but for host state and what the linker
 * made.  Microsoft "PE Format", section table. */
struct section_header {
	char name[8];
	uint32_t size, address, raw_size, raw_offset, unused[3];
	uint32_t flags;
};
#define SECTION_WRITE 0x80000000u

static struct {
	uintptr_t start;
	size_t size;
	void *pristine;
} upper[4] HOST_STATE = { { 0, 0, 0 } };

static int find_upper(void)
{
	size_t size;
	char *base = win_own_image(&size);
	char *headers = base + *(uint32_t *)(base + 0x3c);
	int count = *(uint16_t *)(headers + 6), n = 0;
	struct section_header *s =
		(struct section_header *)(headers + 24 +
					  *(uint16_t *)(headers + 20));

	for (int i = 0; i < count; i++, s++) {
		if (!(s->flags & SECTION_WRITE) ||
			!strncmp(s->name, ".host", 8) ||
			!strncmp(s->name, ".idata", 8))
			continue;
		if (n == array_size(upper))
			return -ENOEXEC;
		upper[n].start = (uintptr_t)base + s->address;
		upper[n].size = s->size;
		upper[n].pristine = win_alloc(s->size);
		if (!upper[n].pristine)
			return -ENOMEM;
		memcpy(upper[n].pristine, (void *)upper[n].start, s->size);
		n++;
	}
	return 0;
}

int memory_start(void)
{
	list_init(&memory_regions);
	return find_upper();
}

void memory_upper_reset(void)
{
	for (size_t i = 0; i < array_size(upper); i++)
		memcpy((void *)upper[i].start, upper[i].pristine,
			upper[i].size);
}

/* ---- pages ---- */

/* One run: where, how many bytes, the bytes.  A run of 0 bytes ends. */
static void put_run(struct transfer *to, uintptr_t start, size_t size)
{
	if (!size)
		return;
	transfer_put_number(to, start);
	transfer_put_number(to, size);
	transfer_put(to, (void *)start, size);
}

void memory_pack_pages(struct transfer *to, uintptr_t start, size_t size)
{
	uintptr_t run = start, end = start + size, at;

	for (at = start; at < end && !to->error; at += PAGE_SIZE_BYTES) {
		if (!page_is_zero((const void *)at))
			continue;
		put_run(to, run, at - run);
		run = at + PAGE_SIZE_BYTES;
	}
	put_run(to, run, end - run);
	transfer_put_number(to, 0);
	transfer_put_number(to, 0);
}

void memory_unpack_pages(struct transfer *from)
{
	for (;;) {
		uintptr_t start = transfer_get_number(from);
		size_t size = transfer_get_number(from);

		if (!size || from->error)
			return;
		transfer_get(from, (void *)start, size);
	}
}

static void put_region(struct transfer *to, const struct region *r)
{
	transfer_put_number(to, r->start);
	transfer_put_number(to, r->end);
	transfer_put_number(to, (uint64_t)r->protection | r->kind << 8 |
					(uint64_t)r->committed << 16);
}

/* Where the thread that forks uses the first stack: nothing below counts. */
uintptr_t region_used_from(const struct region *r)
{
	uint64_t rsp = current->frame->rsp;

	if (r->kind == REGION_STACK && rsp - r->start < r->end - r->start)
		return round_down(rsp, PAGE_SIZE_BYTES);
	return r->start;
}

static void put_contents(struct transfer *to, const struct region *r)
{
	bool readable = r->protection & WIN_READ;

	if (!readable)
		arena_protect(r->start, r->end - r->start, WIN_READ);
	for (uintptr_t at = r->start; at < r->end;
		at += arena_part(at, r->end)) {
		uintptr_t end = at + arena_part(at, r->end);
		uintptr_t used = region_used_from(r);

		if (snapshot_has(at))
			continue;
		used = used < at ? at : used < end ? used : end;
		memory_pack_pages(to, used, end - used);
	}
	if (!readable)
		arena_protect(r->start, r->end - r->start, r->protection);
}

/* A view is told once, with the first region that lies in it. */
static void put_view(
	struct transfer *to, const struct region *r, const struct view **last)
{
	const struct view *v = r->view;

	transfer_put_number(to, v != *last);
	if (v == *last)
		return;
	*last = v;
	transfer_put_handle(to, v->section);
	transfer_put_number(to, v->base);
	transfer_put_number(to, v->size);
	transfer_put_number(to, v->mapped);
	transfer_put_number(to, v->offset);
	transfer_put_number(to, v->object);
	transfer_put_number(to, (uint64_t)v->protection);
}

void memory_pack(struct process *process, struct transfer *to, int how)
{
	const struct view *last = NULL;

	(void)process;
	if (how != TRANSFER_FORK)
		return;
	lock_take(&memory_lock);
	transfer_put_number(to, memory_break_now);
	to->error = to->error ? to->error : snapshot_pack(to);
	list_for_each(entry, &memory_regions)
	{
		struct region *r =
			&container_of(entry, struct node, entry)->region;

		put_region(to, r);
		if (r->view)
			put_view(to, r, &last);
		else if (r->committed && r->kind != REGION_GUARD)
			put_contents(to, r);
	}
	transfer_put_number(to, 0);
	lock_drop(&memory_lock);
	for (size_t i = 0; i < array_size(upper); i++)
		transfer_put(to, (void *)upper[i].start, upper[i].size);
}

static int get_private(struct transfer *from, struct region *r)
{
	int error = 0;

	if (r->kind == REGION_GUARD)
		return guard_raise(r);
	if (!r->committed)
		return arena_reserve(r->start, r->end - r->start);
	for (uintptr_t at = r->start; !error && at < r->end;
		at += arena_part(at, r->end)) {
		size_t size = arena_part(at, r->end);
		bool view = arena_is_view(at);

		if (!view) {
			error = arena_commit(at, size, WIN_READ | WIN_WRITE);
			if (!error)
				memory_unpack_pages(from);
		}
		if (!error && (view || r->protection != (WIN_READ | WIN_WRITE)))
			error = arena_protect(at, size, r->protection);
	}
	return error;
}

static int get_view(struct transfer *from, struct region *r, struct view **last)
{
	struct view *v = *last;
	void *place;
	int error = 0;

	if (transfer_get_number(from)) {
		v = win_alloc(sizeof *v);
		if (!v)
			return -ENOMEM;
		v->section = transfer_get_handle(from);
		v->base = transfer_get_number(from);
		v->size = transfer_get_number(from);
		v->mapped = transfer_get_number(from);
		v->offset = transfer_get_number(from);
		v->object = transfer_get_number(from);
		v->protection = (int)transfer_get_number(from);
		place = (void *)v->base;
		error = win_section_map(
			v->section, &place, v->offset, v->size, v->protection);
		if (!error && r->start > v->base)
			win_region_protect(place, r->start - v->base, 0);
		*last = v;
	}
	r->view = v;
	if (!error && r->protection != v->protection)
		error = win_region_protect(
			(void *)r->start, r->end - r->start, r->protection);
	return error;
}

int memory_unpack(struct process *process, struct transfer *from, int how)
{
	struct view *last = NULL;
	struct region r;
	int error = 0;

	(void)process;
	if (how != TRANSFER_FORK)
		return 0;
	memory_break_now = transfer_get_number(from);
	error = snapshot_unpack(from);
	while (!error && (r.start = transfer_get_number(from))) {
		uint64_t what;

		r.end = transfer_get_number(from);
		what = transfer_get_number(from);
		r.protection = what & 7;
		r.kind = what >> 8 & 0xff;
		r.committed = what >> 16 & 1;
		r.view = NULL;
		error = r.kind == REGION_SHARED || r.kind == REGION_GONE
				? get_view(from, &r, &last)
				: get_private(from, &r);
		if (!error)
			error = region_insert(&r);
	}
	arena_drop_guard();
	for (size_t i = 0; i < array_size(upper); i++)
		transfer_get(from, (void *)upper[i].start, upper[i].size);
	return error ? error : (int)from->error;
}
