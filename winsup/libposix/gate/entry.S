/* The way in and out.  User code calls __posix_syscall() like any function;
 * here the thread changes to its kernel stack (decisions/kernel-stack.md),
 * at whose top lies its struct frame.  Between gate_text_begin and
 * gate_text_end a thread is neither in nor out: the signal room never redirects
 * it there. */
#include "abi/frame.h"

	.section .text$hot,"xr" /* HOT in lib/lib.h */

	.macro FUNCTION name
	.globl \name
	.def \name; .scl 2; .type 32; .endef
	.p2align 4
\name:
	.endm

	.macro SAVE_XMM base, at=FRAME_FX_XMM6
	movups %xmm6, \at+0(\base)
	movups %xmm7, \at+16(\base)
	movups %xmm8, \at+32(\base)
	movups %xmm9, \at+48(\base)
	movups %xmm10, \at+64(\base)
	movups %xmm11, \at+80(\base)
	movups %xmm12, \at+96(\base)
	movups %xmm13, \at+112(\base)
	movups %xmm14, \at+128(\base)
	movups %xmm15, \at+144(\base)
	.endm

/* What C code keeps for us and so is saved only where the frame will be read:
 * by signals and by what copies the caller.  Most calls need it not. */
	.macro SAVE_KEPT base
	SAVE_XMM \base
	fnstcw FRAME_FX_FCW(\base)
	stmxcsr FRAME_FX_MXCSR(\base)
	.endm

	.macro LOAD_XMM base, at=FRAME_FX_XMM6
	movups \at+0(\base), %xmm6
	movups \at+16(\base), %xmm7
	movups \at+32(\base), %xmm8
	movups \at+48(\base), %xmm9
	movups \at+64(\base), %xmm10
	movups \at+80(\base), %xmm11
	movups \at+96(\base), %xmm12
	movups \at+112(\base), %xmm13
	movups \at+128(\base), %xmm14
	movups \at+144(\base), %xmm15
	.endm

/* Microsoft, "x64 exception handling", UWOP_PUSH_MACHFRAME: above rsp lie 32
 * bytes and the frame, and in it the user's rip and rsp.  So a backtrace
 * goes on into user code. */
	.macro UNWIND_TO_USER
	.seh_pushframe
	.seh_stackalloc 32+FRAME_RIP
	.seh_savereg %rbx, 32+FRAME_RBX
	.seh_savereg %rbp, 32+FRAME_RBP
	.seh_savereg %rsi, 32+FRAME_RSI
	.seh_savereg %rdi, 32+FRAME_RDI
	.seh_savereg %r12, 32+FRAME_R12
	.seh_savereg %r13, 32+FRAME_R13
	.seh_savereg %r14, 32+FRAME_R14
	.seh_savereg %r15, 32+FRAME_R15
	.seh_endprologue
	.endm

/* The call itself: rbx and rdx are the thread, rcx the frame, which lies 32
 * bytes above rsp.  Not equal: there is something to do before it is over. */
	.macro DISPATCH
	call gate_dispatch
	leaq 32(%rsp), %rcx
	call *%rax
	leaq 32(%rsp), %rcx
	movq %rax, %rdx
	movq %rbx, %r8
	call gate_ended
	testb %al, %al
	.endm

FUNCTION gate_text_begin

/* long __posix_syscall_cp(long n, long a, ..., long f): a cancellation
 * point.  A handler that interrupts it must see a PC between musl's
 * __cp_begin and __cp_end, so it is restarted at a label there. */
FUNCTION __posix_syscall_cp
	leaq __cp_restart(%rip), %rax
	jmp 1f

/* long __posix_syscall(long n, long a, long b, long c, long d, long e,
 *	long f)
 * Only what a Win64 function must keep is saved. */
FUNCTION __posix_syscall
	leaq __posix_syscall(%rip), %rax
