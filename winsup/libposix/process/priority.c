/* What Windows is told of nice values and scheduling policies: the priority
 * class of the process and the priority of the thread, which Microsoft
 * "Scheduling Priorities" explains.  That is coarser than POSIX's; the values
 * themselves are kept here and inherited. */
#include "process/private.h"

#include <sched.h>

#define RESET_ON_FORK 0x40000000u

static enum win_priority class_of(int nice)
{
	return nice >= 15   ? WIN_PRIORITY_IDLE
	       : nice >= 5  ? WIN_PRIORITY_BELOW
	       : nice > -5  ? WIN_PRIORITY_NORMAL
	       : nice > -15 ? WIN_PRIORITY_ABOVE
			    : WIN_PRIORITY_HIGH;
}

enum win_priority process_priority(uint32_t index)
{
	return class_of(task_process_slot(index)->nice);
}

static void tell_windows(uint32_t host, int nice)
{
	struct host_slot *h = &task_shared()->hosts[host];
	win_handle process =
		task_host_process(host, task_host_word_generation(h->word));

	if (class_of(h->nice) != class_of(nice) && process)
		win_process_set_priority(process, class_of(nice));
	h->nice = nice;
}

/* A vfork child shares its parent's Windows process until it has its own. */
void process_set_nice(uint32_t index, int nice)
{
	struct process_slot *slot = task_process_slot(index);
	uint32_t host = slot->host;

	slot->nice = nice;
	if (host < HOST_SLOTS && task_shared()->hosts[host].process == index)
		tell_windows(host, nice);
}

static enum win_priority thread_priority(uint32_t scheduling)
{
	uint32_t priority = SCHEDULING_PRIORITY(scheduling);

	switch (SCHEDULING_POLICY(scheduling)) {
	case SCHED_FIFO:
	case SCHED_RR:
		return priority > 66   ? WIN_PRIORITY_REALTIME
		       : priority > 33 ? WIN_PRIORITY_HIGH
				       : WIN_PRIORITY_ABOVE;
	case SCHED_BATCH:
		return WIN_PRIORITY_BELOW;
	case SCHED_IDLE:
		return WIN_PRIORITY_IDLE;
	}
	return WIN_PRIORITY_NORMAL;
}

void thread_set_scheduling(struct thread *t, uint32_t scheduling)
{
	bool changed =
		thread_priority(t->scheduling) != thread_priority(scheduling);

	t->scheduling = scheduling;
	if (t->tid == t->process->pid)
		task_process_slot(t->process->slot)->scheduling = scheduling;
	/* one that is just beginning does it itself */
	if (changed && t->handle)
		win_thread_set_priority(t->handle, thread_priority(scheduling));
}

uint32_t scheduling_inherited(const struct thread *t)
{
	return t->scheduling & RESET_ON_FORK ? 0 : t->scheduling;
}

long thread_set_affinity(struct thread *t, uint64_t mask)
{
	uint64_t all = win_affinity();
	long r = 0;

	if (t->handle)
		r = win_thread_set_affinity(t->handle, mask ? mask & all : all);
	if (!r)
		t->affinity = mask;
	return r;
}

/* What a host's own thread had at the end of the life before. */
static uint32_t before HOST_STATE = 0;
static uint64_t affinity_before HOST_STATE = 0;

void priority_begin(struct thread *t, uint64_t affinity)
{
	struct process_slot *slot = task_process_slot(t->process->slot);

	if (task_shared()->hosts[task_host].nice != slot->nice)
		tell_windows(task_host, slot->nice);
	t->scheduling = before;
	thread_set_scheduling(t, slot->scheduling);
	t->affinity = affinity_before;
	if (affinity != affinity_before)
		thread_set_affinity(t, affinity);
}

void priority_begin_thread(const struct thread *t)
{
	enum win_priority priority = thread_priority(t->scheduling);

	if (priority != WIN_PRIORITY_NORMAL)
		win_thread_set_priority(0, priority);
	if (t->affinity)
		win_thread_set_affinity(0, t->affinity);
}

void priority_end(const struct thread *t)
{
	affinity_before = t->affinity;
	before = t->scheduling;
}
