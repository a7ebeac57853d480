/* fs/nt/name.c
 * uses: winsup/libposix/fs/nt/name.c winsup/libposix/lib/utf.c
 * winsup/libposix/lib/format.c testsuite/unit/win_fake.c */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "fs/nt/nt.h"

static const uint16_t bundle[] = u"\\??\\C:\\posix", drive[] = u"\\??\\D:";
static const struct mount root = { "/", 1, NULL, bundle, 12, 0, 1 };
static const struct mount d = { "/mnt/d", 6, NULL, drive, 6, MOUNT_READ_ONLY,
	2 };

const struct mount *mount_find(const char *absolute, size_t *prefix)
{
	*prefix = 0;
	return &root;
}

static struct place place(const struct mount *m, const char *rest)
{
	return (struct place){ m, (char *)rest, strlen(rest), false, true };
}

/* ASCII of a UTF-16 name, "[f03a]" for what is not. */
static const char *text_of(const uint16_t *units, size_t count)
{
	static char text[8192];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += (size_t)sprintf(
			text + n, units[i] < 128 ? "%c" : "[%04x]", units[i]);
	text[n] = 0;
	return text;
}

static const char *encoded(const char *name)
{
	uint16_t units[512];

	return text_of(units, nt_encode(units, 512, name, strlen(name)));
}

static void what_windows_admits_stays(void **state)
{
	assert_string_equal(encoded("plain name.txt"), "plain name.txt");
	assert_string_equal(encoded("\xc3\xa9"), "[00e9]");
	assert_string_equal(encoded("\xf0\x9f\x98\x80"), "[d83d][de00]");
	assert_string_equal(encoded("nul"), "nul");
	assert_string_equal(encoded(".a.b"), ".a.b");
}

static void what_it_does_not_moves_to_private_use(void **state)
{
	assert_string_equal(encoded("a:b"), "a[f03a]b");
	assert_string_equal(encoded("*?\"<>|\\"),
		"[f02a][f03f][f022][f03c][f03e][f07c]"
		"[f05c]");
	assert_string_equal(encoded("a\n"), "a[f00a]");
	assert_string_equal(encoded("x."), "x[f02e]");
	assert_string_equal(encoded("x. "), "x.[f020]");
	assert_string_equal(encoded("\xff"), "[f0ff]");
	assert_string_equal(encoded("\xed\xa0\x80"), "[f0ed][f0a0][f080]");
	/* U+F03A is not taken for a colon */
	assert_string_equal(encoded("\xef\x80\xba"), "[f0ef][f080][f0ba]");
}

static void random_names_come_back(void **state)
{
	char name[64], back[256];
	uint16_t units[256];

	srand(1);
	for (int i = 0; i < 200000; i++) {
		size_t size = 1 + (size_t)rand() % 40, n, m;

		for (size_t k = 0; k < size; k++)
			do
				name[k] = (char)(rand() % 4 ? rand() % 128
							    : rand());
			while (!name[k] || name[k] == '/');
		n = nt_encode(units, 256, name, size);
		m = nt_decode(back, 256, units, n);
		assert_int_equal(m, size);
		assert_memory_equal(back, name, size);
		for (size_t k = 0; k < n; k++)
			assert_true(units[k] >= 32 &&
				    (units[k] > 127 ||
					    !strchr("*?\"<>|:\\/", units[k])));
		assert_false(units[n - 1] == ' ' || units[n - 1] == '.');
	}
}

static void two_names_are_never_one(void **state)
{
	static const char *const names[] = { "a:", "a\xef\x80\xba", "a.",
		"a\xef\x80\xae", "a ", "a", "a\xff", "a\xef\x83\xbf" };

	for (size_t i = 0; i < 8; i++)
		for (size_t k = 0; k < i; k++) {
			char other[256];

			strcpy(other, encoded(names[k]));
			assert_string_not_equal(encoded(names[i]), other);
		}
}

static const char *nt(const struct mount *m, const char *rest)
{
	struct place p = place(m, rest);
	uint16_t to[NT_PATH];
	struct win_name name;

	assert_int_equal(nt_name(&p, to, &name, false), 0);
	return text_of(name.text, name.length);
}

static void places_have_nt_paths(void **state)
{
	assert_string_equal(nt(&root, "a/b:c"), "\\??\\C:\\posix\\a\\b[f03a]c");
	assert_string_equal(nt(&root, ""), "\\??\\C:\\posix");
	assert_string_equal(nt(&d, ""), "\\??\\D:\\");
	assert_string_equal(nt(&d, "x"), "\\??\\D:\\x");
}

static void limits(void **state)
{
	static char rest[PATH_SIZE];
	uint16_t to[NT_PATH];
	struct win_name name;
	struct place p = place(&d, "x");

	assert_int_equal(nt_name(&p, to, &name, true), -EROFS);
	memset(rest, 'x', 256);
	p = place(&root, rest);
	assert_int_equal(nt_name(&p, to, &name, true), -ENAMETOOLONG);
	rest[255] = 0;
	p = place(&root, rest);
	assert_int_equal(nt_name(&p, to, &name, true), 0);
	for (int i = 0; i < PATH_SIZE - 1; i++)
		rest[i] = i % 2 ? '/' : 'x';
	rest[PATH_SIZE - 2] = 0;
	p = place(&root, rest);
	assert_int_equal(nt_name(&p, to, &name, true), 0);
}

static void and_back(void **state)
{
	static const uint16_t below[] = u"\\a\\b\xf03a"
					u"c";
	char to[64];

	assert_int_equal(nt_path_to_posix(&root, below, 7, to, 64), 7);
	assert_string_equal(to, "/a/b:c");
	nt_path_to_posix(&d, below, 7, to, 64);
	assert_string_equal(to, "/mnt/d/a/b:c");
	nt_path_to_posix(&root, below, 0, to, 64);
	assert_string_equal(to, "/");
	nt_path_to_posix(&d, below, 0, to, 64);
	assert_string_equal(to, "/mnt/d");
	assert_int_equal(nt_path_to_posix(&d, below, 7, to, 8), -ENAMETOOLONG);
}

static void hidden_names(void **state)
{
	uint16_t to[NT_PATH];
	struct win_name name = { 0, u"\\??\\C:\\x\\file", 12 }, away;
	struct win_name other = { 0, u"\\??\\D:\\file", 11 };

	assert_true(nt_hidden_root(&name, &away, to));
	assert_memory_equal(away.text, u"\\??\\C:\\posix\\.posix-deleted-", 56);
	assert_true(nt_is_hidden(away.text + 13, away.length - 13));
	assert_false(nt_hidden_root(&other, &away, to));
	assert_false(nt_is_hidden(u".posix", 6));
	memcpy(to, name.text, 24);
	away = (struct win_name){ 0, to, 12 };
	nt_hidden_name(&away, to);
	assert_memory_equal(to, u"\\??\\C:\\x\\.posix-deleted-", 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_windows_admits_stays),
		cmocka_unit_test(what_it_does_not_moves_to_private_use),
		cmocka_unit_test(random_names_come_back),
		cmocka_unit_test(two_names_are_never_one),
		cmocka_unit_test(places_have_nt_paths),
		cmocka_unit_test(limits),
		cmocka_unit_test(and_back),
		cmocka_unit_test(hidden_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
