/* Who the process is, what it may use. */
#include "call/call.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/times.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "process/process.h"
#include "signal/signal.h"

#define KEEP (~0u)

static struct process *own(void)
{
	return current->process;
}

long sys_getuid(void)
{
	return own()->uid;
}

long sys_getgid(void)
{
	return own()->gid;
}

long sys_geteuid(void)
{
	return own()->euid;
}

long sys_getegid(void)
{
	return own()->egid;
}

static long give_three(unsigned *a, unsigned *b, unsigned *c, uint32_t x,
	uint32_t y, uint32_t z)
{
	return user_copy_out(a, &x, 4) || user_copy_out(b, &y, 4) ||
			       user_copy_out(c, &z, 4)
		       ? -EFAULT
		       : 0;
}

long sys_getresuid(unsigned *r, unsigned *e, unsigned *s)
{
	return give_three(r, e, s, own()->uid, own()->euid, own()->suid);
}

long sys_getresgid(unsigned *r, unsigned *e, unsigned *s)
{
	return give_three(r, e, s, own()->gid, own()->egid, own()->sgid);
}

/* One of the three ids a process has, or "leave it". */
static bool user_permitted(uint32_t id)
{
	return id == KEEP || id == own()->uid || id == own()->euid ||
	       id == own()->suid;
}

static bool group_permitted(uint32_t id)
{
	return id == KEEP || id == own()->gid || id == own()->egid ||
	       id == own()->sgid;
}

static void publish(void)
{
	struct process_slot *slot = task_process_slot(own()->slot);

	slot->uid = own()->uid;
	slot->euid = own()->euid;
	slot->gid = own()->gid;
	slot->egid = own()->egid;
}

static void change(uint32_t *to, uint32_t id)
{
	if (id != KEEP)
		*to = id;
}

long sys_setresuid(unsigned r, unsigned e, unsigned s)
{
	if (!user_permitted(r) || !user_permitted(e) || !user_permitted(s))
		return -EPERM;
	change(&own()->uid, r);
	change(&own()->euid, e);
	change(&own()->suid, s);
	publish();
	return 0;
}

long sys_setresgid(unsigned r, unsigned e, unsigned s)
{
	if (!group_permitted(r) || !group_permitted(e) || !group_permitted(s))
		return -EPERM;
	change(&own()->gid, r);
	change(&own()->egid, e);
	change(&own()->sgid, s);
	publish();
	return 0;
}

long sys_setreuid(unsigned r, unsigned e)
{
	return sys_setresuid(r, e, KEEP);
}

long sys_setregid(unsigned r, unsigned e)
{
	return sys_setresgid(r, e, KEEP);
}

long sys_setuid(unsigned id)
{
	return id == KEEP ? -EINVAL : sys_setresuid(KEEP, id, KEEP);
}

long sys_setgid(unsigned id)
{
	return id == KEEP ? -EINVAL : sys_setresgid(KEEP, id, KEEP);
}

long sys_getgroups(int count, void *user)
{
	uint32_t group = own()->gid;

	if (count < 0)
		return -EINVAL;
	if (count && user_copy_out(user, &group, sizeof group))
		return -EFAULT;
	return 1;
}

/* ---- limits and usage ---- */

static long limits(unsigned which, const struct rlimit *set, struct rlimit *get)
{
	uint64_t *now;
	uint64_t new[2];

	if (which >= LIMITS)
		return -EINVAL;
	now = own()->limits[which];
	if (set) {
		if (user_copy_in(new, set, sizeof new))
			return -EFAULT;
		if (new[0] > new[1])
			return -EINVAL;
		if (new[1] > now[1])
			return -EPERM;
	}
	if (get && user_copy_out(get, now, sizeof new))
		return -EFAULT;
	if (set)
		memcpy(now, new, sizeof new);
	if (set && which == LIMIT_CPU)
		timers_set_limit(own());
	return 0;
}

long sys_getrlimit(unsigned which, struct rlimit *out)
{
	return out ? limits(which, NULL, out) : -EFAULT;
}

long sys_setrlimit(unsigned which, const struct rlimit *in)
{
	return in ? limits(which, in, NULL) : -EFAULT;
}

long sys_prlimit64(
	int pid, unsigned which, const struct rlimit *in, struct rlimit *out)
{
	if (pid && pid != own()->pid)
		return task_process_find(pid) < 0 ? -ESRCH : -EPERM;
	return limits(which, in, out);
}

static void own_times(int64_t *user, int64_t *system)
{
	*user = *system = 0;
	win_process_times(win_process_self(), user, system);
	*user -= own()->base_user_time;
	*system -= own()->base_system_time;
}

long sys_getrusage(int who, struct rusage *out)
{
	struct rusage u;
	int64_t user, system;

	memset(&u, 0, sizeof u);
	switch (who) {
	case RUSAGE_SELF:
		own_times(&user, &system);
		break;
	case RUSAGE_THREAD:
		user = system = 0;
		win_thread_times(current->handle, &user, &system);
		break;
	case RUSAGE_CHILDREN:
		process_children_usage(&u);
		return user_copy_out(out, &u, sizeof u);
	default:
		return -EINVAL;
	}
	u.ru_utime.tv_sec = user / 1000000000;
	u.ru_utime.tv_usec = user / 1000 % 1000000;
	u.ru_stime.tv_sec = system / 1000000000;
	u.ru_stime.tv_usec = system / 1000 % 1000000;
	u.ru_maxrss = (long)(memory_size() / 1024);
	return user_copy_out(out, &u, sizeof u);
}

#define TICK 10000000 /* ns; 100 a second */

long sys_times(struct tms *out)
{
	struct process_slot *slot = task_process_slot(own()->slot);
	struct tms t;
	int64_t user, system;

	own_times(&user, &system);
	t.tms_utime = user / TICK;
	t.tms_stime = system / TICK;
	t.tms_cutime = slot->children_user_time / TICK;
	t.tms_cstime = slot->children_system_time / TICK;
	if (out && user_copy_out(out, &t, sizeof t))
		return -EFAULT;
	return win_clock_monotonic() / TICK;
}

static long put_number(unsigned long user, uint32_t value)
{
	return user_copy_out((void *)user, &value, sizeof value);
}

long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
	unsigned long d)
{
	char name[NAME_SIZE] = "";
	long r;

	(void)b;
	(void)c;
	(void)d;
	switch (option) {
	case PR_SET_NAME:
		r = user_string(name, (const char *)a, NAME_SIZE);
		if (r == -EFAULT)
			return r;
		name[NAME_SIZE - 1] = 0;
		memcpy(current->name, name, NAME_SIZE);
		if (current->tid == own()->pid)
			memcpy(task_process_slot(own()->slot)->name, name,
				NAME_SIZE);
		return 0;
	case PR_GET_NAME:
		return user_copy_out((void *)a, current->name, NAME_SIZE);
	case PR_SET_PDEATHSIG:
		if (a > SIGNALS)
			return -EINVAL;
		task_process_slot(own()->slot)->death_signal = (uint32_t)a;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_number(
			a, task_process_slot(own()->slot)->death_signal);
	case PR_SET_CHILD_SUBREAPER:
		task_process_slot(own()->slot)->subreaper = a != 0;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_number(a, task_process_slot(own()->slot)->subreaper);
	case PR_GET_DUMPABLE:
		return 1;
	case PR_SET_DUMPABLE:
		return a > 1 ? -EINVAL : 0;
	}
	return -EINVAL;
}
