/* signalfd: man 2 signalfd. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigset_t set_of(int a, int b)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}

static int make(int a, int b, int flags)
{
	sigset_t s = set_of(a, b);

	sigprocmask(SIG_BLOCK, &s, NULL);
	return signalfd(-1, &s, flags);
}

static struct signalfd_siginfo take(int fd)
{
	struct signalfd_siginfo i;

	memset(&i, 0xff, sizeof i);
	assert_int_equal(read(fd, &i, sizeof i), sizeof i);
	return i;
}

static void who_sent_what(void **state)
{
	int fd = make(SIGUSR1, SIGRTMIN + 3, SFD_NONBLOCK | SFD_CLOEXEC);
	struct signalfd_siginfo i;
	union sigval v = { .sival_ptr = (void *)0x123456789abc };

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_fails(read(fd, &i, sizeof i), EAGAIN);
	kill(getpid(), SIGUSR1);
	i = take(fd);
	assert_int_equal(i.ssi_signo, SIGUSR1);
	assert_int_equal(i.ssi_code, SI_USER);
	assert_int_equal(i.ssi_pid, getpid());
	assert_int_equal(i.ssi_uid, getuid());
	assert_int_equal(i.ssi_errno, 0);
	sigqueue(getpid(), SIGRTMIN + 3, v);
	i = take(fd);
	assert_int_equal(i.ssi_signo, SIGRTMIN + 3);
	assert_int_equal(i.ssi_code, SI_QUEUE);
	assert_true(i.ssi_ptr == 0x123456789abc);
	assert_int_equal(i.ssi_int, 0x56789abc);
	assert_int_equal(i.ssi_pid, getpid());
	raise(SIGUSR1);
	i = take(fd);
	assert_int_equal(i.ssi_code, SI_TKILL);
	assert_fails(read(fd, &i, sizeof i), EAGAIN);
	close(fd);
}

static void several_at_once(void **state)
{
	int fd = make(SIGUSR1, SIGRTMIN + 1, SFD_NONBLOCK);
	struct signalfd_siginfo i[8];
	union sigval v = { 0 };

	for (int k = 0; k < 3; k++) {
		v.sival_int = k;
		sigqueue(getpid(), SIGRTMIN + 1, v);
	}
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	assert_fails(read(fd, i, sizeof *i - 1), EINVAL);
	assert_int_equal(read(fd, i, 2 * sizeof *i + 5), 2 * sizeof *i);
	assert_int_equal(i[0].ssi_signo, SIGUSR1);
	assert_int_equal(i[1].ssi_int, 0);
	assert_int_equal(read(fd, i, sizeof i), 2 * sizeof *i);
	assert_int_equal(i[0].ssi_int, 1);
	assert_int_equal(i[1].ssi_int, 2);
	close(fd);
}

static void a_childs_end(void **state)
{
	int fd = make(SIGCHLD, 0, 0);
	struct signalfd_siginfo i;
	pid_t pid = fork();

	if (!pid)
		_exit(7);
	i = take(fd);
	assert_int_equal(i.ssi_signo, SIGCHLD);
	assert_int_equal(i.ssi_code, CLD_EXITED);
	assert_int_equal(i.ssi_pid, pid);
	assert_int_equal(i.ssi_status, 7);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void a_timers_end(void **state)
{
	int fd = make(SIGUSR2, 0, 0);
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2,
		.sigev_value.sival_int = 99 };
	struct itimerspec s = { { 0, 0 }, { 0, 10000000 } };
	struct signalfd_siginfo i;
	timer_t t;

	timer_create(CLOCK_MONOTONIC, &e, &t);
	timer_settime(t, 0, &s, NULL);
	i = take(fd);
	assert_int_equal(i.ssi_code, SI_TIMER);
	assert_int_equal(i.ssi_int, 99);
	assert_int_equal(i.ssi_overrun, 0);
	timer_delete(t);
	close(fd);
}

static void another_mask(void **state)
{
	int fd = make(SIGUSR1, 0, SFD_NONBLOCK);
	sigset_t s = set_of(SIGUSR2, SIGKILL);
	struct signalfd_siginfo i;
	struct pollfd p = { fd, POLLIN, 0 };

	sigprocmask(SIG_BLOCK, &s, NULL);
	raise(SIGUSR2);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(signalfd(fd, &s, 0), fd);
	/* the flags of an old one stay */
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(p.revents, POLLIN);
	i = take(fd);
	assert_int_equal(i.ssi_signo, SIGUSR2);
	raise(SIGUSR1);
	assert_fails(read(fd, &i, sizeof i), EAGAIN);
	s = set_of(SIGUSR1, 0);
	signalfd(fd, &s, 0);
	assert_int_equal(take(fd).ssi_signo, SIGUSR1);
	close(fd);
}

