/* Open file descriptions that processes share: POSIX fork(), "The child process
 * shall have its own copy of the parent's file descriptors.  Each of the
 * child's file descriptors shall refer to the same open file description".  The
 * offset is Windows', which shares it with the handle; the status flags are
 * here, and who has the description.
 *
 * A slot goes with its last holder, however that ends
 * (decisions/queue-holders.md).  With all slots taken, what is shared from then
 * on has flags of each process's own. */
#include "vfs/vfs.h"

static struct description_slot *slot_of(struct file *f)
{
	return f->shared ? &task_shared()->descriptions[f->shared - 1] : NULL;
}

/* Whose files are here.  Between vfork() and exec the caller is the child, but
 * what it has open is its parent's, and stays so when the child ends. */
static uint32_t holder_here(void)
{
	return task_process()->slot;
}

/* Before the file is shared, so that all who share it say the same. */
uint64_t description_number(struct file *f)
{
	if (!f->description)
		f->description = ++task_shared()->last_description;
	return f->description;
}

void description_holders(struct file *f, struct holder_set *out)
{
	struct description_slot *d = slot_of(f);

	*out = (struct holder_set){ { 0 } };
	if (d)
		*out = d->holders;
	else
		holders_add(out, holder_here());
}

static struct description_slot *unused(uint32_t *index)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < DESCRIPTIONS; i++) {
		if (s->descriptions[i].number)
			continue;
		if (s->description_end <= i)
			s->description_end = i + 1;
		*index = i;
		return &s->descriptions[i];
	}
	return NULL;
}

static void make(struct file *f)
{
	struct shared *s = task_shared();
	struct description_slot *d;
	uint32_t index;

	/* a process may have very many files: no search in vain for each */
	if (s->description_count >= DESCRIPTIONS)
		return;
	shared_lock_take(&s->records_lock);
	d = unused(&index);
	if (d) {
		d->flags = (uint32_t)f->flags;
		d->seals = f->seals;
		d->holders = (struct holder_set){ { 0 } };
		holders_add(&d->holders, holder_here());
		d->number = f->description;
		s->description_count++;
		f->shared = index + 1;
	}
	shared_lock_drop(&s->records_lock);
}

bool description_slot(struct file *f, uint32_t *slot)
{
	description_number(f);
	if (!f->shared)
		make(f);
	*slot = f->shared - 1;
	return f->shared;
}

void description_share(struct file *f, uint32_t process_slot)
{
	uint32_t slot;

	if (description_slot(f, &slot))
		holders_add(&slot_of(f)->holders, process_slot);
}

uint32_t description_seals(struct file *f)
{
	return f->seals && f->shared ? slot_of(f)->seals : f->seals;
}

/* Others may have it already, or get it by fork() later. */
void description_seal(struct file *f, uint32_t seals)
{
	uint32_t slot;

	f->seals |= seals;
	f->direct = 0; /* each write is looked at */
	if (description_slot(f, &slot))
		slot_of(f)->seals |= f->seals;
}

void description_set_flags(struct file *f, int flags)
{
	f->flags = flags;
	if (f->shared)
		slot_of(f)->flags = (uint32_t)flags;
}

/* True if that was the last one. */
static bool let_go(struct description_slot *d, uint32_t process)
{
	uint64_t number = d->number;

	if (!number || !holders_remove(&d->holders, process) ||
		!holders_none(&d->holders))
		return false;
	/* of two that let go last, one */
	if (!__atomic_compare_exchange_n((uint64_t *)&d->number, &number, 0,
		    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	task_shared()->description_count--;
	records_description_over(
		(uint32_t)(d - task_shared()->descriptions), number);
	return true;
}

bool description_release(struct file *f)
{
	return !f->shared || let_go(slot_of(f), holder_here());
}

void descriptions_forget(uint32_t process_slot)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->description_end; i++)
		let_go(&s->descriptions[i], process_slot);
}
