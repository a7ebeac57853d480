/* wait/futex.c and wait/deadline.c.
 * uses: winsup/libposix/wait/futex.c winsup/libposix/wait/deadline.c
 * uses: winsup/libposix/wait/shared_futex.c winsup/libposix/wait/lock_futex.c
 * uses: winsup/libposix/wait/sleep.c testsuite/unit/fake_sleep.c
 * uses: winsup/libposix/task/shared.c winsup/libposix/task/process.c
 * uses: winsup/libposix/task/thread.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c winsup/libposix/lock/lock.c */
#include "test.h"

#include <time.h>

#include "abi/errno.h"
#include "unit/fake_sleep.h"
#include "wait/private.h"

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	REALTIME = 256
};

static uint32_t word, second;
static int turns;
static long woken;
static bool is_shared; /* whether other processes have the words as well */

bool memory_shared_word(uintptr_t address, uint64_t *object, uint64_t *offset)
{
	*object = 1;
	*offset = address;
	return is_shared;
}

/* these words are no robust mutexes */
uint32_t robust_holder(const uint32_t *word, uint32_t value)
{
	return 0;
}

void robust_mark(uint32_t *word, uint32_t value)
{
}

static int start(void **state)
{
	fake_session(state);
	word = second = turns = 0;
	return 0;
}

static int start_shared(void **state)
{
	is_shared = true;
	return start(state);
}

static int stop_shared(void **state)
{
	(void)state;
	is_shared = false;
	return 0;
}

static bool wake_word(void)
{
	if (turns++)
		return false;
	woken = futex_call(&word, WAKE, 10, NULL, NULL, 0);
	return true;
}

static void a_waiter_is_woken(void **state)
{
	fake_turn = wake_word;
	assert_int_equal(futex_call(&word, WAIT, 0, NULL, NULL, 0), 0);
	assert_int_equal(woken, 1);
	assert_int_equal(futex_call(&word, WAKE, 1, NULL, NULL, 0), 0);
}

static void another_value_is_not_waited_for(void **state)
{
	word = 5;
	assert_int_equal(futex_call(&word, WAIT, 4, NULL, NULL, 0), -EAGAIN);
	assert_int_equal(fake_waits, 0);
}

static bool move_then_wake(void)
{
	switch (turns++) {
	case 0:
		assert_int_equal(
			futex_call(&word, REQUEUE, 0, (void *)1l, &second, 0),
			1);
		return true;
	case 1:
		/* nobody is left at the first word */
		assert_int_equal(futex_call(&word, WAKE, 1, NULL, NULL, 0), 0);
		woken = futex_call(&second, WAKE, 1, NULL, NULL, 0);
		return true;
	}
	return false;
}

static void a_moved_waiter_is_woken_at_its_new_word(void **state)
{
	fake_turn = move_then_wake;
	assert_int_equal(futex_call(&word, WAIT, 0, NULL, NULL, 0), 0);
	assert_int_equal(woken, 1);
}

static bool move_only(void)
{
	if (turns++)
		return false;
	assert_int_equal(
		futex_call(&word, CMP_REQUEUE, 0, (void *)1l, &second, 0), 1);
	return true;
}

/* Timed out in the bucket it was moved to: nothing of it stays there. */
static void a_moved_waiter_may_time_out(void **state)
{
	struct timespec t = { 1, 0 };

	fake_turn = move_only;
	assert_int_equal(futex_call(&word, WAIT, 0, &t, NULL, 0), -ETIMEDOUT);
	assert_int_equal(futex_call(&second, WAKE, 1, NULL, NULL, 0), 0);
	assert_int_equal(futex_call(&word, WAKE, 1, NULL, NULL, 0), 0);
}

static void comparing_before_moving(void **state)
{
	word = 3;
	assert_int_equal(
		futex_call(&word, CMP_REQUEUE, 1, (void *)1l, &second, 4),
		-EAGAIN);
}

static bool wake_bits(void)
{
	switch (turns++) {
	case 0:
		assert_int_equal(
			futex_call(&word, WAKE_BITSET, 9, NULL, NULL, 4), 0);
		return true;
	case 1:
		assert_int_equal(
			futex_call(&word, WAKE_BITSET, 9, NULL, NULL, 3), 1);
		return true;
	}
	return false;
}

