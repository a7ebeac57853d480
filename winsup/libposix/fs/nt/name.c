/* POSIX names as Windows names.
 *
 * What Windows does not admit in a name, and bytes that are no UTF-8, become
 * U+F000 + byte, in the private use area (as Windows' own interoperability
 * layers do).  A name that really has such a character is spelled as its
 * three bytes, so every name comes back as it was. */
#include "fs/nt/nt.h"

#include <string.h>

#include "abi/errno.h"

#define PRIVATE 0xf000u

static const char hidden[] = ".posix-deleted-";

static bool forbidden(uint32_t c)
{
	return c < 32 || c == '*' || c == '?' || c == '"' || c == '<' ||
	       c == '>' || c == '|' || c == ':' || c == '\\';
}

/* A dot or blank at the end is cut off by Win32: native programs could not
 * open the file. */
static bool forbidden_last(uint32_t c)
{
	return c == '.' || c == ' ';
}

size_t nt_encode(uint16_t *to, size_t room, const char *name, size_t size)
{
	size_t n = 0, step;
	uint32_t c;

#define PUT(unit) \
	do { \
		if (n < room) \
			to[n] = (uint16_t)(unit); \
		n++; \
	} while (0)
	for (size_t i = 0; i < size; i += step) {
		step = utf8_decode(name + i, size - i, &c);
		if (!step || (c >= PRIVATE && c < PRIVATE + 256)) {
			step = 1;
			PUT(PRIVATE + (unsigned char)name[i]);
		} else if (forbidden(c) ||
			   (i + 1 == size && forbidden_last(c))) {
			PUT(PRIVATE + c);
		} else if (c >= 0x10000) {
			PUT(0xd800 + ((c - 0x10000) >> 10));
			PUT(0xdc00 + (c & 0x3ff));
		} else {
			PUT(c);
		}
	}
#undef PUT
	return n;
}

size_t nt_decode(char *to, size_t room, const uint16_t *name, size_t count)
{
	size_t n = 0, run;

	for (size_t i = 0; i < count; i += run) {
		run = 1;
		if (name[i] >= PRIVATE && name[i] < PRIVATE + 256) {
			if (n < room)
				to[n] = (char)(name[i] - PRIVATE);
			n++;
			continue;
		}
		while (i + run < count &&
			!(name[i + run] >= PRIVATE &&
				name[i + run] < PRIVATE + 256))
			run++;
		n += utf8_from_utf16(to + (n < room ? n : room),
			n < room ? room - n : 0, name + i, run);
	}
	return n;
}

long nt_name(
	const struct place *p, uint16_t *to, struct win_name *name, bool change)
{
	const struct mount *m = p->mount;
	size_t n = m->windows_length;
	const char *part = p->rest, *end = p->rest + p->length;

	if (change && (m->flags & MOUNT_READ_ONLY))
		return -EROFS;
	memcpy(to, m->windows, n * 2);
	if (part == end && n == 6)
		to[n++] = '\\'; /* a drive's root */
	while (part < end) {
		const char *slash = memchr(part, '/', (size_t)(end - part));
		size_t size = (size_t)((slash ? slash : end) - part), units;

		if (size > NAME_BYTES)
			return -ENAMETOOLONG;
		to[n++] = '\\';
		units = nt_encode(to + n, NT_PATH - 1 - n, part, size);
		if (units > NAME_BYTES || n + units >= NT_PATH - 1)
			return -ENAMETOOLONG;
		n += units;
		part += size + 1;
	}
	*name = (struct win_name){ 0, to, n };
	return 0;
}

long nt_path_to_posix(const struct mount *m, const uint16_t *rest,
	size_t length, char *to, size_t room)
{
	size_t n = m->prefix_length == 1 ? 0 : m->prefix_length;

	if (n + 2 > room)
		return -ENAMETOOLONG;
	memcpy(to, m->prefix, n);
	for (size_t i = 0; i < length;) {
		size_t count = 0;

		while (i < length && (rest[i] == '\\' || rest[i] == '/'))
			i++;
		while (i + count < length && rest[i + count] != '\\' &&
			rest[i + count] != '/')
			count++;
		if (!count)
			break;
		if (n + 1 >= room)
			return -ENAMETOOLONG;
		to[n++] = '/';
		n += nt_decode(to + n, room - n, rest + i, count);
		if (n >= room)
			return -ENAMETOOLONG;
		i += count;
	}
	if (!n)
		to[n++] = '/';
	to[n] = 0;
	return (long)n;
}

static void unused_name(
	const char *prefix, struct win_name *name, uint16_t *buffer)
{
	static _Atomic uint32_t counter HOST_STATE = 0;
	char text[64];
	size_t n, start = name->length;

	n = format(text, sizeof text, "%s%x-%x-%x", prefix, win_process_id(),
		(unsigned)win_clock_monotonic(), counter++);
	while (start && buffer[start - 1] != '\\')
		start--;
	for (size_t i = 0; i < n; i++)
		buffer[start + i] = (uint16_t)text[i];
	name->length = start + n;
}

void nt_hidden_name(struct win_name *name, uint16_t *buffer)
{
	unused_name(hidden, name, buffer);
}

void nt_passing_name(struct win_name *name, uint16_t *buffer)
{
	unused_name("renamed-", name, buffer);
}

bool nt_hidden_root(
	const struct win_name *name, struct win_name *out, uint16_t *buffer)
{
	size_t prefix;
	const struct mount *root = mount_find("/", &prefix);

	if (name->length < 6 || root->windows_length + 2 > NT_PATH ||
		memcmp(name->text, root->windows, 5 * 2))
		return false;
	memcpy(buffer, root->windows, root->windows_length * 2);
	buffer[root->windows_length] = '\\';
	*out = (struct win_name){ 0, buffer, root->windows_length + 1 };
	nt_hidden_name(out, buffer);
	return true;
}

bool nt_is_hidden(const uint16_t *name, size_t length)
{
	if (length < sizeof hidden - 1)
		return false;
	for (size_t i = 0; i < sizeof hidden - 1; i++)
		if (name[i] != (uint16_t)hidden[i])
			return false;
	return true;
}
