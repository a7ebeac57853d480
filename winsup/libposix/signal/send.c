/* Sending: who may, what is pending then, and who has to be woken. */
#include "signal/private.h"

#include "abi/errno.h"
#include "wait/wait.h"

static long (*kill_process)(uint32_t index) HOST_STATE = 0;

void signal_register_kill(long (*kill)(uint32_t index))
{
	kill_process = kill;
}

/* man 2 kill: the real or effective id must be the real or saved one of the
 * target.  All processes of a session have one Windows user, so the effective
 * ids decide. */
static bool permitted(const struct process_slot *target)
{
	struct thread *t = current;

	if (!t)
		return true; /* the lower half itself */
	return t->process->euid == target->uid ||
	       t->process->uid == target->uid || t->process->euid == 0;
}

static bool own(uint32_t index)
{
	struct process *p = task_process();

	return p && p->slot == index;
}

/* A thread of ours that does not block the signal, the caller first. */
static struct thread *choose(struct process *p, uint64_t bit)
{
	struct thread *t = current, *chosen = NULL;

	if (t && t->process == p && !(t->sigmask & bit))
		return t;
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *other =
			container_of(entry, struct thread, peers);

		if (!(other->sigmask & bit)) {
			chosen = other;
			break;
		}
	}
	lock_drop(&p->lock);
	return chosen;
}

static void wake_own(uint64_t bit)
{
	struct process *p = current ? current->process : task_process();
	struct thread *t = choose(p, bit);

	if (t == current && t)
		t->poked = 1;
	else if (t)
		service_poke(t);
}

/* The first thread sleeps most of the time and then needs no detour by the
 * service thread; sleep_wait() passes on what it has blocked. */
static void wake_other(struct process_slot *slot)
{
	uint32_t main_thread = slot->main_thread;

	if (main_thread && slot->threads == 1 &&
		task_thread_wake(main_thread - 1))
		return;
	if (slot->host != ~0u)
		win_event_set(task_service_event(slot->host));
}

void signal_parent(uint32_t index, int code, int status)
{
	struct process_slot *slot = task_process_slot(index);
	uint32_t parent_slot = slot->parent_slot;
	struct process_slot *parent = task_process_slot(parent_slot);
	struct signal_record record = {
		.signal = SIGCHLD,
		.code = code,
		.pid = slot->pid,
		.uid = slot->uid,
		.status = (uint32_t)status,
		.user_time = slot->user_time / 10000000,
		.system_time = slot->system_time / 10000000,
	};

	if (!slot->parent || parent->pid != slot->parent)
		return;
	/* the signal first: a parent that sleeps is woken once, for both */
	if (!(parent->flags & PROCESS_NO_STOP_REPORT) ||
		(code != CLD_STOPPED && code != CLD_CONTINUED))
		signal_send(parent_slot, &record);
	wake(&parent->children);
}

/* Done by the sender: who continues a child and then waits for it must find
 * it continued, though it may have ended again by then. */
void signal_resume(uint32_t index)
{
	struct process_slot *slot = task_process_slot(index);
	uint32_t before;

	if (!(slot->flags & PROCESS_STOPPED))
		return;
	slot->stop_status = STATUS_CONTINUED;
	before = __atomic_fetch_and(
		(uint32_t *)&slot->flags, ~PROCESS_STOPPED, __ATOMIC_SEQ_CST);
	if (!(before & PROCESS_STOPPED))
		return;
	wake(&slot->resumed);
	signal_parent(index, CLD_CONTINUED, SIGCONT);
}

/* A vfork child has no Windows process of its own to be ended. */
static bool has_host(uint32_t index)
{
	uint32_t host = task_process_slot(index)->host;

	return host < HOST_SLOTS && task_shared()->hosts[host].process == index;
}

long signal_send(uint32_t index, const struct signal_record *record)
{
	struct process_slot *slot = task_process_slot(index);
	enum process_state state = task_process_state(slot->word);
	uint64_t bit;
	long r;

	if (state != PROCESS_RUNNING && state != PROCESS_ZOMBIE)
		return -ESRCH;
	if (!permitted(slot) &&
		!(record->signal == SIGCONT && current &&
			task_process_slot(current->process->slot)->session ==
				slot->session))
		return -EPERM;
	if (!record->signal || state == PROCESS_ZOMBIE)
		return 0;
	if (record->signal == SIGKILL && !own(index)) {
		/* it may be changing hosts, or ending by itself, meanwhile */
		while (task_process_lives(index) && has_host(index))
			if (!kill_process(index))
				return 0;
	}
	bit = signal_bit(record->signal);
	if (bit & SIGNALS_STOPPING)
		signal_queue_drop(&slot->signals, signal_bit(SIGCONT));
	if (record->signal == SIGCONT)
		signal_queue_drop(&slot->signals, SIGNALS_STOPPING);
	else if (slot->ignored & bit)
		return 0;
	r = signal_queue_put(&slot->signals, record);
	if (!r)
		wake(&slot->signalled);
	if (record->signal == SIGCONT)
		signal_resume(index);
	if (r)
		return r;
	if (own(index))
		wake_own(bit);
	else
		wake_other(slot);
	return 0;
}

long signal_send_thread(struct thread *t, const struct signal_record *record)
{
	uint64_t bit;
	long r;

	if (!record->signal)
		return 0;
	bit = signal_bit(record->signal);
	if (signal_ignored(t->process, record->signal) && !(t->sigmask & bit))
		return 0;
	r = signal_thread_put(t, record);
	if (r)
		return r;
	wake(&task_process_slot(t->process->slot)->signalled);
	if (t == current)
		t->poked = 1;
	else
		service_poke(t);
	return 0;
}

long signal_send_group(int group, const struct signal_record *record)
{
	struct shared *s = task_shared();
	long result = -ESRCH;
	bool sent = false;

	if (!group && current)
		group = s->process[current->process->slot].group;
	for (uint32_t i = 0; i < s->process_end; i++) {
		long r;

		if (s->process[i].group != group ||
			task_process_state(s->process[i].word) !=
				PROCESS_RUNNING)
			continue;
		r = signal_send(i, record);
		sent |= r == 0;
		result = r;
	}
	return sent ? 0 : result;
}

void signal_raise(int signal)
{
	struct signal_record record = {
		.signal = signal,
		.code = SI_KERNEL,
	};

	signal_send_thread(current, &record);
}

void signal_force(struct thread *t, const struct signal_record *record)
{
	t->forced_record = *record;
	t->forced_signal = record->signal;
	t->poked = 1;
}

void signal_actions_changed(struct process *p)
{
	uint64_t ignored = 0;

	for (int i = 1; i <= SIGNALS; i++)
		if (signal_ignored(p, i))
			ignored |= signal_bit(i);
	p->signals->ignored = ignored;
	signal_publish(p);
}

void signal_publish(struct process *p)
{
	struct thread *t = current;
	_Atomic uint64_t *shared = &task_process_slot(p->slot)->ignored;
	uint64_t blocked = 0, ignored;

	/* a thread that is alone: nothing to lock, and often nothing new */
	if (t && t->process == p && p->thread_count <= 1) {
		blocked = t->sigmask;
	} else {
		lock_take(&p->lock);
		list_for_each(entry, &p->threads) blocked |=
			container_of(entry, struct thread, peers)->sigmask;
		lock_drop(&p->lock);
	}
	ignored = p->signals->ignored & ~blocked;
	if (*shared != ignored)
		*shared = ignored;
}
