/* Names of functions, for people: from the export table, and from the symbol
 * table that a program's file has unless it was stripped (Microsoft "PE
 * Format", "COFF Symbol Table"). */
#include "image/private.h"

#include <fcntl.h>
#include <string.h>

#include "memory/memory.h"

#define HEADERS	 4096
#define CHUNK	 256	   /* symbols read at once */
#define SYMBOLS	 10000000u /* more are no table */
#define FUNCTION 0x20	   /* a symbol's type */

struct symbol {
	char name[8]; /* or 0 and, in the second half, where it is */
	uint32_t value;
	int16_t section;
	uint16_t type;
	uint8_t class, others; /* entries behind it that are its own */
} __attribute__((packed));

_Static_assert(sizeof(struct symbol) == 18, "PE Format");

static bool read_at(struct file *f, void *to, size_t size, uint64_t offset)
{
	struct iovec v = { to, size };
	struct io io = { .vector = &v,
		.count = 1,
		.size = size,
		.offset = (int64_t)offset };

	return f->ops->read && f->ops->read(f, &io) == (long)size;
}

/* What is best so far: the last function that begins at or below. */
struct search {
	const struct pe *pe;
	uint64_t rva;
	struct symbol best;
	uint64_t best_rva;
	bool found;
};

static void look_at(struct search *s, const struct symbol *symbol)
{
	uint64_t rva;

	if (symbol->type != FUNCTION || symbol->section < 1 ||
		symbol->section > s->pe->section_count)
		return;
	rva = s->pe->sections[symbol->section - 1].address + symbol->value;
	if (rva > s->rva || (s->found && rva < s->best_rva))
		return;
	s->best = *symbol;
	s->best_rva = rva;
	s->found = true;
}

static void take_name(struct file *f, const struct symbol *symbol,
	uint64_t strings, char *to, size_t room)
{
	uint32_t at;

	memset(to, 0, room);
	memcpy(&at, symbol->name + 4, 4);
	if (symbol->name[0])
		memcpy(to, symbol->name, 8);
	else
		/* the last name may be shorter than there is room */
		for (size_t n = room - 1; n; n /= 2)
			if (read_at(f, to, n, strings + at))
				break;
	to[room - 1] = 0;
}

static bool from_file(struct file *f, struct image_place *out, uint64_t rva)
{
	uint8_t headers[HEADERS];
	struct symbol chunk[CHUNK];
	struct search s = { .rva = rva };
	uint32_t at, table, count;
	struct pe pe;

	if (!read_at(f, headers, sizeof headers, 0) ||
		!pe_parse(headers, sizeof headers, &pe))
		return false;
	s.pe = &pe;
	memcpy(&at, headers + 0x3c, 4);
	memcpy(&table, headers + at + 12, 4);
	memcpy(&count, headers + at + 16, 4);
	if (!table || count > SYMBOLS)
		return false;
	for (uint32_t i = 0, skip = 0; i < count;) {
		uint32_t n = count - i < CHUNK ? count - i : CHUNK;

		if (!read_at(f, chunk, n * sizeof *chunk,
			    table + (uint64_t)i * sizeof *chunk))
			return false;
		i += n;
		for (uint32_t k = 0; k < n; k++) {
			if (skip) {
				skip--;
				continue;
			}
			look_at(&s, &chunk[k]);
			skip = chunk[k].others;
		}
	}
	if (!s.found)
		return false;
	out->start = out->base + s.best_rva;
	take_name(f, &s.best, table + (uint64_t)count * sizeof *chunk,
		out->function, sizeof out->function);
	return true;
}

/* As pe_nearest(), of an image that may be damaged. */
static void from_exports(struct image_place *out, uint64_t rva)
{
	struct pe_function holds;
	uint8_t headers[HEADERS];
	uint32_t e[10], function, name = 0, best = 0;
	uint16_t ordinal;
	struct pe pe;

	if (user_copy_in(headers, (void *)out->base, HEADERS) ||
		!pe_parse(headers, HEADERS, &pe) ||
		!pe.directories[2 * PE_EXPORT] ||
		user_copy_in(e,
			(char *)out->base + pe.directories[2 * PE_EXPORT],
			sizeof e))
		return;
	for (uint32_t i = 0; i < e[6]; i++) {
		if (user_copy_in(
			    &ordinal, (uint16_t *)(out->base + e[9]) + i, 2) ||
			user_copy_in(&function,
				(uint32_t *)(out->base + e[7]) + ordinal, 4))
			return;
		if (function <= rva && function >= best &&
			!user_copy_in(
				&name, (uint32_t *)(out->base + e[8]) + i, 4))
			best = function;
	}
	if (!name ||
		(pe_function(out->base, rva, &holds) && holds.start > best))
		return;
	out->start = out->base + best;
	user_string(
		out->function, (char *)out->base + name, sizeof out->function);
	out->function[sizeof out->function - 1] = 0;
}

bool image_place(struct process *p, uint64_t address, struct image_place *out)
{
	size_t size;
	void *base = win_own_image(&size);
	struct file *f;

	memset(out, 0, sizeof *out);
	out->path = "posix1.dll";
	if (address - (uint64_t)base >= size &&
		(!p->images || !image_find(p, address, &out->path, &base)))
		return false;
	out->base = (uint64_t)base;
	if (out->path[0] == '/' &&
		!path_open(AT_FDCWD, out->path, O_RDONLY | O_NONBLOCK, 0, &f)) {
		bool got = from_file(f, out, address - out->base);

		file_put(f);
		if (got)
			return true;
	}
	from_exports(out, address - out->base);
	return true;
}
