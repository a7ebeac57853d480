/* Who exists: the shared slots of processes, threads and hosts, and the
 * structs by which the lower half reaches everything else. */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/frame.h"
#include "abi/kernel.h"
#include "lib/lib.h"
#include "lock/lock.h"
#include "task/shared_layout.h"
#include "win/win.h"

struct files;	/* vfs */
struct fs;	/* vfs: cwd, root, umask */
struct images;	/* image */
struct signals; /* signal: dispositions */
struct timers;	/* wait/signal: alarm, setitimer, timer_create */

/* A POSIX thread.  Lives in host memory; guarded: "owner thread only" unless
 * said.  The first members are read by assembly and by musl's overlay. */
struct thread {
	void *tp;		  /* musl's thread pointer */
	void *upper;		  /* the upper half's word (emulated TLS) */
	_Atomic uint64_t in_gate; /* 1 from the gate's entry to its exit */
	struct frame *frame;	  /* at the top of this thread's kernel stack */
	/* Look at signals and `dying` before going back to user code.  Set by
	 * whoever makes something pending, after it; any thread. */
	_Atomic uint32_t poked;
	_Atomic uint32_t dying; /* must end at the gate: exec, exit_group */

	/* With the above all that every call looks at: few cache lines. */
	struct process *process;	  /* changes at vfork and its end */
	uint64_t sigmask;		  /* bit signal - 1 */
	_Atomic uint64_t signals_pending; /* directed at this thread */
	int64_t call_deadline; /* of the call under way; 0: none yet */
	/* a fault of this thread's own, to be delivered first; 0 = none */
	int forced_signal;
	bool sigmask_restore;

	void *host_stack; /* gate_run()'s stack pointer, for gate_finish() */
	void *wide;	  /* an XSAVE area, at 64: wide registers (win/win.h) */
	struct list peers; /* in process->threads; its lock */
	int tid;
	uint32_t slot;	     /* thread slot */
	uint32_t scheduling; /* SCHEDULING(); any thread of the process */
	win_handle wake;     /* the slot's event, auto-reset */
	win_handle handle;   /* the Windows thread */
	void *teb;
	uint64_t sigmask_saved; /* sigsuspend, ppoll: restored after delivery */
	/* signals_pending's records: the first of each, and further ones of
	 * real-time signals (struct queued_signal) */
	struct lock signal_lock;
	struct signal_record thread_signals[SIGNALS];
	struct list more_signals;
	uint32_t more_count;
	struct signal_record forced_record;
	uint64_t altstack, altstack_size;
	int altstack_flags;
	uintptr_t guard_touched; /* a stack's guard page, to be raised again */
	bool host_main;	     /* runs on the host's own first Windows thread */
	uint32_t *clear_tid; /* user address: futex to wake at exit */
	void *robust_list;   /* user address */
	uint64_t affinity;   /* processors, as given; 0: all */
	char name[NAME_SIZE];
};

struct queued_signal {
	struct list entry;
	struct signal_record record;
};

/* RLIMIT_* of what has an effect, and of what is handed on. */
enum limit {
	LIMIT_CPU = 0,
	LIMIT_FILE_SIZE = 1,
	LIMIT_DATA = 2,
	LIMIT_STACK = 3,
	LIMIT_CORE = 4,
	LIMIT_PROCESSES = 6,
	LIMIT_FILES = 7,
	LIMIT_MEMORY = 9,
	LIMIT_NICE = 13,
	LIMIT_REALTIME = 14,
	LIMITS = 16
};
#define UNLIMITED (~0ul)

/* A POSIX process.  A vfork child is a second one on the same thread. */
struct process {
	uint32_t slot; /* process slot */
	uint32_t generation;
	int pid;
	struct lock lock; /* guards threads */
	struct list threads;
	int thread_count;
	struct files *files;
	struct fs *fs;
	struct signals *signals;
	struct images *images; /* shared with the vfork parent until exec */
	struct timers *timers;
	struct process *vfork_of; /* the parent, while its memory is borrowed */
	struct frame *vfork_frame; /* where that goes on */
	uint64_t vfork_sigmask;
	uint64_t limits[LIMITS][2]; /* soft, hard */
	uint32_t uid, gid, euid, egid, suid, sgid;
	_Atomic uint32_t exiting; /* status + 1 once exit_group has begun */
	char *program;		  /* POSIX path of the program, win_alloc */
	/* where argv's strings begin, where the environment's do, and where
	 * those end: /proc/PID/cmdline and environ.  The program may write
	 * there, and does to change what ps(1) shows. */
	uintptr_t arguments, environment, environment_end;
	/* all of it has arrived; whoever looks from outside waits for that on
	 * the slot's `resumed` */
	_Atomic bool whole;
	int64_t base_user_time, base_system_time; /* host's CPU time at start */
};

/* NULL on host threads. */
static inline struct thread *current_thread(void)
{
	return win_tls_get();
}
#define current (current_thread())

/* ---- the shared section ---- */

/* Opens or makes the session's section.  claim: the word of the slot that our
 * maker reserved for this host, as host_slot says (slot in *claim_slot), or 0
 * for a program that Windows started, which takes a slot itself. */
int task_start(uint32_t claim_slot, uint64_t claim);
extern struct shared *task_shared_section; /* HOST_STATE */
extern bool task_session_new; /* this host is the session's first; HOST_STATE */
static inline struct shared *task_shared(void)
{
	return task_shared_section;
}
static inline struct process_slot *task_process_slot(uint32_t index)
{
	return &task_shared()->process[index];
}
/* Prefix of all named objects of this session: "Local\posix1-<hash>-<n>". */
const char *task_session_name(void);

