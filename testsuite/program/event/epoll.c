/* epoll: man 7 epoll, man 2 epoll_ctl, epoll_wait. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif
#define LONG 20000 /* ms; longer than anything takes */

static int set(int ep, int operation, int fd, unsigned events)
{
	struct epoll_event e = { .events = events, .data.u64 = 1000 + fd };

	return epoll_ctl(ep, operation, fd, &e);
}

static int add(int ep, int fd, unsigned events)
{
	return set(ep, EPOLL_CTL_ADD, fd, events);
}

/* The one event there is, of fd; 0: none. */
static unsigned event_of(int ep, int fd, int timeout)
{
	struct epoll_event e[4];
	int n = epoll_wait(ep, e, 4, timeout);

	if (n == 0)
		return 0;
	assert_int_equal(n, 1);
	assert_int_equal(e->data.u64, 1000 + fd);
	return e->events;
}

static void count(int fd, uint64_t n)
{
	assert_int_equal(write(fd, &n, sizeof n), sizeof n);
}

static uint64_t take(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

static void level_triggered(void **state)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), p[2];
	char c[10];

	assert_int_equal(fcntl(ep, F_GETFD), FD_CLOEXEC);
	pipe(p);
	assert_int_equal(add(ep, p[0], EPOLLIN), 0);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	write(p[1], "ab", 2);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	assert_int_equal(event_of(ep, p[0], LONG), EPOLLIN);
	read(p[0], c, 1);
	assert_int_equal(event_of(ep, p[0], -1), EPOLLIN);
	read(p[0], c, 1);
	assert_int_equal(event_of(ep, p[0], 20), 0);
	write(p[1], "a", 1);
	close(p[1]);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN | EPOLLHUP);
	read(p[0], c, 1);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLHUP);
	close(p[0]);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	close(ep);
}

static void edge_triggered(void **state)
{
	int ep = epoll_create1(0), p[2], fd = eventfd(0, 0);

	pipe(p);
	add(ep, p[0], EPOLLIN | EPOLLET);
	write(p[1], "a", 1);
	assert_int_equal(event_of(ep, p[0], LONG), EPOLLIN);
	assert_int_equal(event_of(ep, p[0], 20), 0);
	write(p[1], "b", 1);
	assert_int_equal(event_of(ep, p[0], LONG), EPOLLIN);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	/* MOD looks anew */
	assert_int_equal(set(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET), 0);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	close(p[1]);
	assert_int_equal(event_of(ep, p[0], LONG), EPOLLIN | EPOLLHUP);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	close(p[0]);
	/* one that is ready when it is added */
	count(fd, 1);
	add(ep, fd, EPOLLIN | EPOLLET);
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN);
	assert_int_equal(event_of(ep, fd, 0), 0);
	count(fd, 1);
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN);
	close(fd);
	close(ep);
}

static void one_shot(void **state)
{
	int ep = epoll_create1(0), p[2];
	char c;

	pipe(p);
	add(ep, p[0], EPOLLIN | EPOLLONESHOT);
	write(p[1], "a", 1);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	assert_int_equal(event_of(ep, p[0], 0), 0);
	write(p[1], "b", 1);
	assert_int_equal(event_of(ep, p[0], 20), 0);
	assert_fails(add(ep, p[0], EPOLLIN), EEXIST);
	set(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	/* off means not even the end is told */
	read(p[0], &c, 1);
	read(p[0], &c, 1);
	close(p[1]);
	assert_int_equal(event_of(ep, p[0], 20), 0);
	set(ep, EPOLL_CTL_MOD, p[0], 0);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLHUP);
	close(p[0]);
	close(ep);
}

