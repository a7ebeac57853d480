/* musl answers ENOSYS here, since Linux asks about threads where POSIX asks
 * about processes; programs expect what Linux answers. */
#include <sched.h>

#include "syscall.h"

int sched_getscheduler(pid_t pid)
{
	return syscall(SYS_sched_getscheduler, pid);
}
