/* The one door to Windows.  Every Win32/NT call is made in this room; the
 * functions take one Windows decision each and no POSIX decision.
 *
 * Conventions: success is >= 0, failure is -errno (abi/errno.h); UTF-16 text
 * is uint16_t *, a Win32 handle is win_handle; times are nanoseconds; sizes
 * bytes.  "Any thread" functions may be called by host threads, which have no
 * `current`.  All others too unless said: this room knows no POSIX thread.
 *
 * This header is read by both header worlds (how-the-tree-is-laid-out.md), so
 * it includes nothing but the four below. */
#ifndef WIN_WIN_H
#define WIN_WIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct win_object *win_handle; /* 0 = none */

/* ---- start ---- */

/* Prepares the room in a new Windows process: TLS slot, exception handler,
 * what this Windows has.  Called once from the DLL's entry. */
int win_start(void);
/* Base and size of posix1.dll itself; whether it is where it was linked. */
void *win_own_image(size_t *size);
/* Full path of posix1.dll, UTF-16, terminated; valid for ever. */
const uint16_t *win_own_path(void);
/* Command line and environment block ("A=b\0...\0\0") Windows gave us. */
const uint16_t *win_command_line(void);
uint16_t *win_environment(void); /* release with win_environment_free() */
void win_environment_free(uint16_t *block);
/* Full path of the program file of this Windows process, and its current
 * folder; units written. */
size_t win_program_path(uint16_t *to, size_t room);
size_t win_current_folder(uint16_t *to, size_t room);

/* ---- errors (error.c, tables from errors.def) ---- */
int win_errno_from_status(int32_t ntstatus); /* -errno; unknown: -EIO, traced */
int win_errno_from_code(uint32_t win32_code);
int win_errno_last(void); /* of GetLastError() */
/* The last code that was translated on this thread, for the trace. */
uint32_t win_error_code(void);
/* Whom to ask for standard error where Windows' process has none; 0: nobody
 * hears it. */
void win_complain_to(win_handle (*find)(void));
/* One line on standard error, for failures that leave no other way:
 * "posix: <text>\n". */
void win_complain(const char *text, ...) __attribute__((format(printf, 1, 2)));
#define WIN_DIED 125 /* the exit code then */
_Noreturn void win_die(const char *text, ...)
	__attribute__((format(printf, 1, 2))); /* complain, and end */
_Noreturn void win_exit_process(uint32_t code);
/* A line into the trace file (POSIX_STRACE), in front pid, or pid/tid, and
 * time; nothing when tracing is off.  Any thread. */
extern uint32_t win_trace_on; /* 0: off; else how, as below */
#define WIN_TRACE_ON	     1u
#define WIN_TRACE_PATHS	     2u /* of descriptors */
#define WIN_TRACE_SIZE_SHIFT 8	/* above: bytes of a buffer that are shown */
#define WIN_TRACE_USUAL	     (WIN_TRACE_ON | 32u << WIN_TRACE_SIZE_SHIFT)
#define WIN_TRACE_LINE	     8192 /* longer lines are cut */
void win_trace(const char *text, ...) __attribute__((format(printf, 1, 2)));
/* Opens the file (UTF-16 Windows path) for whole lines at its end. */
int win_trace_open(const uint16_t *file, win_handle *out);
/* The open trace file, 0 if tracing is off; and another host's, or a new one:
 * takes it over, 0 turns tracing off. */
win_handle win_trace_handle(void);
void win_trace_adopt(win_handle file, int (*id)(int *tid), uint32_t how);
/* Turns tracing on in another host of this DLL, without its doing: -EPERM if it
 * is on there or that is another DLL.  how 0: off again; lines that are just
 * being written still go to the file. */
int win_trace_attach(uint32_t windows_id, win_handle file, int (*id)(int *tid),
	uint32_t how);

/* ---- host memory: the lower half's own heap; never copied by fork ---- */
void *win_alloc(size_t size); /* zeroed; NULL when there is none */
void *win_realloc(void *p, size_t size);
void win_free(void *p); /* NULL is fine */