static void both_directions(void **state)
{
	int ep = epoll_create1(0), fd = eventfd(0, EFD_NONBLOCK);

	add(ep, fd, EPOLLIN | EPOLLOUT);
	assert_int_equal(event_of(ep, fd, 0), EPOLLOUT);
	count(fd, 3);
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN | EPOLLOUT);
	set(ep, EPOLL_CTL_MOD, fd, EPOLLIN);
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN);
	count(fd, 0xfffffffffffffffeul - 3);
	set(ep, EPOLL_CTL_MOD, fd, EPOLLOUT);
	assert_int_equal(event_of(ep, fd, 20), 0);
	take(fd);
	assert_int_equal(event_of(ep, fd, LONG), EPOLLOUT);
	assert_int_equal(set(ep, EPOLL_CTL_DEL, fd, 0), 0);
	assert_int_equal(event_of(ep, fd, 0), 0);
	assert_fails(set(ep, EPOLL_CTL_DEL, fd, 0), ENOENT);
	assert_fails(set(ep, EPOLL_CTL_MOD, fd, 0), ENOENT);
	close(fd);
	close(ep);
}

static void refusals(void **state)
{
	int ep = epoll_create(1), p[2], file;
	/* so that no compiler sees what is wrong */
	volatile int none = 0;
	struct epoll_event e[2], *volatile nowhere = (void *)8;

	pipe(p);
	file = open("/tmp", O_RDONLY | O_DIRECTORY);
	assert_fails(syscall(SYS_epoll_create, 0), EINVAL);
	assert_fails(syscall(SYS_epoll_create, -1), EINVAL);
	assert_fails(epoll_create1(1), EINVAL);
	assert_fails(add(ep, file, EPOLLIN), EPERM);
	close(file);
	file = open("epoll-file", O_RDWR | O_CREAT, 0600);
	assert_fails(add(ep, file, EPOLLIN), EPERM);
	assert_fails(set(ep, EPOLL_CTL_DEL, file, 0), EPERM);
	unlink("epoll-file");
	close(file);
	file = open("/dev/null", O_RDWR);
	assert_fails(add(ep, file, EPOLLIN), EPERM);
	close(file);
	assert_fails(add(ep, 99, EPOLLIN), EBADF);
	assert_fails(add(99, p[0], EPOLLIN), EBADF);
	assert_fails(add(p[1], p[0], EPOLLIN), EINVAL);
	assert_fails(add(ep, ep, EPOLLIN), EINVAL);
	assert_fails(set(ep, 77, p[0], EPOLLIN), EINVAL);
	assert_fails(set(ep, EPOLL_CTL_MOD, p[0], EPOLLIN), ENOENT);
	assert_fails(epoll_wait(ep, e, none, 0), EINVAL);
	assert_fails(epoll_wait(ep, e, none - 1, 0), EINVAL);
	assert_fails(epoll_wait(p[0], e, 1, 0), EINVAL);
	assert_fails(epoll_wait(99, e, 1, 0), EBADF);
	assert_int_equal(add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE), 0);
	assert_fails(set(ep, EPOLL_CTL_MOD, p[0], EPOLLIN), EINVAL);
	assert_fails(add(ep, p[1], EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	assert_fails(add(ep, p[1], EPOLLEXCLUSIVE | EPOLLRDHUP), EINVAL);
	write(p[1], "", 1);
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	assert_fails(epoll_wait(ep, nowhere, 1, 0), EFAULT);
	/* what could not be told is not lost */
	assert_int_equal(event_of(ep, p[0], 0), EPOLLIN);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL), 0);
	assert_fails(read(ep, e, sizeof e), EINVAL);
	assert_fails(write(ep, e, sizeof e), EINVAL);
	assert_int_equal(lseek(ep, 0, SEEK_SET), 0);
	close(p[0]);
	close(p[1]);
	close(ep);
}

static void some_at_a_time(void **state)
{
	int ep = epoll_create1(0), fds[10], seen[10] = { 0 };
	struct epoll_event e[3];

	for (int i = 0; i < 10; i++) {
		fds[i] = eventfd(1, 0);
		struct epoll_event new = { EPOLLIN, { .u32 = (uint32_t)i } };

		epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &new);
	}
	/* in turn: those told come last the next time */
	for (int round = 0; round < 10; round++) {
		assert_int_equal(epoll_wait(ep, e, 3, 0), 3);
		for (int i = 0; i < 3; i++)
			seen[e[i].data.u32]++;
	}
	for (int i = 0; i < 10; i++) {
		assert_int_equal(seen[i], 3);
		close(fds[i]);
	}
	close(ep);
}

