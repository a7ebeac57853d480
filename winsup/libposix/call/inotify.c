/* inotify: the calls. */
#include "call/call.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "call/private.h"
#include "ipc/ipc.h"

#define KNOWN \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR | \
		IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | \
		IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)

_Static_assert(IN_CLOEXEC == O_CLOEXEC && IN_NONBLOCK == O_NONBLOCK,
	"flags of inotify_init1()");

long sys_inotify_init1(int flags)
{
	struct file *f;
	long r;

	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	r = inotify_create(&f, O_RDONLY | (flags & O_NONBLOCK));
	return r ? r : fd_install(f, 0, flags & O_CLOEXEC);
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

struct watch {
	struct file *inotify;
	uint32_t mask;
	long wd;
};

static long watch_place(const struct place *p, void *argument)
{
	struct watch *w = argument;
	struct kstat st;
	long r = p->mount->ops->stat(p, &st);

	if (r)
		return r;
	if (p->follow && S_ISLNK(st.mode))
		return -ELOOP;
	if ((p->must_be_folder || (w->mask & IN_ONLYDIR)) && !S_ISDIR(st.mode))
		return -ENOTDIR;
	r = file_permits(&st, R_OK, true);
	if (r)
		return r;
	w->wd = inotify_add(w->inotify, p, w->mask, &st);
	return w->wd < 0 ? w->wd : 0;
}

static long add(int fd, struct watch *w, const char *name)
{
	long r = fd_get(fd, &w->inotify);

	if (r)
		return r;
	r = -EINVAL;
	if (inotify_is(w->inotify))
		r = path_apply(AT_FDCWD, name,
			w->mask & IN_DONT_FOLLOW ? PATH_NOFOLLOW : 0,
			watch_place, w);
	file_put(w->inotify);
	return r ? r : w->wd;
}

long sys_inotify_add_watch(int fd, const char *path, unsigned long mask)
{
	char name[PATH_SIZE];
	struct watch w = { .mask = (uint32_t)mask };
	long r;

	if (!mask || (mask & ~(unsigned long)KNOWN) ||
		((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)))
		return -EINVAL;
	r = path_fetch(name, path);
	return r ? r : add(fd, &w, name);
}

long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *f;
	long r = fd_get(fd, &f);

	if (r)
		return r;
	r = inotify_is(f) ? inotify_remove(f, wd) : -EINVAL;
	file_put(f);
	return r;
}
