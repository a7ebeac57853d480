/* Record locks of open file descriptions: F_OFD_SETLK and relatives.
 * timeout: 120 */
#include "test.h"
#include "record-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd, other;

static int set_up(void **state)
{
	(void)state;
	fd = open("locked", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	other = open("locked", O_RDWR);
	assert_true(other >= 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(fd);
	close(other);
	return unlink("locked");
}

static void of_the_description(void **state)
{
	int copy = dup(fd);

	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 5, 1), 0);
	assert_int_equal(lock(copy, F_OFD_SETLK, F_WRLCK, 5, 10), 0);
	/* one process, yet another's */
	assert_int_equal(lock(other, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN);
	assert_int_equal(lock(other, F_OFD_SETLK, F_RDLCK, 15, 1), 0);
	assert_int_equal(lock(copy, F_OFD_SETLK, F_UNLCK, 5, 0), 0);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 9, 1), 0);
	assert_int_equal(lock(fd, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN);
	close(copy);
}

static void against_locks_of_processes(void **state)
{
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0);
	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 5, 1), EAGAIN);
	assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 0, 10), 0);
	assert_int_equal(lock(fd, F_OFD_SETLK, F_RDLCK, 5, 1), 0);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 5, 1), EAGAIN);
}

static void wrong_arguments(void **state)
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 1, .l_pid = 1 };
	int reader = open("locked", O_RDONLY);

	assert_int_equal(fcntl(fd, F_OFD_SETLK, &l), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fcntl(fd, F_OFD_GETLK, &l), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(lock(reader, F_OFD_SETLK, F_WRLCK, 0, 1), EBADF);
	assert_int_equal(lock(reader, F_OFD_SETLK, F_RDLCK, 0, 1), 0);
	close(reader);
}

static void nobody_in_particular_has_it(void **state)
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 0 };

	assert_int_equal(lock(fd, F_OFD_SETLK, F_RDLCK, 3, 4), 0);
	assert_int_equal(fcntl(other, F_OFD_GETLK, &l), 0);
	assert_int_equal(l.l_type, F_RDLCK);
	assert_int_equal(l.l_start, 3);
	assert_int_equal(l.l_len, 4);
	assert_int_equal(l.l_pid, -1);
	l = (struct flock){ .l_type = F_WRLCK };
	assert_int_equal(fcntl(fd, F_OFD_GETLK, &l), 0);
	assert_int_equal(l.l_type, F_UNLCK);
	/* the process's own locks are another's too */
	l = (struct flock){ .l_type = F_WRLCK };
	assert_int_equal(fcntl(fd, F_GETLK, &l), 0);
	assert_int_equal(l.l_type, F_RDLCK);
	assert_int_equal(l.l_pid, -1);
}

static void goes_with_the_last_descriptor(void **state)
{
	int copy = dup(fd), third;

	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	/* not with any of the file's */
	third = open("locked", O_RDONLY);
	close(third);
	close(fd);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), EAGAIN);
	close(copy);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), 0);
	fd = open("locked", O_RDWR);
}

static void is_shared_by_fork(void **state)
{
	int ends[2], status;
	char c;
	pid_t pid;

	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		alarm(60);
		/* the parent's and ours; not another's */
		_exit(lock(fd, F_OFD_SETLK, F_WRLCK, 10, 10) ||
			lock(other, F_OFD_SETLK, F_WRLCK, 0, 1) != EAGAIN);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* nor did its end unlock anything */
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), EAGAIN);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 15, 1), EAGAIN);
	pid = fork();
	if (!pid) {
		alarm(60);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(fd);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), EAGAIN);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), 0);
	fd = open("locked", O_RDWR);
	close(ends[0]);
	close(ends[1]);
}

static void outlives_exec(void **state)
{
	int status;
	pid_t pid;

	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	pid = fork();
	if (!pid) {
		execl("/bin/sleep", "sleep", "1", (char *)NULL);
		_exit(2);
	}
	close(fd);
	usleep(300000);
	assert_int_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 1), EAGAIN);
	assert_int_equal(lock(other, F_OFD_SETLKW, F_WRLCK, 0, 1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd = open("locked", O_RDWR);
}

static void nothing(int signal)
{
	(void)signal;
}

static void waiting(void **state)
{
	struct sigaction a = { .sa_handler = nothing };
	int status;
	pid_t pid;

	assert_int_equal(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_int_equal(lock(other, F_OFD_SETLKW, F_RDLCK, 0, 10), EINTR);
	pid = fork();
	if (!pid) {
		alarm(60);
		close(other);
		other = open("locked", O_RDWR);
		_exit(lock(other, F_OFD_SETLKW, F_WRLCK, 0, 10));
	}
	usleep(100000);
	assert_int_equal(lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A ring of three, found whichever of them asks last. */
static void a_ring_of_waits_is_told(void **state)
{
	int status, told = 0, ends[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		alarm(60);
		if (lock(fd, F_SETLK, F_WRLCK, i, 1) ||
			write(ends[1], "x", 1) != 1)
			_exit(9);
		usleep(200000);
		_exit(lock(fd, F_SETLKW, F_WRLCK, (i + 1) % 3, 1) == EDEADLK);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(read(ends[0], &c, 1), 1);
	for (int i = 0; i < 3; i++) {
		pid = wait(&status);
		assert_true(pid > 0 && WIFEXITED(status));
		assert_true(WEXITSTATUS(status) <= 1);
		told += WEXITSTATUS(status);
	}
	assert_int_equal(told, 1);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(of_the_description),
		CASE(against_locks_of_processes),
		CASE(wrong_arguments),
		CASE(nobody_in_particular_has_it),
		CASE(goes_with_the_last_descriptor),
		CASE(is_shared_by_fork),
		CASE(outlives_exec),
		CASE(waiting),
		CASE(a_ring_of_waits_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
