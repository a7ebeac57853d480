/* Thread-local variables that a program and another shared object use. */
#include <stddef.h>

__thread int tls_count = 5;
__thread char tls_room[100];
__thread long double tls_aligned __attribute__((aligned(64))) = 1.5L;
static __thread int hidden = 9;
__thread struct {
	char c;
	const char *text;
} tls_record = { 'x', "initial" };

int *tls_address(void)
{
	return &tls_count;
}

int tls_bump(void)
{
	return ++tls_count + ++hidden;
}
