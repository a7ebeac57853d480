/* Core files: man 5 core. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether programs leave files named "core" here: another pattern sends them
 * elsewhere, and then nothing of this can be seen. */
static bool has_usual_pattern(void)
{
	char pattern[64] = "";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);

	if (fd < 0)
		return true;
	read(fd, pattern, sizeof pattern - 1);
	close(fd);
	return !strcmp(pattern, "core\n");
}

static int die_of(int signal, rlim_t limit)
{
	struct rlimit l = { limit, limit };
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &l);
		raise(signal);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
	return status;
}

static void without_a_limit(void **state)
{
	unsigned char head[20] = "";
	struct stat st;
	int fd;

	unlink("core");
	assert_true(WCOREDUMP(die_of(SIGABRT, 1ul << 30)));
	fd = open("core", O_RDONLY);
	assert_true(fd >= 0);
	fstat(fd, &st);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 65536);
	assert_int_equal(read(fd, head, sizeof head), sizeof head);
	assert_memory_equal(head, "\177ELF\2\1\1", 7);
	/* ET_CORE, EM_X86_64 */
	assert_int_equal(head[16], 4);
	assert_int_equal(head[18], 62);
	close(fd);
	unlink("core");
}

static void with_one(void **state)
{
	struct stat st;

	unlink("core");
	assert_false(WCOREDUMP(die_of(SIGABRT, 0)));
	assert_fails(stat("core", &st), ENOENT);
	/* not every death leaves one */
	assert_false(WCOREDUMP(die_of(SIGTERM, 1ul << 30)));
	assert_false(WCOREDUMP(die_of(SIGKILL, 1ul << 30)));
	assert_fails(stat("core", &st), ENOENT);
	/* what there is room for; less than a page is nothing */
	assert_false(WCOREDUMP(die_of(SIGQUIT, 4095)));
	assert_fails(stat("core", &st), ENOENT);
	assert_true(WCOREDUMP(die_of(SIGQUIT, 32768)));
	assert_int_equal(stat("core", &st), 0);
	assert_true(st.st_size > 0);
	unlink("core");
}

static void waitid_says_so(void **state)
{
	struct rlimit l = { 1 << 30, 1 << 30 };
	siginfo_t info;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &l);
		/* cmocka has a handler */
		signal(SIGSEGV, SIG_DFL);
		*(volatile int *)8 = 1;
	}
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED), 0);
	assert_int_equal(info.si_code, CLD_DUMPED);
	assert_int_equal(info.si_status, SIGSEGV);
	assert_int_equal(unlink("core"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_limit),
		cmocka_unit_test(with_one),
		cmocka_unit_test(waitid_says_so),
	};

	if (!has_usual_pattern())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
