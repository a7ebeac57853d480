/* Imported functions and data in static initializers; on ELF an address is the
 * same wherever it is taken, and so it is here. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int one_number, one_array[5], *two_number, *two_element;
extern const char one_text[], *one_pointer;
extern int (*one_compare)(const char *, const char *);
extern void *one_free;
extern FILE *const *one_output;
extern int *one_optind;
int one_add(int), two_twice(int);
void *one_address(int), *two_address(const char *);
extern int (*two_add)(int);

static int *number = &one_number;
static int *element = &one_array[4];
static int *const constant = &one_array[1];
static FILE *const *output = &stdout;
static char ***environment = &environ;
static int (*add)(int) = one_add;
static struct {
	char text[3];
	void (*release)(void *);
	int (*compare)(const char *, const char *);
	int *optind;
} const record = { "ab", free, strcmp, &optind };
static void *(*allocators[])(size_t, size_t) = { calloc };
static int (*sorter_compare)(const void *, const void *);
static const char *inner = &one_text[8];

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void same(const char *what, const void *a, const void *b)
{
	printf("%s %s\n", what, a == b ? "same" : "DIFFERENT");
}

int main(void)
{
	int list[] = { 3, 1, 2 };
	void (*released)(void *) = free;
	int (*volatile local_add)(int) = one_add;

	printf("%d %d %d %s %s\n", *number, *element, *constant, one_pointer,
		inner);
	fprintf(*output, "out\n");
	printf("environ %d\n", *environment == environ && environ != NULL);
	printf("add %d\n", add(1));
	printf("twice %d\n", two_twice(10));
	printf("number %d\n", one_number);
	printf("%d %d\n", *two_number, *two_element);
	same("one_add", one_add, one_address(0));
	same("one_add data", add, local_add);
	same("one_add two", add, two_address("one_add"));
	same("one_add variable", two_add, one_add);
	same("strcmp", strcmp, one_address(1));
	same("strcmp const", record.compare, one_compare);
	same("strcmp two", strcmp, two_address("strcmp"));
	same("free", record.release, one_free);
	same("free code", released, one_address(2));
	same("free two", free, two_address("free"));
	same("optind", &optind, one_address(3));
	same("optind const", record.optind, one_optind);
	same("number", number, one_address(4));
	same("qsort", qsort, one_address(5));
	same("stdout", output, one_output);
	same("dlsym function", dlsym(RTLD_DEFAULT, "one_add"), add);
	same("dlsym data", dlsym(RTLD_DEFAULT, "one_number"), number);
	same("dlsym libc", dlsym(RTLD_DEFAULT, "strcmp"), strcmp);
	same("dlsym libc data", dlsym(RTLD_DEFAULT, "optind"), &optind);
	sorter_compare = by_value;
	qsort(list, 3, sizeof *list, sorter_compare);
	printf("sorted %d %d %d\n", list[0], list[1], list[2]);
	record.release(allocators[0](3, 5));
	fflush(stdout);
	if (!fork()) {
		one_number = 1000;
		one_add(1);
		printf("child %d %d\n", *two_number, record.compare("a", "a"));
		same("child free", free, one_address(2));
		fflush(stdout);
		_exit(0);
	}
	sleep(1);
	printf("parent %d\n", *number);
	return 0;
}
