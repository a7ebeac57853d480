/* Bytes in and out of files. */
#include "call/call.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define VECTORS 1024 /* IOV_MAX */

/* man 2 preadv2; musl 1.2.3 has no names for them */
#define RWF_HIPRI  1
#define RWF_DSYNC  2
#define RWF_SYNC   4
#define RWF_NOWAIT 8
#define RWF_APPEND 16

size_t io_below_limit(int64_t at, size_t size)
{
	uint64_t limit = current->process->limits[LIMIT_FILE_SIZE][0];

	if (!size || (uint64_t)at + size <= limit)
		return size;
	if ((uint64_t)at < limit)
		return limit - (uint64_t)at;
	signal_raise(SIGXFSZ);
	return 0;
}

/* Where a write to a disk file begins, or -errno. */
static int64_t begins(struct file *f, const struct io *io)
{
	struct kstat st;
	long r;

	if (!io->append && !(file_flags(f) & O_APPEND))
		return io->offset >= 0 ? io->offset
				       : f->ops->seek(f, 0, SEEK_CUR);
	r = f->ops->stat(f, &st);
	return r ? r : st.size;
}

/* Writes no more than the limit lets. */
static long write_limited(struct file *f, const struct io *io)
{
	struct iovec *v;
	struct io less = *io;
	int64_t at = begins(f, io);
	long r;

	if (at < 0)
		return at;
	less.size = io_below_limit(at, io->size);
	if (!less.size && io->size)
		return -EFBIG;
	v = win_alloc((size_t)io->count * sizeof *v);
	if (!v)
		return -ENOMEM;
	less.vector = v;
	less.count = 0;
	for (size_t left = less.size; left; less.count++) {
		v[less.count] = io->vector[less.count];
		if (v[less.count].iov_len > left)
			v[less.count].iov_len = left;
		left -= v[less.count].iov_len;
	}
	r = f->ops->write(f, &less);
	win_free(v);
	return r;
}

static long run(struct file *f, struct io *io, enum direction d)
{
	long (*operation)(struct file *, struct io *) =
		d == READ ? f->ops->read : f->ops->write;

	if (!operation)
		return -EINVAL;
	if (io->offset >= 0 && !f->ops->seek)
		return -ESPIPE;
	io->nonblocking = io->nonblocking || (file_flags(f) & O_NONBLOCK);
	if (d == WRITE && f->ops->truncate && f->ops->seek &&
		current->process->limits[LIMIT_FILE_SIZE][0] != UNLIMITED)
		return write_limited(f, io);
	return operation(f, io);
}

long io_run(struct file *f, struct io *io, enum direction d)
{
	long r = run(f, io, d);

	/* a stack's guard may have been what Windows could not get at */
	for (int i = 0; r == -EFAULT && i < io->count; i++)
		memory_guard_again((uintptr_t)io->vector[i].iov_base,
			io->vector[i].iov_len);
	return r;
}

static long get(int fd, enum direction d, struct file **out)
{
	return d == READ ? fd_get_readable(fd, out) : fd_get_writable(fd, out);
}

static __attribute__((noinline)) long one(int fd, const void *buffer,
	size_t size, int64_t offset, enum direction d)
{
	struct iovec v = { (void *)buffer,
		size > TRANSFER_MAX ? TRANSFER_MAX : size };
	struct io io = {
		.vector = &v, .count = 1, .size = v.iov_len, .offset = offset
	};
	struct file *f;
	long borrowed = d == READ ? fd_borrow_readable(fd, &f)
				  : fd_borrow_writable(fd, &f);
	long r;

	if (borrowed < 0)
		return borrowed;
	r = io_run(f, &io, d);
	if (borrowed)
		file_put(f);
	return r;
}

static long copy_vector(
	struct iovec *v, const struct iovec *user, int count, size_t *size)
{
	size_t total = 0;

	if (count < 0 || count > VECTORS)
		return -EINVAL;
	if (user_copy_in(v, user, (size_t)count * sizeof *v))
		return -EFAULT;
	for (int i = 0; i < count; i++) {
		if (v[i].iov_len > SSIZE_MAX - total)
			return -EINVAL;
		total += v[i].iov_len;
	}
	*size = total;
	return 0;
}

