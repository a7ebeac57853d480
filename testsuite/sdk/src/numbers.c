/* __int128, complex arithmetic, long double printing and parsing on every
 * thread, the floating-point environment. */
#define _GNU_SOURCE
#include <complex.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print128(const char *what, unsigned __int128 n)
{
	char text[48], *p = text + sizeof text;

	*--p = 0;
	do
		*--p = (char)('0' + (int)(n % 10));
	while (n /= 10);
	printf("%s %s\n", what, p);
}

static void integers(void)
{
	volatile unsigned __int128 a = (unsigned __int128)0xfedcba9876543210u
				       << 61;
	volatile __int128 b = -12345678901234567;

	print128("product", a * 3);
	print128("quotient", a / 1000000007u);
	print128("remainder", a % 1000000007u);
	print128("negative", (unsigned __int128)(b * b * -b));
	print128("signed quotient", (unsigned __int128)(-(b * 1000) / b));
	print128("shift", a >> 77);
	printf("double %.17g %.17g\n", (double)a, (double)b);
	printf("long double %.21Lg\n", (long double)a);
	print128("back", (unsigned __int128)(long double)a);
}

static void complexes(void)
{
	volatile double complex z = 1.5 - 2.25 * I, w = -0.5 + 3 * I;
	volatile long double complex lz = 1.5L - 2.25L * I, lw = -0.5L + 3 * I;
	volatile float complex fz = 1.5f - 2.25f * I;
	double complex q = z / w, s = csqrt(z), e = cexp(w), p = cpow(z, w);
	long double complex lp = lz * lw, lq = lz / lw;
	float complex fs = fz * fz;

	printf("z/w %.15g %.15g |z| %.15g\n", creal(q), cimag(q), cabs(z));
	printf("sqrt %.12g %.12g\n", creal(s), cimag(s));
	printf("exp %.12g %.12g\n", creal(e), cimag(e));
	printf("pow %.10g %.10g\n", creal(p), cimag(p));
	printf("long %.18Lg %.18Lg\n", creall(lp), cimagl(lp));
	printf("long quotient %.18Lg %.18Lg\n", creall(lq), cimagl(lq));
	printf("float %g %g\n", crealf(fs), cimagf(fs));
	/* C11 annex G: infinities survive a product of NaNs */
	z = INFINITY + NAN * I;
	q = z * (1 + I);
	printf("infinite %d\n", isinf(creal(q)) || isinf(cimag(q)));
}

static void print_long(const char *where)
{
	volatile long double one = 1;
	long double big = strtold("1.18973149535723176502e4932", NULL);
	long double tenth = strtold("0.1", NULL);
	long double scanned;
	char *end;

	printf("%s %.21Lg %.20Lf %La\n", where, one / 3, sqrtl(one * 2), tenth);
	printf("%s %.21Lg %Lg %d\n", where, big, LDBL_EPSILON,
		tenth * 10 == one);
	printf("%s %.17g %.17g\n", where, sqrt(2), (double)(one / 3));
	sscanf("2.718281828459045235360", "%Lf", &scanned);
	printf("%s %.20Lf %a\n", where, scanned,
		strtod("0x1.921fb54442d18p+1z", &end));
	printf("%s rest %s\n", where, end);
}

static void *thread(void *name)
{
	print_long(name);
	return NULL;
}

static void *nested(void *unused)
{
	pthread_t t;

	pthread_create(&t, NULL, thread, "thread of a thread");
	pthread_join(t, NULL);
	return NULL;
}

static void handler(int number)
{
	(void)number;
	print_long("handler");
}

static void everywhere(void)
{
	pthread_t t;

	print_long("main");
	pthread_create(&t, NULL, thread, "thread");
	pthread_join(t, NULL);
	pthread_create(&t, NULL, nested, NULL);
	pthread_join(t, NULL);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	fflush(stdout);
	if (!fork()) {
		print_long("child");
		fflush(stdout);
		_exit(0);
	}
	sleep(1);
}

static void environment(void)
{
	static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
		FE_TOWARDZERO };
	volatile double zero = 0, one = 1, three = 3;
	volatile long double lone = 1, lthree = 3;
	fenv_t saved;
	fexcept_t flags;

	for (int i = 0; i < 4; i++) {
		fesetround(modes[i]);
		printf("mode %d %d %.20g %.25Lg %g %ld\n", i,
			fegetround() == modes[i], one / three, lone / lthree,
			rint(2.5), lrint(-2.5));
	}
	printf("bad mode %d\n", fesetround(7) != 0);
	fesetround(FE_TONEAREST);
	feclearexcept(FE_ALL_EXCEPT);
	printf("clear %d\n", fetestexcept(FE_ALL_EXCEPT));
	zero = one / zero;
	printf("divide %d\n", fetestexcept(FE_DIVBYZERO) == FE_DIVBYZERO);
	printf("not invalid %d\n", fetestexcept(FE_INVALID));
	feholdexcept(&saved);
	printf("held %d\n", fetestexcept(FE_ALL_EXCEPT));
	zero = sqrt(-one);
	printf("invalid %d\n", fetestexcept(FE_INVALID) == FE_INVALID);
	feupdateenv(&saved);
	printf("merged %d\n", fetestexcept(FE_INVALID | FE_DIVBYZERO) ==
				      (FE_INVALID | FE_DIVBYZERO));
	fegetexceptflag(&flags, FE_DIVBYZERO);
	feclearexcept(FE_DIVBYZERO);
	printf("one cleared %d\n",
		fetestexcept(FE_INVALID | FE_DIVBYZERO) == FE_INVALID);
	fesetexceptflag(&flags, FE_DIVBYZERO);
	printf("set again %d\n", fetestexcept(FE_DIVBYZERO) != 0);
	feraiseexcept(FE_OVERFLOW);
	printf("raised %d\n", fetestexcept(FE_OVERFLOW) != 0);
	fesetround(FE_UPWARD);
	fesetenv(FE_DFL_ENV);
	printf("default %d %d\n", fegetround() == FE_TONEAREST,
		fetestexcept(FE_ALL_EXCEPT));
	lone = LDBL_MAX;
	lone *= 2;
	printf("x87 overflow %d\n", fetestexcept(FE_OVERFLOW) != 0);
	feclearexcept(FE_ALL_EXCEPT);
	printf("x87 clear %d\n", fetestexcept(FE_ALL_EXCEPT));
}

static void *rounding(void *unused)
{
	printf("thread mode %d\n", fegetround() == FE_TOWARDZERO);
	return NULL;
}

int main(void)
{
	pthread_t t;

	integers();
	complexes();
	everywhere();
	environment();
	/* POSIX.1-2024 pthread_create(): the new thread inherits it */
	fesetround(FE_TOWARDZERO);
	pthread_create(&t, NULL, rounding, NULL);
	pthread_join(t, NULL);
	return 0;
}
