/* The one way in and out of the lower half. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "abi/frame.h"
#include "task/task.h"

/* entry.S */
/* Leaves for user code as frame says; the thread's kernel stack is empty
 * then.  For a new thread, a fork child and a new program. */
_Noreturn void gate_leave(struct thread *t, struct frame *frame);
/* Runs `work(argument)` with this thread's native stack as its kernel stack,
 * whose top it makes; returns when work calls gate_finish().  The host's loop
 * and new threads live below it. */
void gate_run(struct thread *t, void (*work)(void *), void *argument);
_Noreturn void gate_finish(struct thread *t);

/* dispatch.c */
void gate_interrupt(struct frame *frame); /* from entry.S */
/* Brings up all rooms; the arguments are task_start()'s. */
int gate_start(uint32_t claim_slot, uint64_t claim);

/* trace.c: POSIX_STRACE=FILE; one line for a call, decoded by its line in
 * abi/syscalls.def.  The rooms' own lines go through win_trace(). */
void trace_call(uint64_t number, struct frame *frame, const char *early,
	long result, int64_t nanoseconds);
/* The call and its arguments alone, as text, for `early`: what it names may be
 * gone when it has ended.  Else `early` is empty. */
void trace_early(uint64_t number, struct frame *frame, char to[WIN_TRACE_LINE]);
struct signal_record;
void trace_signal(const struct signal_record *record); /* acts now */

#endif
