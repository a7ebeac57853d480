/* The end of processes and threads, and stops. */
#include "process/private.h"

#include <string.h>

#include "abi/errno.h"
#include "gate/gate.h"
#include "image/image.h"
#include "ipc/ipc.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "stream/stream.h"
#include "vfs/vfs.h"

static bool has_parent(struct process_slot *slot)
{
	return slot->parent > 1 &&
	       task_process_slot(slot->parent_slot)->pid == slot->parent &&
	       task_process_state(task_process_slot(slot->parent_slot)->word) ==
		       PROCESS_RUNNING;
}

void process_forget(uint32_t index)
{
	queue_forget_process(index);
	descriptions_forget(index);
	events_forget(index);
	epolls_forget(index);
}

/* Frees the slot of a zombie nobody will wait for, once. */
static void drop_zombie(uint32_t index)
{
	if (!task_process_take_zombie(index))
		return;
	process_forget(index);
	task_process_free(index);
}

static bool has_stub(const struct process_slot *slot)
{
	uint32_t stub = slot->stub;

	return stub && task_host_lives(stub - 1,
			       task_host_word_generation(
				       task_shared()->hosts[stub - 1].word));
}

/* The nearest ancestor that wants orphans, or -1. */
static long heir_of(uint32_t index)
{
	struct process_slot *p = task_process_slot(index);

	for (int i = 0; i < PROCESS_SLOTS && has_parent(p); i++) {
		index = p->parent_slot;
		p = task_process_slot(index);
		if (p->subreaper)
			return index;
	}
	return -1;
}

static int code_of(int status)
{
	return !(status & 0x7f)		? CLD_EXITED
	       : status & STATUS_DUMPED ? CLD_DUMPED
					: CLD_KILLED;
}

static void tell_death(uint32_t child, int pid)
{
	struct process_slot *slot = task_process_slot(child);
	struct signal_record record = { .signal = (int)slot->death_signal,
		.code = SI_USER,
		.pid = pid,
		.uid = slot->uid };

	if (record.signal && task_process_state(slot->word) == PROCESS_RUNNING)
		signal_send(child, &record);
}

/* As its parent did: whether the child had ended before or not, somebody has
 * told the new one when this returns. */
static void inherit(uint32_t child, uint32_t heir)
{
	struct process_slot *slot = task_process_slot(child);
	int status;

	slot->parent_slot = heir;
	slot->parent = task_process_slot(heir)->pid;
	if (task_process_state(slot->word) != PROCESS_ZOMBIE)
		return;
	if (task_process_slot(heir)->flags & PROCESS_IGNORES_CHILD) {
		drop_zombie(child);
		wake(&task_process_slot(heir)->children);
		return;
	}
	status = task_process_status(slot->word);
	signal_parent(child, code_of(status),
		status & 0x7f ? status & 0x7f : status >> 8 & 0xff);
}

/* Without an heir children get no new parent that waits: there is no init
 * here, so the dead among them are freed and the living will be when they end.
 * A child that ends meanwhile looks for its parent after it has become a
 * zombie, so one of us two sees it. */
static void leave_children(uint32_t index)
{
	struct shared *s = task_shared();
	int pid = s->process[index].pid;
	long heir = heir_of(index);

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *child = &s->process[i];
		enum process_state state = task_process_state(child->word);

		if (state == PROCESS_FREE || child->parent != pid ||
			child->parent_slot != index)
			continue;
		tell_death(i, pid);
		if (heir >= 0) {
			inherit(i, (uint32_t)heir);
			continue;
		}
		child->parent = 1;
		if (!has_stub(child))
			drop_zombie(i);
	}
}

