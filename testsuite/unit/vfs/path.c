/* vfs/path.c: the walk against Linux' own, on one tree of Linux' files
 * uses: winsup/libposix/vfs/path.c winsup/libposix/lib/format.c
 * winsup/libposix/lib/utf.c testsuite/unit/win_fake.c */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfs/vfs.h"

static char tree[64] = "/tmp/posix-path-XXXXXX";
static char cwd[PATH_MAX];

/* ---- a file system that follows no link, over Linux' ---- */

static const char *absolute(const struct place *p)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof path, "%s/%.*s", tree, (int)p->length, p->rest);
	return path;
}

/* As fs_ops wants it: a link on the way is as if nothing were there. */
static long look(const struct place *p, struct stat *st)
{
	char path[2 * PATH_MAX];

	strcpy(path, absolute(p));
	for (char *s = path + strlen(tree) + 1; (s = strchr(s, '/')); s++) {
		*s = 0;
		if (lstat(path, st))
			return -errno;
		if (!S_ISDIR(st->st_mode))
			return S_ISLNK(st->st_mode) ? -ENOENT : -ENOTDIR;
		*s = '/';
	}
	return lstat(path, st) ? -errno : 0;
}

static long fake_stat(const struct place *p, struct kstat *out)
{
	struct stat st;
	long r = look(p, &st);

	memset(out, 0, sizeof *out);
	out->ino = st.st_ino;
	out->mode = st.st_mode;
	return r;
}

static long fake_readlink(const struct place *p, char *to, size_t room)
{
	struct stat st;
	long r = look(p, &st);

	if (r)
		return r;
	r = readlink(absolute(p), to, room);
	return r < 0 ? -errno : r;
}

static long fake_parent(const struct place *p)
{
	struct place up = *p;
	struct stat st;

	for (long missing = 0;; missing = -ENOENT) {
		while (up.length && up.rest[up.length - 1] != '/')
			up.length--;
		if (up.length)
			up.length--;
		if (!look(&up, &st))
			return S_ISDIR(st.st_mode) ? missing : -ENOTDIR;
		if (!up.length)
			return -ENOENT;
	}
}

static const struct fs_ops fake = { .name = "fake",
	.stat = fake_stat,
	.readlink = fake_readlink,
	.parent = fake_parent };
static const struct mount root = { "/", 1, &fake, NULL, 0, 0, 1 };

const struct mount *mount_find(const char *path, size_t *prefix)
{
	*prefix = 0;
	return &root;
}

bool mount_make(const struct mount *m)
{
	return false;
}

bool mount_below(const char *path)
{
	return false;
}

const struct mount *mount_made(const struct place *p)
{
	return NULL;
}

const char *fs_cwd(void)
{
	return cwd;
}

long fd_get(int fd, struct file **out)
{
	return -EBADF;
}

void file_release(struct file *f)
{
}

long file_path(struct file *f, char *to, size_t room)
{
	return -ENOTDIR;
}

/* ---- tests ---- */

static void compare(const char *path, bool follow)
{
	struct stat theirs;
	struct kstat ours;
	long r = path_stat(AT_FDCWD, path, follow ? 0 : PATH_NOFOLLOW, &ours);
	long wanted = (follow ? stat(path, &theirs) : lstat(path, &theirs))
			      ? -errno
			      : 0;

	if (r != wanted)
		fail_msg("%s, %s: %ld, Linux %ld", path,
			follow ? "followed" : "itself", r, wanted);
	if (!r && ours.ino != theirs.st_ino)
		fail_msg("%s, %s: another file", path,
			follow ? "followed" : "itself");
}

static void random_paths(void **state)
{
	static const char *const parts[] = { "a", "b", "f", "none", ".", "..",
		"to_a", "to_ab", "to_f", "up", "dangling", "loop", "chain",
		"" };
	char path[256];

	srand(1);
	for (int i = 0; i < 10000; i++) {
		size_t n = 0;

		for (int k = rand() % 7; k >= 0; k--)
			n += (size_t)sprintf(path + n, "%s%s",
				parts[rand() % 14],
				k || rand() % 4 == 0 ? "/" : "");
		/* "/" is another for us and for Linux here */
		if (*path == '/' || !*path)
			continue;
		compare(path, true);
		compare(path, false);
	}
}

static void real_paths_have_no_links(void **state)
{
	static const char *const paths[] = { "a", "to_a", "to_ab/..", "a/up/f",
		"to_f", "./a//b/.", "chain/b" };
	char ours[PATH_MAX], theirs[PATH_MAX];

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_int_equal(
			path_real(AT_FDCWD, paths[i], ours, sizeof ours), 0);
		assert_non_null(realpath(paths[i], theirs));
		assert_string_equal(ours, theirs + strlen(tree));
	}
}

static void windows_spelling(void **state)
{
	char to[64];

	path_absolute(AT_FDCWD, "C:\\x\\..\\y", to, sizeof to);
	assert_string_equal(to, "/mnt/c/y");
	path_absolute(AT_FDCWD, "d:/", to, sizeof to);
	assert_string_equal(to, "/mnt/d");
	path_absolute(AT_FDCWD, "C:x", to, sizeof to);
	assert_string_equal(to + strlen(cwd), "/C:x");
	path_absolute(AT_FDCWD, "/a/./b//c/../", to, sizeof to);
	assert_string_equal(to, "/a/b");
	path_absolute(AT_FDCWD, "/..", to, sizeof to);
	assert_string_equal(to, "/");
	assert_int_equal(path_absolute(AT_FDCWD, "", to, sizeof to), -ENOENT);
	assert_int_equal(path_absolute(AT_FDCWD, "/abc", to, 4), -ENAMETOOLONG);
}

static void what_is_moved(void **state)
{
	char *p = path_moved("/a/b/c", "/a/b", "/x");

	assert_string_equal(p, "/x/c");
	win_free(p);
	p = path_moved("/a/b", "/a/b", "/longer/than/it");
	assert_string_equal(p, "/longer/than/it");
	win_free(p);
	assert_null(path_moved("/a/bc", "/a/b", "/x"));
	assert_null(path_moved("/a", "/a/b", "/x"));
}

static int make_tree(void **state)
{
	if (!mkdtemp(tree) || chdir(tree))
		return -1;
	/* deeper than any path of the tests climbs */
	for (int i = 0; i < 16; i++) {
		mkdir("w", 0755);
		strcat(cwd, "/w");
		if (chdir("w"))
			return -1;
	}
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	close(open("f", O_CREAT | O_WRONLY, 0644));
	close(open("a/f", O_CREAT | O_WRONLY, 0644));
	symlink("a", "to_a");
	symlink("to_a/b", "to_ab");
	symlink("to_a/f", "to_f");
	symlink("..", "a/up");
	symlink("../..", "a/b/up");
	symlink("none", "dangling");
	symlink("loop", "loop");
	symlink("to_a/.", "chain");
	symlink("../to_f", "a/to_f");
	symlink("up/to_a", "a/to_a");
	return 0;
}

static int remove_tree(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", tree);
	return chdir("/") || system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_paths),
		cmocka_unit_test(real_paths_have_no_links),
		cmocka_unit_test(windows_spelling),
		cmocka_unit_test(what_is_moved),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
