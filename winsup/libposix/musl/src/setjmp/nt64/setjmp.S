/* int setjmp(jmp_buf), _Noreturn void longjmp(jmp_buf, int): the registers
 * that Microsoft's "x64 calling convention" says a function keeps. */
	.text
	.macro FUNCTION name
	.globl \name
	.def \name; .scl 2; .type 32; .endef
\name:
	.endm

FUNCTION __setjmp
FUNCTION _setjmp
FUNCTION setjmp
	movq %rbx, 0(%rcx)
	movq %rbp, 8(%rcx)
	movq %r12, 16(%rcx)
	movq %r13, 24(%rcx)
	movq %r14, 32(%rcx)
	movq %r15, 40(%rcx)
	leaq 8(%rsp), %rdx
	movq %rdx, 48(%rcx)
	movq (%rsp), %rdx
	movq %rdx, 56(%rcx)
	movq %rdi, 64(%rcx)
	movq %rsi, 72(%rcx)
	stmxcsr 80(%rcx)
	fnstcw 84(%rcx)
	movups %xmm6, 96(%rcx)
	movups %xmm7, 112(%rcx)
	movups %xmm8, 128(%rcx)
	movups %xmm9, 144(%rcx)
	movups %xmm10, 160(%rcx)
	movups %xmm11, 176(%rcx)
	movups %xmm12, 192(%rcx)
	movups %xmm13, 208(%rcx)
	movups %xmm14, 224(%rcx)
	movups %xmm15, 240(%rcx)
	xorl %eax, %eax
	ret

FUNCTION _longjmp
FUNCTION longjmp
	movl %edx, %eax
	testl %eax, %eax
	jnz 1f
	incl %eax
1:	movq 0(%rcx), %rbx
	movq 8(%rcx), %rbp
	movq 16(%rcx), %r12
	movq 24(%rcx), %r13
	movq 32(%rcx), %r14
	movq 40(%rcx), %r15
	movq 64(%rcx), %rdi
	movq 72(%rcx), %rsi
	ldmxcsr 80(%rcx)
	fldcw 84(%rcx)
	movups 96(%rcx), %xmm6
	movups 112(%rcx), %xmm7
	movups 128(%rcx), %xmm8
	movups 144(%rcx), %xmm9
	movups 160(%rcx), %xmm10
	movups 176(%rcx), %xmm11
	movups 192(%rcx), %xmm12
	movups 208(%rcx), %xmm13
	movups 224(%rcx), %xmm14
	movups 240(%rcx), %xmm15
	movq 48(%rcx), %rsp
	jmpq *56(%rcx)
