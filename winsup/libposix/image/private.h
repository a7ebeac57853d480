/* Shared by the image room's own files. */
#ifndef IMAGE_PRIVATE_H
#define IMAGE_PRIVATE_H

#include "image/image.h"

#include "vfs/vfs.h"

/* ---- pe.c: Microsoft "PE Format" ---- */
struct pe_section {
	char name[8];
	uint32_t size, address, raw_size, raw_offset, unused[3], flags;
};
#define PE_SECTION_EXECUTE 0x20000000u
#define PE_SECTION_WRITE   0x80000000u

struct pe {
	uint64_t base;
	uint32_t image_size, headers_size;
	uint16_t section_count;
	const struct pe_section *sections;
	const uint32_t *directories; /* pairs: RVA, size */
};
enum { PE_EXPORT = 0, PE_EXCEPTION = 3, PE_RELOCATION = 5 };
/* Reads headers; false if they are none of x86-64 or not within `size`. */
bool pe_parse(const void *headers, size_t size, struct pe *out);
const struct pe_section *pe_section(const struct pe *pe, const char *name);
/* The section that holds an RVA, or NULL. */
const struct pe_section *pe_section_at(const struct pe *pe, uint32_t rva);
/* Address of an exported symbol of a mapped image, or NULL. */
void *pe_export(const void *base, const char *name);
/* Any exports at all? */
bool pe_exports(const void *base);
/* The exported symbol at or below an address; NULL name if none. */
const char *pe_nearest(const void *base, uint64_t address, uint64_t *at);

/* ---- unwind.c ---- */
/* An entry of an image's unwind table. */
struct pe_function {
	uint32_t start, end, info; /* RVAs */
};
/* That of the function which holds an RVA, read as user memory is: the image
 * may be the worse for wear. */
bool pe_function(uint64_t base, uint64_t rva, struct pe_function *out);

/* ---- resident.c: image files in this host's memory ---- */

/* A file that is mapped here, whether a process uses it or not: exec finds
 * the program it ran before still in place and only renews its data. */
struct resident {
	struct list entry;
	struct identity identity;
	char *base;
	size_t size;
	struct module *module;
	bool adopted; /* mapped by Windows */
	bool used;    /* by the process that lives here */
	bool settled; /* bound to posix1.dll alone: binding stays good */
	bool alone; /* bound so, whoever has mapped it: a child's can settle */
	bool received;	   /* came bound from another host */
	uint8_t *pristine; /* what the writable sections held, one by one */
	struct pe pe;
};

/* Finds one that can serve again: -ENOENT if there is none.  wanted: the base
 * it must have, or 0.  fresh: it must not be one that is bound already. */
long resident_find(const struct identity *identity, uint64_t wanted, bool fresh,
	struct resident **out);
/* Finds or maps the file. */
long resident_get(struct file *f, const struct identity *identity,
	uint64_t wanted, bool fresh, struct resident **out);
/* One made of the pages that resident_send() put into a transfer: for a forked
 * child, when the file is no longer what its parent runs.  It is bound. */
void resident_send(struct resident *r, struct transfer *to);
long resident_receive(const struct identity *identity, uint64_t base,
	struct transfer *from, struct resident **out);
long resident_adopt(const struct module *module,
	const struct identity *identity, struct resident **out);
void resident_put(struct resident *r);
/* After binding: remembers data, protects what is not to be written. */
long resident_settle(struct resident *r, bool for_good);
/* Calls f for each writable section. */
void resident_each_data(struct resident *r,
	void (*f)(char *start, size_t size, void *argument), void *argument);
void resident_zero_data(struct resident *r);

/* ---- images.c ---- */

struct image {
	struct list entry; /* in load order, the program first */
	struct resident *resident;
	char *path;	  /* absolute, POSIX */
	uint16_t *native; /* the same for Windows, or NULL */
	size_t native_size;
	char *soname; /* by which others ask for it */
	char *name;   /* by which it was found, or NULL */
	struct image *
		*needs; /* in order; the program's begin with LD_PRELOAD's */
	int need_count;
	bool early;	      /* before the C library in lookups */
	bool global;	      /* seen by everybody's lookups */
	uint64_t constructed; /* when: 1, 2...; 0 not yet */
	bool destructed, marked;
	struct image *queue; /* while the images that one needs are walked */
	int handle_count;    /* dlopen */
};

struct images {
	struct lock lock;
	struct list list;
	struct image *program;
	char *library_path; /* LD_LIBRARY_PATH, or NULL */
	uint64_t constructed;
	bool started;	   /* the program and what it needs is there */
	bool fresh;	   /* no image that is bound already will do */
	bool no_load;	   /* dlopen's RTLD_NOLOAD */
	bool bind_now;	   /* LD_BIND_NOW: man 8 ld.so */
	struct late *late; /* one for each stub of late.S that is in use */
	uint32_t late_count;
};

/* ---- late.c ---- */
/* An import slot whose function nobody has yet, though it is only called: it
 * holds the address of a stub that looks for it then. */
struct late {
	char *base; /* the image's, by which a forked child knows it too */
	uint32_t slot, name; /* RVAs; that of the name itself */
};
/* What the slot shall hold, or 0 if it cannot be found late. */
uint64_t late_add(
	struct images *i, struct image *im, uint64_t *slot, const char *name);
void late_pack(struct images *i, struct transfer *to);
long late_unpack(struct images *i, struct transfer *from);

/* Loads one file, or finds it loaded; a new one is at the list's end.  name:
 * the one it was searched by, or NULL.  problem as in image.h, but without
 * what Linux's loader puts in front. */
long images_add(struct images *i, const char *path, const char *name,
	struct image **out, char *problem, size_t room);
/* Finds a shared object and loads it. */
long images_need(struct images *i, struct image *by, const char *soname,
	struct image **out, char *problem, size_t room);
/* Loads what the images from `first` on need, and what those need. */
long images_load_needed(
	struct images *i, struct list *first, char *problem, size_t room);
/* Undoes the loading of the images behind `last`. */
void images_forget(struct images *i, struct list *last);

/* ---- bind.c ---- */
#define UNDEFINED_SYMBOL "%s: undefined symbol: %s"
/* Binds all images from `first` on.  root: the object that dlopen() loads, or
 * NULL.  now: functions too that may be found later. */
long images_bind(struct images *i, struct list *first, struct image *root,
	bool now, char *problem, size_t room);
/* A symbol among what everybody sees, then among `root` (may be NULL) and what
 * it needs.  after: begins behind that image; NULL: at the program. */
void *images_lookup(struct images *i, struct image *root, const char *name,
	struct image *after);
/* The image that holds an address, or NULL. */
struct image *images_at(struct images *i, const void *address);
/* Does any image beside the C library export anything? */
bool images_export(struct images *i);
/* The image and what it needs, breadth first, as dlsym() of its handle. */
void *images_lookup_in(struct images *i, struct image *root, const char *name);
/* The same images, linked by `queue`. */
struct image *images_closure(struct images *i, struct image *root);
/* What a forked child's images are bound to: exactly what the parent's are. */
void images_pack_slots(struct image *im, struct transfer *to);
long images_unpack_slots(struct images *i, struct image *im,
	struct transfer *from, char *problem, size_t room);
static inline const char *image_string(const struct image *im, uint32_t rva)
{
	return rva ? im->resident->base + rva : NULL;
}

#endif
