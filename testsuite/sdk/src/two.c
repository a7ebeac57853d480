/* libtwo.so, which needs libone.so. */
#include <stdlib.h>
#include <string.h>

extern int one_number, one_array[5];
int one_add(int);

int *two_number = &one_number;
int *two_element = &one_array[3];
int (*two_add)(int) = one_add;
static const struct {
	const char *name;
	void *address;
} table[] = {
	{ "one_add", (void *)one_add },
	{ "strcmp", (void *)strcmp },
	{ "free", (void *)free },
};

void *two_address(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(table[i].name, name))
			return table[i].address;
	return NULL;
}

int two_twice(int n)
{
	return one_add(n) + two_add(n);
}
