#include <stdio.h>

#ifdef KIND
const char *kind(void)
{
	return KIND;
}
#else
const char *kind(void);

int main(int argc, char **argv)
{
	printf("%s %s %d\n", argc > 1 ? argv[1] : "hello", kind(), argc);
#ifdef __OPTIMIZE__
	puts("optimized");
#endif
	return 0;
}
#endif
