/* What file systems that are made up have in common. */
#include <dirent.h>
#include <string.h>
#include <sys/statfs.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "memory/memory.h"

long fs_put_entry(void *user, size_t size, uint64_t ino, int64_t next,
	unsigned type, const char *name)
{
	struct {
		uint64_t ino;
		int64_t off;
		uint16_t reclen;
		uint8_t type;
		char name[29];
	} __attribute__((packed)) e = { ino, next, 0, (uint8_t)type, { 0 } };
	size_t need = round_up(19 + strlen(name) + 1, 8);

	if (need > size)
		return -EINVAL;
	e.reclen = (uint16_t)need;
	memcpy(e.name, name, strlen(name));
	return user_copy_out(user, &e, need) ? -EFAULT : (long)need;
}

long fs_made_statfs(void *out, long type)
{
	struct statfs *s = out;

	memset(s, 0, sizeof *s);
	s->f_type = (unsigned long)type;
	s->f_bsize = s->f_frsize = 4096;
	s->f_namelen = NAME_BYTES;
	return 0;
}
