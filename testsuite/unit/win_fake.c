#include "test.h"

#include <errno.h>

#include "memory/memory.h"
#include "win/win.h"
#include "win_fake.h"

#define GRANULE 65536ul
#define PAGE	4096ul

/* ---- heap ---- */

static int blocks;

void *win_alloc(size_t size)
{
	blocks++;
	return calloc(1, size ? size : 1);
}

void *win_realloc(void *p, size_t size)
{
	blocks += !p;
	return realloc(p, size);
}

void win_free(void *p)
{
	blocks -= p != NULL;
	free(p);
}

int fake_blocks(void)
{
	return blocks;
}

/* ---- address space ---- */

struct area {
	struct area *next;
	uintptr_t start;
	size_t size;
	win_handle section; /* a view's; a reservation has none */
	signed char *pages; /* FAKE_RESERVED or protection */
	bool *written;
};

static struct area *areas;

static struct area *area_at(uintptr_t address)
{
	for (struct area *a = areas; a; a = a->next)
		if (address - a->start < a->size)
			return a;
	return NULL;
}

/* All of the range must lie in one of them: no Windows call spans two. */
static struct area *area_of(const void *at, size_t size)
{
	uintptr_t start = (uintptr_t)at;
	struct area *a = area_at(start);

	if (!a || start + size > a->start + a->size)
		fail_msg("%p, %zu bytes: not within one reservation", at, size);
	assert_int_equal(start % PAGE, 0);
	return a;
}

static int add_area(uintptr_t start, size_t size, win_handle section, int state)
{
	struct area *a;

	assert_int_equal(start % GRANULE, 0);
	size = (size + PAGE - 1) / PAGE * PAGE;
	for (a = areas; a; a = a->next)
		if (start < a->start + (a->size + GRANULE - 1) / GRANULE *
						GRANULE &&
			a->start < start + size)
			return -EEXIST;
	a = malloc(sizeof *a);
	*a = (struct area){ areas, start, size, section, malloc(size / PAGE),
		calloc(size / PAGE, 1) };
	memset(a->pages, state, size / PAGE);
	areas = a;
	return 0;
}

static void remove_area(void *at)
{
	for (struct area **p = &areas; *p; p = &(*p)->next) {
		struct area *a = *p;

		if (a->start == (uintptr_t)at) {
			*p = a->next;
			free(a->pages);
			free(a->written);
			free(a);
			return;
		}
	}
	fail_msg("%p is the start of nothing", at);
}

static bool *written(struct area *a, uintptr_t address)
{
	return &a->written[(address - a->start) / PAGE];
}

void fake_write(uintptr_t address)
{
	*written(area_at(address), address) = true;
}

bool fake_written(uintptr_t address)
{
	return *written(area_at(address), address);
}

static void set(struct area *a, const void *at, size_t size, int state)
{
	for (size_t i = 0; i < (size + PAGE - 1) / PAGE; i++)
		a->pages[((uintptr_t)at - a->start) / PAGE + i] =
			(signed char)state;
}

int fake_page(uintptr_t address)
{
	struct area *a = area_at(address);

	return a ? a->pages[(address - a->start) / PAGE] : FAKE_FREE;
}

int win_region_reserve(void *at, size_t size)
{
	return add_area((uintptr_t)at, size, 0, FAKE_RESERVED);
}

int win_region_release(void *at)
{
	remove_area(at);
	return 0;
}

int win_region_commit(void *at, size_t size, int protection)
{
	set(area_of(at, size), at, size, protection);
	return 0;
}

int win_region_decommit(void *at, size_t size)
{
	struct area *a = area_of(at, size);

	assert_null(a->section);
	set(a, at, size, FAKE_RESERVED);
	return user_zero(at, size) ? -EFAULT : 0;
}

int win_region_protect(void *at, size_t size, int protection)
{
	struct area *a = area_of(at, size);

	for (size_t i = 0; i < size / PAGE; i++)
		assert_int_not_equal(
			fake_page((uintptr_t)at + i * PAGE), FAKE_RESERVED);
	set(a, at, size, protection);
	return 0;
}

long user_zero(void *at, size_t size)
{
	struct area *a = area_of(at, size);

	for (size_t i = 0; i < size; i += PAGE)
		*written(a, (uintptr_t)at + i) = false;
	return 0;
}

int win_region_resident(const void *at, size_t count, uint8_t *resident)
{
	for (size_t i = 0; i < count; i++)
		resident[i] = fake_page((uintptr_t)at + i * PAGE) >= 0;
	return 0;
}

/* ---- sections and handles ---- */

static int handles;

int win_section_create(win_handle *out, const char *name, uint64_t size,
	bool reserve, bool *existed)
{
	*out = (win_handle)malloc(1);
	handles++;
	return 0;
}

int win_section_map(win_handle section, void **at, uint64_t offset, size_t size,
	int protection)
{
	assert_int_equal(offset % GRANULE, 0);
	return add_area((uintptr_t)*at, size, section, protection);
}

int win_section_unmap(void *at)
{
	assert_non_null(area_of(at, PAGE)->section);
	remove_area(at);
	return 0;
}

int win_section_flush(void *at, size_t size)
{
	area_of(at, size);
	return 0;
}

int win_duplicate(win_handle h, win_handle *out)
{
	return win_section_create(out, NULL, 0, false, NULL);
}

void win_close(win_handle h)
{
	handles -= h != 0;
	free(h);
}

int fake_handles(void)
{
	return handles;
}

int fake_views(void)
{
	int n = 0;

	for (struct area *a = areas; a; a = a->next)
		n += a->section != 0;
	return n;
}

/* ---- the rest that rooms ask for ---- */

int win_word_wait(const uint32_t *word, uint32_t value, int64_t deadline)
{
	fail_msg("a lock is taken twice");
	return 0;
}

void win_word_wake(const uint32_t *word)
{
}

void win_thread_yield(void)
{
}

int win_wait(const win_handle *list, int count, int64_t deadline)
{
	return -ETIMEDOUT;
}

void win_trace(const char *text, ...)
{
}

uint32_t win_process_id(void)
{
	return 7;
}

int64_t win_clock_monotonic(void)
{
	static int64_t now;

	return now += 1000;
}
