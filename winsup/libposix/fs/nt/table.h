/* Modes of files, where the volume cannot keep them: an open hash table in
 * memory that processes share and a file keeps.
 *
 * Nobody holds a lock.  A slot belongs to whoever turned it from free to busy,
 * and what it says counts from the one store that makes it used; so a process
 * killed anywhere costs one slot at most.  Two that put the same file at once
 * may use a slot each: then the first one found holds, and removing takes out
 * both. */
#ifndef FS_NT_TABLE_H
#define FS_NT_TABLE_H

#include <stdatomic.h>
#include <stdint.h>

#define MODE_SLOTS (1u << 20)
/* As far from its place as an entry may lie. */
#define MODE_REACH 64u

struct mode_slot {
	uint64_t id; /* of the file, within its volume */
	uint32_t volume;
	_Atomic uint32_t state; /* enum mode_state and the mode */
};

struct mode_table {
	char magic[16];
	uint32_t pad[1020];
	struct mode_slot slots[MODE_SLOTS];
};

/* The 16 bits of that file's mode, or -ENOENT. */
long mode_table_get(struct mode_table *t, uint64_t id, uint32_t volume);
/* -ENOSPC when the table is full thereabouts. */
long mode_table_put(
	struct mode_table *t, uint64_t id, uint32_t volume, uint32_t mode);
void mode_table_remove(struct mode_table *t, uint64_t id, uint32_t volume);

#endif
