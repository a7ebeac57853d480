/* Paths as Windows and as POSIX spell them, for programs that must tell one
 * to the other (winsup/include/sys/posix.h, utils/posixpath). */
#include "call/call.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/private_syscalls.h"
#include "lib/lib.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

#define UNITS 4200 /* PATH_SIZE and a root */

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* "C:\x", "C:/x", "C:", "\\host\share". */
static bool is_windows(const char *p)
{
	bool letter =
		(p[0] >= 'a' && p[0] <= 'z') || (p[0] >= 'A' && p[0] <= 'Z');

	return (letter && p[1] == ':' && (!p[2] || is_slash(p[2]))) ||
	       (p[0] == '\\' && p[1] == '\\');
}

/* The place of a path whose last components may be missing: the longest part
 * that is there, links resolved, and the rest behind it. */
static long place_of(
	const char *path, struct place *out, char buffer[PATH_SIZE])
{
	char absolute[PATH_SIZE], part[PATH_SIZE], *slash;
	size_t n, length;
	long r = path_resolve(AT_FDCWD, path, 0, out, buffer);

	if (r != -ENOENT && r != -ENOTDIR)
		return r;
	r = path_absolute(AT_FDCWD, path, absolute, sizeof absolute);
	if (r)
		return r;
	length = n = strlen(absolute);
	memcpy(part, absolute, n + 1);
	do {
		slash = strrchr(part, '/');
		if (!slash)
			return -ENOENT;
		*slash = 0;
		n = (size_t)(slash - part);
		r = path_resolve(AT_FDCWD, n ? part : "/", 0, out, buffer);
	} while (r == -ENOENT || r == -ENOTDIR);
	if (r)
		return r;
	if (!out->length)
		n++; /* no slash between a root and the rest */
	if (out->length + (length - n) >=
		(size_t)(buffer + PATH_SIZE - out->rest))
		return -ENAMETOOLONG;
	memcpy(out->rest + out->length, absolute + n, length - n + 1);
	out->length += length - n;
	return 0;
}

static long to_windows(const char *path, char *to, size_t room)
{
	uint16_t units[UNITS];
	char buffer[PATH_SIZE];
	struct place p;
	size_t skip = 4; /* "\??\" */
	int64_t n = place_of(path, &p, buffer);

	if (n)
		return n;
	if (!p.mount->ops->native_path)
		return -ENODEV;
	n = p.mount->ops->native_path(&p, units, UNITS);
	if (n < 0)
		return n;
	if (n > 8 && !memcmp(units + 4, u"UNC\\", 8)) {
		skip = 6;
		units[6] = '\\'; /* "\\host" of "\??\UNC\host" */
	}
	return (long)utf8_from_utf16(to, room, units + skip, (size_t)n - skip);
}

static long to_posix(const char *path, char *to, size_t room)
{
	uint16_t units[PATH_SIZE];
	long r;

	if (is_windows(path))
		return path_from_windows(units,
			utf16_from_utf8(units, PATH_SIZE, path, strlen(path)),
			to, room);
	r = path_absolute(AT_FDCWD, path, to, room);
	return r ? r : (long)strlen(to);
}

long sys_posix_path(int what, const char *from, void *user, size_t size)
{
	char name[PATH_SIZE], result[3 * PATH_SIZE];
	long r = user_string(name, from, PATH_SIZE);

	if (r < 0)
		return r;
	switch (what) {
	case POSIX_PATH_TO_POSIX:
		r = to_posix(name, result, sizeof result - 1);
		break;
	case POSIX_PATH_TO_WINDOWS:
		r = to_windows(name, result, sizeof result - 1);
		break;
	default:
		return -EINVAL;
	}
	if (r < 0)
		return r;
	if ((size_t)r >= size)
		return -ERANGE;
	result[r] = 0;
	return user_copy_out(user, result, (size_t)r + 1) ? -EFAULT : r;
}
