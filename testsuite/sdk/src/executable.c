/* dlopen(3) of programs: none is taken for a library, by whatever name. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void try(const char *name)
{
	void *h = dlopen(name, RTLD_NOW);

	printf("%s: %s\n", name, h ? "loaded" : dlerror());
}

int main(int argc, char **argv)
{
	void *self;

	for (int i = 1; i < argc; i++)
		try(argv[i]);
	try("sh");
	try("libbeside.so");
	/* but these are the program */
	self = dlopen(NULL, RTLD_NOW);
	printf("%d\n", self && dlopen("", RTLD_NOW) == self);
	return 0;
}
