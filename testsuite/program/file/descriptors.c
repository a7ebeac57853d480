/* Descriptors: POSIX.1-2024 dup(), fcntl(), close(). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static void raise_limit(rlim_t to)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = to;
	if (r.rlim_max < to)
		r.rlim_max = to;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

/* All 65,536, and what happens at the end; they go through fork and exec. */
static void as_many_as_there_can_be(void **state)
{
	int first, n = 0, fd, status;
	pid_t child;
	char c;

#ifdef __libposix__
	enum { all = 65536 };
#else
	/* or what the system lets us have */
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	const int all = r.rlim_max < 65536 ? r.rlim_max : 65536;
#endif
	raise_limit(all);
	first = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_int_equal(write(first, "abc", 3), 3);
	while ((fd = dup(first)) >= 0) {
		assert_int_equal(fd, first + ++n);
	}
	assert_int_equal(errno, EMFILE);
	assert_int_equal(first + n, all - 1);
	assert_fails(open("f", O_RDONLY), EMFILE);
	assert_fails(fcntl(first, F_DUPFD, all - 1), EMFILE);
	assert_fails(fcntl(first, F_DUPFD, all), EINVAL);
	assert_fails(fcntl(first, F_DUPFD, -1), EINVAL);
	assert_fails(dup2(first, all), EBADF);
	assert_int_equal(dup2(first, all - 1), all - 1);
	int fds[2];

	assert_fails(pipe(fds), EMFILE);
	close(all / 2);
	assert_int_equal(dup(first), all / 2);
	child = fork();
	if (!child) {
		c = pread(all - 1, &c, 1, 1) == 1 && c == 'b' &&
		    lseek(all / 4, 2, SEEK_SET) == 2;
		_exit(!c);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* one position for all of them, the child's too */
	assert_int_equal(lseek(first, 0, SEEK_CUR), 2);
	for (fd = first; fd < all; fd++)
		assert_int_equal(close(fd), 0);
	assert_int_equal(open("f", O_RDONLY), first);
	close(first);
}

static void a_number_beyond_a_lower_limit_stays(void **state)
{
	int a = open("/dev/null", O_RDONLY);

	raise_limit(1000);
	assert_int_equal(dup2(a, 900), 900);
	raise_limit(100);
	assert_int_equal(fcntl(900, F_GETFD), 0);
	assert_fails(dup2(a, 100), EBADF);
	assert_int_equal(close(900), 0);
	raise_limit(1000);
	close(a);
}

static void ranges_are_closed(void **state)
{
	int a = open("/dev/null", O_RDONLY);

	for (int fd = 50; fd < 60; fd++)
		dup2(a, fd);
	assert_int_equal(syscall(SYS_close_range, 52, 55, 0), 0);
	assert_int_equal(fcntl(51, F_GETFD), 0);
	assert_fails(fcntl(52, F_GETFD), EBADF);
	assert_fails(fcntl(55, F_GETFD), EBADF);
	assert_int_equal(syscall(SYS_close_range, 57, 58, 4), 0);
	assert_int_equal(fcntl(57, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(59, F_GETFD), 0);
	assert_fails(syscall(SYS_close_range, 9, 8, 0), EINVAL);
	assert_int_equal(syscall(SYS_close_range, 50, ~0u, 0), 0);
	assert_fails(fcntl(59, F_GETFD), EBADF);
	close(a);
}

static void flags_that_can_be_set(void **state)
{
	int f = open("f", O_RDWR | O_CREAT, 0644), fds[2], on = 1;
	char c;

	/* the access mode cannot */
	assert_int_equal(fcntl(f, F_SETFL, O_RDONLY | O_APPEND), 0);
	assert_int_equal(
		fcntl(f, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	assert_int_equal(fcntl(f, F_SETFL, O_CREAT | O_TRUNC), 0);
	assert_int_equal(fcntl(f, F_GETFL) & (O_APPEND | O_CREAT | O_TRUNC), 0);
	assert_fails(fcntl(f, 9999), EINVAL);
	assert_fails(fcntl(-1, F_GETFL), EBADF);
	assert_fails(fcntl(-1, F_DUPFD, 0), EBADF);
	assert_int_equal(ioctl(f, FIOCLEX), 0);
	assert_int_equal(fcntl(f, F_GETFD), FD_CLOEXEC);
	assert_int_equal(ioctl(f, FIONCLEX), 0);
	assert_int_equal(fcntl(f, F_GETFD), 0);
	assert_fails(ioctl(f, TIOCGWINSZ, &c), ENOTTY);
	close(f);
	pipe(fds);
	assert_int_equal(ioctl(fds[0], FIONBIO, &on), 0);
	assert_fails(read(fds[0], &c, 1), EAGAIN);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	/* each end has flags of its own */
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
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
		cmocka_unit_test(as_many_as_there_can_be),
		cmocka_unit_test(a_number_beyond_a_lower_limit_stays),
		cmocka_unit_test(ranges_are_closed),
		cmocka_unit_test(flags_that_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
