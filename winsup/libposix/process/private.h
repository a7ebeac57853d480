/* Shared by the process room's own files. */
#ifndef PROCESS_PRIVATE_H
#define PROCESS_PRIVATE_H

#include <signal.h>

#include "process/process.h"

/* Wait statuses: POSIX.1-2024 wait(), in Linux' coding. */
#define STATUS_EXIT(code)     (((code)&0xff) << 8)
#define STATUS_SIGNAL(signal) (signal)
#define STATUS_DUMPED	      0x80
#define STATUS_STOP(signal)   ((signal) << 8 | 0x7f)

/* ---- life.c ---- */
/* A struct process for slot `index`, without rooms' parts. */
struct process *process_make(uint32_t index);
void process_free(struct process *p);
/* Makes frame the beginning of a function: rcx, rdx its arguments. */
void frame_for_call(struct frame *f, void *function, uintptr_t stack,
	uint64_t first, uint64_t second);

/* ---- arguments.c: argv and environment in kernel memory ---- */
struct arguments {
	char *bytes; /* all strings, each terminated; argv's, then envp's */
	size_t size, room;
	int argc, envc;
	/* for AT_RANDOM: Windows' source of it is a library that takes longer
	 * to load than the program, so a new host gets them from the old */
	uint8_t random[16];
};
long arguments_from_user(
	struct arguments *a, char *const *argv, char *const *envp);
long arguments_add(struct arguments *a, const char *s, size_t n);
/* Puts strings in front of argv[skip]. */
long arguments_prepend(
	struct arguments *a, const char *const *strings, int count, int skip);
void arguments_free(struct arguments *a);
/* An array of pointers into a->bytes, win_alloc'ed: argv, NULL, envp, NULL. */
char **arguments_pointers(const struct arguments *a);
void arguments_pack(const struct arguments *a, struct transfer *to);
long arguments_unpack(struct arguments *a, struct transfer *from);

struct identity; /* image/image.h */

/* ---- program.c ---- */
/* Loads the program and makes frame enter it; ends the process with a line on
 * standard error if it cannot be loaded. */
void program_enter(struct process *p, struct frame *frame, const char *path,
	const struct identity *seen, struct arguments *a);
/* Comm, and what /proc/PID/exe leads to. */
void program_set_name(struct process *p, const char *path);
/* The strings now lie there: for /proc. */
void program_tell_arguments(
	struct process *p, const struct arguments *a, uintptr_t at);
/* Writes to the program's own standard error. */
void program_say(char *line, size_t size);
/* Too late to return: ends the process as Linux does when its loader finds that
 * something is missing, with a line on the program's own standard error. */
_Noreturn void program_give_up(const char *path, const char *problem, long r);
/* The same for one that Windows has mapped. */
void program_enter_adopted(struct process *p, struct frame *frame,
	const struct module *m, const char *path, struct arguments *a);

/* ---- trace.c ---- */
/* Starts the trace if the environment has POSIX_STRACE. */
void trace_if_asked(const struct arguments *a);
void trace_pack(struct transfer *to);
void trace_unpack(struct transfer *from);
/* Of the calling process, or thread. */
void trace_end(int status);
void trace_end_thread(int code);

/* ---- native.c, host_take.c ---- */
/* Windows fails to start a process now and then, for no reason of ours (Wine 8:
 * error 731): how often it is asked again, and how much longer each pause. */
#define START_TRIES 5
#define START_PAUSE 5000000l /* ns, before another try; longer each time */

/* ---- native.c ---- */
/* Runs a program of Windows' own and ends the process as it ended. */
_Noreturn void native_run(
	struct process *p, const char *path, struct arguments *a);
/* Whether Windows can be told them: 0 or -E2BIG. */
long native_check(const struct arguments *a);

/* ---- import.c ---- */
/* Command line and environment that Windows gave us. */
long native_arguments(struct arguments *a);
/* Whether "NAME=..." is of that name, to be given in upper case. */
bool variable_is(const uint16_t *variable, const char *name);

