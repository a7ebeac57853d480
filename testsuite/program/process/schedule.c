/* Policies and priorities: man 7 sched, man 2 setpriority, ioprio_set. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

/* glibc and musl answer for the kernel */
static int set(pid_t pid, int policy, int priority)
{
	struct sched_param p = { .sched_priority = priority };

	return sched_setscheduler(pid, policy, &p);
}

static int priority_of(pid_t pid)
{
	struct sched_param p = { .sched_priority = -1 };

	assert_int_equal(sched_getparam(pid, &p), 0);
	return p.sched_priority;
}

/* As much as may be asked for. */
static void ask_for_all(int which)
{
	struct rlimit l;

	getrlimit(which, &l);
	l.rlim_cur = l.rlim_max;
	setrlimit(which, &l);
}

static int in_child(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(f());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void bounds(void **state)
{
	static const int ordinary[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };

	assert_int_equal(sched_get_priority_max(SCHED_FIFO), 99);
	assert_int_equal(sched_get_priority_max(SCHED_RR), 99);
	assert_int_equal(sched_get_priority_min(SCHED_FIFO), 1);
	assert_int_equal(sched_get_priority_min(SCHED_RR), 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sched_get_priority_max(ordinary[i]), 0);
		assert_int_equal(sched_get_priority_min(ordinary[i]), 0);
	}
	assert_fails(sched_get_priority_max(-1), EINVAL);
	assert_fails(sched_get_priority_min(77), EINVAL);
}

static int own_policy(void)
{
	ask_for_all(RLIMIT_RTPRIO);
	if (sched_getscheduler(0) != SCHED_OTHER || priority_of(0) != 0)
		return 1;
	if (set(0, SCHED_BATCH, 0) || sched_getscheduler(0) != SCHED_BATCH)
		return 2;
	if (set(0, SCHED_RR, 10) || sched_getscheduler(0) != SCHED_RR ||
		priority_of(0) != 10 || priority_of(getpid()) != 10)
		return 3;
	struct sched_param p = { .sched_priority = 20 };
	if (sched_setparam(0, &p) || priority_of(0) != 20 ||
		sched_getscheduler(getpid()) != SCHED_RR)
		return 4;
	if (set(getpid(), SCHED_FIFO, 99) ||
		sched_getscheduler(0) != SCHED_FIFO)
		return 5;
	if (set(0, SCHED_IDLE, 0) || sched_getscheduler(0) != SCHED_IDLE)
		return 6;
	return 0;
}

