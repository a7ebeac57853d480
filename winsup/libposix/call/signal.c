/* Signals and timers. */
#include "call/call.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "abi/errno.h"
#include "abi/frame.h"
#include "abi/kernel.h"
#include "call/private.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "wait/wait.h"

#define MASK_SIZE 8

static bool valid(int signal)
{
	return signal >= 1 && signal <= SIGNALS;
}

long sys_rt_sigaction(int signal, const struct k_sigaction *new,
	struct k_sigaction *old, size_t size)
{
	struct k_sigaction in, out;

	if (size != MASK_SIZE || !valid(signal))
		return -EINVAL;
	if (new && (signal == SIGKILL || signal == SIGSTOP))
		return -EINVAL;
	if (new &&user_copy_in(&in, new, sizeof in))
		return -EFAULT;
	signal_action(current->process, signal, new ? &in : NULL, &out);
	return old ? user_copy_out(old, &out, sizeof out) : 0;
}

long sys_rt_sigprocmask(
	int how, const uint64_t *new, uint64_t *old, size_t size)
{
	struct thread *t = current;
	uint64_t before = t->sigmask, set;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (new) {
		if (user_copy_in(&set, new, sizeof set))
			return -EFAULT;
		if (how == SIG_BLOCK)
			set |= before;
		else if (how == SIG_UNBLOCK)
			set = before & ~set;
		else if (how != SIG_SETMASK)
			return -EINVAL;
		t->sigmask = set & BLOCKABLE;
		if (t->sigmask != before) {
			signal_publish(t->process);
			signal_recheck(t->process);
		}
	}
	return old ? user_copy_out(old, &before, sizeof before) : 0;
}

long sys_rt_sigreturn(struct frame *frame)
{
	return signal_return(current, frame);
}

long sys_rt_sigpending(void *user, size_t size)
{
	struct thread *t = current;
	uint64_t pending =
		(t->signals_pending |
			task_process_slot(t->process->slot)->signals.pending) &
		t->sigmask;

	if (size > MASK_SIZE)
		return -EINVAL;
	return user_copy_out(user, &pending, size);
}

/* The mask of ppoll() and pselect() lasts until a handler has been entered. */
long mask_for_wait(const uint64_t *user, size_t size)
{
	struct thread *t = current;
	uint64_t mask;

	if (!user)
		return 0;
	if (size != sizeof mask)
		return -EINVAL;
	if (user_copy_in(&mask, user, sizeof mask))
		return -EFAULT;
	t->sigmask_saved = t->sigmask;
	t->sigmask_restore = true;
	t->sigmask = mask & BLOCKABLE;
	signal_publish(t->process);
	return 0;
}

/* Without an interruption the old mask is back at once. */
long mask_after_wait(long r)
{
	struct thread *t = current;

	if (t->sigmask_restore && r != -ERESTARTNOHAND && r != -EINTR) {
		t->sigmask = t->sigmask_saved;
		t->sigmask_restore = false;
		signal_publish(t->process);
	}
	return r;
}

static long suspend(void)
{
	struct sleep s;
	long r;

	sleep_begin(&s, WIN_FOREVER);
	while (!(r = sleep_wait(&s)))
		;
	sleep_end(&s);
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const uint64_t *user, size_t size)
{
	struct thread *t = current;
	uint64_t mask;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (user_copy_in(&mask, user, sizeof mask))
		return -EFAULT;
	t->sigmask_saved = t->sigmask;
	t->sigmask_restore = true;
	t->sigmask = mask & BLOCKABLE;
	signal_publish(t->process);
	return suspend();
}

long sys_pause(void)
{
	return suspend();
}

/* The waited-for signals are let through to wake us, but not delivered. */
static long await(uint64_t wanted, int64_t deadline, struct signal_record *out)
{
	struct thread *t = current;
	uint64_t mask = t->sigmask;
	struct sleep s;
	long r = 0;

	t->sigmask = mask & ~wanted;
	signal_publish(t->process);
	sleep_begin(&s, deadline);
	while (!signal_take_pending(wanted, out)) {
		r = sleep_wait(&s);
		if (r && signal_take_pending(wanted, out)) {
			r = 0;
			break;
		}
		if (r == -ERESTARTSYS)
			r = -EINTR;
		if (r)
			break;
	}
	sleep_end(&s);
	t->sigmask = mask;
	signal_publish(t->process);
	return r == -ETIMEDOUT ? -EAGAIN : r;
}

long sys_rt_sigtimedwait(const uint64_t *user, void *info,
	const struct timespec *timeout, size_t size)
{
	struct signal_record record;
	siginfo_t out;
	uint64_t wanted;
	int64_t deadline;
	long r;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (user_copy_in(&wanted, user, sizeof wanted))
		return -EFAULT;
	r = deadline_from_user(&deadline, timeout, CLOCK_MONOTONIC, false);
	if (!r)
		r = await(wanted & BLOCKABLE, deadline, &record);
	if (r)
		return r;
	signal_info(&out, &record);
	if (info && user_copy_out(info, &out, sizeof out))
		return -EFAULT;
	return record.signal;
}

