/* From one open file to another: sendfile, copy_file_range, splice, tee. */
#include "call/call.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"
#include "ipc/ipc.h"

/* One end of a copy. */
struct side {
	struct file *file;
	int64_t offset;
	bool has_offset;
};

static long move(struct side *s, void *bytes, size_t size, bool nonblocking,
	enum direction d)
{
	struct iovec v = { bytes, size };
	struct io io = { .vector = &v,
		.count = 1,
		.size = size,
		.offset = s->has_offset ? s->offset : -1,
		.nonblocking = nonblocking };
	long n = io_run(s->file, &io, d);

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

/* Copies until one side has no more; what `out` does not take goes back. */
static long copy(struct side *in, struct side *out, size_t count)
{
	size_t chunk = 65536, done = 0;
	char *buffer = win_alloc(chunk);
	long n = 0, m;

	if (!buffer)
		return -ENOMEM;
	while (done < count) {
		n = move(in, buffer,
			count - done < chunk ? count - done : chunk, false,
			READ);
		if (n <= 0)
			break;
		m = move(out, buffer, (size_t)n, false, WRITE);
		if (m < n && takes_back(in))
			give_back(in, buffer + (m < 0 ? 0 : m),
				(size_t)(n - (m < 0 ? 0 : m)));
		if (m < 0) {
			n = m;
			break;
		}
		done += (size_t)m;
		if (m < n)
			break;
	}
	win_free(buffer);
	return done ? (long)done : n;
}

static long get_both(int in_fd, int out_fd, struct side *in, struct side *out)
{
	long r = fd_get_readable(in_fd, &in->file);

	if (r)
		return r;
	r = fd_get_writable(out_fd, &out->file);
	if (r)
		file_put(in->file);
	return r;
}

static void put_both(struct side *in, struct side *out)
{
	file_put(in->file);
	file_put(out->file);
}

long sys_sendfile(int out_fd, int in_fd, long *user_offset, size_t count)
{
	struct side in = { .has_offset = user_offset }, out = { 0 };
	long r = get_both(in_fd, out_fd, &in, &out);

	if (r)
		return r;
	if (!in.file->ops->seek || !in.file->ops->read ||
		(file_flags(out.file) & O_APPEND))
		r = -EINVAL;
	else if (user_offset &&
		 user_copy_in(&in.offset, user_offset, sizeof in.offset))
		r = -EFAULT;
	else if (user_offset && in.offset < 0)
		r = -EINVAL;
	if (!r)
		r = copy(
			&in, &out, count < TRANSFER_MAX ? count : TRANSFER_MAX);
	if (r >= 0 && user_offset &&
		user_copy_out(user_offset, &in.offset, sizeof in.offset))
		r = -EFAULT;
	put_both(&in, &out);
	return r;
}

/* ---- copy_file_range ---- */

static long must_be_plain(const struct side *s, struct kstat *st)
{
	long r = s->file->ops->stat ? s->file->ops->stat(s->file, st) : -EINVAL;

	if (r)
		return r;
	return S_ISDIR(st->mode) ? -EISDIR : S_ISREG(st->mode) ? 0 : -EINVAL;
}

static long place_of(struct side *s, const long *user)
{
	s->has_offset = user;
	if (user)
		return user_copy_in(&s->offset, user, sizeof s->offset)
			       ? -EFAULT
			       : 0;
	s->offset = s->file->ops->seek(s->file, 0, SEEK_CUR);
	return s->offset < 0 ? (long)s->offset : 0;
}

/* man 2 copy_file_range, ERRORS */
static long check_ranges(struct side *in, long *in_offset, struct side *out,
	long *out_offset, size_t size)
{
	struct kstat of_in, of_out;
	long r = must_be_plain(in, &of_in);

	if (!r)
		r = must_be_plain(out, &of_out);
	if (!r && (file_flags(out->file) & O_APPEND))
		r = -EBADF;
	if (!r)
		r = place_of(in, in_offset);
	if (!r)
		r = place_of(out, out_offset);
	if (r)
		return r;
	if (in->offset < 0 || out->offset < 0)
		return -EINVAL;
	if ((uint64_t)in->offset + size > INT64_MAX ||
		(uint64_t)out->offset + size > INT64_MAX)
		return -EOVERFLOW;
	return of_in.dev == of_out.dev && of_in.ino == of_out.ino &&
			       in->offset < out->offset + (int64_t)size &&
			       out->offset < in->offset + (int64_t)size
		       ? -EINVAL
		       : 0;
}

long sys_copy_file_range(int in_fd, long *in_offset, int out_fd,
	long *out_offset, size_t size, unsigned flags)
{
	struct side in = { 0 }, out = { 0 };
	long r;

	if (flags)
		return -EINVAL;
	r = get_both(in_fd, out_fd, &in, &out);
	if (r)
		return r;
	if (size > TRANSFER_MAX)
		size = TRANSFER_MAX;
	r = check_ranges(&in, in_offset, &out, out_offset, size);
	if (!r)
		r = copy(&in, &out, size);
	if (r >= 0 && in_offset &&
		user_copy_out(in_offset, &in.offset, sizeof *in_offset))
		r = -EFAULT;
	if (r >= 0 && out_offset &&
		user_copy_out(out_offset, &out.offset, sizeof *out_offset))
		r = -EFAULT;
	put_both(&in, &out);
	return r;
}

/* ---- splice ---- */

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
	r = get_both(in_fd, out_fd, &in, &out);
	if (r)
		return r;
	r = splice_sides(&in, in_offset, &out, out_offset, out_fd, size,
		flags & SPLICE_F_NONBLOCK);
	put_both(&in, &out);
	return r;
}

