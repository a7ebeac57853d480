#define _GNU_SOURCE
#include <dlfcn.h>
#include "dl_call.h"

/* RTLD_DI_LINKMAP gives a struct link_map, which only ELF has. */
int dlinfo(void *handle, int request, void *result)
{
	__dl_seterr("Unsupported request %d", request);
	return -1;
}
