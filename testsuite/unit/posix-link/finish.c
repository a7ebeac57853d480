/* What posix-link does to an image, on a small one that is made here.
 * uses: utils/posix-link/finish.c */
#include "test.h"

#include <stdio.h>

#include "abi/module.h"
#include "finish.h"

#define BASE	    0x140000000u
#define FILE_UNIT   0x200u
#define HEADERS	    0x400u
#define TEXT	    0x1000u
#define RDATA	    0x2000u
#define DATA	    0x3000u
#define MODULE	    0x4000u
#define RELOCATIONS 0x5000u
#define IMAGE_SIZE  0x6000u

/* Where things lie in .rdata. */
#define IMPORTS	   (RDATA + 0x00)
#define NAMES_FOO  (RDATA + 0x50)
#define NAMES_OWN  (RDATA + 0x60)
#define SLOTS_FOO  (RDATA + 0x70)
#define SLOTS_OWN  (RDATA + 0x80)
#define HINT_FOO   (RDATA + 0x90)
#define HINT_PUTS  (RDATA + 0xa0)
#define NAME_FOO   (RDATA + 0xb0)
#define NAME_OWN   (RDATA + 0xc0)
#define EXPORTS	   (RDATA + 0xe0)
#define NAME_TABLE (RDATA + 0x110)
#define NAME_ONE   (RDATA + 0x120)
#define NAME_TWO   (RDATA + 0x130)

/* In .text. */
#define THUNK_FOO  (TEXT + 0x40)
#define THUNK_LAST (TEXT + 0x200 - 6)
#define LEA	   (TEXT + 0x10)
#define LEA_R9	   (TEXT + 0x20)
#define LEA_DATA   (TEXT + 0x30)

static const uint32_t sections[] = { TEXT, RDATA, DATA, MODULE, RELOCATIONS };
static const char *const section_names[] = { ".text", ".rdata", ".data",
	MODULE_SECTION, ".reloc" };
static const uint32_t section_flags[] = { 0x60000020, 0x40000040, 0xc0000040,
	0xc0000040, 0x42000040 };

static struct image image;

static uint32_t offset_of(uint32_t rva)
{
	uint32_t pe, raw;
	uint16_t count;

	memcpy(&pe, image.bytes + 0x3c, 4);
	memcpy(&count, image.bytes + pe + 6, 2);
	for (int i = 0; i < count; i++) {
		uint8_t *s = image.bytes + pe + 264 + i * 40;
		uint32_t address;

		memcpy(&address, s + 12, 4);
		memcpy(&raw, s + 20, 4);
		if (rva >= address && rva < address + 0x1000)
			return raw + rva - address;
	}
	fail_msg("no section holds %#x", rva);
	return 0;
}

static uint32_t get(uint32_t rva)
{
	uint32_t n;

	memcpy(&n, image.bytes + offset_of(rva), 4);
	return n;
}

static void put(uint32_t rva, const void *bytes, size_t size)
{
	memcpy(image.bytes + offset_of(rva), bytes, size);
}

static void put32(uint32_t rva, uint32_t n)
{
	put(rva, &n, 4);
}

static const char *text(uint32_t rva)
{
	return (const char *)image.bytes + offset_of(rva);
}

static void header32(uint32_t at, uint32_t n)
{
	memcpy(image.bytes + at, &n, 4);
}

