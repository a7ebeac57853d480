/* Record locks and flock.  timeout: 120 */
#include "test.h"
#include "record-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;

static int set_up(void **state)
{
	(void)state;
	fd = open("locked", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1000), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(fd);
	return unlink("locked");
}

/* What another process finds: F_UNLCK, or the lock in its way. */
static struct flock seen(int type, off_t start, off_t length)
{
	struct flock l = { .l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length };
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		int f = open("locked", O_RDWR);

		if (fcntl(f, F_GETLK, &l))
			_exit(1);
		_exit(write(ends[1], &l, sizeof l) != sizeof l);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &l, sizeof l), sizeof l);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return l;
}

static void expect(int type, off_t start, off_t length, int found,
	off_t found_start, off_t found_length)
{
	struct flock l = seen(type, start, length);

	assert_int_equal(l.l_type, found);
	if (found == F_UNLCK)
		return;
	assert_int_equal(l.l_whence, SEEK_SET);
	assert_int_equal(l.l_start, found_start);
	assert_int_equal(l.l_len, found_length);
	assert_int_equal(l.l_pid, getpid());
}

static void ranges_join_and_split(void **state)
{
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 10, 10), 0);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 20, 10), 0);
	expect(F_RDLCK, 0, 0, F_WRLCK, 10, 20);
	assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 15, 5), 0);
	expect(F_WRLCK, 15, 1, F_RDLCK, 15, 5);
	expect(F_RDLCK, 15, 5, F_UNLCK, 0, 0);
	expect(F_RDLCK, 10, 1, F_WRLCK, 10, 5);
	expect(F_RDLCK, 29, 1, F_WRLCK, 20, 10);
	assert_int_equal(lock(fd, F_SETLK, F_UNLCK, 22, 2), 0);
	expect(F_WRLCK, 22, 2, F_UNLCK, 0, 0);
	expect(F_WRLCK, 20, 1, F_WRLCK, 20, 2);
	expect(F_WRLCK, 24, 1, F_WRLCK, 24, 6);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 100, 0), 0);
	expect(F_RDLCK, 1l << 40, 1, F_WRLCK, 100, 0);
	assert_int_equal(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0);
	expect(F_WRLCK, 0, 0, F_UNLCK, 0, 0);
}

static void origins_and_signs(void **state)
{
	struct flock l = { .l_type = F_WRLCK,
		.l_whence = SEEK_END,
		.l_start = -100,
		.l_len = 50 };

	assert_int_equal(fcntl(fd, F_SETLK, &l), 0);
	expect(F_RDLCK, 0, 0, F_WRLCK, 900, 50);
	lseek(fd, 500, SEEK_SET);
	l = (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_CUR,
		.l_start = 10,
		.l_len = -20 };
	assert_int_equal(fcntl(fd, F_SETLK, &l), 0);
	expect(F_RDLCK, 0, 600, F_WRLCK, 490, 20);
	l = (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = -1,
		.l_len = 5 };
	assert_int_equal(fcntl(fd, F_SETLK, &l), -1);
	assert_int_equal(errno, EINVAL);
	l = (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 5,
		.l_len = -6 };
	assert_int_equal(fcntl(fd, F_SETLK, &l), -1);
	assert_int_equal(errno, EINVAL);
}

static void wrong_arguments(void **state)
{
	int reader = open("locked", O_RDONLY),
	    writer = open("locked", O_WRONLY);

	assert_int_equal(lock(reader, F_SETLK, F_WRLCK, 0, 1), EBADF);
	assert_int_equal(lock(writer, F_SETLK, F_RDLCK, 0, 1), EBADF);
	assert_int_equal(lock(reader, F_SETLK, F_RDLCK, 0, 1), 0);
	assert_int_equal(lock(99, F_SETLK, F_RDLCK, 0, 1), EBADF);
	assert_int_equal(lock(fd, F_SETLK, 77, 0, 1), EINVAL);
	assert_int_equal(lock(fd, F_GETLK, F_UNLCK, 0, 1), EINVAL);
	assert_int_equal(fcntl(fd, F_SETLK, (struct flock *)8), -1);
	assert_int_equal(errno, EFAULT);
	close(reader);
	close(writer);
}

