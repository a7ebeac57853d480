/* The saved state of a thread's user side, and the part of struct thread that
 * assembly touches.  Offsets are checked against gate/entry.S by static
 * assertions in gate/layout.c. */
#ifndef ABI_FRAME_H
#define ABI_FRAME_H

/* offsets for assembly */
#define FRAME_RAX	0
#define FRAME_RCX	8
#define FRAME_RDX	16
#define FRAME_RBX	24
#define FRAME_RBP	32
#define FRAME_RSI	40
#define FRAME_RDI	48
#define FRAME_R8	56
#define FRAME_R9	64
#define FRAME_R10	72
#define FRAME_R11	80
#define FRAME_R12	88
#define FRAME_R13	96
#define FRAME_R14	104
#define FRAME_R15	112
#define FRAME_RESTART	120
#define FRAME_RIP	128
#define FRAME_KIND	136
#define FRAME_FLAGS	144
#define FRAME_RSP	152
#define FRAME_ARGUMENTS 160
#define FRAME_NUMBER	208
#define FRAME_WIDE	216
#define FRAME_FX	224
#define FRAME_FX_FCW	224
#define FRAME_FX_MXCSR	248
#define FRAME_FX_XMM6	480
#define FRAME_SIZE	736

#define THREAD_TP	  0
#define THREAD_UPPER	  8
#define THREAD_IN_GATE	  16
#define THREAD_FRAME	  24
#define THREAD_POKED	  32
#define THREAD_HOST_STACK 80
#define THREAD_WIDE	  88

#ifndef __ASSEMBLER__
#include <stdint.h>

#define FRAME_NO_CALL (~0ul)

enum frame_kind {
	/* A system call: callee-saved registers are valid, and from where the
	 * frame is read also xmm6-15, mxcsr and the x87 control word
	 * (SAVE_KEPT in entry.S); the volatile ones the caller gave up. */
	FRAME_CALL,
	/* Interrupted user code: everything is valid and restored. */
	FRAME_FULL,
};

/* Lies at the top of the thread's kernel stack (see decisions/kernel-stack):
 * whatever is in it when the gate is left becomes the thread's user state. */
struct frame {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t restart; /* rip that issues the call again */
	/* rip and rsp lie as in the machine frame of an interrupt, which is
	 * how unwinders get from the kernel stack to the user's (entry.S) */
	uint64_t rip;
	uint64_t kind; /* enum frame_kind */
	uint64_t flags;
	uint64_t rsp;
	uint64_t arguments[6]; /* as given; never written, so a call restarts */
	uint64_t number;       /* of the system call, or FRAME_NO_CALL */
	/* FRAME_FULL: not 0 if the thread's `wide` holds the wide registers
	 * of the same code */
	uint64_t wide;
	uint8_t fx[512] __attribute__((aligned(16))); /* FXSAVE's layout */
};
#endif

#endif
