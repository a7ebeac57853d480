/* Record locks, fcntl(F_SETLK) and relatives: POSIX.1-2024 fcntl().  Between
 * our processes only, advisory: Windows' own locks would keep a reader from
 * what they cover.
 *
 * They lie in shared memory, each by itself; an operation changes none but its
 * owner's, so of one that is killed half-way all that is left is entries of a
 * dead process, which go with it. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "vfs/vfs.h"

#define END INT64_MAX

/* What a process asks for: bytes [start, end] of an object. */
struct range {
	uint64_t object;
	int64_t start, end;
	uint32_t type; /* F_RDLCK, F_WRLCK, F_UNLCK */
};

static uint64_t owner_of(const struct process *p)
{
	return (uint64_t)p->generation << 32 | (p->slot + 1);
}

/* F_OFD_SETLK's owner is an open file description: its slot in the session,
 * which it must have, and its number.  A process's generation has 24 bits. */
#define DESCRIPTION	 (1ul << 63)
#define DESCRIPTION_AT	 48
#define DESCRIPTION_MASK ((1ul << DESCRIPTION_AT) - 1)

static bool is_description(uint64_t owner)
{
	return owner >> 63;
}

static uint64_t owner_in(uint32_t slot, uint64_t number)
{
	return DESCRIPTION | (uint64_t)slot << DESCRIPTION_AT |
	       (number & DESCRIPTION_MASK);
}

static bool description_lives(uint64_t owner)
{
	uint32_t slot =
		(uint32_t)(owner >> DESCRIPTION_AT) & (DESCRIPTIONS - 1);
	uint64_t number = task_shared()->descriptions[slot].number;

	return number && owner_in(slot, number) == owner;
}

static bool owner_lives(uint64_t owner)
{
	uint32_t index = (uint32_t)owner - 1;

	if (is_description(owner))
		return description_lives(owner);
	return task_index_same(index, (uint32_t)(owner >> 32)) &&
	       task_process_lives(index);
}

uint64_t file_object(const struct kstat *st)
{
	const uint64_t which[2] = { st->dev, st->ino };

	/* anonymous objects of shared memory are counted from 1 */
	return hash_bytes(which, sizeof which) | 1ul << 63;
}

static void table_take(void)
{
	shared_lock_take(&task_shared()->records_lock);
}

static void table_drop(void)
{
	shared_lock_drop(&task_shared()->records_lock);
}

static bool overlap(const struct record *e, const struct range *r)
{
	return e->object == r->object && e->start <= r->end &&
	       e->end >= r->start;
}

/* A lock of another living process that is in the way; NULL if there is none.
 * Locks of the dead go on sight. */
static struct record *in_the_way(uint64_t owner, const struct range *r)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->record_end; i++) {
		struct record *e = &s->records[i];
		uint64_t other = e->owner;

		if (!other || other == owner || !overlap(e, r) ||
			(r->type == F_RDLCK && e->type == F_RDLCK))
			continue;
		if (owner_lives(other))
			return e;
		e->owner = 0;
	}
	return NULL;
}

static struct record *free_entry(void)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < RECORDS; i++) {
		if (s->records[i].owner)
			continue;
		if (s->record_end <= i)
			s->record_end = i + 1;
		return &s->records[i];
	}
	return NULL;
}

/* Whether two more fit: as many as one operation adds at most. */
static bool room(void)
{
	int n = 0;

	for (uint32_t i = 0; n < 2 && i < RECORDS; i++)
		n += !task_shared()->records[i].owner;
	return n == 2;
}

static void add(uint64_t owner, uint64_t object, int64_t start, int64_t end,
	uint32_t type)
{
	struct record *e = free_entry();

	e->object = object;
	e->start = start;
	e->end = end;
	e->type = type;
	/* man 2 fcntl, F_OFD_GETLK: the lock is no process's */
	e->pid = is_description(owner)
			 ? -1
			 : task_process_slot((uint32_t)owner - 1)->pid;
	__atomic_store_n((uint64_t *)&e->owner, owner, __ATOMIC_SEQ_CST);
}

