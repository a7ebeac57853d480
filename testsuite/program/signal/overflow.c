/* Stacks that overflow: a handler on an alternate stack hears of it, as often
 * as it happens, on every stack and in every process. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread sigjmp_buf back;
static __thread void *touched;
static __thread int code;
static _Alignas(16) char first_alternate[32768];

static void heard(int signal, siginfo_t *info, void *context)
{
	touched = info->si_addr;
	code = info->si_code;
	siglongjmp(back, 1);
}

static void use_alternate(char *stack, int flags)
{
	stack_t s = { .ss_sp = stack, .ss_size = sizeof first_alternate };
	struct sigaction a = { .sa_sigaction = heard,
		.sa_flags = SA_SIGINFO | flags };

	sigaltstack(&s, NULL);
	sigaction(SIGSEGV, &a, NULL);
}

/* Frames of `size` bytes, touched. */
__attribute__((noinline)) static int deeper(int n, size_t size)
{
	volatile char *room = __builtin_alloca(size);

	room[0] = room[size - 1] = (char)n;
	return deeper(n + 1, size) + room[0];
}

/* One overflow; where it was. */
static char *overflow(size_t size)
{
	touched = NULL;
	if (!sigsetjmp(back, 1))
		deeper(0, size);
	return touched;
}

static const size_t sizes[] = { 16, 200, 4000, 5000, 100000 };

/* Of a stack that ends `least` to `most` bytes below this.  Linux has frames of
 * more than a page step over the guard of a thread's stack. */
static int overflows(int kinds, size_t least, size_t most)
{
	char here;

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < kinds; i++) {
			size_t below = (size_t)(&here - overflow(sizes[i]));

			if (below < least || below > most)
				return 1 + i;
			if (code != SEGV_MAPERR && code != SEGV_ACCERR)
				return 10;
		}
	return 0;
}

static int on_first_stack(void)
{
	struct rlimit l;

	getrlimit(RLIMIT_STACK, &l);
	if (l.rlim_cur > 64 << 20)
		l.rlim_cur = 64 << 20;
	use_alternate(first_alternate, SA_ONSTACK);
	return overflows(5, l.rlim_cur / 2, l.rlim_cur + (1 << 20));
}

static void status_of(int (*f)(void), int *status)
{
	pid_t pid = fork();

	if (!pid)
		_exit(f());
	assert_int_equal(waitpid(pid, status, 0), pid);
}

static void the_first_stack(void **state)
{
	int status;

	assert_int_equal(on_first_stack(), 0);
	/* a copy of it */
	status_of(on_first_stack, &status);
	assert_int_equal(status, 0);
	assert_int_equal(on_first_stack(), 0);
	signal(SIGSEGV, SIG_DFL);
}

static int in_child(void)
{
	return on_first_stack();
}

static int in_grandchild(void)
{
	int status;

	status_of(in_child, &status);
	return status ? 1 : in_child();
}

static void over_generations(void **state)
{
	size_t size = 64 << 20;
	int status;
	char *much;

	status_of(in_grandchild, &status);
	assert_int_equal(status, 0);
	/* a large process is copied in another way */
	much = malloc(size);
	memset(much, 1, size);
	status_of(in_grandchild, &status);
	free(much);
	assert_int_equal(status, 0);
}

static int unhandled(void)
{
	signal(SIGSEGV, SIG_DFL);
	return deeper(0, 100);
}

/* No stack to run the handler on. */
static int nowhere(void)
{
	use_alternate(first_alternate, 0);
	return deeper(0, 100);
}

static int blocked(void)
{
	sigset_t s;

	use_alternate(first_alternate, SA_ONSTACK);
	sigemptyset(&s);
	sigaddset(&s, SIGSEGV);
	sigprocmask(SIG_BLOCK, &s, NULL);
	return deeper(0, 100);
}

static void without_help(void **state)
{
	static int (*const ways[])(void) = { unhandled, nowhere, blocked };

	for (int i = 0; i < 3; i++) {
		int status;

		status_of(ways[i], &status);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
	}
}

