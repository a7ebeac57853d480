/* Signals' names: POSIX.1-2024 sig2str(), str2sig().  libposix only: glibc has
 * neither. */
#include "test.h"

#include <signal.h>

static const struct {
	int signal;
	const char *name;
} known[] = { { 0, "EXIT" }, { SIGHUP, "HUP" }, { SIGKILL, "KILL" },
	{ SIGCHLD, "CHLD" }, { SIGWINCH, "WINCH" }, { SIGSYS, "SYS" },
	{ SIGVTALRM, "VTALRM" } };

static void names_are_those_of_kill(void **state)
{
	char name[SIG2STR_MAX];
	int n;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		assert_int_equal(sig2str(known[i].signal, name), 0);
		assert_string_equal(name, known[i].name);
	}
	assert_int_equal(sig2str(SIGRTMIN, name), 0);
	assert_string_equal(name, "RTMIN");
	assert_int_equal(sig2str(SIGRTMIN + 1, name), 0);
	assert_string_equal(name, "RTMIN+1");
	assert_int_equal(sig2str(SIGRTMAX - 1, name), 0);
	assert_string_equal(name, "RTMAX-1");
	assert_int_equal(sig2str(SIGRTMAX, name), 0);
	assert_string_equal(name, "RTMAX");
	assert_int_equal(sig2str(-1, name), -1);
	assert_int_equal(sig2str(SIGRTMAX + 1, name), -1);
	/* the C library's own */
	assert_int_equal(sig2str(33, name), -1);
	assert_int_equal(str2sig("IO", &n), 0);
	assert_int_equal(n, SIGIO);
}

static void what_goes_out_comes_back(void **state)
{
	char name[SIG2STR_MAX];
	int n, there = 0;

	for (int i = 0; i < NSIG; i++) {
		if (sig2str(i, name))
			continue;
		assert_true(strlen(name) < SIG2STR_MAX);
		assert_int_equal(str2sig(name, &n), 0);
		assert_int_equal(n, i);
		there++;
	}
	assert_int_equal(there, 32 + SIGRTMAX - SIGRTMIN + 1);
}

static void numbers_are_names(void **state)
{
	int n = -5;

	assert_int_equal(str2sig("15", &n), 0);
	assert_int_equal(n, 15);
	assert_int_equal(str2sig("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(str2sig("64", &n), 0);
	assert_int_equal(n, 64);
	assert_int_equal(str2sig("RTMIN+30", &n), -1);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const none[] = { "", "SIGINT", "int", "INT ", "65",
		"99999999999", "-1", "1x", "RTMIN+", "RTMIN-1", "RTMAX+1",
		"RTMAX-99", "RTMIN1", "RTM", "RTMXX+1" };
	int n = -5;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_equal(str2sig(none[i], &n), -1);
		assert_int_equal(n, -5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_kill),
		cmocka_unit_test(what_goes_out_comes_back),
		cmocka_unit_test(numbers_are_names),
		cmocka_unit_test(what_is_no_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
