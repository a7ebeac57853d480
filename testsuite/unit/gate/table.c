/* gate/table.c: each number of abi/syscalls.def leads to its function, with
 * its arguments, and to its text.
 * uses: winsup/libposix/gate/table.c */
#include "test.h"

#include "abi/syscalls.h"
#include "gate/private.h"

/* Every system call: remembers who was called and answers its number. */
static const char *called;
static struct frame *given;

#define SYSCALL(number, name, status, count, ...) \
	long sys_##name(P##count(__VA_ARGS__)) \
	{ \
		called = #name; \
		return number; \
	}
#define SYSCALL_FRAME(number, name, status, count, ...) \
	long sys_##name(struct frame *frame, P##count(__VA_ARGS__)) \
	{ \
		called = #name; \
		given = frame; \
		return number; \
	}
#define SYSCALL_FRAME0(number, name, status) \
	long sys_##name(struct frame *frame) \
	{ \
		called = #name; \
		given = frame; \
		return number; \
	}
#define SYSCALL_ABSENT(number, name)
/* these look at what arrives */
#define sys_mmap   unused_mmap
#define sys_openat unused_openat
#include "abi/syscalls.def"
#undef sys_mmap
#undef sys_openat
#undef SYSCALL
#undef SYSCALL_FRAME
#undef SYSCALL_FRAME0
#undef SYSCALL_ABSENT

static uint64_t seen[6];

long sys_mmap(uintptr_t a, size_t b, int c, unsigned long d, int e, long f)
{
	uint64_t all[] = { a, b, (uint64_t)c, d, (uint64_t)e, (uint64_t)f };

	called = "mmap";
	memcpy(seen, all, sizeof all);
	return 9;
}

long sys_openat(int a, const char *b, int c, unsigned d)
{
	uint64_t all[] = { (uint64_t)a, (uint64_t)b, (uint64_t)c, d, 0, 0 };

	called = "openat";
	memcpy(seen, all, sizeof all);
	return 257;
}

static const struct call {
	uint64_t number;
	const char *name;
	bool absent;
	int count;
} calls[] = {
#define SYSCALL(number, name, status, count, ...) \
	{ number, #name, false, count },
#define SYSCALL_FRAME(number, name, status, count, ...) \
	{ number, #name, false, count },
#define SYSCALL_FRAME0(number, name, status) { number, #name, false, 0 },
#define SYSCALL_ABSENT(number, name)	     { number, #name, true, 6 },
#include "abi/syscalls.def"
};

#define CALLS (sizeof calls / sizeof *calls)

static void every_number_leads_to_its_function(void **state)
{
	struct frame frame = { 0 };

	for (size_t i = 0; i < CALLS; i++) {
		thunk *run = gate_thunk(calls[i].number);

		if (calls[i].absent) {
			assert_null(run);
			continue;
		}
		assert_non_null(run);
		assert_int_equal(run(&frame), calls[i].number);
		assert_string_equal(called, calls[i].name);
	}
}

static void no_number_is_listed_twice(void **state)
{
	for (size_t i = 0; i < CALLS; i++)
		for (size_t k = 0; k < i; k++) {
			assert_int_not_equal(calls[i].number, calls[k].number);
			assert_string_not_equal(calls[i].name, calls[k].name);
		}
}

static void every_number_has_its_text(void **state)
{
	for (size_t i = 0; i < CALLS; i++) {
		const struct call_text *t = gate_text(calls[i].number);

		assert_non_null(t);
		assert_string_equal(t->name, calls[i].name);
		assert_int_equal(t->count, calls[i].count);
	}
}

/* The trace takes kinds apart at commas outside parentheses. */
static void a_text_has_a_kind_for_each_argument(void **state)
{
	for (size_t i = 0; i < CALLS; i++) {
		const struct call_text *t = gate_text(calls[i].number);
		int n = *t->kinds != 0, depth = 0;

		for (const char *p = t->kinds; *p; p++) {
			depth += (*p == '(') - (*p == ')');
			n += *p == ',' && !depth;
		}
		assert_int_equal(depth, 0);
		assert_int_equal(n, t->count);
	}
}

/* A buffer's size is another argument of the same call. */
static void a_buffers_size_is_an_argument(void **state)
{
	for (size_t i = 0; i < CALLS; i++) {
		const struct call_text *t = gate_text(calls[i].number);

		for (const char *p = t->kinds; (p = strstr(p, "_BUF(")); p++)
			assert_in_range(p[5], '0', '0' + t->count - 1);
	}
}

static void other_numbers_lead_nowhere(void **state)
{
	static const uint64_t numbers[] = { 335, 511, 512, 513, 0xfff, 0x100a,
		0x100f, 0x1010, 0x1011, 1ul << 31, 1ul << 32, 1ul << 63, ~0ul,
		~0ul - 0xfff };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_null(gate_thunk(numbers[i]));
		assert_null(gate_text(numbers[i]));
	}
}

static void arguments_arrive_in_their_types(void **state)
{
	struct frame frame = { .arguments = { 0x123456789abcdef0, ~0ul,
				       0xffffffff00000003, 0x22, ~0ul,
				       0x7000000000 } };

	gate_thunk(9)(&frame);
	assert_int_equal(seen[0], 0x123456789abcdef0);
	assert_int_equal(seen[1], ~0ul);
	assert_int_equal(seen[2], 3); /* an int is the lower half */
	assert_int_equal(seen[3], 0x22);
	assert_int_equal(seen[4], ~0ul);
	assert_int_equal(seen[5], 0x7000000000);
	frame.arguments[0] = 0xffffff9c; /* AT_FDCWD without its sign */
	frame.arguments[3] = 0xf000001b6;
	gate_thunk(257)(&frame);
	assert_int_equal(seen[0], (uint64_t)-100);
	assert_int_equal(seen[3], 0x1b6);
}

static void a_call_that_changes_registers_gets_them(void **state)
{
	static const uint64_t numbers[] = { 15, 56, 57, 58, 59, 322 };
	struct frame frame = { 0 };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		given = NULL;
		gate_thunk(numbers[i])(&frame);
		assert_ptr_equal(given, &frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_leads_to_its_function),
		cmocka_unit_test(no_number_is_listed_twice),
		cmocka_unit_test(every_number_has_its_text),
		cmocka_unit_test(a_text_has_a_kind_for_each_argument),
		cmocka_unit_test(a_buffers_size_is_an_argument),
		cmocka_unit_test(other_numbers_lead_nowhere),
		cmocka_unit_test(arguments_arrive_in_their_types),
		cmocka_unit_test(a_call_that_changes_registers_gets_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
