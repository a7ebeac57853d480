#include <unistd.h>

int lib_hook(int n);
int lib_shared = 3;

int lib_calls(void)
{
	return lib_hook(1) + (int)sysconf(_SC_PAGESIZE);
}

int lib_shared_value(void)
{
	return lib_shared;
}
