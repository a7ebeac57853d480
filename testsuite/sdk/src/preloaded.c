#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	char *text = malloc(123457), *copy;

	memset(text, 'x', 123456);
	text[123456] = 0;
	copy = strdup(text);
	puts("first");
	puts("second");
	printf("uid %d %d\n", (int)getuid() == 4242, copy[5]);
	free(copy);
	free(text);
	return 0;
}
