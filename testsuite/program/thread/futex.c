/* man 2 futex: operations that musl calls seldom or never. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT = 0, WAKE = 1, WAKE_OP = 5, LOCK = 6, UNLOCK = 7, TRYLOCK = 8 };
enum { SET, ADD, OR, ANDN, XOR, SHIFT = 8 };
enum { EQ, NE, LT, LE, GT, GE };
#define PRIVATE	   128
#define WAITERS	   0x80000000u
#define OWNER_DIED 0x40000000u

static uint32_t word, other;
static volatile int woken;

static long futex(uint32_t *a, int operation, uint32_t value, long timeout,
	uint32_t *b, uint32_t code)
{
	return syscall(SYS_futex, a, operation, value, timeout, b, code);
}

static uint32_t code(int operation, int by, int compare, int with)
{
	return (uint32_t)operation << 28 | (uint32_t)compare << 24 |
	       ((uint32_t)by & 0xfff) << 12 | ((uint32_t)with & 0xfff);
}

static void words_are_changed(void **state)
{
	static const struct {
		int operation, by;
		uint32_t before, after;
	} cases[] = { { SET, 5, 9, 5 }, { SET, -1, 9, 0xffffffff },
		{ ADD, 2047, 1, 2048 }, { ADD, -3, 1, 0xfffffffe },
		{ OR, 6, 1, 7 }, { ANDN, 6, 15, 9 }, { XOR, 5, 6, 3 },
		{ SET | SHIFT, 31, 0, 1u << 31 }, { ADD | SHIFT, 4, 1, 17 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		other = cases[i].before;
		assert_int_equal(
			futex(&word, WAKE_OP | PRIVATE, 1, 1, &other,
				code(cases[i].operation, cases[i].by, EQ, 0)),
			0);
		assert_int_equal(other, cases[i].after);
	}
	assert_fails(
		futex(&word, WAKE_OP, 1, 1, &other, code(5, 0, EQ, 0)), ENOSYS);
	assert_fails(futex(&word, WAKE_OP, 1, 1, &other, code(SET, 0, 6, 0)),
		ENOSYS);
	assert_fails(futex(&word, WAKE_OP, 1, 1, (uint32_t *)8, 0), EFAULT);
	assert_fails(futex(&word, WAKE_OP, 1, 1, (uint32_t *)9, 0), EINVAL);
}

static void *wait_for(void *a)
{
	struct timespec t = { 20, 0 };

	if (!futex(a, WAIT | PRIVATE, 77, (long)&t, NULL, 0))
		__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* How many wait is not to be seen: given time, they do. */
static void waiters_of_both_are_woken(void **state)
{
	static const struct {
		int compare, with, wakes;
	} cases[] = { { EQ, 77, 1 }, { EQ, 76, 0 }, { NE, 77, 0 },
		{ LT, 78, 1 }, { LE, 77, 1 }, { GT, -5, 1 }, { GE, 78, 0 } };
	pthread_t t[2];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		word = other = 77;
		woken = 0;
		pthread_create(&t[0], NULL, wait_for, &word);
		pthread_create(&t[1], NULL, wait_for, &other);
		usleep(50000);
		assert_int_equal(
			futex(&word, WAKE_OP | PRIVATE, 1, 1, &other,
				code(SET, 1, cases[i].compare, cases[i].with)),
			1 + cases[i].wakes);
		assert_int_equal(other, 1);
		pthread_join(t[0], NULL);
		if (!cases[i].wakes)
			assert_int_equal(
				futex(&other, WAKE | PRIVATE, 1, 0, NULL, 0),
				1);
		pthread_join(t[1], NULL);
		assert_int_equal(woken, 2);
	}
}

