/* Handlers: the flags of sigaction(), what they may change, and which calls go
 * on after one, by man 7 signal, "Interruption of system calls". */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, depth, deepest, code;
static volatile pid_t sender;

static void nested(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (++count < 4)
		raise(signal);
	depth--;
}

static void set(int signal, void (*f)(int), int flags)
{
	struct sigaction a = { .sa_handler = f, .sa_flags = flags };

	assert_int_equal(sigaction(signal, &a, NULL), 0);
	count = depth = deepest = 0;
}

static void flags_of_handlers(void **state)
{
	struct sigaction now;

	set(SIGUSR1, nested, 0);
	raise(SIGUSR1);
	assert_int_equal(count, 4);
	assert_int_equal(deepest, 1);
	set(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	assert_int_equal(count, 4);
	assert_int_equal(deepest, 4);
	set(SIGUSR1, nested, SA_RESETHAND);
	count = 9;
	raise(SIGUSR1);
	assert_int_equal(count, 10);
	sigaction(SIGUSR1, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
}

static void informed(int signal, siginfo_t *info, void *context)
{
	code = info->si_code;
	sender = info->si_pid;
	count++;
}

static void codes_say_where_from(void **state)
{
	struct sigaction a = { .sa_sigaction = informed,
		.sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval now = { { 0, 0 }, { 0, 1000 } };
	siginfo_t info;
	pid_t pid;

	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGCHLD, &a, NULL);
	sigaction(SIGALRM, &a, NULL);
	raise(SIGUSR1);
	assert_int_equal(code, SI_TKILL);
	assert_int_equal(sender, getpid());
	pthread_kill(pthread_self(), SIGUSR1);
	assert_int_equal(code, SI_TKILL);
	code = 77;
	pid = fork();
	if (!pid) {
		kill(getppid(), SIGUSR1);
		pause();
	}
	while (code != SI_USER)
		usleep(1000);
	assert_int_equal(sender, pid);
	kill(pid, SIGKILL);
	while (code != CLD_KILLED)
		usleep(1000);
	assert_int_equal(sender, pid);
	waitpid(pid, NULL, 0);
	count = 0;
	setitimer(ITIMER_REAL, &now, NULL);
	while (!count)
		usleep(1000);
	assert_int_equal(code, SI_KERNEL);
	signal(SIGCHLD, SIG_DFL);
}

static volatile int landed;

static void land(void)
{
	landed = 1;
	_exit(5);
}

static void elsewhere(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	u->uc_mcontext.gregs[REG_RIP] = (greg_t)land;
	u->uc_mcontext.gregs[REG_RSP] =
		(u->uc_mcontext.gregs[REG_RSP] - 512 & -16) - 8;
}

static void past_the_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	/* ud2 has two bytes */
	u->uc_mcontext.gregs[REG_RIP] += 2;
	u->uc_mcontext.gregs[REG_RBX] = 1234;
}

static void registers_may_be_changed(void **state)
{
	struct sigaction a = { .sa_sigaction = past_the_fault,
		.sa_flags = SA_SIGINFO };
	int status;
	long b = 1;
	pid_t pid;

	sigaction(SIGILL, &a, NULL);
	__asm__ volatile("ud2" : "+b"(b));
	assert_int_equal(b, 1234);
	signal(SIGILL, SIG_DFL);
	pid = fork();
	if (!pid) {
		a.sa_sigaction = elsewhere;
		sigaction(SIGUSR1, &a, NULL);
		raise(SIGUSR1);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 5);
}

/* ---- which calls go on ---- */

static int in[2], epoll;
static sem_t semaphore;
static char big[1 << 20];
static pid_t helper;

static long do_read(void)
{
	return read(in[0], big, 1);
}

static long do_wait(void)
{
	return waitpid(helper, NULL, 0);
}

static long do_sem_wait(void)
{
	return sem_wait(&semaphore);
}

static long do_open(void)
{
	int fd = open("fifo", O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long do_lock(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("lock", O_RDWR);
	long r = fcntl(fd, F_SETLKW, &l);
	int error = errno;

	close(fd);
	errno = error;
	return r;
}

static long do_poll(void)
{
	struct pollfd p = { in[0], POLLIN, 0 };

	return poll(&p, 1, 20000);
}

static long do_select(void)
{
	struct timeval t = { 20, 0 };

	return select(0, NULL, NULL, NULL, &t);
}

static long do_epoll(void)
{
	struct epoll_event e;

	return epoll_wait(epoll, &e, 1, 20000);
}

static long do_pause(void)
{
	return pause();
}

static long do_sleep(void)
{
	struct timespec t = { 20, 0 };

	return nanosleep(&t, NULL);
}

static long do_sigsuspend(void)
{
	sigset_t s;

	sigemptyset(&s);
	return sigsuspend(&s);
}

static void counted(int signal)
{
	count++;
}

/* Signals its parent, and later lets what it does go on. */
static void begin_helper(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int ready[2];

	pipe(ready);
	helper = fork();
	if (!helper) {
		int fd = open("lock", O_RDWR | O_CREAT, 0600);

		alarm(40);
		fcntl(fd, F_SETLKW, &l);
		write(ready[1], "", 1);
		usleep(40000);
		kill(getppid(), SIGUSR1);
		usleep(60000);
		write(in[1], "", 1);
		open("fifo", O_WRONLY | O_NONBLOCK);
		_exit(0);
	}
	read(ready[0], big, 1);
	close(ready[0]);
	close(ready[1]);
}

static void *post_later(void *argument)
{
	usleep(150000);
	sem_post(&semaphore);
	return argument;
}

static void calls_go_on(void **state)
{
	static long (*const calls[])(
		void) = { do_read, do_wait, do_open, do_lock, do_sem_wait };
	sigset_t s;

	mkfifo("fifo", 0600);
	sem_init(&semaphore, 0, 0);
	for (int restart = 0; restart < 2; restart++) {
		for (int i = 0; i < 5; i++) {
			pthread_t t;
			long r;

			pipe(in);
			set(SIGUSR1, counted, restart ? SA_RESTART : 0);
			begin_helper();
			/* the signal is for us */
			sigemptyset(&s);
			sigaddset(&s, SIGUSR1);
			pthread_sigmask(SIG_BLOCK, &s, NULL);
			pthread_create(&t, NULL, post_later, NULL);
			pthread_sigmask(SIG_UNBLOCK, &s, NULL);
			errno = 0;
			r = calls[i]();
			assert_int_equal(count, 1);
			if (restart) {
				assert_true(r >= 0);
			} else {
				assert_int_equal(r, -1);
				assert_int_equal(errno, EINTR);
			}
			pthread_join(t, NULL);
			if (r != helper || i != 1)
				waitpid(helper, NULL, 0);
			while (!sem_trywait(&semaphore))
				;
			close(in[0]);
			close(in[1]);
		}
	}
	unlink("fifo");
	unlink("lock");
}

/* Nor does sigtimedwait(2) on Linux; musl begins it anew. */
static void others_never_do(void **state)
{
	static long (*const calls[])(void) = { do_poll, do_select, do_epoll,
		do_pause, do_sleep, do_sigsuspend };

	epoll = epoll_create1(0);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		pipe(in);
		set(SIGUSR1, counted, SA_RESTART);
		begin_helper();
		assert_fails(calls[i](), EINTR);
		assert_int_equal(count, 1);
		waitpid(helper, NULL, 0);
		close(in[0]);
		close(in[1]);
	}
	unlink("lock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_of_handlers),
		cmocka_unit_test(codes_say_where_from),
		cmocka_unit_test(registers_may_be_changed),
		cmocka_unit_test(calls_go_on),
		cmocka_unit_test(others_never_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