static void closing_any_descriptor_unlocks(void **state)
{
	int other = open("locked", O_RDONLY), copy;

	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 0), 0);
	expect(F_RDLCK, 0, 1, F_WRLCK, 0, 0);
	close(other);
	expect(F_RDLCK, 0, 1, F_UNLCK, 0, 0);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 0), 0);
	copy = dup(fd);
	assert_int_equal(dup2(0, copy), copy);
	expect(F_RDLCK, 0, 1, F_UNLCK, 0, 0);
	close(copy);
}

static pid_t holder(int type, off_t start, off_t length)
{
	int ends[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		alarm(60);
		if (lock(fd, F_SETLK, type, start, length))
			_exit(1);
		if (write(ends[1], "x", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	return pid;
}

static void end(pid_t pid, int signal)
{
	kill(pid, signal);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void others_are_kept_out(void **state)
{
	pid_t reader = holder(F_RDLCK, 0, 100), writer;

	assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 50, 10), 0);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 50, 10), EAGAIN);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 100, 10), 0);
	end(reader, SIGTERM);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 50, 10), 0);
	writer = holder(F_WRLCK, 200, 10);
	assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 209, 1), EAGAIN);
	/* a killed holder holds nothing once it has been waited for */
	end(writer, SIGKILL);
	assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 209, 1), 0);
}

static void a_child_inherits_none(void **state)
{
	pid_t pid;
	int status;

	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0);
	pid = fork();
	if (!pid)
		_exit(lock(fd, F_SETLK, F_WRLCK, 5, 1) == EAGAIN ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* nor does its end unlock the parent's */
	expect(F_RDLCK, 0, 0, F_WRLCK, 0, 10);
}

static void locks_outlive_exec(void **state)
{
	pid_t pid;
	int status, tries = 0;

	fcntl(fd, F_SETFD, 0);
	pid = fork();
	if (!pid) {
		if (lock(fd, F_SETLK, F_WRLCK, 0, 10))
			_exit(1);
		execl("/bin/sleep", "sleep", "1", (char *)NULL);
		_exit(2);
	}
	while (lock(fd, F_SETLK, F_WRLCK, 0, 10) == 0 && tries++ < 5000) {
		lock(fd, F_SETLK, F_UNLCK, 0, 0);
		usleep(1000);
	}
	usleep(300000);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 10), EAGAIN);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void waiting(void **state)
{
	struct sigaction a = { .sa_handler = nothing };
	pid_t pid = holder(F_WRLCK, 0, 10), killer;

	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 0, 10), EINTR);
	killer = fork();
	if (!killer) {
		usleep(100000);
		_exit(kill(pid, SIGKILL));
	}
	assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 0, 10), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
}

