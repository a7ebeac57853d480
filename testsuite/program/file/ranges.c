/* Calls on parts of files: copy_file_range, fallocate, preadv2, and hints. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef FALLOC_FL_ZERO_RANGE /* not in musl 1.2.3 */
#define FALLOC_FL_ZERO_RANGE 16
#endif

static int make(const char *name, const char *text)
{
	int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_true(f >= 0);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	lseek(f, 0, SEEK_SET);
	return f;
}

static void check(int f, const char *text, size_t size)
{
	char bytes[256];

	assert_int_equal(pread(f, bytes, sizeof bytes, 0), size);
	assert_memory_equal(bytes, text, size);
}

static ssize_t copy(int in, off_t *in_at, int out, off_t *out_at, size_t size,
	unsigned flags)
{
	return syscall(
		SYS_copy_file_range, in, in_at, out, out_at, size, flags);
}

static void ranges_are_copied(void **state)
{
	off_t from = 2, to = 1;
	int a = make("a", "0123456789"), b = make("b", "abcdefgh"), p[2], f;

	assert_int_equal(copy(a, &from, b, &to, 3, 0), 3);
	assert_int_equal(from, 5);
	assert_int_equal(to, 4);
	check(b, "a234efgh", 8);
	assert_int_equal(lseek(a, 0, SEEK_CUR), 0);
	assert_int_equal(lseek(b, 0, SEEK_CUR), 0);
	/* from and to where the files are */
	assert_int_equal(copy(a, NULL, b, NULL, 100, 0), 10);
	check(b, "0123456789", 10);
	assert_int_equal(lseek(a, 0, SEEK_CUR), 10);
	assert_int_equal(lseek(b, 0, SEEK_CUR), 10);
	assert_int_equal(copy(a, NULL, b, NULL, 100, 0), 0);
	/* beyond the end there is a hole then */
	from = 8;
	to = 12;
	assert_int_equal(copy(a, &from, b, &to, 100, 0), 2);
	check(b, "0123456789\0\00089", 14);
	/* within one file, but for what overlaps */
	from = 0;
	to = 5;
	assert_int_equal(copy(a, &from, a, &to, 5, 0), 5);
	check(a, "0123401234", 10);
	from = 0;
	to = 3;
	assert_fails(copy(a, &from, a, &to, 5, 0), EINVAL);
	assert_int_equal(copy(a, &from, b, &to, 0, 0), 0);
	assert_fails(copy(a, &from, b, &to, 1, 1), EINVAL);
	from = -5;
	assert_fails(copy(a, &from, b, &to, 1, 0), EINVAL);
	assert_fails(copy(-1, NULL, b, NULL, 1, 0), EBADF);
	assert_fails(copy(a, NULL, -1, NULL, 1, 0), EBADF);
	f = open("a", O_WRONLY);
	assert_fails(copy(f, NULL, b, NULL, 1, 0), EBADF);
	close(f);
	f = open("b", O_RDONLY);
	assert_fails(copy(a, NULL, f, NULL, 1, 0), EBADF);
	close(f);
	f = open("b", O_WRONLY | O_APPEND);
	assert_fails(copy(a, NULL, f, NULL, 1, 0), EBADF);
	close(f);
	f = open(".", O_RDONLY);
	assert_fails(copy(f, NULL, b, NULL, 1, 0), EISDIR);
	close(f);
	assert_int_equal(pipe(p), 0);
	assert_fails(copy(p[0], NULL, b, NULL, 1, 0), EINVAL);
	assert_fails(copy(a, NULL, p[1], NULL, 1, 0), EINVAL);
	close(p[0]);
	close(p[1]);
	close(a);
	close(b);
	unlink("a");
	unlink("b");
}

static void much_is_copied(void **state)
{
	enum { SIZE = 300000 };
	char *bytes = malloc(SIZE), *back = malloc(SIZE);
	off_t from = 7, to = 0;
	ssize_t n, done = 0;
	int a = make("a", ""), b = make("b", "");

	for (int i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 31 + i / 256);
	assert_int_equal(write(a, bytes, SIZE), SIZE);
	while ((n = copy(a, &from, b, &to, SIZE, 0)) > 0)
		done += n;
	assert_int_equal(n, 0);
	assert_int_equal(done, SIZE - 7);
	assert_int_equal(pread(b, back, SIZE, 0), SIZE - 7);
	assert_memory_equal(back, bytes + 7, SIZE - 7);
	free(bytes);
	free(back);
	close(a);
	close(b);
	unlink("a");
	unlink("b");
}

