/* For the debugger: a callback of the upper half, then a call of the lower. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sort_them(int *list, int count)
{
	qsort(list, (size_t)count, sizeof *list, compare);
}

static void handler(int number)
{
	static volatile int seen;

	seen = number;
}

static void say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

int main(void)
{
	int list[] = { 5, 3, 2, 4 };

	signal(SIGUSR1, handler);
	sort_them(list, 4);
	say("sorted");
	raise(SIGUSR1);
	return list[0] - 2;
}
