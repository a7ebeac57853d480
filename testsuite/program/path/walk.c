/* How paths are walked: links, dots, slashes, what is missing; man 7
 * path_resolution and POSIX.1-2024 4.16. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
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

	if (f < 0)
		fail_msg("%s: errno %d", name, errno);
	assert_int_equal(read(f, bytes, sizeof bytes), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
	close(f);
}

/* d/f, d/sub/g, and links: l -> d, d/up -> .., m -> l/sub, dangling -> none */
static int make_tree(void **state)
{
	mkdir("d", 0755);
	mkdir("d/sub", 0755);
	make("d/f", "f");
	make("d/sub/g", "g");
	symlink("d", "l");
	symlink("..", "d/up");
	symlink("l/sub", "m");
	symlink("none", "dangling");
	symlink("d/f", "to_f");
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const files[] = { "to_f", "dangling", "m", "d/up",
		"l", "d/sub/g", "d/f", "none" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlink(files[i]);
	rmdir("d/sub");
	assert_int_equal(rmdir("d"), 0);
	return 0;
}

static void links_on_the_way(void **state)
{
	check("l/f", "f");
	check("m/g", "g");
	check("m/../f", "f"); /* of what m points at, not of m */
	check("l/sub/../up/d/f", "f");
	check("l/up/l/up/l/f", "f");
	check("./l/.//sub/./g", "g");
	check("to_f", "f");
}

static void dots_follow_links(void **state)
{
	struct stat a, b;

	assert_int_equal(stat("m/..", &a), 0);
	assert_int_equal(stat("d", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(stat("m/../..", &a), 0);
	assert_int_equal(stat(".", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_fails(stat("none/..", &a), ENOENT);
	assert_fails(stat("d/f/..", &a), ENOTDIR);
	assert_fails(stat("d/f/.", &a), ENOTDIR);
	assert_fails(stat("d/none/../f", &a), ENOENT);
	assert_int_equal(stat("/..", &a), 0);
	assert_int_equal(stat("/", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(stat("//", &a), 0);
}

static void slashes_at_the_end(void **state)
{
	struct stat st;
	char text[16];

	assert_int_equal(lstat("l", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("l/", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(lstat("l/.", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(stat("d///", &st), 0);
	assert_fails(stat("d/f/", &st), ENOTDIR);
	assert_fails(lstat("to_f/", &st), ENOTDIR);
	assert_fails(open("d/f/", O_RDONLY), ENOTDIR);
	assert_fails(open("new/", O_CREAT | O_WRONLY, 0644), EISDIR);
	assert_fails(stat("none/", &st), ENOENT);
	assert_fails(unlink("d/f/"), ENOTDIR);
	assert_fails(readlink("l/", text, sizeof text), EINVAL);
	assert_int_equal(mkdir("new/", 0755), 0);
	assert_int_equal(rename("new/", "newer/"), 0);
	assert_int_equal(rmdir("newer///"), 0);
	assert_fails(rename("d/f", "new/"), ENOTDIR);
	assert_fails(rename("d/f/", "new"), ENOTDIR);
	assert_fails(mkdir("d/", 0755), EEXIST);
	assert_fails(symlink("x", "new/"), ENOENT);
	assert_fails(link("d/f", "new/"), ENOENT);
}

static void dots_that_cannot_be_changed(void **state)
{
	assert_fails(rmdir("d/."), EINVAL);
	assert_fails(rmdir("d/sub/.."), ENOTEMPTY);
	assert_fails(mkdir("d/.", 0755), EEXIST);
	assert_fails(mkdir("d/..", 0755), EEXIST);
	assert_fails(mkdir("/", 0755), EEXIST);
	assert_fails(rmdir("/"), EBUSY);
	assert_fails(rename("d/.", "e"), EBUSY);
	assert_fails(rename("d", "e/.."), ENOENT);
	assert_fails(unlink("d/."), EISDIR);
}

static void a_link_that_leads_nowhere(void **state)
{
	struct stat st;

	assert_fails(stat("dangling", &st), ENOENT);
	assert_int_equal(lstat("dangling", &st), 0);
	assert_fails(open("dangling", O_RDONLY), ENOENT);
	assert_fails(
		open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	assert_fails(mkdir("dangling", 0755), EEXIST);
	assert_fails(symlink("x", "dangling"), EEXIST);
	assert_fails(link("d/f", "dangling"), EEXIST);
	assert_fails(open("dangling/x", O_RDONLY), ENOENT);
	/* creating goes through it */
	make("dangling", "new");
	check("none", "new");
	assert_int_equal(lstat("dangling", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void links_in_a_circle(void **state)
{
	struct stat st;
	char name[32], target[32];

	symlink("b", "a");
	symlink("a", "b");
	assert_fails(stat("a", &st), ELOOP);
	assert_fails(stat("a/x", &st), ELOOP);
	assert_fails(open("a", O_RDONLY), ELOOP);
	assert_fails(open("a", O_WRONLY | O_CREAT, 0644), ELOOP);
	assert_fails(chmod("a", 0644), ELOOP);
	assert_fails(chdir("a"), ELOOP);
	assert_int_equal(lstat("a", &st), 0);
	unlink("a");
	unlink("b");
	/* 40 links are followed, 41 are too many: man 7 path_resolution */
	make("chain0", "end");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof name, "chain%d", i);
		snprintf(target, sizeof target, "chain%d", i - 1);
		assert_int_equal(symlink(target, name), 0);
	}
	check("chain40", "end");
	assert_fails(open("chain41", O_RDONLY), ELOOP);
	for (int i = 0; i <= 41; i++) {
		snprintf(name, sizeof name, "chain%d", i);
		unlink(name);
	}
}

static void not_following(void **state)
{
	struct stat st;
	int f;

	assert_fails(open("to_f", O_RDONLY | O_NOFOLLOW), ELOOP);
	assert_fails(open("l", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	f = open("l/f", O_RDONLY | O_NOFOLLOW);
	assert_true(f >= 0);
	close(f);
	f = open("to_f", O_PATH | O_NOFOLLOW);
	assert_true(f >= 0);
	assert_int_equal(fstat(f, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_fails(read(f, &st, 1), EBADF);
	close(f);
	assert_int_equal(
		fstatat(AT_FDCWD, "to_f", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	/* unlink and rename take the link itself */
	symlink("d/f", "x");
	assert_int_equal(rename("x", "y"), 0);
	assert_int_equal(lstat("y", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlink("y"), 0);
	check("d/f", "f");
	/* link() makes another name of the link, AT_SYMLINK_FOLLOW of the file
	 */
	assert_int_equal(
		linkat(AT_FDCWD, "to_f", AT_FDCWD, "x", AT_SYMLINK_FOLLOW), 0);
	assert_int_equal(lstat("x", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink("x");
	assert_fails(rmdir("l"), ENOTDIR);
}

static void what_is_missing_and_what_is_no_folder(void **state)
{
	struct stat st;
	char text[16];

	assert_fails(stat("", &st), ENOENT);
	assert_fails(stat("none", &st), ENOENT);
	assert_fails(stat("none/x", &st), ENOENT);
	assert_fails(stat("d/f/x", &st), ENOTDIR);
	assert_fails(stat("d/f/x/y", &st), ENOTDIR);
	assert_fails(stat("to_f/x", &st), ENOTDIR);
	assert_fails(open("d/f/x", O_CREAT | O_WRONLY, 0644), ENOTDIR);
	assert_fails(mkdir("d/f/x", 0755), ENOTDIR);
	assert_fails(mkdir("none/x", 0755), ENOENT);
	assert_fails(rmdir("d/f"), ENOTDIR);
	assert_fails(rmdir("none"), ENOENT);
	assert_fails(unlink("d/f/x"), ENOTDIR);
	assert_fails(unlink("none/x"), ENOENT);
	assert_fails(rename("d/f/x", "y"), ENOTDIR);
	assert_fails(rename("d/f", "none/x"), ENOENT);
	assert_fails(rename("d/f", "d/sub/g/x"), ENOTDIR);
	assert_fails(readlink("none", text, 16), ENOENT);
	assert_fails(readlink("d/f/x", text, 16), ENOTDIR);
	assert_fails(chdir("d/f"), ENOTDIR);
	assert_fails(chmod("none", 0644), ENOENT);
	assert_fails(truncate("d", 0), EISDIR);
	assert_fails(access("none", F_OK), ENOENT);
	assert_fails(symlink("", "x"), ENOENT);
}

static void names_that_are_too_long(void **state)
{
	static char path[8192];
	struct stat st;
	char name[300];
	size_t n;

	memset(name, 'n', 255);
	name[255] = 0;
	make(name, "long");
	check(name, "long");
	assert_int_equal(unlink(name), 0);
	name[255] = 'n';
	name[256] = 0;
	assert_fails(open(name, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
	assert_fails(mkdir(name, 0755), ENAMETOOLONG);
	assert_fails(stat(name, &st), ENAMETOOLONG);
	assert_fails(symlink("x", name), ENAMETOOLONG);
	assert_fails(rename("d", name), ENAMETOOLONG);
	/* PATH_MAX is with the terminator */
	for (n = 0; n < 4094; n += 2)
		memcpy(path + n, "./", 2);
	strcpy(path + n, "d");
	assert_int_equal(strlen(path), 4095);
	assert_int_equal(stat(path, &st), 0);
	strcpy(path + n, "./d");
	assert_fails(stat(path, &st), ENAMETOOLONG);
	assert_fails(symlink(path, "x"), ENAMETOOLONG);
}

/* A path of nearly PATH_MAX, in pieces and whole. */
static void deep_paths(void **state)
{
	static char path[PATH_MAX], there[PATH_MAX];
	char name[101];
	size_t base;
	int depth;

	memset(name, 'n', 100);
	name[100] = 0;
	assert_non_null(getcwd(path, sizeof path));
	base = strlen(path);
	for (depth = 0; base + 101 * (depth + 1) < 3600; depth++) {
		assert_int_equal(mkdir(name, 0755), 0);
		assert_int_equal(chdir(name), 0);
		strcat(path, "/");
		strcat(path, name);
	}
	assert_non_null(getcwd(there, sizeof there));
	assert_string_equal(there, path);
	make("leaf", "deep");
	strcat(path, "/leaf");
	check(path, "deep");
	assert_int_equal(unlink(path), 0);
	for (; depth; depth--) {
		assert_int_equal(chdir(".."), 0);
		assert_int_equal(rmdir(name), 0);
	}
}

static void folders_as_descriptors(void **state)
{
	int d = open("d", O_RDONLY | O_DIRECTORY), f, p = open("d", O_PATH);
	struct stat st;
	char text[16];

	f = openat(d, "f", O_RDONLY);
	assert_true(f >= 0);
	assert_fails(openat(f, "x", O_RDONLY), ENOTDIR);
	close(f);
	f = openat(p, "sub/g", O_RDONLY);
	assert_true(f >= 0);
	close(f);
	assert_fails(openat(-1, "f", O_RDONLY), EBADF);
	f = openat(-1, "/dev/null", O_RDONLY);
	assert_true(f >= 0);
	close(f);
	assert_int_equal(fstatat(d, "", &st, AT_EMPTY_PATH), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_fails(fstatat(d, "", &st, 0), ENOENT);
	assert_int_equal(mkdirat(d, "n", 0755), 0);
	assert_int_equal(renameat(d, "n", AT_FDCWD, "n"), 0);
	assert_int_equal(rmdir("n"), 0);
	assert_int_equal(linkat(d, "f", d, "f2", 0), 0);
	assert_int_equal(unlinkat(d, "f2", 0), 0);
	assert_fails(unlinkat(d, "sub", 0), EISDIR);
	assert_fails(unlinkat(d, "sub", AT_REMOVEDIR), ENOTEMPTY);
	assert_int_equal(symlinkat("t", d, "s"), 0);
	assert_int_equal(readlinkat(d, "s", text, sizeof text), 1);
	assert_int_equal(unlinkat(d, "s", 0), 0);
	assert_int_equal(faccessat(d, "f", R_OK, 0), 0);
	assert_int_equal(fchmodat(d, "f", 0644, 0), 0);
	close(d);
	close(p);
}

/* A descriptor and the cwd are of a folder, not of its name. */
static void folders_that_are_renamed(void **state)
{
	char path[PATH_MAX];
	int d = open("d", O_RDONLY | O_DIRECTORY),
	    sub = open("d/sub", O_RDONLY | O_DIRECTORY), f;

	assert_int_equal(rename("d", "e"), 0);
	f = openat(d, "f", O_RDONLY);
	assert_true(f >= 0);
	close(f);
	f = openat(sub, "../f", O_RDONLY);
	assert_true(f >= 0);
	close(f);
	assert_int_equal(chdir("e/sub"), 0);
	assert_int_equal(rename("../../e", "../../d"), 0);
	check("g", "g");
	assert_non_null(getcwd(path, sizeof path));
	assert_string_equal(path + strlen(path) - 6, "/d/sub");
	assert_int_equal(chdir("../.."), 0);
	assert_int_equal(fchdir(sub), 0);
	check("g", "g");
	assert_int_equal(chdir("../.."), 0);
	check("d/f", "f");
	close(d);
	close(sub);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_tree, remove_tree)
	const struct CMUnitTest tests[] = {
		CASE(links_on_the_way),
		CASE(dots_follow_links),
		CASE(slashes_at_the_end),
		CASE(dots_that_cannot_be_changed),
		CASE(a_link_that_leads_nowhere),
		CASE(links_in_a_circle),
		CASE(not_following),
		CASE(what_is_missing_and_what_is_no_folder),
		CASE(names_that_are_too_long),
		CASE(deep_paths),
		CASE(folders_as_descriptors),
		CASE(folders_that_are_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
