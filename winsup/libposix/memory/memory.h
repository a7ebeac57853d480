/* The address space of the POSIX process in this host: regions, mmap, brk,
 * and copies from and to user memory. */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "win/win.h"

#define PAGE_SIZE_BYTES 4096ul
/* Windows places reservations and views at multiples of this. */
#define GRANULE 65536ul

/* Everything we place lies here; programs (0x100400000), shared objects
 * (0x400000000-0x4400000000) and posix1.dll lie below. */
#define MEMORY_LOW	0x020000000000ul /* 2 TiB */
#define MEMORY_HIGH	0x600000000000ul /* 96 TiB */
#define USER_STACK_SIZE (8ul << 20)

/* ---- user memory: the only code that touches a user pointer ---- */

/* 0 or -EFAULT.  A partial copy may have happened. */
long user_copy_in(void *to, const void *user, size_t size);
long user_copy_out(void *user, const void *from, size_t size);
long user_zero(void *user, size_t size);
/* Copies a string of at most room - 1 bytes; returns its length, -EFAULT, or
 * -ENAMETOOLONG when it does not fit. */
long user_string(char *to, const char *user, size_t room);
/* Atomic operations on a user word, for futexes: 0 or -EFAULT. */
long user_word_load(uint32_t *out, const uint32_t *user);
long user_word_exchange(
	uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *found);
/* If rip lies in the copy routines: where to go on.  0 otherwise. */
uint64_t user_copy_landing(uint64_t rip);

/* ---- regions ---- */

enum region_kind {
	REGION_PRIVATE, /* anonymous, or a private copy of a file's bytes */
	REGION_SHARED,	/* a view of a section; fork maps it again */
	REGION_STACK,	/* the first thread's stack; PRIVATE otherwise */
	REGION_GUARD,	/* below a stack: see memory_guard_stack() */
	REGION_GONE	/* unmapped, but within a view of Windows': not free */
};

struct region {
	uintptr_t start, end; /* whole pages */
	int protection;	      /* PROT_* */
	enum region_kind kind;
	bool committed;	   /* has, or had, memory; only PROT_NONE has none */
	struct view *view; /* REGION_SHARED and GONE: the mapped section */
};

/* The calls behind mmap(2) and relatives; arguments as on Linux.  `file`'s
 * part is done by the caller: see memory_map_section(). */
long memory_map_anonymous(
	uintptr_t hint, size_t size, int protection, int flags);
/* A section that the caller made, and where in it to begin. */
struct mappable {
	win_handle section;
	uint64_t offset;
	uint64_t object; /* the same for all that is mapped of one object */
};
/* Maps it; mprotect may later give up to `most`.  Takes over the handle on
 * success. */
long memory_map_section(uintptr_t hint, size_t size, int protection, int most,
	int flags, const struct mappable *what);
/* Whether other processes may have the word as well; then which it is. */
bool memory_shared_word(uintptr_t address, uint64_t *object, uint64_t *offset);
long memory_unmap(uintptr_t start, size_t size);
long memory_protect(uintptr_t start, size_t size, int protection);
long memory_remap(uintptr_t old, size_t old_size, size_t new_size, int flags,
	uintptr_t new_place);
long memory_advise(uintptr_t start, size_t size, int advice);
long memory_sync(uintptr_t start, size_t size, int flags);
/* For mincore(2): a byte for each page into `to`, of `count` pages that must
 * be mapped. */
long memory_resident(uintptr_t start, size_t count, uint8_t *to);
long memory_break(uintptr_t wanted); /* brk(2): the break after the call */
/* Fills in the region that holds `address`; false if none does. */
bool memory_find(uintptr_t address, struct region *out);

/* Iterates over all regions in address order; for /proc/self/maps. */
bool memory_next(uintptr_t after, struct region *out);

/* ---- stacks ---- */

/* A new program's first stack; returns its high end or 0. */
uintptr_t memory_make_stack(size_t size);
/* Windows writes an exception's record onto the stack that faults, and ends the
 * process where it cannot.  So the upper end of the inaccessible memory below
 * the stack that `inside` belongs to gets a guard page and room for the record
 * beneath it, if there is as much.  Once more does nothing. */
void memory_guard_stack(uintptr_t inside);
/* A guard page serves once: those in the range are to serve again. */
void memory_guard_again(uintptr_t start, size_t size);

/* ---- what another process has, for /proc ----
 *
 * A process is looked into from outside, without its locks: what is read may
 * just be changing, so nothing of it is trusted.  process: of Windows, 0 for
 * the caller's own. */
/* 0 or -EFAULT. */
long memory_read_of(
	win_handle process, void *to, const void *there, size_t size);
/* A string: its length, -EFAULT, -ENAMETOOLONG. */
long memory_string_of(
	win_handle process, char *to, const char *there, size_t room);
struct memory_walk { /* zeros at the beginning */
	uintptr_t after;
	const void *entry;
};
bool memory_next_of(
	win_handle process, struct memory_walk *w, struct region *out);
bool memory_is_break(uintptr_t address); /* brk(2)'s */

/* ---- life of a process ---- */

struct transfer; /* task/transfer.h */
struct process;

int memory_start(void); /* once in a host */
/* Fork, in the parent: describe all regions and hand over the contents of
 * private ones.  In the child: the same memory at the same addresses.  Both
 * are hooks of process/rooms.c. */
void memory_pack(struct process *process, struct transfer *to, int how);
int memory_unpack(struct process *process, struct transfer *from, int how);
/* Forgets every region (exec in place, end of a life). */
void memory_drop(struct process *process);
/* For other rooms' bytes that go along with a fork: those pages of the range
 * that are not all zero, and the inverse.  The receiver's range must be zero
 * or hold what both sides began with. */
void memory_pack_pages(struct transfer *to, uintptr_t start, size_t size);
void memory_unpack_pages(struct transfer *from);

/* musl's own data in posix1.dll: copied by fork, fresh for each program. */
void memory_upper_reset(void);

/* Bytes mapped, and those of them that are private and can be written. */
size_t memory_size(void);
size_t memory_data_size(void);

#endif
