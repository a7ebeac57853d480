#include <dlfcn.h>
#include "dl_call.h"

int dlclose(void *handle)
{
	struct posix_dl d = { .handle = handle };

	return __posix_dl_call(SYS_posix_dlclose, &d);
}
