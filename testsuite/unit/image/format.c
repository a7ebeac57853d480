/* image/format.c and image/pe.c: what a file is, and what a PE file exports.
 * uses: winsup/libposix/image/format.c winsup/libposix/image/pe.c */
#include "test.h"

#include "image/private.h"

/* A PE file as Microsoft's "PE Format" describes it, small. */
struct pe_file {
	char dos[0x3c];
	uint32_t at;
	char signature[4];
	struct {
		uint16_t machine, sections;
		uint32_t time, symbols, symbol_count;
		uint16_t optional_size, characteristics;
	} coff;
	struct {
		uint16_t magic;
		char linker[2];
		uint32_t sizes[3], entry, code;
		uint64_t base;
		uint32_t alignments[2];
		uint16_t versions[6];
		uint32_t reserved, image_size, headers_size, checksum;
		uint16_t subsystem, flags;
		uint64_t stack_heap[4];
		uint32_t loader_flags, directory_count;
		uint32_t directories[16][2];
	} optional;
	struct pe_section sections[3];
	char rest[2048];
} __attribute__((aligned(8)));

_Static_assert(offsetof(struct pe_file, optional) == 0x40 + 24, "PE Format");
_Static_assert(
	offsetof(struct pe_file, sections) == 0x40 + 24 + 240, "PE Format");

static struct pe_file file;
static char line[256], *interpreter, *argument;

static int start(void **state)
{
	memset(&file, 0, sizeof file);
	memcpy(file.dos, "MZ", 2);
	file.at = 0x40;
	memcpy(file.signature, "PE\0", 4);
	file.coff.machine = 0x8664;
	file.coff.sections = 3;
	file.coff.optional_size = sizeof file.optional;
	file.optional.magic = 0x20b;
	file.optional.base = 0x100400000;
	file.optional.image_size = 0x5000;
	file.optional.headers_size = 0x400;
	strcpy(file.sections[0].name, ".text");
	strcpy(file.sections[1].name, ".data");
	memcpy(file.sections[2].name, ".reloc12", 8); /* no terminator */
	interpreter = argument = NULL;
	return 0;
}

static enum image_format look(const void *bytes, size_t size)
{
	return image_format(bytes, size, line, &interpreter, &argument);
}

static void a_pe_file_is_native_unless_it_has_our_section(void **state)
{
	assert_int_equal(look(&file, sizeof file), IMAGE_NATIVE);
	strcpy(file.sections[1].name, MODULE_SECTION);
	assert_int_equal(look(&file, sizeof file), IMAGE_OURS);
	/* ".posix" is not ".posixl" */
	strcpy(file.sections[1].name, MODULE_LINK_SECTION);
	assert_int_equal(look(&file, sizeof file), IMAGE_NATIVE);
}

static void headers_are_read(void **state)
{
	struct pe pe;

	file.optional.directories[PE_EXPORT][0] = 0x1234;
	file.optional.directories[PE_RELOCATION][1] = 0x56;
	assert_true(pe_parse(&file, sizeof file, &pe));
	assert_int_equal(pe.base, 0x100400000);
	assert_int_equal(pe.image_size, 0x5000);
	assert_int_equal(pe.headers_size, 0x400);
	assert_int_equal(pe.section_count, 3);
	assert_int_equal(pe.directories[2 * PE_EXPORT], 0x1234);
	assert_int_equal(pe.directories[2 * PE_RELOCATION + 1], 0x56);
	assert_ptr_equal(pe_section(&pe, ".data"), &file.sections[1]);
	assert_ptr_equal(pe_section(&pe, ".reloc12"), &file.sections[2]);
	assert_null(pe_section(&pe, ".bss"));
}

static void other_machines_files_are_none(void **state)
{
	file.coff.machine = 0x14c; /* i386 */
	assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
	file.coff.machine = 0x8664;
	file.optional.magic = 0x10b; /* PE32 */
	assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
	file.optional.magic = 0x20b;
	file.signature[0] = 'N'; /* 16 bits */
	assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
}

/* Under ASan: nothing behind the bytes that there are is read. */
static void cut_files_are_none(void **state)
{
	size_t whole = offsetof(struct pe_file, rest);

	for (size_t size = 0; size <= whole; size++) {
		char *copy = malloc(size ? size : 1);
		enum image_format r;

		memcpy(copy, &file, size);
		r = look(copy, size);
		free(copy);
		assert_int_equal(
			r, size < whole ? IMAGE_UNKNOWN : IMAGE_NATIVE);
	}
}

static void wild_offsets_are_none(void **state)
{
	static const uint32_t places[] = { 0xffffffff, 0x7fffffff, 0xfffffff0,
		sizeof file, sizeof file - 4 };

	for (size_t i = 0; i < 5; i++) {
		file.at = places[i];
		assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
	}
	file.at = 0x40;
	file.coff.sections = 0xffff;
	assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
	file.coff.sections = 3;
	file.coff.optional_size = 0xfff8;
	assert_int_equal(look(&file, sizeof file), IMAGE_UNKNOWN);
}

/* ---- scripts: man 2 execve, "Interpreter scripts" ---- */

