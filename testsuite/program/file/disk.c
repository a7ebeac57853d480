/* Disk files and folders. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void make(const char *name, const char *text)
{
	int f = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(f >= 0);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	close(f);
}

static void check(const char *name, const char *text)
{
	char bytes[256];
	int f = open(name, O_RDONLY);
	ssize_t n = read(f, bytes, sizeof bytes);

	assert_true(f >= 0);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
	close(f);
}

static void open_errors(void **state)
{
	make("f", "x");
	assert_fails(open("missing", O_RDONLY), ENOENT);
	assert_fails(open("f", O_CREAT | O_EXCL, 0644), EEXIST);
	assert_fails(open("f/x", O_RDONLY), ENOTDIR);
	assert_fails(open("f", O_DIRECTORY), ENOTDIR);
	assert_fails(open(".", O_WRONLY), EISDIR);
	assert_fails(open("", O_RDONLY), ENOENT);
	assert_fails(open((char *)8, O_RDONLY), EFAULT);
	assert_fails(open("missing/x", O_CREAT | O_WRONLY, 0644), ENOENT);
}

static void positions_are_shared_by_dup_alone(void **state)
{
	char c;

	make("f", "abcdef");
	int a = open("f", O_RDONLY), b = dup(a), d = open("f", O_RDONLY);

	assert_int_equal(read(a, &c, 1), 1);
	assert_int_equal(read(b, &c, 1), 1);
	assert_int_equal(c, 'b');
	assert_int_equal(read(d, &c, 1), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(pread(a, &c, 1, 5), 1);
	assert_int_equal(c, 'f');
	assert_int_equal(lseek(a, 0, SEEK_CUR), 2);
	assert_int_equal(lseek(a, -1, SEEK_END), 5);
	assert_fails(lseek(a, -1, SEEK_SET), EINVAL);
	close(a);
	close(b);
	close(d);
}

static void append_goes_to_the_end(void **state)
{
	make("f", "1");
	int a = open("f", O_WRONLY | O_APPEND),
	    b = open("f", O_WRONLY | O_APPEND);

	write(a, "2", 1);
	write(b, "3", 1);
	write(a, "4", 1);
	close(a);
	close(b);
	check("f", "1234");
}

static void vectors(void **state)
{
	char x[3], y[4];
	struct iovec out[] = { { "abc", 3 }, { "defg", 4 } };
	struct iovec in[] = { { x, 3 }, { y, 4 } };
	int f = open("v", O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(writev(f, out, 2), 7);
	assert_int_equal(preadv(f, in, 2, 0), 7);
	assert_memory_equal(x, "abc", 3);
	assert_memory_equal(y, "defg", 4);
	assert_fails(readv(f, in, -1), EINVAL);
	close(f);
}

static void truncation_and_holes(void **state)
{
	struct stat st;
	char bytes[4];

	make("f", "abcdef");
	int f = open("f", O_RDWR);

	assert_int_equal(ftruncate(f, 2), 0);
	assert_int_equal(ftruncate(f, 4), 0);
	assert_int_equal(pread(f, bytes, 4, 0), 4);
	assert_memory_equal(bytes, "ab\0\0", 4);
	fstat(f, &st);
	assert_int_equal(st.st_size, 4);
	assert_fails(ftruncate(f, -1), EINVAL);
	close(f);
	assert_fails(truncate("missing", 1), ENOENT);
}

static void stat_tells_what_it_is(void **state)
{
	struct stat a, b;

	make("f", "12345");
	assert_int_equal(link("f", "g"), 0);
	assert_int_equal(stat("f", &a), 0);
	assert_int_equal(stat("g", &b), 0);
	assert_true(S_ISREG(a.st_mode));
	assert_int_equal(a.st_size, 5);
	assert_int_equal(a.st_nlink, 2);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_dev, b.st_dev);
	assert_int_equal(stat(".", &a), 0);
	assert_true(S_ISDIR(a.st_mode));
	assert_fails(stat("missing", &a), ENOENT);
	assert_fails(stat("f/", &a), ENOTDIR);
	unlink("g");
}

static void times_are_kept(void **state)
{
	struct timespec t[2] = { { 1000000000, 100 }, { 1100000000, 200 } };
	struct stat st;

	make("f", "");
	assert_int_equal(utimensat(AT_FDCWD, "f", t, 0), 0);
	stat("f", &st);
	assert_int_equal(st.st_mtim.tv_sec, 1100000000);
	assert_int_equal(st.st_mtim.tv_nsec, 200);
	assert_int_equal(st.st_atim.tv_sec, 1000000000);
}

static void links(void **state)
{
	char text[64];
	struct stat st;

	make("f", "data");
	assert_int_equal(symlink("f", "l"), 0);
	check("l", "data");
	assert_int_equal(readlink("l", text, sizeof text), 1);
	assert_int_equal(lstat("l", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(st.st_size, 1);
	assert_fails(readlink("f", text, 64), EINVAL);
	assert_fails(symlink("x", "l"), EEXIST);
	assert_fails(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_fails(open("loop", O_RDONLY), ELOOP);
	mkdir("d", 0755);
	make("d/x", "in d");
	assert_int_equal(symlink("d", "e"), 0);
	check("e/x", "in d");
	check("e/../f", "data");
	unlink("l");
	unlink("loop");
	unlink("e");
	unlink("d/x");
	rmdir("d");
}

static void rename_rules(void **state)
{
	make("a", "A");
	make("b", "B");
	assert_int_equal(rename("a", "b"), 0);
	check("b", "A");
	assert_fails(rename("a", "c"), ENOENT);
	mkdir("d", 0755);
	assert_fails(rename("b", "d"), EISDIR);
	assert_fails(rename("d", "b"), ENOTDIR);
	mkdir("e", 0755);
	assert_int_equal(rename("d", "e"), 0);
	assert_fails(rename("e", "e/x"), EINVAL);
	make("e/f", "");
	mkdir("g", 0755);
	assert_fails(rename("g", "e"), ENOTEMPTY);
	unlink("e/f");
	rmdir("e");
	rmdir("g");
	unlink("b");
}

static void open_files_outlive_their_names(void **state)
{
	char bytes[8];

	make("f", "old");
	int f = open("f", O_RDWR);

	assert_int_equal(unlink("f"), 0);
	assert_fails(open("f", O_RDONLY), ENOENT);
	make("f", "new!");
	assert_int_equal(pread(f, bytes, 8, 0), 3);
	assert_memory_equal(bytes, "old", 3);
	close(f);
	check("f", "new!");
	unlink("f");
}

static void folders(void **state)
{
	struct dirent *e;
	int n = 0, dots = 0;
	DIR *d;

	assert_int_equal(mkdir("many", 0755), 0);
	assert_fails(mkdir("many", 0755), EEXIST);
	for (int i = 0; i < 300; i++) {
		char name[64];

		snprintf(name, sizeof name, "many/file number %d", i);
		make(name, "");
	}
	d = opendir("many");
	while ((e = readdir(d)))
		e->d_name[0] == '.' ? dots++ : n++;
	assert_int_equal(n, 300);
	assert_int_equal(dots, 2);
	rewinddir(d);
	readdir(d);
	readdir(d);
	readdir(d);
	long at = telldir(d);
	char name[256];

	strcpy(name, readdir(d)->d_name);
	seekdir(d, at);
	assert_string_equal(readdir(d)->d_name, name);
	closedir(d);
	assert_fails(rmdir("many"), ENOTEMPTY);
	assert_fails(unlink("many"), EISDIR);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "many/file number %d", i);
		assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(rmdir("many"), 0);
	assert_fails(rmdir("many"), ENOENT);
}

static void strange_names_come_back(void **state)
{
	static const char *const names[] = { "a:b", "a*b", "a?b", "\"", "<",
		">", "|", "x.", "x ", "nul", "con", "a\\b", "\x01", "\xff\xfe",
		"\xef\x80\x81", "\xe2\x82\xac" };
	struct dirent *e;

	mkdir("names", 0755);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		bool seen = false;
		DIR *d;

		snprintf(path, sizeof path, "names/%s", names[i]);
		make(path, names[i]);
		check(path, names[i]);
		d = opendir("names");
		while ((e = readdir(d)))
			seen |= !strcmp(e->d_name, names[i]);
		closedir(d);
		assert_true(seen);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir("names"), 0);
}

static void working_folder(void **state)
{
	char before[4096], now[4096], small[2];
	int here = open(".", O_RDONLY | O_DIRECTORY);

	getcwd(before, sizeof before);
	mkdir("w", 0755);
	assert_int_equal(chdir("w"), 0);
	getcwd(now, sizeof now);
	assert_string_equal(now + strlen(before), "/w");
	assert_fails(chdir("missing"), ENOENT);
	assert_null(getcwd(small, 2));
	assert_int_equal(errno, ERANGE);
	assert_int_equal(fchdir(here), 0);
	assert_int_equal(mkdirat(here, "w/x", 0755), 0);
	assert_int_equal(unlinkat(here, "w/x", AT_REMOVEDIR), 0);
	rmdir("w");
	close(here);
}

static void sendfile_copies(void **state)
{
	make("f", "0123456789");
	int in = open("f", O_RDONLY), out = open("g", O_RDWR | O_CREAT, 0644);
	off_t from = 3;

	assert_int_equal(sendfile(out, in, &from, 4), 4);
	assert_int_equal(from, 7);
	assert_int_equal(sendfile(out, in, NULL, 100), 10);
	close(in);
	close(out);
	check("g", "34560123456789");
}

static void long_paths(void **state)
{
	char name[201];
	int depth;

	memset(name, 'n', 200);
	name[200] = 0;
	for (depth = 0; depth < 5; depth++) {
		assert_int_equal(mkdir(name, 0755), 0);
		assert_int_equal(chdir(name), 0);
	}
	make("leaf", "deep");
	check("leaf", "deep");
	unlink("leaf");
	for (; depth; depth--) {
		assert_int_equal(chdir(".."), 0);
		assert_int_equal(rmdir(name), 0);
	}
	char longer[300];

	memset(longer, 'x', 299);
	longer[299] = 0;
	assert_fails(open(longer, O_RDONLY), ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_errors),
		cmocka_unit_test(positions_are_shared_by_dup_alone),
		cmocka_unit_test(append_goes_to_the_end),
		cmocka_unit_test(vectors),
		cmocka_unit_test(truncation_and_holes),
		cmocka_unit_test(stat_tells_what_it_is),
		cmocka_unit_test(times_are_kept),
		cmocka_unit_test(links),
		cmocka_unit_test(rename_rules),
		cmocka_unit_test(open_files_outlive_their_names),
		cmocka_unit_test(folders),
		cmocka_unit_test(strange_names_come_back),
		cmocka_unit_test(working_folder),
		cmocka_unit_test(sendfile_copies),
		cmocka_unit_test(long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
