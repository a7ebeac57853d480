/* A program's own malloc: what the library allocates for its callers comes
 * from it too, as with musl on Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char room[1 << 20];
static size_t at;
static int given, taken, foreign;

static int is_own(const void *p)
{
	return (char *)p >= room && (char *)p < room + sizeof room;
}

void *malloc(size_t size)
{
	size_t *p = (size_t *)(room + at);

	if (size > sizeof room - at - 32) {
		errno = ENOMEM;
		return NULL;
	}
	at += (size + 16 + 15) & ~15ul;
	*p = size;
	given++;
	return (char *)p + 16;
}

void free(void *p)
{
	if (p && is_own(p))
		taken++;
	else if (p)
		foreign++;
}

void *calloc(size_t n, size_t size)
{
	void *p = malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void *realloc(void *old, size_t size)
{
	void *p = malloc(size);
	size_t n = old ? ((size_t *)old)[-2] : 0;

	if (p && old)
		memcpy(p, old, n < size ? n : size);
	free(old);
	return p;
}

#ifdef IN_LIBRARY
int malloc_given(void)
{
	return given;
}
int malloc_owns(const void *p)
{
	return is_own(p);
}
#else
#define malloc_given() given
#define malloc_owns(p) is_own(p)
int two_strings(void);

static void show(const char *what, void *p)
{
	printf("%s %s\n", what, malloc_owns(p) ? "own" : "foreign");
	free(p);
}

int main(void)
{
	char *line = NULL, *text;
	size_t n = 0;
	FILE *f;

	show("malloc", malloc(10));
	show("strdup", strdup("text"));
	asprintf(&text, "%d", 7);
	show("asprintf", text);
	f = tmpfile();
	fprintf(f, "a line\n");
	rewind(f);
	getline(&line, &n, f);
	show("getline", line);
	fclose(f);
	f = open_memstream(&text, &n);
	fprintf(f, "memory");
	fclose(f);
	show("open_memstream", text);
	show("getcwd", getcwd(NULL, 0));
	show("calloc", calloc(3, 3));
	show("realloc", realloc(NULL, 30));
	setenv("SOME", "value", 1);
	printf("library %d\n", two_strings());
	printf("foreign %d\n", foreign);
	fflush(stdout);
	if (!fork()) {
		show("child", strdup("child"));
		fflush(stdout);
		_exit(0);
	}
	sleep(1);
	return 0;
}
#endif