static void goes_with_its_last_descriptor(void **state)
{
	int ep = epoll_create1(0), fd = eventfd(1, 0), other = dup(fd), n;
	struct epoll_event e[4];

	add(ep, fd, EPOLLIN);
	close(fd);
	/* the open file is still there: man 7 epoll, "Questions and answers" */
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN);
	add(ep, other, EPOLLIN);
	n = epoll_wait(ep, e, 4, 0);
	assert_int_equal(n, 2);
	/* the number means another file now */
	assert_int_equal(eventfd(1, 0), fd);
	assert_int_equal(add(ep, fd, EPOLLIN), 0);
	assert_int_equal(epoll_wait(ep, e, 4, 0), 3);
	close(other);
	assert_int_equal(event_of(ep, fd, 0), EPOLLIN);
	close(fd);
	assert_int_equal(event_of(ep, fd, 0), 0);
	close(ep);
}

static int shared_fd, shared_ep;

static void *count_later(void *unused)
{
	usleep(50000);
	count(shared_fd, 1);
	return unused;
}

static void *add_later(void *unused)
{
	usleep(50000);
	add(shared_ep, shared_fd, EPOLLIN);
	return unused;
}

static void *enable_later(void *unused)
{
	usleep(50000);
	set(shared_ep, EPOLL_CTL_MOD, shared_fd, EPOLLIN);
	return unused;
}

static void changes_during_a_wait(void **state)
{
	int ep = shared_ep = epoll_create1(0);
	pthread_t t;

	shared_fd = eventfd(0, 0);
	add(ep, shared_fd, EPOLLIN);
	pthread_create(&t, NULL, count_later, NULL);
	assert_int_equal(event_of(ep, shared_fd, -1), EPOLLIN);
	pthread_join(t, NULL);
	set(ep, EPOLL_CTL_DEL, shared_fd, 0);
	pthread_create(&t, NULL, add_later, NULL);
	assert_int_equal(event_of(ep, shared_fd, -1), EPOLLIN);
	pthread_join(t, NULL);
	set(ep, EPOLL_CTL_MOD, shared_fd, 0);
	pthread_create(&t, NULL, enable_later, NULL);
	assert_int_equal(event_of(ep, shared_fd, -1), EPOLLIN);
	pthread_join(t, NULL);
	close(shared_fd);
	close(ep);
}

static void *wait_once(void *result)
{
	struct epoll_event e;

	*(int *)result = epoll_wait(shared_ep, &e, 1, LONG);
	return NULL;
}

static void each_waiter_gets_one(void **state)
{
	int fds[4], results[4];
	pthread_t t[4];

	shared_ep = epoll_create1(0);
	for (int i = 0; i < 4; i++) {
		fds[i] = eventfd(0, 0);
		add(shared_ep, fds[i], EPOLLIN | EPOLLET);
		pthread_create(&t[i], NULL, wait_once, &results[i]);
	}
	usleep(50000);
	for (int i = 0; i < 4; i++)
		count(fds[i], 1);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(results[i], 1);
		close(fds[i]);
	}
	close(shared_ep);
}

