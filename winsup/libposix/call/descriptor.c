/* Descriptors: making, copying, closing, their flags. */
#include "call/call.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "abi/errno.h"
#include "ipc/ipc.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u
#define SETTABLE	    (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

long sys_close(int fd)
{
	return fd_close(fd);
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct files *files = current->process->files;
	int fd;

	if (first > last ||
		(flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	if (first > OPEN_FILES)
		return 0;
	for (fd = fd_next(files, (int)first); fd >= 0 && (unsigned)fd <= last;
		fd = fd_next(files, fd + 1)) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			fd_flags(fd, FD_CLOEXEC);
		else
			fd_close(fd);
	}
	return 0;
}

static long duplicate(int fd, int minimum, bool close_on_exec)
{
	struct file *f;
	long r = fd_get(fd, &f);

	return r ? r : fd_install(f, minimum, close_on_exec);
}

long sys_dup(int fd)
{
	return duplicate(fd, 0, false);
}

static long duplicate_to(int old, int new, bool close_on_exec)
{
	struct file *f;
	long r = fd_get(old, &f);

	return r ? r : fd_replace(new, f, close_on_exec);
}

long sys_dup2(int old, int new)
{
	struct file *f;
	long r;

	if (old != new)
		return duplicate_to(old, new, false);
	r = fd_get(old, &f);
	if (r)
		return r;
	file_put(f);
	return new;
}

long sys_dup3(int old, int new, int flags)
{
	if (old == new || (flags & ~O_CLOEXEC))
		return -EINVAL;
	return duplicate_to(old, new, flags & O_CLOEXEC);
}

static long set_flags(struct file *f, int wanted)
{
	int flags = (file_flags(f) & ~SETTABLE) | (wanted & SETTABLE);
	long r = f->ops->set_flags ? f->ops->set_flags(f, flags) : 0;

	if (!r)
		description_set_flags(f, flags);
	return r;
}

/* What a program asked for at open() and may ask for again. */
static int get_flags(struct file *f)
{
	return (file_flags(f) & (O_ACCMODE | SETTABLE | O_SYNC | O_PATH)) |
	       O_LARGEFILE;
}

static long lock_record(struct file *f, int command, struct flock *user)
{
	struct flock l;
	long r = user_copy_in(&l, user, sizeof l);

	if (!r)
		r = record_lock(f, command, &l);
	if (!r && (command == F_GETLK || command == F_OFD_GETLK))
		r = user_copy_out(user, &l, sizeof l);
	return r;
}

/* Whether the caller has the file mapped so that it could be written to. */
static bool is_mapped(struct file *f)
{
	struct region r;
	struct kstat st;
	uint64_t object, offset;

	if (f->ops->stat(f, &st))
		return true;
	for (uintptr_t at = 0; memory_next(at, &r); at = r.end)
		if (r.kind == REGION_SHARED &&
			memory_shared_word(r.start, &object, &offset) &&
			object == file_object(&st))
			return true;
	return false;
}

/* man 2 fcntl, "File Sealing" */
static long add_seals(struct file *f, unsigned long wanted)
{
	uint32_t seals = description_seals(f);

	if (!seals || (wanted & ~(unsigned long)(F_SEAL_SEAL | F_SEAL_SHRINK |
						 F_SEAL_GROW | F_SEAL_WRITE |
						 F_SEAL_FUTURE_WRITE)))
		return -EINVAL;
	if ((f->flags & O_ACCMODE) == O_RDONLY || (seals & F_SEAL_SEAL))
		return -EPERM;
	if ((wanted & F_SEAL_WRITE) && !(seals & F_SEAL_WRITE) && is_mapped(f))
		return -EBUSY;
	description_seal(f, (uint32_t)wanted);
	return 0;
}

long sys_fcntl(int fd, int command, unsigned long argument)
{
	struct file *f;
	long r;

	switch (command) {
	case F_GETFD:
		return fd_flags(fd, -1);
	case F_SETFD:
		r = fd_flags(fd, argument & FD_CLOEXEC);
		return r < 0 ? r : 0;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (argument >= current->process->limits[LIMIT_FILES][0]) {
			r = fd_flags(fd, -1);
			return r < 0 ? r : -EINVAL;
		}
		return duplicate(fd, (int)argument, command == F_DUPFD_CLOEXEC);
	}
	r = command == F_GETFL ? fd_get(fd, &f) : fd_get_opened(fd, &f);
	if (r)
		return r;
	switch (command) {
	case F_GETFL:
		r = get_flags(f);
		break;
	case F_SETFL:
		r = set_flags(f, (int)argument);
		break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		r = lock_record(f, command, (struct flock *)argument);
		break;
	case F_ADD_SEALS:
		r = add_seals(f, argument);
		break;
	case F_GET_SEALS:
		r = f->seals ? (long)(description_seals(f) & ~SEALABLE)
			     : -EINVAL;
		break;
	default:
		r = -EINVAL;
	}
	file_put(f);
	return r;
}

long sys_flock(int fd, int operation)
{
	struct file *f;
	long r = fd_get_opened(fd, &f);

	if (r)
		return r;
	r = flock_file(f, operation);
	file_put(f);
	return r;
}

long sys_ioctl(int fd, unsigned long request, unsigned long argument)
{
	struct file *f;
	long r;
	int on;

	if (request == FIOCLEX || request == FIONCLEX) {
		r = fd_flags(fd, request == FIOCLEX ? FD_CLOEXEC : 0);
		return r < 0 ? r : 0;
	}
	r = fd_get_opened(fd, &f);
	if (r)
		return r;
	if (request == FIONBIO) {
		if (user_copy_in(&on, (void *)argument, sizeof on))
			r = -EFAULT;
		else
			r = set_flags(f, on ? file_flags(f) | O_NONBLOCK
					    : file_flags(f) & ~O_NONBLOCK);
	} else {
		r = f->ops->ioctl ? f->ops->ioctl(f, request, argument)
				  : -ENOTTY;
	}
	file_put(f);
	return r;
}

long sys_pipe2(int *user, int flags)
{
	struct file *reader, *writer;
	bool close_on_exec = flags & O_CLOEXEC;
	int fds[2];
	long r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	r = pipe_create(&reader, &writer, flags & O_NONBLOCK);
	if (r)
		return r;
	r = fd_install(reader, 0, close_on_exec);
	if (r < 0) {
		file_put(writer);
		return r;
	}
	fds[0] = (int)r;
	r = fd_install(writer, 0, close_on_exec);
	if (r < 0) {
		fd_close(fds[0]);
		return r;
	}
	fds[1] = (int)r;
	if (user_copy_out(user, fds, sizeof fds)) {
		fd_close(fds[0]);
		fd_close(fds[1]);
		return -EFAULT;
	}
	return 0;
}

long sys_pipe(int *user)
{
	return sys_pipe2(user, 0);
}

/* musl asks a name service daemon for users and groups, and takes no other
 * error for an answer that there is none (src/passwd/nscd_query.c). */
long sys_socket(int family, int type, int protocol)
{
	(void)family;
	(void)type;
	(void)protocol;
	return -EAFNOSUPPORT;
}