/* ---- sending ---- */

static struct signal_record own_record(int signal, int code)
{
	struct process *p = current->process;

	return (struct signal_record){
		.signal = signal, .code = code, .pid = p->pid, .uid = p->uid
	};
}

/* kill(-1): everybody but the caller, as Linux does. */
static long send_everybody(const struct signal_record *record)
{
	struct shared *s = task_shared();
	long r = -ESRCH;

	for (uint32_t i = 0; i < s->process_end; i++) {
		if (task_process_state(s->process[i].word) != PROCESS_RUNNING ||
			i == current->process->slot)
			continue;
		if (!signal_send(i, record))
			r = 0;
	}
	return r;
}

static long send(int pid, const struct signal_record *record)
{
	long i;

	if (pid == -1)
		return send_everybody(record);
	if (pid <= 0)
		return signal_send_group(-pid, record);
	i = task_process_find(pid);
	return i < 0 ? i : signal_send((uint32_t)i, record);
}

long sys_kill(int pid, int signal)
{
	struct signal_record record = own_record(signal, SI_USER);

	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	return send(pid, &record);
}

static struct thread *find_thread(int tid)
{
	struct process *p = current->process;
	struct thread *found = NULL;

	if (tid == current->tid || tid == p->pid)
		return current->tid == tid || p->vfork_of ? current : NULL;
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t->tid == tid)
			found = t;
	}
	lock_drop(&p->lock);
	return found;
}

static struct thread *main_thread(int tid)
{
	struct process *p = current->process;
	struct thread *found = NULL;

	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t->tid == tid)
			found = t;
	}
	lock_drop(&p->lock);
	return found;
}

long sys_tkill(int tid, int signal)
{
	struct signal_record record = own_record(signal, SI_TKILL);
	struct thread *t;

	if (tid <= 0 || signal < 0 || signal > SIGNALS)
		return -EINVAL;
	t = find_thread(tid);
	if (!t)
		t = main_thread(tid);
	/* the first thread of another process has its pid */
	return t ? signal_send_thread(t, &record) : send(tid, &record);
}

long sys_tgkill(int pid, int tid, int signal)
{
	if (pid <= 0)
		return -EINVAL;
	if (pid != current->process->pid && pid != tid)
		return -ESRCH;
	return sys_tkill(tid, signal);
}

/* Only the kernel's own say who sent them, unless to oneself: man 2
 * rt_sigqueueinfo. */
static long record_from_user(
	struct signal_record *out, bool oneself, int signal, const void *user)
{
	siginfo_t info;

	if (user_copy_in(&info, user, sizeof info))
		return -EFAULT;
	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	if ((info.si_code >= 0 || info.si_code == SI_TKILL) && !oneself)
		return -EPERM;
	*out = own_record(signal, info.si_code);
	out->pid = info.si_pid;
	out->uid = info.si_uid;
	out->value = (uint64_t)info.si_value.sival_ptr;
	return 0;
}

long sys_rt_sigqueueinfo(int pid, int signal, const void *user)
{
	struct signal_record record;
	long r = record_from_user(
		&record, pid == current->process->pid, signal, user);

	return r ? r : send(pid, &record);
}

long sys_rt_tgsigqueueinfo(int pid, int tid, int signal, const void *user)
{
	struct signal_record record;
	struct thread *t;
	long r = pid <= 0 || tid <= 0
			 ? -EINVAL
			 : record_from_user(
				   &record, tid == current->tid, signal, user);

	if (r)
		return r;
	if (pid != current->process->pid)
		return pid == tid ? send(pid, &record) : -ESRCH;
	t = find_thread(tid);
	if (!t)
		t = main_thread(tid);
	return t ? signal_send_thread(t, &record) : -ESRCH;
}

long sys_sigaltstack(const void *new, void *old)
{
	struct thread *t = current;
	stack_t in, s;

	signal_altstack_get(t, t->frame->rsp, &s);
	if (new &&user_copy_in(&in, new, sizeof in))
		return -EFAULT;
	if (old && user_copy_out(old, &s, sizeof s))
		return -EFAULT;
	return new ? signal_altstack_set(t, t->frame->rsp, &in) : 0;
}

/* ---- timers ---- */

static bool bad_timeval(const struct timeval *v)
{
	return v->tv_sec < 0 || v->tv_usec < 0 || v->tv_usec >= 1000000;
}

static int64_t ns_of(const struct timeval *v)
{
	struct timespec t = { v->tv_sec, v->tv_usec * 1000 };

	return ns_from_timespec(&t);
}

