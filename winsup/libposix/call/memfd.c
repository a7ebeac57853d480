/* memfd_create(2): a file in /dev/shm that has lost its name. */
#include "call/call.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "abi/errno.h"
#include "call/private.h"
#include "lib/lib.h"

#define NAME_MOST 249 /* man 2 memfd_create: NAME_MAX less "memfd:" */

static long unlink_place(const struct place *p, void *unused)
{
	(void)unused;
	return p->mount->ops->unlink(p);
}

long sys_memfd_create(const char *user, unsigned flags)
{
	static _Atomic unsigned counter HOST_STATE = 0;
	char name[NAME_MOST + 1], path[64];
	struct file *f;
	long r = user_string(name, user, sizeof name);

	if (r < 0)
		return r == -ENAMETOOLONG ? -EINVAL : r;
	/* huge pages there are none */
	if (flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	format(path, sizeof path, "/dev/shm/.memfd-%x-%x", win_process_id(),
		counter++);
	r = path_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0777, &f);
	if (!r) {
		f->seals = SEALABLE |
			   (flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL);
		f->direct = 0;
		r = fd_install(f, 0, flags & MFD_CLOEXEC);
	}
	/* once it has a descriptor, which then knows that the name is gone */
	if (r >= 0)
		path_apply(AT_FDCWD, path, PATH_NOFOLLOW, unlink_place, NULL);
	return r;
}
