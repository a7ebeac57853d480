/* crt0.o (programs) and, with -DSHARED, dllcrt0.o (shared objects): what the
 * module says about itself (abi/module.h).  Everything else happens in the
 * DLL, so that an old program gets a new DLL's fixes. */
#include "abi/module.h"

#define HIDDEN __attribute__((visibility("hidden")))

extern char __RUNTIME_PSEUDO_RELOC_LIST__[],
	__RUNTIME_PSEUDO_RELOC_LIST_END__[], __ImageBase[];
extern void (*__CTOR_LIST__[])(void), (*__DTOR_LIST__[])(void);

#ifdef SHARED
#define MAIN  0
#define FLAGS MODULE_SHARED
#else
int main(int, char **, char **);
#define MAIN  main
#define FLAGS 0
#endif

HIDDEN struct module __posix_module
	__attribute__((section(MODULE_SECTION), used)) = {
		.magic = MODULE_MAGIC,
		.size = sizeof(struct module),
		.flags = FLAGS,
		.base = __ImageBase,
		.relocations = __RUNTIME_PSEUDO_RELOC_LIST__,
		.relocations_end = __RUNTIME_PSEUDO_RELOC_LIST_END__,
		.constructors = __CTOR_LIST__,
		.destructors = __DTOR_LIST__,
		.main = MAIN,
	};

/* Windows' loader calls a shared object's only if Windows itself loads it,
 * which it never does. */
#ifdef SHARED
HIDDEN int __posix_dll_entry(void)
{
	return 1;
}
#else
_Noreturn void __posix_start(const struct module *);
HIDDEN void __posix_crt0(void)
{
	__posix_start(&__posix_module);
}
#endif

/* main() of every PE program calls this. */
HIDDEN void __main(void)
{
}

/* The linker demands the name; the DLL does the work. */
HIDDEN void _pei386_runtime_relocator(void)
{
}

HIDDEN void *__dso_handle = &__dso_handle;
