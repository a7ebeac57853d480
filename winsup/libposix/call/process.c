/* Processes: making, ending, waiting, groups. */
#include "call/call.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "abi/errno.h"
#include "abi/frame.h"
#include "image/image.h"
#include "memory/memory.h"
#include "process/process.h"
#include "vfs/vfs.h"
#include "wait/wait.h"

long sys_fork(struct frame *frame)
{
	return process_fork(frame);
}

long sys_vfork(struct frame *frame)
{
	return process_vfork(frame, 0);
}

long sys_clone(struct frame *frame, unsigned long flags, unsigned long stack,
	uint32_t *parent_tid, uint32_t *child_tid, unsigned long tls)
{
	return process_clone(frame, flags, stack, parent_tid, child_tid, tls);
}

long sys_execve(struct frame *frame, const char *path, char *const *argv,
	char *const *envp)
{
	return process_exec(frame, AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(struct frame *frame, int at, const char *path,
	char *const *argv, char *const *envp, int flags)
{
	return process_exec(frame, at, path, argv, envp, flags);
}

long sys_exit(int code)
{
	process_exit_thread(code);
}

long sys_exit_group(int code)
{
	process_exit((code & 0xff) << 8);
}

long sys_wait4(int pid, int *status, int options, struct rusage *usage)
{
	int type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	int id = pid > 0 ? pid : pid == 0 ? (int)process_get_group(0) : -pid;
	int found, value = 0;
	long r;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | (int)0xe0000000))
		return -EINVAL;
	r = process_wait(
		type, id, options | WEXITED, &found, &value, usage, NULL);
	if (r)
		return r;
	if (found && status && user_copy_out(status, &value, sizeof value))
		return -EFAULT;
	return found;
}

/* One that does not block asks as with WNOHANG, but says so: man 2
 * pidfd_open. */
static long wait_pidfd(int fd, int options, struct rusage *usage, void *info)
{
	struct file *f;
	int found = 0, value;
	bool nonblocking;
	long r;

	if (fd < 0)
		return -EINVAL;
	r = fd_get(fd, &f);
	if (r)
		return r;
	nonblocking = (file_flags(f) & O_NONBLOCK) && !(options & WNOHANG);
	r = pidfd_process(f);
	file_put(f);
	if (r < 0)
		return r == -ESRCH ? -ECHILD : r;
	r = process_wait(P_PID, task_process_slot((uint32_t)r)->pid,
		nonblocking ? options | WNOHANG : options, &found, &value,
		usage, info);
	return !r && !found && nonblocking ? -EAGAIN : r;
}

long sys_waitid(int type, int id, void *info, int options, struct rusage *usage)
{
	int found, value;

	if (options & ~(WNOHANG | WNOWAIT | WSTOPPED | WEXITED | WCONTINUED |
			      (int)0xe0000000) ||
		!(options & (WSTOPPED | WEXITED | WCONTINUED)))
		return -EINVAL;
	if (type == P_PIDFD)
		return wait_pidfd(id, options, usage, info);
	if (type != P_ALL && type != P_PID && type != P_PGID)
		return -EINVAL;
	if (type == P_PID && id <= 0)
		return -EINVAL;
	if (type == P_PGID && !id)
		id = (int)process_get_group(0);
	return process_wait(type, id, options, &found, &value, usage, info);
}

long sys_setpgid(int pid, int group)
{
	return process_set_group(pid, group);
}

long sys_getpgid(int pid)
{
	return process_get_group(pid);
}

long sys_getpgrp(void)
{
	return process_get_group(0);
}

long sys_setsid(void)
{
	return process_set_session();
}

long sys_getsid(int pid)
{
	return process_get_session(pid);
}

long sys_getpid(void)
{
	return current->process->pid;
}

long sys_getppid(void)
{
	return task_process_slot(current->process->slot)->parent;
}

long sys_gettid(void)
{
	return current->process->vfork_of ? current->process->pid
					  : current->tid;
}

long sys_set_tid_address(unsigned long address)
{
	current->clear_tid = (uint32_t *)address;
	return current->tid;
}

#define ROBUST_HEAD 24 /* sizeof(struct robust_list_head) */

long sys_set_robust_list(unsigned long head, size_t size)
{
	if (size != ROBUST_HEAD)
		return -EINVAL;
	robust_list_begin(current, (void *)head);
	return 0;
}

/* Of another process: EPERM, as for one that the caller may not trace. */
long sys_get_robust_list(int tid, unsigned long *head, size_t *size)
{
	struct process *p = current->process;
	const size_t bytes = ROBUST_HEAD;
	unsigned long found = 0;
	long r = -ESRCH;

	if (tid < 0)
		return -EINVAL;
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (tid ? t->tid == tid : t == current) {
			found = (unsigned long)t->robust_list;
			r = 0;
		}
	}
	lock_drop(&p->lock);
	if (r)
		return task_process_find(tid) >= 0 ? -EPERM : r;
	if (user_copy_out(size, &bytes, sizeof bytes) ||
		user_copy_out(head, &found, sizeof found))
		return -EFAULT;
	return 0;
}

long sys_futex(uint32_t *address, int operation, unsigned value,
	unsigned long timeout, unsigned long address2, unsigned value3)
{
	return futex_call(address, operation, value, (const void *)timeout,
		(uint32_t *)address2, value3);
}

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

/* musl's thread pointer is not in a segment register here; musl's overlay
 * reads it from struct thread. */
long sys_arch_prctl(int code, unsigned long address)
{
	switch (code) {
	case ARCH_SET_FS:
		current->tp = (void *)address;
		return 0;
	case ARCH_GET_FS:
		return user_copy_out(
			(void *)address, &current->tp, sizeof current->tp);
	}
	return -EINVAL;
}

/* The thread stands on its kernel stack, so its own may go. */
long sys_posix_unmapself(uintptr_t base, size_t size)
{
	memory_unmap(base, size);
	process_exit_thread(0);
}

long sys_posix_dlopen(void *arguments)
{
	return image_dlopen(arguments);
}

long sys_posix_dlsym(void *arguments)
{
	return image_dlsym(arguments);
}

long sys_posix_dlclose(void *arguments)
{
	return image_dlclose(arguments);
}

long sys_posix_dladdr(void *arguments)
{
	return image_dladdr(arguments);
}

long sys_posix_dliterate(void *arguments)
{
	return image_dliterate(arguments);
}

long sys_posix_object(int which, void *object)
{
	return image_next_object(which, object);
}

long sys_posix_trace(int pid, const char *name, unsigned how)
{
	char path[PATH_SIZE];
	long n = user_string(path, name, sizeof path);

	return n < 0 ? n : process_trace(pid, path, how);
}

long sys_posix_late(size_t where)
{
	return process_late(where);
}
