/* memset for Win64's calling convention: rcx to, dl byte, r8 size.  As memcpy:
 * overlapping stores up to 64 bytes, a loop, rep stosq for long ones. */
	.text
	.globl memset
	.def memset; .scl 2; .type 32; .endef
	.p2align 5
memset:
	movq %rcx, %rax
	movzbl %dl, %edx
	movabsq $0x0101010101010101, %r9
	imulq %r9, %rdx
	cmpq $16, %r8
	jb 1f
	movq %rdx, %xmm0
	punpcklqdq %xmm0, %xmm0
	cmpq $64, %r8
	ja 3f
	movups %xmm0, (%rcx)
	movups %xmm0, -16(%rcx,%r8)
	cmpq $32, %r8
	jbe 9f
	movups %xmm0, 16(%rcx)
	movups %xmm0, -32(%rcx,%r8)
9:	ret
3:	cmpq $1024, %r8
	jae 5f
	leaq -64(%rcx,%r8), %r9
4:	movups %xmm0, (%rcx)
	movups %xmm0, 16(%rcx)
	movups %xmm0, 32(%rcx)
	movups %xmm0, 48(%rcx)
	addq $64, %rcx
	cmpq %r9, %rcx
	jb 4b
	movups %xmm0, (%r9)
	movups %xmm0, 16(%r9)
	movups %xmm0, 32(%r9)
	movups %xmm0, 48(%r9)
	ret

5:	movq %rax, %r9
	movq %rdi, %r10
	movups %xmm0, (%rcx)
	movups %xmm0, -16(%rcx,%r8)
	leaq 16(%rcx), %rdi
	andq $-16, %rdi
	leaq (%rcx,%r8), %rcx
	subq %rdi, %rcx
	shrq $3, %rcx
	movq %rdx, %rax
	rep stosq
	movq %r10, %rdi
	movq %r9, %rax
	ret

1:	cmpl $8, %r8d
	jae 8f
	cmpl $4, %r8d
	jae 4f
	testl %r8d, %r8d
	jz 9f
	movb %dl, (%rcx)
	movb %dl, -1(%rcx,%r8)
	shrl %r8d
	movb %dl, (%rcx,%r8)
9:	ret
4:	movl %edx, (%rcx)
	movl %edx, -4(%rcx,%r8)
	ret
8:	movq %rdx, (%rcx)
	movq %rdx, -8(%rcx,%r8)
	ret
