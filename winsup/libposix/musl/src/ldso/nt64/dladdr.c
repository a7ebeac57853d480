#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "atomic.h"
#include "dl_call.h"

struct name {
	struct name *next;
	char text[];
};

/* Only ever grows at its head: an object stays once it is loaded. */
static struct name *volatile names;

hidden const char *__posix_dl_name(const char *text)
{
	struct name *n, *first = names;
	size_t size = strlen(text) + 1;

	for (n = first; n; n = n->next)
		if (!strcmp(n->text, text))
			return n->text;
	n = __libc_malloc(sizeof *n + size);
	if (!n)
		return "";
	memcpy(n->text, text, size);
	do
		n->next = first;
	while (a_cas_p(&names, first, n) != first && (first = names, 1));
	return n->text;
}

int dladdr(const void *address, Dl_info *info)
{
	struct posix_dl d = { .address = (void *)address };

	if (__syscall(SYS_posix_dladdr, &d) < 0)
		return 0;
	info->dli_fname = __posix_dl_name(d.object);
	info->dli_fbase = d.base;
	info->dli_sname = d.symbol;
	info->dli_saddr = d.symbol_address;
	return 1;
}
