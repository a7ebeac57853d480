/* memory: what is mapped where, by Windows' rules
 * uses: winsup/libposix/memory/regions.c winsup/libposix/memory/arena.c
 * winsup/libposix/memory/calls.c winsup/libposix/memory/stack.c
 * winsup/libposix/lock/lock.c
 * testsuite/unit/win_fake.c */
#include "test.h"

#include <errno.h>
#include <sys/mman.h>

#include "../win_fake.h"
#include "memory/private.h"

#define PAGE 4096ul
#define RW   (PROT_READ | PROT_WRITE)
#define UNIT (64ul << 20) /* arena.c's reservations */

static uintptr_t map(size_t size, int protection)
{
	long at = memory_map_anonymous(0, size, protection, MAP_PRIVATE);

	assert_true(at > 0);
	return (uintptr_t)at;
}

static uintptr_t map_section(size_t size, int protection, uint64_t offset)
{
	struct mappable what = { .offset = offset };
	long at;

	win_section_create(&what.section, NULL, size, false, NULL);
	at = memory_map_section(0, size, protection, RW, 0, &what);
	assert_true(at > 0);
	return (uintptr_t)at;
}

static size_t count(void)
{
	size_t n = 0;

	list_for_each(entry, &memory_regions) n++;
	return n;
}

/* Given back, or a spare: in any case nobody can get at it. */
static bool gone(uintptr_t page)
{
	return fake_page(page) == FAKE_RESERVED || !fake_page(page);
}

static int set_up(void **state)
{
	list_init(&memory_regions);
	return 0;
}

/* Nothing is left of a program when it has ended. */
static int tear_down(void **state)
{
	memory_drop(NULL);
	assert_int_equal(count(), 0);
	assert_int_equal(fake_views(), 0);
	assert_int_equal(fake_handles(), 0);
	return 0;
}