/* ---- address space (region.c) ---- */
enum { /* protections, = PROT_* */
	WIN_READ = 1,
	WIN_WRITE = 2,
	WIN_EXECUTE = 4,
	/* the first access faults, once: Microsoft "Creating Guard Pages" */
	WIN_GUARD = 16
};
struct win_memory {
	uintptr_t start, end; /* of the run of like pages */
	int protection;	      /* WIN_* */
	bool free, reserved, committed;
};
/* Stretches of memory that can be read, within one: how many of `room`. */
struct win_range {
	uintptr_t start;
	size_t size;
};
size_t win_ranges(
	const struct win_range *within, struct win_range *out, size_t room);
int win_region_reserve(void *at, size_t size); /* exactly there, or -EEXIST */
int win_region_release(void *at);	       /* the whole reservation */
int win_region_commit(void *at, size_t size, int protection);
int win_region_decommit(void *at, size_t size);
int win_region_protect(void *at, size_t size, int protection);
/* What lies at or above `at` in a process; -EINVAL behind the end. */
int win_region_query(win_handle process, uintptr_t at, struct win_memory *out);
/* For each of `count` pages from `at` (4096 bytes each) sets touched[i] to
 * whether the page differs from what it was backed by: written to since
 * commit, or no longer shared with its section.  May say true too often. */
/* Whether each page is in memory now. */
int win_region_resident(const void *at, size_t count, uint8_t *resident);

/* ---- sections (section.c) ---- */
enum { WIN_PRIVATE = 8 }; /* with WIN_WRITE: copy on write */
/* Pagefile section; name may be NULL.  *existed tells whether a section of
 * that name was there.  reserve: pages are committed by win_region_commit(). */
int win_section_create(win_handle *out, const char *name, uint64_t size,
	bool reserve, bool *existed);
int win_section_of_file(
	win_handle *out, win_handle file, uint64_t size, int protection);
/* SEC_IMAGE of an executable file. */
/* Maps at `at`, or where Windows likes if NULL; *at is set to the place. */
int win_section_map(win_handle section, void **at, uint64_t offset, size_t size,
	int protection);
int win_section_unmap(void *at);
int win_section_flush(void *at, size_t size);

/* ---- handles and events ---- */
void win_close(win_handle h);			  /* 0 is fine */
int win_duplicate(win_handle h, win_handle *out); /* within this process */
int win_duplicate_from(win_handle process, win_handle h, win_handle *out);
/* Into process `target`; the value in *out is valid there. */
int win_duplicate_to(win_handle target, win_handle h, win_handle *out);
int win_event_create(win_handle *out, const char *name, bool manual);
void win_event_set(win_handle event);
void win_event_reset(win_handle event);
/* Waits for any of count (<= 64) handles; deadline: win_clock_monotonic()
 * time, WIN_FOREVER, or 0 to look only.  Returns the index or -ETIMEDOUT. */
#define WIN_FOREVER INT64_MAX
int win_wait(const win_handle *handles, int count, int64_t deadline);
/* Waits within the process (WaitOnAddress) while the word has the value: 0,
 * also for no reason, or -ETIMEDOUT.  Another process cannot wake it. */
int win_word_wait(const uint32_t *word, uint32_t value, int64_t deadline);
void win_word_wake(const uint32_t *word);
/* Calls back on a thread of Windows' pool, once, when h becomes signalled. */
int win_wait_register(win_handle h, void (*call)(void *), void *argument);

/* ---- processes ---- */
uint32_t win_process_id(void);
win_handle win_process_self(void);
int win_process_open(win_handle *out, uint32_t id); /* rights we ever need */
int win_process_terminate(win_handle process, uint32_t code);
bool win_process_ended(win_handle process, uint32_t *code);
enum win_priority {
	WIN_PRIORITY_NORMAL,
	WIN_PRIORITY_IDLE,
	WIN_PRIORITY_BELOW,
	WIN_PRIORITY_ABOVE,
	WIN_PRIORITY_HIGH,
	WIN_PRIORITY_REALTIME /* of threads alone */
};
int win_process_set_priority(win_handle process, enum win_priority priority);
struct win_spawn {
	const uint16_t *program; /* full Windows path */
	uint16_t *command_line;
	const uint16_t *environment;	 /* block, or NULL: ours */
	const uint16_t *folder;		 /* Windows path, or NULL: ours */
	win_handle input, output, error; /* 0 = none */
	win_handle job;			 /* that it is to be in, or 0 */
	bool streams;			 /* given: also where all are 0 */
	bool detached;			 /* no console */
	bool windowless;		 /* a console without a window */
	bool suspended;			 /* *thread then is to be resumed */
	enum win_priority priority;
};
int win_process_create(const struct win_spawn *how, win_handle *process,
	win_handle *thread, uint32_t *id);
