/* Processor flags that user code has set stay its own: the direction of string
 * instructions, the trap after each instruction, the check of alignment. */
#include "test.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <ucontext.h>
#include <unistd.h>

#define TRAP	  0x100
#define DIRECTION 0x400
#define ALIGNMENT 0x40000

static unsigned long flags(void)
{
	unsigned long f;

	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(f));
	return f;
}

static sigjmp_buf back;
static volatile unsigned long seen;

static void jump(int signal)
{
	seen = flags();
	siglongjmp(back, 1);
}

static void handle(int signal, void (*f)(int))
{
	struct sigaction a = { .sa_handler = f };

	assert_int_equal(sigaction(signal, &a, NULL), 0);
}

/* man 2 sigaction; System V ABI, 3.4.1: DF is clear when a function begins. */
static void handlers_begin_without(void **state)
{
	static const unsigned long set[] = { DIRECTION, ALIGNMENT };

	handle(SIGSEGV, jump);
	for (int i = 0; i < 2; i++) {
		seen = ~0ul;
		if (!sigsetjmp(back, 1))
			__asm__ volatile(
				"pushfq\n\torq %0, (%%rsp)\n\tpopfq\n\t"
				"movl 8, %%eax\n\tud2"
				:
				: "r"(set[i])
				: "rax", "memory");
		__asm__ volatile("pushfq\n\tandq $~0x40400, (%%rsp)\n\tpopfq" ::
					 : "memory");
		assert_false(seen & DIRECTION);
	}
	handle(SIGSEGV, SIG_DFL);
}

/* A call does not check its own alignment. */
static void calls_with_alignment_checked(void **state)
{
	long pid, length, bad;
	static char text[4096];

	syscall(SYS_getpid); /* bound, before that matters */
	__asm__ volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq" ::
				 : "memory");
	pid = syscall(SYS_getpid);
	length = syscall(SYS_getcwd, text, sizeof text);
	bad = syscall(SYS_getcwd, 8, sizeof text);
	__asm__ volatile("pushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq" ::
				 : "memory");
	assert_int_equal(pid, getpid());
	assert_int_equal(length, strlen(text) + 1);
	assert_int_equal(bad, -1);
}

static volatile int steps;

static void step(int signal, siginfo_t *info, void *context)
{
	assert_int_equal(info->si_code, TRAP_TRACE);
	steps++;
}

/* Each instruction of user code makes a SIGTRAP, and none of a call's. */
static void steps_end_at_a_call(void **state)
{
	struct sigaction a = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };
	long pid;

	assert_int_equal(sigaction(SIGTRAP, &a, NULL), 0);
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "nop\n\tnop\n\tnop" ::
				 : "memory");
	pid = syscall(SYS_getpid);
	__asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::
				 : "memory");
	assert_int_equal(pid, getpid());
	assert_true(steps >= 3);
	handle(SIGTRAP, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_begin_without),
		cmocka_unit_test(calls_with_alignment_checked),
		cmocka_unit_test(steps_end_at_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
