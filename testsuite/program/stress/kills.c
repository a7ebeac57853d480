/* Members of pipelines die at random moments; whoever is left goes on, and
 * nothing stays behind.  With WATCHED in the environment somebody else kills
 * members as well (testsuite/stress), so any of them may end by any means.
 * timeout: 300 */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMBERS 4

static unsigned long seed = 88172645463325252ul;

static unsigned random_below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % limit);
}

static void pause_us(long us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void member(int i, int in, int out)
{
	static char block[4096];
	ssize_t n;

	signal(SIGPIPE, SIG_DFL);
	if (i == 0)
		for (;;)
			if (write(out, block, sizeof block) < 0)
				_exit(1);
	/* one that makes and waits for processes while it is killed */
	if (i == 1)
		while ((n = read(in, block, sizeof block)) > 0) {
			pid_t pid = fork();
			int status = 0;

			if (!pid)
				_exit(write(out, block, n) < 0);
			if (pid > 0)
				waitpid(pid, &status, 0);
			if (status)
				_exit(1);
		}
	while ((n = read(in, block, sizeof block)) > 0)
		if (i + 1 < MEMBERS && write(out, block, n) < 0)
			_exit(1);
	_exit(0);
}

static int pipeline(pid_t pids[MEMBERS])
{
	int in = -1, next[2];

	for (int i = 0; i < MEMBERS; i++) {
		if (pipe(next))
			return -1;
		pids[i] = fork();
		if (!pids[i]) {
			close(next[0]);
			member(i, in, next[1]);
		}
		close(next[1]);
		if (in >= 0)
			close(in);
		in = next[0];
		if (pids[i] < 0) {
			close(in);
			return i;
		}
	}
	close(in);
	return MEMBERS;
}

static void too_long(int signal)
{
	static const char text[] = "a pipeline with a dead member hangs\n";

	(void)signal;
	if (write(2, text, sizeof text - 1) < 0)
		_exit(2);
	_exit(1);
}

static void kill_members(void **state)
{
	int watched = getenv("WATCHED") != NULL;
	/* with a Windows process for each, as many as patience allows */
	int count = watched		    ? atoi(getenv("WATCHED"))
		    : getenv("POSIX_HOSTS") ? 60
					    : 500;
	int whole = 0;

	signal(SIGALRM, too_long);
	for (int round = 0; round < count; round++) {
		pid_t pids[MEMBERS];
		int made = pipeline(pids), victim, status;

		/* a fork may fail when what it needs is killed in its hands,
		 * several times over */
		assert_true(watched || made == MEMBERS);
		whole += made == MEMBERS;
		if (!made)
			continue;
		pause_us(random_below(3000));
		victim = (int)random_below((unsigned)made);
		alarm(20);
		assert_int_equal(kill(pids[victim], SIGKILL), 0);
		/* the writer never ends by itself: only by SIGPIPE */
		for (int i = 0; i < made; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			if (i == victim)
				assert_true(WIFSIGNALED(status) ||
					    (watched || i > 0));
		}
		alarm(0);
	}
	assert_true(whole > count / 2);
	assert_fails(wait(NULL), ECHILD);
}

/* Grandchildren end by themselves a moment later; then all slots are free. */
static void nobody_is_left(void **state)
{
#ifdef __libposix__
	struct sysinfo s;

	for (int i = 0; i < 600; i++) {
		assert_int_equal(sysinfo(&s), 0);
		if (s.procs <= 1)
			return;
		pause_us(100000);
	}
	fail_msg("%d processes are left", s.procs);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kill_members),
		cmocka_unit_test(nobody_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
