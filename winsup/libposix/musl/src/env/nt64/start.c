/* Where a program begins: the lower half has made a stack like Linux's and
 * jumps here; musl's own start is for ELF programs. */
#include <stdlib.h>
#include "libc.h"
#include "abi/module.h"

/* winsup/libposix/image/user.c */
hidden void __posix_run_constructors(int, char **, char **);
hidden void __posix_run_destructors(void);
/* src/malloc/nt64/interpose.c */
hidden void __posix_find_malloc(void);

/* exit() calls this where ELF's musl runs .fini_array: after atexit()
 * handlers, before stdio is flushed. */
hidden void __libc_exit_fini(void)
{
	__posix_run_destructors();
}

/* stack: argc, argv..., 0, envp..., 0, auxv..., 0 */
hidden _Noreturn void __posix_upper_start(long *stack,
	const struct module *program)
{
	int argc = (int)*stack;
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;

	__init_libc(envp, argv[0]);
	__posix_find_malloc();
	__posix_run_constructors(argc, argv, envp);
	exit(program->main(argc, argv, envp));
}
