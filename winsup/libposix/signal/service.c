/* The host's service thread: it hears of signals that other processes send,
 * brings threads in user code to the gate, and runs timers.  It is a Windows
 * thread without `current`. */
#include "signal/private.h"

#include "wait/wait.h"

#define FIRST_RETRY 100000   /* ns; doubled each time ... */
#define LAST_RETRY  10000000 /* ... up to this */

static struct {
	struct lock lock; /* held while it looks at `process` */
	struct process *process;
	win_handle event;
	int64_t retry; /* pause before the next try; 0: nothing to retry */
} service HOST_STATE = { .lock = LOCK_INIT(RANK_FORK_GATE) };

void signal_serve(struct process *p)
{
	lock_take(&service.lock);
	service.process = p;
	service.retry = 0;
	lock_drop(&service.lock);
	/* senders set the event from now on; what came before finds it unset */
	if (p && task_process_slot(p->slot)->signals.pending)
		win_event_set(service.event);
}

void service_poke(struct thread *t)
{
	t->poked = 1;
	if (!task_thread_wake(t->slot))
		win_event_set(service.event);
}

/* Sends a thread in user code to the gate.  Between suspend and resume only
 * the context calls and plain stores may run: it may hold any lock. */
enum sent { SENT, IN_GATE, TRY_AGAIN };

static enum sent redirect(struct thread *t)
{
	struct frame *frame = t->frame;
	enum sent r = TRY_AGAIN;

	if (win_thread_suspend(t->handle))
		return IN_GATE; /* it has ended */
	if (t->in_gate) {
		r = IN_GATE;
	} else {
		struct frame seen;

		if (!win_context_get(t->handle, &seen) &&
			seen.rip - signal_gate.text_begin >=
				signal_gate.text_end - signal_gate.text_begin &&
			!win_address_is_system(seen.rip)) {
			*frame = seen;
			frame->kind = FRAME_FULL;
			t->in_gate = 1;
			r = SENT;
			if (win_context_redirect(t->handle,
				    signal_gate.interrupt_entry,
				    (uint64_t)frame - 32, (uint64_t)t)) {
				t->in_gate = 0;
				r = TRY_AGAIN;
			}
		}
	}
	win_thread_resume(t->handle);
	return r;
}

/* Brings one thread to look.  False: try again. */
static bool bring(struct thread *t)
{
	t->poked = 1;
	if (task_thread_wake(t->slot))
		return true;
	/* The thread may be about to sleep or to leave: suspending it settles
	 * which, and orders our store before its next look. */
	return redirect(t) != TRY_AGAIN;
}

/* Every thread that has something to look at.  False: try again. */
static bool attend(struct process *p)
{
	uint64_t shared = task_process_slot(p->slot)->signals.pending;
	bool done = true;

	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t->process != p)
			continue;
		if (!t->frame) {
			t->poked = 1; /* it looks when it has come up */
			continue;
		}
		if (!t->poked && !t->dying &&
			!((shared | t->signals_pending) & ~t->sigmask))
			continue;
		/* one thread is enough for what the process was sent */
		shared &= t->sigmask;
		done &= bring(t);
	}
	lock_drop(&p->lock);
	return done;
}

static void run(void *unused)
{
	int64_t deadline;

	(void)unused;
	for (;;) {
		deadline = timer_next();
		if (service.retry) {
			int64_t again = win_clock_monotonic() + service.retry;

			deadline = again < deadline ? again : deadline;
		}
		win_wait(&service.event, 1, deadline);
		timer_run();
		lock_take(&service.lock);
		if (!service.process || attend(service.process))
			service.retry = 0;
		else if (!service.retry)
			service.retry = FIRST_RETRY;
		else if (service.retry < LAST_RETRY)
			service.retry *= 2;
		lock_drop(&service.lock);
	}
}

int signal_start(void)
{
	win_handle thread;
	int r;

	service.event = task_service_event(task_host);
	r = win_thread_create(&thread, NULL, 65536, run, NULL);
	if (!r)
		win_close(thread);
	return r;
}

void signal_recheck(struct process *p)
{
	struct process_slot *slot = task_process_slot(p->slot);

	if (p->thread_count > 1 && slot->signals.pending)
		win_event_set(service.event);
}

void signal_poke_others(struct process *p)
{
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t != current)
			t->poked = 1;
	}
	lock_drop(&p->lock);
	win_event_set(service.event);
}
