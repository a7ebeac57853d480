/* Stubs for functions that nobody had when their image was bound (late.c).
 * They are here and not made at run time, so that no memory is ever written
 * and executed; posix1.dll lies at one place, so a forked child's are the
 * same. */
#include "abi/private_syscalls.h"
#include "image/late.h"

	.text

/* One call each: what it leaves on the stack says which. */
	.globl image_late_stubs
	.p2align 4
image_late_stubs:
	.rept LATE_STUBS
	call image_late_call
	.endr

/* User code, between a caller and the function that it calls: all that may
 * carry an argument is kept, and the stub's own return address goes. */
	.globl image_late_call
	.def image_late_call; .scl 2; .type 32; .endef
	.p2align 4
image_late_call:
	.seh_proc image_late_call
	subq $208, %rsp
	.seh_stackalloc 208
	.seh_endprologue
	movq %rax, 56(%rsp)
	movq %rcx, 64(%rsp)
	movq %rdx, 72(%rsp)
	movq %r8, 80(%rsp)
	movq %r9, 88(%rsp)
	movq %r10, 96(%rsp)
	movups %xmm0, 112(%rsp)
	movups %xmm1, 128(%rsp)
	movups %xmm2, 144(%rsp)
	movups %xmm3, 160(%rsp)
	movups %xmm4, 176(%rsp)
	movups %xmm5, 192(%rsp)
	movl $SYS_posix_late, %ecx
	leaq image_late_stubs(%rip), %rax
	movq 208(%rsp), %rdx
	subq %rax, %rdx
	call __posix_syscall
	movq %rax, %r11
	movq 56(%rsp), %rax
	movq 64(%rsp), %rcx
	movq 72(%rsp), %rdx
	movq 80(%rsp), %r8
	movq 88(%rsp), %r9
	movq 96(%rsp), %r10
	movups 112(%rsp), %xmm0
	movups 128(%rsp), %xmm1
	movups 144(%rsp), %xmm2
	movups 160(%rsp), %xmm3
	movups 176(%rsp), %xmm4
	movups 192(%rsp), %xmm5
	addq $216, %rsp
	jmpq *%r11
	.seh_endproc