1:	movl __posix_tls(%rip), %r10d
	movq %gs:(%r10), %r10
	movq $1, THREAD_IN_GATE(%r10)
	movq THREAD_FRAME(%r10), %r11

	movq %rax, FRAME_RESTART(%r11)
	movq %rcx, FRAME_NUMBER(%r11)
	movq %rdx, FRAME_ARGUMENTS+0(%r11)
	movq %r8, FRAME_ARGUMENTS+8(%r11)
	movq %r9, FRAME_ARGUMENTS+16(%r11)
	movq 40(%rsp), %rax
	movq %rax, FRAME_ARGUMENTS+24(%r11)
	movq 48(%rsp), %rax
	movq %rax, FRAME_ARGUMENTS+32(%r11)
	movq 56(%rsp), %rax
	movq %rax, FRAME_ARGUMENTS+40(%r11)

	movq %rbx, FRAME_RBX(%r11)
	movq %rbp, FRAME_RBP(%r11)
	movq %rsi, FRAME_RSI(%r11)
	movq %rdi, FRAME_RDI(%r11)
	movq %r12, FRAME_R12(%r11)
	movq %r13, FRAME_R13(%r11)
	movq %r14, FRAME_R14(%r11)
	movq %r15, FRAME_R15(%r11)
	movq (%rsp), %rax
	movq %rax, FRAME_RIP(%r11)
	leaq 8(%rsp), %rax
	movq %rax, FRAME_RSP(%r11)
	movq $0, FRAME_KIND(%r11)
	leal -56(%rcx), %eax /* clone, fork, vfork: the child gets the frame */
	movq %r11, %rcx
	movq %r10, %rdx
	/* a function of its own for unwinders: before this, rsp is the user's */
	.globl gate_inside
	.def gate_inside; .scl 2; .type 32; .endef
gate_inside:
	.seh_proc gate_inside
	leaq -32(%r11), %rsp
	UNWIND_TO_USER
	movq %r10, %rbx
	cmpl $2, %eax
	jbe gate_copied
	DISPATCH
	jne 3f

/* Out of most calls: C code has kept the registers, and rip still stands below
 * the user's rsp.  A ret belongs to the call by which the user came in.  A jump
 * would leave the processor's stack of return addresses one too deep, and it
 * would then predict every return of the user's from here up wrongly. */
	cmpq $0, 32+FRAME_KIND(%rsp)
	jne gate_out
	movq $0, THREAD_IN_GATE(%rbx)
	cmpl $0, THREAD_POKED(%rbx)
	jne 1f
	movq 32+FRAME_RAX(%rsp), %rax
	movq 32+FRAME_RBX(%rsp), %rbx
	movq 32+FRAME_RSP(%rsp), %rsp
	subq $8, %rsp
	ret
1:	movq %rbx, %r10
	jmp 2f

gate_copied: /* the stack may be another: clone() */
	SAVE_KEPT %rcx
	DISPATCH
	jne 3f

/* Out again: the frame is 32 bytes above rsp. */
gate_out:
	movl __posix_tls(%rip), %r10d
	movq %gs:(%r10), %r10
	movq $0, THREAD_IN_GATE(%r10)
	cmpl $0, THREAD_POKED(%r10)
	jne 2f
	leaq 32(%rsp), %r11
	cmpq $0, FRAME_KIND(%r11)
	jne gate_out_full
	movq FRAME_RAX(%r11), %rax
	movq FRAME_ARGUMENTS(%r11), %rdx /* for vfork: its return address */
	movq FRAME_RBX(%r11), %rbx
	movq FRAME_RBP(%r11), %rbp
	movq FRAME_RSI(%r11), %rsi
	movq FRAME_RDI(%r11), %rdi
	movq FRAME_R12(%r11), %r12
	movq FRAME_R13(%r11), %r13
	movq FRAME_R14(%r11), %r14
	movq FRAME_R15(%r11), %r15
	movq FRAME_RSP(%r11), %rsp
	jmpq *FRAME_RIP(%r11)
	/* something became pending after the last look */
2:	movq $1, THREAD_IN_GATE(%r10)
3:	leaq 32(%rsp), %rcx
	cmpq $0, FRAME_KIND(%rcx)
	jne 4f
	SAVE_KEPT %rcx
4:	call gate_again
	jmp gate_out

/* Every register is the frame's.  iretq takes rip, rsp and the flags in one
 * step and touches no user memory. */
gate_out_full:
	cmpq $0, FRAME_WIDE(%r11)
	je 1f
	movl win_wide_registers(%rip), %eax
	xorl %edx, %edx
	movq THREAD_WIDE(%r10), %rcx
	xrstor64 (%rcx)
