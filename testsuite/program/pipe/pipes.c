/* Pipes and poll. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static void bytes_come_in_order(void **state)
{
	char out[100000], in[4096];
	int p[2];
	size_t n = 0;
	ssize_t r;

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (char)(i * 7);
	pipe(p);
	pid_t pid = fork();

	if (!pid) {
		close(p[0]);
		_exit(write(p[1], out, sizeof out) != sizeof out);
	}
	close(p[1]);
	while ((r = read(p[0], in, sizeof in)) > 0) {
		assert_memory_equal(in, out + n, r);
		n += (size_t)r;
	}
	assert_int_equal(r, 0);
	assert_int_equal(n, sizeof out);
	waitpid(pid, NULL, 0);
	close(p[0]);
}

static void non_blocking(void **state)
{
	char c, block[PIPE_BUF] = "";
	int p[2], n = 0;

	assert_int_equal(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
	assert_fails(read(p[0], &c, 1), EAGAIN);
	while (write(p[1], block, sizeof block) == sizeof block)
		n++;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(n, 16);
	assert_int_equal(ioctl(p[0], FIONREAD, &n), 0);
	assert_int_equal(n, 65536);
	close(p[1]);
	close(p[0]);
	assert_fails(pipe2(p, 0x7777777), EINVAL);
	assert_fails(pipe((int *)8), EFAULT);
	assert_fails(lseek(p[0], 0, SEEK_SET), EBADF);
}

static void small_writes_are_whole(void **state)
{
	char block[512], in[512];
	int p[2], seen[4] = { 0 };

	pipe(p);
	for (int w = 0; w < 4; w++) {
		if (fork())
			continue;
		memset(block, 'a' + w, sizeof block);
		for (int i = 0; i < 200; i++)
			write(p[1], block, sizeof block);
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		size_t n = 0;
		ssize_t r = 0;

		while (n < sizeof in &&
			(r = read(p[0], in + n, sizeof in - n)) > 0)
			n += (size_t)r;
		if (!n)
			break;
		assert_int_equal(n, sizeof in);
		for (size_t i = 1; i < n; i++)
			assert_int_equal(in[i], in[0]);
		seen[in[0] - 'a']++;
	}
	for (int w = 0; w < 4; w++) {
		assert_int_equal(seen[w], 200);
		wait(NULL);
	}
	close(p[0]);
}

static void a_killed_writer_is_the_end(void **state)
{
	for (int i = 0; i < 5; i++) {
		int p[2];
		char c;
		pid_t pid;

		pipe(p);
		pid = fork();
		if (!pid) {
			close(p[0]);
			for (;;)
				pause();
		}
		close(p[1]);
		kill(pid, SIGKILL);
		assert_int_equal(read(p[0], &c, 1), 0);
		waitpid(pid, NULL, 0);
		close(p[0]);
	}
}

static void poll_tells(void **state)
{
	struct pollfd f[3];
	int p[2];
	char c;

	pipe(p);
	f[0] = (struct pollfd){ p[0], POLLIN, 0 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 0 };
	f[2] = (struct pollfd){ 999, POLLIN, 0 };
	assert_int_equal(poll(f, 2, 0), 1);
	assert_int_equal(f[1].revents, POLLOUT);
	assert_int_equal(poll(f, 1, 20), 0);
	write(p[1], "x", 1);
	assert_int_equal(poll(f, 3, 0), 3);
	assert_int_equal(f[0].revents, POLLIN);
	assert_int_equal(f[2].revents, POLLNVAL);
	read(p[0], &c, 1);
	close(p[1]);
	assert_int_equal(poll(f, 1, -1), 1);
	assert_int_equal(f[0].revents & POLLHUP, POLLHUP);
	close(p[0]);
	assert_fails(poll((void *)8, 1, 0), EFAULT);
}

static void select_tells(void **state)
{
	struct timeval t = { 0, 20000 };
	fd_set set;
	int p[2];

	pipe(p);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	assert_int_equal(select(p[0] + 1, &set, NULL, NULL, &t), 0);
	write(p[1], "x", 1);
	FD_SET(p[0], &set);
	assert_int_equal(select(p[0] + 1, &set, NULL, NULL, NULL), 1);
	assert_true(FD_ISSET(p[0], &set));
	close(p[0]);
	close(p[1]);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	t.tv_usec = 0;
	assert_fails(select(p[0] + 1, &set, NULL, NULL, &t), EBADF);
}

static void waking_from_poll(void **state)
{
	struct pollfd f;
	int p[2];
	pid_t pid;

	pipe(p);
	pid = fork();
	if (!pid) {
		usleep(50000);
		write(p[1], "x", 1);
		_exit(0);
	}
	f = (struct pollfd){ p[0], POLLIN, 0 };
	assert_int_equal(poll(&f, 1, 5000), 1);
	waitpid(pid, NULL, 0);
	close(p[0]);
	close(p[1]);
}

/* POSIX.1-2024 fork(): parent and child share the open file description. */
static void status_flags_are_shared(void **state)
{
	int fds[2], status;
	char c;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid)
		_exit(fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fcntl(fds[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE),
		O_NONBLOCK | O_RDONLY);
	assert_int_equal(
		fcntl(fds[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_WRONLY);
	assert_fails(read(fds[0], &c, 1), EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_in_order),
		cmocka_unit_test(non_blocking),
		cmocka_unit_test(small_writes_are_whole),
		cmocka_unit_test(a_killed_writer_is_the_end),
		cmocka_unit_test(poll_tells),
		cmocka_unit_test(select_tells),
		cmocka_unit_test(waking_from_poll),
		cmocka_unit_test(status_flags_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