/* A job that ends the process started in it, but none that this one starts,
 * when the last handle of the job is closed. */
int win_job_create(win_handle *out);
int win_process_times(win_handle process, int64_t *user, int64_t *system);
/* 0 or -EFAULT. */
int win_process_read(win_handle process, uintptr_t at, void *to, size_t size);
int win_process_write(
	win_handle process, uintptr_t at, const void *from, size_t size);
struct win_process_memory {
	uint64_t resident, resident_peak; /* bytes */
	uint64_t private, private_peak;
	uint64_t faults;
};
int win_process_memory(win_handle process, struct win_process_memory *out);
/* This process has begun to run; first thing in a host. */
int win_process_runs(void);
/* Ends the processes of that program file (full Windows path, terminated)
 * which are older than so many ns and never called win_process_runs(). */
void win_process_end_orphans(const uint16_t *program, int64_t older_than);

/* ---- threads ---- */
/* The TLS slot's byte offset from gs; musl's overlay reads it too. */
extern uint32_t __posix_tls;
static inline void *win_tls_get(void)
{
	void *p;
	__asm__("mov %%gs:(%q1), %0" : "=r"(p) : "r"((uint64_t)__posix_tls));
	return p;
}
static inline void win_tls_set(void *p)
{
	__asm__ volatile("mov %0, %%gs:(%q1)"
			 :
			 : "r"(p), "r"((uint64_t)__posix_tls)
			 : "memory");
}
/* Starts a Windows thread with a stack of `stack` bytes reserved. */
int win_thread_create(win_handle *out, uint32_t *id, size_t stack,
	void (*run)(void *), void *argument);
int win_thread_self(win_handle *out); /* a real handle to this thread */
/* The calling thread's, by which others may open it, to suspend it. */
uint32_t win_thread_id(void);
int win_thread_open(win_handle *out, uint32_t id);
int win_thread_suspend(win_handle thread); /* and waits until it has stopped */
int win_thread_resume(win_handle thread);
int win_thread_times(win_handle thread, int64_t *user, int64_t *system);
void win_thread_yield(void);
/* 0: the calling thread. */
int win_thread_set_affinity(win_handle thread, uint64_t mask);
int win_thread_set_priority(win_handle thread, enum win_priority priority);

/* ---- contexts and exceptions ---- */
struct frame; /* abi/frame.h; FRAME_FULL here */
int win_context_get(win_handle thread, struct frame *out);
/* The same as Windows' CONTEXT, for who reads memory dumps. */
#define WIN_CONTEXT_SIZE 1232
void win_context_write(void *to, const struct frame *f);
/* Sets only rip, rsp and rcx: enough to send the thread to the gate. */
int win_context_redirect(
	win_handle thread, uint64_t rip, uint64_t rsp, uint64_t rcx);

/* Processor flags that C code wants clear, and user code may have set: trap,
 * direction (Microsoft "x64 calling convention") and alignment check. */
#define WIN_USER_FLAGS 0x40500ul
#define WIN_TRAP_FLAG  0x100ul

struct win_fault {
	uint32_t code; /* the Windows exception code */
	uint64_t rip;
	uint64_t address; /* touched address, 0 if none */
	bool write, execute;
	struct frame *frame; /* FRAME_FULL; changed = changed on return */
};
/* Registers the handler; it is called first for every exception on any
 * thread and returns true when *fault->frame is to be resumed (only rip, rsp,
 * rcx and the flags are taken back). */
void win_exception_handler(bool (*handler)(struct win_fault *fault));
int win_function_table_add(void *base, uint32_t pdata, uint32_t count);
void win_function_table_remove(void *base, uint32_t pdata);
/* Whether an address lies in an image that Windows loaded (not ours). */
bool win_address_is_system(uint64_t address);
/* Ctrl-C and friends; called on a thread of Windows'. type: 0 C, 1 break,
 * 2 close.  Returns whether it was handled. */