static void refusals(void **state)
{
	sigset_t s = set_of(SIGUSR1, 0);
	char c[200] = "";
	int fd = make(SIGUSR1, 0, 0);

	assert_fails(signalfd(-1, &s, 0x10000), EINVAL);
	assert_fails(signalfd(0, &s, 0), EINVAL);
	assert_fails(signalfd(99, &s, 0), EBADF);
	assert_fails(signalfd(-2, &s, 0), EBADF);
	assert_fails(syscall(SYS_signalfd4, -1, &s, 7, 0), EINVAL);
	assert_fails(write(fd, c, sizeof c), EINVAL);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	close(fd);
}

static pid_t parent;

static void *send_later(void *unused)
{
	usleep(50000);
	kill(parent, SIGUSR1);
	return unused;
}

static void waits(void **state)
{
	int fd = make(SIGUSR1, 0, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	pthread_t t;
	pid_t pid;

	parent = getpid();
	pthread_create(&t, NULL, send_later, NULL);
	assert_int_equal(take(fd).ssi_signo, SIGUSR1);
	pthread_join(t, NULL);
	pthread_create(&t, NULL, send_later, NULL);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(take(fd).ssi_signo, SIGUSR1);
	pthread_join(t, NULL);
	/* from another process */
	pid = fork();
	if (!pid) {
		send_later(NULL);
		_exit(0);
	}
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(take(fd).ssi_pid, pid);
	waitpid(pid, NULL, 0);
	pid = fork();
	if (!pid) {
		send_later(NULL);
		_exit(0);
	}
	assert_int_equal(take(fd).ssi_pid, pid);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void *read_in_thread(void *fd)
{
	struct pollfd p = { *(int *)fd, POLLIN, 0 };

	/* it sees no signal of another thread's own */
	if (poll(&p, 1, 50) != 0)
		return "ready";
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	return poll(&p, 1, 1000) == 1 && take(*(int *)fd).ssi_code == SI_TKILL
		       ? NULL
		       : "own";
}

static void the_readers_signals(void **state)
{
	int fd = make(SIGUSR1, 0, SFD_NONBLOCK), status;
	pthread_t t;
	void *wrong;
	pid_t pid;

	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	pthread_create(&t, NULL, read_in_thread, &fd);
	pthread_join(t, &wrong);
	assert_null(wrong);
	/* a child sees its own, not its parent's that is pending */
	pid = fork();
	if (!pid) {
		struct signalfd_siginfo i;

		if (read(fd, &i, sizeof i) != -1 || errno != EAGAIN)
			_exit(1);
		raise(SIGUSR1);
		_exit(read(fd, &i, sizeof i) != sizeof i ||
			i.ssi_pid != (unsigned)getpid());
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(take(fd).ssi_pid, getpid());
	close(fd);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void another_signal_interrupts(void **state)
{
	struct sigaction a = { .sa_handler = on_signal };
	int fd = make(SIGUSR1, 0, 0);
	struct signalfd_siginfo i;

	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_fails(read(fd, &i, sizeof i), EINTR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sent_what),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(a_childs_end),
		cmocka_unit_test(a_timers_end),
		cmocka_unit_test(another_mask),
		cmocka_unit_test(refusals),
		cmocka_unit_test(waits),
		cmocka_unit_test(the_readers_signals),
		cmocka_unit_test(another_signal_interrupts),
	};

	alarm(55);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
