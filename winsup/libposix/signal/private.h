/* Shared by the signal room's own files. */
#ifndef SIGNAL_PRIVATE_H
#define SIGNAL_PRIVATE_H

#include "signal/signal.h"

/* <signal.h> of musl gives the numbers and siginfo_t; found as <signal.h>
 * because the room's own header is always "signal/signal.h". */
#include <signal.h>

#include "abi/kernel.h"
#include "lib/lib.h"

/* Linux's SA_RESTORER, which musl sets. */
#define K_SA_RESTORER 0x04000000ul

/* Dispositions of one process; guarded by `lock`. */
struct signals {
	struct lock lock;
	struct k_sigaction actions[SIGNALS]; /* by signal - 1 */
	uint64_t ignored;		     /* those that do nothing now */
};

/* After a change of dispositions: what is ignored, and signal_publish(). */
void signal_actions_changed(struct process *p);

static inline uint64_t signal_bit(int signal)
{
	return 1ul << (signal - 1);
}

#define SIGNALS_NOT_BLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))
#define SIGNALS_STOPPING \
	(signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | \
		signal_bit(SIGTTOU))
/* Ignored by default: POSIX.1-2024 <signal.h>, default action "I". */
#define SIGNALS_IGNORED_BY_DEFAULT \
	(signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGURG) | \
		signal_bit(SIGWINCH))

/* ---- queue.c: what is pending ---- */

/* Adds to a process's shared queue.  A standard signal that is pending
 * already is kept as it was (POSIX.1-2024 sigqueue(): one at least).
 * -EAGAIN when the ring of real-time signals is full. */
long signal_queue_put(
	struct signal_queue *q, const struct signal_record *record);
/* Takes the lowest pending signal among `wanted`; false if there is none. */
bool signal_queue_take(
	struct signal_queue *q, uint64_t wanted, struct signal_record *out);
/* Takes away every pending signal of `set` (SIGCONT drops stops and so on). */
void signal_queue_drop(struct signal_queue *q, uint64_t set);
/* The same for what is pending for one thread of ours. */
long signal_thread_put(struct thread *t, const struct signal_record *record);
bool signal_thread_take(
	struct thread *t, uint64_t wanted, struct signal_record *out);

/* The next signal for this thread, its own first. */
bool signal_take(struct thread *t, uint64_t wanted, struct signal_record *out);
/* timers.c: a signal is taken; a timer's says how often it has been late. */
void timers_taken(struct process *p, struct signal_record *record);

/* ---- frame.c: the frame a handler runs on ---- */

/* Writes ucontext and siginfo to the user's stack (the alternate one if the
 * action says so) and makes frame enter the handler.  -EFAULT if the stack
 * cannot be written. */
long signal_frame_make(struct thread *t, struct frame *frame,
	const struct k_sigaction *action, const struct signal_record *record,
	uint64_t mask_after);
/* A frame of which only a call's registers are valid gets the others. */
void signal_frame_complete(struct frame *frame);
void siginfo_from_record(siginfo_t *out, const struct signal_record *record);

/* ---- service.c ---- */
void service_poke(struct thread *t);
extern struct signal_gate signal_gate;

#endif
