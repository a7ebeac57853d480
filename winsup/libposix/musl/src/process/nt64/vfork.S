/* pid_t vfork(void).  The child returns first and may use the stack that the
 * return address lay on, so that goes into the gate as the call's first
 * argument: the gate returns with it in rdx. */
	.text
	.globl vfork
	.def vfork; .scl 2; .type 32; .endef
vfork:
	popq %rdx
	movl $58, %ecx
	call __posix_syscall
	pushq %rdx
	movq %rax, %rcx
	jmp __syscall_ret