/* The headers end at `end`, so that a sixth section has room or not. */
static void make_headers(uint32_t end)
{
	uint32_t pe = end - 5 * 40 - 264;
	uint64_t base = BASE;

	image.size = HEADERS + 5 * FILE_UNIT;
	free(image.bytes);
	image.bytes = calloc(1, image.size);
	memcpy(image.bytes, "MZ", 2);
	header32(0x3c, pe);
	memcpy(image.bytes + pe, "PE\0\0\x64\x86\x05", 7);
	header32(pe + 20, 240);
	header32(pe + 24, 0x20b);
	memcpy(image.bytes + pe + 48, &base, 8);
	header32(pe + 24 + 32, 0x1000);
	header32(pe + 24 + 36, FILE_UNIT);
	header32(pe + 24 + 56, IMAGE_SIZE);
	header32(pe + 24 + 60, HEADERS);
	for (int i = 0; i < 5; i++) {
		uint32_t at = pe + 264 + (uint32_t)i * 40;

		memcpy(image.bytes + at, section_names[i],
			strlen(section_names[i]));
		header32(at + 8, 0x200);
		header32(at + 12, sections[i]);
		header32(at + 16, 0x200);
		header32(at + 20, HEADERS + (uint32_t)i * FILE_UNIT);
		header32(at + 36, section_flags[i]);
	}
	/* directories: exports, imports, relocations, import slots */
	header32(pe + 136 + 0, EXPORTS);
	header32(pe + 136 + 4, 40);
	header32(pe + 136 + 8, IMPORTS);
	header32(pe + 136 + 12, 60);
	header32(pe + 136 + 40, RELOCATIONS);
	header32(pe + 136 + 44, 12);
	header32(pe + 136 + 96, SLOTS_FOO);
	header32(pe + 136 + 100, 0x20);
}

static void import(uint32_t at, uint32_t names, uint32_t library, uint32_t slot)
{
	put32(at, names);
	put32(at + 12, library);
	put32(at + 16, slot);
}

/* lea TARGET(%rip), a register */
static void lea(uint32_t at, const char *opcode, uint32_t target)
{
	put(at, opcode, 3);
	put32(at + 3, target - (at + 7));
}

static void make_image(uint32_t end)
{
	struct module m = { .magic = MODULE_MAGIC, .size = sizeof m };
	uint64_t pointer = BASE + THUNK_FOO;

	make_headers(end);
	import(IMPORTS, NAMES_FOO, NAME_FOO, SLOTS_FOO);
	import(IMPORTS + 20, NAMES_OWN, NAME_OWN, SLOTS_OWN);
	put32(NAMES_FOO, HINT_FOO);
	put32(NAMES_OWN, HINT_PUTS);
	put(HINT_FOO, "\0\0foo", 6);
	put(HINT_PUTS, "\0\0puts", 7);
	put(NAME_FOO, "libfoo.so.1", 12);
	put(NAME_OWN, "posix1.dll", 11);
	put32(EXPORTS + 24, 2);
	put32(EXPORTS + 32, NAME_TABLE);
	put32(NAME_TABLE, NAME_ONE);
	put32(NAME_TABLE + 4, NAME_TWO);
	put(NAME_ONE, "one", 4);
	put(NAME_TWO, "two", 4);

	put(THUNK_FOO, "\xff\x25", 2);
	put32(THUNK_FOO + 2, SLOTS_FOO - (THUNK_FOO + 6));
	lea(LEA, "\x48\x8d\x0d", THUNK_FOO);
	lea(LEA_R9, "\x4c\x8d\x0d", THUNK_FOO);
	lea(LEA_DATA, "\x48\x8d\x05", DATA);

	put(DATA + 8, &pointer, 8);
	put(MODULE, &m, sizeof m);
	put32(RELOCATIONS, DATA);
	put32(RELOCATIONS + 4, 12);
	put(RELOCATIONS + 8, "\x08\xa0\0\0", 4);
}

static struct module module(void)
{
	struct module m;

	memcpy(&m, image.bytes + offset_of(MODULE), sizeof m);
	return m;
}

static char *nothing[] = { NULL };

static void imports_are_kept_for_our_loader(void **state)
{
	struct module m;

	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	m = module();
	assert_int_equal(m.import_count, 2);
	assert_int_equal(get(m.imports), NAMES_FOO);
	assert_string_equal(text(get(m.imports + 12)), "libfoo.so.1");
	assert_int_equal(get(m.imports + 16), SLOTS_FOO);
	assert_string_equal(text(get(m.imports + 32)), "posix1.dll");
	assert_int_equal(m.soname, 0);
	assert_int_equal(m.runpath, 0);
}

static void windows_loader_is_left_posix1_alone(void **state)
{
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	assert_int_equal(get(IMPORTS + 12), NAME_OWN);
	assert_int_equal(get(IMPORTS + 16), SLOTS_OWN);
	for (uint32_t k = 20; k < 60; k += 4)
		assert_int_equal(get(IMPORTS + k), 0);
}

