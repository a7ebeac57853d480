/* Alternate stacks: man 2 sigaltstack. */
#include "test.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char stack[2][65536];
static volatile stack_t seen, saved;
static volatile bool inside[2];
static volatile int depth, result;
static sigjmp_buf out;

static bool is_in(int which, void *p)
{
	return (char *)p >= stack[which] && (char *)p < stack[which + 1];
}

static void look(int signal, siginfo_t *info, void *context)
{
	char here;
	stack_t s;

	sigaltstack(NULL, &s);
	seen = s;
	saved = ((ucontext_t *)context)->uc_stack;
	inside[depth++] = is_in(0, &here);
	if (signal == SIGUSR1) {
		stack_t other = { .ss_sp = stack[1], .ss_size = 65536 };

		result = sigaltstack(&other, NULL) ? errno : 0;
		raise(SIGUSR2);
	}
}

static void jump(int signal, siginfo_t *info, void *context)
{
	siglongjmp(out, 1);
}

static void handle(int signal, void (*f)(int, siginfo_t *, void *))
{
	struct sigaction a = { .sa_sigaction = f,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	assert_int_equal(sigaction(signal, &a, NULL), 0);
}

static int set(int flags, size_t size)
{
	stack_t s = { .ss_sp = stack[0], .ss_size = size, .ss_flags = flags };

	return sigaltstack(&s, NULL);
}

static int none(void **state)
{
	depth = 0;
	result = -1;
	return set(SS_DISABLE, 0);
}

static void one_that_is_used_may_not_be_changed(void **state)
{
	stack_t now;

	handle(SIGUSR1, look);
	handle(SIGUSR2, look);
	assert_int_equal(set(0, 65536), 0);
	raise(SIGUSR1);
	assert_int_equal(depth, 2);
	assert_true(inside[0] && inside[1]);
	assert_int_equal(result, EPERM);
	assert_int_equal(seen.ss_flags, SS_ONSTACK);
	assert_ptr_equal(saved.ss_sp, stack[0]);
	sigaltstack(NULL, &now);
	assert_int_equal(now.ss_flags, 0);
	assert_ptr_equal(now.ss_sp, stack[0]);
	assert_int_equal(now.ss_size, 65536);
}

/* The handler may set another; when it returns the first one is there. */
static void one_may_disarm_itself(void **state)
{
	stack_t now;

	handle(SIGUSR1, look);
	handle(SIGUSR2, look);
	assert_int_equal(set((int)SS_AUTODISARM, 65536), 0);
	sigaltstack(NULL, &now);
	assert_int_equal(now.ss_flags, (int)SS_AUTODISARM);
	for (int i = 0; i < 2; i++) {
		depth = 0;
		raise(SIGUSR1);
		assert_int_equal(depth, 2);
		assert_true(inside[0]);
		assert_false(inside[1]);
		assert_int_equal(result, 0);
		/* what the second handler saw: the other */
		assert_ptr_equal(seen.ss_sp, stack[1]);
		sigaltstack(NULL, &now);
		assert_int_equal(now.ss_flags, (int)SS_AUTODISARM);
		assert_ptr_equal(now.ss_sp, stack[0]);
		assert_int_equal(now.ss_size, 65536);
	}
	depth = 0;
	raise(SIGUSR2);
	assert_int_equal(seen.ss_flags, SS_DISABLE);
	assert_ptr_equal(saved.ss_sp, stack[0]);
	assert_int_equal(saved.ss_flags, (int)SS_AUTODISARM);
}

static void who_jumps_out_has_none(void **state)
{
	stack_t now;

	handle(SIGUSR1, jump);
	assert_int_equal(set((int)SS_AUTODISARM, 65536), 0);
	if (!sigsetjmp(out, 1)) {
		raise(SIGUSR1);
		fail();
	}
	sigaltstack(NULL, &now);
	assert_int_equal(now.ss_flags, SS_DISABLE);
	assert_int_equal(set(0, 65536), 0);
	if (!sigsetjmp(out, 1)) {
		raise(SIGUSR1);
		fail();
	}
	sigaltstack(NULL, &now);
	assert_int_equal(now.ss_flags, 0);
	assert_ptr_equal(now.ss_sp, stack[0]);
}

static void what_is_wrong_is_refused(void **state)
{
	errno = 0;
	assert_fails(set(4, 65536), EINVAL);
	assert_fails(set(0, 1000), ENOMEM);
	assert_int_equal(set(SS_DISABLE, 0), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, none, none)
	const struct CMUnitTest tests[] = {
		CASE(one_that_is_used_may_not_be_changed),
		CASE(one_may_disarm_itself),
		CASE(who_jumps_out_has_none),
		CASE(what_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
