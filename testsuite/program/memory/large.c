/* Large processes over fork: contents, holes, protections, and what the child
 * does to them afterwards.  timeout: 120 */
#include "test.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB  (1ul << 20)
#define SIZE (100 * MIB)
#define PAGE 4096ul

static unsigned char *memory;

static unsigned char value(size_t page)
{
	return (unsigned char)(page * 7 + page / 256 + 1);
}

static void fill(void)
{
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	/* every third page stays untouched */
	for (size_t i = 0; i < SIZE / PAGE; i++)
		if (i % 3)
			memory[i * PAGE + i % PAGE] = value(i);
}

static int wrong(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (memory[i * PAGE + i % PAGE] != (i % 3 ? value(i) : 0))
			return 1;
	return 0;
}

static int ended(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void every_child_has_a_copy(void **state)
{
	fill();
	for (int round = 0; round < 3; round++) {
		pid_t pid = fork();

		if (!pid) {
			if (wrong(0, SIZE / PAGE))
				_exit(1);
			memset(memory, 0xee, SIZE / 2);
			_exit(memory[SIZE / 2 - 1] == 0xee ? 0 : 2);
		}
		assert_int_equal(ended(pid), 0);
		assert_int_equal(wrong(0, SIZE / PAGE), 0);
	}
	munmap(memory, SIZE);
}

static void what_became_zero_is_zero(void **state)
{
	fill();
	for (int round = 0; round < 2; round++) {
		pid_t pid = fork();

		if (!pid) {
			size_t i;

			for (i = 0; i < SIZE / PAGE; i++)
				if (memory[i * PAGE + i % PAGE] !=
					(round || i % 3 == 0 ? 0 : value(i)))
					_exit(1);
			_exit(0);
		}
		assert_int_equal(ended(pid), 0);
		assert_int_equal(madvise(memory, SIZE, MADV_DONTNEED), 0);
	}
	munmap(memory, SIZE);
}

static sigjmp_buf back;

static void out(int signal)
{
	siglongjmp(back, 1);
}

static int faults(volatile unsigned char *at, int write)
{
	struct sigaction a = { .sa_handler = out }, old;
	int r = 0;

	sigaction(SIGSEGV, &a, &old);
	if (sigsetjmp(back, 1))
		r = 1;
	else if (write)
		*at = 1;
	else
		*at;
	sigaction(SIGSEGV, &old, NULL);
	return r;
}

static int child_changes(void)
{
	unsigned char *hole = memory + 10 * MIB, *again;

	/* what the parent had set up */
	if (!faults(memory + 2 * MIB, 1) || faults(memory + 2 * MIB, 0) ||
		!faults(memory + 3 * MIB, 0) || !faults(memory + 4 * MIB, 0))
		return 1;
	/* give back, fault, get anew: zeros */
	if (munmap(hole, 5 * MIB) || !faults(hole, 0))
		return 2;
	again = mmap(hole, 5 * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (again != hole)
		return 3;
	for (size_t i = 0; i < 5 * MIB; i += 512)
		if (again[i])
			return 4;
	memset(again, 1, 5 * MIB);
	/* protections and back */
	if (mprotect(memory + 20 * MIB, MIB, PROT_NONE) ||
		!faults(memory + 20 * MIB, 0) ||
		mprotect(memory + 20 * MIB, MIB, PROT_READ) ||
		!faults(memory + 20 * MIB, 1) ||
		mprotect(memory + 20 * MIB, MIB, PROT_READ | PROT_WRITE) ||
		wrong(20 * MIB / PAGE, 21 * MIB / PAGE))
		return 5;
	if (madvise(memory + 30 * MIB, MIB, MADV_DONTNEED) ||
		memory[30 * MIB + 4097])
		return 6;
	again = mremap(memory + 40 * MIB, MIB, 2 * MIB, MREMAP_MAYMOVE);
	if (again == MAP_FAILED)
		return 7;
	for (size_t i = 40 * MIB / PAGE; i < 41 * MIB / PAGE; i++)
		if (again[i * PAGE - 40 * MIB + i % PAGE] !=
			(i % 3 ? value(i) : 0))
			return 8;
	return wrong(60 * MIB / PAGE, 100 * MIB / PAGE) ? 9 : 0;
}

static void a_child_can_do_all_with_it(void **state)
{
	fill();
	mprotect(memory + 2 * MIB, PAGE, PROT_READ);
	mprotect(memory + 3 * MIB, PAGE, PROT_NONE);
	munmap(memory + 4 * MIB, PAGE);
	for (int round = 0; round < 2; round++) {
		pid_t pid = fork();

		if (!pid) {
			int r = child_changes();
			pid_t grandchild;

			if (r)
				_exit(r);
			/* and hands it on */
			grandchild = fork();
			if (!grandchild)
				_exit(memory[10 * MIB] != 1 ||
							memory[15 * MIB - 1] !=
								1 ||
							wrong(60 * MIB / PAGE,
								100 * MIB /
									PAGE)
						? 10
						: 0);
			_exit(ended(grandchild) >> 8);
		}
		assert_int_equal(ended(pid), 0);
		assert_int_equal(wrong(10 * MIB / PAGE, 100 * MIB / PAGE), 0);
	}
	munmap(memory, SIZE);
}

static void several_at_once(void **state)
{
	pid_t pids[4];

	fill();
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			memset(memory + (size_t)i * 20 * MIB, i, 20 * MIB);
			for (size_t k = 0; k < 20 * MIB; k += 999)
				if (memory[(size_t)i * 20 * MIB + k] != i)
					_exit(1);
			_exit(wrong(80 * MIB / PAGE, 100 * MIB / PAGE));
		}
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(ended(pids[i]), 0);
	assert_int_equal(wrong(0, SIZE / PAGE), 0);
	munmap(memory, SIZE);
}

static void a_large_child_executes(void **state)
{
	static char *program[] = { "/bin/true", NULL };
	pid_t pid;

	fill();
	pid = fork();
	if (!pid) {
		execv(program[0], program);
		_exit(99);
	}
	assert_int_equal(ended(pid), 0);
	munmap(memory, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_child_has_a_copy),
		cmocka_unit_test(what_became_zero_is_zero),
		cmocka_unit_test(a_child_can_do_all_with_it),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(a_large_child_executes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
