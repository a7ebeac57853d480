/* openat2(2): what may be on the way.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* musl 1.2.3 has no names for them: man 2 openat2 */
#define OPENAT2	      437
#define NO_XDEV	      1
#define NO_MAGICLINKS 2
#define NO_SYMLINKS   4
#define BENEATH	      8
#define IN_ROOT	      16

struct how {
	uint64_t flags, mode, resolve;
};

static int root;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(mkdir("root", 0755), 0);
	assert_int_equal(mkdir("root/in", 0755), 0);
	assert_int_equal(mkdir("out", 0755), 0);
	close(open("root/in/file", O_CREAT | O_RDWR, 0600));
	close(open("root/file", O_CREAT | O_RDWR, 0600));
	close(open("out/file", O_CREAT | O_RDWR, 0600));
	assert_int_equal(symlink("in", "root/inner"), 0);
	assert_int_equal(symlink("../out", "root/outer"), 0);
	assert_int_equal(symlink("/in", "root/absolute"), 0);
	assert_int_equal(symlink("../../..", "root/in/up"), 0);
	assert_int_equal(symlink("loop", "root/loop"), 0);
	root = open("root", O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root);
	return system("rm -rf root out");
}

static int with(int at, const char *path, uint64_t flags, uint64_t resolve)
{
	struct how how = { flags, 0, resolve };
	long fd = syscall(OPENAT2, at, path, &how, sizeof how);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0 ? 0 : errno;
}

static void as_openat(void **state)
{
	struct how how = { O_CREAT | O_EXCL | O_RDWR, 0640, 0 };
	struct stat st;
	int fd;

	umask(022);
	fd = (int)syscall(OPENAT2, root, "new", &how, sizeof how);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(with(root, "outer/file", O_RDONLY, 0), 0);
	assert_int_equal(with(root, "nothing", O_RDONLY, 0), ENOENT);
	assert_int_equal(with(999, "nothing", O_RDONLY, 0), EBADF);
}

