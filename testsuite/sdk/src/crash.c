#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static int number = 4711;

static __attribute__((noinline)) int deepest(int *p)
{
	*p = number;
	return *p;
}

static __attribute__((noinline)) int middle(int depth)
{
	int local = depth * 3;

	return depth ? middle(depth - 1) + local : deepest((int *)8);
}

static void *waits(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	pthread_t t;

	setrlimit(RLIMIT_CORE, &all);
	pthread_create(&t, NULL, waits, NULL);
	usleep(100000);
	if (argc > 1)
		abort();
	return middle(2);
}
