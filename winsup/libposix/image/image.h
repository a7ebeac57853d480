/* Programs and shared objects: finding, mapping, relocating, binding, their
 * symbols, constructors and destructors, and the dl* calls. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/module.h"
#include "task/task.h"
#include "task/transfer.h"

int image_start(void); /* once in a host */

/* What a file is, from its first bytes. */
enum image_format {
	IMAGE_OURS,   /* a PE file with a ".posix" section */
	IMAGE_NATIVE, /* any other PE file */
	IMAGE_SCRIPT, /* "#!" */
	IMAGE_UNKNOWN /* -ENOEXEC */
};
/* Reads `size` first bytes; for a script fills in interpreter and argument
 * (NULL if none), both into `line` (256 bytes). */
enum image_format image_format(const void *bytes, size_t size, char *line,
	char **interpreter, char **argument);

/* What a file is, so far as can be seen: a file that has all of it is taken for
 * the one that was seen before. */
struct identity {
	uint64_t device, ino, size;
	int64_t modified; /* ns */
};

/* Loads the program `path` (absolute, POSIX) and everything it needs into
 * p->images, which must be empty: maps, relocates, binds; no code of it runs.
 * seen: the file as exec looked at it a moment ago, not looked at again if it
 * still lies in this host's memory.
 * environment is for LD_LIBRARY_PATH and LD_PRELOAD.  On failure returns
 * -errno, and `problem` (room bytes) holds a line as Linux would print it
 * ("error while loading shared libraries: ..."), or is empty. */
long image_load_program(struct process *p, const char *path,
	const struct identity *seen, char *const *environment, char *problem,
	size_t room);
/* The same for a program that Windows has mapped and bound. */
long image_adopt_program(struct process *p, const struct module *module,
	const char *path, char *const *environment, char *problem, size_t room);
const struct module *image_program(struct process *p);

struct images *images_create(void);
void images_free(struct images *i);
void image_drop(struct process *p); /* unmaps all: exec, end of a life */
void image_pack(struct process *p, struct transfer *to, int how);
int image_unpack(struct process *p, struct transfer *from, int how);

/* The image that holds an address: its path and base. */
bool image_find(
	struct process *p, uint64_t address, const char **path, void **base);

/* What an address belongs to: the image's base, and as far as an export table
 * or, in the file, a symbol table tells, the function, shortened.  Nothing is
 * taken for whole, so that a process that dies can be asked. */
struct image_place {
	const char *path; /* POSIX; that of posix1.dll is its name alone */
	uint64_t base;
	char function[80]; /* empty: not known */
	uint64_t start;	   /* of the function */
};
bool image_place(struct process *p, uint64_t address, struct image_place *out);
/* Makes a frame that of the caller, by unwind tables: false when there is none
 * to be found.  called: rip is where a call returns to, not where it was. */
bool image_unwind(struct process *p, struct frame *frame, bool *called);

/* Called by musl's overlay. */
void __posix_run_constructors(int argc, char **argv, char **envp);
void __posix_run_destructors(void);

/* Private calls behind dlopen and relatives; abi/private_syscalls.h. */
long image_dlopen(void *user_arguments);
long image_dlsym(void *user_arguments);
long image_dlclose(void *user_arguments);
long image_dladdr(void *user_arguments);
long image_dliterate(void *user_arguments);
/* The function behind the stub of image/late.S that ends at `where`: its
 * address, or 0, and `problem` says what is missing. */
long image_late(size_t where, uint64_t *address, char *problem, size_t room);
/* Next image to be initialised (which 0) or finalised (1); 2 as in
 * abi/private_syscalls.h. */
long image_next_object(int which, void *user_object);

#endif