/* ---- pump.c ---- */
struct file;
struct sleep;
struct pump;
/* Serves a native child: bytes go between f and a Windows pipe, whose other
 * end is to be given to the child.  NULL when there is no memory. */
struct pump *pump_make(struct file *f, bool child_reads, win_handle *child_end);
/* Moves what can be moved; s will be woken when there is more.  False when it
 * is over. */
bool pump_step(struct pump *p, struct sleep *s);
/* After the child's end: puts back what it has not read. */
void pump_free(struct pump *p);

/* ---- priority.c ---- */
enum win_priority process_priority(uint32_t index);
/* What a thread or process that t makes begins with. */
uint32_t scheduling_inherited(const struct thread *t);
/* A process begins in this host, and ends: both may have served one with other
 * priorities before. */
void priority_begin(struct thread *t, uint64_t affinity);
/* The calling thread, new, begins with what t says it has. */
void priority_begin_thread(const struct thread *t);
void priority_end(const struct thread *t);

/* ---- core.c ---- */
/* Leaves a core file of the process, which dies of that signal, unless a limit
 * forbids; whether it did. */
bool core_dump(struct frame *frame, int signal);
bool core_is_signal(int signal); /* whose action is a core */

/* ---- crash.c ---- */
/* POSIX_CRASH: says on the program's standard error what it dies of, and where
 * that was. */
void crash_report(const struct frame *frame, int signal);

/* ---- end.c ---- */
/* A wait status as the exit code of a Windows process. */
uint32_t windows_code(int status);
/* Takes it out of what says which processes hold a pipe or an open file: it has
 * ended, or never began. */
void process_forget(uint32_t index);
/* The process in a slot is over: status, parent, queues.  Any thread. */
void process_end(uint32_t index, int status);

/* ---- hosts: Windows processes for POSIX processes to live in ----
 *
 * A host's slot holds one word {state, generation}.  STARTING: made, on its
 * way.  FREE: waits.  TAKEN: somebody fills its window.  RUNNING: a process
 * lives there.  Then FREE again, or the host ends.  Who takes a host watches
 * its Windows process, so a death is seen at once, whatever its cause. */

static inline bool host_exchange(
	struct host_slot *slot, uint64_t old, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)&slot->word, &old, new,
		false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint64_t host_word_in(uint64_t word, enum host_state state)
{
	return (word & ~0xfful) | state;
}

/* host_window.c */
#define WINDOW_SIZE (256ul << 20)
#define WINDOW_HEAD 4096
/* At the front of a window, the section by which a host is filled. */
struct window {
	uint64_t committed; /* bytes behind the head that have memory */
	uint64_t size;	    /* of what was written */
};
/* Mapped at first use; NULL when there is no memory. */
struct window *host_window(uint32_t host);
/* posix-host.exe beside the DLL; the length of its folder, 0: no room. */
size_t host_program(uint16_t *to, size_t room);

/* host_end.c */
/* Tells room signal how a process in another host is killed. */
void hosts_start(void);
/* Hears of the host's death from now on, whatever its cause: 0 or -errno. */
int host_watch(uint32_t host, uint32_t generation);
/* Ends the Windows process, if it has not ended, and all that depended on it;
 * unless the slot's word is no longer what the caller saw. */
bool host_end(uint32_t host, uint64_t word);
/* With the last process goes whoever could look after what it left. */
void host_leave_nothing(void);
/* Ends hosts of any session that were never resumed, older than so many ns;
 * -1: of any age, one that Wine knows no age of too. */
void host_end_orphans(int64_t older_than);

/* host_life.c */
/* CPU time of this host at the end of a life: where the next begins. */
void host_used(int64_t user, int64_t system);
/* Ends this Windows process; its slot is free from now on. */
_Noreturn void host_leave(uint32_t windows_code);

/* ---- fork.c ---- */
/* Writes all that the process is; for TRANSFER_EXEC the caller adds the
 * program. */
void process_send(struct process *p, struct transfer *to, int how);
/* Makes p and t what was sent, t->frame too; or ends the process. */
int process_receive(struct process *p, struct thread *t, struct transfer *from);

#endif
