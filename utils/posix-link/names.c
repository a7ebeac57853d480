#define _GNU_SOURCE
#include "names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *list, int count, size_t size)
{
	if (count & (count - 1))
		return list;
	list = realloc(list, (size_t)(count ? count * 2 : 1) * size);
	if (!list)
		abort();
	return list;
}

static unsigned hash(const char *s)
{
	unsigned h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static void rehash(struct names *n)
{
	free(n->buckets);
	n->bucket_count = n->bucket_count ? n->bucket_count * 4 : 1024;
	n->buckets = calloc((size_t)n->bucket_count, sizeof *n->buckets);
	if (!n->buckets)
		abort();
	for (int i = 0; i < n->count; i++) {
		unsigned b = hash(n->list[i]->name) % (unsigned)n->bucket_count;

		n->list[i]->next = n->buckets[b];
		n->buckets[b] = n->list[i];
	}
}

struct symbol *names_symbol(struct names *n, const char *name)
{
	struct symbol *s;
	unsigned b;

	if (n->count >= n->bucket_count)
		rehash(n);
	b = hash(name) % (unsigned)n->bucket_count;
	for (s = n->buckets[b]; s; s = s->next)
		if (!strcmp(s->name, name))
			return s;
	s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->name = strdup(name);
	s->provider = s->definer = -1;
	s->next = n->buckets[b];
	n->buckets[b] = s;
	n->list = grow(n->list, n->count, sizeof *n->list);
	n->list[n->count++] = s;
	return s;
}

static int add_unit(struct names *n, enum unit_kind kind, const char *file,
	const char *member)
{
	struct unit *u;

	n->units = grow(n->units, n->unit_count, sizeof *n->units);
	u = &n->units[n->unit_count];
	*u = (struct unit){ .kind = kind, .file = strdup(file) };
	u->member = member ? strdup(member) : NULL;
	return n->unit_count++;
}

static void add(struct symbol ***list, int *count, struct symbol *s)
{
	*list = grow(*list, *count, sizeof **list);
	(*list)[(*count)++] = s;
}

/* "ADDRESS TYPE NAME".  A weak symbol shows as NAME and as
 * .weak.NAME.default.WHERE; type A says that it has no value. */
static void read_symbol(struct names *n, struct unit *u, char type, char *name)
{
	struct symbol *s;
	char *end;

	if (!strncmp(name, ".refptr.", 8)) {
		names_symbol(n, name + 8)->refptr = true;
	} else if (!strncmp(name, ".weak.", 6) &&
		   (end = strstr(name, ".default"))) {
		*end = 0;
		s = names_symbol(n, name + 6);
		if (strchr("Aa", type)) {
			add(&u->weak, &u->weak_count, s);
		} else {
			s->weak_definition = true;
			add(&u->defined, &u->defined_count, s);
		}
	} else if (type == 'U') {
		add(&u->undefined, &u->undefined_count, names_symbol(n, name));
	} else if (strchr("TDBRCS", type)) {
		add(&u->defined, &u->defined_count, names_symbol(n, name));
	}
}

void names_add_file(
	struct names *n, const char *file, const char *text, bool whole)
{
	char *copy = strdup(text), *rest = copy, *row;
	size_t size = strlen(file);
	int unit = -1;

	while ((row = strsep(&rest, "\n"))) {
		char type, name[4096], *member = NULL, *colon;

		/* FILE: ... or ARCHIVE:MEMBER: ... */
		if (strncmp(row, file, size) || row[size] != ':')
			continue;
		row += size + 1;
		if (*row != ' ') {
			member = row;
			colon = strstr(row, ": ");
			if (!colon)
				continue;
			*colon = 0;
			row = colon + 1;
		}
		if (unit < 0 ||
			(member && strcmp(member, n->units[unit].member)))
			unit = add_unit(n,
				member && !whole ? UNIT_MEMBER : UNIT_OBJECT,
				file, member);
		if (strlen(row) < sizeof name &&
			(sscanf(row, " %*[0-9a-fA-F] %c %4095s", &type, name) ==
					2 ||
				sscanf(row, " %c %4095s", &type, name) == 2))
			read_symbol(n, &n->units[unit], type, name);
	}
	free(copy);
}

/* visibility("hidden") reaches the linker as a directive. */
static void read_directives(struct names *n, const char *p, const char *end)
{
	static const char directive[] = "-exclude-symbols:";

	while ((p = memmem(p, (size_t)(end - p), directive,
			sizeof directive - 1))) {
		p += sizeof directive - 1;
		do {
			char name[1024];
			size_t k = 0;

			while (p < end && (*p == '"' || *p == ','))
				p++;
			for (; p < end && *p && !strchr(" \",", *p); p++)
				if (k + 1 < sizeof name)
					name[k++] = *p;
			name[k] = 0;
			if (k)
				names_symbol(n, name)->hidden = true;
		} while (p < end && *p == ',');
	}
}

/* "PE Format": COFF file header, section table, section .drectve. */
static void read_object(struct names *n, const char *bytes, size_t size)
{
	uint16_t machine, count, optional;
	const char *section;

	if (size < 20)
		return;
	memcpy(&machine, bytes, 2);
	memcpy(&count, bytes + 2, 2);
	memcpy(&optional, bytes + 16, 2);
	section = bytes + 20 + optional;
	for (; machine == 0x8664 && count; count--, section += 40) {
		uint32_t length, offset;

		if (section + 40 > bytes + size)
			return;
		memcpy(&length, section + 16, 4);
		memcpy(&offset, section + 20, 4);
		if (!strncmp(section, ".drectve", 8) && offset <= size &&
			length <= size - offset)
			read_directives(
				n, bytes + offset, bytes + offset + length);
	}
}

/* "PE Format", archive: members behind headers of 60 bytes. */
void names_read_hidden(struct names *n, const char *bytes, size_t size)
{
	size_t at = 8;

	if (size < 8 || memcmp(bytes, "!<arch>\n", 8)) {
		read_object(n, bytes, size);
		return;
	}
	while (at + 60 <= size) {
		char digits[11] = { 0 };
		size_t length;

		memcpy(digits, bytes + at + 48, 10);
		length = strtoul(digits, NULL, 10);
		at += 60;
		if (length > size - at)
			return;
		read_object(n, bytes + at, length);
		at += length + length % 2;
	}
}

int names_add_library(struct names *n, const char *file)
{
	return add_unit(n, UNIT_LIBRARY, file, NULL);
}

void names_library_exports(struct names *n, int unit, const char *name)
{
	struct unit *u = &n->units[unit];

	add(&u->defined, &u->defined_count, names_symbol(n, name));
}

void names_library_imports(struct names *n, const char *name)
{
	names_symbol(n, name)->imported = true;
}

/* ---- which members ---- */

struct work {
	int *list, count;
};

static void link_unit(struct names *n, int index, struct work *w)
{
	struct unit *u = &n->units[index];

	u->linked = true;
	for (int i = 0; i < u->defined_count; i++)
		if (u->defined[i]->definer < 0)
			u->defined[i]->definer = index;
	w->list = grow(w->list, w->count, sizeof *w->list);
	w->list[w->count++] = index;
}

static void want(struct names *n, struct symbol *s, struct work *w)
{
	s->wanted = true;
	if (s->definer < 0 && s->provider >= 0 &&
		n->units[s->provider].kind == UNIT_MEMBER &&
		!n->units[s->provider].linked)
		link_unit(n, s->provider, w);
}

void names_resolve(struct names *n, const struct strings *also)
{
	struct work w = { 0 };

	for (int i = 0; i < n->unit_count; i++) {
		struct unit *u = &n->units[i];

		if (u->kind == UNIT_OBJECT) {
			link_unit(n, i, &w);
			continue;
		}
		/* the first on the line that has it */
		for (int k = 0; k < u->defined_count; k++)
			if (u->defined[k]->provider < 0)
				u->defined[k]->provider = i;
	}
	for (int i = 0; i < also->count; i++)
		want(n, names_symbol(n, also->list[i]), &w);
	for (int i = 0; i < w.count; i++) {
		/* by index: the array of units stays, the list of work moves */
		struct unit *u = &n->units[w.list[i]];

		for (int k = 0; k < u->undefined_count; k++)
			want(n, u->undefined[k], &w);
		for (int k = 0; k < u->weak_count; k++)
			u->weak[k]->wanted_weakly = true;
	}
	free(w.list);
}