static void an_image_without_posix1_has_no_imports(void **state)
{
	make_image(HEADERS - 40);
	put(NAME_OWN, "libbar.so\0", 10);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	for (uint32_t k = 0; k < 40; k += 4)
		assert_int_equal(get(IMPORTS + k), 0);
	assert_int_equal(module().import_count, 2);
}

static void needed_libraries_come_first_and_once(void **state)
{
	char *needed[] = { "libquiet.so", "libfoo.so.1", NULL };
	struct module m;

	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, needed, false));
	m = module();
	assert_int_equal(m.import_count, 3);
	assert_string_equal(text(get(m.imports + 12)), "libquiet.so");
	assert_int_equal(get(get(m.imports)), 0);
	assert_string_equal(text(get(m.imports + 32)), "libfoo.so.1");
	assert_int_equal(get(m.imports + 20), NAMES_FOO);
	assert_string_equal(text(get(m.imports + 52)), "posix1.dll");
}

static void soname_and_runpath_are_written(void **state)
{
	struct module m;

	make_image(HEADERS - 40);
	assert_null(finish(&image, "libme.so.2", "$ORIGIN:/x", nothing, false));
	m = module();
	assert_string_equal(text(m.soname), "libme.so.2");
	assert_string_equal(text(m.runpath), "$ORIGIN:/x");
	assert_string_equal(image_soname(&image), "libme.so.2");
}

static void addresses_of_thunks_become_loads_of_slots(void **state)
{
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	assert_memory_equal(text(LEA), "\x48\x8b\x0d", 3);
	assert_int_equal(get(LEA + 3), SLOTS_FOO - (LEA + 7));
	assert_memory_equal(text(LEA_R9), "\x4c\x8b\x0d", 3);
	assert_int_equal(get(LEA_R9 + 3), SLOTS_FOO - (LEA_R9 + 7));
	/* any other address stays one */
	assert_memory_equal(text(LEA_DATA), "\x48\x8d\x05", 3);
	assert_int_equal(get(LEA_DATA + 3), DATA - (LEA_DATA + 7));
	/* and calls still go through the thunk */
	assert_memory_equal(text(THUNK_FOO), "\xff\x25", 2);
}

static void functions_that_are_only_called_are_listed(void **state)
{
	struct module m;

	/* foo's address is taken in code and in data */
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	assert_int_equal(module().called_count, 0);
	/* in data alone */
	make_image(HEADERS - 40);
	put(LEA, "\x90\x90\x90", 3);
	put(LEA_R9, "\x90\x90\x90", 3);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	assert_int_equal(module().called_count, 0);
	/* in neither; the thunk is the last code there is */
	make_image(HEADERS - 40);
	put(LEA, "\x90\x90\x90", 3);
	put(THUNK_LAST, "\xff\x25", 2);
	put32(THUNK_LAST + 2, SLOTS_FOO - (THUNK_LAST + 6));
	put(LEA_R9, "\x90\x90\x90", 3);
	put(THUNK_FOO, "\x90\x90", 2);
	put(RELOCATIONS + 8, "\0\0\0\0", 4);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	m = module();
	assert_int_equal(m.called_count, 1);
	assert_int_equal(get(m.called), SLOTS_FOO);
}

static void binding_now_is_written(void **state)
{
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	assert_int_equal(module().flags, 0);
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, true));
	assert_int_equal(module().flags, MODULE_BIND_NOW);
}

static void pointers_at_thunks_are_listed(void **state)
{
	struct module m;

	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	m = module();
	assert_int_equal(m.pointer_count, 1);
	assert_int_equal(get(m.pointers), DATA + 8);
	assert_int_equal(get(m.pointers + 4), SLOTS_FOO);
}

