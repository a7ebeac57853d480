/* Runs in user code, for musl's overlay: constructors and destructors are the
 * program's own functions, so only the program may call them. */
#include "abi/private_syscalls.h"
#include "image/image.h"

extern long __posix_syscall(
	long n, long a, long b, long c, long d, long e, long f);

static const struct module *next(int which)
{
	struct posix_object o;

	if (__posix_syscall(SYS_posix_object, which, (long)&o, 0, 0, 0, 0))
		return NULL;
	return o.module;
}

/* Lists are -1, functions, 0; constructors run from their end. */
void __posix_run_constructors(int argc, char **argv, char **envp)
{
	const struct module *m;

	(void)argc;
	(void)argv;
	(void)envp;
	while ((m = next(0))) {
		long n = 0;

		while (m->constructors[n + 1])
			n++;
		for (; n > 0; n--)
			m->constructors[n]();
	}
}

void __posix_run_destructors(void)
{
	const struct module *m;

	while ((m = next(1)))
		for (void (**f)(void) = m->destructors + 1; *f; f++)
			(*f)();
}
