/* Image files in this host's memory.  A file is read once into private memory
 * at its own base and stays there over exec and exit: running it again costs
 * a check of the file and a copy of its data.  Nothing holds the file, so it
 * can be rebuilt and removed meanwhile. */
#include "image/private.h"

#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "memory/memory.h"

#define RESIDENTS 12

static struct list residents HOST_STATE = { 0, 0 };
static int resident_count HOST_STATE = 0;

static struct list *all(void)
{
	if (!residents.next)
		list_init(&residents);
	return &residents;
}

static struct resident *of(struct list *entry)
{
	return container_of(entry, struct resident, entry);
}

static bool same(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->ino == b->ino &&
	       a->size == b->size && a->modified == b->modified;
}

void resident_each_data(struct resident *r,
	void (*f)(char *start, size_t size, void *argument), void *argument)
{
	for (int i = 0; i < r->pe.section_count; i++) {
		const struct pe_section *s = &r->pe.sections[i];

		if ((s->flags & PE_SECTION_WRITE) && s->size)
			f(r->base + s->address, round_up(s->size, 4096),
				argument);
	}
}

static void add_size(char *start, size_t size, void *sum)
{
	(void)start;
	*(size_t *)sum += size;
}

static void save(char *start, size_t size, void *to)
{
	memcpy(*(uint8_t **)to, start, size);
	*(uint8_t **)to += size;
}

static void restore(char *start, size_t size, void *from)
{
	memcpy(start, *(uint8_t **)from, size);
	*(uint8_t **)from += size;
}

static void clear(char *start, size_t size, void *unused)
{
	(void)unused;
	memset(start, 0, size);
}

void resident_zero_data(struct resident *r)
{
	resident_each_data(r, clear, NULL);
}

static void evict(struct resident *r)
{
	const uint32_t *table = &r->pe.directories[2 * PE_EXCEPTION];

	if (table[0])
		win_function_table_remove(r->base, table[0]);
	list_remove(&r->entry);
	resident_count--;
	win_region_release(r->base);
	win_free(r->pristine);
	win_free(r);
}

static bool overlaps(const struct resident *r, uint64_t base, size_t size)
{
	uint64_t start = (uint64_t)r->base;

	return start < base + size && base < start + r->size;
}

/* Unused images give way to the one that is to come. */
static void make_way(uint64_t base, size_t size)
{
	list_for_each(entry, all())
	{
		struct resident *r = of(entry);

		if (!r->used && !r->adopted &&
			(overlaps(r, base, size) ||
				resident_count >= RESIDENTS))
			evict(r);
	}
}

static long reserve(uint64_t wanted, const struct pe *pe, char **out)
{
	uint64_t base = wanted ? wanted : pe->base;
	long r;

	make_way(base, pe->image_size);
	r = win_region_reserve((void *)base, round_up(pe->image_size, 65536));
	/* the next free place of 16 MiB among shared objects' */
	for (int i = 0; r == -EEXIST && !wanted && i < 4096; i++) {
		base += 16ul << 20;
		if (base >= 0x4400000000ul || base < 0x400000000ul)
			base = 0x400000000ul;
		r = win_region_reserve(
			(void *)base, round_up(pe->image_size, 65536));
	}
	*out = (char *)base;
	return r;
}

/* "PE Format", base relocations: blocks of {page, size, entries}. */
static long relocate(char *base, const struct pe *pe)
{
	const uint32_t *directory = &pe->directories[2 * PE_RELOCATION];
	uint64_t delta = (uint64_t)base - pe->base;
	const char *p = base + directory[0], *end = p + directory[1];

	if (!delta)
		return 0;
	if (!directory[0])
		return -ENOEXEC;
	while (p < end) {
		const uint32_t *block = (const uint32_t *)p;
		const uint16_t *e = (const uint16_t *)(block + 2);
		const uint16_t *stop = (const uint16_t *)(p + block[1]);

		if (block[1] < 8)
			return -ENOEXEC;
		for (; e < stop; e++)
			if (*e >> 12 == 10) /* DIR64 */
				*(uint64_t *)(base + block[0] + (*e & 0xfff)) +=
					delta;
		p += block[1];
	}
	return 0;
}

