#include <stdio.h>

const char *where(void);

int main(void)
{
	printf("first in %s\n", where());
	return 0;
}