static void a_policy(void **state)
{
	assert_int_equal(in_child(own_policy), 0);
	/* the child's was its own */
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

static int inherited(void)
{
	pid_t pid;
	int status;

	ask_for_all(RLIMIT_RTPRIO);
	set(0, SCHED_RR, 5);
	pid = fork();
	if (!pid)
		_exit(sched_getscheduler(0) != SCHED_RR || priority_of(0) != 5);
	waitpid(pid, &status, 0);
	if (status)
		return 1;
	if (set(0, SCHED_RR | SCHED_RESET_ON_FORK, 5) ||
		sched_getscheduler(0) != (SCHED_RR | SCHED_RESET_ON_FORK))
		return 2;
	pid = fork();
	if (!pid)
		_exit(sched_getscheduler(0) != SCHED_OTHER ||
			priority_of(0) != 0);
	waitpid(pid, &status, 0);
	return status ? 3 : 0;
}

static void children_inherit(void **state)
{
	assert_int_equal(in_child(inherited), 0);
}

static void refusals(void **state)
{
	struct sched_param p = { 0 };
	struct timespec t;

	assert_fails(set(-1, SCHED_OTHER, 0), EINVAL);
	assert_fails(set(0, 77, 0), EINVAL);
	assert_fails(set(0, -1, 0), EINVAL);
	assert_fails(set(0, SCHED_OTHER, 1), EINVAL);
	assert_fails(set(0, SCHED_FIFO, 0), EINVAL);
	assert_fails(set(0, SCHED_RR, 100), EINVAL);
	assert_fails(set(4000000, SCHED_OTHER, 0), ESRCH);
	assert_fails(syscall(SYS_sched_setscheduler, 0, 0, NULL), EINVAL);
	assert_fails(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
	assert_fails(sched_getparam(-1, &p), EINVAL);
	assert_fails(sched_getparam(4000000, &p), ESRCH);
	assert_fails(sched_getscheduler(-1), EINVAL);
	assert_fails(sched_getscheduler(4000000), ESRCH);
	assert_fails(sched_rr_get_interval(-1, &t), EINVAL);
	assert_fails(sched_rr_get_interval(4000000, &t), ESRCH);
}

static int not_permitted(void)
{
	struct rlimit none = { 0, 0 }, five = { 5, 5 };

	bool five_are_allowed = !setrlimit(RLIMIT_RTPRIO, &five);

	/* natively the test may be root's; libposix has nobody else's id */
	if (geteuid() == 0 && setuid(65534))
		return 0;
	if (set(0, SCHED_FIFO, 6) != -1 || errno != EPERM)
		return 1;
	if (set(0, SCHED_FIFO, 5) != (five_are_allowed ? 0 : -1))
		return 2;
	setrlimit(RLIMIT_RTPRIO, &none);
	/* what it has it may keep, or less */
	if (five_are_allowed && set(0, SCHED_FIFO, 3))
		return 3;
	if (set(0, SCHED_OTHER, 0))
		return 4;
	if (set(0, SCHED_RR, 1) != -1 || errno != EPERM)
		return 5;
	setrlimit(RLIMIT_NICE, &none);
	if (nice(3) != 3 || nice(-1) != -1 || errno != EPERM)
		return 6;
	if (setpriority(PRIO_PROCESS, 0, 2) != -1 || errno != EACCES)
		return 7;
	return getpriority(PRIO_PROCESS, 0) == 3 ? 0 : 8;
}

static void limits_hold(void **state)
{
	assert_int_equal(in_child(not_permitted), 0);
}

static int nice_levels(void)
{
	static const int levels[] = { 1, 5, 10, 15, 19 };
	pid_t pid;
	int status;

	for (int i = 0; i < 5; i++)
		if (setpriority(PRIO_PROCESS, 0, levels[i]) ||
			getpriority(PRIO_PROCESS, 0) != levels[i])
			return 1 + i;
	if (setpriority(PRIO_PROCESS, getpid(), 100) ||
		getpriority(PRIO_PROCESS, getpid()) != 19)
		return 10;
	pid = fork();
	if (!pid)
		_exit(getpriority(PRIO_PROCESS, 0) != 19);
	waitpid(pid, &status, 0);
	return status ? 11 : 0;
}

static void nice_is_inherited(void **state)
{
	struct sched_param p;
	pid_t pid;

	assert_int_equal(in_child(nice_levels), 0);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), 0);
	/* a child's, by its parent */
	pid = fork();
	while (!pid)
		pause();
	assert_int_equal(setpriority(PRIO_PROCESS, pid, 7), 0);
	assert_int_equal(getpriority(PRIO_PROCESS, pid), 7);
	assert_int_equal(sched_getscheduler(pid), SCHED_OTHER);
	assert_int_equal(sched_getparam(pid, &p), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_fails(setpriority(3, 0, 0), EINVAL);
	assert_fails(getpriority(-1, 0), EINVAL);
	assert_fails(setpriority(PRIO_PROCESS, 4000000, 0), ESRCH);
	assert_fails(getpriority(PRIO_PROCESS, 4000000), ESRCH);
}

static void *look_at_policy(void *out)
{
	struct sched_param p;

	pthread_getschedparam(pthread_self(), (int *)out, &p);
	((int *)out)[1] = p.sched_priority;
	((int *)out)[2] = sched_getscheduler(0);
	return NULL;
}

static int of_threads(void)
{
	struct sched_param p = { .sched_priority = 30 };
	pthread_attr_t a;
	pthread_t t;
	int seen[3], policy;

	ask_for_all(RLIMIT_RTPRIO);
	pthread_attr_init(&a);
	pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&a, SCHED_RR);
	pthread_attr_setschedparam(&a, &p);
	if (pthread_create(&t, &a, look_at_policy, seen))
		return 1;
	pthread_join(t, NULL);
	if (seen[0] != SCHED_RR || seen[1] != 30 || seen[2] != SCHED_RR)
		return 2;
	if (sched_getscheduler(0) != SCHED_OTHER)
		return 3;
	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &p))
		return 4;
	if (pthread_setschedprio(pthread_self(), 40))
		return 5;
	if (pthread_getschedparam(pthread_self(), &policy, &p) ||
		policy != SCHED_FIFO || p.sched_priority != 40)
		return 6;
	/* without attributes: as its maker */
	pthread_create(&t, NULL, look_at_policy, seen);
	pthread_join(t, NULL);
	return seen[0] != SCHED_FIFO || seen[1] != 40 ? 7 : 0;
}

