/* mmap and relatives. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static char *map(size_t size, int protection)
{
	char *p = mmap(
		NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static void anonymous_memory_is_zero(void **state)
{
	char *p = map(10 * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 10 * PAGE; i++)
		assert_int_equal(p[i], 0);
	memset(p, 1, 10 * PAGE);
	assert_int_equal(munmap(p, 10 * PAGE), 0);
	assert_fails(munmap(p + 1, PAGE), EINVAL);
	assert_fails(munmap(p, 0), EINVAL);
}

static void parts_can_go(void **state)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 9, 4 * PAGE);
	assert_int_equal(munmap(p + PAGE, PAGE), 0);
	assert_int_equal(p[0], 9);
	assert_int_equal(p[2 * PAGE], 9);
	assert_ptr_equal(
		mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		p + PAGE);
	assert_int_equal(p[PAGE], 0);
	munmap(p, 4 * PAGE);
}

static void unmapped_memory_is_efault(void **state)
{
	char *p = map(2 * PAGE, PROT_READ | PROT_WRITE);
	int fds[2];

	pipe(fds);
	munmap(p + PAGE, PAGE);
	assert_fails(write(fds[1], p + PAGE, 10), EFAULT);
	mprotect(p, PAGE, PROT_NONE);
	assert_fails(write(fds[1], p, 10), EFAULT);
	munmap(p, PAGE);
	close(fds[0]);
	close(fds[1]);
}

static void protection_changes(void **state)
{
	char *p = map(3 * PAGE, PROT_NONE);

	assert_int_equal(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	p[PAGE] = 5;
	assert_int_equal(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(p[PAGE], 5);
	munmap(p, 3 * PAGE);
	assert_fails(mprotect(p, PAGE, PROT_READ), ENOMEM);
}

static void code_can_be_written_and_run(void **state)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *p = map(PAGE, PROT_READ | PROT_WRITE);

	memcpy(p, code, sizeof code);
	assert_int_equal(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(((int (*)(void))p)(), 42);
	munmap(p, PAGE);
}

static void remapping(void **state)
{
	char *p = map(2 * PAGE, PROT_READ | PROT_WRITE), *q;

	memset(p, 3, 2 * PAGE);
	q = mremap(p, 2 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_int_equal(q[2 * PAGE - 1], 3);
	assert_int_equal(q[2 * PAGE], 0);
	assert_ptr_equal(mremap(q, 100 * PAGE, PAGE, 0), q);
	munmap(q, PAGE);
}

static void advice(void **state)
{
	char *p = map(2 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 3, 2 * PAGE);
	assert_int_equal(madvise(p, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(p[0], 0);
	assert_int_equal(p[PAGE], 3);
	munmap(p, 2 * PAGE);
	assert_fails(madvise(p, PAGE, MADV_DONTNEED), ENOMEM);
}

static void private_files(void **state)
{
	int f = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char c, *p;

	write(f, "content", 7);
	p = mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	assert_memory_equal(p, "content", 7);
	assert_int_equal(p[7], 0);
	p[0] = 'X';
	pread(f, &c, 1, 0);
	assert_int_equal(c, 'c');
	munmap(p, 7);
	close(f);
	assert_ptr_equal(
		mmap(NULL, 7, PROT_READ, MAP_PRIVATE, f, 0), MAP_FAILED);
	assert_int_equal(errno, EBADF);
}

static void shared_files(void **state)
{
	int f = open("s", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char c, *p;

	write(f, "content", 7);
	p = mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	p[0] = 'X';
	assert_int_equal(msync(p, 7, MS_SYNC), 0);
	pread(f, &c, 1, 0);
	assert_int_equal(c, 'X');
	munmap(p, 7);
	close(f);
}

static void the_heap_grows_and_shrinks(void **state)
{
	char *p = malloc(64 << 20);

	assert_non_null(p);
	memset(p, 1, 64 << 20);
	p = realloc(p, 100);
	assert_int_equal(p[99], 1);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anonymous_memory_is_zero),
		cmocka_unit_test(parts_can_go),
		cmocka_unit_test(unmapped_memory_is_efault),
		cmocka_unit_test(protection_changes),
		cmocka_unit_test(code_can_be_written_and_run),
		cmocka_unit_test(remapping),
		cmocka_unit_test(advice),
		cmocka_unit_test(private_files),
		cmocka_unit_test(shared_files),
		cmocka_unit_test(the_heap_grows_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
