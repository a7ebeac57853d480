/* Bytes in and out of files. */
#include "call/call.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "ipc/ipc.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define VECTORS	     1024	  /* IOV_MAX */
#define TRANSFER_MAX 0x7ffff000ul /* man 2 read, NOTES */

enum direction { READ, WRITE };

/* RLIMIT_FSIZE: how much of `size` bytes at `at` may be written; 0 with the
 * signal that tells. */
static size_t below_limit(int64_t at, size_t size)
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

	if (!(file_flags(f) & O_APPEND))
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
	less.size = below_limit(at, io->size);
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

static long get(int fd, enum direction d, struct file **out)
{
	return d == READ ? fd_get_readable(fd, out) : fd_get_writable(fd, out);
}

static __attribute__((noinline)) long one(int fd, const void *buffer,
	size_t size, int64_t offset, enum direction d)
{
	struct iovec v = { (void *)buffer,
		size > TRANSFER_MAX ? TRANSFER_MAX : size };
	struct io io = { &v, 1, v.iov_len, offset, false };
	struct file *f;
	long borrowed = d == READ ? fd_borrow_readable(fd, &f)
				  : fd_borrow_writable(fd, &f);
	long r;

	if (borrowed < 0)
		return borrowed;
	r = run(f, &io, d);
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
	enum direction d)
{
	struct iovec few[8], *v = few;
	struct io io = { .count = count, .offset = offset };
	struct file *f;
	long r = get(fd, d, &f);

	if (r)
		return r;
	if (count > 8 && count <= VECTORS)
		v = win_alloc((size_t)count * sizeof *v);
	r = v ? copy_vector(v, user, count, &io.size) : -ENOMEM;
	io.vector = v;
	if (!r)
		r = run(f, &io, d);
	if (v != few)
		win_free(v);
	file_put(f);
	return r;
}

/* What nearly every transfer of a disk file is goes to Windows by the shortest
 * way. */
HOT long sys_read(int fd, void *buffer, size_t size)
{
	struct file *f = fd_lone(fd, O_WRONLY);

	if (!f || !f->direct || !size)
		return one(fd, buffer, size, -1, READ);
	return win_file_read(f->direct, buffer, size, -1);
}

HOT long sys_write(int fd, const void *buffer, size_t size)
{
	struct file *f = fd_lone(fd, O_RDONLY);

	if (!f || !f->direct || !size || (file_flags(f) & O_APPEND) ||
		current->process->limits[LIMIT_FILE_SIZE][0] != UNLIMITED)
		return one(fd, buffer, size, -1, WRITE);
	f->written = true;
	return win_file_write(f->direct, buffer, size, -1);
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
	return many(fd, v, count, -1, READ);
}

long sys_writev(int fd, const struct iovec *v, int count)
{
	return many(fd, v, count, -1, WRITE);
}

/* The offset's upper half is for 32-bit systems. */
long sys_preadv(
	int fd, const struct iovec *v, int count, long offset, long high)
{
	(void)high;
	return offset < 0 ? -EINVAL : many(fd, v, count, offset, READ);
}

long sys_pwritev(
	int fd, const struct iovec *v, int count, long offset, long high)
{
	(void)high;
	return offset < 0 ? -EINVAL : many(fd, v, count, offset, WRITE);
}

long sys_lseek(int fd, long offset, int whence)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	if (whence < 0 || whence > SEEK_HOLE)
		r = -EINVAL;
	else
		r = f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	file_put(f);
	return r;
}

static long truncate_file(struct file *f, long size)
{
	struct kstat st;

	if (f->ops->truncate && f->ops->stat && !f->ops->stat(f, &st) &&
		size > st.size && !below_limit(size - 1, 1))
		return -EFBIG;
	if (f->ops->truncate)
		return f->ops->truncate(f, size);
	return f->ops->stat && !f->ops->stat(f, &st) && S_ISDIR(st.mode)
		       ? -EISDIR
		       : -EINVAL;
}

long sys_ftruncate(int fd, long size)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	if (size < 0 || (f->flags & O_ACCMODE) == O_RDONLY)
		r = -EINVAL;
	else
		r = truncate_file(f, size);
	file_put(f);
	return r;
}

long sys_truncate(const char *path, long size)
{
	char name[PATH_SIZE];
	struct file *f;
	long r = user_string(name, path, sizeof name);

	if (r < 0)
		return r;
	if (size < 0)
		return -EINVAL;
	r = path_open(AT_FDCWD, name, O_WRONLY, 0, &f);
	if (r)
		return r;
	r = truncate_file(f, size);
	file_put(f);
	return r;
}

