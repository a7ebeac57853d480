/* Constructors, main, atexit, destructors: order as on Linux. */
#define NAME "main"
#include "order.h"
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

int a_call(void), b_call(void);

static void first(void)
{
	SAY("atexit first");
}

static void last(void)
{
	SAY("atexit last");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int (*plugin)(void);

	SAY("main");
	atexit(first);
	printf("calls %d\n", a_call() + b_call());
	atexit(last);
	if (!strcmp(what, "dlopen")) {
		void *h = dlopen("./libxp.so", RTLD_NOW);

		if (!h) {
			puts(dlerror());
			return 1;
		}
		*(void **)&plugin = dlsym(h, "p_call");
		printf("plugin %d\n", plugin());
		h = dlopen("./libxq.so", RTLD_LAZY);
		printf("second %d\n", h != NULL);
	}
	fflush(stdout);
	if (!strcmp(what, "fork") && !fork()) {
		SAY("child");
		exit(3);
	}
	if (!strcmp(what, "fork"))
		sleep(1);
	if (!strcmp(what, "_exit"))
		_exit(4);
	if (!strcmp(what, "quick"))
		quick_exit(5);
	if (!strcmp(what, "exec"))
		execl("/bin/echo", "echo", "executed", (char *)NULL);
	return 7;
}
