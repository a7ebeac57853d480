/* Stopping and continuing: POSIX.1-2024 2.4.3, waitpid() WUNTRACED and
 * WCONTINUED. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void *shared_page(void)
{
	void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void expect_stopped(pid_t pid, int signal)
{
	int status;

	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), signal);
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static volatile unsigned long *counters;

static void *count(void *which)
{
	for (;;)
		counters[8 * (long)which]++;
	return NULL;
}

/* Whether any thread still counts; leaves in seen how far they are. */
static bool counting(unsigned long seen[3])
{
	bool any = false;

	for (int i = 0; i < 3; i++)
		seen[i] = counters[8 * i];
	pause_ms(50);
	for (int i = 0; i < 3; i++)
		any |= counters[8 * i] != seen[i];
	return any;
}

static void every_thread_stops(void **state)
{
	unsigned long seen[3];
	pthread_t t;
	pid_t pid;

	counters = shared_page();
	pid = fork();
	if (!pid) {
		for (long i = 0; i < 2; i++)
			pthread_create(&t, NULL, count, (void *)i);
		count((void *)2);
	}
	while (!counters[0] || !counters[8] || !counters[16])
		pause_ms(1);
	for (int round = 0; round < 5; round++) {
		assert_int_equal(kill(pid, SIGSTOP), 0);
		expect_stopped(pid, SIGSTOP);
		/* a thread that runs may take a moment to be caught */
		for (int tries = 0; counting(seen); tries++)
			assert_true(tries < 100);
		assert_int_equal(kill(pid, SIGCONT), 0);
		for (int i = 0; i < 3; i++)
			while (counters[8 * i] == seen[i])
				pause_ms(1);
	}
	end(pid);
}

static void a_child_that_went_on_and_ended_is_reported_twice(void **state)
{
	for (int i = 0; i < 100; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			raise(SIGSTOP);
			_exit(3);
		}
		expect_stopped(pid, SIGSTOP);
		kill(pid, SIGCONT);
		assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
		if (WIFCONTINUED(status))
			assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 3 << 8);
	}
}

static void a_stopped_process_can_be_killed(void **state)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			raise(SIGTSTP);
			_exit(1);
		}
		/* an orphaned group is not stopped by the terminal's signals */
		if (i == 0) {
			int status;

			assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
			if (WIFEXITED(status))
				return;
		} else {
			expect_stopped(pid, SIGTSTP);
		}
		end(pid);
	}
}

static volatile sig_atomic_t handled;

static void note(int signal)
{
	handled = signal;
}

static void what_is_sent_meanwhile_comes_afterwards(void **state)
{
	int *seen = shared_page(), status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGUSR1, note);
		seen[1] = 1;
		while (!handled)
			pause();
		seen[0] = handled;
		_exit(0);
	}
	while (!seen[1])
		pause_ms(1);
	kill(pid, SIGSTOP);
	expect_stopped(pid, SIGSTOP);
	kill(pid, SIGUSR1);
	pause_ms(50);
	assert_int_equal(seen[0], 0);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(seen[0], SIGUSR1);
}

/* man 7 signal: a sleep that a stop interrupts ends when it would have. */
static void a_stop_does_not_lengthen_a_sleep(void **state)
{
	int *asleep = shared_page(), status;
	pid_t pid = fork();

	if (!pid) {
		struct timespec start, end;
		long ms;

		clock_gettime(CLOCK_MONOTONIC, &start);
		*asleep = 1;
		pause_ms(600);
		clock_gettime(CLOCK_MONOTONIC, &end);
		ms = (end.tv_sec - start.tv_sec) * 1000 +
		     (end.tv_nsec - start.tv_nsec) / 1000000;
		_exit(ms < 600 ? 1 : ms >= 1200 ? 2 : 0);
	}
	while (!*asleep)
		pause_ms(1);
	pause_ms(300);
	kill(pid, SIGSTOP);
	expect_stopped(pid, SIGSTOP);
	pause_ms(450);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static volatile sig_atomic_t codes[8];

static void note_child(int signal, siginfo_t *info, void *context)
{
	if (info->si_code > 0 && info->si_code < 8)
		codes[info->si_code] = info->si_status;
}

static void the_parent_hears_of_it(void **state)
{
	struct sigaction a = { .sa_sigaction = note_child,
		.sa_flags = SA_SIGINFO | SA_RESTART };
	int status;
	pid_t pid;

	memset((void *)codes, 0, sizeof codes);
	sigaction(SIGCHLD, &a, NULL);
	pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	expect_stopped(pid, SIGSTOP);
	while (!codes[CLD_STOPPED])
		pause_ms(1);
	assert_int_equal(codes[CLD_STOPPED], SIGSTOP);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
	while (!codes[CLD_CONTINUED])
		pause_ms(1);
	assert_int_equal(codes[CLD_CONTINUED], SIGCONT);

	/* POSIX.1-2024 sigaction(), SA_NOCLDSTOP */
	a.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &a, NULL);
	memset((void *)codes, 0, sizeof codes);
	kill(pid, SIGSTOP);
	expect_stopped(pid, SIGSTOP);
	kill(pid, SIGCONT);
	end(pid);
	while (!codes[CLD_KILLED])
		pause_ms(1);
	assert_int_equal(codes[CLD_KILLED], SIGKILL);
	assert_int_equal(codes[CLD_STOPPED], 0);
	assert_int_equal(codes[CLD_CONTINUED], 0);
	signal(SIGCHLD, SIG_DFL);
}

static void *exits(void *argument)
{
	pause_ms(5);
	_exit(5);
}

static void *returns(void *argument)
{
	pause_ms(5);
	return NULL;
}

/* Whichever thread is the last, the process ends (pthread_exit(), "as if
 * exit() were called with a zero argument"). */
static void the_first_thread_may_end_first(void **state)
{
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			pthread_t t;

			pthread_create(&t, NULL, i % 2 ? exits : returns, NULL);
			pthread_exit(NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, i % 2 ? 5 << 8 : 0);
	}
}

static void *wait_for_one(void *count)
{
	while (waitpid(-1, NULL, 0) > 0)
		__atomic_fetch_add((int *)count, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void each_child_is_waited_for_by_one_thread(void **state)
{
	pthread_t threads[4];
	int counted = 0;

	for (int i = 0; i < 60; i++)
		if (!fork()) {
			pause_ms(50 + i % 7);
			_exit(0);
		}
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, wait_for_one, &counted);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counted, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_stops),
		cmocka_unit_test(
			a_child_that_went_on_and_ended_is_reported_twice),
		cmocka_unit_test(a_stopped_process_can_be_killed),
		cmocka_unit_test(what_is_sent_meanwhile_comes_afterwards),
		cmocka_unit_test(a_stop_does_not_lengthen_a_sleep),
		cmocka_unit_test(the_parent_hears_of_it),
		cmocka_unit_test(the_first_thread_may_end_first),
		cmocka_unit_test(each_child_is_waited_for_by_one_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
