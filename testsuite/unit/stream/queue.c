/* stream/queue.c: the ring, PIPE_BUF, and who holds an end.
 * uses: winsup/libposix/stream/queue.c winsup/libposix/wait/sleep.c
 * uses: testsuite/unit/fake_sleep.c winsup/libposix/lock/lock.c
 * uses: winsup/libposix/task/shared.c winsup/libposix/task/process.c
 * uses: winsup/libposix/task/thread.c winsup/libposix/lib/format.c
 * uses: winsup/libposix/lib/utf.c */
#include "test.h"

#include <limits.h>
#include <poll.h>

#include "abi/errno.h"
#include "stream/stream.h"
#include "unit/fake_sleep.h"

/* What a waiting writer fills. */
#define FULL (QUEUE_SIZE - QUEUE_LIMIT)

static struct queue q;
static uint32_t peer; /* a process that may hold the other end */
static char bytes[QUEUE_SIZE + 1], got[QUEUE_SIZE + 1];
static int turns;

static uint32_t own(void)
{
	return fake_process.slot;
}

static int start(void **state)
{
	fake_session(state);
	assert_int_equal(queue_start(), 0);
	assert_int_equal(queue_create(&q, own()), 0);
	peer = fake_other_process(210);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	turns = 0;
	return 0;
}

static void bytes_come_out_as_they_went_in(void **state)
{
	assert_int_equal(queue_write(q, "hello", 5, false), 5);
	assert_int_equal(queue_write(q, " world", 6, false), 6);
	assert_int_equal(queue_bytes(q), 11);
	assert_int_equal(queue_read(q, got, 3, false), 3);
	assert_int_equal(queue_read(q, got + 3, 100, false), 8);
	assert_memory_equal(got, "hello world", 11);
	assert_int_equal(queue_read(q, got, 1, true), -EAGAIN);
}

/* The byte at a position of the stream. */
static char byte_at(size_t position)
{
	return (char)(position * 2654435761u >> 16);
}

/* Sizes that divide nothing, twenty times round the ring. */
static void the_ring_wraps_at_any_place(void **state)
{
	size_t in = 0, out = 0;

	while (out < 20 * QUEUE_SIZE) {
		size_t n = 1 + (in * 31) % 9973;
		long r;

		for (size_t i = 0; i < n; i++)
			bytes[i] = byte_at(in + i);
		r = queue_write(q, bytes, n, true);
		if (r > 0)
			in += (size_t)r;
		n = 1 + (out * 17) % 8191;
		r = queue_read(q, got, n, true);
		for (long i = 0; i < r; i++)
			assert_int_equal(got[i], byte_at(out + (size_t)i));
		if (r > 0)
			out += (size_t)r;
		assert_int_equal(queue_bytes(q), in - out);
	}
}

static void positions_may_pass_any_number(void **state)
{
	struct queue_slot *s = &task_shared()->queues[q.slot];

	s->head = s->tail = UINT64_MAX - 100;
	assert_int_equal(queue_write(q, bytes, 1000, true), 1000);
	assert_int_equal(queue_bytes(q), 1000);
	assert_int_equal(queue_read(q, got, 2000, true), 1000);
	assert_memory_equal(got, bytes, 1000);
}

/* man 7 pipe's capacity for who does not wait; who waits may fill it all, but
 * for what is kept for bytes that are put back. */
static void it_is_full_at_its_limit(void **state)
{
	assert_int_equal(
		queue_write(q, bytes, QUEUE_SIZE + 1, true), QUEUE_LIMIT);
	assert_int_equal(queue_write(q, "x", 1, true), -EAGAIN);
	assert_int_equal(
		queue_write(q, bytes + QUEUE_LIMIT, FULL - QUEUE_LIMIT, false),
		FULL - QUEUE_LIMIT);
	assert_int_equal(fake_waits, 0);
	assert_int_equal(queue_write(q, "x", 1, true), -EAGAIN);
	assert_int_equal(queue_read(q, got, sizeof got, true), FULL);
	assert_memory_equal(got, bytes, FULL);
}

/* POSIX.1-2024 write(): up to PIPE_BUF all or nothing, more may be partial. */
static void small_writes_are_whole(void **state)
{
	assert_int_equal(queue_write(q, bytes, QUEUE_LIMIT - 100, true),
		QUEUE_LIMIT - 100);
	assert_int_equal(queue_write(q, bytes, 101, true), -EAGAIN);
	assert_int_equal(queue_write(q, bytes, PIPE_BUF, true), -EAGAIN);
	assert_int_equal(queue_bytes(q), QUEUE_LIMIT - 100);
	assert_int_equal(queue_write(q, bytes, PIPE_BUF + 1, true), 100);
	queue_read(q, got, 50, true);
	assert_int_equal(queue_write(q, bytes, 50, true), 50);
}

