/* splice(2): bytes that go into a pipe or come from one. */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void close_both(int p[2])
{
	close(p[0]);
	close(p[1]);
}

static int waiting_in(int pipe)
{
	int n = -1;

	assert_int_equal(ioctl(pipe, FIONREAD, &n), 0);
	return n;
}

/* what grep does with the rest of its input when nobody reads its output */
static void pipe_to_null(void **state)
{
	int p[2], null = open("/dev/null", O_WRONLY);

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "hello", 5), 5);
	assert_int_equal(
		splice(p[0], NULL, null, NULL, 1 << 20, SPLICE_F_MOVE), 5);
	assert_int_equal(waiting_in(p[0]), 0);
	assert_fails(
		splice(p[0], NULL, null, NULL, 10, SPLICE_F_NONBLOCK), EAGAIN);
	close(p[1]);
	assert_int_equal(splice(p[0], NULL, null, NULL, 10, 0), 0);
	close(p[0]);
	close(null);
}

static void pipe_to_file(void **state)
{
	int p[2], f = make("splice.1", "0123456789");
	off_t at = 6;
	char bytes[16];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "abcdef", 6), 6);
	assert_int_equal(splice(p[0], NULL, f, NULL, 2, 0), 2);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 2);
	assert_int_equal(splice(p[0], NULL, f, &at, 3, 0), 3);
	assert_int_equal(at, 9);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 2);
	assert_int_equal(waiting_in(p[0]), 1);
	assert_int_equal(pread(f, bytes, sizeof bytes, 0), 10);
	assert_memory_equal(bytes, "ab2345cde9", 10);
	close(f);
	f = open("splice.1", O_WRONLY | O_APPEND);
	assert_fails(splice(p[0], NULL, f, NULL, 1, 0), EINVAL);
	assert_int_equal(waiting_in(p[0]), 1);
	close(f);
	close_both(p);
	unlink("splice.1");
}

static void file_to_pipe(void **state)
{
	int p[2], f = make("splice.2", "0123456789");
	off_t at = 7;
	char bytes[16];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(splice(f, NULL, p[1], NULL, 4, 0), 4);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 4);
	assert_int_equal(splice(f, &at, p[1], NULL, 100, 0), 3);
	assert_int_equal(at, 10);
	assert_int_equal(splice(f, &at, p[1], NULL, 100, 0), 0);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 4);
	assert_int_equal(read(p[0], bytes, sizeof bytes), 7);
	assert_memory_equal(bytes, "0123789", 7);
	close(f);
	close_both(p);
	unlink("splice.2");
}

/* A file larger than a pipe: splice() puts in what there is room for, so that
 * one thread can go on with the other end. */
static void a_file_through_a_pipe(void **state)
{
	static char block[300000], back[sizeof block];
	int p[2], in, out;
	size_t moved = 0;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 7 ^ i >> 8);
	in = make("splice.3", "");
	out = make("splice.4", "");
	assert_int_equal(write(in, block, sizeof block), sizeof block);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	assert_int_equal(pipe(p), 0);
	alarm(30);
	for (;;) {
		ssize_t n = splice(in, NULL, p[1], NULL, 1 << 20, 0);

		assert_true(n >= 0);
		if (!n)
			break;
		while (n > 0) {
			ssize_t m = splice(p[0], NULL, out, NULL, (size_t)n, 0);

			assert_true(m > 0);
			n -= m;
			moved += (size_t)m;
		}
	}
	alarm(0);
	assert_int_equal(moved, sizeof block);
	assert_int_equal(pread(out, back, sizeof back, 0), sizeof back);
	assert_memory_equal(back, block, sizeof back);
	close(in);
	close(out);
	close_both(p);
	unlink("splice.3");
	unlink("splice.4");
}

static void pipe_to_pipe(void **state)
{
	static char block[65536];
	int a[2], b[2];
	char bytes[16];

	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(write(a[1], "0123456789", 10), 10);
	assert_int_equal(splice(a[0], NULL, b[1], NULL, 4, 0), 4);
	assert_int_equal(read(b[0], bytes, sizeof bytes), 4);
	assert_memory_equal(bytes, "0123", 4);
	/* a full pipe takes nothing, and what did not go is still there */
	assert_int_equal(write(b[1], block, sizeof block), sizeof block);
	assert_fails(
		splice(a[0], NULL, b[1], NULL, 4, SPLICE_F_NONBLOCK), EAGAIN);
	assert_int_equal(waiting_in(a[0]), 6);
	/* nobody reads: SIGPIPE */
	close(b[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_fails(splice(a[0], NULL, b[1], NULL, 4, 0), EPIPE);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(read(a[0], bytes, sizeof bytes), 6);
	assert_memory_equal(bytes, "456789", 6);
	close_both(a);
	close(b[1]);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void a_signal_interrupts(void **state)
{
	struct sigaction a = { .sa_handler = on_alarm };
	int p[2], null = open("/dev/null", O_WRONLY);

	assert_int_equal(pipe(p), 0);
	sigaction(SIGALRM, &a, NULL);
	ualarm(50000, 0);
	assert_fails(splice(p[0], NULL, null, NULL, 10, 0), EINTR);
	signal(SIGALRM, SIG_DFL);
	close_both(p);
	close(null);
}

static void waits_for_a_writer(void **state)
{
	int p[2], null = open("/dev/null", O_WRONLY);
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (!pid) {
		usleep(50000);
		_exit(write(p[1], "late", 4) != 4);
	}
	assert_int_equal(splice(p[0], NULL, null, NULL, 10, 0), 4);
	waitpid(pid, NULL, 0);
	close_both(p);
	close(null);
}

static void errors(void **state)
{
	int p[2], f = make("splice.5", "0123456789");
	off_t at = 0, *readable;

	assert_int_equal(pipe(p), 0);
	assert_int_equal(splice(-1, NULL, -1, NULL, 0, 0), 0);
	assert_fails(splice(f, NULL, p[1], NULL, 1, 1u << 20), EINVAL);
	assert_fails(splice(-1, NULL, p[1], NULL, 1, 0), EBADF);
	assert_fails(splice(f, NULL, -1, NULL, 1, 0), EBADF);
	assert_fails(splice(p[1], NULL, f, NULL, 1, 0), EBADF);
	assert_fails(splice(f, NULL, p[0], NULL, 1, 0), EBADF);
	assert_fails(splice(f, NULL, f, NULL, 1, 0), EINVAL);
	assert_fails(splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
	assert_fails(splice(p[0], &at, f, NULL, 1, 0), ESPIPE);
	assert_fails(splice(f, NULL, p[1], &at, 1, 0), ESPIPE);
	assert_fails(splice(f, (off_t *)8, p[1], NULL, 1, 0), EFAULT);
	assert_fails(splice(f, (off_t *)8, f, NULL, 1, 0), EFAULT);
	readable =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_fails(splice(f, readable, p[1], NULL, 1, 0), EFAULT);
	assert_fails(splice(p[0], NULL, f, readable, 1, 0), EFAULT);
	at = -1;
	assert_fails(splice(f, &at, p[1], NULL, 1, 0), EINVAL);
	close(f);
	close_both(p);
	unlink("splice.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipe_to_null),
		cmocka_unit_test(pipe_to_file),
		cmocka_unit_test(file_to_pipe),
		cmocka_unit_test(a_file_through_a_pipe),
		cmocka_unit_test(pipe_to_pipe),
		cmocka_unit_test(a_signal_interrupts),
		cmocka_unit_test(waits_for_a_writer),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
