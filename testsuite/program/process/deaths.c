/* Programs that die of what they did to themselves. */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int death_of(void (*f)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		for (int i = 1; i < 32; i++)
			signal(i, SIG_DFL); /* CMocka catches some */
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		alarm(30);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void fault_without_a_stack(void)
{
	__asm__ volatile("movq $16, %rsp\n\tmovl 8, %eax\n\tud2");
}

static void fault_with_a_stack_that_is_no_address(void)
{
	__asm__ volatile(
		"movabsq $0x123456789abcdef0, %rsp\n\tmovl 8, %eax\n\tud2");
}

/* There is nowhere to say it: the process ends, and its parent learns why. */
static void without_a_stack(void **state)
{
	assert_int_equal(death_of(fault_without_a_stack), SIGSEGV);
	assert_int_equal(
		death_of(fault_with_a_stack_that_is_no_address), SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
