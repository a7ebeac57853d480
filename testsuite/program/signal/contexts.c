/* Contexts: man 3 makecontext, man 3 getcontext. */
#include "test.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static char stack[2][65536];
static ucontext_t first, other[2];
static int seen[8];
static volatile int turns, value;

static void make(int i, void (*f)(void), ucontext_t *link)
{
	assert_int_equal(getcontext(&other[i]), 0);
	other[i].uc_stack.ss_sp = stack[i];
	other[i].uc_stack.ss_size = sizeof stack[i];
	other[i].uc_link = link;
	makecontext(&other[i], f, 0);
}

static void with_words(int a, int b, int c, int d, int e, int f, int g)
{
	int all[] = { a, b, c, d, e, f, g };

	memcpy(seen, all, sizeof all);
	assert_int_equal((uintptr_t)__builtin_frame_address(0) % 16, 0);
}

static void arguments_and_the_next_one(void **state)
{
	memset(seen, 0, sizeof seen);
	getcontext(&other[0]);
	other[0].uc_stack.ss_sp = stack[0];
	other[0].uc_stack.ss_size = sizeof stack[0];
	other[0].uc_link = &first;
	makecontext(&other[0], (void (*)(void))with_words, 7, 1, -2, 3, -4, 5,
		-6, 7);
	assert_int_equal(swapcontext(&first, &other[0]), 0);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], -2);
	assert_int_equal(seen[3], -4);
	assert_int_equal(seen[4], 5);
	assert_int_equal(seen[5], -6);
	assert_int_equal(seen[6], 7);
}

static void generate(void)
{
	double d = 0.5;

	for (int i = 1; i <= 1000; i++) {
		value = (int)(d * 2) * i;
		swapcontext(&other[0], &first);
	}
}

static void they_take_turns(void **state)
{
	double sum = 0.25;

	make(0, generate, &first);
	for (int i = 1; i <= 1000; i++) {
		swapcontext(&first, &other[0]);
		assert_int_equal(value, i);
		sum += i;
	}
	assert_true(sum == 500500.25);
	/* its end goes to the next one */
	swapcontext(&first, &other[0]);
}

static void one_may_be_gone_back_to(void **state)
{
	ucontext_t here;

	turns = 0;
	assert_int_equal(getcontext(&here), 0);
	if (++turns < 5)
		setcontext(&here);
	assert_int_equal(turns, 5);
}

static bool blocks(int signal)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, signal);
}

static void look_at_mask(void)
{
	seen[0] = blocks(SIGUSR1);
	seen[1] = blocks(SIGUSR2);
	seen[2] = fegetround();
	fesetround(FE_TONEAREST);
}

static void masks_and_rounding_are_theirs(void **state)
{
	sigset_t usr1, usr2;

	sigemptyset(&usr1);
	sigemptyset(&usr2);
	sigaddset(&usr1, SIGUSR1);
	sigaddset(&usr2, SIGUSR2);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	fesetround(FE_UPWARD);
	make(0, look_at_mask, &first);
	fesetround(FE_DOWNWARD);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	swapcontext(&first, &other[0]);
	assert_int_equal(fegetround(), FE_DOWNWARD);
	fesetround(FE_TONEAREST);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 0);
	assert_int_equal(seen[2], FE_UPWARD);
	assert_false(blocks(SIGUSR1));
	assert_true(blocks(SIGUSR2));
	sigprocmask(SIG_UNBLOCK, &usr2, NULL);
}

static void step(void)
{
	value++;
}

static void a_handler(int signal)
{
	step();
}

static void raise_there(void)
{
	raise(SIGUSR1);
	*(volatile int *)&turns = 1;
}

static void signals_come_there_too(void **state)
{
	signal(SIGUSR1, a_handler);
	value = turns = 0;
	make(1, raise_there, &first);
	swapcontext(&first, &other[1]);
	assert_int_equal(value, 1);
	assert_int_equal(turns, 1);
}

static void the_last_one_ends_the_thread(void **state)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		make(0, step, NULL);
		setcontext(&other[0]);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_and_the_next_one),
		cmocka_unit_test(they_take_turns),
		cmocka_unit_test(one_may_be_gone_back_to),
		cmocka_unit_test(masks_and_rounding_are_theirs),
		cmocka_unit_test(signals_come_there_too),
		cmocka_unit_test(the_last_one_ends_the_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