void win_console_control(bool (*handler)(uint32_t type));

/* ---- clocks ---- */
int64_t win_clock_monotonic(void); /* ns since boot */
int64_t win_clock_realtime(void);  /* ns since 1970 */
int64_t win_clock_resolution(void);
int win_clock_set_realtime(int64_t ns);
int64_t win_boot_time(void); /* realtime ns */

/* ---- files (file.c, dir.c): NT paths only ("\??\C:\...") ---- */
struct win_name {
	win_handle folder;    /* or 0: `text` is absolute */
	const uint16_t *text; /* not terminated */
	size_t length;	      /* units */
};
enum { /* access */
	WIN_FILE_READ = 1,
	WIN_FILE_WRITE = 2,
	WIN_FILE_APPEND = 4,	 /* writes go to the end, always */
	WIN_FILE_ATTRIBUTES = 8, /* read attributes only; else implied */
	WIN_FILE_SET_ATTRIBUTES = 16,
	WIN_FILE_DELETE = 32,
	WIN_FILE_LIST = 64, /* of a folder */
	WIN_FILE_EXECUTE = 128,
	WIN_FILE_MODE = 256 /* the mode it keeps; READ, LIST and SET imply it */
};
enum { WIN_OPEN, WIN_CREATE, WIN_OPEN_OR_CREATE, WIN_TRUNCATE };
enum {				 /* options */
	WIN_FILE_FOLDER = 1,	 /* must be one; -ENOTDIR */
	WIN_FILE_NOT_FOLDER = 2, /* must not; -EISDIR */
	WIN_FILE_DELETE_ON_CLOSE = 4,
	WIN_FILE_NO_FOLLOW = 8, /* open the reparse point itself */
	WIN_FILE_WRITE_THROUGH = 16,
	WIN_FILE_BY_ID = 32,
	WIN_FILE_OVERLAPPED = 64 /* else synchronous with a file pointer */
};
struct win_file_stat {
	uint64_t id;	 /* inode number */
	uint64_t volume; /* serial; cached per folder handle by the caller */
	uint64_t size, allocated;
	uint32_t attributes; /* FILE_ATTRIBUTE_* */
	uint32_t links;
	uint32_t reparse_tag;
	uint32_t mode; /* that it keeps, S_IFMT and all; 0: none */
	int64_t accessed, modified, changed, created; /* realtime ns */
};
#define WIN_ATTRIBUTE_READONLY 0x1
#define WIN_ATTRIBUTE_HIDDEN   0x2
#define WIN_ATTRIBUTE_SYSTEM   0x4
#define WIN_ATTRIBUTE_FOLDER   0x10
#define WIN_ATTRIBUTE_REPARSE  0x400
int win_file_open(win_handle *out, const struct win_name *name, int access,
	int disposition, int options, uint32_t attributes, bool *created);
/* Type, size, times from the name alone: cheaper than an open. id, links and
 * volume are 0. */
int win_file_query_name(const struct win_name *name, struct win_file_stat *out);
int win_file_stat(win_handle file, struct win_file_stat *out);
int win_file_volume(win_handle file, uint64_t *serial);
/* Keeps a mode with the file; -EOPNOTSUPP where Windows or the volume cannot.
 * Needs WIN_FILE_SET_ATTRIBUTES. */
int win_file_set_mode(win_handle file, uint32_t mode);
/* Whether this Windows lets files keep modes; `file` is any, to ask of. */
bool win_modes_are_kept(win_handle file);
/* A number that tells volumes apart and costs little: from their sizes. */
int win_volume_key(win_handle file, uint32_t *key);
/* What was never written takes no space, where the volume can do that. */
void win_file_make_sparse(win_handle file);
/* From start to before end all is zero then; `hole`: and takes no space, if
 * that can be.  -ENOSYS where there is no such thing. */
int win_file_zero(win_handle file, int64_t start, int64_t end, bool hole);
int64_t win_file_read(win_handle file, void *to, size_t size, int64_t offset);
int64_t win_file_write(win_handle file, const void *from, size_t size,
	int64_t offset); /* offset -1: the file pointer; WIN_AT_END */
