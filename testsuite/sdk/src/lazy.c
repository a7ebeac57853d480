/* Calls what may not be there. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef DIRECT
int twice(int n);

int main(int argc, char **argv)
{
	printf("runs\n");
	fflush(stdout);
	if (argc > 1)
		printf("%d\n", twice(argc));
	return 0;
}
#else
static void *library;

static int call(int n)
{
	return ((int (*)(int))dlsym(library, "call"))(n);
}

static void *in_thread(void *number)
{
	return (void *)(long)call((int)(long)number);
}

static void provide(const char *name)
{
	if (!dlopen(name, RTLD_NOW | RTLD_GLOBAL))
		printf("%s\n", dlerror());
}

static void threads(void)
{
	pthread_t t[8];
	void *result;

	for (long i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, in_thread, (void *)i);
	for (long i = 0; i < 8; i++) {
		pthread_join(t[i], &result);
		printf("%ld ", (long)result);
	}
	printf("\n");
}

/* The child binds what its parent has not, and the other way round. */
static void forked(const char *provider)
{
	int status;

	if (!fork()) {
		provide(provider);
		printf("child %d\n", call(4));
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
	printf("child ends with %d\n", status);
	fflush(stdout);
	if (!fork()) {
		freopen("/dev/null", "w", stderr);
		call(1);
		_exit(0);
	}
	wait(&status);
	printf("one without it with %d\n", WEXITSTATUS(status));
	provide(provider);
	printf("parent %d\n", call(5));
	fflush(stdout);
	if (!fork()) {
		printf("another child %d\n", call(6));
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
}

static void never(void)
{
	printf("an atexit function runs\n");
}

int main(int argc, char **argv)
{
	int mode = strcmp(argv[1], "at-once") ? RTLD_LAZY : RTLD_NOW;

	atexit(never);
	library = dlopen(argv[2], mode | RTLD_LOCAL);
	if (!library) {
		printf("dlopen: %s\n", dlerror());
		_exit((fflush(stdout), 1));
	}
	printf("loaded\n");
	fflush(stdout);
	if (!strcmp(argv[1], "forked")) {
		forked(argv[3]);
	} else if (argc > 3) {
		provide(argv[3]);
		if (!strcmp(argv[1], "threads"))
			threads();
		printf("%d %d\n", call(1), call(2));
		printf("%.3f\n",
			((double (*)(void))dlsym(library, "call_mixed"))());
		printf("%ld\n",
			((long (*)(void))dlsym(library, "call_large"))());
	} else {
		printf("%d\n", call(3));
	}
	fflush(stdout);
	_exit(0);
}
#endif
