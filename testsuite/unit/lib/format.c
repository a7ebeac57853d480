/* lib/format.c: against the C library's own.
 * uses: winsup/libposix/lib/format.c */
#include "test.h"

#include <stdio.h>

#include "lib/lib.h"

#define SAME(...) \
	do { \
		char ours[64], theirs[64]; \
		size_t n = format(ours, sizeof ours, __VA_ARGS__); \
		assert_int_equal(snprintf(theirs, 64, __VA_ARGS__), n); \
		assert_string_equal(ours, theirs); \
	} while (0)

static void conversions_agree_with_printf(void **state)
{
	SAME("plain %% text");
	SAME("%d %i %u", -5, 0, 7u);
	SAME("%ld %lu %zu", -1234567890123l, ~0ul, (size_t)9);
	SAME("%x %#x %o %#o", 255u, 255u, 8u, 8u);
	SAME("[%5d][%-5d][%05d]", 42, 42, -42);
	SAME("[%8s][%-8s][%.2s][%.*s]", "abc", "abc", "abc", 1, "abc");
	SAME("%c%c", 'a', 'b');
	SAME("%d", (int)0x80000000);
}

static void output_is_cut_and_terminated(void **state)
{
	char small[4] = "xxx";

	assert_int_equal(format(small, sizeof small, "%s", "long text"), 3);
	assert_string_equal(small, "lon");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions_agree_with_printf),
		cmocka_unit_test(output_is_cut_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