/* ---- this host ---- */
extern uint32_t task_host; /* slot of this host; HOST_STATE */
extern uint32_t task_host_generation;
extern bool task_host_retired; /* its next process would not be alone in it */
/* A handle of the Windows process in host slot `host` of that generation,
 * cached; 0 if there is none (any more).  Any thread. */
win_handle task_host_process(uint32_t host, uint32_t generation);
bool task_host_lives(uint32_t host, uint32_t generation);
/* Puts a handle we have anyway into the cache, which owns it from now on. */
void task_host_know(uint32_t host, uint32_t generation, win_handle process);
/* Takes an empty slot, new generation: its index and, in *word, what stands in
 * it; or -EAGAIN. */
long task_host_allocate(enum host_state state, uint64_t *word);
static inline enum host_state task_host_state(uint64_t word)
{
	return word & 0xff;
}
static inline uint32_t task_host_word_generation(uint64_t word)
{
	return word >> 8;
}
/* This host as a `taker`, and whether one lives. */
static inline uint64_t task_host_self(void)
{
	return (uint64_t)task_host_generation << 32 | (task_host + 1);
}
static inline bool task_host_taker_lives(uint64_t taker)
{
	return (uint32_t)taker &&
	       task_host_lives((uint32_t)taker - 1, (uint32_t)(taker >> 32));
}

/* ---- process slots ---- */
#define TASK_PID_MAX 99999 /* shown in five columns by ps(1) and friends */
/* Takes a free slot, state EMBRYO, and a new pid; -EAGAIN if there is none. */
long task_process_allocate(void);
void task_process_free(uint32_t index); /* after the last use of its bits */
/* Index of the living or zombie process `pid`, or -ESRCH. */
long task_process_find(int pid);
static inline enum process_state task_process_state(uint64_t word)
{
	return word & 0xff;
}
static inline uint32_t task_process_generation(uint64_t word)
{
	return (word >> 8) & 0xffffff;
}
/* Of an EMBRYO or a REAPED one: the host that has it in hand. */
static inline uint32_t task_process_holder(uint64_t word)
{
	return (uint32_t)(word >> 32);
}
/* Slots that are not free. */
uint32_t task_process_count(void);
static inline int task_process_status(uint64_t word)
{
	return (int)(word >> 32);
}
/* Whether the process in the slot is alive, or about to be, and its host
 * lives. */
bool task_process_lives(uint32_t index);
/* Zombie to reaped: true for the one caller that is to free the slot. */
bool task_process_take_zombie(uint32_t index);
static inline bool task_index_same(uint32_t index, uint32_t generation)
{
	return task_process_generation(task_process_slot(index)->word) ==
	       generation;
}

/* ---- threads ---- */
/* A struct thread with its slot and events, not yet in a process. */
int task_thread_create(struct thread **out);
void task_thread_destroy(struct thread *t);
/* Gives it that number, 0: one that nobody else in the session has. */
void task_thread_number(struct thread *t, int tid);
/* The slot of the living thread with that number, or -1. */
long task_thread_find(uint32_t tid);
void task_thread_join_process(struct thread *t, struct process *p);
void task_thread_leave_process(struct thread *t);
/* The wake event of any thread slot of the session, cached.  Any thread. */
win_handle task_thread_event(uint32_t slot);
/* Sets it if its thread sleeps.  True if it did.  Any thread. */
bool task_thread_wake(uint32_t slot);
/* Event of a host's service thread (signals from other processes). */
win_handle task_service_event(uint32_t host);

/* Event on which a waiting host sleeps: it was taken, or all are gone. */
win_handle task_host_event(uint32_t host);
/* Event on which the maker of a host waits for it.  Not the one above: the
 * host, which waits on that next, could take its own signal away. */
win_handle task_host_up_event(uint32_t host);

/* The process that lives in this host; NULL between lives.  HOST_STATE. */
struct process *task_process(void);
extern struct process *task_own; /* that, for who looks from outside */
void task_set_process(struct process *p);

/* ---- which processes hold a thing (decisions/queue-holders.md) ---- */
static inline void holders_add(struct holder_set *h, uint32_t process_slot)
{
	h->bits[process_slot / 64] |= 1ul << process_slot % 64;
}
/* False if it was none of them. */
static inline bool holders_remove(struct holder_set *h, uint32_t process_slot)
{
	uint64_t bit = 1ul << process_slot % 64;

	if (!(h->bits[process_slot / 64] & bit))
		return false;
	h->bits[process_slot / 64] &= ~bit;
	return true;
}
static inline bool holders_none(const struct holder_set *h)
{
	uint32_t words = (task_shared()->process_end + 63) / 64;

	for (uint32_t i = 0; i < words; i++)
		if (h->bits[i])
			return false;
	return true;
}

/* ---- for /proc: others, seen from outside as by memory_read_of() ---- */
/* A copy of the struct of the process in `slot`, which lives in that Windows
 * process: 0, -ESRCH, or -EACCES where the memory cannot be read. */
long task_process_of(win_handle host, uint32_t slot, struct process *out);
/* The next of its threads, in the order of their making. */
struct task_walk { /* zeros at the beginning */
	const struct list *at;
	int count;
};
bool task_thread_of(win_handle host, const struct process *p,
	struct task_walk *w, struct thread *out);

/* Signals that would interrupt a sleep of this thread now (not blocked). */
static inline uint64_t task_signals_ready(struct thread *t)
{
	uint64_t pending = t->signals_pending |
			   task_process_slot(t->process->slot)->signals.pending;
	return (pending & ~t->sigmask) | (t->dying ? 1 : 0);
}

#endif
