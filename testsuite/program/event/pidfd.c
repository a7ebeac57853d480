/* pidfds: man 2 pidfd_open, pidfd_send_signal, waitid. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

static int open_process(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int send_signal(int fd, int signal, siginfo_t *info, unsigned flags)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static int wait_for(int fd, siginfo_t *info, int options)
{
	return waitid((idtype_t)P_PIDFD, (id_t)fd, info, options);
}

static pid_t pausing(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();
	return pid;
}

static int ready(int fd, int timeout)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int r = poll(&p, 1, timeout);

	return r == 1 ? p.revents & POLLIN : r;
}

static void ends_when_it_exits(void **state)
{
	siginfo_t info;
	int p[2], fd;
	char c;
	pid_t pid;

	pipe(p);
	pid = fork();
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], &c, 1) + 5);
	}
	fd = open_process(pid, 0);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(ready(fd, 0), 0);
	assert_int_equal(ready(fd, 50), 0);
	memset(&info, 0, sizeof info);
	assert_int_equal(wait_for(fd, &info, WEXITED | WNOHANG), 0);
	assert_int_equal(info.si_pid, 0);
	close(p[1]);
	assert_int_equal(ready(fd, 20000), POLLIN);
	assert_int_equal(wait_for(fd, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_pid, pid);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(info.si_status, 5);
	/* to one that has ended a signal can be sent */
	assert_int_equal(send_signal(fd, 0, NULL, 0), 0);
	assert_int_equal(wait_for(fd, &info, WEXITED), 0);
	assert_int_equal(ready(fd, 0), POLLIN);
	assert_fails(send_signal(fd, 0, NULL, 0), ESRCH);
	assert_fails(wait_for(fd, &info, WEXITED), ECHILD);
	assert_fails(open_process(pid, 0), ESRCH);
	close(p[0]);
	close(fd);
}

static void ends_when_it_is_killed(void **state)
{
	siginfo_t info;
	pid_t pid = pausing();
	int fd = open_process(pid, 0);

	assert_int_equal(send_signal(fd, 0, NULL, 0), 0);
	assert_int_equal(send_signal(fd, SIGKILL, NULL, 0), 0);
	assert_int_equal(ready(fd, 20000), POLLIN);
	assert_int_equal(wait_for(fd, &info, WEXITED), 0);
	assert_int_equal(info.si_code, CLD_KILLED);
	assert_int_equal(info.si_status, SIGKILL);
	close(fd);
}

