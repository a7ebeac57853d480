/* A shared object that calls malloc: the program's. */
#include <stdlib.h>
#include <string.h>

int two_strings(void)
{
	char *a = strdup("a"), *b = malloc(4);
	int near = a && b && b - a > 0 && b - a < 100;

	free(a);
	free(b);
	return near;
}