static void nested(void **state)
{
	int inner = epoll_create1(0), outer = epoll_create1(0),
	    fd = eventfd(0, 0);
	struct pollfd p = { inner, POLLIN, 0 };
	struct timeval none = { 0, 0 };
	fd_set set_of_inner;
	pthread_t t;

	shared_fd = fd;
	add(inner, fd, EPOLLIN);
	assert_int_equal(add(outer, inner, EPOLLIN), 0);
	assert_int_equal(event_of(outer, inner, 0), 0);
	count(fd, 1);
	assert_int_equal(event_of(outer, inner, 0), EPOLLIN);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(p.revents, POLLIN);
	FD_ZERO(&set_of_inner);
	FD_SET(inner, &set_of_inner);
	assert_int_equal(
		select(inner + 1, &set_of_inner, NULL, NULL, &none), 1);
	take(fd);
	assert_int_equal(event_of(outer, inner, 20), 0);
	assert_int_equal(poll(&p, 1, 20), 0);
	pthread_create(&t, NULL, count_later, NULL);
	assert_int_equal(event_of(outer, inner, -1), EPOLLIN);
	pthread_join(t, NULL);
	take(fd);
	pthread_create(&t, NULL, count_later, NULL);
	assert_int_equal(poll(&p, 1, LONG), 1);
	pthread_join(t, NULL);
	assert_fails(add(inner, outer, EPOLLIN), ELOOP);
	close(inner);
	assert_int_equal(event_of(outer, inner, 0), 0);
	close(outer);
	close(fd);
}

static void not_too_deep(void **state)
{
	int eps[6];

	for (int i = 0; i < 6; i++)
		eps[i] = epoll_create1(0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(add(eps[i], eps[i + 1], EPOLLIN), 0);
	assert_fails(add(eps[4], eps[5], EPOLLIN), ELOOP);
	assert_fails(add(eps[5], eps[0], EPOLLIN), ELOOP);
	assert_fails(add(eps[4], eps[0], EPOLLIN), ELOOP);
	for (int i = 0; i < 6; i++)
		close(eps[i]);
}

static long milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void timers_and_signals(void **state)
{
	int ep = epoll_create1(0), t = timerfd_create(CLOCK_MONOTONIC, 0), s;
	struct itimerspec every = { { 0, 20000000 }, { 0, 50000000 } };
	struct signalfd_siginfo info;
	sigset_t set_of_signals;
	long before = milliseconds();

	add(ep, t, EPOLLIN);
	timerfd_settime(t, 0, &every, NULL);
	assert_int_equal(event_of(ep, t, 20), 0);
	assert_int_equal(event_of(ep, t, -1), EPOLLIN);
	assert_true(milliseconds() - before >= 49);
	assert_int_equal(event_of(ep, t, 0), EPOLLIN);
	take(t);
	assert_int_equal(event_of(ep, t, -1), EPOLLIN);
	set(ep, EPOLL_CTL_MOD, t, EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(event_of(ep, t, -1), EPOLLIN);
		assert_int_equal(event_of(ep, t, 0), 0);
		take(t);
	}
	close(t);
	sigemptyset(&set_of_signals);
	sigaddset(&set_of_signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set_of_signals, NULL);
	s = signalfd(-1, &set_of_signals, SFD_NONBLOCK);
	add(ep, s, EPOLLIN);
	assert_int_equal(event_of(ep, s, 0), 0);
	raise(SIGUSR1);
	assert_int_equal(event_of(ep, s, 0), EPOLLIN);
	assert_int_equal(read(s, &info, sizeof info), sizeof info);
	assert_int_equal(event_of(ep, s, 0), 0);
	if (!fork()) {
		usleep(50000);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	assert_int_equal(event_of(ep, s, -1), EPOLLIN);
	wait(NULL);
	read(s, &info, sizeof info);
	sigprocmask(SIG_UNBLOCK, &set_of_signals, NULL);
	close(s);
	close(ep);
}

static void *arm_later(void *fd)
{
	struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };

	usleep(50000);
	timerfd_settime(*(int *)fd, 0, &soon, NULL);
	return NULL;
}

static void a_timer_set_during_a_wait(void **state)
{
	int ep = epoll_create1(0), t = timerfd_create(CLOCK_MONOTONIC, 0);
	pthread_t thread;

	add(ep, t, EPOLLIN | EPOLLET);
	pthread_create(&thread, NULL, arm_later, &t);
	assert_int_equal(event_of(ep, t, -1), EPOLLIN);
	pthread_join(thread, NULL);
	close(t);
	close(ep);
}

static volatile int handled;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

static void signals_interrupt(void **state)
{
	struct sigaction a = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };
	int ep = epoll_create1(0), status;
	struct timespec half = { 0, 30000000 };
	struct epoll_event e;
	sigset_t blocked, none;
	pid_t pid;

	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	/* SA_RESTART or not: man 7 signal */
	assert_fails(epoll_wait(ep, &e, 1, -1), EINTR);
	assert_int_equal(handled, 1);
	sigemptyset(&blocked);
	sigemptyset(&none);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	raise(SIGALRM);
	assert_int_equal(epoll_wait(ep, &e, 1, 20), 0);
	assert_int_equal(epoll_pwait(ep, &e, 1, 20, &blocked), 0);
	assert_int_equal(handled, 1);
	assert_fails(epoll_pwait(ep, &e, 1, -1, &none), EINTR);
	assert_int_equal(handled, 2);
	sigprocmask(SIG_BLOCK, NULL, &none);
	assert_true(sigismember(&none, SIGALRM));
	assert_int_equal(
		syscall(SYS_epoll_pwait2, ep, &e, 1, &half, NULL, 8L), 0);
	half.tv_nsec = 1000000000;
	assert_fails(
		syscall(SYS_epoll_pwait2, ep, &e, 1, &half, NULL, 8L), EINVAL);
	raise(SIGALRM);
	sigemptyset(&none);
	assert_fails(
		syscall(SYS_epoll_pwait2, ep, &e, 1, NULL, &none, 8L), EINTR);
	assert_int_equal(handled, 3);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	/* after a stop too */
	pid = fork();
	if (!pid)
		_exit(epoll_wait(ep, &e, 1, -1) != -1 || errno != EINTR);
	usleep(100000);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(ep);
}