1:	fxrstor FRAME_FX(%r11)
	movl %ss, %eax
	pushq %rax
	pushq FRAME_RSP(%r11)
	pushq FRAME_FLAGS(%r11)
	movl %cs, %eax
	pushq %rax
	pushq FRAME_RIP(%r11)
	movq FRAME_RAX(%r11), %rax
	movq FRAME_RCX(%r11), %rcx
	movq FRAME_RDX(%r11), %rdx
	movq FRAME_RBX(%r11), %rbx
	movq FRAME_RBP(%r11), %rbp
	movq FRAME_RSI(%r11), %rsi
	movq FRAME_RDI(%r11), %rdi
	movq FRAME_R8(%r11), %r8
	movq FRAME_R9(%r11), %r9
	movq FRAME_R10(%r11), %r10
	movq FRAME_R12(%r11), %r12
	movq FRAME_R13(%r11), %r13
	movq FRAME_R14(%r11), %r14
	movq FRAME_R15(%r11), %r15
	movq FRAME_R11(%r11), %r11
	iretq
	.seh_endproc

/* A thread that ran user code and was sent here by the signal room or the
 * exception handler: rcx = struct thread, whose frame already holds the
 * interrupted registers; rsp is 32 bytes below the frame. */
FUNCTION gate_interrupt_entry
	.seh_proc gate_interrupt_entry
	UNWIND_TO_USER
	/* the frame has the rest, but these are still in the processor */
	movl win_wide_registers(%rip), %eax
	testl %eax, %eax
	je 1f
	xorl %edx, %edx
	movq THREAD_WIDE(%rcx), %r11
	xsave64 (%r11)
	vzeroupper
	movq $1, 32+FRAME_WIDE(%rsp)
1:	leaq 32(%rsp), %rcx
	call gate_interrupt
	jmp gate_out
	.seh_endproc

/* _Noreturn void gate_leave(struct thread *t, struct frame *frame): the
 * frame of a new program, thread or fork child, not yet lived in. */
FUNCTION gate_leave
	movq THREAD_FRAME(%rcx), %rsp
	subq $32, %rsp
	LOAD_XMM %rdx
	fldcw FRAME_FX_FCW(%rdx)
	ldmxcsr FRAME_FX_MXCSR(%rdx)
	jmp gate_out

FUNCTION gate_text_end

/* User code: where a signal handler returns to.  rt_sigreturn, number 15.
 * Above rsp are 32 bytes and signal/frame.c's machine frame.  Unwinders look
 * up the byte before a return address, hence the nop. */
FUNCTION gate_return
	.seh_proc gate_return
	.seh_pushframe
	.seh_stackalloc 32
	.seh_endprologue
	nop
	.globl gate_return_stub
	.def gate_return_stub; .scl 2; .type 32; .endef
gate_return_stub:
	movl $15, %ecx
	call __posix_syscall
	ud2
	.seh_endproc

/* void gate_run(struct thread *t, void (*work)(void *), void *argument) */
FUNCTION gate_run
	.seh_proc gate_run
	pushq %rbx
	.seh_pushreg %rbx
	pushq %rbp
	.seh_pushreg %rbp
	pushq %rsi
	.seh_pushreg %rsi
	pushq %rdi
	.seh_pushreg %rdi
	pushq %r12
	.seh_pushreg %r12
	pushq %r13
	.seh_pushreg %r13
	pushq %r14
	.seh_pushreg %r14
	pushq %r15
	.seh_pushreg %r15
	/* 8 pushes and the return address leave rsp at 8 mod 16 */
	subq $FRAME_SIZE+168+32, %rsp
	.seh_stackalloc FRAME_SIZE+168+32
	.seh_endprologue
	SAVE_XMM %rsp, FRAME_SIZE+32
	movq %rsp, THREAD_HOST_STACK(%rcx)
	leaq 32(%rsp), %rax
	movq %rax, THREAD_FRAME(%rcx)
	movq $1, THREAD_IN_GATE(%rcx)
	movl __posix_tls(%rip), %r10d
	movq %rcx, %gs:(%r10)
	movq %r8, %rcx
	call *%rdx
	ud2
gate_finished:
	LOAD_XMM %rsp, FRAME_SIZE+32
	addq $FRAME_SIZE+168+32, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	ret
	.seh_endproc

/* _Noreturn void gate_finish(struct thread *t) */
FUNCTION gate_finish
	movq THREAD_HOST_STACK(%rcx), %rsp
	movl __posix_tls(%rip), %r10d
	movq $0, %gs:(%r10)
	jmp gate_finished
