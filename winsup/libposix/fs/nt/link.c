/* Symbolic links: files with the SYSTEM attribute that begin with a cookie.
 * They need no privilege and work where reparse points do not. */
#include "fs/nt/nt.h"

#include <string.h>

#include "abi/errno.h"
#include "vfs/watch.h"

static const char cookie[] = { '!', '<', 'p', 'o', 's', 'i', 'x', '-', 's', 'y',
	'm', 'l', 'i', 'n', 'k', '>' };

long nt_link_read_file(win_handle file, char *to, size_t room)
{
	char bytes[sizeof cookie + PATH_SIZE];
	int64_t n = win_file_read(file, bytes, sizeof bytes, 0);
	size_t size;

	if (n < (int64_t)sizeof cookie || memcmp(bytes, cookie, sizeof cookie))
		return -EINVAL;
	size = (size_t)n - sizeof cookie;
	memcpy(to, bytes + sizeof cookie, size < room ? size : room);
	return (long)size;
}

long nt_link_read(const struct win_name *name, char *to, size_t room)
{
	struct win_file_stat st;
	uint32_t mode;
	win_handle file;
	long r =
		win_file_open(&file, name, WIN_FILE_READ, WIN_OPEN, 0, 0, NULL);

	if (r)
		return r;
	/* what has a mode is no link; not to be read, for its time of access */
	r = win_file_stat(file, &st);
	if (!r)
		r = nt_mode_kept(file, &st, &mode)
			    ? -EINVAL
			    : nt_link_read_file(file, to, room);
	win_close(file);
	return r;
}

long nt_readlink(const struct place *p, char *to, size_t room)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	long r = nt_name(p, path, &name, false);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	if (!nt_may_be_link(st.attributes))
		return -EINVAL;
	return nt_link_read(&name, to, room);
}

/* A record that is left of a file which had the same number would be taken for
 * this one's. */
static void forget_mode(win_handle file)
{
	struct win_file_stat st;

	if (!win_modes_are_kept(file) && !win_file_stat(file, &st))
		nt_store_remove(file, st.id);
}

long nt_symlink(const struct place *p, const char *target)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	win_handle file;
	size_t size = strlen(target);
	int64_t n;
	long r = nt_name(p, path, &name, true);

	if (!r && p->must_be_folder)
		r = -ENOENT;
	if (!r)
		r = nt_may_create(&name);
	if (!r)
		r = win_file_open(&file, &name, WIN_FILE_WRITE, WIN_CREATE,
			WIN_FILE_NOT_FOLDER, WIN_ATTRIBUTE_SYSTEM, NULL);
	if (r)
		return r;
	forget_mode(file);
	n = win_file_write(file, cookie, sizeof cookie, -1);
	if (n >= 0)
		n = win_file_write(file, target, size, -1);
	if (n < 0)
		win_file_delete(file, false);
	win_close(file);
	if (n < 0)
		return (long)n;
	nt_tell(&name, IN_CREATE, TELL_FOLDER);
	return 0;
}
