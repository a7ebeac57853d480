/* Refers to what nobody has, in one way or another; or has it. */
#include <stdarg.h>

struct large {
	long a[9];
};

#ifdef PROVIDER
double mixed(int a, double b, const char *c, float d, long e, double f, int g)
{
	return a + b + *c + d + e + f + g;
}

struct large large(struct large in, int n, ...)
{
	va_list list;

	va_start(list, n);
	for (int i = 0; i < n; i++)
		in.a[i % 9] += va_arg(list, int) + (long)va_arg(list, double);
	va_end(list);
	return in;
}

int twice(int n)
{
	return 2 * n;
}
#elif defined DATA
extern int nobody;

int call(int n)
{
	return nobody + n;
}
#elif !defined NOTHING
int twice(int n);
double mixed(int, double, const char *, float, long, double, int);
struct large large(struct large, int, ...);

#ifdef TAKEN
int (*take(void))(int)
{
	return twice;
}
#endif
#ifdef POINTER
int (*pointer)(int) = twice;
#endif

int call(int n)
{
	return twice(n) + 1;
}

#ifndef ONE
double call_mixed(void)
{
	return mixed(1, 2.5, "x", 4.25f, 5, 6.125, 7);
}

long call_large(void)
{
	struct large in = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };
	long sum = 0;

	in = large(in, 4, 10, 0.5, 20, 1.5, 30, 2.5, 40, 3.5);
	for (int i = 0; i < 9; i++)
		sum += in.a[i] * (i + 1);
	return sum;
}
#endif
#endif
