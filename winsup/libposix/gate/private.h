/* Shared by the gate's own files. */
#ifndef GATE_PRIVATE_H
#define GATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task/task.h"

#define SYSCALL_NUMBERS 512
#define PRIVATE_NUMBERS 16 /* from PRIVATE_FIRST: abi/syscalls.def's end */
#define PRIVATE_FIRST	0x1000

typedef long thunk(struct frame *);

/* By number; private calls follow Linux's. */
extern thunk *const gate_table[SYSCALL_NUMBERS + PRIVATE_NUMBERS];

/* A number's place in gate_table, or what lies behind its end. */
static inline uint64_t gate_index(uint64_t number)
{
	if (number < SYSCALL_NUMBERS)
		return number;
	if (number - PRIVATE_FIRST < PRIVATE_NUMBERS)
		return number - PRIVATE_FIRST + SYSCALL_NUMBERS;
	return SYSCALL_NUMBERS + PRIVATE_NUMBERS;
}

/* The function for a number, or NULL: absent or no call at all. */
static inline thunk *gate_thunk(uint64_t number)
{
	uint64_t i = gate_index(number);

	return i < SYSCALL_NUMBERS + PRIVATE_NUMBERS ? gate_table[i] : NULL;
}

/* How a call's arguments read in the trace; NULL for an unknown number.
 * `kinds` is the text of abi/syscalls.def: "FD, IN_BUF(2), SIZE". */
struct call_text {
	const char *name, *kinds;
	int count;
};
const struct call_text *gate_text(uint64_t number);

/* ---- the trace: trace.c, line.c, structs.c, values.c ---- */

/* A line as it grows; what does not fit is not there. */
struct line {
	char *text;
	size_t length, room;
};
void add(struct line *l, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
/* The user's bytes, quoted, as many as are to be shown; a string likewise; and
 * one that is shown whole, a path. */
void add_bytes(struct line *l, uint64_t user, size_t size);
void add_shown(struct line *l, uint64_t user);
void add_string(struct line *l, uint64_t user);
void add_address(struct line *l, uint64_t address); /* or NULL */
/* With its path, if that is asked for. */
void add_descriptor(struct line *l, int fd);
void add_signal(struct line *l, int signal);

/* structs.c: what a pointer leads to.  False: nothing was added, as it is a
 * type that is not known. */
struct traced {
	const char *call;
	const struct frame *frame;
	long result;
};
bool add_struct(
	struct line *l, const struct traced *t, const char *type, int argument);
void add_signal_set(struct line *l, uint64_t set);
struct signal_record;
void add_signal_record(struct line *l, const struct signal_record *record);
void add_polled(struct line *l, const struct traced *t);

/* values.c: names of numbers */
enum names_kind {
	NAMES_NONE,
	NAMES_OPEN,
	NAMES_PROTECTION,
	NAMES_MAP,
	NAMES_WHENCE,
	NAMES_ACCESS,
	NAMES_AT,
	NAMES_EACCESS,
	NAMES_FCNTL,
	NAMES_HOW,
	NAMES_CLOCK,
	NAMES_WAITID,
	NAMES_WAIT4,
	NAMES_ID,
	NAMES_RESOURCE,
	NAMES_USAGE,
	NAMES_ITIMER,
	NAMES_ABSOLUTE,
	NAMES_EPOLL,
	NAMES_EPOLL_CREATE,
	NAMES_EPOLL_EVENTS,
	NAMES_POLL,
	NAMES_EVENTFD,
	NAMES_SIGNALFD,
	NAMES_TIMERFD,
	NAMES_TIMERFD_SET,
	NAMES_PIPE,
	NAMES_ADVICE,
	NAMES_FILE_ADVICE,
	NAMES_SYNC,
	NAMES_REMAP,
	NAMES_FLOCK,
	NAMES_LOCK,
	NAMES_RANDOM,
	NAMES_MEMFD,
	NAMES_FALLOCATE,
	NAMES_POLICY,
	NAMES_WHICH,
	NAMES_DESCRIPTOR,
	NAMES_FUTEX,
	NAMES_CLONE,
	NAMES_PRCTL,
	NAMES_ARCH,
	NAMES_IOCTL,
	NAMES_FILE_TYPE,
	NAMES_SIGNAL_FLAGS,
	NAMES_STACK_FLAGS
};
void add_names(struct line *l, enum names_kind kind, uint64_t value);
enum names_kind names_of_argument(const char *call, int argument);
const char *errno_name(long number); /* NULL: it is none */

/* dispatch.c, for entry.S */
thunk *gate_dispatch(struct frame *frame, struct thread *t);
bool gate_ended(struct frame *frame, long result, struct thread *t);

/* entry.S */
extern char gate_text_begin[], gate_text_end[], gate_interrupt_entry[],
	gate_return_stub[];

#endif
