/* What the dl* functions share: a call of the lower half, its error kept for
 * dlerror(). */
#include "syscall.h"
#include "pthread_impl.h"
#include "dynlink.h"
#include "abi/private_syscalls.h"

/* Makes the call; on failure hands its text to __dl_seterr().  0 or -1. */
hidden int __posix_dl_call(long number, struct posix_dl *);
/* A name of the lower half's as one that stays good, in forked children too. */
hidden const char *__posix_dl_name(const char *);
