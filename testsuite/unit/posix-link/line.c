/* posix-link's reading of link lines.
 * uses: utils/posix-link/line.c */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "line.h"

static struct line parse(int count, ...)
{
	char *argv[32] = { "posix-link" };
	struct line l;
	va_list list;

	va_start(list, count);
	for (int i = 1; i <= count; i++)
		argv[i] = va_arg(list, char *);
	va_end(list);
	assert_int_equal(line_parse(&l, count + 1, argv), 0);
	return l;
}

static void inputs_keep_their_order(void **state)
{
	struct line l = parse(6, "a.o", "-L", "/x", "-lfoo", "-L/y", "b.a");

	assert_int_equal(l.inputs.count, 5);
	assert_string_equal(l.inputs.list[0], "a.o");
	assert_string_equal(l.inputs.list[1], "-L/x");
	assert_string_equal(l.inputs.list[2], "-lfoo");
	assert_string_equal(l.inputs.list[4], "b.a");
	assert_int_equal(l.folders.count, 2);
	assert_string_equal(l.folders.list[1], "/y");
}

static void words_of_wl_may_be_parted(void **state)
{
	struct line l = parse(4, "-Wl,-soname", "-Wl,libx.so.1",
		"-Wl,-rpath,/a", "-Wl,-rpath=$ORIGIN");

	assert_string_equal(l.soname, "libx.so.1");
	assert_int_equal(l.runpath.count, 2);
	assert_string_equal(l.runpath.list[1], "$ORIGIN");
}

static void elf_options_without_meaning_vanish(void **state)
{
	struct line l = parse(9, "-Wl,-z,relro", "-Wl,--cref", "-pthread",
		"-Wl,--hash-style=gnu", "-Wl,-version-script,x.map",
		"-Wl,--build-id=none", "-pie", "-Wl,-z,defs", "a.o");

	assert_int_equal(l.inputs.count, 1);
	assert_true(l.no_undefined);
}

static void kinds_of_output(void **state)
{
	assert_true(parse(1, "-shared").shared);
	assert_true(parse(1, "-r").relocatable);
	assert_true(parse(1, "-Wl,-E").export_dynamic);
	assert_true(parse(1, "-nostdlib").no_start_files);
	assert_string_equal(parse(2, "-o", "x").output, "x");
	assert_string_equal(parse(1, "a.o").output, "a.out");
}

static void linker_options_that_lld_knows_pass(void **state)
{
	struct line l = parse(
		3, "-Wl,--gc-sections", "-Wl,--wrap=malloc", "-Wl,-Map=x");

	assert_int_equal(l.inputs.count, 3);
	assert_string_equal(l.inputs.list[1], "--wrap=malloc");
}

static void what_decides_about_libraries_keeps_its_place(void **state)
{
	struct line l = parse(5, "-Wl,--as-needed,-Bstatic", "-la",
		"-Wl,--no-as-needed", "-Wl,-Bdynamic", "-lb");

	assert_int_equal(l.inputs.count, 6);
	assert_string_equal(l.inputs.list[0], "--as-needed");
	assert_string_equal(l.inputs.list[1], "-Bstatic");
	assert_string_equal(l.inputs.list[3], "--no-as-needed");
}

static void response_files_are_read(void **state)
{
	char name[] = "/tmp/posix-link-words-XXXXXX", at[64];
	int fd = mkstemp(name);
	FILE *f = fdopen(fd, "w");
	struct line l;

	fputs("'with blank.o' \"-L/a b\"\n-Wl,-soname,\"lib x.so\" a\\ b.o", f);
	fclose(f);
	snprintf(at, sizeof at, "@%s", name);
	l = parse(2, at, "z.o");
	unlink(name);
	assert_int_equal(l.inputs.count, 4);
	assert_string_equal(l.inputs.list[0], "with blank.o");
	assert_string_equal(l.folders.list[0], "/a b");
	assert_string_equal(l.inputs.list[2], "a b.o");
	assert_string_equal(l.inputs.list[3], "z.o");
	assert_string_equal(l.soname, "lib x.so");
}

static void a_missing_word_is_an_error(void **state)
{
	char *argv[] = { "posix-link", "-o" };
	struct line l;

	assert_int_equal(line_parse(&l, 2, argv), 1);
}

static void bases_lie_in_their_ranges(void **state)
{
	uint64_t so = base_of("/x/libfoo.so.1", true);
	uint64_t program = base_of("/usr/bin/sh", false);

	assert_true(so >= 0x400000000u && so < 0x4400000000u);
	assert_true(program >= 0x100400000u && program < 0x170000000u);
	assert_int_equal(so, base_of("libfoo.so.1", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_keep_their_order),
		cmocka_unit_test(words_of_wl_may_be_parted),
		cmocka_unit_test(elf_options_without_meaning_vanish),
		cmocka_unit_test(kinds_of_output),
		cmocka_unit_test(linker_options_that_lld_knows_pass),
		cmocka_unit_test(what_decides_about_libraries_keeps_its_place),
		cmocka_unit_test(response_files_are_read),
		cmocka_unit_test(a_missing_word_is_an_error),
		cmocka_unit_test(bases_lie_in_their_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
