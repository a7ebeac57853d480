/* alloca, large frames, variadic functions, structs by value, setjmp. */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned sum(const volatile unsigned char *p, size_t size)
{
	unsigned n = 0;

	for (size_t i = 0; i < size; i += 997)
		n += p[i];
	return n;
}

static __attribute__((noinline)) unsigned with_alloca(size_t size)
{
	unsigned char *p = alloca(size);

	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(i * 7);
	return sum(p, size);
}

static __attribute__((noinline)) unsigned large_frame(int depth)
{
	volatile unsigned char frame[1 << 20];

	for (size_t i = 0; i < sizeof frame; i += 997)
		frame[i] = (unsigned char)(i + (size_t)depth);
	return sum(frame, sizeof frame) + (depth ? large_frame(depth - 1) : 0);
}

static void frames(const char *where)
{
	unsigned n = 0;

	for (size_t size = 1; size < 600000; size = size * 3 + 1)
		n += with_alloca(size);
	printf("%s alloca %u frames %u\n", where, n, large_frame(4));
}

static void *frames_of_thread(void *unused)
{
	frames("thread");
	return NULL;
}

static void frames_of_handler(int number)
{
	printf("handler %u %u\n", with_alloca(50000), large_frame(1));
}

struct small {
	char a[3];
};
struct pair {
	long a, b;
};
struct large {
	long a[33];
	double d;
};

static void variadic(const char *kinds, ...)
{
	va_list list, copy;

	va_start(list, kinds);
	va_copy(copy, list);
	for (; *kinds; kinds++) {
		struct large g;
		struct pair p;

		switch (*kinds) {
		case 'i':
			printf(" %d", va_arg(list, int));
			break;
		case 'l':
			printf(" %ld", va_arg(list, long));
			break;
		case 'd':
			printf(" %g", va_arg(list, double));
			break;
		case 'L':
			printf(" %.20Lg", va_arg(list, long double));
			break;
		case 's':
			printf(" %s", va_arg(list, char *));
			break;
		case 'p':
			p = va_arg(list, struct pair);
			printf(" {%ld,%ld}", p.a, p.b);
			break;
		case 'c':
			printf(" %.3s", va_arg(list, struct small).a);
			break;
		case 'g':
			g = va_arg(list, struct large);
			printf(" [%ld %g]", g.a[32], g.d);
			break;
		}
	}
	printf(" again %d\n", va_arg(copy, int));
	va_end(copy);
	va_end(list);
}

static int through(char *to, size_t size, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(to, size, format, list);
	va_end(list);
	return n;
}

static __attribute__((noinline)) struct large made(int n)
{
	struct large g = { .d = n / 2.0 };

	for (int i = 0; i < 33; i++)
		g.a[i] = n * i;
	return g;
}

static void variadics(void)
{
	struct pair p = { -1, 1L << 40 };
	struct small s = { "abc" };
	char text[200];

	variadic("iiiiiiilds", 1, 2, 3, 4, 5, 6, 7, 1L << 40, 2.5, "end");
	variadic("idLdLpgsdc", 1, 1.5, 2.25L, -3.5, 1 / 3.0L, p, made(3), "x",
		.125, s);
	printf("%d ", through(text, sizeof text, "%d %s %Lg %g %c %lld %5.2f",
			      1, "two", 3.0L, 4.0, '5', 6ll, 7.0));
	puts(text);
	printf("%ld %g\n", made(7).a[32], made(7).d);
}

static jmp_buf back;
static sigjmp_buf back_with_mask;

static __attribute__((noinline)) void jump(int depth)
{
	volatile char room[5000];

	room[0] = room[4999] = (char)depth;
	if (depth)
		jump(depth - 1);
	longjmp(back, 5);
}

static void on_signal(int number)
{
	siglongjmp(back_with_mask, number);
}

static void jumps(void)
{
	/* kept over the jump in registers if the compiler can */
	double a = 1.5, b = 2.5, c = 3.5, d = 4.5, e = 5.5, f = 6.5;
	long i = 11, k = 22, m = 33, n = 44;
	volatile int rounds = 0;
	sigset_t set;
	int r = setjmp(back);

	if (!r)
		jump(20);
	printf("setjmp %d %g %g %g %g %g %g %ld %ld %ld %ld\n", r, a, b, c, d,
		e, f, i, k, m, n);
	if (!(r = setjmp(back)))
		longjmp(back, 0);
	printf("0 becomes %d\n", r);
	signal(SIGUSR1, on_signal);
	if (sigsetjmp(back_with_mask, 1) == 0)
		raise(SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("mask restored: blocked %d\n", sigismember(&set, SIGUSR1));
	if (sigsetjmp(back_with_mask, 0) == 0)
		raise(SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("mask kept: blocked %d\n", sigismember(&set, SIGUSR1));
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	/* out of a fault, again and again */
	signal(SIGSEGV, on_signal);
	if ((r = sigsetjmp(back_with_mask, 1)) == 0 || rounds < 3) {
		rounds++;
		*(volatile int *)8 = 1;
	}
	printf("fault %d after %d\n", r, rounds);
}

int main(void)
{
	pthread_attr_t a;
	pthread_t t;

	frames("main");
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 8 << 20);
	pthread_create(&t, &a, frames_of_thread, NULL);
	pthread_join(t, NULL);
	signal(SIGUSR2, frames_of_handler);
	raise(SIGUSR2);
	variadics();
	jumps();
	return 0;
}
