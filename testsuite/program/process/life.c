/* fork, exec, wait: what the shells rely on, and stress, bounded.
 * timeout: 120 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int global = 1;

static int wait_for(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void the_child_has_a_copy(void **state)
{
	int local = 1, *heap = malloc(sizeof *heap);
	pid_t pid;

	*heap = 1;
	pid = fork();
	if (!pid) {
		global = local = *heap = 2;
		_exit(global + local + *heap == 6 && getppid() > 1 ? 42 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(wait_for(pid), 42 << 8);
	assert_int_equal(global + local + *heap, 3);
	free(heap);
}

static void statuses(void **state)
{
	pid_t pid = fork();

	if (!pid)
		raise(SIGKILL);
	assert_int_equal(wait_for(pid), SIGKILL);
	pid = fork();
	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	assert_int_equal(wait_for(pid) & 0x7f, SIGABRT);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL); /* CMocka catches it */
		*(volatile int *)8 = 1;
	}
	assert_int_equal(wait_for(pid) & 0x7f, SIGSEGV);
	pid = fork();
	if (!pid)
		exit(300);
	assert_int_equal(wait_for(pid), 44 << 8);
	assert_fails(waitpid(-1, NULL, 0), ECHILD);
	assert_fails(waitpid(99999, NULL, 0), ECHILD);
}

static void waiting_without_hanging(void **state)
{
	int p[2], status;
	siginfo_t info;

	pipe(p);
	pid_t pid = fork();

	if (!pid) {
		char c;

		close(p[1]);
		read(p[0], &c, 1);
		_exit(7);
	}
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	close(p[1]);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_status, 7);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(info.si_pid, pid);
	assert_int_equal(wait_for(pid), 7 << 8);
}

static void stops_are_reported(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGSTOP);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
	assert_true(WIFCONTINUED(status));
	assert_int_equal(wait_for(pid), 3 << 8);
}

static void exec_passes_arguments_and_environment(void **state)
{
	char *argv[] = { "sh", "-c", "test \"$0|$1|$V\" = 'a b||x y' ", "a b",
		"", NULL };
	char *envp[] = { "V=x y", NULL };
	pid_t pid = fork();

	if (!pid) {
		execve("/bin/sh", argv, envp);
		_exit(99);
	}
	assert_int_equal(wait_for(pid), 0);
	assert_fails(execve("/missing", argv, envp), ENOENT);
	assert_fails(execve("/", argv, envp), EACCES);
	assert_fails(execve((char *)8, argv, envp), EFAULT);
}

static void spawning(void **state)
{
	char *argv[] = { "sh", "-c", "exit 5", NULL };
	char *no[] = { "missing", NULL };
	pid_t pid;

	assert_int_equal(
		posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
	assert_int_equal(wait_for(pid), 5 << 8);
	assert_int_equal(
		posix_spawn(&pid, "/missing", NULL, NULL, no, environ), ENOENT);
	assert_int_equal(system("exit 6"), 6 << 8);
}

static void vfork_shares_until_exec(void **state)
{
	volatile int seen = 0;
	pid_t pid = vfork();

	if (!pid) {
		seen = 1;
		_exit(8);
	}
	assert_int_equal(seen, 1);
	assert_int_equal(wait_for(pid), 8 << 8);
}

static void groups_and_sessions(void **state)
{
	pid_t pid = fork();

	if (!pid) {
		if (setpgid(0, 0) || getpgrp() != getpid())
			_exit(1);
		if (setsid() != -1 || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(wait_for(pid), 0);
	pid = fork();
	if (!pid)
		_exit(setsid() == getpid() && getsid(0) == getpid() ? 0 : 1);
	assert_int_equal(wait_for(pid), 0);
	assert_fails(setpgid(99999, 0), ESRCH);
	assert_fails(getpgid(99999), ESRCH);
}

static void open_files_are_shared_with_the_child(void **state)
{
	int f = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	pid_t pid = fork();

	if (!pid)
		_exit(write(f, "child", 5) != 5);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 5);
	close(f);
}

static void shared_memory_is_shared(void **state)
{
	int *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		*p = 77;
		_exit(0);
	}
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(*p, 77);
	munmap(p, 4096);
}

static void a_large_heap_is_copied(void **state)
{
	size_t size = 16 << 20;
	char *heap = malloc(size);
	pid_t pid;

	memset(heap, 5, size);
	pid = fork();
	if (!pid) {
		for (size_t i = 0; i < size; i += 4096)
			if (heap[i] != 5)
				_exit(1);
		memset(heap, 6, size);
		_exit(0);
	}
	memset(heap, 7, size);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(heap[size / 2], 7);
	free(heap);
}

static void a_thousand_forks(void **state)
{
	for (int i = 0; i < 1000; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(i & 0x7f);
		assert_true(pid > 0);
		assert_int_equal(wait_for(pid), (i & 0x7f) << 8);
	}
}

static void fifty_at_once(void **state)
{
	pid_t pids[50];
	int p[2];

	pipe(p);
	for (int i = 0; i < 50; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			char c;

			close(p[1]);
			read(p[0], &c, 1);
			_exit(i);
		}
	}
	close(p[0]);
	close(p[1]);
	for (int i = 0; i < 50; i++)
		assert_int_equal(wait_for(pids[i]), i << 8);
}

static void grandchildren(void **state)
{
	pid_t pid = fork();

	if (!pid) {
		pid_t inner = fork();
		int status;

		if (!inner)
			_exit(9);
		if (waitpid(inner, &status, 0) != inner)
			_exit(1);
		_exit(status >> 8);
	}
	assert_int_equal(wait_for(pid), 9 << 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_child_has_a_copy),
		cmocka_unit_test(statuses),
		cmocka_unit_test(waiting_without_hanging),
		cmocka_unit_test(stops_are_reported),
		cmocka_unit_test(exec_passes_arguments_and_environment),
		cmocka_unit_test(spawning),
		cmocka_unit_test(vfork_shares_until_exec),
		cmocka_unit_test(groups_and_sessions),
		cmocka_unit_test(open_files_are_shared_with_the_child),
		cmocka_unit_test(shared_memory_is_shared),
		cmocka_unit_test(a_large_heap_is_copied),
		cmocka_unit_test(a_thousand_forks),
		cmocka_unit_test(fifty_at_once),
		cmocka_unit_test(grandchildren),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