static void only_common_bits_wake(void **state)
{
	fake_turn = wake_bits;
	assert_int_equal(futex_call(&word, WAIT_BITSET, 0, NULL, NULL, 2), 0);
	assert_int_equal(
		futex_call(&word, WAIT_BITSET, 0, NULL, NULL, 0), -EINVAL);
}

/* WAIT's time is relative, WAIT_BITSET's a point in time. */
static void timeouts_are_relative_or_absolute(void **state)
{
	struct timespec t = { 2, 5 };

	fake_now = 1000;
	assert_int_equal(futex_call(&word, WAIT, 0, &t, NULL, 0), -ETIMEDOUT);
	assert_int_equal(fake_now, 2000000005 + 1000);
	t = (struct timespec){ 3, 0 };
	assert_int_equal(
		futex_call(&word, WAIT_BITSET, 0, &t, NULL, 1), -ETIMEDOUT);
	assert_int_equal(fake_now, 3000000000);
	/* already past */
	t = (struct timespec){ 1, 0 };
	assert_int_equal(
		futex_call(&word, WAIT_BITSET, 0, &t, NULL, 1), -ETIMEDOUT);
	assert_int_equal(fake_now, 3000000000);
	t = (struct timespec){ 1004, 0 };
	assert_int_equal(
		futex_call(&word, WAIT_BITSET | REALTIME, 0, &t, NULL, 1),
		-ETIMEDOUT);
	assert_int_equal(fake_now, 4000000000);
}

static void bad_arguments_are_refused(void **state)
{
	struct timespec t = { 0, 1000000000 };

	assert_int_equal(futex_call((uint32_t *)((char *)&word + 1), WAIT, 0,
				 NULL, NULL, 0),
		-EINVAL);
	assert_int_equal(futex_call(NULL, WAIT, 0, NULL, NULL, 0), -EFAULT);
	assert_int_equal(futex_call(NULL, WAKE, 1, NULL, NULL, 0), -EFAULT);
	assert_int_equal(futex_call(&word, WAIT, 0, &t, NULL, 0), -EINVAL);
	t = (struct timespec){ -1, 0 };
	assert_int_equal(futex_call(&word, WAIT, 0, &t, NULL, 0), -EINVAL);
	assert_int_equal(
		futex_call(&word, WAIT, 0, (void *)8l, NULL, 0), -EFAULT);
	assert_int_equal(futex_call(&word, REQUEUE, -1, (void *)1l, &second, 0),
		-EINVAL);
	assert_int_equal(futex_call(&word, 77, 0, NULL, NULL, 0), -ENOSYS);
}

static void a_signal_ends_a_wait(void **state)
{
	current->signals_pending = 2;
	assert_int_equal(
		futex_call(&word, WAIT, 0, NULL, NULL, 0), -ERESTARTSYS);
	assert_int_equal(futex_call(&word, WAKE, 1, NULL, NULL, 0), 0);
}

static void times_beyond_counting_are_for_ever(void **state)
{
	struct timespec t = { INT64_MAX, 999999999 };
	int64_t deadline;

	assert_int_equal(
		deadline_from_user(&deadline, &t, CLOCK_MONOTONIC, false), 0);
	assert_int_equal(deadline, WIN_FOREVER);
	assert_int_equal(
		deadline_from_user(&deadline, NULL, CLOCK_MONOTONIC, false), 0);
	assert_int_equal(deadline, WIN_FOREVER);
	assert_int_equal(deadline_after(INT64_MAX), WIN_FOREVER);
	/* 0 would mean "do not wait" */
	fake_now = 0;
	assert_int_equal(deadline_after(0), 1);
	assert_int_equal(deadline_after(-5), 1);
}

/* Both kinds of words behave alike. */
#define CASE(name) \
	cmocka_unit_test_setup(name, start), \
		cmocka_unit_test_setup_teardown( \
			name, start_shared, stop_shared)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_waiter_is_woken),
		CASE(another_value_is_not_waited_for),
		CASE(a_moved_waiter_is_woken_at_its_new_word),
		CASE(a_moved_waiter_may_time_out),
		CASE(comparing_before_moving),
		CASE(only_common_bits_wake),
		CASE(timeouts_are_relative_or_absolute),
		CASE(bad_arguments_are_refused),
		CASE(a_signal_ends_a_wait),
		CASE(times_beyond_counting_are_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
