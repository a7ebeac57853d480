/* Paths up to PATH_MAX; folders that are removed while they are somebody's
 * current one; what ".." is in a listing. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char start[PATH_MAX], deep[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	return getcwd(start, sizeof start) ? 0 : -1;
}

/* Folders, one in the other, till the path has DEEP bytes. */
#define DEEP 3900

static void make_deep(const char *letter)
{
	char name[202] = "/";
	size_t n;

	while (strlen(name) + strlen(letter) < 200)
		strcat(name, letter);
	snprintf(deep, sizeof deep, "%s", start);
	while (strlen(deep) + strlen(name) < DEEP - 2) {
		strcat(deep, name);
		assert_int_equal(mkdir(deep, 0700), 0);
	}
	n = strlen(deep);
	deep[n] = '/';
	memset(deep + n + 1, 'd', DEEP - n - 1);
	deep[DEEP] = 0;
	assert_int_equal(mkdir(deep, 0700), 0);
}

static void remove_deep(void)
{
	while (strlen(deep) > strlen(start)) {
		assert_int_equal(rmdir(deep), 0);
		*strrchr(deep, '/') = 0;
	}
}

/* A path of exactly that many bytes. */
static const char *of_size(size_t size, char letter)
{
	static char path[2][PATH_MAX + 100];
	static int which;
	char *p = path[which = !which];
	size_t n = (size_t)sprintf(p, "%s/", deep);

	memset(p + n, letter, size - n);
	p[size] = 0;
	return p;
}

static void all_calls(size_t size)
{
	const char *one = of_size(size, 'x'), *two = of_size(size, 'y');
	struct stat st, other;
	char bytes[10];
	DIR *d;
	int fd = open(one, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(fstat(fd, &other), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_true(st.st_ino == other.st_ino);
	assert_int_equal(link(one, two), 0);
	assert_int_equal(unlink(one), 0);
	assert_int_equal(rename(two, one), 0);
	assert_fails(stat(two, &st), ENOENT);
	assert_int_equal(truncate(one, 3), 0);
	fd = open(one, O_RDONLY);
	assert_int_equal(read(fd, bytes, 10), 3);
	close(fd);
	assert_int_equal(unlink(one), 0);
	assert_int_equal(symlink("z", one), 0);
	assert_int_equal(readlink(one, bytes, 10), 1);
	assert_int_equal(unlink(one), 0);

	assert_int_equal(mkdir(one, 0700), 0);
	assert_fails(mkdir(one, 0700), EEXIST);
	assert_int_equal(chdir(one), 0);
	d = opendir(".");
	assert_non_null(d);
	closedir(d);
	assert_int_equal(chdir(start), 0);
	assert_int_equal(rmdir(one), 0);
	assert_fails(rmdir(one), ENOENT);
}

static void paths_upToPathMax_work(void **state)
{
	static const size_t sizes[] = { 4030, 4055, 4060, 4075, 4095 };

	(void)state;
	make_deep("d");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		all_calls(sizes[i]);
	assert_fails(
		open(of_size(4096, 'x'), O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	assert_fails(mkdir(of_size(4096, 'x'), 0700), ENAMETOOLONG);
	assert_fails(rmdir(of_size(4100, 'x')), ENAMETOOLONG);
	remove_deep();
}

static void paths_ofWideCharacters_work(void **state)
{
	(void)state;
	make_deep("\xe2\x82\xac");
	all_calls(strlen(deep) + 20);
	all_calls(4095);
	remove_deep();
}

static void rmdir_ofTheCurrentFolder_leavesNone(void **state)
{
	char path[PATH_MAX];
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(mkdir("gone", 0700), 0);
	assert_int_equal(chdir("gone"), 0);
	assert_fails(rmdir("."), EINVAL);
	assert_int_equal(rmdir("../gone"), 0);
	assert_null(getcwd(path, sizeof path));
	assert_int_equal(errno, ENOENT);
	assert_fails(open("file", O_RDWR | O_CREAT, 0600), ENOENT);
	assert_fails(mkdir("folder", 0700), ENOENT);
	pid = fork();
	if (!pid)
		_exit(getcwd(path, sizeof path) || errno != ENOENT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chdir(start), 0);
	assert_non_null(getcwd(path, sizeof path));
}

static ino_t listed(const char *folder, const char *name)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	ino_t ino = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, name))
			ino = e->d_ino;
	closedir(d);
	return ino;
}

static void listing_dotDot_isTheParent(void **state)
{
	static const char *const folders[][2] = { { ".", ".." }, { "one", "." },
		{ "one/two", "one" }, { "/usr", "/" }, { "/", "/" } };
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("one", 0700), 0);
	assert_int_equal(mkdir("one/two", 0700), 0);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		assert_int_equal(stat(folders[i][1], &st), 0);
		assert_true(listed(folders[i][0], "..") == st.st_ino);
		assert_int_equal(stat(folders[i][0], &st), 0);
		assert_true(listed(folders[i][0], ".") == st.st_ino);
	}
	assert_int_equal(rename("one/two", "two"), 0);
	assert_int_equal(stat(".", &st), 0);
	assert_true(listed("two", "..") == st.st_ino);
	assert_int_equal(rmdir("two"), 0);
	assert_int_equal(rmdir("one"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_upToPathMax_work),
		cmocka_unit_test(paths_ofWideCharacters_work),
		cmocka_unit_test(rmdir_ofTheCurrentFolder_leavesNone),
		cmocka_unit_test(listing_dotDot_isTheParent),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
