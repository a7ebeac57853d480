/* tee(2) and vmsplice(2). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int in[2], out[2];

static int set_up(void **state)
{
	(void)state;
	return pipe(in) || pipe(out);
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
	return 0;
}

static int waiting(int fd)
{
	int n = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

static void what_is_told_twice_stays(void **state)
{
	char text[16] = "";

	assert_int_equal(write(in[1], "hello", 5), 5);
	assert_int_equal(tee(in[0], out[1], 100, 0), 5);
	assert_int_equal(tee(in[0], out[1], 2, 0), 2);
	assert_int_equal(waiting(in[0]), 5);
	assert_int_equal(read(out[0], text, sizeof text), 7);
	assert_string_equal(text, "hellohe");
	memset(text, 0, sizeof text);
	assert_int_equal(read(in[0], text, sizeof text), 5);
	assert_string_equal(text, "hello");
}

static void nothing_to_tell(void **state)
{
	int file = open("file", O_CREAT | O_RDWR, 0600);

	assert_fails(tee(in[0], out[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	assert_int_equal(tee(in[0], out[1], 0, 0), 0);
	assert_fails(tee(in[0], in[1], 1, 0), EINVAL);
	assert_fails(tee(file, out[1], 1, 0), EINVAL);
	assert_fails(tee(in[0], file, 1, 0), EINVAL);
	assert_fails(tee(in[1], out[1], 1, 0), EBADF);
	assert_fails(tee(in[0], out[1], 1, 1 << 20), EINVAL);
	close(in[1]);
	assert_int_equal(tee(in[0], out[1], 1, 0), 0);
	close(file);
	unlink("file");
}

static void waits(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		alarm(30);
		usleep(100000);
		_exit(write(in[1], "late", 4) != 4);
	}
	assert_int_equal(tee(in[0], out[1], 100, 0), 4);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(waiting(out[0]), 4);
}

static void from_memory(void **state)
{
	struct iovec v[2] = { { "one", 3 }, { "two", 3 } };
	char text[8] = "", text2[8] = "";
	int file = open("file", O_CREAT | O_RDWR, 0600);

	assert_int_equal(vmsplice(in[1], v, 2, 0), 6);
	v[0] = (struct iovec){ text, 4 };
	v[1] = (struct iovec){ text2, 4 };
	assert_int_equal(vmsplice(in[0], v, 2, 0), 6);
	assert_string_equal(text, "onet");
	assert_string_equal(text2, "wo");
	assert_fails(vmsplice(file, v, 1, 0), EBADF);
	close(file);
	unlink("file");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_is_told_twice_stays),
		CASE(nothing_to_tell),
		CASE(waits),
		CASE(from_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
