/* Locks and words in memory that processes share.  timeout: 120 */
#include "test.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT = 0, WAKE = 1, REQUEUE = 3, CMP_REQUEUE = 4 };

static struct common {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	pthread_barrier_t barrier;
	pthread_rwlock_t rwlock;
	pthread_mutex_t robust;
	sem_t ping, pong;
	int word, other, ready, count, turn;
} * c;

static long futex(int *word, int operation, int value, long timeout,
	int *target, int expected)
{
	return syscall(
		SYS_futex, word, operation, value, timeout, target, expected);
}

static int set_up(void **state)
{
	pthread_mutexattr_t m;
	pthread_condattr_t d;
	pthread_barrierattr_t b;
	pthread_rwlockattr_t w;

	(void)state;
	c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(c, MAP_FAILED);
	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&c->mutex, &m);
	assert_int_equal(
		pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST), 0);
	pthread_mutex_init(&c->robust, &m);
	pthread_condattr_init(&d);
	pthread_condattr_setpshared(&d, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&c->condition, &d);
	pthread_barrierattr_init(&b);
	pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&c->barrier, &b, 4);
	pthread_rwlockattr_init(&w);
	pthread_rwlockattr_setpshared(&w, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&c->rwlock, &w);
	sem_init(&c->ping, 1, 0);
	sem_init(&c->pong, 1, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(c, sizeof *c);
}

static void ends_well(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void until(int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) < value)
		usleep(1000);
}

static void count_up(void)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&c->mutex);
		c->count++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&c->mutex);
	}
}

static void mutexes_exclude(void **state)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = child(count_up);
	for (int i = 0; i < 4; i++)
		ends_well(pids[i]);
	assert_int_equal(c->count, 8000);
}

static void play(void)
{
	for (int i = 0; i < 1000; i++) {
		sem_wait(&c->ping);
		c->count++;
		sem_post(&c->pong);
	}
}

static void semaphores_take_turns(void **state)
{
	pid_t pid = child(play);

	for (int i = 0; i < 1000; i++) {
		sem_post(&c->ping);
		assert_int_equal(sem_wait(&c->pong), 0);
		assert_int_equal(c->count, i + 1);
	}
	ends_well(pid);
}

static void take_turns(void)
{
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&c->mutex);
		while (c->turn != 1)
			pthread_cond_wait(&c->condition, &c->mutex);
		c->turn = 0;
		pthread_cond_signal(&c->condition);
		pthread_mutex_unlock(&c->mutex);
	}
}

static void conditions_wake(void **state)
{
	pid_t pid = child(take_turns);

	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&c->mutex);
		while (c->turn != 0)
			pthread_cond_wait(&c->condition, &c->mutex);
		c->turn = 1;
		pthread_cond_signal(&c->condition);
		pthread_mutex_unlock(&c->mutex);
	}
	ends_well(pid);
}

static void wait_for_all(void)
{
	pthread_mutex_lock(&c->mutex);
	c->ready++;
	while (c->ready < 5)
		pthread_cond_wait(&c->condition, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
}

static void a_broadcast_wakes_all(void **state)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = child(wait_for_all);
	until(&c->ready, 4);
	pthread_mutex_lock(&c->mutex);
	c->ready = 5;
	pthread_cond_broadcast(&c->condition);
	pthread_mutex_unlock(&c->mutex);
	for (int i = 0; i < 4; i++)
		ends_well(pids[i]);
}

static void meet(void)
{
	for (int i = 0; i < 50; i++)
		pthread_barrier_wait(&c->barrier);
}

static void barriers_meet(void **state)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = child(meet);
	for (int i = 0; i < 4; i++)
		ends_well(pids[i]);
}

static void read_and_write(void)
{
	for (int i = 0; i < 200; i++) {
		pthread_rwlock_wrlock(&c->rwlock);
		c->count++;
		c->other++;
		pthread_rwlock_unlock(&c->rwlock);
		pthread_rwlock_rdlock(&c->rwlock);
		if (c->count != c->other)
			_exit(1);
		pthread_rwlock_unlock(&c->rwlock);
	}
}

static void rwlocks_exclude(void **state)
{
	pid_t pids[3];

	for (int i = 0; i < 3; i++)
		pids[i] = child(read_and_write);
	for (int i = 0; i < 3; i++)
		ends_well(pids[i]);
	assert_int_equal(c->count, 600);
}

static void sleep_on_word(void)
{
	__atomic_fetch_add(&c->ready, 1, __ATOMIC_SEQ_CST);
	if (futex(&c->word, WAIT, 0, 0, NULL, 0) && errno != EAGAIN)
		_exit(1);
	__atomic_fetch_add(&c->count, 1, __ATOMIC_SEQ_CST);
}

/* How many wait, told by moving them to another word. */
static void until_waiting(int *from, int *to, int count)
{
	int n = 0;

	while (n < count) {
		long moved = futex(from, REQUEUE, 0, count, to, 0);

		assert_true(moved >= 0);
		n += (int)moved;
		usleep(1000);
	}
}

