/* lib/utf.c
 * uses: winsup/libposix/lib/utf.c */
#include "test.h"

#include "lib/lib.h"

static void round_trip(const char *bytes, size_t size)
{
	uint16_t wide[64];
	char back[128];
	size_t n = utf16_from_utf8(wide, 64, bytes, size);
	size_t m = utf8_from_utf16(back, 128, wide, n);

	assert_int_equal(m, size);
	assert_memory_equal(back, bytes, size);
}

static void valid_text_has_its_usual_units(void **state)
{
	static const uint16_t expected[] = { 'a', 0xe9, 0x20ac, 0xd83d,
		0xde00 };
	uint16_t wide[8];

	assert_int_equal(utf16_from_utf8(wide, 8,
				 "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10),
		5);
	assert_memory_equal(wide, expected, sizeof expected);
}

static void any_bytes_come_back(void **state)
{
	char all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	for (int i = 0; i < 256; i += 32)
		round_trip(all + i, 32);
	round_trip("\xc0\x80", 2);	   /* overlong */
	round_trip("\xed\xa0\x80", 3);	   /* surrogate */
	round_trip("\xf4\x90\x80\x80", 4); /* above U+10FFFF */
	round_trip("\xe2\x82", 2);	   /* cut */
}

static void a_short_buffer_gets_what_fits(void **state)
{
	uint16_t wide[2] = { 0, 7 };

	assert_int_equal(utf16_from_utf8(wide, 1, "abc", 3), 3);
	assert_int_equal(wide[0], 'a');
	assert_int_equal(wide[1], 7);
}

static void decoding_takes_one_code_point(void **state)
{
	uint32_t c;

	assert_int_equal(utf8_decode("\xe2\x82\xac!", 4, &c), 3);
	assert_int_equal(c, 0x20ac);
	assert_int_equal(utf8_decode("\x80", 1, &c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_text_has_its_usual_units),
		cmocka_unit_test(any_bytes_come_back),
		cmocka_unit_test(a_short_buffer_gets_what_fits),
		cmocka_unit_test(decoding_takes_one_code_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
