/* Hosts, and the life of processes in them: fork, clone, exec, exit, wait. */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/module.h"
#include "task/task.h"
#include "task/transfer.h"

struct file;

/* ---- hosts: host_take.c, host_end.c, host_life.c ---- */

/* POSIX_HOSTS: fresh, pool or recycle (the default). */
enum host_policy { HOSTS_FRESH, HOSTS_POOL, HOSTS_RECYCLE };
enum host_policy host_policy(void);

/* The life of posix-host.exe: waits to be taken, becomes a process, serves
 * again.  Never returns. */
_Noreturn void host_main(void);
/* Which slot this host was made for, from its command line. */
int host_claim(uint32_t *slot, uint64_t *word);
/* Gives a host, state TAKEN by us, and a stream into its window; -EAGAIN with
 * one trace line when none can be had. */
long host_take(uint32_t *slot, struct transfer *to);
/* The stream is filled: process `index` begins to live there. */
void host_begin(uint32_t slot, uint32_t index, struct transfer *sent);
/* Whether the stream arrived: 0; else that host is ended, and -ESTALE tells
 * that it had been killed: another will do. */
long host_filled(uint32_t slot, const struct transfer *sent);
/* Repairs what killed processes left behind. */
void host_sweep(void);
/* A host has died: its process ends with SIGKILL's status unless it had
 * published another; queues forget it, the parent learns.  Any thread. */
void host_died(uint32_t slot, uint32_t generation);

/* ---- life ---- */

/* The first process in a program that Windows started. */
_Noreturn void process_start_native(const struct module *module);

long process_fork(struct frame *frame);
long process_vfork(struct frame *frame, uint64_t child_stack);
long process_clone(struct frame *frame, uint64_t flags, uint64_t stack,
	uint32_t *parent_tid, uint32_t *child_tid, uint64_t tls);
/* path, argv, envp are user pointers; returns only on failure, else frame
 * enters the new program. */
long process_exec(struct frame *frame, int at, const char *path,
	char *const *argv, char *const *envp, int flags);
/* The address of the function behind the stub that ends there; ends the process
 * if nobody has it (image_late()). */
long process_late(size_t where);
/* Ends the process with a wait status (as wait4 reports it). */
_Noreturn void process_exit(int status);
/* The same for a signal's default action; frame is the caller's user state. */
_Noreturn void process_die(struct frame *frame, int signal);
/* Ends the calling thread; the last one ends the process. */
_Noreturn void process_exit_thread(int code);
/* Stops until SIGCONT: the other threads are sent to the gate to park there
 * as well. */
void process_stop(int signal);
/* A thread that is about to leave the gate of a stopped process. */
void process_park(void);

/* priority.c: nice of any process, policy and priority of a thread of ours, as
 * far as Windows has them. */
void process_set_nice(uint32_t index, int nice);
void thread_set_scheduling(struct thread *t, uint32_t scheduling);
/* 0: all processors. */
long thread_set_affinity(struct thread *t, uint64_t mask);

/* pidfd_open(2): a file for that process; flags may have O_NONBLOCK. */
long pidfd_make(int pid, int flags, struct file **out);
/* The slot of the process that f stands for; -EBADF: it is no such file,
 * -ESRCH: the process has been waited for. */
long pidfd_process(struct file *f);
void pidfd_start(void); /* registers its kind of file */
/* fork with CLONE_PIDFD: the descriptor goes to *user. */
long process_fork_pidfd(struct frame *frame, int *user);

long process_wait(int id_type, int id, int options, int *pid, int *status,
	void *rusage_out, void *siginfo_out);

struct rusage;
/* RUSAGE_CHILDREN: of the caller's children that were waited for. */
void process_children_usage(struct rusage *out);
/* Ends all threads but the calling one; for exec. */
void process_end_other_threads(struct process *p);
/* The thread goes back from a vfork child to its parent's frame. */
void process_leave_vfork(struct process *child);

/* posix_trace: abi/private_syscalls.h. */
long process_trace(int pid, const char *name, unsigned how);

long process_set_group(int pid, int group);
long process_get_group(int pid);
long process_set_session(void);
long process_get_session(int pid);

/* ---- the hook table (rooms.c) ---- */

/* What each room does at the turns of a process's life; walked from the top
 * room down for pack, and from the bottom room up for unpack. */
struct room_hooks {
	const char *name;
	void (*pack)(struct process *p, struct transfer *to, int how);
	int (*unpack)(struct process *p, struct transfer *from, int how);
	void (*exec)(struct process *p);    /* in place: drop what exec drops */
	void (*release)(struct process *p); /* the end: give everything back */
};
extern const struct room_hooks rooms[];
extern const int room_count;

#endif
