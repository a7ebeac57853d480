/* Many processes: in a row, at once, large, in a chain.  timeout: 600 */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1ul << 20)

static int ended(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void thousands_in_a_row(void **state)
{
	int count = getenv("POSIX_TEST_LONG") ? 20000 : 5000;

	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			_exit(i & 0x7f);
		assert_int_equal(ended(pid), (i & 0x7f) << 8);
	}
	assert_fails(wait(NULL), ECHILD);
}

static void two_hundred_at_once(void **state)
{
	int gate[2], seen[128] = { 0 }, status;
	char c;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			close(gate[1]);
			_exit(read(gate[0], &c, 1) == 0 ? i % 100 : 127);
		}
	}
	/* all are there before the first goes */
	close(gate[1]);
	for (int i = 0; i < 200; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		seen[WEXITSTATUS(status)]++;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 2);
	close(gate[0]);
}

/* Those that want a host at the same moment do not disturb each other. */
static void many_fork_at_once(void **state)
{
	enum { AT_ONCE = 40 };
	int count = getenv("POSIX_HOSTS") ? 2 : 25;

	for (int round = 0; round < count; round++) {
		pid_t pids[AT_ONCE];

		for (int i = 0; i < AT_ONCE; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i])
				continue;
			for (int k = 0; k < 3; k++) {
				pid_t pid = fork();
				int status;

				if (!pid)
					_exit(7);
				if (pid < 0 || waitpid(pid, &status, 0) != pid)
					_exit(1);
				if (status != 7 << 8)
					_exit(2);
			}
			_exit(0);
		}
		for (int i = 0; i < AT_ONCE; i++)
			assert_int_equal(ended(pids[i]), 0);
	}
}

static volatile int over;

static void end(int signal)
{
	over = 1;
}

/* Twenty that fork and wait all the time, for a minute in full. */
static void twenty_at_once(void **state)
{
	enum { AT_ONCE = 20 };
	pid_t pids[AT_ONCE];

	for (int i = 0; i < AT_ONCE; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i])
			continue;
		signal(SIGALRM, end);
		alarm(getenv("POSIX_TEST_LONG") ? 60 : 2);
		for (int k = 0; !over; k++) {
			pid_t pid = fork();
			int status;

			if (!pid)
				_exit(k & 0x7f);
			if (pid < 0)
				_exit(101);
			while (waitpid(pid, &status, 0) != pid)
				if (errno != EINTR)
					_exit(102);
			if (status != (k & 0x7f) << 8)
				_exit(103);
		}
		_exit(0);
	}
	for (int i = 0; i < AT_ONCE; i++)
		assert_int_equal(ended(pids[i]), 0);
}

/* Under a limit of memory a fork works whole or says so. */
static void short_of_memory(void **state)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct rlimit limit = { 400 * MIB, 400 * MIB };
		size_t size = 64 * MIB;

		setrlimit(RLIMIT_AS, &limit);
		while (size >= 65536) {
			char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED)
				size /= 2;
			else
				*p = 1;
		}
		for (int i = 0; i < 20; i++) {
			int status;
			pid_t inner = fork();

			if (!inner)
				_exit(7);
			if (inner < 0 && errno != EAGAIN && errno != ENOMEM)
				_exit(1);
			if (inner < 0)
				continue;
			if (waitpid(inner, &status, 0) != inner ||
				status != 7 << 8)
				_exit(2);
		}
		_exit(0);
	}
	assert_int_equal(ended(pid), 0);
}

/* At the limit of processes: EAGAIN, and those that are there go on. */
static void at_the_limit(void **state)
{
	enum { MOST = 100 };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct rlimit limit = { 30, 30 };
		int gate[2], made = 0, status;
		pid_t inner = 0;
		char c;

		/* root has no such limit */
		if (!geteuid() && setuid(65534))
			_exit(1);
		if (setrlimit(RLIMIT_NPROC, &limit) || pipe(gate))
			_exit(2);
		while (made < MOST && (inner = fork()) > 0)
			made++;
		if (!inner) {
			close(gate[1]);
			_exit(read(gate[0], &c, 1) != 0);
		}
		if (made == MOST || errno != EAGAIN)
			_exit(3);
		close(gate[1]);
		for (int i = 0; i < made; i++)
			if (wait(&status) <= 0 || status)
				_exit(4);
		inner = fork();
		if (!inner)
			_exit(0);
		_exit(inner > 0 && waitpid(inner, &status, 0) == inner &&
					!status
				? 0
				: 5);
	}
	assert_int_equal(ended(pid), 0);
}

static void large_ones(void **state)
{
	volatile unsigned *words = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(words != MAP_FAILED);
	for (size_t i = 0; i < 64 * MIB / 4; i += 1024)
		words[i] = (unsigned)i ^ 0x5a5a;
	for (int round = 0; round < 5; round++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			for (size_t i = 0; i < 64 * MIB / 4; i += 1024) {
				if (words[i] != ((unsigned)i ^ 0x5a5a))
					_exit(1);
				words[i] = 0;
			}
			_exit(0);
		}
		assert_int_equal(ended(pid), 0);
	}
	for (size_t i = 0; i < 64 * MIB / 4; i += 1024)
		assert_int_equal(words[i], (unsigned)i ^ 0x5a5a);
	munmap((void *)words, 64 * MIB);
}

/* Each member passes on what it reads, and adds one byte at the end. */
static void a_pipeline_of_twenty(void **state)
{
	enum { MEMBERS = 20, BYTES = 300000 };
	int in = -1, next[2];
	static char block[65536];
	size_t total = 0;
	ssize_t n;

	for (int i = 0; i < MEMBERS; i++) {
		pid_t pid;

		assert_int_equal(pipe(next), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			close(next[0]);
			if (i == 0) {
				memset(block, 'x', sizeof block);
				for (int left = BYTES; left > 0; left -= (int)n)
					n = write(next[1], block,
						left > 65536 ? 65536 : left);
				_exit(0);
			}
			while ((n = read(in, block, sizeof block)) > 0)
				if (write(next[1], block, n) != n)
					_exit(1);
			_exit(write(next[1], "+", 1) == 1 ? 0 : 1);
		}
		close(next[1]);
		if (in >= 0)
			close(in);
		in = next[0];
	}
	while ((n = read(in, block, sizeof block)) > 0)
		total += (size_t)n;
	close(in);
	assert_int_equal(total, BYTES + MEMBERS - 1);
	for (int i = 0; i < MEMBERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_in_a_row),
		cmocka_unit_test(two_hundred_at_once),
		cmocka_unit_test(many_fork_at_once),
		cmocka_unit_test(twenty_at_once),
		cmocka_unit_test(short_of_memory),
		cmocka_unit_test(at_the_limit),
		cmocka_unit_test(large_ones),
		cmocka_unit_test(a_pipeline_of_twenty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
