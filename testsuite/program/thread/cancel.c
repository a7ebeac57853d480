/* Cancellation: POSIX.1-2024 XSH 2.9.5.  Each call that must be a point where
 * a thread is cancelled, blocked in it and about to enter it; the states and
 * types; what runs at a thread's end, and in which order.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int empty[2], full[2], lock_file, epoll;
static sem_t semaphore, entered;
static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_t sleeper;
static pid_t child;
static char byte, big[1 << 20];

static struct timespec later(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 60;
	return t;
}

static void in_read(void)
{
	read(empty[0], &byte, 1);
}

static void in_readv(void)
{
	struct iovec v = { &byte, 1 };

	readv(empty[0], &v, 1);
}

static void in_write(void)
{
	write(full[1], big, sizeof big);
}

static void in_writev(void)
{
	struct iovec v = { big, sizeof big };

	writev(full[1], &v, 1);
}

static void in_poll(void)
{
	struct pollfd p = { empty[0], POLLIN, 0 };

	poll(&p, 1, 60000);
}

static void in_ppoll(void)
{
	struct pollfd p = { empty[0], POLLIN, 0 };
	struct timespec t = { 60, 0 };

	ppoll(&p, 1, &t, NULL);
}

static void in_select(void)
{
	struct timeval t = { 60, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(empty[0], &set);
	select(empty[0] + 1, &set, NULL, NULL, &t);
}

static void in_pselect(void)
{
	struct timespec t = { 60, 0 };

	pselect(0, NULL, NULL, NULL, &t, NULL);
}

static void in_epoll_wait(void)
{
	struct epoll_event e;

	epoll_wait(epoll, &e, 1, 60000);
}

static void in_sleep(void)
{
	sleep(60);
}

static void in_nanosleep(void)
{
	struct timespec t = { 60, 0 };

	nanosleep(&t, NULL);
}

static void in_clock_nanosleep(void)
{
	struct timespec t = later();

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static void in_pause(void)
{
	pause();
}

static void in_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigsuspend(&none);
}

static sigset_t usr1(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	return s;
}

static void in_sigwait(void)
{
	sigset_t s = usr1();
	int n;

	sigwait(&s, &n);
}

static void in_sigwaitinfo(void)
{
	sigset_t s = usr1();

	sigwaitinfo(&s, NULL);
}

static void in_sigtimedwait(void)
{
	sigset_t s = usr1();
	struct timespec t = { 60, 0 };

	sigtimedwait(&s, NULL, &t);
}

static void in_waitpid(void)
{
	waitpid(child, NULL, 0);
}

static void in_wait(void)
{
	wait(NULL);
}

static void in_waitid(void)
{
	siginfo_t info;

	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

static void in_sem_wait(void)
{
	sem_wait(&semaphore);
}

static void in_sem_timedwait(void)
{
	struct timespec t = later();

	sem_timedwait(&semaphore, &t);
}

static void unlock(void *m)
{
	pthread_mutex_unlock(m);
}

static void in_cond_wait(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(1);
}

static void in_cond_timedwait(void)
{
	struct timespec t = later();

	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	pthread_cond_timedwait(&condition, &mutex, &t);
	pthread_cleanup_pop(1);
}

static void in_join(void)
{
	pthread_join(sleeper, NULL);
}

static void in_lock(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	fcntl(lock_file, F_SETLKW, &l);
}

static void in_open(void)
{
	close(open("fifo", O_RDONLY));
}

static const struct {
	const char *name;
	void (*f)(void);
} points[] = {
#define POINT(name) \
	{ \
#name, in_##name \
	}
	POINT(read), POINT(readv), POINT(write), POINT(writev), POINT(poll),
	POINT(ppoll), POINT(select), POINT(pselect), POINT(epoll_wait),
	POINT(sleep), POINT(nanosleep), POINT(clock_nanosleep), POINT(pause),
	POINT(sigsuspend), POINT(sigwait), POINT(sigwaitinfo),
	POINT(sigtimedwait), POINT(waitpid), POINT(wait), POINT(waitid),
	POINT(sem_wait), POINT(sem_timedwait), POINT(cond_wait),
	POINT(cond_timedwait), POINT(join), POINT(lock), POINT(open)
};

static void *enter(void *f)
{
	sem_post(&entered);
	for (;;)
		((void (*)(void))f)();
}

/* Waits until it is told to, with cancellation pending then. */
static void *enter_late(void *f)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	sem_wait(&semaphore);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	((void (*)(void))f)();
	return NULL;
}

static void *sleep_for_ever(void *argument)
{
	for (;;)
		pause();
}

static int set_up(void **state)
{
	sigset_t s = usr1();
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct epoll_event e = { EPOLLIN };
	int ready[2];

	pthread_sigmask(SIG_BLOCK, &s, NULL);
	pthread_mutex_init(&mutex, NULL);
	sem_init(&semaphore, 0, 0);
	sem_init(&entered, 0, 0);
	pipe(empty);
	pipe(full);
	pipe(ready);
	mkfifo("fifo", 0600);
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, empty[0], &e);
	lock_file = open("lock", O_RDWR | O_CREAT, 0600);
	child = fork();
	if (!child) {
		alarm(110);
		fcntl(lock_file, F_SETLKW, &l);
		write(ready[1], "", 1);
		for (;;)
			pause();
	}
	read(ready[0], &byte, 1);
	return pthread_create(&sleeper, NULL, sleep_for_ever, NULL);
}

