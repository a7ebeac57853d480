/* What a pending signal does to the thread that is about to leave the gate. */
#include "signal/private.h"

#include "abi/errno.h"

struct signal_gate signal_gate HOST_STATE = { 0 };

void signal_register_gate(const struct signal_gate *gate)
{
	signal_gate = *gate;
}

bool signal_ignored(struct process *p, int signal)
{
	void (*handler)(int) = p->signals->actions[signal - 1].handler;

	return handler == SIG_IGN ||
	       (handler == SIG_DFL &&
		       (signal_bit(signal) & SIGNALS_IGNORED_BY_DEFAULT));
}

/* An orphaned process group is not stopped by the terminal's signals:
 * POSIX.1-2024 2.4.3.  Its members have no parent outside it in the session. */
static bool group_is_orphaned(struct process *p)
{
	struct shared *s = task_shared();
	int group = s->process[p->slot].group;
	int session = s->process[p->slot].session;

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *slot = &s->process[i];
		struct process_slot *parent;

		if (task_process_state(slot->word) != PROCESS_RUNNING ||
			slot->group != group)
			continue;
		parent = &s->process[slot->parent_slot % PROCESS_SLOTS];
		if (parent->pid == slot->parent && parent->group != group &&
			parent->session == session)
			return false;
	}
	return true;
}

/* The interrupted call is to be issued again when the handler returns: its
 * registers become the arguments, its return address stays on the stack. */
static void restart(struct frame *frame)
{
	signal_frame_complete(frame);
	frame->rip = frame->restart;
	frame->rsp -= 8;
	frame->rcx = frame->number;
	frame->rdx = frame->arguments[0];
	frame->r8 = frame->arguments[1];
	frame->r9 = frame->arguments[2];
}

static enum signal_verdict handle(struct thread *t, struct frame *frame,
	const struct k_sigaction *action, const struct signal_record *record,
	long *result, int *status)
{
	uint64_t mask_after =
		t->sigmask_restore ? t->sigmask_saved : t->sigmask;

	frame->rax = (uint64_t)*result;
	if (*result == -ERESTARTSYS && (action->flags & SA_RESTART))
		restart(frame);
	else if (*result == -ERESTARTSYS || *result == -ERESTARTNOHAND)
		frame->rax = (uint64_t)-EINTR;
	t->sigmask_restore = false;
	if (signal_frame_make(t, frame, action, record, mask_after)) {
		*status = SIGSEGV;
		return SIGNAL_DIE;
	}
	signal_publish(t->process);
	return SIGNAL_HANDLED;
}

/* The default action; SIGNAL_NONE if there is none. */
static enum signal_verdict act(struct thread *t, int signal, int *status)
{
	uint64_t bit = signal_bit(signal);

	*status = signal;
	if (bit & SIGNALS_IGNORED_BY_DEFAULT)
		return SIGNAL_NONE;
	if (!(bit & SIGNALS_STOPPING))
		return SIGNAL_DIE;
	if (signal != SIGSTOP && group_is_orphaned(t->process))
		return SIGNAL_NONE;
	return SIGNAL_STOP;
}

static bool next(struct thread *t, struct signal_record *record, bool *forced)
{
	*forced = t->forced_signal != 0;
	if (*forced) {
		*record = t->forced_record;
		t->forced_signal = 0;
		return true;
	}
	if (!signal_take(t, ~t->sigmask, record))
		return false;
	timers_taken(t->process, record);
	return true;
}

enum signal_verdict signal_deliver(
	struct thread *t, struct frame *frame, long *result, int *status)
{
	struct signal_record record;
	struct k_sigaction action;
	enum signal_verdict verdict;
	bool forced;

	while (next(t, &record, &forced)) {
		struct signals *s = t->process->signals;

		t->forced_record = record; /* for who tells of it */
		lock_take(&s->lock);
		action = s->actions[record.signal - 1];
		lock_drop(&s->lock);
		/* a fault can be neither blocked nor ignored: man 2 signal */
		if (forced && (action.handler == SIG_IGN ||
				      (t->sigmask & signal_bit(record.signal))))
			action.handler = SIG_DFL;
		if (action.handler == SIG_IGN)
			continue;
		if (action.handler != SIG_DFL)
			return handle(
				t, frame, &action, &record, result, status);
		verdict = act(t, record.signal, status);
		if (verdict != SIGNAL_NONE)
			return verdict;
	}
	if (t->sigmask_restore) {
		t->sigmask_restore = false;
		t->sigmask = t->sigmask_saved;
		signal_publish(t->process);
		t->poked = 1; /* the old mask may admit others */
	}
	return SIGNAL_NONE;
}
