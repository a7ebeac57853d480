/* Threads: minimal but true. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, turn;
static __thread int own = 7;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int initialised, destroyed;

static void *count(void *argument)
{
	for (int i = 0; i < 10000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void mutexes_exclude(void **state)
{
	pthread_t t[4];
	void *result;

	for (long i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&t[i], NULL, count, (void *)i), 0);
	for (long i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(t[i], &result), 0);
		assert_int_equal((long)result, i);
	}
	assert_int_equal(counter, 40000);
}

static void *ping(void *argument)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != 1)
			pthread_cond_wait(&condition, &mutex);
		turn = 0;
		pthread_cond_signal(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void conditions_wake(void **state)
{
	pthread_t t;

	pthread_create(&t, NULL, ping, NULL);
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		turn = 1;
		pthread_cond_signal(&condition);
		while (turn != 0)
			pthread_cond_wait(&condition, &mutex);
		pthread_mutex_unlock(&mutex);
	}
	pthread_join(t, NULL);
}

static void *use_own(void *argument)
{
	int before = own;

	own = 100;
	return (void *)(long)before;
}

static void thread_variables_are_each_threads(void **state)
{
	pthread_t t;
	void *result;

	own = 8;
	pthread_create(&t, NULL, use_own, NULL);
	pthread_join(t, &result);
	assert_int_equal((long)result, 7);
	assert_int_equal(own, 8);
}

static void initialise(void)
{
	initialised++;
}

static void destroy(void *value)
{
	destroyed += (int)(long)value;
}

static void *use_key(void *argument)
{
	pthread_once(&once, initialise);
	pthread_setspecific(key, (void *)5l);
	return NULL;
}

static void once_and_keys(void **state)
{
	pthread_t t[2];

	pthread_key_create(&key, destroy);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, use_key, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(initialised, 1);
	assert_int_equal(destroyed, 10);
}

static void *sleep_long(void *argument)
{
	sleep(100);
	return NULL;
}

static void cancellation_ends_a_sleep(void **state)
{
	pthread_t t;
	void *result;

	pthread_create(&t, NULL, sleep_long, NULL);
	usleep(20000);
	assert_int_equal(pthread_cancel(t), 0);
	assert_int_equal(pthread_join(t, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
}

static void *print_number(void *argument)
{
	snprintf(argument, 64, "%.20Lg", 1.0L / 3);
	return NULL;
}

static void long_double_is_whole_on_every_thread(void **state)
{
	char text[64];
	pthread_t t;

	pthread_create(&t, NULL, print_number, text);
	pthread_join(t, NULL);
	assert_string_equal(text, "0.33333333333333333334");
}

static void detached_threads_end(void **state)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 20; i++)
		assert_int_equal(pthread_create(&t, &a, use_own, NULL), 0);
	usleep(50000);
}

static void timed_waits_end(void **state)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	assert_int_equal(
		pthread_cond_timedwait(&condition, &mutex, &t), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutexes_exclude),
		cmocka_unit_test(conditions_wake),
		cmocka_unit_test(thread_variables_are_each_threads),
		cmocka_unit_test(once_and_keys),
		cmocka_unit_test(cancellation_ends_a_sleep),
		cmocka_unit_test(long_double_is_whole_on_every_thread),
		cmocka_unit_test(detached_threads_end),
		cmocka_unit_test(timed_waits_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
