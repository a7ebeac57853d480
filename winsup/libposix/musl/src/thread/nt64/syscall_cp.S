/* long __syscall_cp_asm(volatile int *cancel, long nr, long u, ..., long z)
 * A cancellation point.  A PC from __cp_begin to __cp_end in a handler means
 * that the call has had no effect yet: the gate restarts an interrupted one
 * at __cp_restart. */
	.text
	.globl __syscall_cp_asm, __cp_begin, __cp_restart, __cp_end
	.globl __cp_cancel
	.def __syscall_cp_asm; .scl 2; .type 32; .endef
	.def __cp_cancel; .scl 2; .type 32; .endef
__syscall_cp_asm:
__cp_begin:
	movl (%rcx), %eax
	testl %eax, %eax
	jnz __cp_cancel
	movq %rdx, %rcx
	movq %r8, %rdx
	movq %r9, %r8
	movq 40(%rsp), %r9
	movq 48(%rsp), %rax
	movq %rax, 40(%rsp)
	movq 56(%rsp), %rax
	movq %rax, 48(%rsp)
	movq 64(%rsp), %rax
	movq %rax, 56(%rsp)
__cp_restart:
	jmp __posix_syscall_cp
__cp_end:
/* A handler sends an asynchronously cancelled thread here from any instruction:
 * the stack may have any alignment. */
	.seh_proc __cp_cancel
__cp_cancel:
	pushq %rbp
	.seh_pushreg %rbp
	movq %rsp, %rbp
	.seh_setframe %rbp, 0
	.seh_endprologue
	andq $-16, %rsp
	subq $32, %rsp
	callq __cancel
	movq %rbp, %rsp
	popq %rbp
	retq
	.seh_endproc
