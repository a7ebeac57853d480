/* A gcc-style link line, taken apart. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdint.h>

struct strings {
	char **list;
	int count, room;
};

void strings_add(struct strings *s, const char *text);
/* printf's text as a string of malloc(). */
char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct line {
	const char *output;	/* "a.out" */
	const char *soname;	/* or NULL */
	const char *entry;	/* -e, or NULL */
	struct strings runpath; /* -rpath, in order */
	struct strings inputs;	/* files, -l, -L, --as-needed..., in order */
	struct strings folders; /* -L alone */
	bool shared, relocatable, is_static, export_dynamic, verbose;
	bool no_start_files, no_libraries, no_undefined, print_version;
	bool bind_now; /* -z now */
};

/* Reads argv[1..]; @FILE is replaced by what the file says.  Unknown linker
 * options pass to the linker.  Returns 0, or prints why not and returns 1. */
int line_parse(struct line *out, int argc, char **argv);

/* Where an image is to lie: shared objects by their soname, programs by their
 * file name, so that what runs together seldom overlaps. */
uint64_t base_of(const char *name, bool shared);

#endif