static void check_new_section(uint32_t headers)
{
	uint32_t pe, raw, raw_size;
	uint16_t count;
	uint8_t *s;

	memcpy(&pe, image.bytes + 0x3c, 4);
	memcpy(&count, image.bytes + pe + 6, 2);
	assert_int_equal(count, 6);
	s = image.bytes + pe + 264 + 5 * 40;
	assert_memory_equal(s, ".posixl", 8);
	memcpy(&raw_size, s + 16, 4);
	memcpy(&raw, s + 20, 4);
	assert_int_equal(raw % FILE_UNIT, 0);
	assert_int_equal(raw_size % FILE_UNIT, 0);
	assert_int_equal(raw + raw_size, image.size);
	assert_memory_equal(image.bytes + pe + 24 + 60, &headers, 4);
	headers = IMAGE_SIZE + 0x1000;
	assert_memory_equal(image.bytes + pe + 24 + 56, &headers, 4);
}

static void a_section_is_appended(void **state)
{
	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, nothing, false));
	check_new_section(HEADERS);
}

/* lld fills its headers to the last byte: the rest of the file moves. */
static void headers_grow_when_they_are_full(void **state)
{
	make_image(HEADERS);
	assert_null(finish(&image, "libx.so", NULL, nothing, false));
	check_new_section(HEADERS + FILE_UNIT);
	assert_memory_equal(text(THUNK_FOO), "\xff\x25", 2);
	assert_string_equal(text(module().soname), "libx.so");
}

static void full_headers_before_the_first_section(void **state)
{
	make_image(HEADERS);
	header32(HEADERS - 5 * 40 + 12, HEADERS);
	assert_non_null(finish(&image, NULL, NULL, nothing, false));
}

static void what_is_no_image_is_refused(void **state)
{
	make_image(HEADERS - 40);
	image.bytes[0] = 'X';
	assert_false(is_image(&image));
	assert_non_null(finish(&image, NULL, NULL, nothing, false));
	image.bytes[0] = 'M';
	assert_true(is_image(&image));
	image.size = 0x80;
	assert_false(is_image(&image));
	make_image(HEADERS - 40);
	header32(0x3c, 0x7fffffff);
	assert_false(is_image(&image));
}

static void without_crt0_there_is_nothing_to_finish(void **state)
{
	make_image(HEADERS - 40);
	memcpy(image.bytes + HEADERS - 40 - 2 * 40, ".other\0", 7);
	assert_string_equal(finish(&image, NULL, NULL, nothing, false),
		"it was linked without crt0.o");
	assert_null(image_soname(&image));
}

static void a_damaged_import_table_is_found(void **state)
{
	make_image(HEADERS - 40);
	put32(IMPORTS + 12, 0x7fff0000);
	assert_string_equal(finish(&image, NULL, NULL, nothing, false),
		"an import has no name");
}

static char seen[200];

static void saw_export(void *prefix, const char *name)
{
	sprintf(seen + strlen(seen), "%s%s ", (char *)prefix, name);
}

static void saw_import(void *prefix, const char *name)
{
	(void)prefix;
	sprintf(seen + strlen(seen), "<%s ", name);
}

static void names_of_a_finished_image(void **state)
{
	char *needed[] = { "libquiet.so", NULL };

	make_image(HEADERS - 40);
	assert_null(finish(&image, NULL, NULL, needed, false));
	*seen = 0;
	image_names(&image, saw_export, saw_import, ">");
	assert_string_equal(seen, ">one >two <foo <puts ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports_are_kept_for_our_loader),
		cmocka_unit_test(windows_loader_is_left_posix1_alone),
		cmocka_unit_test(an_image_without_posix1_has_no_imports),
		cmocka_unit_test(needed_libraries_come_first_and_once),
		cmocka_unit_test(soname_and_runpath_are_written),
		cmocka_unit_test(addresses_of_thunks_become_loads_of_slots),
		cmocka_unit_test(functions_that_are_only_called_are_listed),
		cmocka_unit_test(binding_now_is_written),
		cmocka_unit_test(pointers_at_thunks_are_listed),
		cmocka_unit_test(a_section_is_appended),
		cmocka_unit_test(headers_grow_when_they_are_full),
		cmocka_unit_test(full_headers_before_the_first_section),
		cmocka_unit_test(what_is_no_image_is_refused),
		cmocka_unit_test(without_crt0_there_is_nothing_to_finish),
		cmocka_unit_test(a_damaged_import_table_is_found),
		cmocka_unit_test(names_of_a_finished_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
