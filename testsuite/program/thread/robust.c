/* Robust mutexes in shared memory, whose owners are killed: man 2
 * get_robust_list, POSIX.1-2024 pthread_mutex_lock(), EOWNERDEAD.  And whose
 * lock is whose, among threads of several processes.  timeout: 120 */
#include "test.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT 5

static struct common {
	pthread_mutex_t robust[COUNT], recursive, plain;
	sem_t ready, go;
	int taken, killed;
} * c;

static void robust_mutex(pthread_mutex_t *m, int type)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	assert_int_equal(pthread_mutex_init(m, &a), 0);
}

static int set_up(void **state)
{
	pthread_mutexattr_t a;

	c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < COUNT; i++)
		robust_mutex(&c->robust[i],
			i % 2 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&c->plain, &a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&c->recursive, &a);
	sem_init(&c->ready, 1, 0);
	sem_init(&c->go, 1, 0);
	return 0;
}

static int tear_down(void **state)
{
	return munmap(c, sizeof *c);
}

static struct timespec seconds(int n)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += n;
	return t;
}

static void is_owed(pthread_mutex_t *m)
{
	struct timespec t = seconds(20);

	assert_int_equal(pthread_mutex_timedlock(m, &t), EOWNERDEAD);
	assert_int_equal(pthread_mutex_consistent(m), 0);
	assert_int_equal(pthread_mutex_unlock(m), 0);
	assert_int_equal(pthread_mutex_lock(m), 0);
	assert_int_equal(pthread_mutex_unlock(m), 0);
}

static void hold_all(void)
{
	for (int i = 0; i < COUNT; i++)
		pthread_mutex_lock(&c->robust[i]);
	sem_post(&c->ready);
	for (;;)
		pause();
}

static void reap(pid_t pid, int signal)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
}

/* Who comes when the owner is long gone. */
static void killed_before(void **state)
{
	pid_t pid = child(hold_all);

	sem_wait(&c->ready);
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
	for (int i = 0; i < COUNT; i++)
		is_owed(&c->robust[(i + 2) % COUNT]);
}

static void killed_and_only_tried(void **state)
{
	pid_t pid = child(hold_all);

	sem_wait(&c->ready);
	assert_int_equal(pthread_mutex_trylock(&c->robust[0]), EBUSY);
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(
			pthread_mutex_trylock(&c->robust[i]), EOWNERDEAD);
		assert_int_equal(pthread_mutex_consistent(&c->robust[i]), 0);
		assert_int_equal(pthread_mutex_unlock(&c->robust[i]), 0);
	}
}

static void *hold_on_a_thread(void *argument)
{
	hold_all();
	return argument;
}

static void hold_on_another_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, hold_on_a_thread, NULL);
	pthread_join(t, NULL);
}

static pid_t victim;

static void kill_soon(void)
{
	usleep(50000);
	kill(victim, SIGKILL);
}

/* Who waits already. */
static void killed_meanwhile(void **state)
{
	for (int i = 0; i < 4; i++) {
		pid_t killer;
		int status;

		victim = child(i % 2 ? hold_on_another_thread : hold_all);
		sem_wait(&c->ready);
		killer = child(kill_soon);
		for (int k = 0; k < COUNT; k++)
			is_owed(&c->robust[k]);
		reap(victim, SIGKILL);
		assert_int_equal(waitpid(killer, &status, 0), killer);
	}
}

static void fault(void)
{
	signal(SIGSEGV, SIG_DFL); /* cmocka has one */
	pthread_mutex_lock(&c->robust[0]);
	sem_post(&c->ready);
	usleep(30000);
	*(volatile int *)16 = 1;
}

static void dead_of_a_fault(void **state)
{
	pid_t pid = child(fault);

	sem_wait(&c->ready);
	is_owed(&c->robust[0]);
	reap(pid, SIGSEGV);
}

/* As Windows' task manager ends a process: nobody is asked before. */
#ifdef __libposix__
/* From the loader's list (MinGW-w64 winternl.h, PEB_LDR_DATA) and the modules'
 * export tables (Microsoft, "PE Format"): that a program can name nothing of
 * Windows' is what makes this long. */
static void *of_windows(const char *name)
{
	char *peb, *base;
	void **first, **at;

	__asm__("mov %%gs:0x60, %0" : "=r"(peb));
	first = (void **)(*(char **)(peb + 0x18) + 0x20);
	for (at = *first; at != first; at = *at) {
		uint32_t *exports, *names;

		base = at[4];
		exports = (uint32_t *)(base +
				       *(uint32_t *)(base + 0x88 +
						     *(int *)(base + 0x3c)));
		if ((char *)exports == base)
			continue;
		names = (uint32_t *)(base + exports[8]);
		for (uint32_t i = 0; i < exports[6]; i++)
			if (!strcmp(base + names[i], name))
				return base +
				       ((uint32_t *)(base + exports[7]))[(
					       (uint16_t *)(base +
							    exports[9]))[i]];
	}
	return NULL;
}
#endif