/* Each in turn adds one to a number in the file. */
static void a_counter(void **state)
{
	enum { PROCESSES = 4, ROUNDS = 100 };
	long n = 0;

	assert_int_equal(pwrite(fd, &n, sizeof n, 0), sizeof n);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		alarm(60);
		for (int k = 0; k < ROUNDS; k++) {
			if (lock(fd, F_SETLKW, F_WRLCK, 0, sizeof n) ||
				pread(fd, &n, sizeof n, 0) != sizeof n)
				_exit(1);
			n++;
			if (pwrite(fd, &n, sizeof n, 0) != sizeof n ||
				lock(fd, F_SETLK, F_UNLCK, 0, sizeof n))
				_exit(2);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(pread(fd, &n, sizeof n, 0), sizeof n);
	assert_int_equal(n, PROCESSES * ROUNDS);
}

static void deadlocks_are_told(void **state)
{
	int ends[2];
	char c;
	pid_t pid;
	int status;

	assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 1), 0);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		alarm(60);
		if (lock(fd, F_SETLK, F_WRLCK, 1, 1))
			_exit(1);
		if (write(ends[1], "x", 1) != 1)
			_exit(2);
		_exit(lock(fd, F_SETLKW, F_WRLCK, 0, 1) ? 3 : 0);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	usleep(200000);
	assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
	assert_int_equal(lock(fd, F_SETLK, F_UNLCK, 0, 1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
}

static int try_flock(int f, int operation)
{
	return flock(f, operation | LOCK_NB) ? errno : 0;
}

static void flock_is_of_the_description(void **state)
{
	int other = open("locked", O_RDWR), copy = dup(fd);

	assert_int_equal(try_flock(fd, LOCK_EX), 0);
	assert_int_equal(try_flock(fd, LOCK_EX), 0);
	assert_int_equal(try_flock(copy, LOCK_EX), 0);
	assert_int_equal(try_flock(other, LOCK_SH), EWOULDBLOCK);
	/* record locks are another matter */
	assert_int_equal(lock(other, F_SETLK, F_WRLCK, 0, 0), 0);
	assert_int_equal(try_flock(copy, LOCK_SH), 0);
	assert_int_equal(try_flock(other, LOCK_SH), 0);
	assert_int_equal(try_flock(fd, LOCK_EX), EWOULDBLOCK);
	/* a conversion that fails loses the lock */
	assert_int_equal(try_flock(other, LOCK_EX), 0);
	assert_int_equal(try_flock(other, LOCK_UN), 0);
	assert_int_equal(try_flock(fd, LOCK_EX), 0);
	/* a copy keeps it */
	close(copy);
	assert_int_equal(try_flock(other, LOCK_EX), EWOULDBLOCK);
	assert_int_equal(try_flock(99, LOCK_EX), EBADF);
	assert_int_equal(try_flock(fd, 77), EINVAL);
	close(other);
}

static void flock_is_shared_by_fork(void **state)
{
	int other = open("locked", O_RDONLY), status;
	pid_t pid;

	assert_int_equal(try_flock(fd, LOCK_EX), 0);
	pid = fork();
	if (!pid) {
		alarm(60);
		/* the parent's and ours */
		_exit(try_flock(fd, LOCK_EX) || !try_flock(other, LOCK_EX));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(try_flock(other, LOCK_EX), EWOULDBLOCK);
	/* a child that has it keeps it, until it dies */
	pid = fork();
	if (!pid) {
		alarm(60);
		for (;;)
			pause();
	}
	close(fd);
	assert_int_equal(try_flock(other, LOCK_EX), EWOULDBLOCK);
	end(pid, SIGKILL);
	assert_int_equal(try_flock(other, LOCK_EX), 0);
	close(other);
	fd = open("locked", O_RDWR);
	assert_int_equal(try_flock(fd, LOCK_EX), 0);
	/* over exec as well */
	pid = fork();
	if (!pid)
		execl("/bin/sleep", "sleep", "60", (char *)NULL);
	close(fd);
	usleep(300000);
	fd = open("locked", O_RDWR);
	assert_int_equal(try_flock(fd, LOCK_SH), EWOULDBLOCK);
	end(pid, SIGTERM);
	assert_int_equal(try_flock(fd, LOCK_SH), 0);
}

static void flock_waits(void **state)
{
	struct sigaction a = { .sa_handler = nothing };
	int other = open("locked", O_RDWR), ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		int own = open("locked", O_RDWR);

		alarm(60);
		flock(own, LOCK_EX);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		usleep(300000);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_int_equal(flock(other, LOCK_EX), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(other);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(ranges_join_and_split),
		CASE(origins_and_signs),
		CASE(wrong_arguments),
		CASE(closing_any_descriptor_unlocks),
		CASE(others_are_kept_out),
		CASE(a_child_inherits_none),
		CASE(locks_outlive_exec),
		CASE(waiting),
		CASE(a_counter),
		CASE(deadlocks_are_told),
		CASE(flock_is_of_the_description),
		CASE(flock_is_shared_by_fork),
		CASE(flock_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