static bool read_some(void)
{
	if (turns++ > 1000)
		return false;
	assert_true(queue_read_some(q, got, 777) > 0);
	return true;
}

static void a_blocking_write_waits_until_all_is_in(void **state)
{
	fake_turn = read_some;
	assert_int_equal(queue_write(q, bytes, FULL, false), FULL);
	assert_int_equal(fake_waits, 0);
	assert_int_equal(queue_write(q, bytes, PIPE_BUF, false), PIPE_BUF);
	/* 777 bytes a time: room for a whole PIPE_BUF came at the sixth */
	assert_int_equal(turns, 6);
}

static bool write_one(void)
{
	if (turns++)
		return false;
	assert_int_equal(queue_write_some(q, "!", 1), 1);
	return true;
}

static void a_blocking_read_waits_for_one_byte(void **state)
{
	fake_turn = write_one;
	assert_int_equal(queue_read(q, got, 100, false), 1);
	assert_int_equal(got[0], '!');
}

static void the_end_is_when_no_writer_is_left(void **state)
{
	queue_hold(q, QUEUE_WRITER, peer);
	queue_write(q, "ab", 2, false);
	queue_release(q, QUEUE_WRITER, own());
	assert_int_equal(queue_read(q, got, 1, false), 1);
	queue_release(q, QUEUE_WRITER, peer);
	assert_int_equal(queue_read(q, got, 9, false), 1); /* what is left */
	assert_int_equal(queue_read(q, got, 9, false), 0);
	assert_int_equal(queue_read(q, got, 9, true), 0);
	assert_int_equal(queue_poll(q, QUEUE_READER, POLLIN, NULL), POLLHUP);
}

static void nobody_to_read_is_epipe(void **state)
{
	queue_hold(q, QUEUE_READER, peer);
	queue_release(q, QUEUE_READER, own());
	assert_int_equal(queue_write(q, "a", 1, false), 1);
	queue_release(q, QUEUE_READER, peer);
	assert_int_equal(queue_write(q, "a", 1, false), -EPIPE);
	assert_int_equal(queue_write(q, "a", 1, true), -EPIPE);
	assert_true(queue_poll(q, QUEUE_WRITER, POLLOUT, NULL) & POLLERR);
}

static bool peer_is_killed(void)
{
	if (turns++)
		return false;
	fake_end_process(210);
	return true;
}

/* No handler of ours ran in it: its bit is still set. */
static void a_killed_writer_is_seen(void **state)
{
	queue_hold(q, QUEUE_WRITER, peer);
	queue_release(q, QUEUE_WRITER, own());
	fake_turn = peer_is_killed;
	assert_int_equal(queue_read(q, got, 9, false), 0);
	assert_false(queue_has(q, QUEUE_WRITER));
}

static void a_killed_reader_is_seen(void **state)
{
	queue_hold(q, QUEUE_READER, peer);
	queue_release(q, QUEUE_READER, own());
	queue_write(q, bytes, FULL, false);
	fake_turn = peer_is_killed;
	assert_int_equal(queue_write(q, bytes, 10, false), -EPIPE);
}

static void a_killed_peer_is_seen_by_poll(void **state)
{
	struct sleep s;

	queue_hold(q, QUEUE_WRITER, peer);
	queue_release(q, QUEUE_WRITER, own());
	fake_turn = peer_is_killed;
	sleep_begin(&s, WIN_FOREVER);
	assert_int_equal(queue_poll(q, QUEUE_READER, POLLIN, &s), 0);
	assert_int_equal(sleep_wait(&s), 0);
	assert_int_equal(queue_poll(q, QUEUE_READER, POLLIN, &s), POLLHUP);
	sleep_end(&s);
}

static void poll_tells_what_would_not_block(void **state)
{
	assert_int_equal(queue_poll(q, QUEUE_READER, POLLIN, NULL), 0);
	assert_int_equal(queue_poll(q, QUEUE_WRITER, POLLOUT, NULL), POLLOUT);
	queue_write(q, bytes, QUEUE_LIMIT - PIPE_BUF + 1, true);
	assert_int_equal(queue_poll(q, QUEUE_READER, POLLIN, NULL), POLLIN);
	/* a write of PIPE_BUF would block: man 7 pipe */
	assert_int_equal(queue_poll(q, QUEUE_WRITER, POLLOUT, NULL), 0);
}

static void a_bad_address_takes_nothing(void **state)
{
	queue_write(q, "abc", 3, false);
	assert_int_equal(queue_read(q, (void *)8, 2, false), -EFAULT);
	assert_int_equal(queue_write(q, (void *)8, 2, false), -EFAULT);
	assert_int_equal(queue_bytes(q), 3);
}

