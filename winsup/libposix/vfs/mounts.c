/* Which file system a path lies in: the bundle's root, /dev, the drives, and
 * what etc/fstab adds.  The table is made once in a host and then only read. */
#include "vfs/vfs.h"

#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"

#define MOUNTS 64

static struct mount mounts[MOUNTS] HOST_STATE = { { 0 } };
static int mount_count HOST_STATE = 0;

static size_t last_slash(const uint16_t *path, size_t length)
{
	while (length && path[length - 1] != '\\')
		length--;
	return length ? length - 1 : 0;
}

static uint64_t device_of(const uint16_t *windows, size_t length)
{
	/* "\??\C:": the same for all places on a drive */
	uint16_t head[6] = { 0 };
	uint64_t hash;

	for (size_t i = 0; i < 6 && i < length; i++)
		head[i] = windows[i] >= 'a' && windows[i] <= 'z'
				  ? (uint16_t)(windows[i] - 32)
				  : windows[i];
	hash = hash_bytes(head, sizeof head);
	return (hash ^ hash >> 32) & 0xfffff;
}

static int mount_add(const char *prefix, const struct fs_ops *ops,
	const uint16_t *windows, size_t windows_length, unsigned flags)
{
	struct mount *m = &mounts[mount_count];
	size_t n = strlen(prefix);
	char *prefix_copy = win_alloc(n + 1);
	uint16_t *root = win_alloc((windows_length + 1) * 2);

	if (mount_count == MOUNTS || !prefix_copy || !root)
		return -ENOMEM;
	memcpy(prefix_copy, prefix, n + 1);
	memcpy(root, windows, windows_length * 2);
	*m = (struct mount){ prefix_copy, n, ops, root, windows_length, flags,
		windows_length ? device_of(windows, windows_length)
			       : (uint64_t)mount_count + 1 };
	mount_count++;
	return 0;
}

static bool ends_in(const uint16_t *path, size_t length, const char *tail)
{
	size_t n = strlen(tail);

	if (length < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint16_t c = path[length - n + i];

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != tail[i])
			return false;
	}
	return true;
}

/* The folder above usr/bin; the DLL's own folder if it lies elsewhere. */
static int mount_root(void)
{
	static const uint16_t prefix[] = { '\\', '?', '?', '\\' };
	const uint16_t *own = win_own_path();
	size_t n = last_slash(own, utf16_length(own));
	uint16_t *path;
	int r;

	if (n > 4 && own[0] == '\\' && own[1] == '\\' && own[2] == '?') {
		own += 4; /* "\\?\" */
		n -= 4;
	}
	if (ends_in(own, n, "\\usr\\bin"))
		n -= 8;
	path = win_alloc((n + 4) * 2);
	if (!path)
		return -ENOMEM;
	memcpy(path, prefix, sizeof prefix);
	memcpy(path + 4, own, n * 2);
	r = mount_add("/", &nt_fs, path, n + 4, 0);
	win_free(path);
	return r;
}

/* Scripts begin with "#!/bin/sh": where the bundle has no /bin, as it need
 * not, that is /usr/bin. */
static int mount_bin(void)
{
	const struct mount *root = &mounts[0];
	size_t n = root->windows_length;
	uint16_t *path = win_alloc((n + 8) * 2);
	struct win_name name = { 0, path, n + 4 };
	struct win_file_stat st;
	int r = 0;

	if (!path)
		return -ENOMEM;
	memcpy(path, root->windows, n * 2);
	memcpy(path + n, u"\\bin", 8);
	if (win_file_query_name(&name, &st)) {
		memcpy(path + n, u"\\usr\\bin", 16);
		name.length = n + 8;
		if (!win_file_query_name(&name, &st))
			r = mount_add("/bin", &nt_fs, path, name.length, 0);
	}
	win_free(path);
	return r;
}

/* Every letter, whether there is such a drive now or later: to ask which
 * there are would cost each host 28 requests to Wine's server. */
static int mount_drives(void)
{
	int r = mount_add("/mnt", &drives_fs, NULL, 0, MOUNT_READ_ONLY);

	for (int i = 0; !r && i < 26; i++) {
		char prefix[] = { '/', 'm', 'n', 't', '/', (char)('a' + i), 0 };
		uint16_t root[] = { '\\', '?', '?', '\\', (uint16_t)('A' + i),
			':' };

		r = mount_add(prefix, &nt_fs, root, 6, 0);
	}
	return r;
}

/* Shared memory and named semaphores: files that live as long as Windows
 * leaves them in the user's temporary folder. */
static int mount_shm(void)
{
	uint16_t path[1024] = { '\\', '?', '?', '\\' };
	size_t n = win_temporary_folder(path + 4, 1000);

	if (!n)
		return 0;
	memcpy(path + 4 + n, u"\\posix-shm", 20);
	return mount_add("/dev/shm", &nt_fs, path, n + 14, MOUNT_ON_DEMAND);
}

bool mount_make(const struct mount *m)
{
	struct win_name name = { 0, m->windows, m->windows_length };
	win_handle h;

	if (!(m->flags & MOUNT_ON_DEMAND) ||
		win_file_open(&h, &name, WIN_FILE_ATTRIBUTES, WIN_CREATE,
			WIN_FILE_FOLDER, 0, NULL))
		return false;
	win_close(h);
	return true;
}

