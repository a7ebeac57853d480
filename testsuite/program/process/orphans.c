/* Who hears of a parent's end, and who gets the children. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void say(char c)
{
	if (write(ends[1], &c, 1) != 1)
		_exit(9);
}

static char heard(void)
{
	char c = 0;

	assert_int_equal(read(ends[0], &c, 1), 1);
	return c;
}

static int set_up(void **state)
{
	(void)state;
	return pipe(ends);
}

static int tear_down(void **state)
{
	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void on_death(int signal)
{
	(void)signal;
	say('d');
	_exit(0);
}

static void wait_for_death(void)
{
	int signal = 0;

	alarm(60);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_death }, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGUSR1) ||
		prctl(PR_GET_PDEATHSIG, &signal) || signal != SIGUSR1)
		_exit(1);
	say('r');
	for (;;)
		pause();
}

static void leave(int signal)
{
	(void)signal;
	_exit(0);
}

static void children_hear_of_the_end(void **state)
{
	static const int ways[] = { SIGUSR2, SIGKILL };

	(void)state;
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid) {
			signal(SIGUSR2, leave);
			if (!fork())
				wait_for_death();
			for (;;)
				pause();
		}
		assert_int_equal(heard(), 'r');
		kill(pid, ways[i]);
		assert_int_equal(heard(), 'd');
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(prctl(PR_SET_PDEATHSIG, 99), -1);
	assert_int_equal(errno, EINVAL);
}

/* A child of fork has none. */
static void it_is_not_inherited(void **state)
{
	int signal = 1, status;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0);
	pid = fork();
	if (!pid)
		_exit(prctl(PR_GET_PDEATHSIG, &signal) || signal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(prctl(PR_SET_PDEATHSIG, 0), 0);
}

static void a_subreaper_gets_the_living(void **state)
{
	int on = 0, status;
	pid_t pid, self = getpid(), found;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &on), 0);
	assert_int_equal(on, 1);
	pid = fork();
	if (!pid) {
		if (!fork()) {
			alarm(60);
			while (getppid() != self)
				usleep(1000);
			_exit(5);
		}
		_exit(4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 4 << 8);
	found = wait(&status);
	assert_true(found > 0 && found != pid);
	assert_int_equal(status, 5 << 8);
	assert_int_equal(wait(NULL), -1);
	assert_int_equal(errno, ECHILD);
}

static void and_the_dead(void **state)
{
	int status, seen = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (int killed = 0; killed < 2; killed++) {
		seen = 0;
		pid = fork();
		if (!pid) {
			pid_t child = fork();
			siginfo_t info;

			if (!child)
				_exit(6);
			/* it is a zombie before its parent ends */
			if (waitid(P_PID, (id_t)child, &info,
				    WEXITED | WNOWAIT))
				_exit(7);
			say('z');
			if (killed)
				for (;;)
					pause();
			_exit(0);
		}
		assert_int_equal(heard(), 'z');
		if (killed)
			kill(pid, SIGKILL);
		while (wait(&status) > 0)
			seen += status == 6 << 8 ? 10 : 1;
		assert_int_equal(seen, 11);
	}
}

/* Nobody waits for them where SIGCHLD is ignored. */
static void nor_does_one_who_ignores(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid) {
		pid_t child;
		siginfo_t info;

		signal(SIGCHLD, SIG_DFL);
		child = fork();
		if (!child)
			_exit(0);
		if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT))
			_exit(1);
		say('z');
		for (;;)
			pause();
	}
	assert_int_equal(heard(), 'z');
	kill(pid, SIGKILL);
	alarm(30);
	assert_int_equal(wait(NULL), -1);
	assert_int_equal(errno, ECHILD);
	alarm(0);
	signal(SIGCHLD, SIG_DFL);
}

/* The nearest one above. */
static void subreapers_nest(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid = fork();
	if (!pid) {
		pid_t self = getpid();
		int on = 1;

		/* the mark itself is not inherited */
		if (prctl(PR_GET_CHILD_SUBREAPER, &on) || on)
			_exit(1);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		if (!fork()) {
			if (!fork()) {
				alarm(60);
				while (getppid() != self)
					usleep(1000);
				_exit(0);
			}
			_exit(0);
		}
		for (int i = 0; i < 2; i++)
			if (wait(&status) < 0 || status)
				_exit(2);
		_exit(wait(NULL) == -1 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(children_hear_of_the_end),
		CASE(it_is_not_inherited),
		CASE(a_subreaper_gets_the_living),
		CASE(and_the_dead),
		CASE(nor_does_one_who_ignores),
		CASE(subreapers_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
