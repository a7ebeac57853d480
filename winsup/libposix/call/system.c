/* The machine. */
#include "call/call.h"

#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "task/task.h"
#include "task/task.h"

long sys_uname(struct utsname *user)
{
	struct win_machine machine;
	struct utsname u;

	memset(&u, 0, sizeof u);
	win_machine(&machine);
	format(u.sysname, sizeof u.sysname, KERNEL_NAME);
	win_host_name(u.nodename, sizeof u.nodename);
	format(u.release, sizeof u.release, KERNEL_RELEASE);
	format(u.version, sizeof u.version, "Windows %u.%u.%u", machine.major,
		machine.minor, machine.build);
	format(u.machine, sizeof u.machine, "x86_64");
	format(u.domainname, sizeof u.domainname, "(none)");
	return user_copy_out(user, &u, sizeof u);
}

long sys_sysinfo(struct sysinfo *user)
{
	struct win_machine machine;
	struct sysinfo s;

	memset(&s, 0, sizeof s);
	win_machine(&machine);
	s.uptime = (unsigned long)((win_clock_realtime() - win_boot_time()) /
				   1000000000);
	s.totalram = machine.memory_total;
	s.freeram = machine.memory_free;
	s.totalswap = machine.swap_total;
	s.freeswap = machine.swap_free;
	s.procs = (unsigned short)task_process_count();
	s.mem_unit = 1;
	return user_copy_out(user, &s, sizeof s);
}

long sys_getrandom(void *user, size_t size, unsigned flags)
{
	char bytes[256];
	size_t done = 0;

	if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | 4))
		return -EINVAL;
	while (done < size) {
		size_t n =
			size - done < sizeof bytes ? size - done : sizeof bytes;
		long r = win_random(bytes, n);

		if (r)
			return r;
		if (user_copy_out((char *)user + done, bytes, n))
			return -EFAULT;
		done += n;
	}
	return (long)done;
}

long sys_membarrier(int command, int flags)
{
	return command || flags ? -EINVAL : 0;
}
