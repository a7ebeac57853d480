/* What all processes of one session share: one section, holding indices and
 * generations, never pointers or handles.  Any process can be killed at any
 * instruction, so each struct says which one store publishes a change.
 * Changing a struct means raising SHARED_LAYOUT (testsuite/abi/shared_layout
 * fails otherwise): different layouts never meet, the number is part of the
 * section's name. */
#ifndef TASK_SHARED_LAYOUT_H
#define TASK_SHARED_LAYOUT_H

#include <stdint.h>

#include "lock/lock.h"

#define SHARED_LAYOUT 20
#define SHARED_MAGIC  0x786973306c696267ul

#define PROCESS_SLOTS 2048 /* processes, zombies included */
#define HOST_SLOTS    1024 /* Windows processes of ours */
#define THREAD_SLOTS  8192
#define QUEUE_SLOTS   2048    /* byte queues: pipes, fifos, ptys */
#define QUEUE_SIZE    262144u /* bytes in one */
/* What a writer that does not wait finds: man 7 pipe, "Pipe capacity".  One
 * that waits may fill more: fewer changes between two processes.  The rest is
 * for what comes back: queue_unread(). */
#define QUEUE_LIMIT 65536u
#define QUEUE_BACK  65536u
#define NAME_SIZE   16	 /* comm, as on Linux */
#define EVENT_SLOTS 2048 /* eventfd, timerfd, signalfd */
#define EPOLL_SLOTS 1024
#define EPOLL_BITS  4096 /* of one; items beyond share them */

/* ---- waiting (room wait) ---- */

/* Who sleeps until something changes.  `waiters` holds thread slot + 1; when
 * all are taken `crowded` counts the others, who are then found by scanning
 * thread slots for `crowd_queue`.  A stale entry of a killed thread costs one
 * useless wake-up, nothing else, and is dropped by who meets it. */
struct wait_queue {
	_Atomic uint32_t
		sequence; /* counts wakes; what edge triggering reads */
	_Atomic uint32_t crowded;
	_Atomic uint32_t waiters[6];
};

/* An entry with this bit is no thread but the ear of an item of an epoll
 * instance, which stays between the calls of epoll_wait(2): slot, the lowest
 * bits of the slot's generation, and the bit that is set when it hears. */
#define EAR_BIT		   0x80000000u
#define EAR_GENERATION(g)  (((g)&0x1ffu) << 22)
#define EAR(slot, g, item) (EAR_BIT | EAR_GENERATION(g) | (slot) << 12 | (item))
#define EAR_SLOT(ear)	   ((ear) >> 12 & 0x3ffu)
#define EAR_ITEM(ear)	   ((ear)&0xfffu)

/* One process's epoll instance, as far as others must reach it. */
struct epoll_slot {
	/* process slot + 1 of its owner, 0: free; generation << 32 */
	_Atomic uint64_t owner;
	/* what was heard since its owner last looked: set first in `heard`,
	 * then in `summary`, one bit for each word of it */
	_Atomic uint64_t summary, heard[EPOLL_BITS / 64];
	struct wait_queue ready;
};

/* A thread that waits for a word which processes share (wait/shared_futex.c).
 * Guarded by the lock of the word's hash; `state` says whether the rest
 * counts, so a thread that dies here leaves nothing to repair. */
struct futex_wait {
	_Atomic uint64_t object, offset; /* which word: memory_shared_word() */
	uint64_t ticket;		 /* the oldest waiter is woken first */
	uint32_t bits;
	_Atomic uint32_t state; /* enum futex_state */
};

enum futex_state { FUTEX_IDLE, FUTEX_WAITS, FUTEX_WOKEN };

#define FUTEX_LOCKS 64

enum sleeping {
	AWAKE,
	SLEEPS_ON_EVENT, /* must be set to wake it */
	SLEEPS_ON_WORD	 /* `sleeping` itself, which its own process wakes */
};

/* One for each thread that can sleep.  Its wake event is named by the slot's
 * number, so any process of the session can open it. */
struct thread_slot {
	_Atomic uint64_t
		owner; /* host slot + 1, host generation << 32; 0 free */
	_Atomic uint32_t sleeping; /* enum sleeping */
	_Atomic uint32_t in_crowd; /* sleeps on a crowded queue */
	_Atomic int32_t tid;	   /* 0: none yet */
	/* for who kills it: its Windows thread, and where in its memory its
	 * robust list is; 0: it has none */
	_Atomic uint32_t windows_id;
	_Atomic uint64_t robust_list;
	struct futex_wait futex;
};