static void neighbours_become_one_region(void **state)
{
	uintptr_t a = map(PAGE, RW), b = map(3 * PAGE, RW);

	assert_int_equal(b, a + PAGE);
	assert_int_equal(count(), 1);
	assert_int_equal(memory_protect(a + PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(count(), 3);
	assert_int_equal(fake_page(a + PAGE), PROT_READ);
	assert_int_equal(memory_protect(a, 4 * PAGE, RW), 0);
	assert_int_equal(count(), 1);
}

static void a_hole_is_used_again(void **state)
{
	uintptr_t a = map(8 * PAGE, RW), b;

	map(PAGE, RW);
	assert_int_equal(memory_unmap(a + 2 * PAGE, 3 * PAGE), 0);
	assert_true(gone(a + 2 * PAGE));
	assert_int_equal(fake_page(a + 5 * PAGE), RW);
	b = map(3 * PAGE, PROT_READ);
	assert_int_equal(b, a + 2 * PAGE);
	assert_int_equal(memory_unmap(b, 3 * PAGE), 0);
	assert_true(map(4 * PAGE, RW) > a + 8 * PAGE);
}

static void write_all(uintptr_t start, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fake_write(start + i * PAGE);
}

static void assert_zero(uintptr_t start, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_false(fake_written(start + i * PAGE));
}

static void what_is_mapped_again_is_zero(void **state)
{
	uintptr_t a = map(8 * PAGE, RW);

	write_all(a, 8);
	for (size_t n = 1; n <= 8; n++) {
		assert_int_equal(memory_unmap(a, n * PAGE), 0);
		assert_int_equal(map(n * PAGE, n & 1 ? RW : PROT_READ), a);
		assert_zero(a, n);
		write_all(a, n);
	}
	/* a part of what was given back, then all of it */
	assert_int_equal(memory_unmap(a, 8 * PAGE), 0);
	assert_int_equal(map(3 * PAGE, PROT_READ), a);
	assert_int_equal(fake_page(a + 2 * PAGE), PROT_READ);
	assert_true(gone(a + 3 * PAGE));
	assert_int_equal(memory_unmap(a, 3 * PAGE), 0);
	assert_int_equal(map(8 * PAGE, RW), a);
	assert_zero(a, 8);
}

static void no_call_spans_two_reservations(void **state)
{
	uintptr_t a = map(3 * UNIT, RW);

	assert_int_equal(memory_protect(a + PAGE, 2 * UNIT, PROT_READ), 0);
	assert_int_equal(fake_page(a + 2 * UNIT), PROT_READ);
	assert_int_equal(memory_advise(a + PAGE, 2 * UNIT, MADV_DONTNEED), 0);
	assert_int_equal(memory_unmap(a + 5 * PAGE, 2 * UNIT), 0);
	assert_int_equal(fake_page(a + UNIT), FAKE_RESERVED);
}

static void without_access_there_is_no_memory(void **state)
{
	uintptr_t a = map(1ul << 30, PROT_NONE);

	assert_int_equal(fake_page(a), FAKE_RESERVED);
	assert_int_equal(memory_protect(a + 5 * PAGE, PAGE, RW), 0);
	assert_int_equal(fake_page(a + 5 * PAGE), RW);
	assert_int_equal(fake_page(a + 6 * PAGE), FAKE_RESERVED);
	/* memory that was there keeps its contents */
	assert_int_equal(memory_protect(a + 5 * PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(fake_page(a + 5 * PAGE), 0);
}

static void holes_are_told(void **state)
{
	uintptr_t a = map(3 * PAGE, RW);

	memory_unmap(a + PAGE, PAGE);
	assert_int_equal(memory_protect(a, 3 * PAGE, PROT_READ), -ENOMEM);
	assert_int_equal(memory_advise(a, 3 * PAGE, MADV_DONTNEED), -ENOMEM);
	assert_int_equal(memory_sync(a, 3 * PAGE, MS_SYNC), -ENOMEM);
	assert_int_equal(memory_unmap(a, 3 * PAGE), 0);
	assert_int_equal(memory_unmap(a, 3 * PAGE), 0);
	assert_int_equal(memory_unmap(a + 1, PAGE), -EINVAL);
	assert_int_equal(memory_unmap(a, 0), -EINVAL);
}

static void a_view_begins_at_a_granule(void **state)
{
	uintptr_t a = map_section(3 * PAGE, RW, 17 * PAGE);

	assert_int_equal(a % GRANULE, PAGE);
	assert_int_equal(fake_page(a - PAGE), 0);
	assert_int_equal(fake_page(a), RW);
	assert_int_equal(memory_protect(a, 3 * PAGE, 7), -EACCES);
	assert_int_equal(memory_unmap(a, 3 * PAGE), 0);
	assert_int_equal(fake_views(), 0);
	assert_int_equal(fake_handles(), 0);
}

static void part_of_a_view_keeps_its_place(void **state)
{
	uintptr_t a = map_section(64 * PAGE, RW, 0), b;

	assert_int_equal(memory_unmap(a + 16 * PAGE, 32 * PAGE), 0);
	assert_int_equal(fake_page(a + 16 * PAGE), 0);
	assert_int_equal(memory_protect(a, 64 * PAGE, PROT_READ), -ENOMEM);
	b = map_section(16 * PAGE, RW, 0);
	assert_true(b >= a + 64 * PAGE);
	assert_int_equal(memory_map_anonymous(a + 16 * PAGE, PAGE, RW,
				 MAP_PRIVATE | MAP_FIXED),
		-ENOMEM);
	assert_int_equal(memory_unmap(a, 16 * PAGE), 0);
	assert_int_equal(fake_views(), 2);
	assert_int_equal(memory_unmap(a, 64 * PAGE), 0);
	assert_int_equal(fake_views(), 1);
	/* now it is free */
	assert_int_equal(map_section(64 * PAGE, RW, 0), a);
}

static void a_view_that_moves_is_one_view(void **state)
{
	uintptr_t a = map_section(16 * PAGE, RW, 0);
	long b = memory_remap(a, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE, 0);

	assert_true(b > 0 && b != (long)a);
	assert_int_equal(fake_views(), 1);
	assert_int_equal(fake_handles(), 1);
	assert_int_equal(memory_remap((uintptr_t)b, 32 * PAGE, PAGE, 0, 0), b);
}

static void fixed_places(void **state)
{
	uintptr_t a = map(8 * PAGE, RW);
	int flags = MAP_PRIVATE | MAP_FIXED;

	assert_int_equal(
		memory_map_anonymous(a + 2 * PAGE, PAGE, PROT_READ, flags),
		a + 2 * PAGE);
	assert_int_equal(fake_page(a + 2 * PAGE), PROT_READ);
	assert_int_equal(memory_map_anonymous(a, PAGE, PROT_READ,
				 MAP_PRIVATE | MAP_FIXED_NOREPLACE),
		-EEXIST);
	assert_int_equal(memory_map_anonymous(a + 1, PAGE, RW, flags), -EINVAL);
	/* where programs and Windows are */
	assert_int_equal(
		memory_map_anonymous(0x100400000, PAGE, RW, flags), -ENOMEM);
	assert_int_equal(
		memory_map_anonymous(MEMORY_HIGH, PAGE, RW, flags), -ENOMEM);
}

static void the_break_goes_up_and_down(void **state)
{
	long start = memory_break(0);

	assert_int_equal(start, BREAK_START);
	assert_int_equal(memory_break((uintptr_t)start + 5000), start + 5000);
	assert_int_equal(fake_page((uintptr_t)start + PAGE), RW);
	assert_int_equal(memory_break((uintptr_t)start + 100), start + 100);
	assert_true(gone((uintptr_t)start + PAGE));
	assert_int_equal(memory_break(5), start + 100);
}

/* Random calls against a plain picture of them. */
static void as_a_picture_of_pages(void **state)
{
	enum { PAGES = 200 };
	signed char picture[PAGES];
	uintptr_t base = map(PAGES * PAGE, RW);

	memset(picture, RW, sizeof picture);
	srand(1);
	for (int i = 0; i < 20000; i++) {
		int from = rand() % PAGES, n = 1 + rand() % (PAGES - from);
		int protection = rand() % 3 == 0 ? PROT_READ : RW;
		uintptr_t at = base + (uintptr_t)from * PAGE;
		size_t size = (size_t)n * PAGE;
		bool whole = !memchr(picture + from, FAKE_FREE, (size_t)n);
		long r;

		switch (rand() % 3) {
		case 0:
			assert_int_equal(memory_unmap(at, size), 0);
			memset(picture + from, FAKE_FREE, (size_t)n);
			break;
		case 1:
			r = memory_map_anonymous(
				at, size, protection, MAP_PRIVATE | MAP_FIXED);
			assert_int_equal(r, at);
			memset(picture + from, protection, (size_t)n);
			break;
		case 2:
			r = memory_protect(at, size, protection);
			assert_int_equal(r, whole ? 0 : -ENOMEM);
			if (whole)
				memset(picture + from, protection, (size_t)n);
		}
		for (int k = 0; k < PAGES; k++) {
			int now = fake_page(base + (uintptr_t)k * PAGE);

			if (picture[k] == FAKE_FREE)
				assert_true(now == FAKE_FREE ||
					    gone(base + (uintptr_t)k * PAGE));
			else
				assert_int_equal(now, picture[k]);
		}
	}
}

#define GUARDED (RW | WIN_GUARD)

/* A stack as musl makes one: `below` bytes of nothing, then 8 pages. */
static uintptr_t stack(size_t below)
{
	uintptr_t at = map(below + 8 * PAGE, PROT_NONE) + below;

	assert_int_equal(memory_protect(at, 8 * PAGE, RW), 0);
	memory_guard_stack(at + 5 * PAGE);
	return at;
}

static void a_guard_below_a_stack(void **state)
{
	uintptr_t at = stack(16 * PAGE);
	struct region r;

	assert_int_equal(fake_page(at), RW);
	assert_int_equal(fake_page(at - 1), GUARDED);
	assert_int_equal(fake_page(at - 2 * PAGE), RW);
	assert_int_equal(fake_page(at - 8 * PAGE), RW);
	assert_true(gone(at - 9 * PAGE));
	/* the program does not see it */
	assert_true(memory_find(at - 1, &r));
	assert_int_equal(r.protection, PROT_NONE);
	/* once is enough */
	memory_guard_stack(at);
	assert_int_equal(count(), 3);
	assert_int_equal(memory_unmap(at - 16 * PAGE, 24 * PAGE), 0);
	for (int i = 1; i <= 16; i++)
		assert_true(gone(at - i * PAGE));
}

static void a_guard_that_is_cut(void **state)
{
	uintptr_t at = stack(8 * PAGE);

	/* what was made memory is not the guard's any more, nor is the rest */
	assert_int_equal(memory_protect(at - 2 * PAGE, PAGE, RW), 0);
	assert_int_equal(fake_page(at - 2 * PAGE), RW);
	assert_true(gone(at - 1));
	assert_true(gone(at - 3 * PAGE));
	at = stack(8 * PAGE);
	assert_int_equal(memory_unmap(at - PAGE, PAGE), 0);
	for (int i = 1; i <= 8; i++)
		assert_true(gone(at - i * PAGE));
	/* all of it */
	at = stack(8 * PAGE);
	assert_int_equal(memory_protect(at - 8 * PAGE, 8 * PAGE, RW), 0);
	for (int i = 1; i <= 8; i++)
		assert_int_equal(fake_page(at - i * PAGE), RW);
}

static void no_room_for_a_guard(void **state)
{
	uintptr_t at = stack(2 * PAGE);

	assert_true(gone(at - 1));
	assert_true(gone(at - 2 * PAGE));
	at = map(PAGE, RW);
	memory_guard_stack(at);
	memory_guard_stack(MEMORY_HIGH - 1);
}

/* It stays from life to life, and goes where the next has another place. */
static void the_first_guard_stays(void **state)
{
	uintptr_t first = memory_make_stack(16 * PAGE), other;
	uintptr_t low = first - 16 * PAGE;

	memory_guard_stack(first - 1);
	assert_int_equal(fake_page(low - 1), GUARDED);
	memory_drop(NULL);
	assert_int_equal(fake_page(low - 1), GUARDED);
	assert_int_equal(memory_make_stack(16 * PAGE), first);
	memory_guard_stack(first - 1);
	assert_int_equal(fake_page(low - 1), GUARDED);
	memory_drop(NULL);
	map(16 * PAGE, PROT_NONE);
	other = memory_make_stack(16 * PAGE) - 16 * PAGE;
	assert_true(other != low);
	memory_guard_stack(other);
	assert_int_equal(fake_page(other - 1), GUARDED);
	assert_true(gone(low - 1) || fake_page(low - 1) == RW);
	memory_drop(NULL);
	/* what is mapped there is like any other */
	fake_write(other - PAGE);
	assert_int_equal(memory_map_anonymous(other - PAGE, PAGE, RW,
				 MAP_PRIVATE | MAP_FIXED),
		(long)(other - PAGE));
	assert_int_equal(fake_page(other - 1), RW);
	assert_false(fake_written(other - 1));
	assert_true(gone(other - 2 * PAGE));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(neighbours_become_one_region),
		CASE(a_hole_is_used_again),
		CASE(what_is_mapped_again_is_zero),
		CASE(no_call_spans_two_reservations),
		CASE(without_access_there_is_no_memory),
		CASE(holes_are_told),
		CASE(a_view_begins_at_a_granule),
		CASE(part_of_a_view_keeps_its_place),
		CASE(a_view_that_moves_is_one_view),
		CASE(fixed_places),
		CASE(the_break_goes_up_and_down),
		CASE(as_a_picture_of_pages),
		CASE(a_guard_below_a_stack),
		CASE(a_guard_that_is_cut),
		CASE(no_room_for_a_guard),
		CASE(the_first_guard_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
