/* What posix-link does to an image after lld has written it. */
#ifndef FINISH_H
#define FINISH_H

#include <stddef.h>
#include <stdint.h>

struct image {
	uint8_t *bytes;
	size_t size;
};

/* Appends section ".posixl" with all imports, function pointers, soname and
 * runpath (NULL: none), writes their addresses into struct module, and leaves
 * posix1.dll alone in what Windows' loader reads.  The image's bytes move.
 * Returns NULL, or what is wrong. */
const char *finish(struct image *im, const char *soname, const char *runpath);

#endif
