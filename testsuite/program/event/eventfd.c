/* eventfd: man 2 eventfd. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 0xfffffffffffffffeul

static uint64_t take(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

static int add(int fd, uint64_t n)
{
	return write(fd, &n, sizeof n);
}

static int ready(int fd, int events)
{
	struct pollfd p = { fd, events, 0 };

	assert_true(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static void a_counter(void **state)
{
	int fd = eventfd(7, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t n[2] = { 1, 1 };

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK),
		O_RDWR | O_NONBLOCK);
	assert_int_equal(take(fd), 7);
	assert_fails(read(fd, n, sizeof *n), EAGAIN);
	assert_int_equal(add(fd, 3), 8);
	assert_int_equal(add(fd, 4), 8);
	assert_int_equal(read(fd, n, sizeof n), 8);
	assert_int_equal(n[0], 7);
	assert_int_equal(n[1], 1);
	assert_int_equal(add(fd, 7), 8);
	assert_int_equal(take(fd), 7);
	assert_fails(write(fd, n, sizeof n), EINVAL);
	assert_fails(read(fd, n, 7), EINVAL);
	assert_fails(write(fd, n, 7), EINVAL);
	assert_fails(read(fd, NULL, 0), EINVAL);
	assert_int_equal(add(fd, 0), 8);
	assert_fails(read(fd, n, sizeof *n), EAGAIN);
	assert_fails(add(fd, UINT64_MAX), EINVAL);
	assert_fails(eventfd(0, 0x10000), EINVAL);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_fails(pread(fd, n, 8, 0), ESPIPE);
	assert_fails(ftruncate(fd, 0), EINVAL);
	close(fd);
	assert_int_equal(eventfd_write(-1, 1), -1);
}

static void in_parts(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 0x0102030405060708, m = 0;
	struct iovec whole[2] = { { &n, 8 }, { &n, 8 } };
	struct iovec out[2] = { { &n, 3 }, { (char *)&n + 3, 5 } };
	struct iovec in[3] = { { &m, 1 }, { (char *)&m + 1, 2 },
		{ (char *)&m + 3, 5 } };

	/* each part of what is written is a number, what is read has parts */
	assert_fails(writev(fd, out, 2), EINVAL);
	assert_int_equal(writev(fd, whole, 2), 16);
	assert_int_equal(readv(fd, in, 3), 8);
	assert_true(m == 2 * n);
	close(fd);
}

static void a_semaphore(void **state)
{
	int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	uint64_t n;

	add(fd, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(fd), 1);
	assert_fails(read(fd, &n, sizeof n), EAGAIN);
	close(fd);
}

