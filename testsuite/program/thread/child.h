/* The other process of a test that shares memory. */
#include <sys/types.h>
#include <unistd.h>

/* Runs f(), and not for ever; its pid. */
static pid_t child(void (*f)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	alarm(60);
	f();
	_exit(0);
}