static uint32_t tid(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

static void *lock_for_a_moment(void *argument)
{
	assert_fails(futex(&word, TRYLOCK | PRIVATE, 0, 0, NULL, 0), EAGAIN);
	assert_fails(futex(&word, UNLOCK | PRIVATE, 0, 0, NULL, 0), EPERM);
	if (futex(&word, LOCK | PRIVATE, 0, 0, NULL, 0))
		return NULL;
	if ((word & ~WAITERS) != tid())
		return NULL;
	if (futex(&word, UNLOCK | PRIVATE, 0, 0, NULL, 0))
		return NULL;
	return argument;
}

static void locks_say_who_holds_them(void **state)
{
	pthread_t t[3];
	void *result;

	word = 0;
	assert_int_equal(futex(&word, LOCK | PRIVATE, 0, 0, NULL, 0), 0);
	assert_int_equal(word, tid());
	assert_fails(futex(&word, LOCK | PRIVATE, 0, 0, NULL, 0), EDEADLK);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, lock_for_a_moment, &word);
	usleep(50000);
	assert_int_equal(word, tid() | WAITERS);
	assert_int_equal(futex(&word, UNLOCK | PRIVATE, 0, 0, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &result);
		assert_ptr_equal(result, &word);
	}
	assert_int_equal(futex(&word, TRYLOCK | PRIVATE, 0, 0, NULL, 0), 0);
	assert_int_equal(word & ~WAITERS, tid());
	assert_int_equal(futex(&word, UNLOCK | PRIVATE, 0, 0, NULL, 0), 0);
	assert_int_equal(word, 0);
	word = 0x3ffffff0; /* nobody */
	assert_fails(futex(&word, LOCK | PRIVATE, 0, 0, NULL, 0), ESRCH);
	word = 0;
}

static pthread_mutex_t mutex;
static volatile int held;

static void *hold(void *result)
{
	*(int *)result = pthread_mutex_lock(&mutex);
	__atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
	while (held)
		usleep(1000);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void inheriting(pthread_mutex_t *m, int shared, int robust)
{
	pthread_mutexattr_t a;
	int protocol = -1;

	pthread_mutexattr_init(&a);
	assert_int_equal(
		pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT), 0);
	assert_int_equal(pthread_mutexattr_getprotocol(&a, &protocol), 0);
	assert_int_equal(protocol, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_setpshared(&a, shared);
	pthread_mutexattr_setrobust(&a, robust);
	assert_int_equal(pthread_mutex_init(m, &a), 0);
}

static void *count_up(void *counter)
{
	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(&mutex);
		++*(int *)counter;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void mutexes_that_inherit(void **state)
{
	struct timespec soon;
	pthread_t t[4];
	int counter = 0, result = -1;

	inheriting(&mutex, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_up, &counter);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(counter, 20000);
	pthread_create(&t[0], NULL, hold, &result);
	while (!held)
		usleep(1000);
	assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 30000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	assert_int_equal(pthread_mutex_timedlock(&mutex, &soon), ETIMEDOUT);
	held = 0;
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	pthread_join(t[0], NULL);
	assert_int_equal(result, 0);
}

/* Also between processes, and when a holder is killed. */
static void robust_ones_that_inherit(void **state)
{
	pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *ready = (int *)(m + 1);
	struct timespec until;

	inheriting(m, PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork(), killer = 0;

		if (!pid) {
			alarm(30);
			pthread_mutex_lock(m);
			*ready = 1;
			for (;;)
				pause();
		}
		while (!*ready)
			usleep(1000);
		*ready = 0;
		if (i % 2) {
			killer = fork();
			if (!killer) {
				usleep(30000);
				kill(pid, SIGKILL);
				_exit(0);
			}
		} else {
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 20;
		assert_int_equal(
			pthread_mutex_timedlock(m, &until), EOWNERDEAD);
		assert_int_equal(pthread_mutex_consistent(m), 0);
		assert_int_equal(pthread_mutex_unlock(m), 0);
		assert_int_equal(pthread_mutex_lock(m), 0);
		assert_int_equal(pthread_mutex_unlock(m), 0);
		if (killer) {
			assert_int_equal(waitpid(killer, NULL, 0), killer);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
		}
	}
	munmap(m, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_changed),
		cmocka_unit_test(waiters_of_both_are_woken),
		cmocka_unit_test(locks_say_who_holds_them),
		cmocka_unit_test(mutexes_that_inherit),
		cmocka_unit_test(robust_ones_that_inherit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