/* False if it is no process any more. */
static bool publish(struct process_slot *slot, int status)
{
	uint64_t old = slot->word, new;

	do {
		/* whoever made it a zombie may have died before the rest */
		if (task_process_state(old) == PROCESS_ZOMBIE)
			return true;
		if (task_process_state(old) != PROCESS_RUNNING)
			return false;
		new = (uint64_t)(uint32_t)status << 32 | (old & 0xffffff00) |
		      PROCESS_ZOMBIE;
	} while (!__atomic_compare_exchange_n((uint64_t *)&slot->word, &old,
		new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

void process_end(uint32_t index, int status)
{
	struct process_slot *slot = task_process_slot(index);
	bool reaped;
	int code;

	leave_children(index);
	records_forget(index);
	flocks_forget(index);
	if (!publish(slot, status))
		return;
	status = task_process_status(slot->word);
	code = code_of(status);
	reaped = has_parent(slot) &&
		 (task_process_slot(slot->parent_slot)->flags &
			 PROCESS_IGNORES_CHILD);
	wake(&slot->ended);
	if (has_stub(slot))
		return;
	if (!has_parent(slot)) {
		drop_zombie(index);
		return;
	}
	signal_parent(index, code,
		code == CLD_EXITED ? status >> 8 & 0xff : status & 0x7f);
	if (reaped) {
		uint32_t parent = slot->parent_slot;

		drop_zombie(index);
		wake(&task_process_slot(parent)->children);
	}
}

static void account(struct process *p)
{
	struct process_slot *slot = task_process_slot(p->slot);
	int64_t user, system;
	uint64_t peak;

	if (!win_process_times(win_process_self(), &user, &system)) {
		slot->user_time = user - p->base_user_time;
		slot->system_time = system - p->base_system_time;
		host_used(user, system);
	}
	peak = memory_size();
	if (peak > slot->peak_memory)
		slot->peak_memory = peak;
}

/* A vfork child gives the thread back to its parent. */
static _Noreturn void end_vfork(struct process *p, int status)
{
	process_leave_vfork(p);
	files_free(p->files);
	fs_free(p->fs);
	signals_free(p->signals);
	timers_free(p->timers);
	process_end(p->slot, status);
	process_free(p);
	gate_leave(current, current->frame);
}

/* Thread and frame are the parent's again, which gets the child's pid. */
void process_leave_vfork(struct process *p)
{
	struct thread *t = current;

	memcpy(t->frame, p->vfork_frame, sizeof *t->frame);
	t->frame->rax = (uint64_t)p->pid;
	t->sigmask = p->vfork_sigmask;
	t->process = p->vfork_of;
	t->poked = 1;
	if (win_trace_on)
		trace_call(t->frame->number, t->frame, "", p->pid, 0);
}

/* Only the host's own first thread can go back to its loop. */
static bool may_serve_again(struct process *p)
{
	return host_policy() == HOSTS_RECYCLE && p->thread_count == 1 &&
	       current->host_main && !task_host_retired &&
	       task_host_state(task_shared()->hosts[task_host].word) ==
		       HOST_RUNNING;
}

uint32_t windows_code(int status)
{
	return status & 0x7f ? 128u + (status & 0x7f)
			     : (uint32_t)status >> 8 & 0xff;
}

/* Who still runs does so for some instructions at most. */
static void end_robust_lists(struct process *p)
{
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		robust_list_end(container_of(entry, struct thread, peers));
	}
	lock_drop(&p->lock);
}

void process_exit(int status)
{
	struct thread *t = current;
	struct process *p = t->process;

	trace_end(status);
	if (p->vfork_of)
		end_vfork(p, status);
	end_robust_lists(p);
	signal_serve(NULL);
	account(p);
	if (!may_serve_again(p)) {
		/* other threads may still use anything: Windows frees it */
		if (p->thread_count == 1)
			files_free(p->files);
		else
			process_forget(p->slot);
		task_shared()->hosts[task_host].process = ~0u;
		process_end(p->slot, status);
		host_leave(windows_code(status));
	}
	files_free(p->files);
	p->files = NULL;
	task_shared()->hosts[task_host].process = ~0u;
	task_thread_leave_process(t);
	process_end(p->slot, status);
	for (int i = room_count - 1; i >= 0; i--)
		if (rooms[i].release)
			rooms[i].release(p);
	task_set_process(NULL);
	process_free(p);
	gate_finish(t);
}

void process_die(struct frame *frame, int signal)
{
	bool dumped;

	crash_report(frame, signal);
	dumped = core_dump(frame, signal);
	process_exit(STATUS_SIGNAL(signal) | (dumped ? STATUS_DUMPED : 0));
}

/* ---- threads ---- */

static void end_thread_life(struct thread *t)
{
	uint32_t zero = 0;

	if (t->clear_tid && !t->process->exiting) {
		if (!user_copy_out(t->clear_tid, &zero, sizeof zero))
			futex_wake(t->clear_tid, 1);
	}
}

void process_exit_thread(int code)
{
	struct thread *t = current;
	struct process *p = t->process;
	bool last;

	if (p->vfork_of || (p->thread_count == 1 && !t->dying))
		process_exit(STATUS_EXIT(code));
	robust_list_end(t);
	end_thread_life(t);
	lock_take(&p->lock);
	last = p->thread_count == 1;
	lock_drop(&p->lock);
	if (last)
		process_exit(STATUS_EXIT(code));
	trace_end_thread(code);
	task_thread_leave_process(t);
	if (t->host_main) {
		/* the host's own loop must not go on below a living process */
		for (;;)
			win_wait(NULL, 0, WIN_FOREVER);
	}
	gate_finish(t);
}

/* Ends all threads but the caller; for exec. */
void process_end_other_threads(struct process *p)
{
	if (p->thread_count == 1)
		return;
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t != current)
			t->dying = 1;
	}
	lock_drop(&p->lock);
	while (p->thread_count > 1) {
		signal_poke_others(p);
		win_wait(NULL, 0, win_clock_monotonic() + 1000000);
	}
}

/* ---- stop and continue ---- */

/* Every thread of a stopped process waits here, on its way out of the gate. */
void process_park(void)
{
	struct thread *t = current;
	struct process_slot *slot = task_process_slot(t->process->slot);
	uint64_t kill = 1ul << (SIGKILL - 1), mask = t->sigmask;
	struct sleep s;

	/* what else is sent stays pending until it is continued */
	t->sigmask = ~kill;
	sleep_begin(&s, WIN_FOREVER);
	sleep_on(&s, &slot->resumed);
	while ((slot->flags & PROCESS_STOPPED) && !t->dying &&
		!(slot->signals.pending & kill))
		sleep_wait(&s);
	sleep_end(&s);
	t->sigmask = mask;
	t->poked = 1;
}

void process_stop(int signal)
{
	struct process *p = current->process;
	struct process_slot *slot = task_process_slot(p->slot);

	slot->stop_status = (uint32_t)STATUS_STOP(signal);
	slot->flags |= PROCESS_STOPPED;
	/* a SIGCONT that came after the stop, but before we said so */
	if (slot->signals.pending & 1ul << (SIGCONT - 1))
		signal_resume(p->slot);
	signal_parent(p->slot, CLD_STOPPED, signal);
	signal_poke_others(p);
	process_park();
}