static long read_at(struct file *f, char *to, size_t size, uint64_t offset)
{
	win_handle h = nt_file_handle(f);
	int64_t n;

	if (!h)
		return -EACCES;
	n = win_file_read(h, to, size, (int64_t)offset);
	return n < 0 ? (long)n : (size_t)n < size ? -ENOEXEC : 0;
}

static long read_sections(struct file *f, char *base, const struct pe *pe)
{
	long r = read_at(f, base, pe->headers_size, 0);

	for (int i = 0; !r && i < pe->section_count; i++) {
		const struct pe_section *s = &pe->sections[i];
		uint32_t size = s->raw_size < s->size ? s->raw_size : s->size;

		if (s->address + (uint64_t)s->size >
			round_up(pe->image_size, 4096))
			return -ENOEXEC;
		if (size)
			r = read_at(f, base + s->address, size, s->raw_offset);
	}
	return r;
}

static long finish(struct resident *r)
{
	const struct pe_section *s;
	const uint32_t *table;

	if (!pe_parse(r->base, 4096, &r->pe))
		return -ENOEXEC;
	s = pe_section(&r->pe, MODULE_SECTION);
	if (!s)
		return -ENOEXEC;
	r->module = (struct module *)(r->base + s->address);
	if (r->module->magic != MODULE_MAGIC)
		return -ENOEXEC;
	table = &r->pe.directories[2 * PE_EXCEPTION];
	if (table[0] && !r->adopted)
		win_function_table_add(r->base, table[0], table[1] / 12);
	return 0;
}

static void enlist(struct resident *r)
{
	list_append(all(), &r->entry);
	resident_count++;
	r->used = true;
}

/* A page that is written first takes one fault.  A read by Wine 8 looks at each
 * page of its buffer before it writes there, which takes two. */
static void touch(char *base, size_t size)
{
	for (size_t i = 0; i < size; i += 4096)
		*(volatile char *)(base + i) = 0;
}

static long map(struct file *f, const struct identity *identity,
	uint64_t wanted, struct resident **out)
{
	char headers[4096] __attribute__((aligned(8)));
	struct resident *r = win_alloc(sizeof *r);
	struct pe pe;
	int64_t n;
	long error = -ENOMEM;

	if (!r)
		return -ENOMEM;
	n = nt_file_handle(f) ? win_file_read(nt_file_handle(f), headers,
					sizeof headers, 0)
			      : -EACCES;
	if (n < 0 || !pe_parse(headers, (size_t)n, &pe)) {
		win_free(r);
		return n < 0 ? (long)n : -ENOEXEC;
	}
	r->identity = *identity;
	r->size = round_up(pe.image_size, 4096);
	error = reserve(wanted, &pe, &r->base);
	if (error) {
		win_free(r);
		return error;
	}
	error = win_region_commit(r->base, r->size, WIN_READ | WIN_WRITE);
	if (!error) {
		touch(r->base, r->size);
		error = read_sections(f, r->base, &pe);
	}
	if (!error)
		error = relocate(r->base, &pe);
	if (!error)
		error = finish(r);
	if (error) {
		win_region_release(r->base);
		win_free(r);
		return error;
	}
	r->module->base = r->base;
	enlist(r);
	*out = r;
	return 0;
}

long resident_find(const struct identity *identity, uint64_t wanted, bool fresh,
	struct resident **out)
{
	list_for_each(entry, all())
	{
		struct resident *r = of(entry);
		uint8_t *pristine = r->pristine;

		if (r->used || !same(&r->identity, identity) ||
			(wanted && (uint64_t)r->base != wanted))
			continue;
		if (!r->settled || fresh) {
			/* bound to something else: read it again */
			if (!r->adopted)
				evict(r);
			continue;
		}
		resident_each_data(r, restore, &pristine);
		r->used = true;
		*out = r;
		return 0;
	}
	return -ENOENT;
}