/* Not a child of who waits. */
static void somebody_elses_child(void **state)
{
	siginfo_t info;
	int p[2], fd;
	pid_t pid = 0, child;

	pipe(p);
	child = fork();
	if (!child) {
		pid = pausing();
		write(p[1], &pid, sizeof pid);
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	assert_int_equal(read(p[0], &pid, sizeof pid), sizeof pid);
	fd = open_process(pid, 0);
	assert_fails(wait_for(fd, &info, WEXITED), ECHILD);
	assert_int_equal(ready(fd, 20), 0);
	assert_int_equal(send_signal(fd, SIGTERM, NULL, 0), 0);
	assert_int_equal(ready(fd, 20000), POLLIN);
	waitpid(child, NULL, 0);
	close(fd);
	close(p[0]);
	close(p[1]);
}

static void without_blocking(void **state)
{
	siginfo_t info;
	pid_t pid = pausing();
	int fd = open_process(pid, O_NONBLOCK);

	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_fails(wait_for(fd, &info, WEXITED), EAGAIN);
	assert_int_equal(wait_for(fd, &info, WEXITED | WNOHANG), 0);
	kill(pid, SIGTERM);
	assert_int_equal(ready(fd, 20000), POLLIN);
	assert_int_equal(wait_for(fd, &info, WEXITED), 0);
	assert_int_equal(info.si_status, SIGTERM);
	close(fd);
}

static volatile int got_code, got_value;

static void on_signal(int signal, siginfo_t *info, void *unused)
{
	(void)signal;
	(void)unused;
	got_code = info->si_code;
	got_value = info->si_value.sival_int;
}

static void with_siginfo(void **state)
{
	struct sigaction a = { .sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO };
	int fd = open_process(getpid(), 0), other;
	siginfo_t info;
	pid_t pid = pausing();

	sigaction(SIGUSR1, &a, NULL);
	assert_int_equal(send_signal(fd, SIGUSR1, NULL, 0), 0);
	assert_int_equal(got_code, SI_USER);
	memset(&info, 0, sizeof info);
	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_value.sival_int = 4711;
	assert_int_equal(send_signal(fd, SIGUSR1, &info, 0), 0);
	assert_int_equal(got_code, SI_QUEUE);
	assert_int_equal(got_value, 4711);
	assert_fails(send_signal(fd, SIGUSR2, &info, 0), EINVAL);
	other = open_process(pid, 0);
	info.si_code = SI_USER;
	assert_fails(send_signal(other, SIGUSR1, &info, 0), EPERM);
	info.si_code = SI_QUEUE;
	assert_int_equal(send_signal(other, SIGUSR1, &info, 0), 0);
	assert_int_equal(ready(other, 20000), POLLIN);
	waitpid(pid, NULL, 0);
	close(other);
	close(fd);
}

static void refusals(void **state)
{
	siginfo_t info;
	int fd = open_process(getpid(), 0), p[2];
	char c[8];

	pipe(p);
	assert_fails(open_process(0, 0), EINVAL);
	assert_fails(open_process(-1, 0), EINVAL);
	assert_fails(open_process(getpid(), 0x100), EINVAL);
	assert_fails(open_process(4000000, 0), ESRCH);
	assert_fails(send_signal(-1, 0, NULL, 0), EBADF);
	assert_fails(send_signal(p[0], 0, NULL, 0), EBADF);
	assert_fails(send_signal(fd, 65, NULL, 0), EINVAL);
	assert_fails(send_signal(fd, 0, NULL, 0x100), EINVAL);
	assert_fails(wait_for(p[0], &info, WEXITED), EBADF);
	assert_fails(wait_for(99, &info, WEXITED), EBADF);
	assert_fails(wait_for(-1, &info, WEXITED), EINVAL);
	assert_fails(read(fd, c, sizeof c), EINVAL);
	assert_fails(write(fd, c, sizeof c), EINVAL);
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void after_fork(void **state)
{
	pid_t pid = pausing(), child;
	int fd = open_process(pid, 0), status;

	child = fork();
	if (!child)
		_exit(send_signal(fd, SIGTERM, NULL, 0) != 0 ||
			ready(fd, 20000) != POLLIN);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	waitpid(pid, &status, 0);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	close(fd);
}

static void from_clone(void **state)
{
	siginfo_t info;
	int fd = -1, status;
	pid_t pid = (pid_t)syscall(
		SYS_clone, CLONE_PIDFD | SIGCHLD, 0L, &fd, 0L, 0L);

	if (!pid)
		_exit(fcntl(3, F_GETFD) != -1 ? 9 : 3);
	assert_true(pid > 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(wait_for(fd, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_pid, pid);
	/* the child has not got it */
	assert_int_equal(info.si_status, 3);
	waitpid(pid, &status, 0);
	close(fd);
	assert_fails(
		syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD,
			0L, &fd, 0L, 0L),
		EINVAL);
	assert_fails(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0L, 8L, 0L, 0L),
		EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_when_it_exits),
		cmocka_unit_test(ends_when_it_is_killed),
		cmocka_unit_test(somebody_elses_child),
		cmocka_unit_test(without_blocking),
		cmocka_unit_test(with_siginfo),
		cmocka_unit_test(refusals),
		cmocka_unit_test(after_fork),
		cmocka_unit_test(from_clone),
	};

	/* what is inherited is not what the tests count */
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	alarm(55);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
