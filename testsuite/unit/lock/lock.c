/* lock/lock.c: the lock between processes outlives its holder.
 * uses: winsup/libposix/lock/lock.c testsuite/unit/fake_sleep.c
 * uses: winsup/libposix/task/shared.c winsup/libposix/task/process.c
 * uses: winsup/libposix/task/thread.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c */
#include "test.h"

#include "lock/lock.h"
#include "unit/fake_sleep.h"

enum { OURS = 5, OURS_GENERATION = 7 };

static struct shared_lock lock;
static int asked, dead_slot, dead_generation, turns;
static void (*when_asked)(void);

static bool lives(uint32_t slot, uint32_t generation)
{
	void (*f)(void) = when_asked;

	asked++;
	when_asked = NULL;
	if (f)
		f();
	return !((int)slot == dead_slot && (int)generation == dead_generation);
}

static int start(void **state)
{
	fake_turn = NULL;
	asked = turns = 0;
	when_asked = NULL;
	dead_slot = dead_generation = -1;
	memset(&lock, 0, sizeof lock);
	lock_register_owner(
		(struct lock_owner){ OURS, OURS_GENERATION }, lives);
	return 0;
}

/* As the process in another host does. */
static void other_takes(uint32_t slot, uint32_t generation)
{
	lock_register_owner((struct lock_owner){ slot, generation }, lives);
	assert_false(shared_lock_take(&lock));
	lock_register_owner(
		(struct lock_owner){ OURS, OURS_GENERATION }, lives);
}

static void a_free_lock_is_taken_and_dropped(void **state)
{
	for (int i = 0; i < 3; i++) {
		assert_false(shared_lock_take(&lock));
		shared_lock_drop(&lock);
	}
	assert_int_equal(asked, 0);
}

static void a_dead_holders_lock_is_taken_over(void **state)
{
	other_takes(2, 9);
	dead_slot = 2;
	dead_generation = 9;
	assert_true(shared_lock_take(&lock)); /* repair, please */
	shared_lock_drop(&lock);
	assert_false(shared_lock_take(&lock));
}

static bool drop_at_turn(void)
{
	if (++turns == 1000)
		shared_lock_drop(&lock);
	return true;
}

static void a_living_holders_lock_is_waited_for(void **state)
{
	fake_turn = drop_at_turn;
	other_takes(2, 9);
	assert_false(shared_lock_take(&lock));
	assert_true(turns >= 1000);
	assert_true(asked > 0);
}

static bool drop_much_later(void)
{
	if (++turns == 100000)
		shared_lock_drop(&lock);
	return true;
}

/* A second thread of the same host waits like any other. */
static void a_lock_of_ones_own_host_is_waited_for(void **state)
{
	fake_turn = drop_much_later;
	assert_false(shared_lock_take(&lock));
	assert_false(shared_lock_take(&lock));
	assert_true(turns >= 100000);
}

/* Our slot was that of the host which died with the lock. */
static void a_lock_of_the_host_before_us_is_taken_over(void **state)
{
	other_takes(OURS, OURS_GENERATION - 1);
	dead_slot = OURS;
	dead_generation = OURS_GENERATION - 1;
	assert_true(shared_lock_take(&lock));
}

static bool drop_late(void)
{
	if (++turns == 5000)
		shared_lock_drop(&lock);
	return true;
}

/* While we ask, somebody takes the dead one's lock over. */
static void holder_changes(void)
{
	memset(&lock, 0, sizeof lock);
	other_takes(3, 4);
}

static void nobody_steals_from_who_stole(void **state)
{
	other_takes(2, 9);
	dead_slot = 2;
	dead_generation = 9;
	when_asked = holder_changes;
	fake_turn = drop_late;
	assert_false(shared_lock_take(&lock));
	assert_true(turns >= 5000);
}

static struct lock private;

static bool drop_private(void)
{
	lock_drop(&private);
	return true;
}

static void a_private_lock_is_waited_for(void **state)
{
	private = (struct lock)LOCK_INIT(RANK_FILE);
	lock_take(&private);
	assert_false(lock_try(&private));
	fake_turn = drop_private;
	lock_take(&private);
	lock_drop(&private);
	assert_true(lock_try(&private));
	assert_int_equal(private.rank, RANK_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_free_lock_is_taken_and_dropped, start),
		cmocka_unit_test_setup(
			a_dead_holders_lock_is_taken_over, start),
		cmocka_unit_test_setup(
			a_living_holders_lock_is_waited_for, start),
		cmocka_unit_test_setup(
			a_lock_of_ones_own_host_is_waited_for, start),
		cmocka_unit_test_setup(
			a_lock_of_the_host_before_us_is_taken_over, start),
		cmocka_unit_test_setup(nobody_steals_from_who_stole, start),
		cmocka_unit_test_setup(a_private_lock_is_waited_for, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
