/* What threads are made with, are called and run on: POSIX.1-2024
 * pthread_attr_*(), pthread_barrier_*(), pthread_spin_*(), <threads.h>; and
 * how many there may be.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static void attributes_are_kept(void **state)
{
	struct sched_param p = { 0 };
	pthread_attr_t a;
	size_t size;
	int n;
	void *at;

	assert_int_equal(pthread_attr_init(&a), 0);
	assert_int_equal(pthread_attr_getdetachstate(&a, &n), 0);
	assert_int_equal(n, PTHREAD_CREATE_JOINABLE);
	assert_int_equal(pthread_attr_setdetachstate(&a, 77), EINVAL);
	assert_int_equal(pthread_attr_setstacksize(&a, 1 << 20), 0);
	assert_int_equal(pthread_attr_getstacksize(&a, &size), 0);
	assert_int_equal(size, 1 << 20);
	assert_int_equal(pthread_attr_setstacksize(&a, 100), EINVAL);
	assert_int_equal(pthread_attr_setguardsize(&a, 65536), 0);
	assert_int_equal(pthread_attr_getguardsize(&a, &size), 0);
	assert_int_equal(size, 65536);
	assert_int_equal(pthread_attr_setschedpolicy(&a, SCHED_OTHER), 0);
	assert_int_equal(pthread_attr_getschedpolicy(&a, &n), 0);
	assert_int_equal(n, SCHED_OTHER);
	assert_int_equal(
		pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED), 0);
	assert_int_equal(pthread_attr_getinheritsched(&a, &n), 0);
	assert_int_equal(n, PTHREAD_EXPLICIT_SCHED);
	assert_int_equal(pthread_attr_setschedparam(&a, &p), 0);
	assert_int_equal(pthread_attr_getschedparam(&a, &p), 0);
	assert_int_equal(p.sched_priority, 0);
	assert_int_equal(pthread_attr_setscope(&a, PTHREAD_SCOPE_SYSTEM), 0);
	assert_int_equal(
		pthread_attr_setscope(&a, PTHREAD_SCOPE_PROCESS), ENOTSUP);
	at = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(pthread_attr_setstack(&a, at, 1 << 18), 0);
	at = NULL;
	assert_int_equal(pthread_attr_getstack(&a, &at, &size), 0);
	assert_non_null(at);
	assert_int_equal(size, 1 << 18);
	munmap(at, 1 << 18);
	assert_int_equal(pthread_attr_destroy(&a), 0);
}

/* Uses most of it. */
static void *use_stack(void *bytes)
{
	volatile char area[(size_t)bytes];
	void *at;

	for (size_t i = 0; i < (size_t)bytes; i += 1024)
		area[i] = 1;
	__asm__("" : "=r"(at) : "0"(area + 1)); /* compilers warn, or drop it */
	return at;
}

static void stacks_are_as_large_as_asked(void **state)
{
	static const size_t sizes[] = { 64 << 10, 1 << 20, 64 << 20 };
	pthread_attr_t a;
	pthread_t t;
	void *at;
	char *own;

	for (int i = 0; i < 3; i++) {
		pthread_attr_init(&a);
		pthread_attr_setstacksize(&a, sizes[i]);
		assert_int_equal(pthread_create(&t, &a, use_stack,
					 (void *)(sizes[i] - (24 << 10))),
			0);
		assert_int_equal(pthread_join(t, &at), 0);
	}
	own = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(pthread_attr_setstack(&a, own, 1 << 20), 0);
	assert_int_equal(
		pthread_create(&t, &a, use_stack, (void *)(512 << 10)), 0);
	assert_int_equal(pthread_join(t, &at), 0);
	assert_true((char *)at > own && (char *)at < own + (1 << 20));
	munmap(own, 1 << 20);
}

static void *look_at_own(void *out)
{
	pthread_attr_t a;
	size_t size;
	void *at;
	char here;

	pthread_getattr_np(pthread_self(), &a);
	pthread_attr_getstack(&a, &at, &size);
	*(int *)out = &here >= (char *)at && &here < (char *)at + size;
	pthread_attr_destroy(&a);
	return NULL;
}