static int tear_down(void **state)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	pthread_cancel(sleeper);
	unlink("fifo");
	unlink("lock");
	return pthread_join(sleeper, NULL);
}

static void is_cancelled(pthread_t t, const char *name)
{
	struct timespec until = later();
	void *result = NULL;

	until.tv_sec -= 50;
	if (pthread_timedjoin_np(t, &result, &until))
		fail_msg("%s: not cancelled", name);
	assert_ptr_equal(result, PTHREAD_CANCELED);
}

static void blocked_threads_are_cancelled(void **state)
{
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		pthread_t t;

		pthread_create(&t, NULL, enter, (void *)points[i].f);
		sem_wait(&entered);
		usleep(20000);
		assert_int_equal(pthread_cancel(t), 0);
		is_cancelled(t, points[i].name);
		/* what it held is free */
		assert_int_equal(pthread_mutex_trylock(&mutex), 0);
		pthread_mutex_unlock(&mutex);
	}
}

static void pending_cancellation_acts_at_the_point(void **state)
{
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		pthread_t t;

		pthread_create(&t, NULL, enter_late, (void *)points[i].f);
		assert_int_equal(pthread_cancel(t), 0);
		sem_post(&semaphore);
		is_cancelled(t, points[i].name);
	}
}

static volatile int spinning, ended;

static void *spin(void *argument)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	spinning = 1;
	for (;;)
		;
}

static void at_any_instruction(void **state)
{
	for (int i = 0; i < 20; i++) {
		pthread_t t;

		spinning = 0;
		pthread_create(&t, NULL, spin, NULL);
		while (!spinning)
			;
		pthread_cancel(t);
		is_cancelled(t, "asynchronous");
	}
}

static void *refuse(void *argument)
{
	int old;

	assert_int_equal(
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
	assert_int_equal(old, PTHREAD_CANCEL_ENABLE);
	assert_int_equal(
		pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old), 0);
	assert_int_equal(old, PTHREAD_CANCEL_DEFERRED);
	assert_int_equal(pthread_setcanceltype(77, NULL), EINVAL);
	assert_int_equal(pthread_setcancelstate(77, NULL), EINVAL);
	spinning = 1;
	usleep(50000);
	pthread_testcancel();
	ended = 1;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	return NULL;
}

static void who_refuses_is_cancelled_later(void **state)
{
	pthread_t t;

	spinning = ended = 0;
	pthread_create(&t, NULL, refuse, NULL);
	while (!spinning)
		usleep(1000);
	pthread_cancel(t);
	is_cancelled(t, "refused");
	assert_int_equal(ended, 1);
}

/* ---- the order at the end ---- */

static char order[16];
static int steps;
static pthread_key_t key, again;

static void step(void *name)
{
	order[steps++] = *(char *)name;
}

static void destroy(void *name)
{
	step(name);
}

static void destroy_again(void *name)
{
	step(name);
	if (steps < 8)
		pthread_setspecific(again, name);
}

static void *end(void *how)
{
	pthread_setspecific(key, "k");
	pthread_cleanup_push(step, "1");
	pthread_cleanup_push(step, "2");
	if (!strcmp(how, "exit"))
		pthread_exit("x");
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

/* Handlers, the last one first; then destructors. */
static void handlers_come_before_destructors(void **state)
{
	pthread_t t;
	void *result;

	pthread_key_create(&key, destroy);
	steps = 0;
	pthread_create(&t, NULL, end, "exit");
	pthread_join(t, &result);
	assert_string_equal(result, "x");
	order[steps] = 0;
	assert_string_equal(order, "21k");
	steps = 0;
	pthread_create(&t, NULL, end, "cancel");
	usleep(20000);
	pthread_cancel(t);
	is_cancelled(t, "handlers");
	order[steps] = 0;
	assert_string_equal(order, "21k");
	pthread_key_delete(key);
}

static void *set_again(void *argument)
{
	pthread_setspecific(again, "a");
	return NULL;
}

static void destructors_run_again(void **state)
{
	pthread_t t;

	pthread_key_create(&again, destroy_again);
	steps = 0;
	pthread_create(&t, NULL, set_again, NULL);
	pthread_join(t, NULL);
	/* PTHREAD_DESTRUCTOR_ITERATIONS at least; then it may give up */
	assert_true(steps >= 4);
	pthread_key_delete(again);
	/* a deleted key's are not called */
	steps = 0;
	pthread_key_create(&again, destroy_again);
	pthread_key_delete(again);
	assert_int_equal(steps, 0);
}

static void *outlive(void *argument)
{
	usleep(50000);
	_exit(7);
}

/* The first thread may end before the process. */
static void the_first_thread_may_end(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		pthread_t t;

		pthread_create(&t, NULL, outlive, NULL);
		pthread_exit(NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	/* and with the last one the process ends, with 0 */
	pid = fork();
	if (!pid)
		pthread_exit((void *)5);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(blocked_threads_are_cancelled),
		CASE(pending_cancellation_acts_at_the_point),
		cmocka_unit_test(at_any_instruction),
		cmocka_unit_test(who_refuses_is_cancelled_later),
		cmocka_unit_test(handlers_come_before_destructors),
		cmocka_unit_test(destructors_run_again),
		cmocka_unit_test(the_first_thread_may_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
