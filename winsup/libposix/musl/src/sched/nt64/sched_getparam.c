/* musl answers ENOSYS here, since Linux asks about threads where POSIX asks
 * about processes; programs expect what Linux answers. */
#include <sched.h>

#include "syscall.h"

int sched_getparam(pid_t pid, struct sched_param *param)
{
	return syscall(SYS_sched_getparam, pid, param);
}
