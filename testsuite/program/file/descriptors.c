/* Descriptors: POSIX.1-2024 dup(), fcntl(), close(). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static void dup_gives_the_lowest_free(void **state)
{
	int a = open("/dev/null", O_RDONLY), b = dup(a), c = dup(a);

	assert_int_equal(b, a + 1);
	assert_int_equal(close(b), 0);
	assert_int_equal(dup(a), b);
	close(a);
	close(b);
	close(c);
}

static void dup2_replaces_and_keeps_itself(void **state)
{
	int a = open("/dev/null", O_RDONLY);

	assert_int_equal(dup2(a, 20), 20);
	assert_int_equal(dup2(20, 20), 20);
	assert_fails(dup2(99, 98), EBADF);
	assert_fails(dup2(a, -1), EBADF);
	assert_fails(dup3(a, a, 0), EINVAL);
	close(a);
	close(20);
}

static void closing_twice_is_ebadf(void **state)
{
	int a = open("/dev/null", O_RDONLY);

	assert_int_equal(close(a), 0);
	assert_fails(close(a), EBADF);
	assert_fails(close(-1), EBADF);
	assert_fails(read(a, state, 0), EBADF);
}

static void close_on_exec_is_the_descriptors_own(void **state)
{
	int a = open("/dev/null", O_RDONLY | O_CLOEXEC), b = dup(a);

	assert_int_equal(fcntl(a, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(b, F_GETFD), 0);
	assert_int_equal(fcntl(b, F_DUPFD_CLOEXEC, 30), 30);
	assert_int_equal(fcntl(30, F_GETFD), FD_CLOEXEC);
	close(a);
	close(b);
	close(30);
}

static void status_flags_are_the_files(void **state)
{
	int a = open("f", O_RDWR | O_CREAT, 0644), b = dup(a);

	assert_int_equal(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	assert_int_equal(
		fcntl(b, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE),
		O_APPEND | O_NONBLOCK | O_RDWR);
	close(a);
	close(b);
}

static void reading_what_only_writes_is_ebadf(void **state)
{
	int w = open("f", O_WRONLY | O_CREAT, 0644), r = open("f", O_RDONLY);
	char c = 0;

	assert_fails(read(w, &c, 1), EBADF);
	assert_fails(write(r, &c, 1), EBADF);
	close(w);
	close(r);
}

static void the_limit_is_emfile(void **state)
{
	struct rlimit old, new;

	getrlimit(RLIMIT_NOFILE, &old);
	new = old;
	new.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &new), 0);
	int n = 0, fds[16], fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		fds[n++] = fd;
	assert_int_equal(errno, EMFILE);
	while (n)
		close(fds[--n]);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void thousands_are_possible(void **state)
{
	int high;
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	for (int i = 0; i < 3000; i++)
		assert_true((high = open("/dev/null", O_RDONLY)) > 0);
	for (int i = high; i > high - 3000; i--)
		assert_int_equal(close(i), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dup_gives_the_lowest_free),
		cmocka_unit_test(dup2_replaces_and_keeps_itself),
		cmocka_unit_test(closing_twice_is_ebadf),
		cmocka_unit_test(close_on_exec_is_the_descriptors_own),
		cmocka_unit_test(status_flags_are_the_files),
		cmocka_unit_test(reading_what_only_writes_is_ebadf),
		cmocka_unit_test(the_limit_is_emfile),
		cmocka_unit_test(thousands_are_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
