/* fs/nt/table.c: what is put is found, by many threads and when it is full
 * uses: winsup/libposix/fs/nt/table.c winsup/libposix/lib/utf.c */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "fs/nt/table.h"

static struct mode_table *make(void)
{
	struct mode_table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(t, MAP_FAILED);
	return t;
}

static void drop(struct mode_table *t)
{
	munmap(t, sizeof *t);
}

static void put_get_remove(void **state)
{
	struct mode_table *t = make();

	assert_int_equal(mode_table_get(t, 1, 2), -ENOENT);
	mode_table_remove(t, 1, 2);
	assert_int_equal(mode_table_put(t, 1, 2, 0), 0);
	assert_int_equal(mode_table_get(t, 1, 2), 0);
	assert_int_equal(mode_table_put(t, 1, 2, 07777), 0);
	assert_int_equal(mode_table_get(t, 1, 2), 07777);
	/* the number alone is not the file */
	assert_int_equal(mode_table_get(t, 1, 3), -ENOENT);
	assert_int_equal(mode_table_get(t, 2, 2), -ENOENT);
	mode_table_remove(t, 1, 2);
	assert_int_equal(mode_table_get(t, 1, 2), -ENOENT);
	drop(t);
}

static void many(void **state)
{
	struct mode_table *t = make();
	uint64_t n = MODE_SLOTS / 2;

	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(mode_table_put(t, i, 7, i & 07777), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(mode_table_get(t, i, 7), i & 07777);
	/* what lies behind what is gone is still found */
	for (uint64_t i = 0; i < n; i += 2)
		mode_table_remove(t, i, 7);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(mode_table_get(t, i, 7),
			i & 1 ? (long)(i & 07777) : -ENOENT);
	/* and free slots serve again: as often as one likes */
	for (uint64_t i = 0; i < 4ul * MODE_SLOTS; i++) {
		assert_int_equal(mode_table_put(t, n + i, 7, 0600), 0);
		mode_table_remove(t, n + i, 7);
	}
	drop(t);
}

static void full(void **state)
{
	struct mode_table *t = make();
	uint64_t i = 0;
	long r;

	while (!(r = mode_table_put(t, i, 1, 0600)))
		assert_in_range(++i, 0, MODE_SLOTS);
	assert_int_equal(r, -ENOSPC);
	assert_in_range(i, MODE_SLOTS / 2, MODE_SLOTS);
	assert_int_equal(mode_table_get(t, i, 1), -ENOENT);
	assert_int_equal(mode_table_get(t, i - 1, 1), 0600);
	drop(t);
}

/* A filler that was killed: its slot is lost, nothing else. */
static void killed_half_way(void **state)
{
	struct mode_table *t = make();

	assert_int_equal(mode_table_put(t, 1, 1, 0600), 0);
	for (uint32_t i = 0; i < MODE_SLOTS; i++)
		if (t->slots[i].state) {
			t->slots[i].state = 2; /* busy */
			break;
		}
	assert_int_equal(mode_table_get(t, 1, 1), -ENOENT);
	assert_int_equal(mode_table_put(t, 1, 1, 0640), 0);
	assert_int_equal(mode_table_get(t, 1, 1), 0640);
	drop(t);
}

struct work {
	struct mode_table *table;
	uint64_t first;
	int wrong;
};

/* Own files, whose slots others free and take all the time. */
static void *worker(void *argument)
{
	struct work *w = argument;

	for (int round = 0; round < 400; round++) {
		for (uint64_t i = 0; i < 200; i++)
			w->wrong += mode_table_put(w->table, w->first + i, 1,
					    (round + i) & 07777) != 0;
		for (uint64_t i = 0; i < 200; i++)
			w->wrong += mode_table_get(w->table, w->first + i, 1) !=
				    (long)((round + i) & 07777);
		for (uint64_t i = 0; i < 200; i++) {
			mode_table_remove(w->table, w->first + i, 1);
			w->wrong += mode_table_get(w->table, w->first + i, 1) !=
				    -ENOENT;
		}
	}
	return NULL;
}

static void by_many_threads(void **state)
{
	struct mode_table *t = make();
	struct work work[4];
	pthread_t thread[4];

	for (int i = 0; i < 4; i++) {
		work[i] = (struct work){ t, (uint64_t)i * 1000, 0 };
		assert_int_equal(
			pthread_create(&thread[i], NULL, worker, &work[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(work[i].wrong, 0);
	}
	drop(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_get_remove),
		cmocka_unit_test(many),
		cmocka_unit_test(full),
		cmocka_unit_test(killed_half_way),
		cmocka_unit_test(by_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