static void no_more_than_the_most(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(ready(fd, POLLIN | POLLOUT), POLLOUT);
	assert_int_equal(add(fd, 5), 8);
	assert_int_equal(ready(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
	assert_fails(add(fd, MOST - 4), EAGAIN);
	assert_int_equal(add(fd, MOST - 5), 8);
	assert_int_equal(ready(fd, POLLIN | POLLOUT), POLLIN);
	assert_fails(add(fd, 1), EAGAIN);
	assert_int_equal(add(fd, 0), 8);
	assert_true(take(fd) == MOST);
	close(fd);
}

static void *add_later(void *fd)
{
	usleep(50000);
	add(*(int *)fd, 9);
	return NULL;
}

static void *take_later(void *fd)
{
	usleep(50000);
	take(*(int *)fd);
	return NULL;
}

static void waits_for_a_thread(void **state)
{
	int fd = eventfd(0, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	pthread_t t;

	pthread_create(&t, NULL, add_later, &fd);
	assert_int_equal(take(fd), 9);
	pthread_join(t, NULL);
	pthread_create(&t, NULL, add_later, &fd);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(p.revents, POLLIN);
	assert_int_equal(take(fd), 9);
	pthread_join(t, NULL);
	add(fd, MOST);
	pthread_create(&t, NULL, take_later, &fd);
	assert_int_equal(add(fd, 1), 8);
	pthread_join(t, NULL);
	add(fd, MOST - 1);
	p.events = POLLOUT;
	pthread_create(&t, NULL, take_later, &fd);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(p.revents, POLLOUT);
	pthread_join(t, NULL);
	close(fd);
}

static void one_for_parent_and_child(void **state)
{
	int to = eventfd(0, 0), from = eventfd(0, EFD_NONBLOCK), status;
	struct pollfd p = { from, POLLIN, 0 };
	pid_t pid = fork();

	if (!pid) {
		uint64_t n = take(to);

		/* status flags belong to the open file */
		fcntl(from, F_SETFL, 0);
		add(from, n * 2);
		_exit(take(to) != 5);
	}
	assert_int_equal(add(to, 21), 8);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(take(from), 42);
	assert_int_equal(fcntl(from, F_GETFL) & O_NONBLOCK, 0);
	close(from);
	assert_int_equal(add(to, 5), 8);
	close(to);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void outlives_its_maker(void **state)
{
	int fd, p[2], status;
	char c;
	pid_t pid;

	pipe(p);
	pid = fork();
	if (!pid) {
		fd = eventfd(0, 0);
		if (!fork()) {
			close(p[0]);
			/* its maker is gone when this is read */
			while (getppid() == pid)
				;
			usleep(100000);
			add(fd, 1);
			write(p[1], take(fd) == 1 ? "y" : "n", 1);
			_exit(0);
		}
		kill(getpid(), SIGKILL);
	}
	close(p[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* others, which must not get the same slot */
	for (int i = 0; i < 20; i++) {
		fd = eventfd(0, EFD_NONBLOCK);
		add(fd, 77);
		close(fd);
	}
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	close(p[0]);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void signals_interrupt(void **state)
{
	struct sigaction a = { .sa_handler = on_alarm };
	int fd = eventfd(0, 0);
	uint64_t n;

	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_fails(read(fd, &n, sizeof n), EINTR);
	add(fd, MOST);
	ualarm(50000, 0);
	assert_fails(add(fd, 1), EINTR);
	close(fd);
}

static void its_name_and_stat(void **state)
{
	char path[64], name[64] = "";
	int fd = eventfd(0, 0);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & S_IFMT, 0);
	assert_int_equal(st.st_size, 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_true(readlink(path, name, sizeof name - 1) > 0);
	assert_string_equal(name, "anon_inode:[eventfd]");
	close(fd);
}

static void many_of_them(void **state)
{
	int fds[500];

	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 500; i++) {
			fds[i] = eventfd((unsigned)i + 1, 0);
			assert_true(fds[i] >= 0);
		}
		for (int i = 0; i < 500; i++) {
			assert_int_equal(take(fds[i]), i + 1);
			close(fds[i]);
		}
	}
}

/* More in all than there is room for at once. */
static void the_killed_leave_nothing(void **state)
{
	for (int i = 0; i < 40; i++) {
		int p[2], fd, ep;
		pid_t pid;
		char c;

		pipe(p);
		pid = fork();
		if (!pid) {
			for (int k = 0; k < 60; k++) {
				struct epoll_event e = { .events = EPOLLIN };

				fd = eventfd(0, 0);
				ep = epoll_create1(0);
				if (fd < 0 || ep < 0 ||
					epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e))
					_exit(1);
			}
			write(p[1], "", 1);
			for (;;)
				pause();
		}
		close(p[1]);
		assert_int_equal(read(p[0], &c, 1), 1);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(p[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter),
		cmocka_unit_test(in_parts),
		cmocka_unit_test(a_semaphore),
		cmocka_unit_test(no_more_than_the_most),
		cmocka_unit_test(waits_for_a_thread),
		cmocka_unit_test(one_for_parent_and_child),
		cmocka_unit_test(outlives_its_maker),
		cmocka_unit_test(signals_interrupt),
		cmocka_unit_test(its_name_and_stat),
		cmocka_unit_test(many_of_them),
		cmocka_unit_test(the_killed_leave_nothing),
	};

	alarm(55);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
