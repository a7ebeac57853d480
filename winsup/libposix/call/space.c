/* How large files are, what of them is on disk: truncation, allocation, sync.
 */
#include "call/call.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "call/private.h"

#define FALLOC_FL_ZERO_RANGE 16 /* man 2 fallocate; not in musl 1.2.3 */

static long truncate_file(struct file *f, long size)
{
	struct kstat st;

	if (f->ops->truncate && f->ops->stat && !f->ops->stat(f, &st) &&
		size > st.size && !io_below_limit(size - 1, 1))
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
	long r = fd_get_opened(fd, &f);

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
	long r = fd_get_opened(fd, &f);

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
	long r = fd_get_opened(fd, &f);

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

long sys_readahead(int fd, long offset, size_t size)
{
	struct file *f;
	long r = fd_get_readable(fd, &f);

	(void)size;
	if (r)
		return r;
	if (!f->ops->truncate || offset < 0)
		r = -EINVAL;
	file_put(f);
	return r;
}

long sys_sync_file_range(int fd, long offset, long size, unsigned flags)
{
	struct file *f;
	long r = fd_get_opened(fd, &f);

	if (r)
		return r;
	if (offset < 0 || size < 0 || offset > INT64_MAX - size ||
		(flags & ~(unsigned)(SYNC_FILE_RANGE_WAIT_BEFORE |
				     SYNC_FILE_RANGE_WRITE |
				     SYNC_FILE_RANGE_WAIT_AFTER)))
		r = -EINVAL;
	else if (!f->ops->seek)
		r = -ESPIPE;
	else if (flags && f->ops->sync)
		r = f->ops->sync(f, true);
	file_put(f);
	return r;
}

/* As sync(). */
long sys_syncfs(int fd)
{
	struct file *f;
	long r = fd_get_opened(fd, &f);

	if (!r)
		file_put(f);
	return r;
}

#define ZEROS (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)

/* man 2 fallocate: what is asked for, without what only moves data. */
static long allocate(struct file *f, int mode, int64_t start, int64_t end)
{
	struct kstat st;
	int64_t size;
	long r = f->ops->stat(f, &st);

	if (r)
		return r;
	size = st.size;
	if (size < end && !(mode & FALLOC_FL_KEEP_SIZE)) {
		if (!io_below_limit(end - 1, 1))
			return -EFBIG;
		r = f->ops->truncate(f, end);
	}
	if (r || !(mode & ZEROS))
		return r;
	/* what was beyond the end is zero already */
	return start < size ? f->ops->zero(f, start, end < size ? end : size,
				      mode & FALLOC_FL_PUNCH_HOLE)
			    : 0;
}

long sys_fallocate(int fd, int mode, long offset, long size)
{
	struct file *f;
	long r;

	if (offset < 0 || size <= 0)
		return -EINVAL;
	if ((mode & ~(FALLOC_FL_KEEP_SIZE | ZEROS)) ||
		mode == FALLOC_FL_KEEP_SIZE || mode == FALLOC_FL_PUNCH_HOLE ||
		(mode & ZEROS) == ZEROS)
		return -EOPNOTSUPP;
	r = fd_get_writable(fd, &f);
	if (r)
		return r;
	if (offset > INT64_MAX - size)
		r = -EFBIG;
	else if (!f->ops->truncate || !f->ops->stat)
		r = f->ops->seek ? -ENODEV : -ESPIPE;
	else if (mode && !f->ops->zero)
		r = -EOPNOTSUPP;
	else
		r = allocate(f, mode, offset, offset + size);
	file_put(f);
	return r;
}
