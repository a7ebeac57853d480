/* -Wl,--wrap=malloc */
#include <stdio.h>
#include <stdlib.h>

static int count;
void *__real_malloc(size_t);

void *__wrap_malloc(size_t n)
{
	count++;
	return __real_malloc(n);
}

int main(void)
{
	free(malloc(10));
	free(malloc(20));
	printf("wrapped %d\n", count);
	return 0;
}
