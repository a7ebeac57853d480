/* A program whose file, and a library's, goes or changes while it runs: fork
 * does not need them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int lib_shared_value(void), lib_calls(void);
extern int lib_shared;
static int counter = 5;
static int (*pointer)(void) = lib_shared_value;
static const char *const texts[] = { "zero", "one", "two" };

int lib_hook(int n)
{
	return n + 1;
}

static void child(int n, int depth)
{
	int status;

	fflush(stdout);
	if (!fork()) {
		lib_shared += n;
		printf("child %s %d %d\n", texts[n], ++counter, pointer());
		if (depth)
			child(n + 1, depth - 1);
		fflush(stdout);
		_exit(n);
	}
	wait(&status);
	printf("%d status %d\n", n, WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	child(0, 0);
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[1], "remove"))
			unlink(argv[i]);
		else
			rename("other", argv[i]);
	child(0, 0);
	child(1, 1);
	printf("%d %d\n", counter, lib_calls() == lib_calls());
	return 0;
}
