/* Priorities, policies and processors. */
#include "call/call.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "process/process.h"

#define RESET_ON_FORK 0x40000000
#define PRIORITY_MOST 99 /* man 7 sched */
#define DEADLINE      6	 /* SCHED_DEADLINE */

static struct process *own(void)
{
	return current->process;
}

/* ---- nice ---- */

/* Calls f for each process that (which, who) names: the first of its errors,
 * or -ESRCH if there is none. */
static long each_process(
	int which, int who, long (*f)(uint32_t index, int *value), int *value)
{
	struct shared *s = task_shared();
	struct process_slot *mine = task_process_slot(own()->slot);
	long r = -ESRCH, error = 0;

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *p = &s->process[i];
		bool match =
			which == PRIO_PROCESS
				? p->pid == (who ? who : own()->pid)
			: which == PRIO_PGRP
				? p->group == (who ? who : mine->group)
				: p->uid == (who ? (uint32_t)who : own()->uid);

		if (task_process_state(p->word) != PROCESS_RUNNING || !match)
			continue;
		r = f(i, value);
		if (r && !error)
			error = r;
	}
	return error ? error : r;
}

static long lowest(uint32_t index, int *value)
{
	if (task_process_slot(index)->nice < *value)
		*value = task_process_slot(index)->nice;
	return 0;
}

/* man 2 setpriority, "EACCES"; man 2 getrlimit, "RLIMIT_NICE". */
static bool may_have_nice(int before, int nice)
{
	return nice >= before || own()->euid == 0 ||
	       (uint64_t)(20 - nice) <= own()->limits[LIMIT_NICE][0];
}

static long set_nice(uint32_t index, int *value)
{
	if (!may_have_nice(task_process_slot(index)->nice, *value))
		return -EACCES;
	process_set_nice(index, *value);
	return 0;
}

/* The kernel's answer is 20 - nice, so that it is never negative. */
long sys_getpriority(int which, int who)
{
	int nice = 19;
	long r;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	r = each_process(which, who, lowest, &nice);
	return r ? r : 20 - nice;
}

long sys_setpriority(int which, int who, int nice)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	return each_process(which, who, set_nice, &nice);
}

/* ---- ioprio: kept and inherited ---- */

#define IO_CLASS(priority) ((priority) >> 13)
#define IO_LEVEL(priority) ((priority)&0x1fff)
enum { IO_NONE, IO_REALTIME, IO_BEST_EFFORT, IO_IDLE };

static long check_io_priority(int priority)
{
	switch (IO_CLASS(priority)) {
	case IO_REALTIME:
		if (own()->euid)
			return -EPERM;
		/* fall through */
	case IO_BEST_EFFORT:
		return (IO_LEVEL(priority) & 7) != IO_LEVEL(priority) ? -EINVAL
								      : 0;
	case IO_IDLE:
		return 0;
	case IO_NONE:
		return IO_LEVEL(priority) ? -EINVAL : 0;
	}
	return -EINVAL;
}

static long set_io_priority(uint32_t index, int *value)
{
	task_process_slot(index)->io_priority = (uint32_t)*value;
	return 0;
}

/* The best of them: man 2 ioprio_set. */
static long best_io_priority(uint32_t index, int *value)
{
	int one = (int)task_process_slot(index)->io_priority;

	if (!*value || (one && one < *value))
		*value = one;
	return 0;
}

long sys_ioprio_set(int which, int who, int priority)
{
	long r = check_io_priority(priority);

	if (r)
		return r;
	if (which < 1 || which > 3)
		return -EINVAL;
	return each_process(which - 1, who, set_io_priority, &priority);
}

long sys_ioprio_get(int which, int who)
{
	int priority = 0;
	long r;

	if (which < 1 || which > 3)
		return -EINVAL;
	r = each_process(which - 1, who, best_io_priority, &priority);
	return r ? r : priority;
}

/* ---- policies ---- */

static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(int policy)
{
	return is_realtime(policy) || policy == SCHED_OTHER ||
	       policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* Calls f for the thread `tid` of ours, 0 being the caller, which stays while
 * f runs; -ESRCH if there is none. */
static long with_thread(
	int tid, long (*f)(struct thread *t, void *value), void *value)
{
	struct process *p = own();
	long r = -ESRCH;

	/* a vfork child is on its parent's thread */
	if (!tid || tid == current->tid || (p->vfork_of && tid == p->pid))
		return f(current, value);
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t->tid == tid)
			r = f(t, value);
	}
	lock_drop(&p->lock);
	return r;
}

