#include <stdio.h>
int nobody_has_this(int);
int (*volatile broken_pointer)(int) = nobody_has_this;

void __attribute__((constructor)) never(void)
{
	printf("the constructor of a broken object runs\n");
}
