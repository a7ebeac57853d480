/* PE images: Microsoft "PE Format". */
#include "finish.h"

#include <stdlib.h>
#include <string.h>

#include "abi/module.h"

#define LIBRARY "posix1.dll"

struct section {
	char name[8];
	uint32_t size, address, raw_size, raw_offset, unused[3], flags;
};
#define SECTION_CODE 0x20u
#define SECTION_DATA 0x40u
#define SECTION_READ 0x40000000u

enum { EXPORTS = 0, IMPORTS = 1, RELOCATIONS = 5, DEBUG_DATA = 6, IAT = 12 };

struct view {
	struct image *im;
	uint8_t *headers; /* at "PE" */
	uint16_t count;
	struct section *sections;
	uint32_t *directories;
	uint64_t base;
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return n;
}

static void put32(uint8_t *p, uint32_t n)
{
	memcpy(p, &n, 4);
}

static bool look(struct image *im, struct view *v)
{
	uint32_t at;

	v->im = im;
	if (im->size < 0x200 || memcmp(im->bytes, "MZ", 2))
		return false;
	at = get32(im->bytes + 0x3c);
	if (at > im->size - 0x108 || memcmp(im->bytes + at, "PE\0", 4))
		return false;
	v->headers = im->bytes + at;
	memcpy(&v->count, v->headers + 6, 2);
	v->sections = (struct section *)(v->headers + 24 +
					 *(uint16_t *)(v->headers + 20));
	v->directories = (uint32_t *)(v->headers + 24 + 112);
	memcpy(&v->base, v->headers + 24 + 24, 8);
	return true;
}

static struct section *section_at(struct view *v, uint32_t rva)
{
	for (int i = 0; i < v->count; i++) {
		struct section *s = &v->sections[i];

		if (rva >= s->address && rva - s->address < s->raw_size &&
			rva - s->address <
				(s->size > s->raw_size ? s->raw_size : s->size))
			return s;
	}
	return NULL;
}

static struct section *section_named(struct view *v, const char *name)
{
	for (int i = 0; i < v->count; i++)
		if (!strncmp(v->sections[i].name, name, 8))
			return &v->sections[i];
	return NULL;
}

static uint8_t *at(struct view *v, uint32_t rva)
{
	struct section *s = section_at(v, rva);

	if (!s || (uint64_t)s->raw_offset + (rva - s->address) + 8 >
			  v->im->size + 8)
		return NULL;
	return v->im->bytes + s->raw_offset + (rva - s->address);
}

/* ---- the tables ---- */

struct table {
	uint8_t *bytes;
	size_t size, room;
};

static uint32_t add(struct table *t, const void *bytes, size_t size)
{
	size_t start = (t->size + 7) & ~7ul;

	while (start + size > t->room) {
		t->room = t->room ? t->room * 2 : 4096;
		t->bytes = realloc(t->bytes, t->room);
		if (!t->bytes)
			abort();
	}
	memset(t->bytes + t->size, 0, start - t->size);
	if (size)
		memcpy(t->bytes + start, bytes, size);
	t->size = start + size;
	return (uint32_t)start;
}

/* ---- thunks ---- */

/* The import slot behind a jump thunk "jmp *slot(%rip)", or 0. */
static uint32_t thunk_slot(struct view *v, uint32_t rva)
{
	struct section *s = section_at(v, rva);
	uint8_t *p = at(v, rva);
	uint32_t slot;

	if (!p || !(s->flags & SECTION_CODE) || p[0] != 0xff || p[1] != 0x25)
		return 0;
	slot = rva + 6 + get32(p + 2);
	if (slot - v->directories[2 * IAT] >= v->directories[2 * IAT + 1])
		return 0;
	return slot;
}

static bool has_slot(const struct table *t, uint32_t slot)
{
	for (size_t k = 0; k < t->size; k += sizeof slot)
		if (get32(t->bytes + k) == slot)
			return true;
	return false;
}

static void add_slot(struct table *t, uint32_t slot)
{
	if (has_slot(t, slot))
		return;
	while (t->size + sizeof slot > t->room) {
		t->room = t->room ? t->room * 2 : 4096;
		t->bytes = realloc(t->bytes, t->room);
		if (!t->bytes)
			abort();
	}
	put32(t->bytes + t->size, slot);
	t->size += sizeof slot;
}

