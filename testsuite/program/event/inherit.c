/* Event descriptors over exec: by fork and exec, and by posix_spawn. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char *self;

enum { COUNTER, TIMER, SIGNALS, EPOLL, GONE, FDS };

/* What the program finds that was started with the descriptors' numbers. */
static int check(char **arguments)
{
	int fds[FDS];
	struct epoll_event e[4];
	struct itimerspec left;
	struct signalfd_siginfo info;
	uint64_t n;

	for (int i = 0; i < FDS; i++)
		fds[i] = atoi(arguments[i]);
	if (fcntl(fds[GONE], F_GETFD) != -1)
		return 1;
	/* the file that was closed is not in the set any more */
	if (epoll_wait(fds[EPOLL], e, 4, 10000) != 1 || e->data.u32 != 77)
		return 2;
	if (read(fds[COUNTER], &n, sizeof n) != sizeof n || n != 5)
		return 3;
	if (epoll_wait(fds[EPOLL], e, 4, 0) != 0)
		return 4;
	if (timerfd_gettime(fds[TIMER], &left) || left.it_value.tv_sec < 50 ||
		left.it_interval.tv_sec != 3)
		return 5;
	/* blocked signals stay blocked, and what is read is one's own */
	raise(SIGUSR1);
	if (read(fds[SIGNALS], &info, sizeof info) != sizeof info ||
		info.ssi_pid != (uint32_t)getpid())
		return 6;
	n = 9;
	return write(fds[COUNTER], &n, sizeof n) == sizeof n ? 0 : 7;
}

static void with_program(bool spawn)
{
	struct itimerspec later = { { 3, 0 }, { 100, 0 } };
	struct epoll_event e = { EPOLLIN, { .u32 = 77 } };
	char numbers[FDS][8], *arguments[FDS + 3] = { self, "check" };
	int fds[FDS], status;
	sigset_t signals;
	uint64_t n = 5;
	pid_t pid;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[EPOLL] = epoll_create1(0);
	fds[COUNTER] = eventfd(0, 0);
	fds[GONE] = eventfd(1, EFD_CLOEXEC);
	fds[TIMER] = timerfd_create(CLOCK_MONOTONIC, 0);
	fds[SIGNALS] = signalfd(-1, &signals, SFD_NONBLOCK);
	timerfd_settime(fds[TIMER], 0, &later, NULL);
	epoll_ctl(fds[EPOLL], EPOLL_CTL_ADD, fds[COUNTER], &e);
	e.data.u32 = 78;
	epoll_ctl(fds[EPOLL], EPOLL_CTL_ADD, fds[TIMER], &e);
	for (int i = 0; i < FDS; i++) {
		snprintf(numbers[i], sizeof numbers[i], "%d", fds[i]);
		arguments[2 + i] = numbers[i];
	}
	if (spawn) {
		assert_int_equal(
			posix_spawn(&pid, self, NULL, NULL, arguments, environ),
			0);
	} else {
		pid = fork();
		if (!pid) {
			execv(self, arguments);
			_exit(100);
		}
	}
	write(fds[COUNTER], &n, sizeof n);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[COUNTER], &n, sizeof n), sizeof n);
	assert_int_equal(n, 9);
	for (int i = 0; i < FDS; i++)
		close(fds[i]);
}

static void by_fork_and_exec(void **state)
{
	with_program(false);
}

static void by_spawn(void **state)
{
	with_program(true);
}

/* The process itself goes on as another program. */
static void in_one_process(void **state)
{
	int fd = eventfd(0, 0), ep = epoll_create1(0), status;
	struct epoll_event e = { EPOLLIN, { .u32 = 77 } };
	pid_t pid;
	uint64_t n;

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	pid = fork();
	if (!pid) {
		char a[8], b[8];

		/* used before, so that the instance is the process's own */
		if (epoll_wait(ep, &e, 1, 0))
			_exit(1);
		snprintf(a, sizeof a, "%d", fd);
		snprintf(b, sizeof b, "%d", ep);
		execl(self, self, "await", a, b, NULL);
		_exit(100);
	}
	usleep(100000);
	n = 3;
	write(fd, &n, sizeof n);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
	close(ep);
}

static int await(char **arguments)
{
	struct epoll_event e;
	uint64_t n;

	if (epoll_wait(atoi(arguments[1]), &e, 1, 20000) != 1 ||
		e.data.u32 != 77)
		return 1;
	return read(atoi(arguments[0]), &n, sizeof n) == sizeof n && n == 3 ? 0
									    : 2;
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_fork_and_exec),
		cmocka_unit_test(by_spawn),
		cmocka_unit_test(in_one_process),
	};

	self = arguments[0];
	if (count > 2 && !strcmp(arguments[1], "check"))
		return check(arguments + 2);
	if (count > 2 && !strcmp(arguments[1], "await"))
		return await(arguments + 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
