/* Lazy binding, as far as it can be seen (man 3 dlopen, RTLD_LAZY): what is
 * there is bound at once, and a function that nobody has is looked for again
 * when it is called.  Till then its import slot leads to a stub of late.S. */
#include "image/private.h"

#include <string.h>

#include "abi/errno.h"
#include "image/late.h"

extern const char image_late_stubs[];

static uint64_t stub_address(uint32_t n)
{
	return (uint64_t)image_late_stubs + n * LATE_STUB_SIZE;
}

/* Where the function's address is taken there is no call to wait for: on ELF
 * such a reference is bound at once too (R_X86_64_GLOB_DAT, R_X86_64_64), and
 * so is one to data. */
static bool only_called(struct image *im, uint32_t slot)
{
	const struct module *m = im->resident->module;
	const uint32_t *called = (const void *)(im->resident->base + m->called);

	/* an image that was linked before there was this list has none */
	if (m->size < sizeof *m)
		return false;
	for (uint32_t k = 0; k < m->called_count; k++)
		if (called[k] == slot)
			return true;
	return false;
}

static bool make_room(struct images *i)
{
	struct late *more =
		win_realloc(i->late, (i->late_count + 1) * sizeof *more);

	if (more)
		i->late = more;
	return more != NULL;
}

uint64_t late_add(
	struct images *i, struct image *im, uint64_t *slot, const char *name)
{
	char *base = im->resident->base;
	uint32_t rva = (uint32_t)((char *)slot - base);

	if (i->late_count == LATE_STUBS || !only_called(im, rva) ||
		!make_room(i))
		return 0;
	i->late[i->late_count] =
		(struct late){ base, rva, (uint32_t)(name - base) };
	return stub_address(i->late_count++);
}

void late_pack(struct images *i, struct transfer *to)
{
	transfer_put_number(to, i->late_count);
	if (i->late_count)
		transfer_put(to, i->late, i->late_count * sizeof *i->late);
}

long late_unpack(struct images *i, struct transfer *from)
{
	i->late_count = (uint32_t)transfer_get_number(from);
	if (!i->late_count)
		return 0;
	i->late = win_alloc(i->late_count * sizeof *i->late);
	if (!i->late)
		return -ENOMEM;
	transfer_get(from, i->late, i->late_count * sizeof *i->late);
	return 0;
}

/* Import slots lie where nothing is to write, as a rule: other threads go on
 * reading there. */
static long store(struct image *im, uint32_t rva, uint64_t address)
{
	char *base = im->resident->base;
	uint64_t *slot = (uint64_t *)(base + rva);
	void *page = (void *)round_down((uint64_t)slot, 4096);
	const struct pe_section *s = pe_section_at(&im->resident->pe, rva);
	bool writable = s && (s->flags & PE_SECTION_WRITE);
	bool code = s && (s->flags & PE_SECTION_EXECUTE);
	long r = 0;

	if (!writable)
		r = win_region_protect(page, 4096,
			WIN_READ | WIN_WRITE | (code ? WIN_EXECUTE : 0));
	if (r)
		return r;
	__atomic_store_n(slot, address, __ATOMIC_RELEASE);
	if (!writable)
		win_region_protect(
			page, 4096, WIN_READ | (code ? WIN_EXECUTE : 0));
	return 0;
}

static uint64_t find(struct images *i, const struct late *l, uint64_t stub,
	char *problem, size_t room)
{
	struct image *im = images_at(i, l->base);
	uint64_t now = *(uint64_t *)(l->base + l->slot), found;
	const char *name = l->base + l->name;

	/* another thread was here, or a pointer to the stub was kept */
	if (now != stub)
		return now;
	found = (uint64_t)images_lookup(i, im, name, NULL);
	if (!found)
		format(problem, room, UNDEFINED_SYMBOL, im->path, name);
	else if (store(im, l->slot, found))
		win_trace("late: %s of %s cannot be stored: looked for at each "
			  "call",
			name, im->path);
	return found;
}

long image_late(size_t where, uint64_t *address, char *problem, size_t room)
{
	struct images *i = current->process->images;
	size_t n = where / LATE_STUB_SIZE - 1;

	lock_take(&i->lock);
	*problem = 0;
	*address = where >= LATE_STUB_SIZE && where % LATE_STUB_SIZE == 0 &&
				   n < i->late_count
			   ? find(i, &i->late[n], stub_address((uint32_t)n),
				     problem, room)
			   : 0;
	lock_drop(&i->lock);
	return *address || *problem ? 0 : -EINVAL;
}
