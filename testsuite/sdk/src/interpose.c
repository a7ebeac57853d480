/* The program defines functions that a library and the C library have: calls
 * from shared objects come to it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int lib_calls(void);
int lib_replaced(void);
extern int lib_shared;
int lib_shared_value(void);

int lib_hook(int n)
{
	return n + 1000;
}

long sysconf(int name)
{
	return -4321;
}

int main(void)
{
	printf("calls %d\n", lib_calls());
	lib_shared = 8;
	printf("shared %d\n", lib_shared_value());
	return 0;
}
