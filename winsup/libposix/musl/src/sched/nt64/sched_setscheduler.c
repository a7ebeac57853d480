/* musl answers ENOSYS here, since Linux asks about threads where POSIX asks
 * about processes; programs expect what Linux answers. */
#include <sched.h>

#include "syscall.h"

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	return syscall(SYS_sched_setscheduler, pid, policy, param);
}