/* Takes the range out of an own lock: what lies before and behind stays. */
static void cut(struct record *e, const struct range *r)
{
	int64_t end = e->end;

	if (e->start < r->start) {
		e->end = r->start - 1;
		if (end > r->end)
			add(e->owner, e->object, r->end + 1, end, e->type);
	} else if (end > r->end) {
		e->start = r->end + 1;
	} else {
		e->owner = 0;
	}
}

/* Locks of one kind that touch are one. */
static bool joins(const struct record *e, const struct range *r)
{
	return e->object == r->object && e->type == r->type &&
	       (overlap(e, r) || (r->start > 0 && e->end == r->start - 1) ||
		       (r->end < END && e->start == r->end + 1));
}

static void apply(uint64_t owner, struct range *r)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->record_end; i++) {
		struct record *e = &s->records[i];

		if (e->owner != owner)
			continue;
		if (joins(e, r)) {
			r->start = e->start < r->start ? e->start : r->start;
			r->end = e->end > r->end ? e->end : r->end;
			e->owner = 0;
		} else if (overlap(e, r)) {
			cut(e, r);
		}
	}
	if (r->type != F_UNLCK)
		add(owner, r->object, r->start, r->end, r->type);
}

/* Whether who is in the way waits, over others perhaps, for the caller.  Of a
 * description nobody knows who waits: man 2 fcntl, "no deadlock detection". */
static bool deadlock(uint64_t owner, const struct record *e)
{
	struct shared *s = task_shared();

	for (int i = 0; e && i < PROCESS_SLOTS; i++) {
		uint64_t other = e->owner;
		struct record_wait *w;
		struct range r;

		if (other == owner)
			return true;
		/* gone meanwhile: what the dead had goes without the lock */
		if (!other || is_description(other))
			return false;
		w = &s->process[(uint32_t)other - 1].record_wait;
		if (w->owner != other)
			return false;
		r = (struct range){ w->object, w->start, w->end, w->type };
		e = in_the_way(other, &r);
	}
	return false;
}

/* Says for what the process waits, as long as it does. */
static void set_wait(uint64_t owner, const struct range *r)
{
	struct record_wait *w;

	if (is_description(owner))
		return;
	w = &task_process_slot((uint32_t)owner - 1)->record_wait;
	if (r) {
		w->object = r->object;
		w->start = r->start;
		w->end = r->end;
		w->type = r->type;
	}
	w->owner = r ? owner : 0;
}

/* 0, or -EAGAIN when a lock is in the way, or another -errno. */
static long try(uint64_t owner, struct range *r, bool waits)
{
	struct record *e = NULL;
	long result = 0;

	table_take();
	if (r->type != F_UNLCK)
		e = in_the_way(owner, r);
	set_wait(owner, NULL);
	if (e) {
		result = waits && !is_description(owner) && deadlock(owner, e)
				 ? -EDEADLK
				 : -EAGAIN;
		if (waits && result == -EAGAIN)
			set_wait(owner, r);
	} else if (!room()) {
		result = -ENOLCK;
	} else {
		apply(owner, r);
	}
	table_drop();
	if (!result)
		wake(&task_shared()->records_changed);
	return result;
}

static long set_lock(uint64_t owner, struct range *r, bool waits)
{
	struct sleep s;
	long result = try(owner, r, false);

	if (result != -EAGAIN || !waits)
		return result;
	sleep_begin(&s, WIN_FOREVER);
	result = sleep_on(&s, &task_shared()->records_changed);
	while (!result && (result = try(owner, r, true)) == -EAGAIN)
		result = sleep_wait(&s);
	sleep_end(&s);
	set_wait(owner, NULL);
	return result;
}

static void get_lock(uint64_t owner, const struct range *r, struct flock *out)
{
	struct record *e;

	table_take();
	e = in_the_way(owner, r);
	if (e) {
		out->l_type = (short)e->type;
		out->l_whence = SEEK_SET;
		out->l_start = e->start;
		out->l_len = e->end == END ? 0 : e->end - e->start + 1;
		out->l_pid = e->pid;
	} else {
		out->l_type = F_UNLCK;
	}
	table_drop();
}

