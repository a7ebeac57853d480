/* int sigsetjmp(sigjmp_buf, int): as musl's for x86-64, by Win64's rules.
 * __fl, the word behind the registers, keeps the return address while
 * setjmp runs; the next ones keep rbx.  On return, by either way,
 * __sigsetjmp_tail saves or restores the mask. */
	.text
	.globl sigsetjmp, __sigsetjmp
	.def sigsetjmp; .scl 2; .type 32; .endef
	.def __sigsetjmp; .scl 2; .type 32; .endef
sigsetjmp:
__sigsetjmp:
	testl %edx, %edx
	jz setjmp
	popq 256(%rcx)
	movq %rbx, 272(%rcx)
	movq %rcx, %rbx
	call setjmp
	pushq 256(%rbx)
	movq %rbx, %rcx
	movl %eax, %edx
	movq 272(%rbx), %rbx
	jmp __sigsetjmp_tail
