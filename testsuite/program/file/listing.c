/* Folders that are listed: large ones, while they change, and from places
 * that were noted. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 2000

static void make(const char *folder, int number)
{
	char name[64];
	int f;

	snprintf(name, sizeof name, "%s/entry-%05d", folder, number);
	f = open(name, O_WRONLY | O_CREAT, 0644);
	assert_true(f >= 0);
	close(f);
}

static void remove_entry(const char *folder, int number)
{
	char name[64];

	snprintf(name, sizeof name, "%s/entry-%05d", folder, number);
	assert_int_equal(unlink(name), 0);
}

static int number_of(const char *name)
{
	return name[0] == '.' ? -1 : atoi(name + 6);
}

static int large(void **state)
{
	mkdir("large", 0755);
	for (int i = 0; i < FILES; i++)
		make("large", i);
	return 0;
}

static void each_is_listed_once(void **state)
{
	static int seen[FILES];
	struct dirent *e;
	DIR *d = opendir("large");
	int dots = 0;

	while ((e = readdir(d)))
		if (number_of(e->d_name) < 0)
			dots++;
		else
			seen[number_of(e->d_name)]++;
	assert_int_equal(dots, 2);
	for (int i = 0; i < FILES; i++)
		assert_int_equal(seen[i], 1);
	assert_null(readdir(d));
	closedir(d);
}

static void types_and_numbers_are_those_of_stat(void **state)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	mkdir("t", 0755);
	mkdir("t/d", 0755);
	close(open("t/f", O_CREAT | O_WRONLY, 0644));
	symlink("f", "t/l");
	d = opendir("t");
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW),
			0);
		assert_int_equal(e->d_ino, st.st_ino);
		if (e->d_type != DT_UNKNOWN)
			assert_int_equal(
				DTTOIF(e->d_type), st.st_mode & S_IFMT);
	}
	closedir(d);
	unlink("t/l");
	unlink("t/f");
	rmdir("t/d");
	assert_int_equal(rmdir("t"), 0);
}

static void noted_places_are_found_again(void **state)
{
	static long places[FILES + 3];
	static char names[FILES + 3][32];
	struct dirent *e;
	DIR *d = opendir("large");
	int n = 0;

	for (;;) {
		places[n] = telldir(d);
		if (!(e = readdir(d)))
			break;
		strcpy(names[n++], e->d_name);
	}
	assert_int_equal(n, FILES + 2);
	for (int i = 1; i < n; i += 333) {
		seekdir(d, places[i]);
		assert_string_equal(readdir(d)->d_name, names[i]);
		seekdir(d, places[n - i]);
		assert_string_equal(readdir(d)->d_name, names[n - i]);
	}
	rewinddir(d);
	assert_string_equal(readdir(d)->d_name, names[0]);
	closedir(d);
}

/* POSIX.1-2024 readdir(): what is neither made nor removed is listed once. */
static void it_may_change_meanwhile(void **state)
{
	static int seen[2 * FILES];
	struct dirent *e;
	DIR *d = opendir("large");
	int n = 0;

	while ((e = readdir(d))) {
		int number = number_of(e->d_name);

		if (number < 0)
			continue;
		seen[number]++;
		if (number < FILES && number % 2) {
			remove_entry("large", number);
			make("large", FILES + number);
		}
		assert_true(++n < 3 * FILES);
	}
	closedir(d);
	for (int i = 0; i < FILES; i++)
		assert_int_equal(seen[i], 1);
	/* rewinddir() shows what is there now */
	d = opendir("large");
	assert_non_null(readdir(d));
	make("large", 1);
	rewinddir(d);
	bool found = false;

	while ((e = readdir(d)))
		found |= number_of(e->d_name) == 1;
	assert_true(found);
	closedir(d);
}

static void all_is_removed_while_listing(void **state)
{
	struct dirent *e;
	char name[300];
	DIR *d = opendir("large");

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	}
	closedir(d);
	assert_int_equal(rmdir("large"), 0);
}

static void the_call_itself(void **state)
{
	char bytes[4096];
	int d = open(".", O_RDONLY), f, status;
	long n, total = 0;
	pid_t child;

	assert_fails(syscall(SYS_getdents64, d, bytes, 10), EINVAL);
	/* in pieces and at once */
	while ((n = syscall(SYS_getdents64, d, bytes, 48)) > 0)
		total += n;
	assert_int_equal(n, 0);
	assert_int_equal(lseek(d, 0, SEEK_SET), 0);
	assert_int_equal(syscall(SYS_getdents64, d, bytes, 4096), total);
	f = open("f", O_RDWR | O_CREAT, 0644);
	assert_fails(syscall(SYS_getdents64, f, bytes, 4096), ENOTDIR);
	assert_fails(syscall(SYS_getdents64, -1, bytes, 4096), EBADF);
	close(f);
	unlink("f");
	/* a child goes on where the parent is */
	lseek(d, 0, SEEK_SET);
	assert_true(syscall(SYS_getdents64, d, bytes, 32) > 0);
	child = fork();
	if (!child)
		_exit(syscall(SYS_getdents64, d, bytes, 4096) != total - 24);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_listed_once),
		cmocka_unit_test(types_and_numbers_are_those_of_stat),
		cmocka_unit_test(noted_places_are_found_again),
		cmocka_unit_test(it_may_change_meanwhile),
		cmocka_unit_test(all_is_removed_while_listing),
		cmocka_unit_test(the_call_itself),
	};

	return cmocka_run_group_tests(tests, large, NULL);
}
