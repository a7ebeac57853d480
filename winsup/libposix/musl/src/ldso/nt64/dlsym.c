#include <dlfcn.h>
#include "dl_call.h"

void *dlsym(void *restrict handle, const char *restrict name)
{
	struct posix_dl d = { .name = name, .handle = handle };

	d.caller = __builtin_return_address(0);
	return __posix_dl_call(SYS_posix_dlsym, &d) ? 0 : d.address;
}
