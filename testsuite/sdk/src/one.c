/* libone.so: functions and data that others refer to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int one_number = 41;
int one_array[5] = { 1, 2, 3, 4, 5 };
const char one_text[] = "text of one";
const char *one_pointer = one_text + 5;
int (*one_compare)(const char *, const char *) = strcmp;
void *one_free = free;
FILE *const *one_output = &stdout;
int *one_optind = &optind;

int one_add(int n)
{
	return one_number += n;
}

void *one_address(int which)
{
	switch (which) {
	case 0:
		return (void *)one_add;
	case 1:
		return (void *)strcmp;
	case 2:
		return (void *)free;
	case 3:
		return &optind;
	case 4:
		return &one_number;
	case 5:
		return (void *)qsort;
	default:
		return one_address;
	}
}

void (*one_function(void))(void *)
{
	return free;
}
