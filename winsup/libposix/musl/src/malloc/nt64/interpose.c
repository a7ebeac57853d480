/* A program's own malloc(), or LD_PRELOAD's, serves the library too, as it does
 * where musl is an ELF file (musl's dynamic.list): what strdup() returns can
 * then be given to that program's free().  The DLL is linked with --wrap for
 * these names, so that the library's calls come here. */
#include <stddef.h>
#include <dlfcn.h>
#include "syscall.h"
#include "dynlink.h"
#include "abi/private_syscalls.h"

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void __real_free(void *);
void *__real_aligned_alloc(size_t, size_t);
void *__real_memalign(size_t, size_t);

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
} in_use = { __real_malloc, __real_calloc, __real_realloc, __real_free,
	__real_aligned_alloc, __real_memalign };

hidden void *__wrap_malloc(size_t size)
{
	return in_use.malloc(size);
}

hidden void *__wrap_calloc(size_t count, size_t size)
{
	return in_use.calloc(count, size);
}

hidden void *__wrap_realloc(void *old, size_t size)
{
	return in_use.realloc(old, size);
}

hidden void __wrap_free(void *p)
{
	in_use.free(p);
}

hidden void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return in_use.aligned_alloc(align, size);
}

hidden void *__wrap_memalign(size_t align, size_t size)
{
	return in_use.memalign(align, size);
}

static int find(const char *name, void *use, void *own)
{
	struct posix_dl d = { .name = name };

	if (__syscall(SYS_posix_dlsym, &d) < 0 || d.address == own)
		return 0;
	*(void **)use = d.address;
	return 1;
}

/* Before anything allocates, as musl's loader does. */
hidden void __posix_find_malloc(void)
{
	if (__syscall(SYS_posix_object, 2, 0))
		return;
	__malloc_replaced = find("malloc", &in_use.malloc, __real_malloc);
	find("calloc", &in_use.calloc, __real_calloc);
	find("realloc", &in_use.realloc, __real_realloc);
	find("free", &in_use.free, __real_free);
	__aligned_alloc_replaced = find("aligned_alloc",
		&in_use.aligned_alloc, __real_aligned_alloc);
	find("memalign", &in_use.memalign, __real_memalign);
}
