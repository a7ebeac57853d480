/* Reading PE images: headers, exports. */
#include "image/private.h"

#include <string.h>

struct export_directory {
	uint32_t unused[5];
	uint32_t function_count, name_count, functions, names, ordinals;
};

bool pe_parse(const void *headers, size_t size, struct pe *out)
{
	const char *p = headers;
	uint32_t at;
	uint16_t optional_size;

	if (size < 0x40 || p[0] != 'M' || p[1] != 'Z')
		return false;
	memcpy(&at, p + 0x3c, 4);
	if (at > size || size - at < 24 + 112 + 16 * 8 ||
		memcmp(p + at, "PE\0", 4) ||
		*(const uint16_t *)(p + at + 4) != 0x8664 ||
		*(const uint16_t *)(p + at + 24) != 0x20b)
		return false;
	out->section_count = *(const uint16_t *)(p + at + 6);
	optional_size = *(const uint16_t *)(p + at + 20);
	out->base = *(const uint64_t *)(p + at + 24 + 24);
	out->image_size = *(const uint32_t *)(p + at + 24 + 56);
	out->headers_size = *(const uint32_t *)(p + at + 24 + 60);
	out->directories = (const uint32_t *)(p + at + 24 + 112);
	out->sections =
		(const struct pe_section *)(p + at + 24 + optional_size);
	return (const char *)(out->sections + out->section_count) <= p + size;
}

const struct pe_section *pe_section(const struct pe *pe, const char *name)
{
	for (int i = 0; i < pe->section_count; i++)
		if (!strncmp(pe->sections[i].name, name, 8))
			return &pe->sections[i];
	return NULL;
}

const struct pe_section *pe_section_at(const struct pe *pe, uint32_t rva)
{
	for (int i = 0; i < pe->section_count; i++)
		if (rva - pe->sections[i].address < pe->sections[i].size)
			return &pe->sections[i];
	return NULL;
}

static const struct export_directory *exports(const void *base)
{
	struct pe pe;

	if (!pe_parse(base, 4096, &pe) || !pe.directories[2 * PE_EXPORT])
		return NULL;
	return (const void *)((const char *)base +
			      pe.directories[2 * PE_EXPORT]);
}

bool pe_exports(const void *base)
{
	const struct export_directory *e = exports(base);

	return e && e->name_count;
}

/* Names are sorted: "PE Format", Export Name Pointer Table. */
void *pe_export(const void *base, const char *name)
{
	const struct export_directory *e = exports(base);
	const char *p = base;
	const uint32_t *names, *functions;
	const uint16_t *ordinals;
	uint32_t low = 0, high;

	if (!e)
		return NULL;
	names = (const uint32_t *)(p + e->names);
	functions = (const uint32_t *)(p + e->functions);
	ordinals = (const uint16_t *)(p + e->ordinals);
	high = e->name_count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		int order = strcmp(p + names[middle], name);

		if (!order)
			return (void *)(p + functions[ordinals[middle]]);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct function {
	uint32_t start, end, unwind;
};

/* The function that holds an address, as the unwind table has it; NULL for
 * data and for functions that call none and so have no entry: "PE Format",
 * .pdata. */
static const struct function *function_at(const void *base, uint64_t rva)
{
	const struct function *f;
	struct pe pe;
	uint32_t count;

	if (!pe_parse(base, 4096, &pe) || !pe.directories[2 * PE_EXCEPTION])
		return NULL;
	f = (const void *)((const char *)base +
			   pe.directories[2 * PE_EXCEPTION]);
	count = pe.directories[2 * PE_EXCEPTION + 1] / sizeof *f;
	for (; count; count--, f++)
		if (rva >= f->start && rva < f->end)
			return f;
	return NULL;
}

/* Whether `rva` belongs to another function than the symbol at `start`. */
static bool beyond(const void *base, uint64_t start, uint64_t rva)
{
	const struct function *holds = function_at(base, rva);
	const struct function *own = function_at(base, start);

	return (holds && holds->start > start) || (own && rva >= own->end);
}

const char *pe_nearest(const void *base, uint64_t address, uint64_t *at)
{
	const struct export_directory *e = exports(base);
	const char *p = base, *best = NULL;
	uint64_t rva = address - (uint64_t)base, best_rva = 0;

	for (uint32_t i = 0; e && i < e->name_count; i++) {
		uint16_t o = ((const uint16_t *)(p + e->ordinals))[i];
		uint32_t f = ((const uint32_t *)(p + e->functions))[o];

		if (f <= rva && f >= best_rva) {
			best = p + ((const uint32_t *)(p + e->names))[i];
			best_rva = f;
		}
	}
	if (best && beyond(base, best_rva, rva))
		return NULL;
	*at = (uint64_t)base + best_rva;
	return best;
}