static struct timeval timeval_of(int64_t ns)
{
	/* what is left is never shown as 0 */
	int64_t us = (ns + 999) / 1000;

	return (struct timeval){ us / 1000000, us % 1000000 };
}

long sys_setitimer(
	int which, const struct itimerval *new, struct itimerval *old)
{
	struct itimerval in = { { 0, 0 }, { 0, 0 } }, out;
	int64_t left, interval;

	if (which < 0 || which > ITIMER_PROF)
		return -EINVAL;
	if (new &&user_copy_in(&in, new, sizeof in))
		return -EFAULT;
	if (bad_timeval(&in.it_value) || bad_timeval(&in.it_interval))
		return -EINVAL;
	if (which == ITIMER_REAL) {
		timers_set_real(current->process, ns_of(&in.it_value),
			ns_of(&in.it_interval), &left, &interval);
	} else {
		timers_get_cpu(current->process, which == ITIMER_PROF, &left,
			&interval);
		timers_set_cpu(current->process, which == ITIMER_PROF,
			ns_of(&in.it_value), ns_of(&in.it_interval));
	}
	out.it_value = timeval_of(left);
	out.it_interval = timeval_of(interval);
	return old ? user_copy_out(old, &out, sizeof out) : 0;
}

long sys_getitimer(int which, struct itimerval *user)
{
	struct itimerval out;
	int64_t left, interval;

	if (which < 0 || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		timers_get_real(current->process, &left, &interval);
	else
		timers_get_cpu(current->process, which == ITIMER_PROF, &left,
			&interval);
	out.it_value = timeval_of(left);
	out.it_interval = timeval_of(interval);
	return user_copy_out(user, &out, sizeof out);
}

long sys_alarm(unsigned seconds)
{
	int64_t left, interval;

	timers_set_real(
		current->process, seconds * SECOND, 0, &left, &interval);
	/* rounded, but never to 0: man 2 alarm */
	if (left && left < SECOND)
		return 1;
	return (left + SECOND / 2) / SECOND;
}

long sys_timer_create(int clock, const struct sigevent *user, int *id)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM };
	int number, tid = 0, counted;
	int64_t now;
	long r;

	if (cpu_clock_of(clock, &counted)) {
		r = cpu_clock_read(current->process, counted, &now);
		if (r)
			return r;
	} else if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
		   clock != CLOCK_BOOTTIME) {
		return -EINVAL;
	}
	if (user && user_copy_in(&e, user, sizeof e))
		return -EFAULT;
	if (e.sigev_notify == SIGEV_THREAD_ID) {
		/* Linux' sigev_notify_thread_id lies behind sigev_notify */
		memcpy(&tid, (char *)&e + 16, sizeof tid);
		if (!main_thread(tid))
			return -EINVAL;
	} else if (e.sigev_notify != SIGEV_SIGNAL &&
		   e.sigev_notify != SIGEV_NONE) {
		return -EINVAL;
	}
	if (e.sigev_notify != SIGEV_NONE && !valid(e.sigev_signo))
		return -EINVAL;
	r = timers_add(current->process, clock, e.sigev_notify, e.sigev_signo,
		(uint64_t)e.sigev_value.sival_ptr, tid);
	if (r < 0)
		return r;
	number = (int)r;
	if (user_copy_out(id, &number, sizeof number)) {
		timers_remove(current->process, number);
		return -EFAULT;
	}
	return 0;
}

static struct itimerspec itimerspec_of(int64_t left, int64_t interval)
{
	return (struct itimerspec){ { interval / SECOND, interval % SECOND },
		{ left / SECOND, left % SECOND } };
}

static bool bad_timespec(const struct timespec *t)
{
	return t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= SECOND;
}

long sys_timer_settime(
	int id, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec in, out;
	int64_t left, interval;
	long r;

	if (user_copy_in(&in, new, sizeof in))
		return -EFAULT;
	if (bad_timespec(&in.it_value) || bad_timespec(&in.it_interval))
		return -EINVAL;
	r = timers_set(current->process, id, flags & TIMER_ABSTIME,
		ns_from_timespec(&in.it_value),
		ns_from_timespec(&in.it_interval), &left, &interval);
	if (r || !old)
		return r;
	out = itimerspec_of(left, interval);
	return user_copy_out(old, &out, sizeof out);
}

long sys_timer_gettime(int id, struct itimerspec *user)
{
	struct itimerspec out;
	int64_t left, interval;
	long r = timers_get(current->process, id, &left, &interval);

	if (r)
		return r;
	out = itimerspec_of(left, interval);
	return user_copy_out(user, &out, sizeof out);
}

long sys_timer_getoverrun(int id)
{
	return timers_overrun(current->process, id);
}

long sys_timer_delete(int id)
{
	return timers_remove(current->process, id);
}
