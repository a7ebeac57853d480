/* The only code that touches user memory.  A fault between user_begin and
 * user_end goes on at user_fault, with the registers as they were: r10 and
 * r11 hold the caller's rdi and rsi. */
	.text

	.macro FUNCTION name
	.globl \name
	.def \name; .scl 2; .type 32; .endef
	.p2align 4
\name:
	.endm

FUNCTION user_begin

/* long user_copy_in(void *to, const void *user, size_t size)
 * long user_copy_out(void *user, const void *from, size_t size) */
FUNCTION user_copy_in
FUNCTION user_copy_out
	movq %rdi, %r10
	movq %rsi, %r11
	cmpq $8, %r8
	je 1f
	movq %rcx, %rdi
	movq %rdx, %rsi
	movq %r8, %rcx
	rep movsb
	movq %r10, %rdi
	movq %r11, %rsi
	xorl %eax, %eax
	ret
1:	movq (%rdx), %rax
	movq %rax, (%rcx)
	xorl %eax, %eax
	ret

/* long user_zero(void *user, size_t size) */
FUNCTION user_zero
	movq %rdi, %r10
	movq %rsi, %r11
	movq %rcx, %rdi
	movq %rdx, %rcx
	xorl %eax, %eax
	rep stosb
	movq %r10, %rdi
	ret

/* long user_string(char *to, const char *user, size_t room) */
FUNCTION user_string
	movq %rdi, %r10
	movq %rsi, %r11
	xorl %eax, %eax
1:	cmpq %r8, %rax
	jae 2f
	movb (%rdx,%rax), %r9b
	movb %r9b, (%rcx,%rax)
	testb %r9b, %r9b
	je 3f
	incq %rax
	jmp 1b
2:	movq $-36, %rax /* ENAMETOOLONG */
3:	ret

/* long user_word_load(uint32_t *out, const uint32_t *user) */
FUNCTION user_word_load
	movq %rdi, %r10
	movq %rsi, %r11
	movl (%rdx), %eax
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret

/* long user_word_exchange(uint32_t *user, uint32_t expected,
 *	uint32_t desired, uint32_t *found) */
FUNCTION user_word_exchange
	movq %rdi, %r10
	movq %rsi, %r11
	movl %edx, %eax
	lock cmpxchgl %r8d, (%rcx)
	movl %eax, (%r9)
	xorl %eax, %eax
	ret

FUNCTION user_end

FUNCTION user_fault
	movq %r10, %rdi
	movq %r11, %rsi
	cld
	movq $-14, %rax /* EFAULT */
	ret
