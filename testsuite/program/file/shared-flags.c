/* Processes that share an open file description share its status flags: POSIX
 * fork(), open file descriptions; fcntl(), F_SETFL.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;

static int set_up(void **state)
{
	(void)state;
	fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(fd);
	return unlink("shared");
}

static int flags(int f)
{
	return fcntl(f, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE);
}

static void ends_well(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a child; the result says what it does not like. */
#define CHILD(code) \
	do { \
		pid_t child = fork(); \
		if (!child) { \
			code; \
			_exit(0); \
		} \
		ends_well(child); \
	} while (0)

static void setfl_in_child_isSeenByParent(void **state)
{
	char bytes[20] = "";

	(void)state;
	CHILD(if (fcntl(fd, F_SETFL, O_APPEND)) _exit(1));
	assert_int_equal(flags(fd), O_RDWR | O_APPEND);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(write(fd, "ab", 2), 2);
	assert_int_equal(pread(fd, bytes, 20, 0), 12);
	assert_string_equal(bytes, "0123456789ab");
	/* and back */
	CHILD(if (fcntl(fd, F_SETFL, 0)) _exit(1));
	assert_int_equal(flags(fd), O_RDWR);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(write(fd, "cd", 2), 2);
	assert_int_equal(pread(fd, bytes, 20, 0), 12);
	assert_string_equal(bytes, "cd23456789ab");
}

static void setfl_in_parent_isSeenByChild(void **state)
{
	int ends[2], on = 1;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		char c;

		close(ends[1]);
		if (read(ends[0], &c, 1) != 1)
			_exit(1);
		if (flags(fd) != (O_RDWR | O_APPEND | O_NONBLOCK))
			_exit(2);
		if (lseek(fd, 0, SEEK_SET) || write(fd, "ab", 2) != 2 ||
			lseek(fd, 0, SEEK_CUR) != 12)
			_exit(3);
		_exit(0);
	}
	close(ends[0]);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	assert_int_equal(ioctl(fd, FIONBIO, &on), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	close(ends[1]);
	ends_well(pid);
}

static void setfl_inGrandchildAndByDup_isSeenByAll(void **state)
{
	int other = open("shared", O_RDWR), copy = dup(fd);

	(void)state;
	CHILD(CHILD(if (fcntl(copy, F_SETFL, O_APPEND)) _exit(1));
		if (flags(fd) != (O_RDWR | O_APPEND)) _exit(2));
	assert_int_equal(flags(fd), O_RDWR | O_APPEND);
	assert_int_equal(flags(copy), O_RDWR | O_APPEND);
	/* another open() is another description */
	assert_int_equal(flags(other), O_RDWR);
	/* one that begins later */
	CHILD(if (flags(fd) != (O_RDWR | O_APPEND)) _exit(1));
	CHILD(close(fd); close(copy); if (flags(other) != O_RDWR) _exit(1));
	assert_int_equal(flags(fd), O_RDWR | O_APPEND);
	close(other);
	close(copy);
}

/* An orphan, once who opened the file for it is gone. */
static _Noreturn void orphan(int f, int reads, int writes)
{
	char c;

	close(fd);
	if (read(reads, &c, 1) != 0)
		_exit(1);
	if (!fork()) {
		fcntl(f, F_SETFL, O_APPEND);
		_exit(0);
	}
	wait(NULL);
	c = flags(f) == (O_RDWR | O_APPEND) ? 'y' : 'n';
	_exit(write(writes, &c, 1) != 1);
}

