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

struct image *images_at(struct images *i, const void *address)
{
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if ((uint64_t)address - (uint64_t)im->resident->base <
			im->resident->size)
			return im;
	}
	return NULL;
}

struct image *images_closure(struct images *i, struct image *root)
{
	struct image *last = root;

	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		im->marked = im == root;
		im->queue = NULL;
	}
	for (struct image *im = root; im; im = im->queue) {
		for (int k = 0; k < im->need_count; k++) {
			struct image *needed = im->needs[k];

			if (needed->marked)
				continue;
			needed->marked = true;
			last = last->queue = needed;
		}
	}
	return root;
}

static void *in_closure(struct images *i, struct image *root, const char *name)
{
	void *found;

	for (struct image *im = images_closure(i, root); im; im = im->queue)
		if ((found = in_image(im, name)))
			return found;
	return NULL;
}

void *images_lookup_in(struct images *i, struct image *root, const char *name)
{
	void *found = in_closure(i, root, name);

	return found ? found : own_export(name);
}

static void *among(
	struct images *i, struct list *start, bool early, const char *name)
{
	void *found;

	for (struct list *e = start; e != &i->list; e = e->next) {
		struct image *im = container_of(e, struct image, entry);

		if (im->global && im->early == early &&
			(found = in_image(im, name)))
			return found;
	}
	return NULL;
}

/* man 8 ld.so and dlopen(3): breadth first from the program.  It needs the C
 * library itself, which thus comes behind what the program needs directly and
 * before what those need, and before all that is loaded later. */
void *images_lookup(struct images *i, struct image *root, const char *name,
	struct image *after)
{
	struct list *start = after ? after->entry.next : i->list.next;
	void *found = among(i, start, true, name);

	if (!found)
		found = own_export(name);
	if (!found)
		found = among(i, start, false, name);
	if (!found && root && !root->global)
		found = in_closure(i, root, name);
	return found;
}

bool images_export(struct images *i)
{
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (pe_exports(im->resident->base))
			return true;
	}
	return false;
}

/* Nothing but the C library exports anything: no name needs a search.  Nor
 * does a program that is alone: what it exports it does not import. */
static bool only_library(struct images *i)
{
	return i->list.next->next == &i->list || !images_export(i);
}

struct binding {
	struct images *images;
	struct image *root;
	bool only; /* the C library alone exports anything */
	bool now;
	char *problem;
	size_t room;
};

static long bind_import(const struct binding *b, struct image *im,
	const struct module_import *import)
{
	char *base = im->resident->base;
	const uint64_t *names = (const uint64_t *)(base + import->names);
	uint64_t *slots = (uint64_t *)(base + import->slots);
	bool weak = !strcmp(base + import->library, MODULE_ANY_WEAK);

	for (; *names; names++, slots++) {
		const char *name = base + *names + 2;
		uint64_t found =
			(uint64_t)(b->only ? own_export(name)
					   : images_lookup(b->images, b->root,
						     name, NULL));

		if (!found && !weak && !b->now)
			found = late_add(b->images, im, slots, name);
		if (!found && !weak) {
			format(b->problem, b->room, UNDEFINED_SYMBOL, im->path,
				name);
			return -ENOEXEC;
		}
		*slots = found;
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

/* What follows from the slots: function pointers and data. */
static long bind_data(struct image *im, char *problem, size_t room)
{
	const struct module *m = im->resident->module;
	char *base = im->resident->base;
	const struct module_pointer *p = (const void *)(base + m->pointers);

	for (uint32_t k = 0; k < m->pointer_count; k++)
		*(uint64_t *)(base + p[k].where) =
			*(uint64_t *)(base + p[k].slot);
	return apply_relocations(im, problem, room);
}

static const struct module_import *imports_of(struct image *im)
{
	return (const void *)(im->resident->base +
			      im->resident->module->imports);
}

static long bind(const struct binding *by, struct image *im)
{
	const struct module_import *imports = imports_of(im);
	const struct module *m = im->resident->module;
	struct binding b = *by;
	long r = 0;

	if (m->flags & MODULE_BIND_NOW)
		b.now = true;
	for (uint32_t k = 0; !r && k < m->import_count; k++)
		r = bind_import(&b, im, &imports[k]);
	return r ? r : bind_data(im, b.problem, b.room);
}

long images_bind(struct images *i, struct list *first, struct image *root,
	bool now, char *problem, size_t room)
{
	struct binding b = { i, root, only_library(i), now || i->bind_now,
		problem, room };
	bool alone = i->list.next->next == &i->list;
	uint32_t late = i->late_count;
	long r = 0;

	for (struct list *e = first; !r && e != &i->list; e = e->next) {
		struct image *im = container_of(e, struct image, entry);

		if (im->resident->settled)
			continue;
		r = bind(&b, im);
		if (!r)
			r = resident_settle(im->resident,
				b.only && alone && i->late_count == late);
	}
	if (r)
		i->late_count = late;
	return r;
}

/* ---- fork ---- */

static uint64_t *slots_of(struct image *im, uint32_t k, size_t *size)
{
	const struct module_import *import = &imports_of(im)[k];
	char *base = im->resident->base;
	const uint64_t *names = (const uint64_t *)(base + import->names);
	size_t n = 0;

	while (names[n])
		n++;
	*size = n * sizeof *names;
	return (uint64_t *)(base + import->slots);
}

void images_pack_slots(struct image *im, struct transfer *to)
{
	size_t size;

	transfer_put_number(to, im->resident->alone);
	for (uint32_t k = 0;
		!im->resident->alone && k < im->resident->module->import_count;
		k++) {
		uint64_t *slots = slots_of(im, k, &size);

		if (size)
			transfer_put(to, slots, size);
	}
}

/* Not bound anew: what was loaded meanwhile could change the result. */
long images_unpack_slots(struct images *i, struct image *im,
	struct transfer *from, char *problem, size_t room)
{
	bool settled = transfer_get_number(from);
	size_t size;
	long r;

	if (settled && im->resident->settled)
		return 0;
	if (settled && im->resident->received)
		return resident_settle(im->resident, false);
	if (settled) {
		r = bind(
			&(struct binding){ i, NULL, true, true, problem, room },
			im);
		return r ? r : resident_settle(im->resident, true);
	}
	for (uint32_t k = 0; k < im->resident->module->import_count; k++) {
		uint64_t *slots = slots_of(im, k, &size);

		if (size)
			transfer_get(from, slots, size);
	}
	/* what came bound would not bear it twice */
	r = im->resident->received ? 0 : bind_data(im, problem, room);
	return r ? r : resident_settle(im->resident, false);
}