static void threads_have_their_own(void **state)
{
	assert_int_equal(in_child(of_threads), 0);
}

static int intervals(void)
{
	struct timespec t = { -1, -1 };

	ask_for_all(RLIMIT_RTPRIO);
	if (set(0, SCHED_RR, 1) || sched_rr_get_interval(0, &t))
		return 1;
	if (t.tv_sec || t.tv_nsec < 1000000 || t.tv_nsec > 300000000)
		return 2;
	if (set(0, SCHED_FIFO, 1) || sched_rr_get_interval(getpid(), &t))
		return 3;
	return t.tv_sec || t.tv_nsec ? 4 : 0;
}

static void an_interval(void **state)
{
	assert_int_equal(in_child(intervals), 0);
}

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint64_t more[10];
};

#ifndef SYS_sched_setattr
#define SYS_sched_setattr 314
#define SYS_sched_getattr 315
#endif

static int with_attributes(void)
{
	struct attributes a = { .size = 48, .policy = SCHED_OTHER, .nice = 4 };

	ask_for_all(RLIMIT_RTPRIO);
	if (syscall(SYS_sched_setattr, 0L, &a, 0L) ||
		getpriority(PRIO_PROCESS, 0) != 4)
		return 1;
	memset(&a, 0xff, sizeof a);
	if (syscall(SYS_sched_getattr, 0L, &a, 48L, 0L) || a.size != 48 ||
		a.policy != SCHED_OTHER || a.nice != 4 || a.priority || a.flags)
		return 2;
	a = (struct attributes){
		.policy = SCHED_RR, .priority = 7, .flags = 1
	};
	if (syscall(SYS_sched_setattr, 0L, &a, 0L) ||
		sched_getscheduler(0) != (SCHED_RR | SCHED_RESET_ON_FORK) ||
		priority_of(0) != 7)
		return 3;
	if (syscall(SYS_sched_getattr, 0L, &a, 48L, 0L) ||
		a.policy != SCHED_RR || a.priority != 7 || a.flags != 1)
		return 4;
	a = (struct attributes){ .size = sizeof a, .policy = SCHED_OTHER };
	a.more[9] = 1;
	if (syscall(SYS_sched_setattr, 0L, &a, 0L) != -1 || errno != E2BIG ||
		a.size < 48)
		return 5;
	a.size = 40;
	if (syscall(SYS_sched_setattr, 0L, &a, 0L) != -1 || errno != E2BIG)
		return 6;
	if (syscall(SYS_sched_getattr, 0L, &a, 40L, 0L) != -1 ||
		errno != EINVAL)
		return 7;
	if (syscall(SYS_sched_getattr, 0L, &a, 48L, 1L) != -1 ||
		errno != EINVAL)
		return 8;
	a = (struct attributes){ .policy = 77 };
	if (syscall(SYS_sched_setattr, 0L, &a, 0L) != -1 || errno != EINVAL)
		return 9;
	return 0;
}

