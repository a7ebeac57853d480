/* task/process.c and task/shared.c: slots, pids, hosts, who lives.
 * uses: winsup/libposix/task/process.c winsup/libposix/task/shared.c
 * uses: winsup/libposix/task/thread.c testsuite/unit/fake_sleep.c
 * uses: winsup/libposix/lock/lock.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c */
#include "test.h"

#include "abi/errno.h"
#include "unit/fake_sleep.h"

static long allocate(void)
{
	long i = task_process_allocate();

	if (i >= 0)
		task_process_slot(i)->word =
			(task_process_slot(i)->word & ~0xfful) |
			PROCESS_RUNNING;
	return i;
}

static void set_state(long i, enum process_state state)
{
	task_process_slot(i)->word =
		(task_process_slot(i)->word & ~0xfful) | state;
}

static void a_new_slot_is_nobodys_child(void **state)
{
	long i = task_process_allocate();
	struct process_slot *p = task_process_slot(i);

	assert_int_equal(task_process_state(p->word), PROCESS_EMBRYO);
	assert_int_equal(p->parent, 0);
	assert_int_equal(p->group, 0);
	assert_int_equal(p->signals.pending, 0);
	assert_true(p->pid > fake_process.pid);
	/* nobody has seen it yet */
	assert_int_equal(task_process_find(p->pid), -ESRCH);
	set_state(i, PROCESS_RUNNING);
	assert_int_equal(task_process_find(p->pid), i);
	set_state(i, PROCESS_ZOMBIE);
	assert_int_equal(task_process_find(p->pid), i);
	assert_int_equal(task_process_find(0), -ESRCH);
	assert_int_equal(task_process_find(-1), -ESRCH);
}

static void a_slots_next_user_has_another_generation(void **state)
{
	long i = allocate();
	uint32_t generation =
		task_process_generation(task_process_slot(i)->word);
	int pid = task_process_slot(i)->pid;

	assert_true(task_index_same((uint32_t)i, generation));
	task_process_free((uint32_t)i);
	assert_int_equal(task_process_find(pid), -ESRCH);
	assert_int_equal(allocate(), i);
	assert_false(task_index_same((uint32_t)i, generation));
	assert_int_not_equal(task_process_slot(i)->pid, pid);
}

static void slots_have_an_end(void **state)
{
	long i, n = 0;

	while ((i = allocate()) >= 0)
		n++;
	assert_int_equal(i, -EAGAIN);
	assert_int_equal(n, PROCESS_SLOTS - 1); /* one is the test's */
	task_process_free(77);
	assert_int_equal(allocate(), 77);
}

/* Groups and sessions outlive the process that gave them its pid. */
static void a_pid_in_use_is_passed_over(void **state)
{
	long a = allocate(), b = allocate();
	int next = task_process_slot(b)->pid + 1;

	task_process_slot(a)->group = next;
	task_process_slot(b)->session = next + 1;
	assert_int_equal(task_process_slot(allocate())->pid, next + 2);
}

static void pids_begin_again_at_two(void **state)
{
	task_shared()->last_pid = 99999;
	assert_int_equal(fake_process.pid, 2);
	assert_int_equal(task_process_slot(allocate())->pid, 3);
	task_shared()->last_pid = 99998;
	assert_int_equal(task_process_slot(allocate())->pid, 99999);
	assert_int_equal(task_process_slot(allocate())->pid, 4);
}

static void the_status_is_part_of_the_word(void **state)
{
	uint64_t word = 0x1234ul << 32 | 0xabcdef00 | PROCESS_ZOMBIE;

	assert_int_equal(task_process_state(word), PROCESS_ZOMBIE);
	assert_int_equal(task_process_generation(word), 0xabcdef);
	assert_int_equal(task_process_status(word), 0x1234);
}