/* lea thunk(%rip), reg -> mov slot(%rip), reg: the function's own address, as
 * every other module sees it.  Same length, one bit of the opcode.  taken: what
 * is used so; thunks: what has a thunk. */
static void relax(struct view *v, struct table *taken, struct table *thunks)
{
	for (int i = 0; i < v->count; i++) {
		struct section *s = &v->sections[i];
		uint32_t size = s->size < s->raw_size ? s->size : s->raw_size;
		uint8_t *p = v->im->bytes + s->raw_offset;

		if (!(s->flags & SECTION_CODE))
			continue;
		for (uint32_t k = 0; k + 6 <= size; k++) {
			uint32_t rva = s->address + k, slot;

			slot = thunk_slot(v, rva);
			if (slot)
				add_slot(thunks, slot);
			if (k + 7 > size || (p[k] != 0x48 && p[k] != 0x4c) ||
				p[k + 1] != 0x8d || (p[k + 2] & 0xc7) != 5)
				continue;
			slot = thunk_slot(v, rva + 7 + get32(p + k + 3));
			if (!slot)
				continue;
			p[k + 1] = 0x8b;
			put32(p + k + 3, slot - (rva + 7));
			add_slot(taken, slot);
		}
	}
}

/* Pointers in data at thunks; the base relocations say where pointers are. */
static uint32_t pointers(
	struct view *v, struct table *t, uint32_t *count, struct table *taken)
{
	uint32_t from = v->directories[2 * RELOCATIONS];
	uint32_t end = from + v->directories[2 * RELOCATIONS + 1];
	struct table list = { 0 };
	uint32_t start;

	*count = 0;
	while (from < end) {
		uint8_t *block = at(v, from);
		uint32_t page, size;

		if (!block)
			break;
		page = get32(block);
		size = get32(block + 4);
		if (size < 8)
			break;
		for (uint32_t k = 8; k + 2 <= size; k += 2) {
			uint16_t e = (uint16_t)(block[k] | block[k + 1] << 8);
			uint32_t where = page + (e & 0xfff), slot;
			uint64_t value;
			uint8_t *p = at(v, where);

			if (e >> 12 != 10 || !p)
				continue;
			memcpy(&value, p, 8);
			slot = thunk_slot(v, (uint32_t)(value - v->base));
			if (slot) {
				struct module_pointer m = { where, slot };

				add(&list, &m, sizeof m);
				add_slot(taken, slot);
				++*count;
			}
		}
		from += size;
	}
	start = add(t, list.bytes, list.size);
	free(list.bytes);
	return start;
}

/* Functions that are called and no more: their thunks are all there is. */
static uint32_t called(struct table *t, const struct table *thunks,
	const struct table *taken, uint32_t *count)
{
	struct table list = { 0 };
	uint32_t start;

	for (size_t k = 0; k < thunks->size; k += sizeof start) {
		uint32_t slot = get32(thunks->bytes + k);

		if (!has_slot(taken, slot))
			add_slot(&list, slot);
	}
	*count = (uint32_t)(list.size / sizeof start);
	start = add(t, list.bytes, list.size);
	free(list.bytes);
	return start;
}

/* ---- imports ---- */

static const char *check_imports(struct view *v, uint32_t *count)
{
	uint32_t rva = v->directories[2 * IMPORTS];

	for (*count = 0; rva; ++*count) {
		uint8_t *p = at(v, rva + *count * 20);

		if (!p)
			return "its import table is damaged";
		if (!get32(p + 12))
			break;
		if (!at(v, get32(p + 12)))
			return "an import has no name";
	}
	return NULL;
}

/* Windows' loader is left the one library that it can find; should the image
 * not use it, the list is empty. */
static void narrow(struct view *v, uint32_t count)
{
	uint32_t rva = v->directories[2 * IMPORTS];
	uint8_t kept[20] = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		uint8_t *p = at(v, rva + i * 20);

		if (!strcmp((char *)at(v, get32(p + 12)), LIBRARY))
			memcpy(kept, p, 20);
	}
	for (uint32_t i = 0; i < count; i++)
		memset(at(v, rva + i * 20), 0, 20);
	if (count)
		memcpy(at(v, rva), kept, 20);
}

