/* Which symbols a link defines, wants and leaves to the loader: what lld will
 * do, worked out beforehand, since its COFF side knows neither ELF's weak
 * references nor interposition. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "line.h"

struct symbol {
	const char *name;
	struct symbol *next; /* in its bucket */
	int provider;	     /* first archive member or library; -1: none */
	int definer;	     /* unit that is linked and defines it; -1: none */
	bool weak_definition, wanted, wanted_weakly;
	bool refptr;   /* read through a pointer .refptr.NAME */
	bool imported; /* by a library on the line */
	bool hidden;   /* its object asks not to export it */
};

enum unit_kind {
	UNIT_OBJECT, /* always linked */
	UNIT_MEMBER, /* of an archive: linked if it defines what is wanted */
	UNIT_LIBRARY /* a shared object */
};

struct unit {
	enum unit_kind kind;
	char *file, *member;
	bool linked;
	struct symbol **defined, **undefined, **weak;
	int defined_count, undefined_count, weak_count;
};

struct names {
	struct symbol **buckets;
	struct symbol **list; /* in order of appearance */
	int count, bucket_count;
	struct unit *units;
	int unit_count;
};

struct symbol *names_symbol(struct names *n, const char *name);
/* Adds llvm-nm -A's output for one file.  whole: all members are linked. */
void names_add_file(
	struct names *n, const char *file, const char *text, bool whole);
/* Reads an object's or archive's bytes for what it does not want exported. */
void names_read_hidden(struct names *n, const char *bytes, size_t size);
/* Adds a shared object; then what it exports and imports. */
int names_add_library(struct names *n, const char *file);
void names_library_exports(struct names *n, int unit, const char *name);
void names_library_imports(struct names *n, const char *name);
/* Decides which members are linked; `also` are wanted besides. */
void names_resolve(struct names *n, const struct strings *also);

#endif