static void one_of_many_reaps(void **state)
{
	long i = allocate();

	assert_false(task_process_take_zombie((uint32_t)i));
	set_state(i, PROCESS_ZOMBIE);
	assert_true(task_process_take_zombie((uint32_t)i));
	assert_false(task_process_take_zombie((uint32_t)i));
	assert_int_equal(task_process_find(task_process_slot(i)->pid), -ESRCH);
}

static void the_last_process_wakes_waiting_hosts(void **state)
{
	uint64_t word;
	long host = task_host_allocate(HOST_STARTING, &word);
	long i = allocate();

	task_shared()->hosts[host].word = (word & ~0xfful) | HOST_FREE;
	task_process_free((uint32_t)i);
	assert_false(task_host_event((uint32_t)host)->set);
	task_process_free(fake_process.slot);
	assert_true(task_host_event((uint32_t)host)->set);
}

static void a_process_lives_while_its_host_does(void **state)
{
	uint32_t i = fake_other_process(220);

	assert_true(task_process_lives(i));
	assert_true(task_process_lives(fake_process.slot));
	fake_end_process(220);
	assert_false(task_process_lives(i));
	set_state(i, PROCESS_ZOMBIE);
	assert_false(task_process_lives(i));
}

static void a_host_is_known_by_its_generation(void **state)
{
	uint32_t i = fake_other_process(221);
	uint32_t host = task_process_slot(i)->host;
	uint32_t generation =
		task_host_word_generation(task_shared()->hosts[host].word);

	assert_true(task_host_lives(host, generation));
	assert_false(task_host_lives(host, generation + 1));
	assert_false(task_host_lives(host, generation - 1));
	assert_null(task_host_process(HOST_SLOTS, 0));
}

static void a_host_slot_is_claimed_by_its_word(void **state)
{
	uint64_t word;
	long i = task_host_allocate(HOST_STARTING, &word);
	struct shared *s = task_shared();

	assert_int_equal(task_host_state(word), HOST_STARTING);
	assert_int_equal(s->hosts[i].word, word);
	assert_true(task_host_taker_lives(s->hosts[i].taker)); /* us */
	/* the next to get it has another word */
	s->hosts[i].word = word & ~0xfful;
	assert_int_equal(task_host_allocate(HOST_STARTING, &word), i);
	assert_int_equal(task_host_word_generation(word), 2);
}

static void hosts_have_an_end(void **state)
{
	uint64_t word;
	int n = 0;

	while (task_host_allocate(HOST_STARTING, &word) >= 0)
		n++;
	assert_int_equal(n, HOST_SLOTS - 1);
	assert_int_equal(task_host_allocate(HOST_STARTING, &word), -EAGAIN);
}

static void a_dead_hosts_thread_slots_are_used_again(void **state)
{
	struct shared *s = task_shared();
	struct thread *t;
	uint32_t host = task_process_slot(fake_other_process(222))->host;

	for (uint32_t i = 0; i < THREAD_SLOTS; i++)
		if (!s->threads[i].owner)
			s->threads[i].owner = task_host_self();
	s->threads[500].owner = 1ul << 32 | (host + 1);
	s->threads[500].in_crowd = s->threads[500].sleeping = 1;
	assert_int_equal(task_thread_create(&t), -EAGAIN);
	fake_end_process(222);
	assert_int_equal(task_thread_create(&t), 0);
	assert_int_equal(t->slot, 500);
	assert_int_equal(s->threads[500].in_crowd, 0);
	assert_int_equal(s->threads[500].sleeping, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, fake_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_slot_is_nobodys_child),
		TEST(a_slots_next_user_has_another_generation),
		TEST(slots_have_an_end),
		TEST(a_pid_in_use_is_passed_over),
		TEST(pids_begin_again_at_two),
		TEST(the_status_is_part_of_the_word),
		TEST(one_of_many_reaps),
		TEST(the_last_process_wakes_waiting_hosts),
		TEST(a_process_lives_while_its_host_does),
		TEST(a_host_is_known_by_its_generation),
		TEST(a_host_slot_is_claimed_by_its_word),
		TEST(hosts_have_an_end),
		TEST(a_dead_hosts_thread_slots_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