static void after_fork(void **state)
{
	int ep = epoll_create1(0), up = eventfd(0, 0), down = eventfd(0, 0),
	    status;
	pid_t pid;

	add(ep, down, EPOLLIN);
	pid = fork();
	if (!pid) {
		/* what was watched still is */
		if (event_of(ep, down, LONG) != EPOLLIN)
			_exit(1);
		take(down);
		if (event_of(ep, down, 0))
			_exit(2);
		count(up, 1);
		_exit(0);
	}
	count(down, 1);
	assert_int_equal(take(up), 1);
	assert_int_equal(event_of(ep, down, 0), 0);
	count(down, 1);
	assert_int_equal(event_of(ep, down, 0), EPOLLIN);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(up);
	close(down);
	close(ep);
}

static void a_killed_peer_is_seen(void **state)
{
	for (int i = 0; i < 3; i++) {
		int ep = epoll_create1(0), p[2];
		pid_t pid;

		pipe(p);
		pid = fork();
		while (!pid)
			pause();
		close(p[1]);
		add(ep, p[0], EPOLLIN);
		assert_int_equal(event_of(ep, p[0], 20), 0);
		kill(pid, SIGKILL);
		assert_int_equal(event_of(ep, p[0], LONG), EPOLLHUP);
		waitpid(pid, NULL, 0);
		close(p[0]);
		close(ep);
	}
}

static void many_files(void **state)
{
	static int fds[2000];
	int ep = epoll_create1(0);
	struct epoll_event e[16];

	for (int i = 0; i < 450; i++) {
		fds[i] = eventfd(0, EFD_NONBLOCK);
		assert_true(fds[i] >= 0);
		assert_int_equal(add(ep, fds[i], EPOLLIN), 0);
	}
	for (int i = 0; i < 450; i += 7) {
		count(fds[i], 1);
		count(fds[449 - i], 1);
		assert_int_equal(
			epoll_wait(ep, e, 16, LONG), i == 449 - i ? 1 : 2);
		take(fds[i]);
		take(fds[449 - i]);
		assert_int_equal(epoll_wait(ep, e, 16, 0), 0);
	}
	for (int i = 0; i < 450; i++)
		close(fds[i]);
	assert_int_equal(epoll_wait(ep, e, 16, 0), 0);
	close(ep);
}

