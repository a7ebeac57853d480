/* posix-link's choice of archive members, weak references and exports.
 * uses: utils/posix-link/names.c */
#include "test.h"

#include <stdio.h>

#include "names.h"

static struct names *fresh(void)
{
	static struct names n;

	memset(&n, 0, sizeof n);
	return &n;
}

static const char *definer(struct names *n, const char *name)
{
	struct symbol *s = names_symbol(n, name);
	struct unit *u = s->definer < 0 ? NULL : &n->units[s->definer];

	return !u ? "none" : u->member ? u->member : u->file;
}

static void resolve(struct names *n)
{
	struct strings also = { 0 };
	char *main_alone[] = { "main", NULL };

	also.list = main_alone;
	also.count = 1;
	names_resolve(n, &also);
}

static const char archive[] = "\nl.a:one.o:\n"
			      "l.a:one.o: 00000000 T one\n"
			      "l.a:one.o:          U two\n"
			      "l.a:two.o: 00000000 T two\n"
			      "l.a:two.o: 00000000 W maybe\n"
			      "l.a:two.o: 00000000 A .weak.maybe.default.two\n"
			      "l.a:three.o: 00000000 T three\n";

static void members_are_linked_when_wanted(void **state)
{
	struct names *n = fresh();

	names_add_file(
		n, "m.o", "m.o: 00000000 T main\nm.o:          U one\n", false);
	names_add_file(n, "l.a", archive, false);
	resolve(n);
	assert_string_equal(definer(n, "one"), "one.o");
	assert_string_equal(definer(n, "two"), "two.o");
	assert_string_equal(definer(n, "three"), "none");
	assert_string_equal(definer(n, "main"), "m.o");
	assert_true(names_symbol(n, "maybe")->wanted_weakly);
}

static void a_weak_reference_links_no_member(void **state)
{
	struct names *n = fresh();

	names_add_file(n, "m.o",
		"m.o: 00000000 T main\n"
		"m.o: 00000000 A .weak.one.default.main\n"
		"m.o: 00000000 W one\n",
		false);
	names_add_file(n, "l.a", archive, false);
	resolve(n);
	assert_true(names_symbol(n, "one")->wanted_weakly);
	assert_string_equal(definer(n, "one"), "none");
}

static void a_weak_reference_finds_what_is_linked_anyway(void **state)
{
	struct names *n = fresh();

	names_add_file(n, "m.o",
		"m.o: 00000000 T main\nm.o:          U three\n"
		"m.o: 00000000 A .weak.one.default.main\n"
		"m.o: 00000000 A .weak.three.default.main\n",
		false);
	names_add_file(n, "o.o", "o.o: 00000000 D one\n", false);
	names_add_file(n, "l.a", archive, false);
	resolve(n);
	assert_string_equal(definer(n, "one"), "o.o");
	assert_string_equal(definer(n, "three"), "three.o");
}

static void the_first_on_the_line_provides(void **state)
{
	struct names *n = fresh();
	int library;

	names_add_file(
		n, "m.o", "m.o: 00000000 T main\nm.o:          U one\n", false);
	library = names_add_library(n, "x.so");
	names_library_exports(n, library, "one");
	names_library_imports(n, "puts");
	names_add_file(n, "l.a", archive, false);
	resolve(n);
	assert_string_equal(definer(n, "one"), "none");
	assert_int_equal(names_symbol(n, "one")->provider, library);
	assert_true(names_symbol(n, "puts")->imported);
	assert_false(names_symbol(n, "one")->imported);
}

static void whole_archives_are_objects(void **state)
{
	struct names *n = fresh();

	names_add_file(n, "l.a", archive, true);
	resolve(n);
	assert_string_equal(definer(n, "three"), "three.o");
}

static void kinds_of_symbols(void **state)
{
	struct names *n = fresh();

	names_add_file(n, "m.o",
		"m.o: 00000000 R .refptr.data\n"
		"m.o: 00000000 t local\n"
		"m.o: 00000000 T .weak.soft.default.main\n"
		"m.o: 00000000 W soft\n"
		"m.o: 00000000 B zeros\n"
		"m.o: 00000004 C common\n",
		false);
	resolve(n);
	assert_true(names_symbol(n, "data")->refptr);
	assert_string_equal(definer(n, "local"), "none");
	assert_string_equal(definer(n, "soft"), "m.o");
	assert_true(names_symbol(n, "soft")->weak_definition);
	assert_false(names_symbol(n, "soft")->wanted_weakly);
	assert_string_equal(definer(n, "zeros"), "m.o");
	assert_string_equal(definer(n, "common"), "m.o");
}

static void many_symbols_are_found_again(void **state)
{
	struct names *n = fresh();
	char name[20];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		names_symbol(n, name)->provider = i;
	}
	assert_int_equal(n->count, 10000);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		assert_int_equal(names_symbol(n, name)->provider, i);
	}
	assert_int_equal(n->count, 10000);
}

/* A COFF object of one section, .drectve. */
static size_t object(char *to, const char *directives)
{
	size_t size = strlen(directives);

	memset(to, 0, 60);
	memcpy(to, "\x64\x86\x01\x00", 4);
	memcpy(to + 20, ".drectve", 8);
	memcpy(to + 36, &(uint32_t){ (uint32_t)size }, 4);
	memcpy(to + 40, &(uint32_t){ 60 }, 4);
	memcpy(to + 60, directives, size);
	return 60 + size;
}

static void hidden_names_are_read(void **state)
{
	struct names *n = fresh();
	char bytes[1000], file[2000];
	size_t size = object(bytes, " -exclude-symbols:secret "
				    "\"-exclude-symbols:other\" -other:not");
	size_t at;

	/* what follows the section is no part of the last name */
	strcpy(bytes + size, "more");
	names_read_hidden(n, bytes, size + 4);
	assert_true(names_symbol(n, "secret")->hidden);
	assert_true(names_symbol(n, "other")->hidden);
	assert_false(names_symbol(n, "not")->hidden);
	assert_false(names_symbol(n, "notmore")->hidden);

	size = object(bytes, " -exclude-symbols:in_archive");
	at = (size_t)sprintf(file, "!<arch>\n%-48s%-10zu`\n", "a.o/", size);
	memcpy(file + at, bytes, size);
	names_read_hidden(n, file, at + size);
	assert_true(names_symbol(n, "in_archive")->hidden);
}

static void damaged_objects_are_no_harm(void **state)
{
	struct names *n = fresh();
	char bytes[1000];
	size_t size = object(bytes, " -exclude-symbols:x");

	for (size_t k = 0; k < size; k++) {
		char *copy = malloc(k + 1);

		memcpy(copy, bytes, k);
		names_read_hidden(n, copy, k);
		free(copy);
	}
	assert_false(names_symbol(n, "x")->hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_linked_when_wanted),
		cmocka_unit_test(a_weak_reference_links_no_member),
		cmocka_unit_test(a_weak_reference_finds_what_is_linked_anyway),
		cmocka_unit_test(the_first_on_the_line_provides),
		cmocka_unit_test(whole_archives_are_objects),
		cmocka_unit_test(kinds_of_symbols),
		cmocka_unit_test(many_symbols_are_found_again),
		cmocka_unit_test(hidden_names_are_read),
		cmocka_unit_test(damaged_objects_are_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
