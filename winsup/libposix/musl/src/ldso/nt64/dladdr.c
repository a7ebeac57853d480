#define _GNU_SOURCE
#include <dlfcn.h>
#include "dl_call.h"

int dladdr(const void *address, Dl_info *info)
{
	struct posix_dl d = { .address = (void *)address };

	if (__syscall(SYS_posix_dladdr, &d) < 0)
		return 0;
	info->dli_fname = d.object;
	info->dli_fbase = d.base;
	info->dli_sname = d.symbol;
	info->dli_saddr = d.symbol_address;
	return 1;
}
