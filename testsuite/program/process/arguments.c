/* argv and the environment on their way through exec: every byte, every
 * length, and what is too much.  man 2 execve, "Limits on size of arguments
 * and environment". */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define STRING_MAX 131072 /* MAX_ARG_STRLEN, the final 0 included */

extern char **environ;
static char *self;

static uint64_t hash_list(uint64_t hash, char *const *list)
{
	for (; *list; list++) {
		for (const char *s = *list; *s; s++)
			hash = (hash ^ (unsigned char)*s) * 0x100000001b3ul;
		hash = (hash ^ 256) * 0x100000001b3ul;
	}
	return (hash ^ 257) * 0x100000001b3ul;
}

/* The executed program: are argv[3...] and environ what argv[2] says? */
static int check(char **argv)
{
	char text[20];

	snprintf(text, sizeof text, "%lx",
		hash_list(hash_list(0xcbf29ce484222325ul, argv + 3), environ));
	return strcmp(text, argv[2]) ? 1 : 42;
}

enum way { FORK, VFORK, SPAWN, SCRIPT };

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Runs the checker; its status, or -E2BIG of exec. */
static int pass_by(enum way way, char **list, char **envp)
{
	const char *program = way == SCRIPT ? "./script" : self;
	int first = way == SCRIPT ? 2 : 3, status = 0;
	char text[20], **argv;
	size_t n = 0;
	pid_t pid;

	while (list[n])
		n++;
	argv = calloc(n + 4, sizeof *argv);
	snprintf(text, sizeof text, "%lx",
		hash_list(hash_list(0xcbf29ce484222325ul, list), envp));
	argv[0] = way == SCRIPT ? "lost" : self;
	argv[1] = "check";
	argv[first - 1] = text;
	memcpy(argv + first, list, n * sizeof *list);
	if (way == SPAWN) {
		status = -posix_spawn(&pid, self, NULL, NULL, argv, envp);
	} else {
		pid = way == VFORK ? vfork() : fork();
		if (!pid) {
			execve(program, argv, envp);
			_exit(errno == E2BIG ? 100 : 101);
		}
	}
	free(argv);
	if (!status)
		status = status_of(pid);
	return status == 100 ? -E2BIG : status;
}

static void assert_passes(char **argv, char **envp)
{
	for (enum way way = FORK; way <= SPAWN; way++)
		assert_int_equal(pass_by(way, argv, envp), 42);
}

static void assert_too_big(char **argv, char **envp)
{
	for (enum way way = FORK; way <= SPAWN; way++)
		assert_int_equal(pass_by(way, argv, envp), -E2BIG);
}

static char *filled(size_t n, int byte)
{
	char *s = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = byte ? (char)byte : (char)(1 + i % 255);
	s[n] = 0;
	return s;
}

static void exec_emptyLists_pass(void **state)
{
	char *none[] = { NULL };

	assert_passes(none, none);
}

static void exec_emptyStrings_pass(void **state)
{
	char *argv[] = { "", "", "a", "", NULL };
	char *envp[] = { "", "A=", "=", "", NULL };

	assert_passes(argv, envp);
}

static void exec_oddEnvironment_passesUnchanged(void **state)
{
	char *argv[] = { NULL };
	char *envp[] = { "noequals", "A=1", "A=2", "=x", "PATH=C:\\x;D:\\y",
		"HOME=C:\\me", "Z=1", "B=2", "a b=c\nd", "TMP=relative", NULL };

	assert_passes(argv, envp);
}

static void exec_quotesAndSpaces_passUnchanged(void **state)
{
	char *argv[] = { " ", "\t", "\n", "\"", "\\", "\\\"", "a\\\\\"b",
		"a b\\", "'", "*", "?", "$x", "%PATH%", "C:\\x", "/c", "\r",
		NULL };

	assert_passes(argv, argv);
}

