/* Command line and environment of a program that Windows started, as its argv
 * and environ. */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "vfs/vfs.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static long add_utf16(struct arguments *a, const uint16_t *s, size_t n)
{
	size_t room = n * 3 + 1;
	char *bytes = win_alloc(room);
	long r;

	if (!bytes)
		return -ENOMEM;
	r = arguments_add(a, bytes, utf8_from_utf16(bytes, room, s, n));
	win_free(bytes);
	return r;
}

/* One argument of Windows' command line: Microsoft "Parsing C command-line
 * arguments".  Returns its length; *line is behind it. */
static size_t split(const uint16_t **line, uint16_t *to, bool first)
{
	const uint16_t *p = *line;
	bool quoted = false;
	size_t n = 0;

	while (*p && (quoted || (*p != ' ' && *p != '\t'))) {
		size_t slashes = 0;

		/* the program's name knows no backslashes */
		while (!first && p[slashes] == '\\')
			slashes++;
		if (slashes && p[slashes] == '"') {
			for (size_t i = 0; i < slashes / 2; i++)
				to[n++] = '\\';
			p += slashes;
			if (slashes % 2)
				to[n++] = *p++;
			continue;
		}
		for (; slashes; slashes--)
			to[n++] = *p++;
		if (*p == '"') {
			if (quoted && p[1] == '"' && !first) {
				to[n++] = '"';
				p++;
			} else {
				quoted = !quoted;
			}
			p++;
		} else if (*p && (quoted || (*p != ' ' && *p != '\t'))) {
			to[n++] = *p++;
		}
	}
	while (*p == ' ' || *p == '\t')
		p++;
	*line = p;
	return n;
}

/* argv[0]: a path of Windows' in POSIX spelling, another name as it is. */
static long add_program(struct arguments *a, const uint16_t *s, size_t n)
{
	uint16_t program[2048];
	char path[PATH_SIZE];
	bool plain = true;
	long r;

	for (size_t i = 0; i < n; i++)
		plain &= s[i] != '\\';
	if (plain)
		return add_utf16(a, s, n);
	r = path_from_windows(
		program, win_program_path(program, 2048), path, sizeof path);
	return r > 0 ? arguments_add(a, path, (size_t)r) : add_utf16(a, s, n);
}

static long split_line(struct arguments *a)
{
	const uint16_t *line = win_command_line();
	uint16_t *buffer = win_alloc((utf16_length(line) + 1) * 2);
	long r = 0;

	if (!buffer)
		return -ENOMEM;
	while (!r && (*line || !a->argc)) {
		size_t n = split(&line, buffer, !a->argc);

		r = a->argc ? add_utf16(a, buffer, n)
			    : add_program(a, buffer, n);
		a->argc++;
	}
	win_free(buffer);
	return r;
}

bool variable_is(const uint16_t *variable, const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		uint16_t c = variable[i];

		if (c >= 'a' && c <= 'z')
			c -= 32;
		if (c != (uint16_t)name[i])
			return false;
	}
	return variable[i] == '=';
}

/* Whether the folder `name` is one of the list's. */
static bool listed(const char *list, const char *name, size_t n)
{
	while (*list) {
		size_t length = strcspn(list, ":");

		if (length == n && !memcmp(list, name, n))
			return true;
		list += length + (list[length] == ':');
	}
	return false;
}

/* "C:\a;D:\b" as "/mnt/c/a:/mnt/d/b", behind the folders in front; what is no
 * Windows path stays, as "/x/bin" that a POSIX parent could not translate. */
static long add_list(struct arguments *a, const char *name, const char *front,
	const uint16_t *value)
{
	static char text[65536] HOST_STATE = "";
	size_t n = format(text, sizeof text, "%s=%s", name, front);

	while (*value && n + PATH_SIZE < sizeof text) {
		size_t length = 0, size;
		char *to = text + n + 1;
		long converted;

		while (value[length] && value[length] != ';')
			length++;
		converted = *value == '/' ? -ENOENT
					  : path_from_windows(value, length, to,
						    PATH_SIZE);
		size = converted > 0 ? (size_t)converted
				     : utf8_from_utf16(to, PATH_SIZE - 1, value,
					       length);
		if (size && size < PATH_SIZE && !listed(front, to, size)) {
			text[n] = ':';
			n += 1 + size;
		}
		value += length + (value[length] == ';');
	}
	return arguments_add(a, text, n);
}

static bool is_windows_path(const uint16_t *value)
{
	return value[0] && value[1] == ':' &&
	       (value[2] == '\\' || value[2] == '/');
}

static bool has(const uint16_t *text, uint16_t c)
{
	while (*text && *text != c)
		text++;
	return *text;
}

static long add_path(
	struct arguments *a, const char *name, const uint16_t *value)
{
	char text[PATH_SIZE + 16];
	size_t n = format(text, sizeof text, "%s=", name);
	long r = path_from_windows(
		value, utf16_length(value), text + n, sizeof text - n);

	return r > 0 ? arguments_add(a, text, n + (size_t)r) : r;
}

struct known {
	bool path, home, zone;
	const uint16_t *profile;
};

static long add_variable(
	struct arguments *a, const uint16_t *v, struct known *known)
{
	static const char *const folders[] = { "HOME", "TMP", "TEMP", "TMPDIR",
		"PWD" };

	if (*v == '=')
		return 0; /* "=C:=C:\x", cmd.exe's folders */
	if (variable_is(v, "PATH")) {
		known->path = true;
		a->envc++;
		/* from a POSIX parent by way of a native one it is ours */
		if (v[5] == '/' && !has(v + 5, ';'))
			return add_utf16(a, v, utf16_length(v));
		return add_list(a, "PATH", DEFAULT_PATH, v + 5);
	}
	if (variable_is(v, "USERPROFILE"))
		known->profile = v + 12;
	/* a folder of some other system's (Wine passes its host's) */
	if (variable_is(v, "TMPDIR") && v[7] == '/')
		return 0;
	known->home |= variable_is(v, "HOME");
	known->zone |= variable_is(v, "TZ");
	a->envc++;
	for (size_t i = 0; i < array_size(folders); i++) {
		const uint16_t *value = v + strlen(folders[i]) + 1;

		/* what has no POSIX path stays as it is */
		if (variable_is(v, folders[i]) && is_windows_path(value) &&
			!add_path(a, folders[i], value))
			return 0;
	}
	return add_utf16(a, v, utf16_length(v));
}

static long add_text(struct arguments *a, const char *text)
{
	a->envc++;
	return arguments_add(a, text, strlen(text));
}

static long import_environment(struct arguments *a)
{
	uint16_t *block = win_environment();
	struct known known = { 0 };
	struct kstat st;
	char zone[80] = "TZ=";
	long r = 0;

	for (const uint16_t *v = block; !r && *v; v += utf16_length(v) + 1)
		r = add_variable(a, v, &known);
	if (!r && !known.path)
		r = add_text(a, "PATH=" DEFAULT_PATH);
	if (!r && !known.home) {
		a->envc++;
		if (!known.profile || add_path(a, "HOME", known.profile))
			r = arguments_add(a, "HOME=/", 6);
	}
	if (!r && !known.zone &&
		path_stat(AT_FDCWD, "/etc/localtime", 0, &st)) {
		win_time_zone(zone + 3, sizeof zone - 3);
		r = add_text(a, zone);
	}
	win_environment_free(block);
	return r;
}

long native_arguments(struct arguments *a)
{
	long r;

	win_random(a->random, sizeof a->random);
	r = split_line(a);
	return r ? r : import_environment(a);
}
