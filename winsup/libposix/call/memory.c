/* Memory. */
#include "call/call.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

/* MAP_PRIVATE of a file: its bytes, read into memory of our own.  A change
 * that another process makes later is not seen, which POSIX leaves open
 * (POSIX.1-2024 mmap(), "It is unspecified"). */
static long map_copy(struct file *f, uintptr_t hint, size_t size,
	int protection, int flags, int64_t offset)
{
	int64_t done = 0;
	long at =
		memory_map_anonymous(hint, size, PROT_READ | PROT_WRITE, flags);
	long r = 0;

	if (at < 0)
		return at;
	while ((size_t)done < size) {
		struct iovec v = { (char *)at + done, size - (size_t)done };
		struct io io = { .vector = &v,
			.count = 1,
			.size = v.iov_len,
			.offset = offset + done };

		r = f->ops->read(f, &io);
		if (r <= 0)
			break;
		done += r;
	}
	if (r >= 0 && protection != (PROT_READ | PROT_WRITE))
		r = memory_protect((uintptr_t)at, size, protection);
	if (r < 0) {
		memory_unmap((uintptr_t)at, size);
		return r;
	}
	return at;
}

static long map_shared(struct file *f, const struct kstat *st, uintptr_t hint,
	size_t size, int protection, int flags, int64_t offset)
{
	struct mappable what = { 0, (uint64_t)offset, file_object(st) };
	int most = PROT_READ;
	long r;

	if (!f->ops->map)
		return -ENODEV;
	/* Windows would want the file opened for execution: as on a volume
	 * that is mounted noexec (man 2 mmap, EPERM) */
	if (protection & PROT_EXEC)
		return -EPERM;
	if ((f->flags & O_ACCMODE) == O_RDWR)
		most |= PROT_WRITE;
	if (description_seals(f) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) {
		if (protection & PROT_WRITE)
			return -EPERM;
		most = PROT_READ;
	}
	if (protection & ~most)
		return -EACCES;
	r = f->ops->map(f, what.offset, size, most, flags, &what.section);
	if (r)
		return r;
	r = memory_map_section(hint, size, protection, most, flags, &what);
	if (r < 0)
		win_close(what.section);
	return r;
}

/* Shared with the children that fork will make. */
static long map_shared_anonymous(
	uintptr_t hint, size_t size, int protection, int flags)
{
	struct mappable what = { 0, 0, ++task_shared()->last_object };
	long r = win_section_create(&what.section, NULL,
		(size + PAGE_SIZE_BYTES - 1) & ~(PAGE_SIZE_BYTES - 1), false,
		NULL);

	if (r)
		return -ENOMEM;
	r = memory_map_section(hint, size, protection, 7, flags, &what);
	if (r < 0)
		win_close(what.section);
	return r;
}

/* /dev/zero: fs/dev.c gives it Linux' number. */
static bool is_zero(const struct kstat *st)
{
	return S_ISCHR(st->mode) && st->rdev == (1 << 8 | 5);
}

static long map_file(int fd, uintptr_t hint, size_t size, int protection,
	int flags, int64_t offset)
{
	struct kstat st;
	struct file *f;
	long r = fd_get_opened(fd, &f);

	if (r)
		return r;
	if ((f->flags & O_ACCMODE) == O_WRONLY)
		r = -EACCES;
	else if (!f->ops->stat || f->ops->stat(f, &st) || !f->ops->read ||
		 !(S_ISREG(st.mode) || is_zero(&st)))
		r = -ENODEV;
	else if (is_zero(&st) && (flags & MAP_PRIVATE))
		r = memory_map_anonymous(hint, size, protection, flags);
	else if (is_zero(&st))
		r = map_shared_anonymous(hint, size, protection, flags);
	else if (flags & MAP_PRIVATE)
		r = map_copy(f, hint, size, protection, flags, offset);
	else
		r = map_shared(f, &st, hint, size, protection, flags, offset);
	file_put(f);
	return r;
}

/* RLIMIT_AS and RLIMIT_DATA: man 2 getrlimit. */
static bool within_limits(size_t more, bool data)
{
	uint64_t(*limits)[2] = current->process->limits;
	uint64_t all = limits[LIMIT_MEMORY][0], most = limits[LIMIT_DATA][0];

	return (all == UNLIMITED || memory_size() + more <= all) &&
	       (!data || most == UNLIMITED ||
		       memory_data_size() + more <= most);
}

long sys_mmap(uintptr_t hint, size_t size, int protection,
	unsigned long long_flags, int fd, long offset)
{
	int flags = (int)long_flags;
	int type = flags & MAP_TYPE;

	if (!size || (offset & (long)(PAGE_SIZE_BYTES - 1)) || offset < 0)
		return -EINVAL;
	if (type != MAP_SHARED && type != MAP_PRIVATE &&
		type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (size > MEMORY_HIGH ||
		!within_limits(
			size, type == MAP_PRIVATE && (protection & PROT_WRITE)))
		return -ENOMEM;
	if (!(flags & MAP_ANONYMOUS))
		return map_file(fd, hint, size, protection & 7,
			type == MAP_PRIVATE ? flags
					    : (flags & ~MAP_TYPE) | MAP_SHARED,
			offset);
	if (type == MAP_PRIVATE)
		return memory_map_anonymous(hint, size, protection & 7, flags);
	return map_shared_anonymous(hint, size, protection & 7, flags);
}

long sys_munmap(uintptr_t start, size_t size)
{
	return memory_unmap(start, size);
}

long sys_mprotect(uintptr_t start, size_t size, int protection)
{
	return memory_protect(start, size, protection);
}

long sys_mremap(uintptr_t old, size_t old_size, size_t new_size,
	unsigned long flags, uintptr_t place)
{
	if (new_size > old_size && !within_limits(new_size - old_size, true))
		return -ENOMEM;
	return memory_remap(old, old_size, new_size, (int)flags, place);
}

long sys_madvise(uintptr_t start, size_t size, int advice)
{
	return memory_advise(start, size, advice);
}

long sys_msync(uintptr_t start, size_t size, int flags)
{
	return memory_sync(start, size, flags);
}

long sys_mincore(uintptr_t start, size_t size, void *user)
{
	uint8_t some[256];
	size_t pages = (size + PAGE_SIZE_BYTES - 1) / PAGE_SIZE_BYTES, n;
	long r = 0;

	if (start & (PAGE_SIZE_BYTES - 1))
		return -EINVAL;
	if (start + size < start || size > MEMORY_HIGH)
		return -ENOMEM;
	for (size_t done = 0; !r && done < pages; done += n) {
		n = pages - done;
		if (n > sizeof some)
			n = sizeof some;
		r = memory_resident(start + done * PAGE_SIZE_BYTES, n, some);
		if (!r)
			r = user_copy_out((char *)user + done, some, n);
	}
	return r;
}

long sys_brk(uintptr_t wanted)
{
	uintptr_t now = (uintptr_t)memory_break(0);

	if (wanted > now && !within_limits(wanted - now, true))
		return (long)now;
	return memory_break(wanted);
}
