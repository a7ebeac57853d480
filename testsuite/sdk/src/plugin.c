/* A plugin: what it calls is the program's and its neighbours'. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

extern int host_number;
int host_function(int);
extern const char *host_name;
int neighbour(void) __attribute__((weak));
static int (*pointer)(int) = host_function;
static int *number = &host_number;

static int hidden_helper(int n)
{
	return n + 1;
}

int plugin_value = WHICH;

const char *which(void)
{
	return "plugin " NAME;
}

int plugin_run(int n)
{
	host_number += n;
	return pointer(hidden_helper(n)) + *number + (int)strlen(host_name);
}

int only_in(void)
{
	return WHICH;
}

void *plugin_helper(void)
{
	return (void *)hidden_helper;
}

int sees(const char *name)
{
	return dlsym(RTLD_DEFAULT, name) != NULL;
}

int has_neighbour(void)
{
	return neighbour ? neighbour() : -1;
}

void __attribute__((constructor)) begin(void)
{
	printf("begin " NAME "\n");
	fflush(stdout);
}
