/* What one process hands to another host: a byte stream that rooms write and
 * read in the same order, and handles.  fork, spawn and exec into another
 * host all go through it: the lower half is never copied, it is told
 * (decisions/lower-half-is-never-copied.md). */
#ifndef TASK_TRANSFER_H
#define TASK_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "win/win.h"

enum transfer_how {
	TRANSFER_FORK, /* the child goes on with the parent's memory */
	TRANSFER_EXEC  /* the receiver starts a program: spawn, vfork + exec,
			  exec that leaves its host */
};

struct transfer {
	uint8_t *buffer; /* in the receiving host's transfer window */
	size_t size, position;
	size_t committed;  /* sending: so much of size has memory */
	win_handle target; /* sending: the receiving host's process */
	uint32_t host;	   /* sending: the receiving host's slot */
	uint64_t word;	   /* of that slot, as it was taken */
	uint32_t process;  /* index of the process that is being handed over */
	long error; /* first failure, -errno; all later puts do nothing */
};

void transfer_put(struct transfer *t, const void *bytes, size_t size);
void transfer_put_number(struct transfer *t, uint64_t n);
void transfer_put_string(struct transfer *t, const char *s);
/* Duplicates h into the target; the number that arrives is valid there.
 * 0 arrives as 0. */
void transfer_put_handle(struct transfer *t, win_handle h);

void transfer_get(struct transfer *t, void *bytes, size_t size);
uint64_t transfer_get_number(struct transfer *t);
/* Returns memory of win_alloc(); NULL for NULL, or with t->error set. */
char *transfer_get_string(struct transfer *t);
win_handle transfer_get_handle(struct transfer *t);

/* Reserves size bytes in the stream, to be filled in place; NULL if full. */
void *transfer_place(struct transfer *t, size_t size);

#endif
