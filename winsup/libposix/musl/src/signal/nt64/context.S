/* getcontext(), setcontext(), swapcontext(): a ucontext_t as a handler's frame
 * has it, by offsets of musl's <bits/signal.h>.  The area for FXSAVE in it lies
 * at no multiple of 16, so the registers are stored one by one. */
	.set GREGS, 40
	.set FPREGS, 224
	.set MASK, 296
	.set FX, 424
	.set XMM, FX + 160

/* What a call must preserve, the stack as it is after the return, and 0 for
 * who comes back: into the context at rcx.  The return address is at above. */
	.macro SAVE above
	movq %r12, GREGS+4*8(%rcx)
	movq %r13, GREGS+5*8(%rcx)
	movq %r14, GREGS+6*8(%rcx)
	movq %r15, GREGS+7*8(%rcx)
	movq %rdi, GREGS+8*8(%rcx)
	movq %rsi, GREGS+9*8(%rcx)
	movq %rbp, GREGS+10*8(%rcx)
	movq %rbx, GREGS+11*8(%rcx)
	movq $0, GREGS+13*8(%rcx)
	leaq 8+\above(%rsp), %rax
	movq %rax, GREGS+15*8(%rcx)
	movq \above(%rsp), %rax
	movq %rax, GREGS+16*8(%rcx)
	leaq FX(%rcx), %rax
	movq %rax, FPREGS(%rcx)
	fnstcw FX(%rcx)
	stmxcsr FX+24(%rcx)
	.irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\n, XMM+16*\n(%rcx)
	.endr
	.endm

	.text
	.globl getcontext
	.def getcontext; .scl 2; .type 32; .endef
getcontext:
	SAVE 0
	xorl %edx, %edx
	/* stores the mask, and its 0 is ours */
	jmp __context_mask

	.globl swapcontext
	.def swapcontext; .scl 2; .type 32; .endef
	.seh_proc swapcontext
swapcontext:
	subq $40, %rsp
	.seh_stackalloc 40
	.seh_endprologue
	SAVE 40
	movq %rdx, %rbx
	callq __context_mask
	movq %rbx, %rcx
	jmp restore
	.seh_endproc

	.globl setcontext
	.def setcontext; .scl 2; .type 32; .endef
	.seh_proc setcontext
setcontext:
	subq $40, %rsp
	.seh_stackalloc 40
	.seh_endprologue
	movq %rcx, %rbx
	movq %rcx, %rdx
	xorl %ecx, %ecx
	callq __context_mask
	movq %rbx, %rcx
restore:
	movq FPREGS(%rcx), %rax
	fldcw (%rax)
	ldmxcsr 24(%rax)
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups 160+16*\n(%rax), %xmm\n
	.endr
	movq GREGS+15*8(%rcx), %rsp
	pushq GREGS+16*8(%rcx)
	movq GREGS+0*8(%rcx), %r8
	movq GREGS+1*8(%rcx), %r9
	movq GREGS+2*8(%rcx), %r10
	movq GREGS+3*8(%rcx), %r11
	movq GREGS+4*8(%rcx), %r12
	movq GREGS+5*8(%rcx), %r13
	movq GREGS+6*8(%rcx), %r14
	movq GREGS+7*8(%rcx), %r15
	movq GREGS+8*8(%rcx), %rdi
	movq GREGS+9*8(%rcx), %rsi
	movq GREGS+10*8(%rcx), %rbp
	movq GREGS+11*8(%rcx), %rbx
	movq GREGS+12*8(%rcx), %rdx
	movq GREGS+13*8(%rcx), %rax
	movq GREGS+14*8(%rcx), %rcx
	retq
	.seh_endproc

/* What makecontext()'s function returns to; rbx is the context. */
	.globl __context_return
	.def __context_return; .scl 2; .type 32; .endef
__context_return:
	movq %rbx, %rcx
	subq $32, %rsp
	callq __context_end
	ud2
