/* eventfd, timerfd, signalfd, pidfd and epoll. */
#include "call/call.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "abi/errno.h"
#include "call/private.h"
#include "ipc/ipc.h"
#include "process/process.h"
#include "signal/signal.h"

#define MASK_SIZE 8
#define STATUS	  (O_CLOEXEC | O_NONBLOCK)

/* Their flags are O_CLOEXEC and O_NONBLOCK by other names. */
_Static_assert(EFD_CLOEXEC == O_CLOEXEC && EFD_NONBLOCK == O_NONBLOCK &&
		       TFD_CLOEXEC == O_CLOEXEC && TFD_NONBLOCK == O_NONBLOCK &&
		       SFD_CLOEXEC == O_CLOEXEC && SFD_NONBLOCK == O_NONBLOCK &&
		       EPOLL_CLOEXEC == O_CLOEXEC,
	"flags of descriptors");

/* ---- eventfd ---- */

long sys_eventfd2(unsigned count, int flags)
{
	struct file *f;
	long r;

	if (flags & ~(STATUS | EFD_SEMAPHORE))
		return -EINVAL;
	r = eventfd_create(&f, O_RDWR | (flags & O_NONBLOCK), count,
		flags & EFD_SEMAPHORE);
	return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
}

long sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}

/* ---- timerfd ---- */

#define TIMER_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

long sys_timerfd_create(int clock, int flags)
{
	struct file *f;
	long r;

	if (flags & ~STATUS)
		return -EINVAL;
	/* which would wake the machine: CAP_WAKE_ALARM */
	if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
		return -EPERM;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
		clock != CLOCK_BOOTTIME)
		return -EINVAL;
	r = timerfd_make(&f, O_RDWR | (flags & O_NONBLOCK), clock);
	return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
}

static bool bad_timespec(const struct timespec *t)
{
	return t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= SECOND;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ ns / SECOND, ns % SECOND };
}

static long tell_timer(struct itimerspec *user, int64_t left, int64_t interval)
{
	struct itimerspec out = { timespec_of(interval), timespec_of(left) };

	return user_copy_out(user, &out, sizeof out);
}

long sys_timerfd_settime(
	int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec in;
	int64_t left, interval;
	struct file *f;
	long r;

	if (user_copy_in(&in, new, sizeof in))
		return -EFAULT;
	if ((flags & ~TIMER_FLAGS) || bad_timespec(&in.it_value) ||
		bad_timespec(&in.it_interval))
		return -EINVAL;
	r = fd_get(fd, &f);
	if (r)
		return r;
	r = timerfd_set(f, flags & TFD_TIMER_ABSTIME,
		ns_from_timespec(&in.it_value),
		ns_from_timespec(&in.it_interval), &left, &interval);
	file_put(f);
	return r || !old ? r : tell_timer(old, left, interval);
}

long sys_timerfd_gettime(int fd, struct itimerspec *user)
{
	int64_t left, interval;
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = timerfd_get(f, &left, &interval);
	file_put(f);
	return r ? r : tell_timer(user, left, interval);
}

/* ---- signalfd ---- */

long sys_signalfd4(int fd, const uint64_t *user, size_t size, int flags)
{
	uint64_t mask;
	struct file *f;
	long r;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (user_copy_in(&mask, user, sizeof mask))
		return -EFAULT;
	if (flags & ~STATUS)
		return -EINVAL;
	if (fd == -1) {
		r = signalfd_create(
			&f, O_RDWR | (flags & O_NONBLOCK), mask & BLOCKABLE);
		return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
	}
	r = fd_get(fd, &f);
	if (r)
		return r;
	r = signalfd_set(f, mask & BLOCKABLE);
	file_put(f);
	return r ? r : fd;
}

long sys_signalfd(int fd, const uint64_t *user, size_t size)
{
	return sys_signalfd4(fd, user, size, 0);
}

/* ---- pidfd ---- */