static void a_signal_interrupts_a_read(void **state)
{
	current->signals_pending = 1;
	assert_int_equal(queue_read(q, got, 1, false), -ERESTARTSYS);
}

static void what_is_written_before_a_signal_counts(void **state)
{
	current->signals_pending = 1;
	assert_int_equal(queue_write(q, bytes, QUEUE_SIZE, false), FULL);
	assert_int_equal(queue_write(q, bytes, 1, false), -ERESTARTSYS);
}

/* A slot is given out again only when nobody holds it, as another queue. */
static void a_slot_serves_again_under_a_new_generation(void **state)
{
	struct queue old = q, next;

	queue_hold(q, QUEUE_READER, peer);
	queue_release(q, QUEUE_READER, own());
	queue_release(q, QUEUE_WRITER, own());
	assert_int_equal(queue_create(&next, peer), 0);
	assert_int_not_equal(next.slot, old.slot); /* peer has it */
	queue_forget_process(peer);
	assert_int_equal(queue_create(&next, own()), 0);
	assert_int_equal(next.slot, old.slot);
	assert_int_equal(next.generation, old.generation + 1);
	assert_int_equal(queue_bytes(next), 0);
}

static void there_is_an_end_of_slots(void **state)
{
	struct queue one;
	int made = 1;

	while (!queue_create(&one, own()))
		made++;
	assert_int_equal(made, QUEUE_SLOTS);
	assert_int_equal(queue_create(&one, own()), -ENFILE);
	queue_forget_process(own());
	assert_int_equal(queue_create(&one, own()), 0);
}

/* Killed at any instruction of queue_create(). */
static void a_dead_makers_slot_is_not_lost(void **state)
{
	struct shared *sh = task_shared();
	struct queue one;
	uint32_t slot;
	int made = 1;

	assert_int_equal(queue_create(&one, peer), 0);
	slot = one.slot;
	sh->queues[slot].word = (sh->queues[slot].word & ~0xfful) | 1;
	queue_forget_process(peer);
	assert_int_equal(sh->queues[slot].word & 0xff, 0);
	/* not even held yet: found when there is no other */
	sh->queues[slot].word |= 1;
	while (!queue_create(&one, own()))
		made++;
	assert_int_equal(made, QUEUE_SLOTS);
}

/* Both holders let go at once; the slower one still thinks of freeing when the
 * slot has its next queue, which nobody may free for it. */
static void a_late_release_leaves_the_next_queue(void **state)
{
	struct queue_slot *s = &task_shared()->queues[q.slot];
	struct queue next;
	uint64_t before;

	queue_forget_process(own());
	assert_int_equal(queue_create(&next, peer), 0);
	assert_int_equal(next.slot, q.slot);
	before = s->word;
	queue_release(q, QUEUE_READER, own());
	queue_release(q, QUEUE_WRITER, own());
	assert_int_equal(s->word, before);
	assert_true(queue_has(next, QUEUE_READER));
}

/* Killed while it moved bytes: the positions are as before it began. */
static void a_dead_readers_turn_is_taken_over(void **state)
{
	struct queue_slot *s = &task_shared()->queues[q.slot];
	uint32_t host = task_process_slot(peer)->host;

	queue_write(q, "abc", 3, false);
	s->read_turn.owner = 1ul << 32 | (host + 1);
	fake_end_process(210);
	assert_int_equal(queue_read(q, got, 9, false), 3);
	assert_memory_equal(got, "abc", 3);
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_come_out_as_they_went_in),
		TEST(the_ring_wraps_at_any_place),
		TEST(positions_may_pass_any_number),
		TEST(it_is_full_at_its_limit),
		TEST(small_writes_are_whole),
		TEST(a_blocking_write_waits_until_all_is_in),
		TEST(a_blocking_read_waits_for_one_byte),
		TEST(the_end_is_when_no_writer_is_left),
		TEST(nobody_to_read_is_epipe),
		TEST(a_killed_writer_is_seen),
		TEST(a_killed_reader_is_seen),
		TEST(a_killed_peer_is_seen_by_poll),
		TEST(poll_tells_what_would_not_block),
		TEST(a_bad_address_takes_nothing),
		TEST(a_signal_interrupts_a_read),
		TEST(what_is_written_before_a_signal_counts),
		TEST(a_slot_serves_again_under_a_new_generation),
		TEST(there_is_an_end_of_slots),
		TEST(a_dead_makers_slot_is_not_lost),
		TEST(a_late_release_leaves_the_next_queue),
		TEST(a_dead_readers_turn_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