static void setfl_outlivesTheProcessThatOpened(void **state)
{
	int gone[2], said[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(gone), 0);
	assert_int_equal(pipe(said), 0);
	pid = fork();
	if (!pid) {
		int f = open("shared", O_RDWR);

		if (!fork()) {
			close(gone[1]);
			orphan(f, gone[0], said[1]);
		}
		_exit(0);
	}
	close(gone[1]);
	close(said[1]);
	ends_well(pid);
	assert_int_equal(read(said[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	close(gone[0]);
	close(said[0]);
}

static void manyDescriptions_inARow_leaveNothing(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		int f[10], status;
		pid_t pid;

		for (int k = 0; k < 10; k++)
			f[k] = open("shared", O_RDWR);
		pid = fork();
		if (!pid) {
			for (int k = 0; k < 10; k++)
				fcntl(f[k], F_SETFL, O_APPEND);
			if (i % 2)
				raise(SIGKILL);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		for (int k = 0; k < 10; k++) {
			assert_int_equal(flags(f[k]), O_RDWR | O_APPEND);
			close(f[k]);
		}
	}
}

/* man 1 flock: a child locks what its parent has open. */
static void flock_inChildThatEnds_isKeptByParent(void **state)
{
	(void)state;
	CHILD(if (flock(fd, LOCK_EX)) _exit(1));
	CHILD(int f = open("shared", O_RDWR);
		if (flock(f, LOCK_EX | LOCK_NB) != -1 || errno != EWOULDBLOCK)
			_exit(1));
	CHILD(if (flock(fd, LOCK_UN)) _exit(1));
	CHILD(int f = open("shared", O_RDWR);
		if (flock(f, LOCK_EX | LOCK_NB)) _exit(1));
}

static const char *program;

/* What is opened between vfork() and exec is the new program's alone: when it
 * shares others, its own keep their flags. */
static void opened_forASpawnedProgram_keepsItsFlags(void **state)
{
	posix_spawn_file_actions_t actions;
	char *arguments[] = { (char *)program, "spawned", NULL };
	pid_t child;

	(void)state;
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&actions, 50,
				 "opened", O_WRONLY | O_CREAT | O_APPEND, 0600),
		0);
	assert_int_equal(posix_spawn(&child, program, &actions, NULL, arguments,
				 environ),
		0);
	posix_spawn_file_actions_destroy(&actions);
	ends_well(child);
	assert_int_equal(unlink("opened"), 0);
}

/* The first that shares a file may be between vfork() and exec: it is still
 * its parent's when that one has ended. */
static void shared_firstByAVforkedChild_isStillTheParents(void **state)
{
	int others[2];
	pid_t child;

	(void)state;
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	child = vfork();
	if (!child) {
		execl(program, program, "nothing", (char *)0);
		_exit(1);
	}
	ends_well(child);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pipe(others), 0);
		fcntl(others[0], F_SETFL, O_NONBLOCK);
		CHILD(if (flags(fd) != (O_RDWR | O_APPEND)) _exit(1));
		assert_int_equal(flags(fd), O_RDWR | O_APPEND);
		assert_int_equal(flags(others[1]), O_WRONLY);
	}
	for (int i = 3; i < 100; i++)
		if (i != fd)
			close(i);
}

static int spawned(void)
{
	int others[20];

	for (int i = 0; i < 20; i++)
		others[i] = open("opened", O_RDONLY | O_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();

		if (!child)
			_exit(flags(50) != (O_WRONLY | O_APPEND) ||
				write(50, "x", 1) != 1);
		ends_well(child);
	}
	for (int i = 0; i < 20; i++)
		if (flags(others[i]) != (O_RDONLY | O_NONBLOCK))
			return 1;
	return flags(50) != (O_WRONLY | O_APPEND) || write(50, "x", 1) != 1;
}

int main(int count, char **arguments)
{
	program = arguments[0];
	if (count > 1)
		return !strcmp(arguments[1], "spawned") ? spawned() : 0;

	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			setfl_in_child_isSeenByParent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			setfl_in_parent_isSeenByChild, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			setfl_inGrandchildAndByDup_isSeenByAll, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			setfl_outlivesTheProcessThatOpened, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			manyDescriptions_inARow_leaveNothing, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			flock_inChildThatEnds_isKeptByParent, set_up,
			tear_down),
		cmocka_unit_test(opened_forASpawnedProgram_keepsItsFlags),
		cmocka_unit_test_setup_teardown(
			shared_firstByAVforkedChild_isStillTheParents, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
