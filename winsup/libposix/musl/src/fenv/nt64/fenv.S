/* <fenv.h>: the x87 unit and SSE have a control and a status each; both are
 * kept alike.  The generic C of musl does nothing. */
	.text
	.macro FUNCTION name
	.globl \name
	.def \name; .scl 2; .type 32; .endef
\name:
	.endm

/* int feclearexcept(int mask): fnclex clears all, so what is to stay of the
 * x87 status is raised again in mxcsr, where fetestexcept() looks too. */
FUNCTION feclearexcept
	movl %ecx, %edx
	andl $0x3f, %edx
	fnstsw %ax
	testl %eax, %edx
	jz 1f
	fnclex
1:	stmxcsr 8(%rsp)
	andl $0x3f, %eax
	orl %eax, 8(%rsp)
	testl %edx, 8(%rsp)
	jz 2f
	notl %edx
	andl %edx, 8(%rsp)
	ldmxcsr 8(%rsp)
2:	xorl %eax, %eax
	ret

FUNCTION feraiseexcept
	andl $0x3f, %ecx
	stmxcsr 8(%rsp)
	orl %ecx, 8(%rsp)
	ldmxcsr 8(%rsp)
	xorl %eax, %eax
	ret

/* int __fesetround(int): the mode's bits are 10-11 of the x87 word and
 * 13-14 of mxcsr. */
FUNCTION __fesetround
	fnstcw 8(%rsp)
	movl %ecx, %edx
	andb $0xf3, 9(%rsp)
	orb %ch, 9(%rsp)
	fldcw 8(%rsp)
	stmxcsr 8(%rsp)
	shll $3, %edx
	andb $0x9f, 9(%rsp)
	orb %dh, 9(%rsp)
	ldmxcsr 8(%rsp)
	xorl %eax, %eax
	ret

FUNCTION fegetround
	stmxcsr 8(%rsp)
	movl 8(%rsp), %eax
	shrl $3, %eax
	andl $0xc00, %eax
	ret

/* fenv_t: 28 bytes of fnstenv, then mxcsr */
FUNCTION fegetenv
	fnstenv (%rcx)
	/* fnstenv masks all exceptions: put the control word back */
	fldcw (%rcx)
	stmxcsr 28(%rcx)
	xorl %eax, %eax
	ret

/* int fesetenv(const fenv_t *); FE_DFL_ENV is -1 */
FUNCTION fesetenv
	xorl %eax, %eax
	cmpq $-1, %rcx
	je 1f
	fldenv (%rcx)
	ldmxcsr 28(%rcx)
	ret
1:	subq $40, %rsp
	movl $0x37f, 0(%rsp)
	movl $0, 4(%rsp)
	movl $0xffff, 8(%rsp)
	movl $0, 12(%rsp)
	movl $0, 16(%rsp)
	movl $0, 20(%rsp)
	movl $0, 24(%rsp)
	movl $0x1f80, 28(%rsp)
	fldenv (%rsp)
	ldmxcsr 28(%rsp)
	addq $40, %rsp
	ret

FUNCTION fetestexcept
	andl $0x3f, %ecx
	stmxcsr 8(%rsp)
	movl 8(%rsp), %edx
	fnstsw %ax
	orl %edx, %eax
	andl %ecx, %eax
	ret
