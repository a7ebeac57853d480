/* Many threads: created and cancelled in a loop, at work while the process
 * forks.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2];
static sem_t never;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void unlock(void *m)
{
	pthread_mutex_unlock(m);
}

/* Each of the places where a thread may be when it is cancelled. */
static void *somewhere(void *which)
{
	struct timespec long_time = { 1000, 0 };
	char c;

	switch ((long)which % 6) {
	case 0:
		for (;;)
			pause();
	case 1:
		for (;;)
			read(ends[0], &c, 1);
	case 2:
		nanosleep(&long_time, NULL);
		break;
	case 3:
		sem_wait(&never);
		break;
	case 4:
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(unlock, &mutex);
		for (;;)
			pthread_cond_wait(&condition, &mutex);
		pthread_cleanup_pop(1);
	case 5:
		for (;;)
			pthread_testcancel();
	}
	return NULL;
}

static void created_and_cancelled(void **state)
{
	int count = getenv("POSIX_TEST_LONG") ? 20000 : 1000;

	assert_int_equal(pipe(ends), 0);
	sem_init(&never, 0, 0);
	for (long i = 0; i < count; i++) {
		pthread_t t;
		void *result = NULL;

		assert_int_equal(
			pthread_create(&t, NULL, somewhere, (void *)i), 0);
		if (i % 3 == 0)
			sched_yield();
		assert_int_equal(pthread_cancel(t), 0);
		assert_int_equal(pthread_join(t, &result), 0);
		assert_ptr_equal(result, PTHREAD_CANCELED);
	}
	close(ends[0]);
	close(ends[1]);
}

static volatile int over, made, written;

static void *allocates(void *unused)
{
	while (!over) {
		char *p = malloc(100000), *q = malloc(20);

		free(p);
		free(q);
	}
	return NULL;
}

static void *writes(void *unused)
{
	FILE *f = fopen("written", "w");

	while (!over) {
		fprintf(f, "%d\n", written++);
		fflush(f);
	}
	fclose(f);
	return NULL;
}

static void *nothing(void *argument)
{
	return argument;
}

static void *creates(void *unused)
{
	while (!over) {
		pthread_t t;

		if (pthread_create(&t, NULL, nothing, NULL))
			return "pthread_create";
		pthread_join(t, NULL);
		made++;
	}
	return NULL;
}

/* The child finds a heap and files that work, whatever was going on. */
static void forks_beside_others(void **state)
{
	static void *(*const works[])(void *) = { allocates, writes, creates };
	int count = getenv("POSIX_TEST_LONG") ? 2000
		    : getenv("POSIX_HOSTS")   ? 30
					      : 150;
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, works[i], NULL), 0);
	for (int i = 0; i < count; i++) {
		int status = -1;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			char *p;
			FILE *f;

			alarm(30);
			p = malloc(50000);
			memset(p, i, 50000);
			free(p);
			f = fopen("child", "w");
			_exit(!f || fprintf(f, "%d", i) < 1 || fclose(f));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	over = 1;
	for (int i = 0; i < 3; i++) {
		void *problem = NULL;

		pthread_join(threads[i], &problem);
		assert_ptr_equal(problem, NULL);
	}
	assert_true(made && written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(created_and_cancelled),
		cmocka_unit_test(forks_beside_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