static void terminate(void)
{
#ifdef __libposix__
	__attribute__((ms_abi)) int (*f)(long, unsigned) =
		of_windows("TerminateProcess");

	f(-1, 137);
#else
	raise(SIGKILL);
#endif
}

static void hold_and_be_terminated(void)
{
	for (int i = 0; i < COUNT; i++)
		pthread_mutex_lock(&c->robust[i]);
	sem_post(&c->ready);
	sem_wait(&c->go);
	usleep(30000);
	terminate();
}

static void terminated_by_others(void **state)
{
	pid_t pid = child(hold_and_be_terminated);

	sem_wait(&c->ready);
	sem_post(&c->go);
	is_owed(&c->robust[1]); /* waits already */
	reap(pid, SIGKILL);
	is_owed(&c->robust[4]);
	is_owed(&c->robust[0]);
}

/* Who does not make it consistent leaves it so for ever. */
static void not_recoverable(void **state)
{
	struct timespec t = seconds(20);
	pid_t pid = child(hold_all);

	sem_wait(&c->ready);
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
	assert_int_equal(
		pthread_mutex_timedlock(&c->robust[0], &t), EOWNERDEAD);
	assert_int_equal(pthread_mutex_unlock(&c->robust[0]), 0);
	assert_int_equal(pthread_mutex_lock(&c->robust[0]), ENOTRECOVERABLE);
	assert_int_equal(pthread_mutex_trylock(&c->robust[0]), ENOTRECOVERABLE);
}

static void take_over(void)
{
	for (;;) {
		int r = pthread_mutex_lock(&c->robust[0]);

		if (r == EOWNERDEAD)
			pthread_mutex_consistent(&c->robust[0]);
		else if (r)
			_exit(1);
		__atomic_store_n(&c->taken, (int)getpid(), __ATOMIC_SEQ_CST);
		sem_post(&c->ready);
		for (;;)
			pause();
	}
}

/* Passed on from killed to killed, while several wait. */
static void handed_on_by_deaths(void **state)
{
	struct timespec t = seconds(50);
	int status;

	for (int i = 0; i < 8; i++)
		child(take_over);
	for (int i = 0; i < 8; i++) {
		pid_t pid;

		assert_int_equal(sem_timedwait(&c->ready, &t), 0);
		pid = __atomic_load_n(&c->taken, __ATOMIC_SEQ_CST);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	is_owed(&c->robust[0]);
}

/* A mutex whose number of readers or waiters looks like a dead thread. */
static void other_words_are_left_alone(void **state)
{
	pid_t pid = child(hold_all);
	struct timespec soon;

	sem_wait(&c->ready);
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
	pthread_mutex_lock(&c->plain);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec = (soon.tv_nsec + 50000000) % 1000000000;
	assert_int_equal(pthread_mutex_timedlock(&c->plain, &soon), ETIMEDOUT);
	assert_int_equal(pthread_mutex_trylock(&c->plain), EBUSY);
	pthread_mutex_unlock(&c->plain);
	assert_int_equal(pthread_mutex_trylock(&c->plain), 0);
	/* whoever killed its owner, a mutex that is not robust stays locked */
	pthread_mutex_unlock(&c->plain);
}

static void *hold_recursive(void *argument)
{
	pthread_mutex_lock(&c->recursive);
	sem_post(&c->ready);
	sem_wait(&c->go);
	pthread_mutex_unlock(&c->recursive);
	return argument;
}

static void hold_recursive_on_a_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, hold_recursive, NULL);
	pthread_join(t, NULL);
}

static void *try_recursive(void *argument)
{
	return (void *)(long)pthread_mutex_trylock(&c->recursive);
}

/* Threads of two processes are two. */
static void threads_have_numbers_of_their_own(void **state)
{
	pid_t pid = child(hold_recursive_on_a_thread);
	int status = -1;
	pthread_t t;
	void *result;

	sem_wait(&c->ready);
	for (int i = 0; i < 5; i++) {
		pthread_create(&t, NULL, try_recursive, NULL);
		pthread_join(t, &result);
		assert_int_equal((long)result, EBUSY);
	}
	sem_post(&c->go);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(pthread_mutex_trylock(&c->recursive), 0);
	pthread_mutex_unlock(&c->recursive);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(threads_have_numbers_of_their_own),
		CASE(killed_before),
		CASE(killed_meanwhile),
		CASE(dead_of_a_fault),
		CASE(terminated_by_others),
		CASE(not_recoverable),
		CASE(handed_on_by_deaths),
		CASE(other_words_are_left_alone),
		CASE(killed_and_only_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