/* More instances watch one file than a wait queue of libposix has room for. */
static void many_watch_one(void **state)
{
	int eps[12], outer = epoll_create1(0), fd = shared_fd = eventfd(0, 0);
	pthread_t t;

	for (int i = 0; i < 12; i++) {
		eps[i] = epoll_create1(0);
		add(eps[i], fd, EPOLLIN | (i % 2 ? EPOLLET : 0));
	}
	add(outer, eps[11], EPOLLIN);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(event_of(eps[i], fd, 0), 0);
		pthread_create(&t, NULL, count_later, NULL);
		assert_int_equal(event_of(eps[i], fd, -1), EPOLLIN);
		pthread_join(t, NULL);
		for (int k = 0; k < 12; k++)
			if (k != i)
				assert_int_equal(
					event_of(eps[k], fd, 0), EPOLLIN);
		take(fd);
	}
	pthread_create(&t, NULL, count_later, NULL);
	assert_int_equal(event_of(outer, eps[11], -1), EPOLLIN);
	pthread_join(t, NULL);
	/* gone from under a sleeper, and still nobody is stuck */
	take(fd);
	for (int i = 0; i < 12; i++)
		event_of(eps[i], fd, 0);
	for (int i = 0; i < 11; i++)
		close(eps[i]);
	pthread_create(&t, NULL, count_later, NULL);
	assert_int_equal(event_of(eps[11], fd, -1), EPOLLIN);
	pthread_join(t, NULL);
	close(fd);
	assert_int_equal(event_of(eps[11], fd, 20), 0);
	close(eps[11]);
	close(outer);
}

static void *close_later(void *fd)
{
	usleep(50000);
	close(*(int *)fd);
	usleep(50000);
	count(shared_fd, 1);
	return NULL;
}

static void closed_during_a_wait(void **state)
{
	int ep = epoll_create1(0), fd = eventfd(0, 0), p[2];
	pthread_t t;

	shared_fd = eventfd(0, 0);
	add(ep, fd, EPOLLIN);
	add(ep, shared_fd, EPOLLIN);
	pthread_create(&t, NULL, close_later, &fd);
	assert_int_equal(event_of(ep, shared_fd, -1), EPOLLIN);
	pthread_join(t, NULL);
	take(shared_fd);
	/* the last writer's end is the reader's event */
	pipe(p);
	add(ep, p[0], EPOLLIN);
	add(ep, p[1], EPOLLIN);
	pthread_create(&t, NULL, close_later, &p[1]);
	assert_int_equal(event_of(ep, p[0], -1), EPOLLHUP);
	pthread_join(t, NULL);
	close(p[0]);
	assert_int_equal(event_of(ep, shared_fd, 0), EPOLLIN);
	close(shared_fd);
	close(ep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_triggered),
		cmocka_unit_test(edge_triggered),
		cmocka_unit_test(one_shot),
		cmocka_unit_test(both_directions),
		cmocka_unit_test(refusals),
		cmocka_unit_test(some_at_a_time),
		cmocka_unit_test(goes_with_its_last_descriptor),
		cmocka_unit_test(changes_during_a_wait),
		cmocka_unit_test(each_waiter_gets_one),
		cmocka_unit_test(nested),
		cmocka_unit_test(not_too_deep),
		cmocka_unit_test(timers_and_signals),
		cmocka_unit_test(a_timer_set_during_a_wait),
		cmocka_unit_test(signals_interrupt),
		cmocka_unit_test(after_fork),
		cmocka_unit_test(a_killed_peer_is_seen),
		cmocka_unit_test(many_files),
		cmocka_unit_test(many_watch_one),
		cmocka_unit_test(closed_during_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
