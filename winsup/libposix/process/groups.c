/* Process groups and sessions. */
#include "process/private.h"

#include "abi/errno.h"

static bool group_in_session(int group, int session)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *p = &s->process[i];

		if (task_process_state(p->word) != PROCESS_FREE &&
			p->group == group && p->session == session)
			return true;
	}
	return false;
}

/* The slot of `pid`, 0 meaning the caller; NULL if there is none. */
static struct process_slot *slot_of(int pid)
{
	long i = pid ? task_process_find(pid) : (long)current->process->slot;

	return i < 0 ? NULL : task_process_slot((uint32_t)i);
}

/* POSIX.1-2024 setpgid(), ERRORS. */
long process_set_group(int pid, int group)
{
	struct process *p = current->process;
	struct process_slot *own = task_process_slot(p->slot);
	struct process_slot *target = slot_of(pid);

	if (pid < 0 || group < 0)
		return -EINVAL;
	if (!target)
		return -ESRCH;
	if (target != own &&
		(target->parent != p->pid || target->parent_slot != p->slot))
		return -ESRCH;
	if (target != own && target->has_executed)
		return -EACCES;
	if (target->session != own->session || target->session == target->pid)
		return -EPERM;
	if (!group)
		group = target->pid;
	if (group != target->pid && !group_in_session(group, own->session))
		return -EPERM;
	target->group = group;
	return 0;
}

long process_get_group(int pid)
{
	struct process_slot *slot = slot_of(pid);

	return pid >= 0 && slot ? slot->group : -ESRCH;
}

long process_set_session(void)
{
	struct process *p = current->process;
	struct process_slot *own = task_process_slot(p->slot);

	if (own->group == p->pid)
		return -EPERM;
	own->session = own->group = p->pid;
	return p->pid;
}

long process_get_session(int pid)
{
	struct process_slot *slot = slot_of(pid);

	return pid >= 0 && slot ? slot->session : -ESRCH;
}
