/* Binding: import slots, function pointers in data, pseudo-relocations.
 * Symbols mean what they mean on ELF: the program's come first, then those of
 * shared objects in load order, then the C library's. */
#include "image/private.h"

#include <string.h>

#include "abi/errno.h"

/* MinGW's runtime pseudo-relocations, version 2. */
struct relocation {
	uint32_t slot, target, bits;
};

static void *own_export(const char *name)
{
	size_t size;

	return pe_export(win_own_image(&size), name);
}

static void *in_image(struct image *im, const char *name)
{
	return im ? pe_export(im->resident->base, name) : NULL;
}

void *images_lookup(struct images *i, struct image *from, const char *name,
	struct image *after)
{
	struct list *start = after ? after->entry.next : i->list.next;
	void *found;

	for (struct list *e = start; e != &i->list; e = e->next) {
		struct image *im = container_of(e, struct image, entry);

		if (im->global && (found = in_image(im, name)))
			return found;
	}
	/* a group that dlopen() loaded with RTLD_LOCAL sees itself */
	if (from && !from->global) {
		for (struct list *e = start; e != &i->list; e = e->next) {
			struct image *im = container_of(e, struct image, entry);

			if (!im->global && (found = in_image(im, name)))
				return found;
		}
	}
	return own_export(name);
}

/* Nothing but the C library exports anything: no name needs a search. */
static bool only_library(struct images *i)
{
	list_for_each(
		entry, &i->list) if (pe_exports(container_of(entry,
					     struct image, entry)
							->resident
							->base)) return false;
	return true;
}

static long bind_import(struct images *i, struct image *im,
	const struct module_import *import, bool only, char *problem,
	size_t room)
{
	char *base = im->resident->base;
	const uint64_t *names = (const uint64_t *)(base + import->names);
	uint64_t *slots = (uint64_t *)(base + import->slots);
	bool weak = !strcmp(base + import->library, MODULE_ANY_WEAK);

	for (; *names; names++, slots++) {
		const char *name = base + *names + 2;
		void *found = only ? own_export(name)
				   : images_lookup(i, im, name, NULL);

		if (!found && !weak) {
			format(problem, room,
				"symbol lookup error: %s: undefined symbol: %s",
				im->path, name);
			return -ENOEXEC;
		}
		*slots = (uint64_t)found;
	}
	return 0;
}

static long apply_relocations(struct image *im, char *problem, size_t room)
{
	const struct module *m = im->resident->module;
	char *base = im->resident->base;
	const uint32_t *head = m->relocations;
	const struct relocation *r = (const void *)(head + 3);

	if ((const char *)m->relocations_end - (const char *)head < 12)
		return 0;
	for (; (const char *)r < (const char *)m->relocations_end; r++) {
		int64_t *slot = (int64_t *)(base + r->slot);
		int64_t delta = *slot - (int64_t)slot;
		char *target = base + r->target;
		int64_t value;

		if ((r->bits & 255) == 64) {
			*(int64_t *)target += delta;
			continue;
		}
		value = *(int32_t *)target + delta;
		if ((r->bits & 255) != 32 || value != (int32_t)value) {
			format(problem, room,
				"%s: a 32-bit reference to another library's "
				"data; compile it again with posix-cc",
				im->path);
			return -ENOEXEC;
		}
		*(int32_t *)target = (int32_t)value;
	}
	return 0;
}

static long bind(struct images *i, struct image *im, bool only, char *problem,
	size_t room)
{
	const struct module *m = im->resident->module;
	char *base = im->resident->base;
	const struct module_import *imports = (const void *)(base + m->imports);
	const struct module_pointer *p = (const void *)(base + m->pointers);
	long r = 0;

	for (uint32_t k = 0; !r && k < m->import_count; k++)
		r = bind_import(i, im, &imports[k], only, problem, room);
	for (uint32_t k = 0; !r && k < m->pointer_count; k++)
		*(uint64_t *)(base + p[k].where) =
			*(uint64_t *)(base + p[k].slot);
	return r ? r : apply_relocations(im, problem, room);
}

long images_bind(
	struct images *i, struct list *first, char *problem, size_t room)
{
	bool only = only_library(i);
	bool alone = i->list.next->next == &i->list;
	long r = 0;

	for (struct list *e = first; !r && e != &i->list; e = e->next) {
		struct image *im = container_of(e, struct image, entry);

		if (im->resident->settled)
			continue;
		r = bind(i, im, only, problem, room);
		if (!r)
			r = resident_settle(im->resident, only && alone);
	}
	return r;
}
