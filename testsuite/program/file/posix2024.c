/* POSIX.1-2024 posix_getdents(), posix_spawn_file_actions_addchdir() and
 * addfchdir().  libposix only: glibc has them by other names. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int set_up(void **state)
{
	mkdir("folder", 0755);
	mkdir("folder/inner", 0755);
	close(open("folder/file", O_CREAT | O_WRONLY, 0644));
	return symlink("nowhere", "folder/link");
}

static int tear_down(void **state)
{
	unlink("folder/file");
	unlink("folder/link");
	rmdir("folder/inner");
	return rmdir("folder");
}

static void entries_have_types(void **state)
{
	int fd = open("folder", O_RDONLY | O_DIRECTORY), seen = 0;
	char buffer[128]; /* some at a time */
	ssize_t n;

	while ((n = posix_getdents(fd, buffer, sizeof buffer, DT_FORCE_TYPE)) >
		0) {
		for (char *at = buffer; at < buffer + n;
			at += ((struct posix_dent *)at)->d_reclen) {
			struct posix_dent *d = (struct posix_dent *)at;
			bool folder = !strcmp(d->d_name, "inner") ||
				      !strcmp(d->d_name, ".") ||
				      !strcmp(d->d_name, "..");

			assert_true(d->d_ino != 0);
			assert_int_equal(d->d_type, folder ? DT_DIR
						    : !strcmp(d->d_name, "link")
							    ? DT_LNK
							    : DT_REG);
			seen++;
		}
	}
	assert_int_equal(n, 0);
	assert_int_equal(seen, 5);
	lseek(fd, 0, SEEK_SET);
	assert_fails(posix_getdents(fd, buffer, 8, 0), EINVAL);
	assert_fails(posix_getdents(fd, buffer, sizeof buffer, 2), EINVAL);
	close(fd);
	assert_fails(posix_getdents(fd, buffer, sizeof buffer, 0), EBADF);
	fd = open("folder/file", O_RDONLY);
	assert_fails(posix_getdents(fd, buffer, sizeof buffer, 0), ENOTDIR);
	close(fd);
}

static void runs_in(const posix_spawn_file_actions_t *actions)
{
	char *words[] = { "test", "-h", "link", NULL };
	int status = -1;
	pid_t pid;

	assert_int_equal(
		posix_spawnp(&pid, "test", actions, NULL, words, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void children_begin_elsewhere(void **state)
{
	int fd = open("folder", O_RDONLY | O_DIRECTORY);
	posix_spawn_file_actions_t a;

	posix_spawn_file_actions_init(&a);
	assert_int_equal(posix_spawn_file_actions_addchdir(&a, "folder"), 0);
	runs_in(&a);
	posix_spawn_file_actions_destroy(&a);
	posix_spawn_file_actions_init(&a);
	assert_int_equal(posix_spawn_file_actions_addfchdir(&a, -1), EBADF);
	assert_int_equal(posix_spawn_file_actions_addfchdir(&a, fd), 0);
	runs_in(&a);
	posix_spawn_file_actions_destroy(&a);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			entries_have_types, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			children_begin_elsewhere, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
