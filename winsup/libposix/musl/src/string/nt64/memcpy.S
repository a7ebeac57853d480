/* memcpy for Win64's calling convention: rcx to, rdx from, r8 size; xmm0-5 are
 * the callee's.  Up to 64 bytes: two overlapping halves, all loaded before any
 * is stored.  Long ones: rep movsq to an aligned place, as musl does it for
 * Linux: fast on every processor, with ERMS or without. */
	.text
	.globl memcpy
	.def memcpy; .scl 2; .type 32; .endef
	.p2align 5
memcpy:
	movq %rcx, %rax
	cmpq $16, %r8
	jb 1f
	cmpq $32, %r8
	ja 2f
	movups (%rdx), %xmm0
	movups -16(%rdx,%r8), %xmm1
	movups %xmm0, (%rcx)
	movups %xmm1, -16(%rcx,%r8)
	ret
2:	cmpq $64, %r8
	ja 3f
	movups (%rdx), %xmm0
	movups 16(%rdx), %xmm1
	movups -32(%rdx,%r8), %xmm2
	movups -16(%rdx,%r8), %xmm3
	movups %xmm0, (%rcx)
	movups %xmm1, 16(%rcx)
	movups %xmm2, -32(%rcx,%r8)
	movups %xmm3, -16(%rcx,%r8)
	ret
3:	cmpq $2048, %r8
	jae 5f
	/* the last 64 bytes apart, whole blocks before them */
	leaq -64(%r8), %r9
	addq %rdx, %r9
	leaq -64(%rcx,%r8), %r10
4:	movups (%rdx), %xmm0
	movups 16(%rdx), %xmm1
	movups 32(%rdx), %xmm2
	movups 48(%rdx), %xmm3
	movups %xmm0, (%rcx)
	movups %xmm1, 16(%rcx)
	movups %xmm2, 32(%rcx)
	movups %xmm3, 48(%rcx)
	addq $64, %rdx
	addq $64, %rcx
	cmpq %r9, %rdx
	jb 4b
	movups (%r9), %xmm0
	movups 16(%r9), %xmm1
	movups 32(%r9), %xmm2
	movups 48(%r9), %xmm3
	movups %xmm0, (%r10)
	movups %xmm1, 16(%r10)
	movups %xmm2, 32(%r10)
	movups %xmm3, 48(%r10)
	ret

	/* rsi and rdi are the caller's: kept in registers that are not */
5:	movq %rdi, %r10
	movq %rsi, %r11
	movups (%rdx), %xmm0
	movups -16(%rdx,%r8), %xmm1
	leaq -16(%rcx,%r8), %r9
	leaq 16(%rcx), %rdi
	andq $-16, %rdi
	movq %rdi, %rsi
	subq %rcx, %rsi
	movups %xmm0, (%rcx)
	addq %rdx, %rsi
	leaq 7(%r9), %rcx
	subq %rdi, %rcx
	shrq $3, %rcx
	rep movsq
	movups %xmm1, (%r9)
	movq %r10, %rdi
	movq %r11, %rsi
	ret

1:	cmpl $8, %r8d
	jae 8f
	cmpl $4, %r8d
	jae 4f
	testl %r8d, %r8d
	jz 9f
	/* 1 to 3: first, middle, last */
	movzbl (%rdx), %r9d
	movl %r8d, %r11d
	shrl %r11d
	movzbl (%rdx,%r11), %r10d
	movzbl -1(%rdx,%r8), %edx
	movb %r9b, (%rcx)
	movb %r10b, (%rcx,%r11)
	movb %dl, -1(%rcx,%r8)
9:	ret
4:	movl (%rdx), %r9d
	movl -4(%rdx,%r8), %r10d
	movl %r9d, (%rcx)
	movl %r10d, -4(%rcx,%r8)
	ret
8:	movq (%rdx), %r9
	movq -8(%rdx,%r8), %r10
	movq %r9, (%rcx)
	movq %r10, -8(%rcx,%r8)
	ret
