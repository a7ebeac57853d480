/* The names of open files: /proc/self/fd and /dev/fd. */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char name[64];

static const char *name_of(int fd)
{
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	return name;
}

static int make(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void they_are_links(void **state)
{
	char path[4096], wanted[4096];
	struct stat st;
	int f = make("dn.1", "text"), p[2];
	ssize_t n;

	assert_int_equal(lstat(name_of(f), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(name_of(f), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 4);
	n = readlink(name_of(f), path, sizeof path - 1);
	assert_true(n > 0);
	path[n] = 0;
	assert_non_null(getcwd(wanted, sizeof wanted - 8));
	strcat(wanted, "/dn.1");
	assert_string_equal(path, wanted);
	assert_int_equal(readlink(name_of(f), path, 3), 3);

	assert_int_equal(pipe(p), 0);
	assert_int_equal(fstat(p[0], &st), 0);
	snprintf(wanted, sizeof wanted, "pipe:[%lu]", st.st_ino);
	n = readlink(name_of(p[0]), path, sizeof path - 1);
	assert_true(n > 0);
	path[n] = 0;
	assert_string_equal(path, wanted);
	close(p[0]);
	close(p[1]);
	close(f);
	assert_fails(stat(name_of(f), &st), ENOENT);
	assert_fails(lstat(name_of(f), &st), ENOENT);
	assert_fails(readlink(name_of(f), path, 10), ENOENT);
	assert_fails(open(name_of(f), O_RDONLY), ENOENT);
	assert_fails(stat("/proc/self/fd/x", &st), ENOENT);
	assert_true(readlink("/dev/stdin", path, sizeof path) > 0);
	unlink("dn.1");
}

/* mkdir -m of GNU coreutils: fchmod() refuses O_PATH, this does not */
static void modes_by_name(void **state)
{
	struct stat st;
	int f;

	close(make("dn.2", "text"));
	f = open("dn.2", O_PATH);
	assert_true(f >= 0);
	assert_int_equal(chmod(name_of(f), 0444), 0);
	assert_int_equal(stat("dn.2", &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(chmod(name_of(f), 0644), 0);
	close(f);
	assert_fails(chmod(name_of(f), 0644), ENOENT);
	unlink("dn.2");

	assert_int_equal(mkdir("dn.3", 0755), 0);
	f = open("dn.3", O_PATH | O_DIRECTORY);
	assert_true(f >= 0);
	assert_int_equal(chmod(name_of(f), 0700), 0);
	close(f);
	rmdir("dn.3");
}

static void a_file_is_opened_anew(void **state)
{
	char bytes[16];
	int f, again;

	close(make("dn.4", "0123456789"));
	f = open("dn.4", O_RDONLY);
	assert_int_equal(read(f, bytes, 4), 4);
	again = open(name_of(f), O_RDWR);
	assert_true(again >= 0);
	assert_int_equal(read(again, bytes, sizeof bytes), 10);
	assert_int_equal(write(again, "ab", 2), 2);
	assert_int_equal(read(f, bytes, sizeof bytes), 8);
	assert_memory_equal(bytes, "456789ab", 8);
	close(again);
	again = open(name_of(f), O_WRONLY | O_TRUNC);
	assert_true(again >= 0);
	close(again);
	assert_int_equal(lseek(f, 0, SEEK_END), 0);
	assert_fails(open(name_of(f), O_RDONLY | O_DIRECTORY), ENOTDIR);
	assert_fails(open(name_of(f), O_RDONLY | O_NOFOLLOW), ELOOP);
	assert_fails(open(name_of(f), O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	close(f);
	unlink("dn.4");
}

static void it_needs_no_name(void **state)
{
	struct stat was, is;
	char bytes[16];
	int f = make("dn.5", "0123456789"), again;

	assert_int_equal(fstat(f, &was), 0);
	unlink("dn.5");
	/* another file of the same name is not meant */
	close(make("dn.5", "other"));
	again = open(name_of(f), O_RDWR);
	assert_true(again >= 0);
	assert_int_equal(fstat(again, &is), 0);
	assert_int_equal(is.st_ino, was.st_ino);
	assert_int_equal(pread(again, bytes, sizeof bytes, 0), 10);
	close(again);
	close(f);
	unlink("dn.5");
}

static void paths_lead_through(void **state)
{
	char path[128];
	struct stat st;
	int folder, f;

	assert_int_equal(mkdir("dn.6", 0755), 0);
	close(make("dn.6/x", "text"));
	folder = open("dn.6", O_RDONLY | O_DIRECTORY);
	assert_true(folder >= 0);
	snprintf(path, sizeof path, "/dev/fd/%d/x", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
	f = open(path, O_RDONLY);
	assert_true(f >= 0);
	snprintf(path, sizeof path, "/dev/fd/%d/x", f);
	assert_fails(stat(path, &st), ENOTDIR);
	close(f);
	close(folder);
	unlink("dn.6/x");
	rmdir("dn.6");
}

static void listing(void **state)
{
	int f = make("dn.7", ""), seen = 0;
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(e->d_type, DT_LNK);
		seen += atoi(e->d_name) == f;
		seen += atoi(e->d_name) == dirfd(d);
	}
	assert_int_equal(seen, 2);
	closedir(d);
	close(f);
	unlink("dn.7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_links),
		cmocka_unit_test(modes_by_name),
		cmocka_unit_test(a_file_is_opened_anew),
		cmocka_unit_test(it_needs_no_name),
		cmocka_unit_test(paths_lead_through),
		cmocka_unit_test(listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