static int fork_here(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(overflows(3, 4096, 1 << 24));
	waitpid(pid, &status, 0);
	return status;
}

/* Where one's stack ends.  glibc counts the guard to the stack. */
static char *lowest(size_t *size)
{
	pthread_attr_t a;
	char *low;
	int p[2];

	pthread_getattr_np(pthread_self(), &a);
	pthread_attr_getstack(&a, (void **)&low, size);
	pthread_attr_destroy(&a);
	pipe(p);
	while (write(p[1], low, 1) != 1)
		low += 4096;
	close(p[0]);
	close(p[1]);
	return low;
}

static void *in_thread(void *unused)
{
	char *stack = malloc(sizeof first_alternate), *low;
	size_t size;
	long r;

	use_alternate(stack, SA_ONSTACK);
	low = lowest(&size);
	r = overflows(3, size / 2, size + (1 << 20));
	if (!r && ((char *)touched >= low || (char *)touched < low - 4096))
		r = 11;
	if (!r)
		r = fork_here() ? 12 : 0;
	if (!r)
		r = overflows(3, size / 2, size + (1 << 20));
	free(stack);
	return (void *)r;
}

static void other_stacks(void **state)
{
	pthread_t t[8];
	void *r;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++)
			assert_int_equal(
				pthread_create(&t[i], NULL, in_thread, NULL),
				0);
		for (int i = 0; i < 8; i++) {
			assert_int_equal(pthread_join(t[i], &r), 0);
			assert_null(r);
		}
	}
	signal(SIGSEGV, SIG_DFL);
}

/* What lies below a stack is nobody's, to the system as well. */
static void *below(void *unused)
{
	char *stack = malloc(sizeof first_alternate), c;
	int zero = open("/dev/zero", O_RDONLY), p[2];
	int file = open("file", O_CREAT | O_RDWR, 0600);
	size_t size;
	char *low = lowest(&size);
	long r = 0;

	use_alternate(stack, SA_ONSTACK);
	pipe(p);
	write(p[1], "12345678", 8);
	for (char *at = low - 1; at > low - 4096; at -= 1000) {
		if (read(zero, at, 1) != -1 || errno != EFAULT)
			r = 1;
		if (read(p[0], at, 1) != -1 || errno != EFAULT)
			r = 2;
		if (write(p[1], at, 1) != -1 || errno != EFAULT)
			r = 3;
		if (pwrite(file, "12345678", 8, 0) != 8 ||
			pread(file, at, 1, 0) != -1 || errno != EFAULT)
			r = 8;
		if (pwrite(file, at, 1, 0) != -1 || errno != EFAULT)
			r = 9;
		touched = NULL;
		if (!sigsetjmp(back, 1))
			c = *(volatile char *)at;
		if (touched != at || code != SEGV_ACCERR)
			r = 4;
	}
	if (pread(file, low - 1, 1, 0) != -1 || errno != EFAULT)
		r = 10;
	close(file);
	close(zero);
	close(p[0]);
	close(p[1]);
	if (!r && overflow(300) >= low)
		r = 5;
	/* it may be made memory */
	if (!r && mprotect(low - 4096, 4096, PROT_READ | PROT_WRITE))
		r = 6;
	if (!r)
		memset(low - 4096, 1, 4096);
	if (!r && mprotect(low - 4096, 4096, PROT_NONE))
		r = 7;
	free(stack);
	return (void *)r;
}

static void what_lies_below(void **state)
{
	pthread_t t;
	void *r;

	assert_int_equal(pthread_create(&t, NULL, below, NULL), 0);
	assert_int_equal(pthread_join(t, &r), 0);
	assert_int_equal((long)r, 0);
	signal(SIGSEGV, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_stack),
		cmocka_unit_test(over_generations),
		cmocka_unit_test(without_help),
		cmocka_unit_test(other_stacks),
		cmocka_unit_test(what_lies_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