static long many(int fd, const struct iovec *user, int count, int64_t offset,
	enum direction d, unsigned flags)
{
	struct iovec few[8], *v = few;
	struct io io = { .count = count,
		.offset = offset,
		.nonblocking = flags & RWF_NOWAIT,
		.append = flags & RWF_APPEND };
	struct file *f;
	long r = get(fd, d, &f), sync = 0;

	if (r)
		return r;
	if (count > 8 && count <= VECTORS)
		v = win_alloc((size_t)count * sizeof *v);
	r = v ? copy_vector(v, user, count, &io.size) : -ENOMEM;
	io.vector = v;
	if (!r)
		r = io_run(f, &io, d);
	if (v != few)
		win_free(v);
	if (r > 0 && (flags & (RWF_SYNC | RWF_DSYNC)) && f->ops->sync)
		sync = f->ops->sync(f, !(flags & RWF_SYNC));
	file_put(f);
	return sync ? sync : r;
}

/* What nearly every transfer of a disk file is goes to Windows by the shortest
 * way. */
HOT long sys_read(int fd, void *buffer, size_t size)
{
	struct file *f = fd_lone(fd, O_WRONLY);
	long r;

	if (!f || !f->direct || !size || task_shared()->watch_count)
		return one(fd, buffer, size, -1, READ);
	r = win_file_read(f->direct, buffer, size, -1);
	return r == -EFAULT ? one(fd, buffer, size, -1, READ) : r;
}

HOT long sys_write(int fd, const void *buffer, size_t size)
{
	struct file *f = fd_lone(fd, O_RDONLY);
	long r;

	if (!f || !f->direct || !size || task_shared()->watch_count ||
		(file_flags(f) & O_APPEND) ||
		current->process->limits[LIMIT_FILE_SIZE][0] != UNLIMITED)
		return one(fd, buffer, size, -1, WRITE);
	f->written = true;
	r = win_file_write(f->direct, buffer, size, -1);
	return r == -EFAULT ? one(fd, buffer, size, -1, WRITE) : r;
}

long sys_pread64(int fd, void *buffer, size_t size, long offset)
{
	return offset < 0 ? -EINVAL : one(fd, buffer, size, offset, READ);
}

long sys_pwrite64(int fd, const void *buffer, size_t size, long offset)
{
	return offset < 0 ? -EINVAL : one(fd, buffer, size, offset, WRITE);
}

long sys_readv(int fd, const struct iovec *v, int count)
{
	return many(fd, v, count, -1, READ, 0);
}

long sys_writev(int fd, const struct iovec *v, int count)
{
	return many(fd, v, count, -1, WRITE, 0);
}

/* The offset's upper half is for 32-bit systems. */
long sys_preadv(
	int fd, const struct iovec *v, int count, long offset, long high)
{
	(void)high;
	return offset < 0 ? -EINVAL : many(fd, v, count, offset, READ, 0);
}

long sys_pwritev(
	int fd, const struct iovec *v, int count, long offset, long high)
{
	(void)high;
	return offset < 0 ? -EINVAL : many(fd, v, count, offset, WRITE, 0);
}

/* man 2 preadv2: an offset of -1 is the file's own; flags that are not known
 * are EOPNOTSUPP. */
static long many_with(int fd, const struct iovec *v, int count, int64_t offset,
	int flags, enum direction d)
{
	int known = RWF_HIPRI | RWF_NOWAIT;

	if (d == WRITE)
		known |= RWF_DSYNC | RWF_SYNC | RWF_APPEND;
	if (flags & ~known)
		return -EOPNOTSUPP;
	return offset < -1 ? -EINVAL
			   : many(fd, v, count, offset, d, (unsigned)flags);
}

long sys_preadv2(int fd, const struct iovec *v, int count, long offset,
	long high, int flags)
{
	(void)high;
	return many_with(fd, v, count, offset, flags, READ);
}

long sys_pwritev2(int fd, const struct iovec *v, int count, long offset,
	long high, int flags)
{
	(void)high;
	return many_with(fd, v, count, offset, flags, WRITE);
}

long sys_lseek(int fd, long offset, int whence)
{
	struct file *f;
	long r = fd_get_opened(fd, &f);

	if (r)
		return r;
	if (whence < 0 || whence > SEEK_HOLE)
		r = -EINVAL;
	else
		r = f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	file_put(f);
	return r;
}
