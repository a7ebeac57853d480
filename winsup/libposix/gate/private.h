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

/* dispatch.c, for entry.S */
thunk *gate_dispatch(struct frame *frame, struct thread *t);
bool gate_ended(struct frame *frame, long result, struct thread *t);

/* entry.S */
extern char gate_text_begin[], gate_text_end[], gate_interrupt_entry[],
	gate_return_stub[];

#endif
