/* The current folder and the file mode mask. */
#include "vfs/vfs.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"

struct fs {
	char *cwd; /* absolute, normalised */
	uint32_t umask;
};

static char *copy_text(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = win_alloc(n);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

struct fs *fs_create(void)
{
	struct fs *f = win_alloc(sizeof *f);

	if (!f)
		return NULL;
	f->cwd = copy_text("/");
	f->umask = 022;
	return f;
}

struct fs *fs_copy(const struct fs *from)
{
	struct fs *f = win_alloc(sizeof *f);

	if (!f)
		return NULL;
	f->cwd = copy_text(from->cwd);
	f->umask = from->umask;
	return f;
}

void fs_free(struct fs *f)
{
	if (!f)
		return;
	win_free(f->cwd);
	win_free(f);
}

long fs_chdir(const char *absolute)
{
	struct fs *f = current->process->fs;
	char *new = copy_text(absolute), *old;

	if (!new)
		return -ENOMEM;
	old = f->cwd;
	f->cwd = new;
	win_free(old);
	return 0;
}

void fs_moved(const char *from, const char *to)
{
	struct fs *f = current->process->fs;
	char *new = path_moved(f->cwd, from, to), *old = f->cwd;

	if (!new)
		return;
	f->cwd = new;
	win_free(old);
}

const char *fs_cwd(void)
{
	return current->process->fs->cwd;
}

uint32_t fs_umask(int set)
{
	struct fs *f = current->process->fs;
	uint32_t old = f->umask;

	if (set >= 0)
		f->umask = (uint32_t)set & 0777;
	return old;
}

void fs_pack(struct process *p, struct transfer *to, int how)
{
	(void)how;
	transfer_put_string(to, p->fs->cwd);
	transfer_put_number(to, p->fs->umask);
}

int fs_unpack(struct process *p, struct transfer *from, int how)
{
	(void)how;
	p->fs = win_alloc(sizeof *p->fs);
	if (!p->fs)
		return -ENOMEM;
	p->fs->cwd = transfer_get_string(from);
	p->fs->umask = (uint32_t)transfer_get_number(from);
	return (int)from->error;
}

long fs_look_of(
	win_handle process, const struct fs *there, char *cwd, uint32_t *umask)
{
	struct fs f, again;
	long r = memory_read_of(process, &f, there, sizeof f);

	if (r)
		return r;
	*umask = f.umask;
	r = memory_string_of(process, cwd, f.cwd, PATH_SIZE);
	if (r < 0)
		return r;
	/* it is freed when the process goes elsewhere */
	if (memory_read_of(process, &again, there, sizeof again) ||
		again.cwd != f.cwd)
		return -EAGAIN;
	return *cwd == '/' ? r : -EFAULT;
}