/* From struct flock's spelling: an origin, and a length of either sign. */
static long range_of(struct file *f, const struct flock *l,
	const struct kstat *st, struct range *out)
{
	int64_t from = 0, start;

	if (l->l_whence == SEEK_CUR)
		from = f->ops->seek ? f->ops->seek(f, 0, SEEK_CUR) : 0;
	else if (l->l_whence == SEEK_END)
		from = st->size;
	else if (l->l_whence != SEEK_SET)
		return -EINVAL;
	if (from < 0)
		return from;
	if (__builtin_add_overflow(from, l->l_start, &start))
		return -EOVERFLOW;
	out->start = l->l_len < 0 ? start + l->l_len : start;
	if (start < 0 || out->start < 0)
		return -EINVAL;
	out->end = l->l_len < 0 ? start - 1 : END;
	if (l->l_len > 0 &&
		__builtin_add_overflow(start, l->l_len - 1, &out->end))
		return -EOVERFLOW;
	out->object = file_object(st);
	out->type = (uint32_t)l->l_type;
	return 0;
}

static long owner_for(struct file *f, bool description, uint64_t *out)
{
	uint32_t slot;

	*out = owner_of(current->process);
	if (!description)
		return 0;
	if (!description_slot(f, &slot))
		return -ENOLCK;
	*out = owner_in(slot, description_number(f));
	return 0;
}

long record_lock(struct file *f, int command, struct flock *l)
{
	bool get = command == F_GETLK || command == F_OFD_GETLK;
	bool description = command == F_OFD_GETLK || command == F_OFD_SETLK ||
			   command == F_OFD_SETLKW;
	int access = f->flags & O_ACCMODE;
	uint64_t owner;
	struct kstat st;
	struct range r;
	long result;

	if ((f->flags & O_PATH) ||
		(!get && ((l->l_type == F_RDLCK && access == O_WRONLY) ||
				 (l->l_type == F_WRLCK && access == O_RDONLY))))
		return -EBADF;
	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK &&
		(l->l_type != F_UNLCK || get))
		return -EINVAL;
	if (!f->ops->stat || (description && l->l_pid))
		return -EINVAL;
	result = f->ops->stat(f, &st);
	if (!result)
		result = range_of(f, l, &st, &r);
	if (!result)
		result = owner_for(f, description, &owner);
	if (result)
		return result;
	if (!get)
		return set_lock(owner, &r,
			command == F_SETLKW || command == F_OFD_SETLKW);
	get_lock(owner, &r, l);
	return 0;
}

static bool has_any(uint64_t owner)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->record_end; i++)
		if (s->records[i].owner == owner)
			return true;
	return false;
}

void records_close(struct file *f)
{
	uint64_t owner = owner_of(current->process);
	struct range all = { 0, 0, END, F_UNLCK };
	struct kstat st;

	if (!task_shared()->record_end || !has_any(owner) || !f->ops->stat ||
		f->ops->stat(f, &st))
		return;
	all.object = file_object(&st);
	try(owner, &all, false);
}

/* What belongs to such owners goes.  An owner that is over gets no more. */
static bool drop(bool (*whose)(uint64_t owner, uint64_t which), uint64_t which)
{
	struct shared *s = task_shared();
	bool any = false;

	for (uint32_t i = 0; i < s->record_end; i++) {
		uint64_t owner = s->records[i].owner;

		if (!owner || !whose(owner, which))
			continue;
		any |= __atomic_compare_exchange_n(
			(uint64_t *)&s->records[i].owner, &owner, 0, false,
			__ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	}
	return any;
}

static bool same_owner(uint64_t owner, uint64_t which)
{
	return owner == which;
}

static bool in_process_slot(uint64_t owner, uint64_t slot)
{
	return !is_description(owner) && (uint32_t)owner == slot + 1;
}

void records_description_over(uint32_t slot, uint64_t number)
{
	if (drop(same_owner, owner_in(slot, number)))
		wake(&task_shared()->records_changed);
}

static bool of_any_description(void)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->record_end; i++)
		if (is_description(s->records[i].owner))
			return true;
	return false;
}

void records_forget(uint32_t process_slot)
{
	bool any = drop(in_process_slot, process_slot);

	task_process_slot(process_slot)->record_wait.owner = 0;
	if (any)
		wake(&task_shared()->records_changed);
	/* locks do not wait until the process has been waited for */
	if (of_any_description())
		descriptions_forget(process_slot);
}
