/* Dispositions: made with a process, changed by exec, told to another host. */
#include "signal/private.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "task/transfer.h"

struct signals *signals_create(void)
{
	struct signals *s = win_alloc(sizeof *s);

	if (s) {
		s->lock.rank = RANK_SIGNAL_QUEUE;
		s->ignored = SIGNALS_IGNORED_BY_DEFAULT;
	}
	return s;
}

struct signals *signals_copy(const struct signals *from)
{
	struct signals *s = signals_create();

	if (s) {
		memcpy(s->actions, from->actions, sizeof s->actions);
		s->ignored = from->ignored;
	}
	return s;
}

void signals_free(struct signals *s)
{
	win_free(s);
}

/* A signal that becomes ignored is no longer pending: POSIX.1-2024 2.4.3. */
void signal_action(struct process *p, int signal, const struct k_sigaction *new,
	struct k_sigaction *old)
{
	struct signals *s = p->signals;
	struct process_slot *slot = task_process_slot(p->slot);

	lock_take(&s->lock);
	if (old)
		*old = s->actions[signal - 1];
	if (new) {
		s->actions[signal - 1] = *new;
		s->actions[signal - 1].mask &= ~SIGNALS_NOT_BLOCKABLE;
	}
	lock_drop(&s->lock);
	if (!new)
		return;
	if (signal == SIGCHLD) {
		slot->flags &=
			~(PROCESS_IGNORES_CHILD | PROCESS_NO_STOP_REPORT);
		if (new->handler == SIG_IGN || (new->flags &SA_NOCLDWAIT))
			slot->flags |= PROCESS_IGNORES_CHILD;
		if (new->flags & SA_NOCLDSTOP)
			slot->flags |= PROCESS_NO_STOP_REPORT;
	}
	if (signal_ignored(p, signal))
		signal_queue_drop(&slot->signals, signal_bit(signal));
	signal_actions_changed(p);
}

bool signal_take_pending(uint64_t wanted, struct signal_record *out)
{
	if (!signal_take(current, wanted, out))
		return false;
	timers_taken(current->process, out);
	return true;
}

void signal_info(void *siginfo, const struct signal_record *record)
{
	siginfo_from_record(siginfo, record);
}

/* POSIX.1-2024 exec: caught signals become default, ignored ones stay. */
void signal_exec(struct process *p)
{
	for (int i = 0; i < SIGNALS; i++) {
		struct k_sigaction *a = &p->signals->actions[i];

		if (a->handler != SIG_IGN)
			a->handler = SIG_DFL;
		a->flags = 0;
		a->mask = 0;
		a->restorer = NULL;
	}
	signal_actions_changed(p);
}

/* What the thread that forks or executes keeps goes with it. */
void signal_pack(struct process *p, struct transfer *to, int how)
{
	struct thread *t = current;

	(void)how;
	transfer_put(to, p->signals->actions, sizeof p->signals->actions);
	transfer_put_number(to, t->sigmask);
	transfer_put_number(to, t->altstack);
	transfer_put_number(to, t->altstack_size);
	transfer_put_number(to, (uint64_t)t->altstack_flags);
}

int signal_unpack(struct process *p, struct transfer *from, int how)
{
	struct thread *t = container_of(p->threads.next, struct thread, peers);

	if (!p->signals && !(p->signals = signals_create()))
		return -ENOMEM;
	transfer_get(from, p->signals->actions, sizeof p->signals->actions);
	t->sigmask = transfer_get_number(from);
	t->altstack = transfer_get_number(from);
	t->altstack_size = transfer_get_number(from);
	t->altstack_flags = (int)transfer_get_number(from);
	if (how == TRANSFER_EXEC) {
		t->altstack = t->altstack_size = 0;
		signal_exec(p);
	}
	signal_actions_changed(p);
	return (int)from->error;
}

long signals_look_of(win_handle process, const struct signals *there,
	uint64_t *ignored, uint64_t *caught)
{
	struct signals *s = win_alloc(sizeof *s);
	long r = s ? memory_read_of(process, s, there, sizeof *s) : -ENOMEM;

	*ignored = *caught = 0;
	for (int i = 1; !r && i <= SIGNALS; i++) {
		void (*handler)(int) = s->actions[i - 1].handler;

		if (handler == SIG_IGN)
			*ignored |= signal_bit(i);
		else if (handler != SIG_DFL)
			*caught |= signal_bit(i);
	}
	win_free(s);
	return r;
}
