/* What every program and shared object built with the SDK says about itself.
 *
 * crt0.o (programs) and dllcrt0.o (shared objects) hold one struct module in
 * a section named ".posix"; the loader finds it there by the section's name.
 * posix-link appends a section ".posixl" with the tables below and patches
 * their addresses into the struct after the link.  This is ABI between an old
 * program and a new DLL: members are only ever added at the end, and `size`
 * says how many there are.
 *
 * Why: Windows' loader is left with posix1.dll alone to find.  Everything
 * else is bound by our own loader, which can therefore give interposition,
 * LD_PRELOAD and dlopen their Linux meaning. */
#ifndef ABI_MODULE_H
#define ABI_MODULE_H

#include <stdint.h>

#define MODULE_SECTION	    ".posix"
#define MODULE_LINK_SECTION ".posixl"
#define MODULE_MAGIC	    0x3178736f70ul /* "posx1" */

#define MODULE_SHARED	1 /* a shared object, not a program */
#define MODULE_BIND_NOW 2 /* linked with -z now */

/* Names of the libraries that posix-link invents for symbols that nothing on
 * the link line defines.  They are looked for in every loaded module. */
#define MODULE_ANY	"*" /* not found: the program does not start */
#define MODULE_ANY_WEAK "?" /* not found: the slot is 0 */

/* An IMAGE_IMPORT_DESCRIPTOR, as PE has it; all members are RVAs. */
struct module_import {
	uint32_t names; /* of the name table: RVAs of {uint16_t hint, name} */
	uint32_t time, forwarder;
	uint32_t library; /* of the soname, "posix1.dll", "*" or "?" */
	uint32_t slots;	  /* of the slots to fill, parallel to names */
};

/* A pointer in data that the compiler made point at this module's jump thunk
 * for an imported function.  On ELF a function has one address everywhere, so
 * the loader stores what the import slot holds instead. */
struct module_pointer {
	uint32_t where; /* RVA of the 8-byte pointer */
	uint32_t slot;	/* RVA of the import slot */
};

struct module {
	uint64_t magic;
	uint32_t size; /* of this struct, bytes */
	uint32_t flags;
	void *base; /* the image's first byte */
	/* runtime pseudo-relocations, MinGW's version 2: a header of three
	 * words {0, 0, 1}, then triples {slot RVA, target RVA, bits} */
	const void *relocations, *relocations_end;
	void (**constructors)(void); /* -1, f..., 0; run from last to first */
	void (**destructors)(void);  /* -1, f..., 0; run from first to last */
	int (*main)(int, char **, char **); /* 0 in a shared object */

	/* written by posix-link; RVAs, 0 = none */
	uint32_t imports; /* struct module_import[import_count] */
	uint32_t import_count;
	uint32_t pointers; /* struct module_pointer[pointer_count] */
	uint32_t pointer_count;
	uint32_t soname;  /* string */
	uint32_t runpath; /* string, ':' between folders, may have $ORIGIN */
	/* RVAs of the import slots of functions that are called and whose
	 * address is not taken: they may be found as late as that */
	uint32_t called; /* uint32_t[called_count] */
	uint32_t called_count;
};

#endif
