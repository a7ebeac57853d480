/* int __clone(int (*func)(void *), void *stack, int flags, void *arg,
 *	pid_t *ptid, void *tls, pid_t *ctid)
 * The child returns from the same call with rax 0 and rsp = the stack given,
 * where func and arg wait for it. */
	.text
	.globl __clone
	.def __clone; .scl 2; .type 32; .endef
	.seh_proc __clone
__clone:
	subq $72, %rsp
	.seh_stackalloc 72
	.seh_endprologue
	andq $-16, %rdx
	subq $16, %rdx
	movq %rcx, 0(%rdx)
	movq %r9, 8(%rdx)
	movq 72+40(%rsp), %r9
	movq 72+56(%rsp), %rax
	movq %rax, 32(%rsp)
	movq 72+48(%rsp), %rax
	movq %rax, 40(%rsp)
	movq $0, 48(%rsp)
	movl %r8d, %eax
	movq %rdx, %r8
	movl %eax, %edx
	movl $56, %ecx
	call __posix_syscall
	testq %rax, %rax
	jz 1f
	addq $72, %rsp
	ret
1:	xorl %ebp, %ebp
	popq %rax
	popq %rcx
	subq $32, %rsp
	call *%rax
	movl %eax, %edx
	movl $60, %ecx
	call __posix_syscall
	ud2
	.seh_endproc