long resident_get(struct file *f, const struct identity *identity,
	uint64_t wanted, bool fresh, struct resident **out)
{
	long r = resident_find(identity, wanted, fresh, out);

	return r == -ENOENT ? map(f, identity, wanted, out) : r;
}

static void send(char *start, size_t size, void *to)
{
	memory_pack_pages(to, (uintptr_t)start, size);
}

void resident_send(struct resident *r, struct transfer *to)
{
	const struct pe *pe = &r->pe;

	transfer_put_number(to, pe->image_size);
	send(r->base, round_up(pe->headers_size, 4096), to);
	for (int i = 0; i < pe->section_count; i++)
		if (!(pe->sections[i].flags & PE_SECTION_WRITE))
			send(r->base + pe->sections[i].address,
				round_up(pe->sections[i].size, 4096), to);
	/* the module's own description lies among the data, which follows */
	send((char *)round_down((uint64_t)r->module, 4096), 4096, to);
}

static long receive(struct resident *r, struct transfer *from)
{
	struct pe pe;
	long error = win_region_commit(r->base, r->size, WIN_READ | WIN_WRITE);

	if (error)
		return error;
	memory_unpack_pages(from);
	if (!pe_parse(r->base, 4096, &pe))
		return -ENOEXEC;
	for (int i = 0; i < pe.section_count; i++)
		if (!(pe.sections[i].flags & PE_SECTION_WRITE))
			memory_unpack_pages(from);
	memory_unpack_pages(from);
	return finish(r);
}

long resident_receive(const struct identity *identity, uint64_t base,
	struct transfer *from, struct resident **out)
{
	struct resident *r = win_alloc(sizeof *r);
	struct pe pe = { .base = base };
	long error;

	if (!r)
		return -ENOMEM;
	pe.image_size = (uint32_t)transfer_get_number(from);
	r->identity = *identity;
	r->size = round_up(pe.image_size, 4096);
	r->received = true;
	error = reserve(base, &pe, &r->base);
	if (error) {
		win_free(r);
		return error;
	}
	error = receive(r, from);
	if (error) {
		win_region_release(r->base);
		win_free(r);
		return error;
	}
	enlist(r);
	*out = r;
	return 0;
}

long resident_adopt(const struct module *module,
	const struct identity *identity, struct resident **out)
{
	struct resident *r = win_alloc(sizeof *r);
	long error;

	if (!r)
		return -ENOMEM;
	r->identity = *identity;
	r->base = module->base;
	r->adopted = true;
	error = finish(r);
	if (error) {
		win_free(r);
		return error;
	}
	r->size = round_up(r->pe.image_size, 4096);
	enlist(r);
	for (int i = 0; i < r->pe.section_count; i++) {
		const struct pe_section *s = &r->pe.sections[i];

		if (!(s->flags & PE_SECTION_WRITE))
			win_region_protect(r->base + s->address,
				round_up(s->size, 4096),
				WIN_READ | WIN_WRITE |
					(s->flags & PE_SECTION_EXECUTE
							? WIN_EXECUTE
							: 0));
	}
	*out = r;
	return 0;
}

long resident_settle(struct resident *r, bool for_good)
{
	size_t size = 0;
	uint8_t *to;

	for (int i = 0; i < r->pe.section_count; i++) {
		const struct pe_section *s = &r->pe.sections[i];
		int protection = WIN_READ;

		if (s->flags & PE_SECTION_WRITE)
			continue;
		if (s->flags & PE_SECTION_EXECUTE)
			protection |= WIN_EXECUTE;
		win_region_protect(r->base + s->address,
			round_up(s->size, 4096), protection);
	}
	r->alone = for_good;
	r->settled = for_good && !r->adopted;
	if (!r->settled || r->pristine)
		return 0;
	resident_each_data(r, add_size, &size);
	to = r->pristine = win_alloc(size);
	if (!to)
		return -ENOMEM;
	resident_each_data(r, save, &to);
	return 0;
}

void resident_put(struct resident *r)
{
	r->used = false;
	if (!r->settled && !r->adopted)
		evict(r);
}
