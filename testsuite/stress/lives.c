/* Thousands of lives in a few hosts, of every kind: forked, spawned, killed,
 * with pipes, files, threads and memory.   lives COUNT */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *nothing(void *argument)
{
	return argument;
}

static void child(int i)
{
	char *p = malloc(100000);
	pthread_t t;
	int fds[2], fd;

	memset(p, i, 100000);
	if (pipe(fds) || write(fds[1], p, 1000) != 1000)
		_exit(1);
	fd = open("/dev/null", O_RDWR);
	if (fd < 0 || dup2(fd, 30) != 30)
		_exit(2);
	alarm(1000);
	if (i % 50 == 7 && (pthread_create(&t, NULL, nothing, NULL) ||
				   pthread_join(t, NULL)))
		_exit(3);
	if (i % 10 == 3)
		raise(SIGKILL);
	_exit(0);
}

int main(int argc, char **argv)
{
	static char *program[] = { "/bin/true", NULL };
	int count = argc > 1 ? atoi(argv[1]) : 1000, status;

	for (int i = 0; i < count; i++) {
		pid_t pid;

		if (i % 4 == 3) {
			if (posix_spawn(&pid, program[0], NULL, NULL, program,
				    environ))
				return 1;
		} else {
			pid = fork();
			if (!pid)
				child(i);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("lives");
			return 1;
		}
		if (status != (i % 4 != 3 && i % 10 == 3 ? SIGKILL : 0)) {
			fprintf(stderr, "lives: %d ended with %#x\n", i,
				status);
			return 1;
		}
	}
	return 0;
}