static void threads_know_their_stacks(void **state)
{
	int inside = 0;
	pthread_t t;

	look_at_own(&inside);
	assert_true(inside);
	inside = 0;
	pthread_create(&t, NULL, look_at_own, &inside);
	pthread_join(t, NULL);
	assert_true(inside);
}

static sem_t go;

static void *wait_to_go(void *argument)
{
	sem_wait(&go);
	return argument;
}

static void threads_have_names(void **state)
{
	char name[16];
	pthread_t t;

	sem_init(&go, 0, 0);
	assert_int_equal(pthread_setname_np(pthread_self(), "first"), 0);
	pthread_create(&t, NULL, wait_to_go, NULL);
	assert_int_equal(pthread_getname_np(t, name, sizeof name), 0);
	assert_string_equal(name, "first");
	assert_int_equal(pthread_setname_np(t, "the other"), 0);
	assert_int_equal(pthread_getname_np(t, name, sizeof name), 0);
	assert_string_equal(name, "the other");
	assert_int_equal(pthread_getname_np(pthread_self(), name, 16), 0);
	assert_string_equal(name, "first");
	assert_int_equal(pthread_setname_np(t, "sixteen is too l"), ERANGE);
	assert_int_equal(pthread_getname_np(t, name, 3), ERANGE);
	sem_post(&go);
	pthread_join(t, NULL);
}

static void threads_have_processors(void **state)
{
	cpu_set_t set, one;
	pthread_t t;
	int first = -1;

	pthread_create(&t, NULL, wait_to_go, NULL);
	assert_int_equal(pthread_getaffinity_np(t, sizeof set, &set), 0);
	assert_true(CPU_COUNT(&set) > 0);
	for (int i = 0; i < CPU_SETSIZE && first < 0; i++)
		if (CPU_ISSET(i, &set))
			first = i;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(pthread_setaffinity_np(t, sizeof one, &one), 0);
	assert_int_equal(pthread_getaffinity_np(t, sizeof set, &set), 0);
	assert_true(CPU_EQUAL(&set, &one));
	CPU_ZERO(&one);
	assert_int_equal(pthread_setaffinity_np(t, sizeof one, &one), EINVAL);
	sem_post(&go);
	pthread_join(t, NULL);
}

/* ---- barriers, spin locks, read-write locks ---- */

static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static int serial, passed, counter;

static void *meet(void *argument)
{
	for (int i = 0; i < 100; i++) {
		int r = pthread_barrier_wait(&barrier);

		if (r == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_fetch_add(&serial, 1, __ATOMIC_SEQ_CST);
		else if (!r)
			__atomic_fetch_add(&passed, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void *count(void *argument)
{
	for (int i = 0; i < 10000; i++) {
		pthread_spin_lock(&spin);
		counter++;
		pthread_spin_unlock(&spin);
	}
	return NULL;
}

static void barriers_and_spin_locks(void **state)
{
	pthread_t t[4];

	assert_int_equal(pthread_barrier_init(&barrier, NULL, 0), EINVAL);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, 4), 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, meet, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(serial, 100);
	assert_int_equal(passed, 300);
	assert_int_equal(pthread_barrier_destroy(&barrier), 0);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(counter, 40000);
	assert_int_equal(pthread_spin_trylock(&spin), 0);
	assert_int_equal(pthread_spin_trylock(&spin), EBUSY);
	pthread_spin_unlock(&spin);
	pthread_spin_destroy(&spin);
}

/* In memory that processes share. */
static void spin_locks_between_processes(void **state)
{
	struct {
		pthread_spinlock_t lock;
		int count;
	} *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	pthread_spin_init(&s->lock, PTHREAD_PROCESS_SHARED);
	pid = fork();
	for (int i = 0; i < 20000; i++) {
		pthread_spin_lock(&s->lock);
		s->count++;
		pthread_spin_unlock(&s->lock);
	}
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(s->count, 40000);
	munmap(s, 4096);
}

static void mutexes_of_each_type(void **state)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;

	pthread_mutexattr_init(&a);
	assert_int_equal(pthread_mutexattr_settype(&a, 77), EINVAL);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &a);
	assert_int_equal(pthread_mutex_lock(&m), 0);
	assert_int_equal(pthread_mutex_lock(&m), EDEADLK);
	assert_int_equal(pthread_mutex_unlock(&m), 0);
	assert_int_equal(pthread_mutex_unlock(&m), EPERM);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &a);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_mutex_lock(&m), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_mutex_unlock(&m), 0);
	assert_int_equal(pthread_mutex_unlock(&m), EPERM);
}