long sys_pidfd_open(int pid, unsigned flags)
{
	struct file *f;
	long r;

	if ((flags & ~(unsigned)O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	r = pidfd_make(pid, (int)flags, &f);
	return r ? r : fd_install(f, 0, true);
}

static long send_to(struct file *f, int signal, const siginfo_t *info)
{
	struct process *p = current->process;
	struct signal_record record = {
		.signal = signal, .code = SI_USER, .pid = p->pid, .uid = p->uid
	};
	long i = pidfd_process(f);

	if (i < 0)
		return i;
	if (info) {
		if (info->si_signo != signal)
			return -EINVAL;
		/* only the kernel's own say who sent them */
		if ((info->si_code >= 0 || info->si_code == SI_TKILL) &&
			i != p->slot)
			return -EPERM;
		record.code = info->si_code;
		record.pid = info->si_pid;
		record.uid = info->si_uid;
		record.value = (uint64_t)info->si_value.sival_ptr;
	}
	return signal_send((uint32_t)i, &record);
}

long sys_pidfd_send_signal(int fd, int signal, const void *user, unsigned flags)
{
	siginfo_t info;
	struct file *f;
	long r;

	if (flags)
		return -EINVAL;
	r = fd_get(fd, &f);
	if (r)
		return r;
	r = pidfd_process(f);
	if (r >= 0 || r == -ESRCH) {
		if (user && user_copy_in(&info, user, sizeof info))
			r = -EFAULT;
		else if (signal < 0 || signal > SIGNALS)
			r = -EINVAL;
		else
			r = send_to(f, signal, user ? &info : NULL);
	}
	file_put(f);
	return r;
}

/* ---- epoll ---- */

long sys_epoll_create1(int flags)
{
	struct file *f;
	long r;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	r = epoll_make(&f);
	return r ? r : fd_install(f, 0, flags & EPOLL_CLOEXEC);
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

long sys_epoll_ctl(
	int fd, int operation, int target, const struct epoll_event *user)
{
	struct epoll_event event = { 0 };
	struct file *epoll, *f;
	long r;

	if (operation != EPOLL_CTL_DEL &&
		user_copy_in(&event, user, sizeof event))
		return -EFAULT;
	r = fd_get(fd, &epoll);
	if (r)
		return r;
	r = fd_get(target, &f);
	if (!r) {
		r = f->flags & O_PATH
			    ? -EBADF
			    : epoll_change(epoll, operation, target, f, &event);
		file_put(f);
	}
	file_put(epoll);
	return r;
}

static long await(int fd, struct epoll_event *user, int most, int64_t deadline)
{
	struct file *f;
	long r;

	if (most <= 0 || (unsigned)most > 0x7fffffff / sizeof *user)
		return -EINVAL;
	r = fd_get(fd, &f);
	if (r)
		return r;
	r = epoll_await(f, user, most, deadline);
	file_put(f);
	return r;
}

static int64_t deadline_of(int milliseconds)
{
	return milliseconds < 0 ? WIN_FOREVER
	       : milliseconds	? deadline_after(milliseconds * 1000000l)
				: 0;
}

long sys_epoll_wait(
	int fd, struct epoll_event *user, int most, int milliseconds)
{
	return await(fd, user, most, deadline_of(milliseconds));
}

long sys_epoll_pwait(int fd, struct epoll_event *user, int most,
	int milliseconds, const uint64_t *mask, size_t size)
{
	int64_t deadline = deadline_of(milliseconds);
	long r = mask_for_wait(mask, size);

	return r ? r : mask_after_wait(await(fd, user, most, deadline));
}

long sys_epoll_pwait2(int fd, struct epoll_event *user, int most,
	const struct timespec *timeout, const uint64_t *mask, size_t size)
{
	int64_t deadline;
	long r = poll_deadline(&deadline, timeout);

	if (!r)
		r = mask_for_wait(mask, size);
	return r ? r : mask_after_wait(await(fd, user, most, deadline));
}