/* ---- hosts (room process) ---- */

enum host_state {
	HOST_EMPTY,
	HOST_STARTING, /* its maker is in CreateProcess, or it is coming up */
	HOST_FREE,     /* waits to be taken */
	HOST_TAKEN,    /* being filled by `taker` */
	HOST_RUNNING,  /* a POSIX process lives in it */
	HOST_NATIVE,   /* started by Windows */
	HOST_DYING     /* has died; `taker` ends what lived in it */
};

#define HOST_LIFE (1ul << 40)

struct host_slot {
	/* state in the low 8 bits, generation in 32 above it, lives served in
	 * the rest: one word, so that a compare-and-swap can never act on
	 * another host, or another life of it, than it looked at */
	_Atomic uint64_t word;
	_Atomic uint32_t windows_id;
	_Atomic uint32_t process; /* index of the process in it */
	/* who makes, takes or reaps it: host slot + 1, generation << 32 */
	_Atomic uint64_t taker;
	_Atomic int64_t since; /* when it was made; monotonic ns */
	/* Whose console it has: 0 for none, else host slot + 1 and generation
	 * << 32 of the program that Windows started there.  What runs on a
	 * console can be taken to a host on the same one only. */
	_Atomic uint64_t console;
	_Atomic int32_t nice; /* what Windows was told last */
	uint32_t pad;
};

/* ---- signals (room signal) ---- */

#define SIGNALS	      64
#define REALTIME_RING 256

/* siginfo_t's fields that cross processes */
struct signal_record {
	int32_t signal, code, error, pid;
	uint32_t uid, status;
	uint64_t value; /* or address, or timer's id and overrun */
	int64_t user_time, system_time; /* SIGCHLD: clock ticks */
};

struct signal_queue {
	struct shared_lock lock;  /* guards records and ring */
	_Atomic uint64_t pending; /* bit signal - 1; set last, cleared first */
	struct signal_record standard[32]; /* by signal - 1 */
	uint32_t ring_count;
	uint32_t pad;
	struct signal_record ring[REALTIME_RING]; /* in order of arrival */
};

/* ---- record locks (room vfs) ---- */

#define RECORDS 4096

/* One of a process's: POSIX.1-2024 fcntl().  `owner` is written last and
 * cleared first: process slot + 1, generation << 32; 0: free. */
struct record {
	_Atomic uint64_t owner;
	uint64_t object;
	int64_t start, end; /* first and last byte; the largest: to the end */
	uint32_t type;	    /* F_RDLCK or F_WRLCK */
	int32_t pid;
};

/* What a process in F_SETLKW waits for; `owner` as above, 0: it does not. */
struct record_wait {
	_Atomic uint64_t owner;
	uint64_t object;
	int64_t start, end;
	uint32_t type, pad;
};

/* ---- processes (room task, process) ---- */

/* Policy (SCHED_*, with SCHED_RESET_ON_FORK) and priority in one. */
#define SCHEDULING(policy, priority) ((uint32_t)(policy) | (priority) << 8)
#define SCHEDULING_POLICY(s)	     ((s)&0xffu)
#define SCHEDULING_PRIORITY(s)	     ((s) >> 8 & 0xffu)

enum process_state {
	PROCESS_FREE,
	PROCESS_EMBRYO, /* being made; nobody has seen it */
	PROCESS_RUNNING,
	PROCESS_ZOMBIE, /* status says how it ended */
	PROCESS_REAPED	/* somebody has the status and frees the slot */
};

