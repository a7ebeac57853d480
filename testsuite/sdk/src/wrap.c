/* LD_PRELOADed: counts what goes through it to the next definition. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int puts_count;
static size_t allocated;
static void *(*real_malloc)(size_t);

void *malloc(size_t n)
{
	if (!real_malloc)
		*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	allocated += n;
	return real_malloc(n);
}

int puts(const char *text)
{
	int (*next)(const char *);

	*(void **)&next = dlsym(RTLD_NEXT, "puts");
	puts_count++;
	printf("[%d] ", puts_count);
	fflush(stdout);
	return next(text);
}

uid_t getuid(void)
{
	return 4242;
}

static void __attribute__((destructor)) report(void)
{
	printf("puts %d, strdup through malloc %d\n", puts_count,
		allocated >= 123456);
}
