/* signal/queue.c: what is pending.
 * uses: winsup/libposix/signal/queue.c testsuite/unit/fake_sleep.c
 * uses: winsup/libposix/task/shared.c winsup/libposix/task/process.c
 * uses: winsup/libposix/task/thread.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c winsup/libposix/lock/lock.c */
#include "test.h"

#include "abi/errno.h"
#include "signal/private.h"
#include "unit/fake_sleep.h"

static struct signal_queue *queue(void)
{
	return &task_process_slot(fake_process.slot)->signals;
}

static long put(int signal, int value)
{
	struct signal_record r = { .signal = signal, .value = value };

	return signal_queue_put(queue(), &r);
}

/* Signal and value of the next one, 0 if there is none. */
static int take(uint64_t wanted)
{
	struct signal_record r;

	if (!signal_queue_take(queue(), wanted, &r))
		return 0;
	return r.signal * 1000 + (int)r.value;
}

static void a_standard_signal_is_kept_once_as_it_came(void **state)
{
	assert_int_equal(put(10, 1), 0);
	assert_int_equal(put(10, 2), 0);
	assert_int_equal(take(~0ul), 10001);
	assert_int_equal(take(~0ul), 0);
	assert_int_equal(put(10, 3), 0);
	assert_int_equal(take(~0ul), 10003);
}

/* POSIX.1-2024 2.4.1: the lowest number first, one number in order. */
static void realtime_signals_queue_in_order(void **state)
{
	put(40, 1);
	put(36, 2);
	put(40, 3);
	put(12, 4);
	put(36, 5);
	assert_int_equal(take(~0ul), 12004);
	assert_int_equal(take(~0ul), 36002);
	assert_int_equal(take(~0ul), 36005);
	assert_int_equal(take(~0ul), 40001);
	assert_int_equal(queue()->pending, 1ul << 39);
	assert_int_equal(take(~0ul), 40003);
	assert_int_equal(queue()->pending, 0);
}

static void only_what_is_wanted_is_taken(void **state)
{
	put(3, 0);
	put(35, 1);
	assert_int_equal(take(1ul << 4), 0);
	assert_int_equal(take(1ul << 34), 35001);
	assert_int_equal(take(1ul << 34), 0);
	assert_int_equal(take(1ul << 2), 3000);
}

static void a_full_ring_says_so_and_loses_nothing(void **state)
{
	for (int i = 0; i < REALTIME_RING; i++)
		assert_int_equal(put(34, i), 0);
	assert_int_equal(put(34, 0), -EAGAIN);
	assert_int_equal(put(50, 0), -EAGAIN);
	assert_int_equal(queue()->pending, 1ul << 33); /* 50 is not there */
	assert_int_equal(put(5, 7), 0); /* standard ones have their place */
	for (int i = 0; i < REALTIME_RING; i++)
		assert_int_equal(take(1ul << 33), 34000 + i);
	assert_int_equal(take(1ul << 33), 0);
}

static void dropping_a_set_leaves_the_rest(void **state)
{
	put(19, 0);
	put(18, 1);
	put(34, 2);
	put(35, 3);
	put(34, 4);
	signal_queue_drop(queue(), 1ul << 18 | 1ul << 33);
	assert_int_equal(take(~0ul), 18001);
	assert_int_equal(take(~0ul), 35003);
	assert_int_equal(take(~0ul), 0);
}

/* A sender killed between storing a record and saying so, the lock in hand. */
static void a_dead_senders_signal_is_not_lost(void **state)
{
	uint32_t other = fake_other_process(202);
	uint32_t host = task_process_slot(other)->host;

	put(34, 1);
	queue()->lock.owner = 1ul << 32 | (host + 1);
	queue()->ring[queue()->ring_count++] =
		(struct signal_record){ .signal = 45, .value = 6 };
	queue()->pending |= 1ul << 40; /* said, but its record went */
	fake_end_process(202);
	assert_int_equal(put(2, 9), 0);
	assert_int_equal(take(~0ul), 2009);
	assert_int_equal(take(~0ul), 34001);
	assert_int_equal(take(~0ul), 45006);
	assert_int_equal(take(~0ul), 0);
}

static void a_threads_own_come_first(void **state)
{
	struct signal_record r = { .signal = 30, .value = 1 };

	put(2, 2);
	signal_thread_put(current, &r);
	assert_true(signal_take(current, ~0ul, &r));
	assert_int_equal(r.signal, 30);
	assert_true(signal_take(current, ~0ul, &r));
	assert_int_equal(r.signal, 2);
	assert_false(signal_take(current, ~0ul, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_standard_signal_is_kept_once_as_it_came,
			fake_session),
		cmocka_unit_test_setup(
			realtime_signals_queue_in_order, fake_session),
		cmocka_unit_test_setup(
			only_what_is_wanted_is_taken, fake_session),
		cmocka_unit_test_setup(
			a_full_ring_says_so_and_loses_nothing, fake_session),
		cmocka_unit_test_setup(
			dropping_a_set_leaves_the_rest, fake_session),
		cmocka_unit_test_setup(
			a_dead_senders_signal_is_not_lost, fake_session),
		cmocka_unit_test_setup(a_threads_own_come_first, fake_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