static void strict_arguments(void **state)
{
	struct {
		struct how how;
		uint64_t more;
	} long_how = { { O_RDONLY, 0, 0 }, 0 };
	struct how how = { O_RDONLY, 0600, 0 };
	int fd;

	/* a mode of what is not made */
	assert_int_equal(syscall(OPENAT2, root, "file", &how, sizeof how), -1);
	assert_int_equal(errno, EINVAL);
	how = (struct how){ O_CREAT | O_RDWR, 010000, 0 };
	assert_int_equal(syscall(OPENAT2, root, "file", &how, sizeof how), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(with(root, "file", 1ul << 40, 0), EINVAL);
	assert_int_equal(with(root, "file", O_PATH | O_RDWR, 0), EINVAL);
	assert_int_equal(with(root, "file", O_RDONLY, 1ul << 20), EINVAL);
	assert_int_equal(
		with(root, "file", O_RDONLY, BENEATH | IN_ROOT), EINVAL);
	assert_int_equal(syscall(OPENAT2, root, "file", &how, 8), -1);
	assert_int_equal(errno, EINVAL);
	fd = (int)syscall(OPENAT2, root, "file", &long_how, sizeof long_how);
	assert_true(fd >= 0);
	close(fd);
	long_how.more = 1;
	assert_int_equal(
		syscall(OPENAT2, root, "file", &long_how, sizeof long_how), -1);
	assert_int_equal(errno, E2BIG);
}

static void beneath(void **state)
{
	assert_int_equal(with(root, "file", O_RDONLY, BENEATH), 0);
	assert_int_equal(with(root, "in/../file", O_RDONLY, BENEATH), 0);
	assert_int_equal(with(root, "inner/file", O_RDONLY, BENEATH), 0);
	assert_int_equal(with(root, "inner/../file", O_RDONLY, BENEATH), 0);
	assert_int_equal(with(root, ".", O_RDONLY, BENEATH), 0);
	assert_int_equal(with(root, "..", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "../root/file", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "in/../../out", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "/etc", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "outer/file", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "absolute/file", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "in/up", O_RDONLY, BENEATH), EXDEV);
	assert_int_equal(with(root, "loop", O_RDONLY, BENEATH), ELOOP);
	assert_int_equal(with(root, "none/file", O_RDONLY, BENEATH), ENOENT);
	assert_int_equal(with(root, "file/x", O_RDONLY, BENEATH), ENOTDIR);
	/* of a link itself nothing is asked */
	assert_int_equal(with(root, "outer", O_PATH | O_NOFOLLOW, BENEATH), 0);
	assert_int_equal(
		with(root, "outer", O_RDONLY | O_NOFOLLOW, BENEATH), ELOOP);
}

static ino_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static ino_t opened(const char *path)
{
	struct how how = { O_RDONLY, 0, IN_ROOT };
	int fd = (int)syscall(OPENAT2, root, path, &how, sizeof how);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return st.st_ino;
}

static void in_root(void **state)
{
	assert_int_equal(opened("/file"), inode("root/file"));
	assert_int_equal(opened("../../file"), inode("root/file"));
	assert_int_equal(opened("absolute/file"), inode("root/in/file"));
	assert_int_equal(opened("in/up/file"), inode("root/file"));
	assert_int_equal(opened("/"), inode("root"));
	assert_int_equal(opened("inner/../in/.."), inode("root"));
	assert_int_equal(with(root, "outer/file", O_RDONLY, IN_ROOT), ENOENT);
	assert_int_equal(with(root, "/out", O_RDONLY, IN_ROOT), ENOENT);
}

static void no_links(void **state)
{
	char name[64];

	assert_int_equal(with(root, "in/file", O_RDONLY, NO_SYMLINKS), 0);
	assert_int_equal(
		with(root, "inner/file", O_RDONLY, NO_SYMLINKS), ELOOP);
	assert_int_equal(with(root, "inner", O_RDONLY, NO_SYMLINKS), ELOOP);
	assert_int_equal(
		with(root, "inner", O_PATH | O_NOFOLLOW, NO_SYMLINKS), 0);
	assert_int_equal(with(root, "inner/file", O_RDONLY, NO_MAGICLINKS), 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", root);
	assert_int_equal(with(AT_FDCWD, name, O_RDONLY, 0), 0);
	assert_int_equal(with(AT_FDCWD, name, O_RDONLY, NO_MAGICLINKS), ELOOP);
	assert_int_equal(
		with(AT_FDCWD, "/proc/self/cwd", O_RDONLY, NO_MAGICLINKS),
		ELOOP);
	assert_int_equal(
		with(AT_FDCWD, "/proc/self/status", O_RDONLY, NO_MAGICLINKS),
		0);
	assert_int_equal(
		with(AT_FDCWD, "/proc/self/status", O_RDONLY, NO_SYMLINKS),
		ELOOP);
}

static void no_other_device(void **state)
{
	int top = open("/", O_RDONLY | O_DIRECTORY);

	assert_int_equal(with(root, "in/file", O_RDONLY, NO_XDEV), 0);
	assert_int_equal(with(root, "outer/file", O_RDONLY, NO_XDEV), 0);
	assert_int_equal(
		with(top, "proc/self/status", O_RDONLY, NO_XDEV), EXDEV);
	assert_int_equal(with(top, "dev/null", O_RDONLY, NO_XDEV), EXDEV);
	close(top);
}

/* Another process puts now a folder, now a link there that leads out. */
static void no_race_leads_out(void **state)
{
	struct how how = { O_RDONLY, 0, BENEATH };
	struct stat st;
	ino_t outside = inode("out/file");
	pid_t pid;
	int inside = 0;

	assert_int_equal(mkdir("root/moving", 0755), 0);
	close(open("root/moving/file", O_CREAT | O_RDWR, 0600));
	assert_int_equal(symlink("../out", "root/link"), 0);
	pid = fork();
	if (!pid) {
		alarm(100);
		for (int i = 0;; i++) {
			rename("root/moving", "root/aside");
			rename("root/link", "root/moving");
			rename("root/moving", "root/link");
			rename("root/aside", "root/moving");
			/* on one processor the two can fall into step */
			if (i % 16 == 0)
				usleep(1000);
		}
	}
	for (int i = 0; i < 1000 || (!inside && i < 20000); i++) {
		int fd = (int)syscall(
			OPENAT2, root, "moving/file", &how, sizeof how);

		if (fd < 0) {
			assert_true(errno == EXDEV || errno == ENOENT ||
				    errno == EAGAIN || errno == ENOTDIR);
			continue;
		}
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_not_equal(st.st_ino, outside);
		inside++;
		close(fd);
	}
	assert_true(inside > 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(as_openat),
		CASE(strict_arguments),
		CASE(beneath),
		CASE(in_root),
		CASE(no_links),
		CASE(no_other_device),
		CASE(no_race_leads_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