static long sync_file(int fd, bool data_only)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = f->ops->sync ? f->ops->sync(f, data_only) : -EINVAL;
	file_put(f);
	return r;
}

long sys_fsync(int fd)
{
	return sync_file(fd, false);
}

long sys_fdatasync(int fd)
{
	return sync_file(fd, true);
}

/* Windows writes back by itself; only an administrator may flush a volume. */
long sys_sync(void)
{
	return 0;
}

long sys_fadvise64(int fd, long offset, long size, int advice)
{
	struct file *f;
	long r = fd_get(fd, &f);

	(void)offset;
	if (r)
		return r;
	if (!f->ops->seek)
		r = -ESPIPE;
	else if (size < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE)
		r = -EINVAL;
	file_put(f);
	return r;
}

long sys_fallocate(int fd, int mode, long offset, long size)
{
	struct kstat st;
	struct file *f;
	long r;

	if (mode)
		return -EOPNOTSUPP;
	if (offset < 0 || size <= 0)
		return -EINVAL;
	r = fd_get_writable(fd, &f);
	if (r)
		return r;
	if (!f->ops->truncate || !f->ops->stat)
		r = f->ops->seek ? -ENODEV : -ESPIPE;
	else
		r = f->ops->stat(f, &st);
	if (!r && st.size < offset + size)
		r = f->ops->truncate(f, offset + size);
	file_put(f);
	return r;
}

/* Copies through a buffer of ours; offset NULL: the file's own position. */
static long send(
	struct file *out, struct file *in, int64_t *offset, size_t count)
{
	size_t chunk = 65536, done = 0;
	char *buffer = win_alloc(chunk);
	long n = 0, m;

	if (!buffer)
		return -ENOMEM;
	while (done < count) {
		struct iovec v = { buffer,
			count - done < chunk ? count - done : chunk };
		struct io io = { &v, 1, v.iov_len, offset ? *offset : -1,
			false };

		n = run(in, &io, READ);
		if (n <= 0)
			break;
		v.iov_len = io.size = (size_t)n;
		io.offset = -1;
		io.nonblocking = false;
		m = run(out, &io, WRITE);
		if (m < n && !offset && in->ops->seek)
			in->ops->seek(in, (m < 0 ? 0 : m) - n, SEEK_CUR);
		if (m < 0) {
			n = m;
			break;
		}
		done += (size_t)m;
		if (offset)
			*offset += m;
		if (m < n)
			break;
	}
	win_free(buffer);
	return done ? (long)done : n;
}

long sys_sendfile(int out_fd, int in_fd, long *user_offset, size_t count)
{
	struct file *in, *out;
	int64_t offset;
	long r = fd_get_readable(in_fd, &in);

	if (r)
		return r;
	r = fd_get_writable(out_fd, &out);
	if (r) {
		file_put(in);
		return r;
	}
	if (!in->ops->seek || !in->ops->read || (file_flags(out) & O_APPEND))
		r = -EINVAL;
	else if (user_offset &&
		 user_copy_in(&offset, user_offset, sizeof offset))
		r = -EFAULT;
	else if (user_offset && offset < 0)
		r = -EINVAL;
	if (!r)
		r = send(out, in, user_offset ? &offset : NULL,
			count < TRANSFER_MAX ? count : TRANSFER_MAX);
	if (r >= 0 && user_offset &&
		user_copy_out(user_offset, &offset, sizeof offset))
		r = -EFAULT;
	file_put(in);
	file_put(out);
	return r;
}

static bool is_pipe(const struct file *f)
{
	return f->ops->kind == FILE_PIPE || f->ops->kind == FILE_FIFO ||
	       f->ops->kind == FILE_NATIVE_PIPE;
}

static bool same_pipe(struct file *a, struct file *b)
{
	struct kstat of_a, of_b;

	return is_pipe(a) && is_pipe(b) && !a->ops->stat(a, &of_a) &&
	       !b->ops->stat(b, &of_b) && of_a.ino == of_b.ino;
}

/* One end of a splice(). */
struct side {
	struct file *file;
	int64_t offset;
	bool has_offset;
};