struct process_slot {
	/* state in the low 8 bits, generation (24 bits) above it; in the high
	 * 32 of a ZOMBIE the wait status as wait4 gives it: one store ends a
	 * process.  There too, of an EMBRYO and a REAPED, the host that has it
	 * in hand: should that die, the slot is free again */
	_Atomic uint64_t word;
	_Atomic int32_t pid, parent, group, session; /* pids */
	_Atomic uint32_t parent_slot;		     /* index of the parent */
	_Atomic uint32_t host;			     /* host slot index */
	_Atomic uint32_t flags;			     /* PROCESS_* */
	_Atomic uint32_t stop_status; /* pending report for WUNTRACED etc. */
	_Atomic uint32_t exit_signal; /* to the parent; SIGCHLD, or 0 */
	_Atomic uint32_t threads;     /* number of threads */
	_Atomic uint32_t main_thread; /* thread slot + 1 of the first thread */
	uint32_t uid, gid, euid, egid;
	int32_t nice;
	_Atomic uint32_t scheduling;  /* of the first thread */
	_Atomic uint32_t io_priority; /* ioprio_set(2); 0: none set */
	uint32_t has_executed; /* setpgid: EACCES after the child's exec */
	/* host slot + 1 of the Windows process that stands for this one with
	 * its Windows parent and waits for its status; 0: none */
	_Atomic uint32_t stub;
	_Atomic uint32_t death_signal; /* PR_SET_PDEATHSIG; 0: none */
	/* PR_SET_CHILD_SUBREAPER: gets the children of its descendants */
	_Atomic uint32_t subreaper;
	char name[NAME_SIZE];
	int64_t start_time; /* monotonic ns */
	/* CPU time in ns: own (final at exit) and of waited-for children */
	_Atomic int64_t user_time, system_time;
	_Atomic int64_t children_user_time, children_system_time;
	_Atomic uint64_t peak_memory, children_peak_memory;
	/* signals nobody need be woken for: ignored and not blocked */
	_Atomic uint64_t ignored;
	struct wait_queue children;  /* woken when a child changes state */
	struct wait_queue ended;     /* woken when this one ends */
	struct wait_queue resumed;   /* its stopped threads sleep here */
	struct wait_queue signalled; /* woken when a signal is sent: signalfd */
	struct record_wait record_wait;
	struct signal_queue signals;
};

/* stop_status after SIGCONT, as wait4 reports it */
#define STATUS_CONTINUED 0xffff

#define PROCESS_IGNORES_CHILD  1u /* SIGCHLD ignored or SA_NOCLDWAIT */
#define PROCESS_STOPPED	       2u
#define PROCESS_NO_STOP_REPORT 8u /* SA_NOCLDSTOP: no SIGCHLD for stops */

/* ---- byte queues (room stream) ---- */

/* Who holds an end is a set of processes, not a count: a killed process is
 * taken out by whoever sees it dead (decisions/queue-holders.md). */
struct holder_set {
	_Atomic uint64_t bits[PROCESS_SLOTS / 64]; /* by process slot */
};

struct queue_slot {
	/* state in the low 8 bits (0 free, 1 being made, 2 in use), generation
	 * above: who frees a slot late cannot free the next queue's */
	_Atomic uint64_t word;
	_Atomic uint32_t has_memory; /* its part of the section is committed */
	uint32_t pad;
	struct shared_lock read_turn, write_turn;
	/* positions count bytes ever written and read; the byte at position p
	 * is at p % size.  head is stored after the bytes, tail after they
	 * were taken: a killed peer leaves the queue whole. */
	_Atomic uint64_t head, tail;
	uint32_t size; /* bytes: a power of two */
	uint32_t pad2;
	/* of a fifo: its file's number, and how often each end was opened */
	_Atomic uint64_t object;
	_Atomic uint32_t openings[2];
	_Atomic uint32_t status[2]; /* O_*, by enum queue_end */
	struct wait_queue readable, writable;
	struct holder_set readers, writers;
};

/* ---- open file descriptions that processes share (room vfs) ---- */

#define DESCRIPTIONS 2048

struct description_slot {
	_Atomic uint64_t number; /* written last, cleared first; 0: free */
	_Atomic uint32_t flags;	 /* access mode and status flags, O_* */
	_Atomic uint32_t seals;	 /* F_SEAL_*: man 2 fcntl */
	struct holder_set holders;
};

/* ---- eventfd, timerfd, signalfd (room ipc) ---- */

struct event_slot {
	_Atomic uint64_t word; /* as queue_slot's */
	struct shared_lock lock;
	/* eventfd: a semaphore; timerfd: `due` is a time of CLOCK_REALTIME */
	uint32_t mode, pad;
	/* eventfd: the counter; signalfd: the signals */
	_Atomic uint64_t value;
	/* timerfd: when it ends next (0: never) and its period; ns */
	int64_t due, interval;
	struct wait_queue readable, writable;
	struct holder_set holders;
};

