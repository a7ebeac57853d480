/* flock(2): locks on whole files that belong to open file descriptions, and so
 * to all processes that share one by fork.  Between our processes only.
 *
 * A lock names the processes that hold its description, as queues do
 * (decisions/queue-holders.md): it goes with the last of them, however that
 * ends. */
#include <sys/file.h>

#include "abi/errno.h"
#include "vfs/vfs.h"

static struct flock_slot *find(uint64_t description)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; description && i < s->flock_end; i++)
		if (s->flocks[i].description == description)
			return &s->flocks[i];
	return NULL;
}

static struct flock_slot *unused(void)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < FLOCKS; i++) {
		if (s->flocks[i].description)
			continue;
		if (s->flock_end <= i)
			s->flock_end = i + 1;
		return &s->flocks[i];
	}
	return NULL;
}

/* True if that was the last holder. */
static bool let_go(struct flock_slot *l, uint32_t process)
{
	if (!holders_remove(&l->holders, process) || !holders_none(&l->holders))
		return false;
	l->description = 0;
	return true;
}

static bool in_the_way(uint64_t description, uint64_t object, uint32_t type)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->flock_end; i++) {
		struct flock_slot *l = &s->flocks[i];

		if (l->description && l->description != description &&
			l->object == object &&
			(type == LOCK_EX || l->type == LOCK_EX))
			return true;
	}
	return false;
}

/* 0, -EAGAIN or -ENOLCK.  An own lock is given up first: man 2 flock, "a lock
 * may be lost" in a conversion. */
static long try(struct file *f, uint64_t object, uint32_t type)
{
	struct shared *s = task_shared();
	uint64_t description = description_number(f);
	struct flock_slot *l;
	bool changed;
	long r = 0;

	shared_lock_take(&s->records_lock);
	l = find(description);
	changed = l && l->type != type;
	if (changed)
		l->description = 0;
	if (type != LOCK_UN && (changed || !l)) {
		if (in_the_way(description, object, type)) {
			r = -EAGAIN;
		} else if (!(l = changed ? l : unused())) {
			r = -ENOLCK;
		} else {
			l->object = object;
			l->type = type;
			description_holders(f, &l->holders);
			__atomic_store_n((uint64_t *)&l->description,
				description, __ATOMIC_SEQ_CST);
		}
	}
	shared_lock_drop(&s->records_lock);
	if (changed)
		wake(&s->records_changed);
	return r;
}

long flock_file(struct file *f, int operation)
{
	uint32_t type = (uint32_t)operation & ~(uint32_t)LOCK_NB;
	struct sleep s;
	struct kstat st;
	uint64_t object;
	long r;

	if (type != LOCK_SH && type != LOCK_EX && type != LOCK_UN)
		return -EINVAL;
	if (!f->ops->stat)
		return -EINVAL;
	r = f->ops->stat(f, &st);
	if (r)
		return r;
	object = file_object(&st);
	r = try(f, object, type);
	if (r != -EAGAIN || (operation & LOCK_NB))
		return r;
	sleep_begin(&s, WIN_FOREVER);
	r = sleep_on(&s, &task_shared()->records_changed);
	while (!r && (r = try(f, object, type)) == -EAGAIN)
		r = sleep_wait(&s);
	sleep_end(&s);
	return r;
}

void flock_share(struct file *f, uint32_t process_slot)
{
	struct shared *s = task_shared();
	struct flock_slot *l;

	if (!s->flock_end)
		return;
	shared_lock_take(&s->records_lock);
	l = find(f->description);
	if (l)
		holders_add(&l->holders, process_slot);
	shared_lock_drop(&s->records_lock);
}

void flock_release(struct file *f)
{
	struct shared *s = task_shared();
	struct flock_slot *l;
	bool last = false;

	if (!f->description || !s->flock_end)
		return;
	shared_lock_take(&s->records_lock);
	l = find(f->description);
	if (l)
		last = let_go(l, task_process()->slot);
	shared_lock_drop(&s->records_lock);
	if (last)
		wake(&s->records_changed);
}

void flocks_forget(uint32_t process_slot)
{
	struct shared *s = task_shared();
	bool any = false;

	if (!s->flock_end)
		return;
	shared_lock_take(&s->records_lock);
	for (uint32_t i = 0; i < s->flock_end; i++)
		if (s->flocks[i].description)
			any |= let_go(&s->flocks[i], process_slot);
	shared_lock_drop(&s->records_lock);
	if (any)
		wake(&s->records_changed);
}