static void script(const char *text, const char *program, const char *option)
{
	assert_int_equal(look(text, strlen(text)), IMAGE_SCRIPT);
	assert_string_equal(interpreter, program);
	if (!option)
		assert_null(argument);
	else
		assert_string_equal(argument, option);
}

static void a_script_names_its_interpreter(void **state)
{
	script("#!/bin/sh\necho\n", "/bin/sh", NULL);
	script("#! /bin/sh\n", "/bin/sh", NULL);
	script("#!\t /bin/sh \t\n", "/bin/sh", NULL);
	script("#!/bin/sh -e\n", "/bin/sh", "-e");
	/* all that follows is one argument */
	script("#!/usr/bin/env  -S a b \n", "/usr/bin/env", "-S a b");
	script("#!/bin/sh", "/bin/sh", NULL);
}

static void a_script_without_a_name_is_none(void **state)
{
	assert_int_equal(look("#!", 2), IMAGE_UNKNOWN);
	assert_int_equal(look("#!\n", 3), IMAGE_UNKNOWN);
	assert_int_equal(look("#!  \t\n/bin/sh", 14), IMAGE_UNKNOWN);
	assert_int_equal(look("# comment\n", 10), IMAGE_UNKNOWN);
	assert_int_equal(look("", 0), IMAGE_UNKNOWN);
	assert_int_equal(look("#", 1), IMAGE_UNKNOWN);
}

static void a_line_that_is_too_long_is_none(void **state)
{
	char text[300];

	memset(text, 'a', sizeof text);
	memcpy(text, "#!/", 3);
	text[2 + 254] = '\n';
	assert_int_equal(look(text, sizeof text), IMAGE_SCRIPT);
	assert_int_equal(strlen(interpreter), 254);
	text[2 + 254] = 'a';
	text[2 + 255] = '\n';
	assert_int_equal(look(text, sizeof text), IMAGE_UNKNOWN);
}

/* ---- exports ---- */

static struct {
	union {
		struct pe_file file;
		char bytes[4096];
	} headers;
	struct {
		uint32_t unused[5], functions, names, at, names_at, ordinals_at;
	} directory;
	uint32_t functions[4], names[3];
	uint16_t ordinals[4];
	char text[64];
} image __attribute__((aligned(4096)));

#define RVA(member) ((uint32_t)((char *)&(member) - (char *)&image))

static void make_exports(void)
{
	static const char *const names[] = { "alpha", "beta", "gamma" };
	char *to = image.text;

	memset(&image, 0, sizeof image);
	start(NULL);
	image.headers.file = file;
	image.headers.file.optional.directories[PE_EXPORT][0] =
		RVA(image.directory);
	image.directory.functions = 4;
	image.directory.names = 3;
	image.directory.at = RVA(image.functions);
	image.directory.names_at = RVA(image.names);
	image.directory.ordinals_at = RVA(image.ordinals);
	for (int i = 0; i < 4; i++)
		image.functions[i] = 0x1000 * (uint32_t)(i + 1);
	for (int i = 0; i < 3; i++) {
		image.names[i] = RVA(*to);
		image.ordinals[i] = (uint16_t)(3 - i); /* another order */
		strcpy(to, names[i]);
		to += strlen(to) + 1;
	}
}

static void names_are_found_among_exports(void **state)
{
	char *base = (char *)&image;

	make_exports();
	assert_true(pe_exports(&image));
	assert_ptr_equal(pe_export(&image, "alpha"), base + 0x4000);
	assert_ptr_equal(pe_export(&image, "beta"), base + 0x3000);
	assert_ptr_equal(pe_export(&image, "gamma"), base + 0x2000);
	assert_null(pe_export(&image, "a"));
	assert_null(pe_export(&image, "betaa"));
	assert_null(pe_export(&image, "zeta"));
}

static void an_address_belongs_to_the_symbol_below(void **state)
{
	uint64_t base = (uint64_t)&image, at;

	make_exports();
	assert_string_equal(pe_nearest(&image, base + 0x3000, &at), "beta");
	assert_int_equal(at, base + 0x3000);
	assert_string_equal(pe_nearest(&image, base + 0x3fff, &at), "beta");
	assert_string_equal(pe_nearest(&image, base + 0x9000, &at), "alpha");
	assert_null(pe_nearest(&image, base + 0x1fff, &at));
}

static void without_exports_there_is_nothing(void **state)
{
	uint64_t at;

	make_exports();
	image.headers.file.optional.directories[PE_EXPORT][0] = 0;
	assert_false(pe_exports(&image));
	assert_null(pe_export(&image, "alpha"));
	assert_null(pe_nearest(&image, (uint64_t)&image + 0x3000, &at));
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pe_file_is_native_unless_it_has_our_section),
		TEST(headers_are_read),
		TEST(other_machines_files_are_none),
		TEST(cut_files_are_none),
		TEST(wild_offsets_are_none),
		TEST(a_script_names_its_interpreter),
		TEST(a_script_without_a_name_is_none),
		TEST(a_line_that_is_too_long_is_none),
		TEST(names_are_found_among_exports),
		TEST(an_address_belongs_to_the_symbol_below),
		TEST(without_exports_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