/* ---- tee, vmsplice ---- */

#define SPLICE_KNOWN \
	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* 0 also at the end: nobody will write any more. */
static long await_bytes(int pipe, bool nonblocking)
{
	struct pollfd p = { pipe, POLLIN, 0 };
	long r = poll_files(&p, 1, nonblocking ? 0 : WIN_FOREVER);

	if (r == -ERESTARTNOHAND)
		return -ERESTARTSYS;
	return r < 0 ? r : p.revents ? 0 : -EAGAIN;
}

static long tee_once(struct side *in, int in_fd, struct side *out, int out_fd,
	char *buffer, size_t size, bool nonblocking)
{
	long n, r;

	do {
		r = await_bytes(in_fd, nonblocking);
		if (!r)
			r = await_room(out_fd, nonblocking);
		if (r)
			return r;
		n = in->file->ops->peek(in->file, buffer, size);
		if (n <= 0)
			return n;
		r = move(out, buffer, (size_t)n, true, WRITE);
		/* another took the room meanwhile */
	} while (r == -EAGAIN && !nonblocking);
	return r;
}

long sys_tee(int in_fd, int out_fd, size_t size, unsigned flags)
{
	struct side in = { 0 }, out = { 0 };
	size_t room = size < 65536 ? size : 65536;
	char *buffer;
	long r;

	if (flags & ~SPLICE_KNOWN)
		return -EINVAL;
	if (!size)
		return 0;
	r = get_both(in_fd, out_fd, &in, &out);
	if (r)
		return r;
	buffer = win_alloc(room);
	if (!buffer)
		r = -ENOMEM;
	else if (!in.file->ops->peek || !is_pipe(out.file) ||
		 same_pipe(in.file, out.file))
		r = -EINVAL;
	else
		r = tee_once(&in, in_fd, &out, out_fd, buffer, room,
			(flags & SPLICE_F_NONBLOCK) ||
				((file_flags(in.file) | file_flags(out.file)) &
					O_NONBLOCK));
	win_free(buffer);
	put_both(&in, &out);
	return r;
}

/* With a copy: the pages stay the caller's. */
long sys_vmsplice(
	int fd, const struct iovec *v, unsigned long count, unsigned flags)
{
	const int now = flags & SPLICE_F_NONBLOCK ? 8 /* RWF_NOWAIT */ : 0;
	struct file *f;
	bool pipe, reads;
	long r;

	if (flags & ~SPLICE_KNOWN)
		return -EINVAL;
	r = fd_get(fd, &f);
	if (r)
		return r;
	pipe = is_pipe(f);
	reads = (f->flags & O_ACCMODE) == O_RDONLY;
	file_put(f);
	if (!pipe)
		return -EBADF;
	if (count > IOV_MAX)
		return -EINVAL;
	return reads ? sys_preadv2(fd, v, (int)count, -1, 0, now)
		     : sys_pwritev2(fd, v, (int)count, -1, 0, now);
}