/* One field of fstab: up to a blank, "\040" for a blank (man 5 fstab). */
static char *field(char **line)
{
	char *start, *to;
	char *p = *line;

	while (*p == ' ' || *p == '\t')
		p++;
	start = to = p;
	while (*p && *p != ' ' && *p != '\t') {
		if (p[0] == '\\' && p[1] == '0' && p[2] == '4' && p[3] == '0') {
			*to++ = ' ';
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	*line = *p ? p + 1 : p;
	*to = 0;
	return start;
}

static void mount_line(char *line)
{
	char *what = field(&line), *where = field(&line);
	uint16_t path[1024] = { '\\', '?', '?', '\\' };
	size_t n = strlen(what);
	char *type = field(&line), *options = field(&line);

	(void)type;
	if (*what == '#' || *where != '/' || n < 2 || n > 900)
		return;
	n = utf16_from_utf8(path + 4, 1020, what, n);
	for (size_t i = 4; i < n + 4; i++)
		if (path[i] == '/')
			path[i] = '\\';
	if (path[n + 3] == '\\')
		n--;
	mount_add(where, &nt_fs, path, n + 4,
		!strncmp(options, "ro", 2) ? MOUNT_READ_ONLY : 0);
}

static void mount_table(void)
{
	static const char name[] = "/etc/fstab";
	struct place p = {
		.mount = &mounts[0], .rest = (char *)name + 1, .length = 9
	};
	uint16_t path[2048];
	int64_t n = nt_fs.native_path(&p, path, 2048);
	struct win_name file = { 0, path, (size_t)n };
	char text[8192], *line, *end;
	win_handle h;

	if (n < 0 || win_file_open(&h, &file, WIN_FILE_READ, WIN_OPEN,
			     WIN_FILE_NOT_FOLDER, 0, NULL))
		return;
	n = win_file_read(h, text, sizeof text - 1, 0);
	win_close(h);
	if (n <= 0)
		return;
	text[n] = 0;
	for (line = text; *line; line = end + (*end != 0)) {
		for (end = line; *end && *end != '\n'; end++)
			;
		if (*end) {
			*end = 0;
			mount_line(line);
			*end = '\n';
		} else {
			mount_line(line);
		}
	}
}

int mounts_start(void)
{
	int r;

	if ((r = mount_root()) || (r = mount_bin()) ||
		(r = mount_add("/dev", &dev_fs, NULL, 0, 0)) ||
		(r = mount_add("/dev/fd", &descriptors_fs, NULL, 0, 0)) ||
		(r = mount_add("/proc", &proc_fs, NULL, 0, 0)) ||
		/* found at once, without a walk by way of /proc/self */
		(r = mount_add("/proc/self/fd", &descriptors_fs, NULL, 0, 0)) ||
		(r = mount_shm()) || (r = mount_drives()))
		return r;
	mount_table();
	return 0;
}

/* The longest prefix; later ones hide earlier ones. */
const struct mount *mount_find(const char *absolute, size_t *prefix)
{
	const struct mount *best = &mounts[0];

	*prefix = 0;
	for (int i = 1; i < mount_count; i++) {
		const struct mount *m = &mounts[i];
		char after = strncmp(absolute, m->prefix, m->prefix_length)
				     ? 'x'
				     : absolute[m->prefix_length];

		if ((after == 0 || after == '/') &&
			m->prefix_length >= *prefix) {
			best = m;
			*prefix = m->prefix_length;
		}
	}
	return best;
}

bool mount_below(const char *absolute)
{
	size_t n = strlen(absolute);

	for (int i = 1; i < mount_count; i++)
		if (mounts[i].prefix_length > n &&
			!memcmp(mounts[i].prefix, absolute, n) &&
			mounts[i].prefix[n] == '/')
			return true;
	return false;
}

const struct mount *mount_number(int n)
{
	return n < mount_count ? &mounts[n] : NULL;
}

const struct mount *mount_made(const struct place *p)
{
	static const struct mount made = { "/", 1, &etc_fs, NULL, 0,
		MOUNT_READ_ONLY, 8 };

	return p->mount == &mounts[0] && etc_makes(p->rest, p->length) ? &made
								       : NULL;
}

static uint16_t fold(uint16_t c)
{
	return c >= 'a' && c <= 'z' ? (uint16_t)(c - 32) : c == '/' ? '\\' : c;
}

static bool below(const uint16_t *path, size_t length, const struct mount *m)
{
	if (!m->windows_length || length < m->windows_length)
		return false;
	for (size_t i = 0; i < m->windows_length; i++)
		if (fold(path[i]) != fold(m->windows[i]))
			return false;
	return length == m->windows_length ||
	       fold(path[m->windows_length]) == '\\';
}

long path_from_windows(
	const uint16_t *from, size_t length, char *to, size_t room)
{
	uint16_t path[PATH_SIZE];
	const struct mount *best = NULL;
	size_t n = 4;

	if (length > 4 && from[0] == '\\' && from[2] == '?') {
		from += 4;
		length -= 4;
	}
	if (length + 5 > PATH_SIZE)
		return -ENAMETOOLONG;
	memcpy(path, (const uint16_t[]){ '\\', '?', '?', '\\' }, 8);
	memcpy(path + n, from, length * 2);
	n += length;
	while (n > 6 && fold(path[n - 1]) == '\\')
		n--;
	for (int i = 0; i < mount_count; i++)
		if (below(path, n, &mounts[i]) &&
			(!best || mounts[i].windows_length >
					  best->windows_length))
			best = &mounts[i];
	if (!best)
		return -ENOENT;
	return nt_path_to_posix(best, path + best->windows_length,
		n - best->windows_length, to, room);
}
