/* Signals: who gets them, when, and the frame a handler runs on. */
#ifndef SIGNAL_SIGNAL_H
#define SIGNAL_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "task/task.h"

struct transfer;

/* What the gate has to do before it may return to user code. */
enum signal_verdict {
	SIGNAL_NONE,	/* nothing deliverable */
	SIGNAL_HANDLED, /* frame now enters a handler; look again */
	SIGNAL_STOP,	/* process_stop() */
	SIGNAL_DIE	/* process_exit() with *status */
};

/* Starts the host's service thread: signals that come from other processes,
 * redirection of threads in user code, timers.  Once in a host. */
int signal_start(void);

/* Called on the way out of the gate with the result of the call.  Chooses a
 * signal, and either rewrites frame so that it enters the handler, or says
 * what to do.  Turns -ERESTARTSYS and -ERESTARTNOHAND in *result into a
 * restart (frame->rip = frame->restart) or -EINTR. */
enum signal_verdict signal_deliver(
	struct thread *t, struct frame *frame, long *result, int *status);
/* rt_sigreturn: frame becomes what the handler's frame holds. */
long signal_return(struct thread *t, struct frame *frame);
/* man 2 sigaltstack, for a thread whose stack pointer is rsp. */
struct sigaltstack;
void signal_altstack_get(
	const struct thread *t, uint64_t rsp, struct sigaltstack *out);
long signal_altstack_set(
	struct thread *t, uint64_t rsp, const struct sigaltstack *s);

/* To the process in slot `index` (any process of the session), to a thread of
 * our own, to a process group (0 = ours).  record->signal may be 0: only the
 * checks.  0, -ESRCH, -EPERM, -EAGAIN (ring full). Any thread. */
long signal_send(uint32_t index, const struct signal_record *record);
long signal_send_thread(struct thread *t, const struct signal_record *record);
long signal_send_group(int group, const struct signal_record *record);
/* To the calling thread, for something it did itself (SIGPIPE). */
void signal_raise(int signal);
/* A fault of the calling thread: cannot be blocked or ignored. */
void signal_force(struct thread *t, const struct signal_record *record);

/* The parent of the process in slot `index` hears of a change: SIGCHLD with
 * code CLD_*, and wait4 looks again.  Any thread. */
void signal_parent(uint32_t index, int code, int status);
/* What SIGCONT does to a stopped process, whatever it does besides. */
void signal_resume(uint32_t index);

/* A thread that changed its mask, or ends, and may have left signals that
 * another thread could take. */
void signal_recheck(struct process *p);

/* process: default actions that need no handler. */
bool signal_ignored(struct process *p, int signal);

/* Dispositions: made with a process, changed by exec, told to another host. */
struct signals *signals_create(void);
struct signals *signals_copy(const struct signals *from); /* vfork */
void signals_free(struct signals *s);
/* Another process's, as memory_read_of(): bit signal - 1 of what it ignores
 * and of what it has handlers for. */
long signals_look_of(win_handle process, const struct signals *there,
	uint64_t *ignored, uint64_t *caught);
void signal_exec(struct process *p);
void signal_pack(struct process *p, struct transfer *to, int how);
int signal_unpack(struct process *p, struct transfer *from, int how);

#define FAULT_GUARD_PAGE  0x80000001u /* STATUS_GUARD_PAGE_VIOLATION */
#define FAULT_ALIGNMENT	  0x80000002u /* STATUS_DATATYPE_MISALIGNMENT */
#define FAULT_SINGLE_STEP 0x80000004u
/* A fault in user code, seen by the exception handler: builds the record and
 * sends the thread to the gate.  Returns whether it was user code's. */
bool signal_fault(struct win_fault *fault);
/* Which signal an exception's code is; 0: none. */
int signal_of_fault(uint32_t code);

/* Makes every other thread of the process look (exec, exit_group, stop). */
void signal_poke_others(struct process *p);

/* The service thread serves this process from now on; NULL: none.  After the
 * call it no longer touches the one before. */
void signal_serve(struct process *p);
/* Tells senders which signals need wake nobody: after every change of a
 * disposition or of a mask. */
void signal_publish(struct process *p);

/* Registered by `process`: what SIGKILL does to the process in a slot. */
void signal_register_kill(long (*kill)(uint32_t index));

/* alarm, setitimer and timer_create; 0 or -errno; times in ns. */
struct timers *timers_create(void);
void timers_free(struct timers *t);
void timers_exec(struct process *p); /* timer_create's go, alarms stay */
void timers_pack(struct process *p, struct transfer *to, int how);
int timers_unpack(struct process *p, struct transfer *from, int how);

/* ITIMER_REAL, which alarm() shares; first 0 disarms it. */
void timers_set_real(struct process *p, int64_t first, int64_t interval,
	int64_t *old_left, int64_t *old_interval);
void timers_get_real(struct process *p, int64_t *left, int64_t *interval);
/* ITIMER_VIRTUAL and, with system, ITIMER_PROF. */
void timers_set_cpu(
	struct process *p, bool system, int64_t first, int64_t interval);
void timers_get_cpu(
	struct process *p, bool system, int64_t *left, int64_t *interval);
/* RLIMIT_CPU has changed. */
void timers_set_limit(struct process *p);
/* timer_create(2) and relatives; the id or -errno.  tid: SIGEV_THREAD_ID's, or
 * 0. */
long timers_add(struct process *p, int clock, int notify, int signal,
	uint64_t value, int tid);
long timers_set(struct process *p, int id, bool absolute, int64_t first,
	int64_t interval, int64_t *old_left, int64_t *old_interval);
long timers_get(struct process *p, int id, int64_t *left, int64_t *interval);
long timers_overrun(struct process *p, int id);
long timers_remove(struct process *p, int id);

/* Whether it is a clock of CPU time that the caller may read, and of which
 * thread; 0: of the process. */
bool cpu_clock_of(int clock, int *tid);
/* In ns; 0, or -EINVAL if there is no such thread (any more). */
long cpu_clock_read(struct process *p, int tid, int64_t *out);

/* Dispositions, for the calls: the old one out, the new one in, each may be
 * NULL.  `signal` was checked. */
void signal_action(struct process *p, int signal, const struct k_sigaction *new,
	struct k_sigaction *old);
/* Takes a pending signal of `wanted` for the calling thread. */
bool signal_take_pending(uint64_t wanted, struct signal_record *out);
/* Fills a siginfo_t (128 bytes) from a record. */
void signal_info(void *siginfo, const struct signal_record *record);

/* Registered by the gate (a higher room): where an interrupted thread enters
 * it, the assembly range in which a thread is neither in nor out, and the
 * code a handler returns to. */
struct signal_gate {
	uint64_t interrupt_entry;
	uint64_t text_begin, text_end;
	uint64_t return_stub;
};
void signal_register_gate(const struct signal_gate *gate);

#endif
