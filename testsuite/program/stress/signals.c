/* Ten thousand signals between two processes: none of a queued kind is lost,
 * and values come in order.  timeout: 200 */
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT 10000

static void queue(pid_t pid, int number)
{
	union sigval value = { .sival_int = number };

	while (sigqueue(pid, SIGRTMIN + number % 3, value)) {
		struct timespec moment = { 0, 100000 };

		/* the queue is full: POSIX.1-2024 sigqueue(), [EAGAIN] */
		assert_int_equal(errno, EAGAIN);
		nanosleep(&moment, NULL);
	}
}

static void taken_with_sigwaitinfo(void **state)
{
	sigset_t set, old;
	siginfo_t info;
	int next[3] = { 0, 1, 2 }, status;
	pid_t pid;

	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, SIGRTMIN + i);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < COUNT; i++)
			queue(getppid(), i);
		_exit(0);
	}
	for (int i = 0; i < COUNT; i++) {
		int which = sigwaitinfo(&set, &info) - SIGRTMIN;

		assert_in_range(which, 0, 2);
		assert_int_equal(info.si_code, SI_QUEUE);
		assert_int_equal(info.si_pid, pid);
		assert_int_equal(info.si_value.sival_int, next[which]);
		next[which] += 3;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static volatile int counted, last[3], wrong;

static void count(int signal, siginfo_t *info, void *context)
{
	int which = signal - SIGRTMIN;

	if (last[which] != info->si_value.sival_int)
		wrong++;
	last[which] += 3;
	counted++;
}

/* The receiver runs code of its own all the time, without a call. */
static void handled_in_a_loop(void **state)
{
	struct sigaction a = { .sa_sigaction = count, .sa_flags = SA_SIGINFO };
	int status;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		last[i] = i;
		/* one at a time */
		for (int k = 0; k < 3; k++)
			sigaddset(&a.sa_mask, SIGRTMIN + k);
		sigaction(SIGRTMIN + i, &a, NULL);
	}
	pid = fork();
	if (!pid) {
		for (int i = 0; i < COUNT; i++)
			queue(getppid(), i);
		_exit(0);
	}
	while (counted < COUNT)
		;
	assert_int_equal(counted, COUNT);
	assert_int_equal(wrong, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static volatile int pings;

static void ping(int signal)
{
	pings++;
}

/* A standard signal is not queued, but of two that answer each other every
 * one arrives. */
static void back_and_forth(void **state)
{
	sigset_t set, old;
	int status;
	pid_t pid, other;

	signal(SIGUSR1, ping);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	pings = 0;
	pid = fork();
	other = pid ? pid : getppid();
	if (pid)
		kill(other, SIGUSR1);
	for (int i = 0; i < 2000; i++) {
		int before = pings;

		while (pings == before)
			sigsuspend(&old);
		if (!pid || i + 1 < 2000)
			kill(other, SIGUSR1);
	}
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

enum { SENDERS = 20 };
static volatile int from[SENDERS], standard;
static pid_t senders[SENDERS];

static void storm(int signal, siginfo_t *info, void *context)
{
	if (signal != SIGRTMIN) {
		standard++;
		return;
	}
	/* the value says who and which: in order from each */
	if (from[info->si_value.sival_int % SENDERS]++ !=
		info->si_value.sival_int / SENDERS)
		wrong++;
}

/* Twenty send to one: what queues comes whole and in order from each. */
static void a_storm(void **state)
{
	struct sigaction a = { .sa_sigaction = storm, .sa_flags = SA_SIGINFO };
	int each = getenv("POSIX_TEST_LONG") ? 5000 : 150, status;

	sigfillset(&a.sa_mask);
	sigaction(SIGRTMIN, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
	wrong = 0;
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = fork();
		assert_true(senders[i] >= 0);
		if (senders[i])
			continue;
		for (int k = 0; k < each; k++) {
			union sigval v = { .sival_int = k * SENDERS + i };

			kill(getppid(), SIGUSR1);
			while (sigqueue(getppid(), SIGRTMIN, v))
				sched_yield();
		}
		_exit(0);
	}
	for (int i = 0; i < SENDERS; i++) {
		while (waitpid(senders[i], &status, 0) < 0)
			assert_int_equal(errno, EINTR);
		assert_int_equal(status, 0);
	}
	/* all were sent before their senders ended */
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(from[i], each);
	assert_int_equal(wrong, 0);
	assert_true(standard > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_with_sigwaitinfo),
		cmocka_unit_test(handled_in_a_loop),
		cmocka_unit_test(back_and_forth),
		cmocka_unit_test(a_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
