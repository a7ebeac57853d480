/* What configure scripts would find out if they could run what they build:
 * one line a cache variable, as it should stand in config.site. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *variable, int yes)
{
	printf("%s=%s\n", variable, yes ? "yes" : "no");
}

/* by how many bits exit()'s argument is shifted in wait()'s status */
static int exit_offset(void)
{
	int status = 0, offset = 0;
	pid_t child = fork();

	if (!child)
		_exit(42);
	waitpid(child, &status, 0);
	while (offset < 32 && status >> offset != 42)
		offset++;
	return offset;
}

int main(void)
{
	volatile size_t one = 1; /* more than the compiler knows */
	char text[64];
	struct stat st;
	FILE *folder = fopen(".", "r");

	printf("bash_cv_wexitstatus_offset=%d\n", exit_offset());
	snprintf(text, sizeof text, "%a", 1.0);
	tell("bash_cv_printf_a_format", !strcmp(text, "0x1p+0"));
	tell("bash_cv_unusable_rtsigs", SIGRTMIN >= 2 * NSIG);
	tell("bash_cv_getcwd_malloc", getcwd(NULL, 0) != NULL);
	tell("ac_cv_func_malloc_0_nonnull", malloc(0) != NULL);
	tell("ac_cv_func_calloc_0_nonnull", calloc(0, 0) != NULL);
	tell("ac_cv_func_stat_empty_string_bug", !stat("", &st));
	tell("ac_cv_snprintf_returns_bogus", snprintf(text, one, "12") != 2);
	tell("ac_cv_fread_reads_directories", folder != NULL);
	setenv("TWICE", "1", 1);
	unsetenv("TWICE");
	tell("gl_cv_func_unsetenv_works", !getenv("TWICE"));
	return 0;
}
