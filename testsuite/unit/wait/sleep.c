/* wait/sleep.c: no wake-up is lost, none is invented, and a crowd is woken too.
 * uses: winsup/libposix/wait/sleep.c testsuite/unit/fake_sleep.c
 * uses: winsup/libposix/task/shared.c winsup/libposix/task/process.c
 * uses: winsup/libposix/task/thread.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c winsup/libposix/lock/lock.c */
#include "test.h"

#include "abi/errno.h"
#include "unit/fake_sleep.h"
#include "wait/wait.h"

static struct wait_queue queue, other;
static int turns;

static int start(void **state)
{
	fake_session(state);
	wait_queue_init(&queue);
	wait_queue_init(&other);
	turns = 0;
	return 0;
}

static struct thread_slot *own(void)
{
	return &task_shared()->threads[current->slot];
}

static bool wake_once(void)
{
	if (turns++)
		return false;
	wake(&queue);
	return true;
}

static void a_wake_ends_a_sleep(void **state)
{
	struct sleep s;

	fake_turn = wake_once;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(sleep_on(&s, &queue), 0);
	assert_int_equal(sleep_wait(&s), 0);
	sleep_end(&s);
	assert_int_equal(queue.sequence, 1);
	assert_int_equal(own()->sleeping, 0);
}

/* Between looking and sleeping. */
static void a_wake_before_the_wait_is_kept(void **state)
{
	struct sleep s;

	sleep_begin(&s, WIN_FOREVER);
	sleep_on(&s, &queue);
	wake(&queue);
	assert_int_equal(sleep_wait(&s), 0);
	sleep_end(&s);
}

static void a_deadline_ends_a_sleep(void **state)
{
	struct sleep s;

	sleep_begin(&s, 5000);
	sleep_on(&s, &queue);
	assert_int_equal(sleep_wait(&s), -ETIMEDOUT);
	sleep_end(&s);
	assert_int_equal(fake_now, 5000);
}

static void who_has_left_is_not_woken(void **state)
{
	struct sleep s;

	sleep_begin(&s, WIN_FOREVER);
	sleep_on(&s, &queue);
	sleep_on(&s, &other);
	sleep_end(&s);
	for (int i = 0; i < 6; i++)
		assert_int_equal(queue.waiters[i] | other.waiters[i], 0);
	wake(&queue);
	assert_false(task_thread_event(current->slot)->set);
}

static void a_queue_twice_is_one_registration(void **state)
{
	struct sleep s;

	sleep_begin(&s, WIN_FOREVER);
	for (int i = 0; i < 20; i++)
		sleep_on(&s, &queue);
	assert_int_equal(s.queue_count, 1);
	assert_int_equal(queue.waiters[1], 0);
	sleep_end(&s);
}

static void many_queues_find_room(void **state)
{
	static struct wait_queue many[100];
	struct sleep s;

	sleep_begin(&s, WIN_FOREVER);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sleep_on(&s, &many[i]), 0);
	wake(&many[99]);
	assert_int_equal(sleep_wait(&s), 0);
	sleep_end(&s);
	for (int i = 0; i < 100; i++)
		assert_int_equal(many[i].waiters[0], 0);
}

static void a_signal_interrupts(void **state)
{
	struct sleep s;

	current->signals_pending = 1 << 9;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(sleep_wait(&s), -ERESTARTSYS);
	sleep_end(&s);
	current->sigmask = 1 << 9;
	sleep_begin(&s, 9000);
	assert_int_equal(sleep_wait(&s), -ETIMEDOUT);
	sleep_end(&s);
	task_process_slot(fake_process.slot)->signals.pending = 1 << 10;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(sleep_wait(&s), -ERESTARTSYS);
	sleep_end(&s);
}

static void a_dying_thread_does_not_sleep(void **state)
{
	struct sleep s;

	current->dying = 1;
	current->sigmask = ~0ul;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(sleep_wait(&s), -ERESTARTSYS);
	sleep_end(&s);
}

static uint32_t watched;

static bool peer_dies(void)
{
	if (turns++)
		return false;
	fake_end_process(201);
	return true;
}

static void a_peers_death_ends_a_sleep(void **state)
{
	struct sleep s;

	watched = fake_other_process(201);
	fake_turn = peer_dies;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(sleep_on_process(&s, watched), 0);
	assert_int_equal(s.handle_count, 2);
	assert_int_equal(sleep_wait(&s), 0);
	assert_false(task_process_lives(watched));
	sleep_end(&s);
}

static void handles_have_an_end(void **state)
{
	struct win_object objects[SLEEP_HANDLES + 1] = { { 0 } };
	struct sleep s;

	sleep_begin(&s, WIN_FOREVER);
	for (int i = 0; i < SLEEP_HANDLES; i++)
		assert_int_equal(sleep_on_handle(&s, &objects[i]), 0);
	assert_int_equal(sleep_on_handle(&s, &objects[3]), 0); /* again */
	assert_int_equal(sleep_on_handle(&s, &objects[SLEEP_HANDLES]), -ENOMEM);
	sleep_end(&s);
}

/* Ten threads on a queue with room for six. */
static void all_of_a_crowd_are_woken(void **state)
{
	struct thread *threads[10];
	struct sleep s[10];

	for (int i = 0; i < 10; i++) {
		threads[i] = fake_thread();
		win_tls_set(threads[i]);
		sleep_begin(&s[i], WIN_FOREVER);
		sleep_on(&s[i], &queue);
	}
	assert_int_equal(queue.crowded, 4);
	wake(&queue);
	for (int i = 0; i < 10; i++)
		assert_true(task_thread_event(threads[i]->slot)->set);
	for (int i = 0; i < 10; i++) {
		win_tls_set(threads[i]);
		assert_int_equal(sleep_wait(&s[i]), 0);
		sleep_end(&s[i]);
		assert_int_equal(own()->in_crowd, 0);
	}
	assert_int_equal(queue.crowded, 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(queue.waiters[i], 0);
}

/* A thread that was killed leaves its entry; its slot's next owner is woken
 * for nothing, and that is all. */
static void a_stale_entry_wakes_only_its_slot(void **state)
{
	struct sleep s;

	queue.waiters[0] = current->slot + 1;
	wake(&queue);
	assert_false(task_thread_event(current->slot)->set);
	sleep_begin(&s, 7000);
	wake(&queue);
	assert_int_equal(sleep_wait(&s), 0);
	sleep_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_wake_ends_a_sleep, start),
		cmocka_unit_test_setup(a_wake_before_the_wait_is_kept, start),
		cmocka_unit_test_setup(a_deadline_ends_a_sleep, start),
		cmocka_unit_test_setup(who_has_left_is_not_woken, start),
		cmocka_unit_test_setup(
			a_queue_twice_is_one_registration, start),
		cmocka_unit_test_setup(many_queues_find_room, start),
		cmocka_unit_test_setup(a_signal_interrupts, start),
		cmocka_unit_test_setup(a_dying_thread_does_not_sleep, start),
		cmocka_unit_test_setup(a_peers_death_ends_a_sleep, start),
		cmocka_unit_test_setup(handles_have_an_end, start),
		cmocka_unit_test_setup(all_of_a_crowd_are_woken, start),
		cmocka_unit_test_setup(
			a_stale_entry_wakes_only_its_slot, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
