/* Limits that have an effect.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ul << 20)

static volatile sig_atomic_t caught;

static void counted(int signal)
{
	(void)signal;
	caught++;
}

static void limit(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit l = { soft, hard };

	if (setrlimit(which, &l))
		_exit(100);
}

/* Limits can only be lowered: each in a child. */
static int in_child(void (*f)(void))
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(60);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			_exit(__LINE__ % 90 + 1); \
	} while (0)

static void writes_end(void)
{
	struct iovec v[2] = { { "abcdef", 6 }, { "ghijkl", 6 } };
	int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	signal(SIGXFSZ, counted);
	limit(RLIMIT_FSIZE, 10, RLIM_INFINITY);
	CHECK(write(fd, "12345678", 8) == 8);
	CHECK(write(fd, "12345678", 8) == 2);
	CHECK(caught == 0);
	CHECK(write(fd, "x", 1) == -1 && errno == EFBIG);
	CHECK(caught == 1);
	CHECK(write(fd, "", 0) == 0);
	CHECK(pwrite(fd, "xyz", 3, 8) == 2);
	CHECK(pwrite(fd, "xyz", 3, 10) == -1 && errno == EFBIG);
	CHECK(caught == 2);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(writev(fd, v, 2) == 10);
	CHECK(ftruncate(fd, 11) == -1 && errno == EFBIG);
	CHECK(caught == 3);
	CHECK(truncate("limited", 11) == -1 && errno == EFBIG);
	CHECK(ftruncate(fd, 10) == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 10);
	close(fd);
	fd = open("limited", O_WRONLY | O_APPEND);
	CHECK(write(fd, "x", 1) == -1 && errno == EFBIG);
	limit(RLIMIT_FSIZE, 12, RLIM_INFINITY);
	CHECK(write(fd, "xyz", 3) == 2);
	close(fd);
}

static void dies_of_it(void)
{
	int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600);

	limit(RLIMIT_FSIZE, 0, 0);
	if (write(fd, "x", 1) == 1)
		_exit(1);
	_exit(2);
}

static void file_sizes(void **state)
{
	int status;

	(void)state;
	assert_int_equal(in_child(writes_end), 0);
	status = in_child(dies_of_it);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXFSZ);
	unlink("limited");
}

static void no_more_memory(void)
{
	char *p, *q;
	void *volatile m; /* or the compiler does without malloc */

	limit(RLIMIT_AS, 256 * MIB, 256 * MIB);
	CHECK(mmap(NULL, 512 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0) == MAP_FAILED);
	CHECK(errno == ENOMEM);
	m = malloc(512 * MIB);
	CHECK(!m);
	p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK(mremap(p, 64 * MIB, 512 * MIB, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(errno == ENOMEM);
	/* what is given back can be had again, and moved within the limit */
	q = mremap(p, 64 * MIB, 128 * MIB, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	CHECK(munmap(q, 128 * MIB) == 0);
	q = mmap(NULL, 128 * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED);
}

static void no_more_data(void)
{
	limit(RLIMIT_DATA, 64 * MIB, 64 * MIB);
	CHECK(mmap(NULL, 128 * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(errno == ENOMEM);
	/* what cannot be written is no data */
	CHECK(mmap(NULL, 128 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0) != MAP_FAILED);
	CHECK(mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void memory(void **state)
{
	(void)state;
	assert_int_equal(in_child(no_more_memory), 0);
	assert_int_equal(in_child(no_more_data), 0);
}

static void spin(void)
{
	for (volatile unsigned long i = 0;; i++)
		;
}

static void runs_too_long(void)
{
	limit(RLIMIT_CPU, 1, 10);
	spin();
}

static void hears_of_it(void)
{
	signal(SIGXCPU, counted);
	limit(RLIMIT_CPU, 1, 3);
	spin();
}

static void sleeps(void)
{
	struct timespec t = { 1, 500000000 };

	limit(RLIMIT_CPU, 1, 1);
	nanosleep(&t, NULL);
}

static void for_a_child(void)
{
	pid_t pid;
	int status;

	limit(RLIMIT_CPU, 1, 1);
	pid = fork();
	if (!pid)
		spin();
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status));
}

static void cpu_time(void **state)
{
	int status = in_child(runs_too_long);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXCPU);
	status = in_child(hears_of_it);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(in_child(sleeps), 0);
	assert_int_equal(in_child(for_a_child), 0);
}

/* ---- RLIMIT_NPROC ---- */

static void too_many(void)
{
	pid_t pids[40];
	int n = 0, p[2];
	char c;

	CHECK(pipe(p) == 0);
	/* natively the test may be root's, who has no limit */
	if (geteuid() == 0)
		CHECK(setuid(65533) == 0);
	limit(RLIMIT_NPROC, 40, 40);
	while (n < 40) {
		pids[n] = fork();
		if (!pids[n]) {
			close(p[1]);
			_exit((int)read(p[0], &c, 1));
		}
		if (pids[n] < 0)
			break;
		n++;
	}
	CHECK(n > 0 && n < 40);
	CHECK(errno == EAGAIN);
	/* threads are as many */
	CHECK(pthread_create(&(pthread_t){ 0 }, NULL,
		      (void *(*)(void *))(uintptr_t)pause, NULL) == EAGAIN);
	close(p[1]);
	for (int i = 0; i < n; i++)
		CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
	pids[0] = fork();
	if (!pids[0])
		_exit(0);
	CHECK(pids[0] > 0);
	CHECK(waitpid(pids[0], NULL, 0) == pids[0]);
}

static void processes(void **state)
{
	(void)state;
	assert_int_equal(in_child(too_many), 0);
}

/* ---- RLIMIT_STACK, of the program that comes next ---- */

static char *self;

/* Uses so many KiB of it; what the block above holds is needed until the end,
 * so no compiler makes a loop of it. */
static int use(int kib, volatile char *above)
{
	volatile char block[1024];
	int sum;

	block[0] = (char)kib;
	block[1023] = 1;
	sum = kib <= 0 ? 0 : use(kib - 1, block) + block[1023];
	return sum + (above && !above[1023]);
}

static int run_with(rlim_t size, const char *kib)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		limit(RLIMIT_STACK, size, RLIM_INFINITY);
		execl(self, self, "use", kib, NULL);
		_exit(101);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void stacks(void **state)
{
	(void)state;
	assert_int_equal(run_with(8 * MIB, "6000"), 0);
	assert_int_equal(run_with(32 * MIB, "28000"), 0);
	assert_int_equal(run_with(1 * MIB, "500"), 0);
	assert_true(WIFSIGNALED(run_with(1 * MIB, "6000")));
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_sizes),
		cmocka_unit_test(memory),
		cmocka_unit_test(cpu_time),
		cmocka_unit_test(processes),
		cmocka_unit_test(stacks),
	};

	if (count == 3)
		return use(atoi(arguments[2]), NULL) != atoi(arguments[2]);
	self = arguments[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