static long read_thread(struct thread *t, void *value)
{
	*(uint32_t *)value = t->scheduling;
	return 0;
}

/* Of any process the first thread's can be asked. */
static long scheduling_of(int tid, uint32_t *out)
{
	long i;

	if (!with_thread(tid, read_thread, out))
		return 0;
	i = task_process_find(tid);
	if (i < 0)
		return i;
	*out = task_process_slot((uint32_t)i)->scheduling;
	return 0;
}

static bool priority_fits(int policy, int priority)
{
	return is_realtime(policy) ? priority >= 1 && priority <= PRIORITY_MOST
				   : priority == 0;
}

/* man 7 sched, "Privileges and resource limits". */
static bool may_schedule(uint32_t before, uint32_t after)
{
	uint32_t priority = SCHEDULING_PRIORITY(after);
	bool same = SCHEDULING_POLICY(before) == SCHEDULING_POLICY(after);

	if (own()->euid == 0)
		return true;
	if ((before & RESET_ON_FORK) && !(after & RESET_ON_FORK))
		return false;
	return !priority || (same && priority <= SCHEDULING_PRIORITY(before)) ||
	       priority <= own()->limits[LIMIT_REALTIME][0];
}

static long change_thread(struct thread *t, void *value)
{
	uint32_t new = *(uint32_t *)value;

	if (!may_schedule(t->scheduling, new))
		return -EPERM;
	thread_set_scheduling(t, new);
	return 0;
}

/* policy -1: as it is. */
static long schedule(int tid, int policy, int priority)
{
	uint32_t now, new;
	long r = scheduling_of(tid, &now);

	if (r)
		return r;
	if (policy < 0)
		policy = (int)(SCHEDULING_POLICY(now) | (now & RESET_ON_FORK));
	if (!is_policy(policy & ~RESET_ON_FORK) ||
		!priority_fits(policy & ~RESET_ON_FORK, priority))
		return -EINVAL;
	new = SCHEDULING(policy, (uint32_t)priority);
	r = with_thread(tid, change_thread, &new);
	/* another process's threads are not ours to change */
	return r == -ESRCH ? -EPERM : r;
}

static long fetch_priority(int tid, const void *user, int *out)
{
	if (!user || tid < 0)
		return -EINVAL;
	return user_copy_in(out, user, sizeof *out);
}

long sys_sched_setscheduler(int tid, int policy, const void *user)
{
	int priority;
	long r = policy < 0 ? -EINVAL : fetch_priority(tid, user, &priority);

	return r ? r : schedule(tid, policy, priority);
}

long sys_sched_setparam(int tid, const void *user)
{
	int priority;
	long r = fetch_priority(tid, user, &priority);

	return r ? r : schedule(tid, -1, priority);
}

long sys_sched_getscheduler(int tid)
{
	uint32_t s;
	long r = tid < 0 ? -EINVAL : scheduling_of(tid, &s);

	return r ? r : (long)(SCHEDULING_POLICY(s) | (s & RESET_ON_FORK));
}

long sys_sched_getparam(int tid, void *user)
{
	uint32_t s;
	int priority;
	long r = !user || tid < 0 ? -EINVAL : scheduling_of(tid, &s);

	if (r)
		return r;
	priority = (int)SCHEDULING_PRIORITY(s);
	return user_copy_out(user, &priority, sizeof priority);
}

long sys_sched_get_priority_max(int policy)
{
	return is_realtime(policy)			 ? PRIORITY_MOST
	       : is_policy(policy) || policy == DEADLINE ? 0
							 : -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	return is_realtime(policy)			 ? 1
	       : is_policy(policy) || policy == DEADLINE ? 0
							 : -EINVAL;
}

/* Windows' quantum on a client: two ticks of the clock. */
#define QUANTUM 31250000

long sys_sched_rr_get_interval(int tid, struct timespec *user)
{
	long t[2] = { 0, QUANTUM };
	uint32_t s;
	long r = tid < 0 ? -EINVAL : scheduling_of(tid, &s);

	if (r)
		return r;
	if (SCHEDULING_POLICY(s) == SCHED_FIFO)
		t[1] = 0;
	return user_copy_out(user, t, sizeof t);
}

