/* Holds the offsets that assembly uses to the structs they belong to. */
#include <stddef.h>

#include "task/task.h"

#define SAME(type, member, offset) \
	_Static_assert(offsetof(type, member) == (offset), #offset)

SAME(struct frame, rax, FRAME_RAX);
SAME(struct frame, rcx, FRAME_RCX);
SAME(struct frame, rdx, FRAME_RDX);
SAME(struct frame, rbx, FRAME_RBX);
SAME(struct frame, rsp, FRAME_RSP);
SAME(struct frame, rbp, FRAME_RBP);
SAME(struct frame, rsi, FRAME_RSI);
SAME(struct frame, rdi, FRAME_RDI);
SAME(struct frame, r8, FRAME_R8);
SAME(struct frame, r9, FRAME_R9);
SAME(struct frame, r10, FRAME_R10);
SAME(struct frame, r11, FRAME_R11);
SAME(struct frame, r12, FRAME_R12);
SAME(struct frame, r13, FRAME_R13);
SAME(struct frame, r14, FRAME_R14);
SAME(struct frame, r15, FRAME_R15);
SAME(struct frame, rip, FRAME_RIP);
SAME(struct frame, flags, FRAME_FLAGS);
SAME(struct frame, kind, FRAME_KIND);
SAME(struct frame, number, FRAME_NUMBER);
SAME(struct frame, arguments, FRAME_ARGUMENTS);
SAME(struct frame, restart, FRAME_RESTART);
SAME(struct frame, wide, FRAME_WIDE);
SAME(struct frame, fx, FRAME_FX);
SAME(struct frame, fx[24], FRAME_FX_MXCSR);
SAME(struct frame, fx[160 + 6 * 16], FRAME_FX_XMM6);
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "FRAME_SIZE");

SAME(struct thread, tp, THREAD_TP);
SAME(struct thread, upper, THREAD_UPPER);
SAME(struct thread, in_gate, THREAD_IN_GATE);
SAME(struct thread, frame, THREAD_FRAME);
SAME(struct thread, poked, THREAD_POKED);
SAME(struct thread, host_stack, THREAD_HOST_STACK);
SAME(struct thread, wide, THREAD_WIDE);