/* ---- the section ---- */

static uint32_t align(uint32_t n, uint32_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* One more file unit for the headers: what lies behind moves, in the file but
 * not in memory. */
static const char *make_room(struct view *v)
{
	uint32_t unit = get32(v->headers + 24 + 36);
	uint32_t end = get32(v->headers + 24 + 60);
	uint32_t symbols = get32(v->headers + 12);
	struct image *im = v->im;

	if (end + unit > v->sections[0].address)
		return "there is no room for another section header";
	for (uint32_t k = 0; k < v->directories[2 * DEBUG_DATA + 1]; k += 28) {
		uint8_t *p = at(v, v->directories[2 * DEBUG_DATA] + k);

		if (p && get32(p + 24))
			put32(p + 24, get32(p + 24) + unit);
	}
	for (int i = 0; i < v->count; i++)
		if (v->sections[i].raw_offset)
			v->sections[i].raw_offset += unit;
	if (symbols)
		put32(v->headers + 12, symbols + unit);
	put32(v->headers + 24 + 60, end + unit);
	im->bytes = realloc(im->bytes, im->size + unit);
	if (!im->bytes)
		abort();
	memmove(im->bytes + end + unit, im->bytes + end, im->size - end);
	memset(im->bytes + end, 0, unit);
	im->size += unit;
	look(im, v);
	return NULL;
}

static const char *append(
	struct view *v, const struct table *t, uint32_t address)
{
	uint32_t file_unit = get32(v->headers + 24 + 36);
	uint32_t unit = get32(v->headers + 24 + 32);
	struct image *im = v->im;
	uint32_t raw = align((uint32_t)t->size, file_unit), offset;
	struct section s = { .name = MODULE_LINK_SECTION };
	size_t headers =
		(size_t)((uint8_t *)(v->sections + v->count + 1) - im->bytes);

	if (headers > get32(v->headers + 24 + 60)) {
		const char *problem = make_room(v);

		if (problem)
			return problem;
	}
	offset = align((uint32_t)im->size, file_unit);
	s.size = (uint32_t)t->size;
	s.address = address;
	s.raw_size = raw;
	s.raw_offset = offset;
	s.flags = SECTION_DATA | SECTION_READ;
	v->sections[v->count] = s;
	v->count++;
	memcpy(v->headers + 6, &v->count, 2);
	put32(v->headers + 24 + 56, address + align((uint32_t)t->size, unit));
	im->bytes = realloc(im->bytes, offset + raw);
	if (!im->bytes)
		abort();
	memset(im->bytes + im->size, 0, offset + raw - im->size);
	memcpy(im->bytes + offset, t->bytes, t->size);
	im->size = offset + raw;
	return NULL;
}

/* The descriptors are of 20 bytes, one behind the other. */
static void add_import(struct table *t, const struct module_import *m)
{
	while (t->size + sizeof *m > t->room) {
		t->room = t->room ? t->room * 2 : 4096;
		t->bytes = realloc(t->bytes, t->room);
		if (!t->bytes)
			abort();
	}
	memcpy(t->bytes + t->size, m, sizeof *m);
	t->size += sizeof *m;
}

static bool is_needed(char *const *needed, const char *name)
{
	for (; *needed; needed++)
		if (!strcmp(*needed, name))
			return true;
	return false;
}

/* As DT_NEEDED: in the order of the line, and also what gives no symbol but
 * may have constructors.  `none` is where a word of zeros lies. */
static uint32_t imports(struct view *v, struct table *t, char *const *needed,
	uint32_t address, uint32_t count, uint32_t *start)
{
	uint32_t rva = v->directories[2 * IMPORTS], total = 0;
	uint32_t none = address + add(t, &(uint64_t){ 0 }, 8);
	uint32_t *names;
	int n = 0;

	while (needed[n])
		n++;
	names = calloc((size_t)n + 1, sizeof *names);
	if (!names)
		abort();
	for (int k = 0; k < n; k++)
		names[k] = address + add(t, needed[k], strlen(needed[k]) + 1);
	*start = address + add(t, NULL, 0);
	for (int k = 0; k < n; k++) {
		struct module_import m = {
			.names = none, .library = names[k], .slots = none
		};

		for (uint32_t i = 0; i < count; i++) {
			const uint8_t *p = at(v, rva + i * 20);

			if (!strcmp((char *)at(v, get32(p + 12)), needed[k]))
				memcpy(&m, p, sizeof m);
		}
		add_import(t, &m);
		total++;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *p = at(v, rva + i * 20);

		if (is_needed(needed, (char *)at(v, get32(p + 12))))
			continue;
		add_import(t, (const struct module_import *)p);
		total++;
	}
	free(names);
	return total;
}

const char *finish(struct image *im, const char *soname, const char *runpath,
	char *const *needed, bool bind_now)
{
	struct view v;
	struct table t = { 0 }, taken = { 0 }, thunks = { 0 };
	struct section *own;
	struct module m;
	uint32_t unit, address = 0, count;
	const char *problem;

	if (!look(im, &v))
		return "it is no PE image";
	own = section_named(&v, MODULE_SECTION);
	if (!own)
		return "it was linked without crt0.o";
	memcpy(&m, im->bytes + own->raw_offset, sizeof m);
	problem = check_imports(&v, &count);
	if (problem)
		return problem;
	unit = get32(v.headers + 24 + 32);
	for (int i = 0; i < v.count; i++) {
		uint32_t end =
			v.sections[i].address + align(v.sections[i].size, unit);

		if (end > address)
			address = end;
	}
	relax(&v, &taken, &thunks);
	m.import_count = imports(&v, &t, needed, address, count, &m.imports);
	m.pointers = address + pointers(&v, &t, &m.pointer_count, &taken);
	m.called = address + called(&t, &thunks, &taken, &m.called_count);
	free(thunks.bytes);
	free(taken.bytes);
	m.soname = soname ? address + add(&t, soname, strlen(soname) + 1) : 0;
	m.runpath =
		runpath ? address + add(&t, runpath, strlen(runpath) + 1) : 0;
	if (bind_now)
		m.flags |= MODULE_BIND_NOW;
	narrow(&v, count);
	memcpy(im->bytes + own->raw_offset, &m, sizeof m);
	problem = append(&v, &t, address);
	free(t.bytes);
	return problem;
}

static bool module_of(struct view *v, struct module *m)
{
	struct section *own = section_named(v, MODULE_SECTION);

	if (own)
		memcpy(m, v->im->bytes + own->raw_offset, sizeof *m);
	return own && m->magic == MODULE_MAGIC;
}

const char *image_soname(struct image *im)
{
	struct module m;
	struct view v;

	if (!look(im, &v) || !module_of(&v, &m) || !m.soname)
		return NULL;
	return (const char *)at(&v, m.soname);
}

/* ---- names ---- */

bool is_image(struct image *im)
{
	struct view v;

	return look(im, &v);
}

static void exported_names(
	struct view *v, void (*f)(void *, const char *), void *argument)
{
	uint8_t *directory = at(v, v->directories[2 * EXPORTS]);
	uint32_t count = directory ? get32(directory + 24) : 0;
	uint8_t *names = count ? at(v, get32(directory + 32)) : NULL;

	for (uint32_t i = 0; names && i < count; i++) {
		const char *name = (const char *)at(v, get32(names + 4 * i));

		if (name)
			f(argument, name);
	}
}

void image_names(struct image *im, void (*exports)(void *, const char *),
	void (*imports)(void *, const char *), void *argument)
{
	struct module m;
	struct view v;

	if (!look(im, &v))
		return;
	exported_names(&v, exports, argument);
	if (!module_of(&v, &m))
		return;
	for (uint32_t i = 0; i < m.import_count; i++) {
		uint8_t *import = at(&v, m.imports + i * 20);
		uint8_t *p = import ? at(&v, get32(import)) : NULL;

		for (; p && get32(p); p += 8) {
			uint8_t *name = at(&v, get32(p));

			if (name)
				imports(argument, (const char *)name + 2);
		}
	}
}
