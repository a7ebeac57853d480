/* The lower half's own heap: the Windows process's. */
#include "win/private.h"

void *win_alloc(size_t size)
{
	return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size ? size : 1);
}

void *win_realloc(void *p, size_t size)
{
	if (!p)
		return win_alloc(size);
	return HeapReAlloc(
		GetProcessHeap(), HEAP_ZERO_MEMORY, p, size ? size : 1);
}

void win_free(void *p)
{
	if (p)
		HeapFree(GetProcessHeap(), 0, p);
}