static void exec_everyByte_passes(void **state)
{
	char *argv[256] = { NULL }, one[255][2];
	char *all[] = { filled(255, 0), "\200\377\300\257", "\355\240\200",
		"\xf0\x9f\x98\x80", NULL };

	for (int i = 0; i < 255; i++) {
		one[i][0] = (char)(i + 1);
		one[i][1] = 0;
		argv[i] = one[i];
	}
	assert_passes(argv, all);
	assert_passes(all, argv);
}

static void exec_longestString_passes(void **state)
{
	char *longest[] = { filled(STRING_MAX - 1, 0), NULL };
	char *none[] = { NULL };

	assert_passes(longest, none);
	assert_passes(none, longest);
}

static void exec_longerString_failsE2BIG(void **state)
{
	char *longer[] = { filled(STRING_MAX, 'x'), NULL };
	char *none[] = { NULL };

	assert_too_big(longer, none);
	assert_too_big(none, longer);
}

static void exec_nearly2MiB_passes(void **state)
{
	char *argv[20] = { NULL };
	char *none[] = { NULL };

	for (int i = 0; i < 19; i++)
		argv[i] = filled(100000 + i, i + 1);
	assert_passes(argv, none);
	assert_passes(none, argv);
	assert_passes((char *[]){ argv[0], argv[1], NULL }, argv + 2);
}

static void exec_manyStrings_pass(void **state)
{
	char **argv = calloc(100001, sizeof *argv);
	char *none[] = { NULL };

	for (int i = 0; i < 100000; i++) {
		argv[i] = malloc(7);
		snprintf(argv[i], 7, "%x", i);
	}
	assert_passes(argv, none);
	assert_passes(none, argv);
}

static void exec_moreThan2MiB_failsE2BIG(void **state)
{
	char *argv[26] = { NULL };
	char *none[] = { NULL };

	for (int i = 0; i < 25; i++)
		argv[i] = filled(100000, i + 1);
	assert_too_big(argv, none);
	assert_too_big(none, argv);
	/* and the caller can still do it with less */
	argv[10] = NULL;
	assert_passes(argv, none);
}

static void exec_badPointer_failsEFAULT(void **state)
{
	char *page =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *argv[] = { self, page, NULL };
	char *none[] = { NULL };

	assert_fails(execve(self, argv, none), EFAULT);
	assert_fails(execve(self, none, argv), EFAULT);
	assert_fails(execve(self, (char **)page, none), EFAULT);
	assert_fails(execve(page, none, none), EFAULT);
}

static void exec_script_passesArguments(void **state)
{
	char *argv[] = { "", "a b", "\"", filled(50000, 0), "", NULL };
	char *envp[] = { "A= b ", "B=\377", NULL };
	FILE *f = fopen("script", "w");

	fprintf(f, "#! %s \t script\n", self);
	fclose(f);
	assert_int_equal(chmod("script", 0755), 0);
	assert_int_equal(pass_by(SCRIPT, argv, envp), 42);
}

static int program(int argc, char **argv)
{
	static const struct rlimit stack = { 8 << 20, 8 << 20 };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_emptyLists_pass),
		cmocka_unit_test(exec_emptyStrings_pass),
		cmocka_unit_test(exec_oddEnvironment_passesUnchanged),
		cmocka_unit_test(exec_quotesAndSpaces_passUnchanged),
		cmocka_unit_test(exec_everyByte_passes),
		cmocka_unit_test(exec_longestString_passes),
		cmocka_unit_test(exec_longerString_failsE2BIG),
		cmocka_unit_test(exec_nearly2MiB_passes),
		cmocka_unit_test(exec_manyStrings_pass),
		cmocka_unit_test(exec_moreThan2MiB_failsE2BIG),
		cmocka_unit_test(exec_badPointer_failsEFAULT),
		cmocka_unit_test(exec_script_passesArguments),
	};

	self = argv[0];
	/* the limit on both is a quarter of the stack's */
	setrlimit(RLIMIT_STACK, &stack);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "check"))
		return check(argv);
	/* "#! self script": argv is self, "script", "./script", hash, ... */
	if (argc > 3 && !strcmp(argv[1], "script"))
		return check(argv + 1);
	alarm(50);
	return program(argc, argv);
}
