/* What posix-link does to an image after lld has written it. */
#ifndef FINISH_H
#define FINISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	uint8_t *bytes;
	size_t size;
};

/* Appends section ".posixl" with all imports, function pointers, soname and
 * runpath (NULL: none), writes their addresses into struct module, and leaves
 * posix1.dll alone in what Windows' loader reads.  needed (NULL ends it) are
 * sonames that stand first in the imports, used or not; bind_now: -z now.  The
 * image's bytes move.  Returns NULL, or what is wrong. */
const char *finish(struct image *im, const char *soname, const char *runpath,
	char *const *needed, bool bind_now);

/* Whether it is a PE image at all. */
bool is_image(struct image *im);
/* A finished shared object's; NULL if it has none. */
const char *image_soname(struct image *im);

/* Calls the first for each name that a finished image exports, the second for
 * each that it imports, from whatever library. */
void image_names(struct image *im, void (*exports)(void *, const char *),
	void (*imports)(void *, const char *), void *argument);

#endif
