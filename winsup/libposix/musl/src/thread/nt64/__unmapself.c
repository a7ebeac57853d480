/* A thread cannot unmap the stack it runs on and then go on, so the lower
 * half does both, on its own stack. */
#include "pthread_impl.h"
#include "syscall.h"
#include "abi/private_syscalls.h"

void __unmapself(void *base, size_t size)
{
	__syscall(SYS_posix_unmapself, base, size);
}
