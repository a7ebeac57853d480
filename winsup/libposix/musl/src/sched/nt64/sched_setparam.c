/* musl answers ENOSYS here, since Linux asks about threads where POSIX asks
 * about processes; programs expect what Linux answers. */
#include <sched.h>

#include "syscall.h"

int sched_setparam(pid_t pid, const struct sched_param *param)
{
	return syscall(SYS_sched_setparam, pid, param);
}