#define WIN_AT_END (-2)
/* Whether a write at WIN_AT_END finds the end and writes in one step. */
bool win_file_appends_atomically(void);
/* A lock that only its other takers see, on any handle of the file; waits. */
int win_file_lock(win_handle file);
void win_file_unlock(win_handle file);
/* Same file object opened again, with its own pointer (ReOpenFile). */
int win_file_reopen(win_handle *out, win_handle file, int access);
int64_t win_file_seek(win_handle file, int64_t offset, int whence);
int win_file_truncate(win_handle file, int64_t size);
int win_file_flush(win_handle file);
int win_file_set_times(win_handle file, int64_t accessed, int64_t modified);
int win_file_set_attributes(win_handle file, uint32_t attributes);
int win_file_delete(win_handle file, bool posix); /* -ENOSYS: no such class */
int win_file_rename(
	win_handle file, const struct win_name *to, bool replace, bool posix);
int win_file_link(win_handle file, const struct win_name *to);
/* The final absolute name, "\??\C:\..." form; returns its length or -errno. */
int64_t win_file_path(win_handle file, uint16_t *to, size_t room);
int win_file_type(win_handle h); /* 1 disk, 2 character, 3 pipe, 0 unknown */
/* Whether two handles on one volume are of one file. */
bool win_file_same(win_handle a, win_handle b);
struct win_folder_entry {
	uint64_t id, size;
	uint32_t attributes, reparse_tag;
	const uint16_t *name; /* in the caller's buffer */
	size_t length;
	int64_t modified;
};
/* Reads entries into buffer (>= 4096 bytes, 8-aligned); returns bytes used,
 * 0 at the end.  Iterate with win_folder_next(). */
int64_t win_folder_read(
	win_handle folder, void *buffer, size_t size, bool restart);
/* *position starts at 0; false when the buffer is used up. */
bool win_folder_next(const void *buffer, size_t used, size_t *position,
	struct win_folder_entry *out);
struct win_volume_space {
	uint64_t total, available, free; /* bytes */
	uint32_t block;			 /* bytes */
	uint64_t serial;
	uint32_t name_max;
};
int win_volume_space(win_handle file, struct win_volume_space *out);
uint32_t win_drives(void); /* bit 0 = A: */

/* ---- changes in folders (watch.c) ---- */
struct win_watch {
	uint64_t state[4]; /* an OVERLAPPED */
	win_handle folder;
	bool subtree;
	uint64_t buffer[2048];
};
enum { /* FILE_ACTION_* */
	WIN_ADDED = 1,
	WIN_REMOVED,
	WIN_MODIFIED,
	WIN_RENAMED_FROM,
	WIN_RENAMED_TO
};
struct win_change {
	uint32_t action;
	const uint16_t *name; /* seen from the folder */
	size_t length;
};
int win_watch_port(win_handle *out);
/* Begins; win_watch_arm() goes on after each report. */
int win_watch_open(struct win_watch *w, const struct win_name *folder,
	bool subtree, win_handle port);
int win_watch_arm(struct win_watch *w);
/* Whether `subtree` is heeded: Wine 8 tells of the folder alone. */
bool win_watches_subtrees(void);
/* One report is still to come, and then the memory may go. */
void win_watch_close(struct win_watch *w);
/* The one that reports, NULL after `most` ns or an interruption.  *result:
 * bytes in its buffer, 0 if they were too many, -errno. */
struct win_watch *win_watch_await(
	win_handle port, int64_t most, int64_t *result);
void win_watch_interrupt(win_handle port);
/* *at starts at 0; false behind the last. */
bool win_watch_next(const struct win_watch *w, size_t size, size_t *at,
	struct win_change *out);

/* ---- pipes and standard handles ---- */
enum { WIN_INPUT, WIN_OUTPUT, WIN_ERROR };
win_handle win_standard_handle(int which); /* 0 if there is none */
/* Takes the standard handle away from this process: what it leads to is then
 * open only where it was adopted. */
void win_standard_close(int which);
/* A pipe between us and a native child, for bytes of one direction.  Our end
 * is for win_async_*() alone. */
