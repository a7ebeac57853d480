#include <dlfcn.h>
#include <unistd.h>
#include "dl_call.h"
#include "libc.h"

hidden void __posix_run_constructors(int, char **, char **);

hidden int __posix_dl_call(long number, struct posix_dl *d)
{
	if (__syscall(number, d) < 0) {
		__dl_seterr("%s", d->text);
		return -1;
	}
	return 0;
}

void *dlopen(const char *file, int mode)
{
	struct posix_dl d = { .name = file, .mode = mode };

	d.caller = __builtin_return_address(0);
	if (__posix_dl_call(SYS_posix_dlopen, &d))
		return 0;
	__posix_run_constructors(0, 0, __environ);
	return d.handle;
}