/* struct sched_attr, first published size: man 2 sched_setattr */
struct attributes_of_policy {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
#define ATTRIBUTES_SIZE (sizeof(struct attributes_of_policy))
#define FLAG_RESET	1u
#define PAGE		4096u

static long fetch_attributes(struct attributes_of_policy *a, void *user)
{
	const uint32_t size = ATTRIBUTES_SIZE;
	uint8_t byte;

	if (user_copy_in(&a->size, user, sizeof a->size))
		return -EFAULT;
	if (!a->size)
		a->size = size;
	if (a->size < size || a->size > PAGE)
		return user_copy_out(user, &size, sizeof size) ? -EFAULT
							       : -E2BIG;
	for (uint32_t i = size; i < a->size; i++) {
		if (user_copy_in(&byte, (char *)user + i, 1))
			return -EFAULT;
		if (byte)
			return user_copy_out(user, &size, sizeof size) ? -EFAULT
								       : -E2BIG;
	}
	return user_copy_in(a, user, size);
}

long sys_sched_setattr(int tid, void *user, unsigned flags)
{
	struct attributes_of_policy a;
	int nice, policy;
	long r;

	if (!user || tid < 0 || flags)
		return -EINVAL;
	r = fetch_attributes(&a, user);
	if (r)
		return r;
	if ((int)a.policy < 0 || (a.flags & ~(uint64_t)FLAG_RESET) ||
		!is_policy((int)a.policy))
		return -EINVAL;
	policy = (int)a.policy | (a.flags & FLAG_RESET ? RESET_ON_FORK : 0);
	nice = a.nice < -20 ? -20 : a.nice > 19 ? 19 : a.nice;
	if ((policy & 0xff) == SCHED_OTHER || (policy & 0xff) == SCHED_BATCH) {
		if (!may_have_nice(task_process_slot(own()->slot)->nice, nice))
			return -EPERM;
	}
	r = schedule(tid, policy, (int)a.priority);
	if (!r && !is_realtime((int)a.policy) && a.policy != SCHED_IDLE)
		process_set_nice(own()->slot, nice);
	return r;
}

/* `size` is an unsigned int to Linux. */
long sys_sched_getattr(int tid, void *user, size_t long_size, unsigned flags)
{
	uint32_t size = (uint32_t)long_size;
	struct attributes_of_policy a = { .size = ATTRIBUTES_SIZE };
	uint32_t s;
	long i, r;

	if (!user || tid < 0 || size > PAGE || size < ATTRIBUTES_SIZE || flags)
		return -EINVAL;
	r = scheduling_of(tid, &s);
	if (r)
		return r;
	i = task_process_find(tid);
	a.policy = SCHEDULING_POLICY(s);
	a.priority = SCHEDULING_PRIORITY(s);
	a.flags = s & RESET_ON_FORK ? FLAG_RESET : 0;
	if (!is_realtime((int)a.policy))
		a.nice = task_process_slot(i < 0 ? own()->slot : (uint32_t)i)
				 ->nice;
	return user_copy_out(user, &a, sizeof a);
}

/* ---- processors ---- */

long sys_sched_yield(void)
{
	win_thread_yield();
	return 0;
}

#define MASK_SIZE 8 /* Windows' groups of more processors are not used */

static long read_affinity(struct thread *t, void *mask)
{
	*(uint64_t *)mask = t->affinity;
	return 0;
}

static long change_affinity(struct thread *t, void *mask)
{
	return thread_set_affinity(t, *(uint64_t *)mask);
}

long sys_sched_getaffinity(int tid, size_t size, void *user)
{
	uint64_t all = win_affinity(), mask = 0;

	if (size < MASK_SIZE || size % MASK_SIZE)
		return -EINVAL;
	if (with_thread(tid, read_affinity, &mask) &&
		task_process_find(tid) < 0)
		return -ESRCH;
	mask = mask ? mask & all : all;
	return user_copy_out(user, &mask, MASK_SIZE) ? -EFAULT : MASK_SIZE;
}

long sys_sched_setaffinity(int tid, size_t size, const void *user)
{
	uint64_t mask = 0;
	long r = -EINVAL;

	if (user_copy_in(&mask, user, size < MASK_SIZE ? size : MASK_SIZE))
		return -EFAULT;
	mask &= win_affinity();
	if (mask)
		r = with_thread(tid, change_affinity, &mask);
	/* another process's threads are not ours to change */
	if (r == -ESRCH && task_process_find(tid) >= 0)
		return -EPERM;
	return r;
}

long sys_getcpu(unsigned *cpu, unsigned *node, unsigned long unused)
{
	unsigned zero = 0, own = win_processor();

	(void)unused;
	if (cpu && user_copy_out(cpu, &own, sizeof own))
		return -EFAULT;
	return node ? user_copy_out(node, &zero, sizeof zero) : 0;
}
