/* What happens around any call: dispatch, then signals, until there is
 * nothing left to do and the thread may go back to user code. */
#include "gate/gate.h"

#include <sys/syscall.h>

#include "abi/errno.h"
#include "gate/private.h"
#include "lib/lib.h"
#include "memory/memory.h"
#include "process/process.h"
#include "signal/signal.h"
#include "win/win.h"

static long call(struct frame *frame)
{
	thunk *run = gate_thunk(frame->number);

	return run ? run(frame) : -ENOSYS;
}

static __attribute__((noinline)) long call_traced(struct frame *frame)
{
	int64_t start = win_clock_monotonic();
	uint64_t number = frame->number; /* rt_sigreturn changes it */
	char text[WIN_TRACE_LINE];
	long result;

	*text = 0;
	if (number == SYS_execve || number == SYS_execveat ||
		number == SYS_close) {
		trace_early(number, frame, text);
	} else if (number == SYS_exit || number == SYS_exit_group) {
		trace_early(number, frame, text);
		win_trace("%s) = ?", text);
	}
	result = call(frame);
	/* that is the child; its parent's will be seen when it goes on */
	if (!result && current->process->vfork_of &&
		(number == SYS_vfork || number == SYS_clone))
		return result;
	trace_call(number, frame, text, result, win_clock_monotonic() - start);
	return result;
}

/* The same numbers in rax of user code that was interrupted mean nothing. */
static bool interrupted(const struct frame *frame, long result)
{
	return frame->number != FRAME_NO_CALL &&
	       (result == -ERESTARTSYS || result == -ERESTARTNOHAND);
}

static bool anything_to_do(
	struct thread *t, const struct frame *frame, long result)
{
	return t->poked || t->forced_signal || t->sigmask_restore ||
	       interrupted(frame, result) || task_signals_ready(t);
}

/* Everything that has to happen before user code runs again.  Only here does
 * an internal -ERESTART* become a restart or EINTR. */
static void finish(struct thread *t, struct frame *frame, long result)
{
	int status;

	while (anything_to_do(t, frame, result)) {
		t->poked = 0;
		if (t->guard_touched) {
			memory_guard_again(t->guard_touched, 1);
			t->guard_touched = 0;
		}
		if (t->dying)
			process_exit_thread(0);
		if (task_process_slot(t->process->slot)->flags &
			PROCESS_STOPPED)
			process_park();
		switch (signal_deliver(t, frame, &result, &status)) {
		case SIGNAL_NONE:
			if (interrupted(frame, result)) {
				/* no handler ran: the call goes on */
				result = call(frame);
				continue;
			}
			if (!t->poked)
				goto out;
			break;
		case SIGNAL_HANDLED:
			if (win_trace_on)
				trace_signal(&t->forced_record);
			/* the handler's saved context holds the result */
			result = (long)frame->rax;
			break;
		case SIGNAL_STOP:
			if (win_trace_on) {
				trace_signal(&t->forced_record);
				win_trace("--- stopped by %s ---",
					signal_name(status));
			}
			process_stop(status);
			break;
		case SIGNAL_DIE:
			if (win_trace_on)
				trace_signal(&t->forced_record);
			process_die(frame, status);
		}
	}
out:
	frame->rax = (uint64_t)result;
}

static long absent(struct frame *frame)
{
	(void)frame;
	return -ENOSYS;
}

/* From entry.S, with the user's state in frame, but for what C code keeps:
 * what it is to call with the frame. */
HOT thunk *gate_dispatch(struct frame *frame, struct thread *t)
{
	thunk *run = gate_thunk(frame->number);

	t->call_deadline = 0;
	if (win_trace_on)
		return call_traced;
	return run ? run : absent;
}

/* From entry.S, after that.  True: what C code keeps is to be saved too, and
 * gate_again() called.  All is looked at at once, as there nearly never is
 * anything; finish() looks closer. */
HOT bool gate_ended(struct frame *frame, long result, struct thread *t)
{
	frame->rax = (uint64_t)result;
	return (t->poked | (uint32_t)t->forced_signal | t->sigmask_restore |
		       ((uint64_t)result + ERESTARTNOHAND <=
			       ERESTARTNOHAND - ERESTARTSYS) |
		       task_signals_ready(t)) != 0;
}

/* The user's code was interrupted, by a fault of its own or for a signal. */
void gate_interrupt(struct frame *frame)
{
	/* not where the fault is seen: that is on the user's stack, which may
	 * have no room for a line */
	if (win_trace_on && current->forced_signal)
		win_trace("fault at %#lx, rsp %#lx", (unsigned long)frame->rip,
			(unsigned long)frame->rsp);
	frame->number = FRAME_NO_CALL;
	finish(current, frame, (long)frame->rax);
}

/* Something is pending, or became so between finish() and the way out. */
void gate_again(struct frame *frame)
{
	finish(current, frame, (long)frame->rax);
}