/* ---- flock(2) (room vfs) ---- */

#define FLOCKS 512

struct flock_slot {
	_Atomic uint64_t description; /* written last, cleared first; 0: free */
	uint64_t object;
	uint32_t type, pad; /* LOCK_SH or LOCK_EX */
	struct holder_set holders;
};

/* ---- inotify (room vfs) ---- */

#define WATCHES	   8192
#define WATCH_PATH 500 /* units of the longest NT path that can be watched */
#define WATCH_DONE 16384

/* `owner` is written last and cleared first: event slot + 1, its generation
 * << 32; 0: free.  Guarded by watch_lock, as is its key in `watch_keys`. */
struct watch_slot {
	_Atomic uint64_t owner;
	uint64_t object; /* file_object() */
	/* host slot + 1, generation << 32: the process that hears from Windows
	 * what others do there */
	uint64_t hearer;
	int32_t wd;
	uint32_t mask; /* IN_* */
	uint32_t length;
	uint16_t path[WATCH_PATH]; /* NT, in upper case */
};

/* What a process of ours did to a file of late, by the hash of its path:
 * Windows will tell it again. */
struct watch_done {
	uint64_t key;
	int64_t at; /* monotonic ns */
	uint32_t what, pad;
};

/* ---- the section ---- */

struct shared {
	uint64_t magic;
	uint32_t layout;
	_Atomic uint32_t ready; /* 1 once the creator has filled it */
	_Atomic int32_t last_pid;
	/* slots from here on were never used: scans end there */
	_Atomic uint32_t process_end, host_end, queue_end, thread_end;
	_Atomic uint32_t record_end, flock_end, description_end;
	_Atomic uint32_t event_end, epoll_end;
	_Atomic uint32_t description_count; /* in use */
	/* some folder may not be read, changed or entered by its owner */
	_Atomic uint32_t folders_restricted;
	/* counters: of anonymous objects of shared memory, of waits, of open
	 * file descriptions */
	_Atomic uint64_t last_object, last_ticket, last_description;
	/* from an entry of a robust list to its word, as set_robust_list(2)
	 * was told last; 0: nobody has one yet */
	_Atomic int64_t robust_offset;
	/* /proc/sys/kernel/random/boot_id; 0: nobody has asked yet */
	_Atomic uint64_t boot_id[2];
	struct shared_lock futex_locks[FUTEX_LOCKS]; /* by hash of the word */
	struct shared_lock table; /* process table: parents, groups, sessions */
	/* the console's foreground process group; 0: the first process's */
	_Atomic int32_t console_group;
	/* of threads that are not the first of a process: a lock in shared
	 * memory says by it who holds it */
	_Atomic uint32_t last_tid;
	struct host_slot hosts[HOST_SLOTS];
	struct process_slot process[PROCESS_SLOTS];
	struct thread_slot threads[THREAD_SLOTS];
	struct queue_slot queues[QUEUE_SLOTS];
	struct event_slot events[EVENT_SLOTS];
	struct epoll_slot epolls[EPOLL_SLOTS];
	struct shared_lock exchange_lock; /* renameat2(RENAME_EXCHANGE) */
	struct shared_lock watch_lock;
	_Atomic uint32_t watch_count, watch_end, last_cookie;
	_Atomic uint32_t watch_orphans; /* some watch is of what has no name */
	_Atomic uint64_t watch_keys[WATCHES]; /* hash of the path; 0: free */
	struct watch_slot watches[WATCHES];
	struct watch_done watch_done[WATCH_DONE];
	struct shared_lock fifo_lock; /* which queue is which fifo's */
	struct shared_lock records_lock;
	struct wait_queue records_changed;
	struct record records[RECORDS];
	struct flock_slot flocks[FLOCKS]; /* records_lock */
	struct description_slot descriptions[DESCRIPTIONS];
};

_Static_assert(sizeof(struct wait_queue) == 32, "shared layout");
_Static_assert(sizeof(struct thread_slot) == 64, "shared layout");
_Static_assert(sizeof(struct host_slot) == 48, "shared layout");
_Static_assert(sizeof(struct signal_record) == 48, "shared layout");

#endif