static void waiters_move(void **state)
{
	pid_t pids[3];

	for (int i = 0; i < 3; i++)
		pids[i] = child(sleep_on_word);
	until_waiting(&c->word, &c->other, 3);
	assert_int_equal(futex(&c->word, WAKE, 10, 0, NULL, 0), 0);
	assert_int_equal(futex(&c->other, CMP_REQUEUE, 1, 10, &c->word, 7), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(futex(&c->other, CMP_REQUEUE, 1, 10, &c->word, 0), 3);
	until(&c->count, 1);
	assert_int_equal(futex(&c->word, WAKE, 1, 0, NULL, 0), 1);
	until(&c->count, 2);
	assert_int_equal(futex(&c->word, WAKE, 10, 0, NULL, 0), 1);
	for (int i = 0; i < 3; i++)
		ends_well(pids[i]);
}

/* Who was killed while waiting takes nobody's wake-up. */
static void the_dead_take_nothing(void **state)
{
	pid_t dead = child(sleep_on_word), living;
	int status;

	until_waiting(&c->word, &c->other, 1);
	living = child(sleep_on_word);
	until_waiting(&c->word, &c->other, 1);
	kill(dead, SIGKILL);
	assert_int_equal(waitpid(dead, &status, 0), dead);
	assert_int_equal(futex(&c->other, WAKE, 1, 0, NULL, 0), 1);
	ends_well(living);
	assert_int_equal(futex(&c->other, WAKE, 10, 0, NULL, 0), 0);
}

static void ignored(int signal)
{
	(void)signal;
}

/* Time and signals end a wait, and then nobody waits. */
static void waits_end(void **state)
{
	struct timespec soon = { 0, 30000000 };
	struct sigaction a = { .sa_handler = ignored };

	assert_int_equal(futex(&c->word, WAIT, 0, (long)&soon, NULL, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(futex(&c->word, WAIT, 5, 0, NULL, 0), -1);
	assert_int_equal(errno, EAGAIN);
	sigaction(SIGALRM, &a, NULL);
	ualarm(30000, 0);
	assert_int_equal(futex(&c->word, WAIT, 0, 0, NULL, 0), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(futex(&c->word, WAKE, 10, 0, NULL, 0), 0);
}

/* A file's word is the same one wherever it is mapped. */
static void mapped_files_share(void **state)
{
	int fd = open("words", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int status = -1;
	char *mine;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 * 65536), 0);
	mine = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 65536);
	assert_ptr_not_equal(mine, MAP_FAILED);
	pid = fork();
	if (!pid) {
		int other = open("words", O_RDWR);
		char *whole = mmap(NULL, 4 * 65536, PROT_READ | PROT_WRITE,
			MAP_SHARED, other, 0);

		alarm(60);
		futex((int *)(whole + 65536 + 64), WAIT, 0, 0, NULL, 0);
		_exit(*(int *)(whole + 65536 + 64) == 1 ? 0 : 1);
	}
	usleep(50000);
	__atomic_store_n((int *)(mine + 64), 1, __ATOMIC_SEQ_CST);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		futex((int *)(mine + 64), WAKE, 1, 0, NULL, 0);
		usleep(10000);
	}
	assert_int_equal(status, 0);
	munmap(mine, 65536);
	close(fd);
	unlink("words");
}

static void hold(void)
{
	pthread_mutex_lock(&c->robust);
	__atomic_store_n(&c->ready, 1, __ATOMIC_SEQ_CST);
	sem_wait(&c->ping);
}

static void *hold_in_thread(void *argument)
{
	pthread_mutex_lock(&c->robust);
	return argument;
}

static void hold_in_a_thread_that_ends(void)
{
	pthread_t t;

	pthread_create(&t, NULL, hold_in_thread, NULL);
	pthread_join(t, NULL);
	__atomic_store_n(&c->ready, 1, __ATOMIC_SEQ_CST);
	sem_wait(&c->ping);
}

static void hold_and_execute(void)
{
	pthread_mutex_lock(&c->robust);
	__atomic_store_n(&c->ready, 1, __ATOMIC_SEQ_CST);
	sem_wait(&c->ping);
	execl("/bin/sleep", "sleep", "2", (char *)NULL);
}

static void hold_and_be_terminated(void)
{
	hold();
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

/* The next owner is told that the last one died. */
static void owners_may_die(void **state)
{
	static void (*const ways[])(void) = { hold, hold_in_a_thread_that_ends,
		hold_and_execute, hold_and_be_terminated };

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct timespec until_then;
		pid_t pid, helper = 0;

		c->ready = 0;
		pid = child(ways[i]);
		until(&c->ready, 1);
		/* waits already when the owner dies; or comes later */
		if (i % 2 == 0) {
			helper = fork();
			if (!helper) {
				usleep(30000);
				sem_post(&c->ping);
				_exit(0);
			}
		} else {
			sem_post(&c->ping);
		}
		clock_gettime(CLOCK_REALTIME, &until_then);
		until_then.tv_sec += 20;
		assert_int_equal(
			pthread_mutex_timedlock(&c->robust, &until_then),
			EOWNERDEAD);
		assert_int_equal(pthread_mutex_consistent(&c->robust), 0);
		assert_int_equal(pthread_mutex_unlock(&c->robust), 0);
		assert_int_equal(pthread_mutex_lock(&c->robust), 0);
		assert_int_equal(pthread_mutex_unlock(&c->robust), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (helper)
			ends_well(helper);
	}
}

/* Processes that have nothing in common but a name. */
static void named_semaphores(void **state)
{
	sem_t *a, *b;
	pid_t pid;
	int value;

	sem_unlink("/posix-test-a");
	sem_unlink("/posix-test-b");
	assert_ptr_equal(sem_open("/posix-test-a", 0), SEM_FAILED);
	assert_int_equal(errno, ENOENT);
	pid = fork();
	if (!pid) {
		alarm(60);
		while ((a = sem_open("/posix-test-a", 0)) == SEM_FAILED ||
			(b = sem_open("/posix-test-b", 0)) == SEM_FAILED)
			usleep(1000);
		for (int i = 0; i < 100; i++) {
			sem_wait(a);
			sem_post(b);
		}
		_exit(0);
	}
	a = sem_open("/posix-test-a", O_CREAT | O_EXCL, 0600, 0);
	b = sem_open("/posix-test-b", O_CREAT, 0600, 2);
	assert_ptr_not_equal(a, SEM_FAILED);
	assert_ptr_not_equal(b, SEM_FAILED);
	assert_ptr_equal(sem_open("/posix-test-a", 0), a);
	assert_int_equal(sem_close(a), 0);
	assert_ptr_equal(sem_open("/posix-test-a", O_CREAT | O_EXCL, 0600, 0),
		SEM_FAILED);
	assert_int_equal(errno, EEXIST);
	sem_wait(b);
	sem_wait(b);
	for (int i = 0; i < 100; i++) {
		sem_post(a);
		assert_int_equal(sem_wait(b), 0);
	}
	ends_well(pid);
	assert_int_equal(sem_getvalue(a, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(sem_close(a), 0);
	assert_int_equal(sem_close(b), 0);
	assert_int_equal(sem_unlink("/posix-test-a"), 0);
	assert_int_equal(sem_unlink("/posix-test-b"), 0);
	assert_int_equal(sem_unlink("/posix-test-b"), -1);
	assert_int_equal(errno, ENOENT);
}

static void named_memory(void **state)
{
	int fd = shm_open("/posix-test-m", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *p, *q;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	strcpy(p + 4096, "from the parent");
	pid = fork();
	if (!pid) {
		int again = shm_open("/posix-test-m", O_RDWR, 0);

		q = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, again,
			0);
		if (strcmp(q + 4096, "from the parent"))
			_exit(1);
		strcpy(q, "from the child");
		_exit(0);
	}
	ends_well(pid);
	assert_string_equal(p, "from the child");
	assert_int_equal(shm_unlink("/posix-test-m"), 0);
	assert_int_equal(shm_open("/posix-test-m", O_RDWR, 0), -1);
	assert_string_equal(p + 4096, "from the parent");
	munmap(p, 8192);
	close(fd);
}

static void memory_without_a_name(void **state)
{
	int fd = memfd_create("a name / that means nothing", MFD_CLOEXEC);
	struct stat st;
	pid_t pid;
	char *p, *q;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	pid = fork();
	if (!pid) {
		q = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			4096);
		strcpy(q, "the child's");
		_exit(0);
	}
	ends_well(pid);
	assert_string_equal(p + 4096, "the child's");
	assert_int_equal(pwrite(fd, "by write", 9, 0), 9);
	assert_string_equal(p, "by write");
	munmap(p, 8192);
	close(fd);
	assert_int_equal(memfd_create("x", 0x4000), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(memfd_create((char *)8, 0), -1);
	assert_int_equal(errno, EFAULT);
}

/* Private memory is nobody else's, whatever the operation says. */
static void private_words_stay_private(void **state)
{
	static int word;
	pid_t pid = fork();

	if (!pid) {
		struct timespec soon = { 0, 200000000 };

		_exit(futex(&word, WAIT, 0, (long)&soon, NULL, 0) == -1 &&
					errno == ETIMEDOUT
				? 0
				: 1);
	}
	for (int i = 0; i < 10; i++) {
		assert_int_equal(futex(&word, WAKE, 1, 0, NULL, 0), 0);
		usleep(10000);
	}
	ends_well(pid);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(mutexes_exclude),
		CASE(semaphores_take_turns),
		CASE(conditions_wake),
		CASE(a_broadcast_wakes_all),
		CASE(barriers_meet),
		CASE(rwlocks_exclude),
		CASE(waiters_move),
		CASE(the_dead_take_nothing),
		CASE(waits_end),
		CASE(mapped_files_share),
		CASE(owners_may_die),
		CASE(named_semaphores),
		CASE(named_memory),
		CASE(memory_without_a_name),
		CASE(private_words_stay_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
