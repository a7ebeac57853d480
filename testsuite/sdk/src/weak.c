/* Weak references, to what is there and what is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma weak strlen
#pragma weak getpid
extern int nowhere(int) __attribute__((weak));
extern int nothing __attribute__((weak));
extern int one_add(int) __attribute__((weak));
extern int one_number __attribute__((weak));
extern int in_archive(int) __attribute__((weak));
extern int not_pulled(int) __attribute__((weak));
extern int beside(int) __attribute__((weak));
extern int late(int) __attribute__((weak));
extern char **environ __attribute__((weak));
int strong_user(int);

static int (*volatile nowhere_pointer)(int) = nowhere;
static int *volatile nothing_pointer = &nothing;
static int (*volatile one_pointer)(int) = one_add;

int overridden(void);
int __attribute__((weak)) replaced(void)
{
	return 1;
}
int __attribute__((weak)) kept(void)
{
	return 2;
}

int main(int argc, char **argv)
{
	printf("nowhere %d %d\n", nowhere != 0, nowhere_pointer != 0);
	printf("nothing %d %d\n", &nothing != 0, nothing_pointer != 0);
	if (nowhere)
		printf("called %d\n", nowhere(1));
	printf("library %d %d %d\n", one_add != 0, one_pointer == one_add,
		one_add ? one_add(1) : -1);
	printf("library data %d\n", &one_number ? one_number : -1);
	printf("libc %d %d %d\n", (int)strlen("four"), getpid != 0,
		&environ != 0);
	printf("beside %d\n", beside ? beside(3) : -1);
	printf("archive %d %d\n", in_archive ? in_archive(1) : -1,
		strong_user(2));
	printf("not pulled %d\n", not_pulled ? not_pulled(1) : -1);
	printf("definitions %d %d %d\n", replaced(), kept(), overridden());
	printf("late %d\n", late ? late(5) : -1);
	return 0;
}
