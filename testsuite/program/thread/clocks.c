/* Waits with a clock of the caller's choice: POSIX.1-2024
 * pthread_cond_clockwait(), pthread_mutex_clocklock(),
 * pthread_rwlock_clockrdlock(), sem_clockwait(). */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000l

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };
static pthread_mutex_t mutex;
static pthread_cond_t condition;
static pthread_rwlock_t rwlock;
static sem_t semaphore;
static int flag;

static struct timespec after(clockid_t clock, long ns)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ns;
	while (t.tv_nsec >= 1000 * MS) {
		t.tv_nsec -= 1000 * MS;
		t.tv_sec++;
	}
	return t;
}

static void has_come(clockid_t clock, struct timespec t)
{
	struct timespec now;

	clock_gettime(clock, &now);
	assert_true(now.tv_sec > t.tv_sec ||
		    (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec));
	/* and not long ago */
	assert_true(now.tv_sec <= t.tv_sec + 5);
}

static int set_up(void **state)
{
	pthread_condattr_t a;

	pthread_mutex_init(&mutex, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&condition, &a);
	pthread_rwlock_init(&rwlock, NULL);
	sem_init(&semaphore, 0, 0);
	flag = 0;
	return 0;
}

static void *hold_all(void *ready)
{
	pthread_mutex_lock(&mutex);
	pthread_rwlock_wrlock(&rwlock);
	sem_post(ready);
	while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST))
		usleep(1000);
	pthread_rwlock_unlock(&rwlock);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void times_end_waits(void **state)
{
	struct timespec t;
	pthread_t holder;
	sem_t ready;

	sem_init(&ready, 0, 0);
	for (int i = 0; i < 2; i++) {
		clockid_t c = clocks[i];

		pthread_mutex_lock(&mutex);
		t = after(c, 30 * MS);
		assert_int_equal(
			pthread_cond_clockwait(&condition, &mutex, c, &t),
			ETIMEDOUT);
		has_come(c, t);
		pthread_mutex_unlock(&mutex);
		t = after(c, 30 * MS);
		assert_fails(sem_clockwait(&semaphore, c, &t), ETIMEDOUT);
		has_come(c, t);
	}
	pthread_create(&holder, NULL, hold_all, &ready);
	sem_wait(&ready);
	for (int i = 0; i < 2; i++) {
		clockid_t c = clocks[i];

		t = after(c, 30 * MS);
		assert_int_equal(
			pthread_mutex_clocklock(&mutex, c, &t), ETIMEDOUT);
		has_come(c, t);
		t = after(c, 30 * MS);
		assert_int_equal(
			pthread_rwlock_clockrdlock(&rwlock, c, &t), ETIMEDOUT);
		has_come(c, t);
		t = after(c, 30 * MS);
		assert_int_equal(
			pthread_rwlock_clockwrlock(&rwlock, c, &t), ETIMEDOUT);
		has_come(c, t);
	}
	__atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
	pthread_join(holder, NULL);
}

/* What is free is taken, however long ago the time was. */
static void what_is_free_is_taken(void **state)
{
	struct timespec past = { 1, 0 };

	for (int i = 0; i < 2; i++) {
		clockid_t c = clocks[i];

		assert_int_equal(pthread_mutex_clocklock(&mutex, c, &past), 0);
		pthread_mutex_unlock(&mutex);
		assert_int_equal(
			pthread_rwlock_clockrdlock(&rwlock, c, &past), 0);
		assert_int_equal(
			pthread_rwlock_clockrdlock(&rwlock, c, &past), 0);
		assert_int_equal(pthread_rwlock_clockwrlock(&rwlock, c, &past),
			ETIMEDOUT);
		pthread_rwlock_unlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
		assert_int_equal(
			pthread_rwlock_clockwrlock(&rwlock, c, &past), 0);
		pthread_rwlock_unlock(&rwlock);
		sem_post(&semaphore);
		assert_int_equal(sem_clockwait(&semaphore, c, &past), 0);
	}
}

static void *give_all(void *argument)
{
	usleep(30000);
	pthread_mutex_lock(&mutex);
	flag = 1;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
	sem_post(&semaphore);
	return NULL;
}

static void wake_ups_end_waits(void **state)
{
	struct timespec t;
	pthread_t giver;

	for (int i = 0; i < 2; i++) {
		flag = 0;
		pthread_create(&giver, NULL, give_all, NULL);
		t = after(clocks[i], 20000 * MS);
		pthread_mutex_lock(&mutex);
		while (!flag)
			assert_int_equal(pthread_cond_clockwait(&condition,
						 &mutex, clocks[i], &t),
				0);
		pthread_mutex_unlock(&mutex);
		assert_int_equal(sem_clockwait(&semaphore, clocks[i], &t), 0);
		pthread_join(giver, NULL);
	}
}

static void what_is_wrong_is_refused(void **state)
{
	struct timespec bad = after(CLOCK_MONOTONIC, 0), t = bad;

	bad.tv_sec += 10;
	bad.tv_nsec = 1000 * MS;
	pthread_mutex_lock(&mutex);
	assert_int_equal(pthread_cond_clockwait(&condition, &mutex,
				 CLOCK_PROCESS_CPUTIME_ID, &t),
		EINVAL);
	assert_int_equal(pthread_cond_clockwait(
				 &condition, &mutex, CLOCK_MONOTONIC, &bad),
		EINVAL);
	assert_int_equal(pthread_cond_clockwait(
				 &condition, &mutex, CLOCK_REALTIME, &bad),
		EINVAL);
	assert_int_equal(
		pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &bad), EINVAL);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(
		pthread_mutex_clocklock(&mutex, CLOCK_THREAD_CPUTIME_ID, &t),
		EINVAL);
	assert_int_equal(pthread_rwlock_clockrdlock(&rwlock, 77, &t), EINVAL);
	assert_int_equal(pthread_rwlock_clockwrlock(&rwlock, 77, &t), EINVAL);
	assert_fails(sem_clockwait(&semaphore, 77, &t), EINVAL);
	assert_fails(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &bad), EINVAL);
}

static void ignored(int signal)
{
}

static void *wait_for_ever(void *which)
{
	struct timespec t = { 1l << 40, 0 };

	if (which)
		sem_clockwait(&semaphore, CLOCK_MONOTONIC, &t);
	pthread_mutex_lock(&mutex);
	for (;;)
		pthread_cond_clockwait(&condition, &mutex, CLOCK_REALTIME, &t);
}

/* Two of them are points where a thread may be cancelled, and a signal ends
 * one. */
static void waits_are_left(void **state)
{
	struct sigaction a = { .sa_handler = ignored };
	struct timespec t = after(CLOCK_MONOTONIC, 20000 * MS);
	pthread_t thread;
	void *result;

	for (long i = 0; i < 2; i++) {
		pthread_create(&thread, NULL, wait_for_ever, (void *)i);
		usleep(20000);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		assert_ptr_equal(result, PTHREAD_CANCELED);
		/* cancelled while it waited, it had the mutex again */
		if (!i)
			assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
		pthread_mutex_init(&mutex, NULL);
	}
	sigaction(SIGALRM, &a, NULL);
	ualarm(30000, 0);
	assert_fails(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &t), EINTR);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, NULL)
	const struct CMUnitTest tests[] = {
		CASE(times_end_waits),
		CASE(what_is_free_is_taken),
		CASE(wake_ups_end_waits),
		CASE(what_is_wrong_is_refused),
		CASE(waits_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