static void attributes_of_policies(void **state)
{
	assert_int_equal(in_child(with_attributes), 0);
}

static int io(void)
{
	int best = 2 << 13 | 3, idle = 3 << 13, status;
	pid_t pid;

	if (syscall(SYS_ioprio_get, 1L, 0L) != 0)
		return 1;
	if (syscall(SYS_ioprio_set, 1L, 0L, (long)best) ||
		syscall(SYS_ioprio_get, 1L, 0L) != best)
		return 2;
	pid = fork();
	if (!pid)
		_exit(syscall(SYS_ioprio_get, 1L, 0L) != best);
	waitpid(pid, &status, 0);
	if (status)
		return 3;
	if (syscall(SYS_ioprio_set, 1L, (long)getpid(), (long)idle) ||
		syscall(SYS_ioprio_get, 1L, (long)getpid()) != idle)
		return 4;
	if (syscall(SYS_ioprio_set, 1L, 0L, 5L << 13) != -1 || errno != EINVAL)
		return 5;
	if (syscall(SYS_ioprio_set, 1L, 0L, 1L) != -1 || errno != EINVAL)
		return 6;
	if (syscall(SYS_ioprio_set, 9L, 0L, 0L) != -1 || errno != EINVAL)
		return 7;
	if (syscall(SYS_ioprio_get, 9L, 0L) != -1 || errno != EINVAL)
		return 8;
	if (syscall(SYS_ioprio_get, 1L, 4000000L) != -1 || errno != ESRCH)
		return 9;
	return 0;
}

static void io_priorities(void **state)
{
	assert_int_equal(in_child(io), 0);
}

static bool is_only(const cpu_set_t *set, int cpu)
{
	return CPU_COUNT(set) == 1 && CPU_ISSET(cpu, set);
}

static void *own_affinity(void *out)
{
	sched_getaffinity(0, sizeof(cpu_set_t), out);
	return NULL;
}

static int on_each_processor(void)
{
	cpu_set_t all, one, seen;
	pthread_t t;
	pid_t pid;
	int status;

	if (sched_getaffinity(0, sizeof all, &all))
		return 1;
	for (int i = 0; i < 64; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		if (sched_setaffinity(0, sizeof one, &one))
			return 2;
		for (int k = 0; k < 20; k++)
			if (sched_getcpu() != i)
				return 3;
		own_affinity(&seen);
		if (!is_only(&seen, i))
			return 4;
		pthread_create(&t, NULL, own_affinity, &seen);
		pthread_join(t, NULL);
		if (!is_only(&seen, i))
			return 5;
		pid = fork();
		if (!pid) {
			own_affinity(&seen);
			_exit(!is_only(&seen, i) || sched_getcpu() != i);
		}
		waitpid(pid, &status, 0);
		if (status)
			return 6;
	}
	CPU_ZERO(&one);
	if (sched_setaffinity(0, sizeof one, &one) != -1 || errno != EINVAL)
		return 7;
	if (sched_setaffinity(4000000, sizeof all, &all) != -1 ||
		errno != ESRCH)
		return 8;
	if (sched_setaffinity(0, sizeof all, &all))
		return 9;
	own_affinity(&seen);
	return CPU_EQUAL(&seen, &all) ? 0 : 10;
}

static void processors(void **state)
{
	assert_int_equal(in_child(on_each_processor), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(a_policy),
		cmocka_unit_test(children_inherit),
		cmocka_unit_test(refusals),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(nice_is_inherited),
		cmocka_unit_test(threads_have_their_own),
		cmocka_unit_test(an_interval),
		cmocka_unit_test(attributes_of_policies),
		cmocka_unit_test(io_priorities),
		cmocka_unit_test(processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