static long move(struct side *s, void *bytes, size_t size, bool nonblocking,
	enum direction d)
{
	struct iovec v = { bytes, size };
	struct io io = { &v, 1, size, s->has_offset ? s->offset : -1,
		nonblocking };
	long n = run(s->file, &io, d);

	if (n > 0)
		s->offset += n;
	return n;
}

static bool takes_back(const struct side *s)
{
	return s->has_offset || s->file->ops->seek || s->file->ops->unread;
}

static void give_back(struct side *s, const char *bytes, size_t size)
{
	if (s->has_offset)
		s->offset -= (int64_t)size;
	else if (s->file->ops->seek)
		s->file->ops->seek(s->file, -(int64_t)size, SEEK_CUR);
	else if (s->file->ops->unread)
		s->file->ops->unread(s->file, bytes, size);
}

static long await_room(int pipe, bool nonblocking)
{
	struct pollfd p = { pipe, POLLOUT, 0 };
	long r = poll_files(&p, 1, nonblocking ? 0 : WIN_FOREVER);

	if (r == -ERESTARTNOHAND)
		return -ERESTARTSYS;
	return r < 0 ? r : p.revents ? 0 : -EAGAIN;
}

/* As much as a pipe has, or has room for, goes at once: who splices into a
 * pipe and out of it again may be one thread.  What `out` does not take goes
 * back; a file that cannot take it back gives no more than surely fits. */
static long splice_once(struct side *in, struct side *out, int out_fd,
	char *buffer, size_t size, bool nonblocking)
{
	bool back = takes_back(in), to_pipe = is_pipe(out->file);
	long n, m;

	if (to_pipe && (file_flags(out->file) & O_NONBLOCK))
		nonblocking = true;
	do {
		m = to_pipe ? await_room(out_fd, nonblocking) : 0;
		if (m)
			return m;
		n = move(in, buffer, back || size < PIPE_BUF ? size : PIPE_BUF,
			nonblocking && is_pipe(in->file), READ);
		if (n <= 0)
			return n;
		m = move(out, buffer, (size_t)n, to_pipe && back, WRITE);
		if (m < n)
			give_back(in, buffer + (m < 0 ? 0 : m),
				(size_t)(n - (m < 0 ? 0 : m)));
		/* another took the room meanwhile */
	} while (m == -EAGAIN && to_pipe && !nonblocking);
	return m;
}

static long take_offset(struct side *s, const long *user)
{
	s->has_offset = user;
	if (!user)
		return 0;
	if (is_pipe(s->file))
		return -ESPIPE;
	return user_copy_in(&s->offset, user, sizeof s->offset) ? -EFAULT : 0;
}

static bool unfit(const struct side *s)
{
	return s->has_offset && (!s->file->ops->seek || s->offset < 0);
}

static long splice_sides(struct side *in, long *in_offset, struct side *out,
	long *out_offset, int out_fd, size_t size, bool nonblocking)
{
	size_t room = size < 65536 ? size : 65536;
	char *buffer;
	long r = take_offset(in, in_offset);

	if (!r)
		r = take_offset(out, out_offset);
	if (r)
		return r;
	if ((!is_pipe(in->file) && !is_pipe(out->file)) || unfit(in) ||
		unfit(out) || same_pipe(in->file, out->file) ||
		(file_flags(out->file) & O_APPEND))
		return -EINVAL;
	buffer = win_alloc(room);
	if (!buffer)
		return -ENOMEM;
	r = splice_once(in, out, out_fd, buffer, room, nonblocking);
	win_free(buffer);
	if (r >= 0 && in_offset &&
		user_copy_out(in_offset, &in->offset, sizeof *in_offset))
		r = -EFAULT;
	if (r >= 0 && out_offset &&
		user_copy_out(out_offset, &out->offset, sizeof *out_offset))
		r = -EFAULT;
	return r;
}

long sys_splice(int in_fd, long *in_offset, int out_fd, long *out_offset,
	size_t size, unsigned flags)
{
	struct side in = { 0 }, out = { 0 };
	long r;

	if (!size)
		return 0;
	if (flags & ~(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE |
			    SPLICE_F_GIFT))
		return -EINVAL;
	r = fd_get_readable(in_fd, &in.file);
	if (r)
		return r;
	r = fd_get_writable(out_fd, &out.file);
	if (!r) {
		r = splice_sides(&in, in_offset, &out, out_offset, out_fd, size,
			flags & SPLICE_F_NONBLOCK);
		file_put(out.file);
	}
	file_put(in.file);
	return r;
}