int win_pipe_for_child(
	win_handle *ours, win_handle *childs, bool child_reads, size_t size);
/* A transfer that goes on by itself; `event` is set when it has ended. */
struct win_async {
	uint64_t state[4]; /* an OVERLAPPED */
	win_handle event;
};
int win_async_create(struct win_async *a);
int win_async_read(struct win_async *a, win_handle pipe, void *to, size_t size);
int win_async_write(
	struct win_async *a, win_handle pipe, const void *from, size_t size);
/* Bytes transferred, -EAGAIN while it goes on, -EPIPE, ... */
int64_t win_async_result(struct win_async *a, win_handle pipe);
/* Ends it; only then its memory may go.  Bytes transferred, or -errno. */
int64_t win_async_cancel(struct win_async *a, win_handle pipe);
/* Bytes that can be read now; -EPIPE when the other side is gone; -EINVAL
 * when this pipe cannot be asked (a host pipe under Wine). */
int64_t win_pipe_peek(win_handle pipe);
/* Whether a write of so many bytes may have to wait for a reader.  False for a
 * host pipe under Wine, which cannot be asked. */
bool win_pipe_may_block(win_handle pipe, size_t size);
/* Writes what fits: all of it, or with `some` part of it; -EAGAIN if nothing
 * does, -EINVAL for a pipe that knows no such writes (a host pipe under
 * Wine). */
int64_t win_pipe_write_now(
	win_handle pipe, const void *from, size_t size, bool some);

/* Cancels what `thread` is blocked in on a synchronous handle. */
int win_cancel_synchronous(win_handle thread);

/* ---- registers that FXSAVE does not know ---- */
/* Those of AVX and AVX-512 that there are, as bits of XCR0; entry.S saves them
 * when it comes from interrupted code. */
extern uint32_t win_wide_registers;
#define WIN_WIDE_AT 512 /* where they begin in an XSAVE area, header first */
extern uint32_t win_wide_size; /* bytes of such an area; 0: there are none */

/* ---- console ---- */
bool win_is_console(win_handle h);
bool win_has_console(void); /* whether this process has one at all */
int win_console_size(win_handle h, int *columns, int *rows);
/* Output: escape sequences mean what they mean on a terminal. */
void win_console_escapes(win_handle h);
/* A line, or what precedes Ctrl-D, that included; -EINTR for Ctrl-C. */
int64_t win_console_read(win_handle h, uint16_t *to, size_t units);
int win_console_write(win_handle h, const uint16_t *from, size_t units);
void win_console_enter(win_handle h); /* as if Enter had been typed */

/* ---- the machine ---- */
struct win_machine {
	uint32_t processors;
	uint64_t memory_total, memory_free, swap_total, swap_free;
	uint64_t page_size;
	uint32_t major, minor, build; /* of Windows */
};
void win_machine(struct win_machine *out);
/* What each processor did since the start, ns; how many they are. */
struct win_processor_times {
	int64_t user, system, idle;
};
size_t win_processor_times(struct win_processor_times *out, size_t room);
/* The four words that CPUID answers. */
void win_processor_ask(uint32_t leaf, uint32_t sub, uint32_t out[4]);
int win_random(void *to, size_t size);
size_t win_host_name(char *to, size_t room); /* UTF-8 */
size_t win_user_name(char *to, size_t room);
/* The user's own folder, a Windows path; units, 0 if it is not known. */
size_t win_profile_folder(uint16_t *to, size_t room);
/* That for what need not last, the user's own; without a last backslash. */
size_t win_temporary_folder(uint16_t *to, size_t room);
/* That for what programs keep of this user, likewise. */
size_t win_local_folder(uint16_t *to, size_t room);
/* POSIX TZ text of Windows' current zone ("CET-1CEST,M3.5.0,M10.5.0/3"). */
size_t win_time_zone(char *to, size_t room);
/* Numbers for the user and primary group from the token's last sub-ids. */
void win_token_ids(uint32_t *user, uint32_t *group);
uint64_t win_affinity(void);
uint32_t win_processor(void); /* the one that runs this thread now */
/* Native DLLs, loaded late: NULL if it is not there. */
void *win_library(const char *name);
void *win_library_symbol(void *library, const char *name);

#endif