static void space_is_allocated(void **state)
{
	struct stat st;
	int f = make("f", "0123456789"), r, p[2];

	assert_int_equal(fallocate(f, 0, 5, 10), 0);
	check(f, "0123456789\0\0\0\0", 15);
	assert_int_equal(fallocate(f, 0, 0, 3), 0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 15);
	/* a hole: zeros, and the size stays */
	assert_int_equal(
		fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 3),
		0);
	check(f, "01\0\0\00056789\0\0\0\0", 15);
	assert_int_equal(
		fallocate(
			f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8, 100),
		0);
	check(f, "01\0\0\000567\0\0\0\0\0\0", 15);
	assert_int_equal(
		fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100,
			100),
		0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 15);
	/* offset and what is read next are nobody's business */
	assert_int_equal(lseek(f, 0, SEEK_CUR), 0);
	assert_fails(fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 1), EOPNOTSUPP);
	assert_fails(fallocate(f, 0, -1, 1), EINVAL);
	assert_fails(fallocate(f, 0, 0, 0), EINVAL);
	assert_fails(fallocate(f, 0, INT64_MAX - 1, 10), EFBIG);
	assert_fails(fallocate(-1, 0, 0, 1), EBADF);
	r = open("f", O_RDONLY);
	assert_fails(fallocate(r, 0, 0, 1), EBADF);
	close(r);
	assert_int_equal(pipe(p), 0);
	assert_fails(fallocate(p[1], 0, 0, 1), ESPIPE);
	close(p[0]);
	close(p[1]);
	assert_int_equal(posix_fallocate(f, 10, 10), 0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 20);
	close(f);
	unlink("f");
}

/* Not every Linux file system knows it. */
static void ranges_become_zero(void **state)
{
	int f = make("f", "0123456789");
	int r = fallocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 6, 20);

	if (r && errno == EOPNOTSUPP) {
		close(f);
		skip();
	}
	assert_int_equal(r, 0);
	check(f, "012345\0\0\0", 10);
	assert_int_equal(fallocate(f, FALLOC_FL_ZERO_RANGE, 1, 14), 0);
	check(f, "0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	close(f);
	unlink("f");
}

static ssize_t readv2(int f, char *to, size_t size, off_t at, int flags)
{
	struct iovec v[2] = { { to, 2 }, { to + 2, size - 2 } };

	return syscall(SYS_preadv2, f, v, 2, at, 0, flags);
}

static ssize_t writev2(int f, const char *from, off_t at, int flags)
{
	struct iovec v[2] = { { (void *)from, 1 },
		{ (void *)(from + 1), strlen(from) - 1 } };

	return syscall(SYS_pwritev2, f, v, 2, at, 0, flags);
}

enum { SYNC = 4, DATA_SYNC = 2, APPEND = 16 };

static void vectors_with_flags(void **state)
{
	char bytes[16];
	int f = make("f", "0123456789"), p[2];

	assert_int_equal(readv2(f, bytes, 4, 3, 0), 4);
	assert_memory_equal(bytes, "3456", 4);
	assert_int_equal(readv2(f, bytes, 4, -1, 0), 4);
	assert_memory_equal(bytes, "0123", 4);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 4);
	assert_int_equal(writev2(f, "ab", 2, SYNC), 2);
	assert_int_equal(writev2(f, "cd", -1, DATA_SYNC), 2);
	check(f, "01abcd6789", 10);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 6);
	/* to the end, wherever that offset is */
	assert_int_equal(writev2(f, "xyz", 0, APPEND), 3);
	check(f, "01abcd6789xyz", 13);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 6);
	assert_fails(readv2(f, bytes, 4, -2, 0), EINVAL);
	assert_fails(readv2(f, bytes, 4, 0, 1 << 20), EOPNOTSUPP);
	assert_fails(writev2(f, "abc", 0, 1 << 20), EOPNOTSUPP);
	assert_fails(readv2(-1, bytes, 4, 0, 0), EBADF);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(writev2(p[1], "pipe", -1, 0), 4);
	assert_int_equal(readv2(p[0], bytes, 16, -1, 0), 4);
	assert_fails(readv2(p[0], bytes, 4, 0, 0), ESPIPE);
	close(p[0]);
	close(p[1]);
	close(f);
	unlink("f");
}

static void hints(void **state)
{
	int f = make("f", "0123456789"), p[2];

	assert_int_equal(readahead(f, 0, 100), 0);
	assert_fails(readahead(-1, 0, 100), EBADF);
	assert_int_equal(sync_file_range(f, 0, 0, SYNC_FILE_RANGE_WRITE), 0);
	assert_int_equal(sync_file_range(f, 0, 5, 0), 0);
	assert_fails(sync_file_range(f, -1, 0, 0), EINVAL);
	assert_fails(sync_file_range(f, 0, 0, 64), EINVAL);
	assert_fails(sync_file_range(-1, 0, 0, 0), EBADF);
	assert_int_equal(pipe(p), 0);
	assert_fails(sync_file_range(p[0], 0, 0, 0), ESPIPE);
	assert_fails(readahead(p[0], 0, 1), EINVAL);
	close(p[0]);
	close(p[1]);
	assert_int_equal(syncfs(f), 0);
	assert_fails(syncfs(-1), EBADF);
	close(f);
	unlink("f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_copied),
		cmocka_unit_test(much_is_copied),
		cmocka_unit_test(space_is_allocated),
		cmocka_unit_test(ranges_become_zero),
		cmocka_unit_test(vectors_with_flags),
		cmocka_unit_test(hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
