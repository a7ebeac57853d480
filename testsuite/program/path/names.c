/* Any name that POSIX allows: made, listed, opened, renamed, linked, removed.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void make(const char *name, const char *text)
{
	int f = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (f < 0)
		fail_msg("creating %s: errno %d", name, errno);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	close(f);
}

static bool listed(const char *folder, const char *name)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int seen = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		seen += !strcmp(e->d_name, name);
	closedir(d);
	assert_true(seen <= 1);
	return seen;
}

static int entries(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void round_trip(const char *name)
{
	char path[600], other[600], text[600];
	struct stat a, b;
	int f;

	snprintf(path, sizeof path, "n/%s", name);
	snprintf(other, sizeof other, "o/%s", name);
	make(path, "content");
	assert_true(listed("n", name));
	assert_int_equal(entries("n"), 3);
	assert_int_equal(stat(path, &a), 0);
	assert_true(S_ISREG(a.st_mode));
	assert_int_equal(a.st_size, 7);
	f = open(path, O_RDONLY);
	assert_true(f >= 0);
	assert_int_equal(fstat(f, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	close(f);
	/* out and back, under another name and under its own */
	assert_int_equal(rename(path, "o/plain"), 0);
	assert_false(listed("n", name));
	assert_int_equal(rename("o/plain", other), 0);
	assert_true(listed("o", name));
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(stat(path, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(stat(other, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(readlink(other, text, sizeof text), strlen(path));
	assert_memory_equal(text, path, strlen(path));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(unlink(path), 0);
	assert_fails(stat(path, &a), ENOENT);
	assert_int_equal(entries("n"), 2);
	/* as a folder's */
	assert_int_equal(mkdir(path, 0755), 0);
	assert_true(listed("n", name));
	assert_int_equal(chdir(path), 0);
	assert_non_null(getcwd(text, sizeof text));
	assert_string_equal(text + strlen(text) - strlen(name), name);
	make("inside", "");
	assert_int_equal(unlink("inside"), 0);
	assert_int_equal(chdir("../.."), 0);
	assert_int_equal(rmdir(path), 0);
}

static void what_windows_does_not_admit(void **state)
{
	static const char *const names[] = { "a:b", ":", "a*", "*", "?", "a?b",
		"\"quoted\"", "<", ">", "a<b>c", "|", "a|b", "\\", "a\\b",
		"C:\\x", "x:stream:$DATA" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		round_trip(names[i]);
}

static void what_windows_cuts_off(void **state)
{
	static const char *const names[] = { "dot.", "dots...", "blank ",
		"blanks  ", "both. ", "...", ". .", " ", " x", ".x", "x. .",
		"~", "a~1" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		round_trip(names[i]);
}

static void what_windows_takes_for_a_device(void **state)
{
	static const char *const names[] = { "nul", "NUL", "con", "aux",
		"aux.txt", "prn", "com1", "lpt1.c", "nul.tar.gz", "conin$",
		"clock$" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		round_trip(names[i]);
}

static void control_characters(void **state)
{
	char name[3] = "x?";

	for (int c = 1; c < 32; c++) {
		name[1] = (char)c;
		round_trip(name);
	}
	round_trip("\x7f");
	round_trip("\n");
	round_trip("two\nlines\n");
}

static void not_ascii(void **state)
{
	static const char *const names[] = { "\xc3\xa9t\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "e\xcc\x81",
		"\xe6\xbc\xa2\xe5\xad\x97" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		round_trip(names[i]);
}

static void not_utf8(void **state)
{
	static const char *const names[] = { "\xff", "\xfe\xff", "a\x80z",
		"\xc3", "\xc3\xa9\xc3", "\xed\xa0\x80", "\xed\xb0\x80",
		"\xed\xa0\x80\xed\xb0\x80", "\xc0\x80", "\xf4\x90\x80\x80",
		/* what the private use area itself holds */
		"\xef\x80\x80", "\xef\x80\xba", "\xef\x83\xbf",
		"\xef\x84\x80" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		round_trip(names[i]);
}

static void long_names(void **state)
{
	char name[256];

	memset(name, 'x', 255);
	name[255] = 0;
	round_trip(name);
	for (int i = 0; i < 254; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	name[254] = 0;
	round_trip(name);
	/* and one that is no UTF-8 in part */
	memset(name, 'y', 200);
	strcpy(name + 198, "\xff:");
	round_trip(name);
}

static void names_that_look_alike_are_others(void **state)
{
	make("n/a:", "1");
	make("n/a", "2");
	make("n/a*", "3");
	make("n/a.", "4");
	make("n/a ", "5");
	make("n/a\xef\x80\xba", "6");
	assert_int_equal(entries("n"), 8);
	assert_int_equal(unlink("n/a:"), 0);
	assert_int_equal(unlink("n/a"), 0);
	assert_int_equal(unlink("n/a*"), 0);
	assert_int_equal(unlink("n/a."), 0);
	assert_int_equal(unlink("n/a "), 0);
	assert_int_equal(unlink("n/a\xef\x80\xba"), 0);
}

static void a_change_of_case_is_a_rename(void **state)
{
	make("n/name", "x");
	assert_int_equal(rename("n/name", "n/NAME"), 0);
	assert_true(listed("n", "NAME"));
	assert_false(listed("n", "name"));
	assert_int_equal(unlink("n/NAME"), 0);
}

#ifdef __libposix__
/* Windows' spelling of a path is understood. */
static void windows_spelling(void **state)
{
	struct stat a, b;

	assert_int_equal(stat("/mnt/c/windows", &a), 0);
	assert_int_equal(stat("C:\\windows", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(stat("c:/windows", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(stat("C:\\", &b), 0);
	assert_int_equal(stat("C:/windows/../windows/.", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(chdir("C:\\windows"), 0);
	char path[256];

	assert_string_equal(getcwd(path, sizeof path), "/mnt/c/windows");
}

static void drives_are_folders(void **state)
{
	struct stat st;

	assert_true(listed("/mnt", "c"));
	assert_int_equal(stat("/mnt", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_fails(mkdir("/mnt/new", 0755), EROFS);
	assert_fails(mkdir("/mnt", 0755), EEXIST);
	assert_fails(stat("/mnt/c/none", &st), ENOENT);
	assert_int_equal(chdir("/mnt/c"), 0);
	assert_int_equal(chdir(".."), 0);
	assert_true(listed(".", "c"));
}
#endif

static int home;

static int set_up(void **state)
{
	home = open(".", O_RDONLY);
	mkdir("n", 0755);
	mkdir("o", 0755);
	return 0;
}

static int tear_down(void **state)
{
	fchdir(home);
	close(home);
	rmdir("n");
	rmdir("o");
	return 0;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_windows_does_not_admit),
		CASE(what_windows_cuts_off),
		CASE(what_windows_takes_for_a_device),
		CASE(control_characters),
		CASE(not_ascii),
		CASE(not_utf8),
		CASE(long_names),
		CASE(names_that_look_alike_are_others),
		CASE(a_change_of_case_is_a_rename),
#ifdef __libposix__
		CASE(windows_spelling),
		CASE(drives_are_folders),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