/* ---- <threads.h> ---- */

static mtx_t mtx;
static cnd_t cnd;
static tss_t tss;
static once_flag flag = ONCE_FLAG_INIT;
static int once_count, tss_count, ready;

static void once(void)
{
	once_count++;
}

static void forget(void *value)
{
	tss_count += *(int *)value;
}

static int of_c11(void *argument)
{
	call_once(&flag, once);
	tss_set(tss, argument);
	mtx_lock(&mtx);
	ready = 1;
	cnd_signal(&cnd);
	mtx_unlock(&mtx);
	thrd_exit(*(int *)tss_get(tss));
}

static void threads_of_c11(void **state)
{
	struct timespec past = { 1, 0 };
	int value = 9, result = 0;
	thrd_t t;

	assert_int_equal(mtx_init(&mtx, mtx_timed), thrd_success);
	assert_int_equal(cnd_init(&cnd), thrd_success);
	assert_int_equal(tss_create(&tss, forget), thrd_success);
	assert_int_equal(mtx_lock(&mtx), thrd_success);
	assert_int_equal(mtx_trylock(&mtx), thrd_busy);
	assert_int_equal(cnd_timedwait(&cnd, &mtx, &past), thrd_timedout);
	assert_int_equal(thrd_create(&t, of_c11, &value), thrd_success);
	while (!ready)
		assert_int_equal(cnd_wait(&cnd, &mtx), thrd_success);
	mtx_unlock(&mtx);
	assert_int_equal(thrd_join(t, &result), thrd_success);
	assert_int_equal(result, 9);
	assert_int_equal(tss_count, 9);
	call_once(&flag, once);
	assert_int_equal(once_count, 1);
	assert_true(thrd_equal(thrd_current(), thrd_current()));
	tss_delete(tss);
	cnd_destroy(&cnd);
	mtx_destroy(&mtx);
}

/* ---- many ---- */

static pthread_mutex_t all = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone = PTHREAD_COND_INITIALIZER;
static int here;
static bool free_to_go;

static void *be_there(void *argument)
{
	pthread_mutex_lock(&all);
	here++;
	while (!free_to_go)
		pthread_cond_wait(&gone, &all);
	pthread_mutex_unlock(&all);
	return argument;
}

static void two_thousand_threads(void **state)
{
	static pthread_t t[2000];
	pthread_attr_t a;
	void *result;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 64 << 10);
	for (long i = 0; i < 2000; i++)
		assert_int_equal(
			pthread_create(&t[i], &a, be_there, (void *)i), 0);
	while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < 2000)
		usleep(10000);
	pthread_mutex_lock(&all);
	free_to_go = true;
	pthread_cond_broadcast(&gone);
	pthread_mutex_unlock(&all);
	for (long i = 0; i < 2000; i++) {
		assert_int_equal(pthread_join(t[i], &result), 0);
		assert_int_equal((long)result, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_kept),
		cmocka_unit_test(stacks_are_as_large_as_asked),
		cmocka_unit_test(threads_know_their_stacks),
		cmocka_unit_test(threads_have_names),
		cmocka_unit_test(threads_have_processors),
		cmocka_unit_test(barriers_and_spin_locks),
		cmocka_unit_test(spin_locks_between_processes),
		cmocka_unit_test(mutexes_of_each_type),
		cmocka_unit_test(threads_of_c11),
		cmocka_unit_test(two_thousand_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
