#include "fs/nt/table.h"

#include "abi/errno.h"
#include "lib/lib.h"

enum mode_state {
	SLOT_EMPTY,   /* never used: nothing lies behind it */
	SLOT_REMOVED, /* free, but others may lie behind it */
	SLOT_BUSY,    /* being filled, or its filler was killed */
	SLOT_USED = 0x10000
};

static uint32_t place_of(uint64_t id, uint32_t volume)
{
	uint64_t key[2] = { id, volume };

	return (uint32_t)hash_bytes(key, sizeof key);
}

static struct mode_slot *slot_at(
	struct mode_table *t, uint32_t place, uint32_t i)
{
	return &t->slots[(place + i) % MODE_SLOTS];
}

/* The slot at or behind *i that holds the file, and what it says; NULL. */
static struct mode_slot *find(struct mode_table *t, uint64_t id,
	uint32_t volume, uint32_t *i, uint32_t *state)
{
	uint32_t place = place_of(id, volume);

	for (; *i < MODE_REACH; ++*i) {
		struct mode_slot *s = slot_at(t, place, *i);

		*state = s->state;
		if (*state == SLOT_EMPTY)
			return NULL;
		/* whose slot it is holds as long as the state is the same */
		if ((*state & SLOT_USED) && s->id == id &&
			s->volume == volume && s->state == *state)
			return s;
	}
	return NULL;
}

long mode_table_get(struct mode_table *t, uint64_t id, uint32_t volume)
{
	uint32_t i = 0, state;

	return find(t, id, volume, &i, &state) ? (long)(state & 0177777)
					       : -ENOENT;
}

static bool fill(struct mode_slot *s, uint64_t id, uint32_t volume,
	uint32_t state, uint32_t mode)
{
	if ((state != SLOT_EMPTY && state != SLOT_REMOVED) ||
		!atomic_compare_exchange_strong(&s->state, &state, SLOT_BUSY))
		return false;
	s->id = id;
	s->volume = volume;
	s->state = SLOT_USED | mode;
	return true;
}

long mode_table_put(
	struct mode_table *t, uint64_t id, uint32_t volume, uint32_t mode)
{
	uint32_t i = 0, state, place = place_of(id, volume);
	struct mode_slot *s;

	while ((s = find(t, id, volume, &i, &state)))
		if (atomic_compare_exchange_strong(
			    &s->state, &state, SLOT_USED | mode))
			return 0;
	for (i = 0; i < MODE_REACH; i++) {
		s = slot_at(t, place, i);
		if (fill(s, id, volume, s->state, mode))
			return 0;
	}
	return -ENOSPC;
}

void mode_table_remove(struct mode_table *t, uint64_t id, uint32_t volume)
{
	uint32_t i = 0, state;
	struct mode_slot *s;

	while ((s = find(t, id, volume, &i, &state)))
		atomic_compare_exchange_strong(&s->state, &state, SLOT_REMOVED);
}
