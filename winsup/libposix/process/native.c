/* Native Windows programs, as parents and as children. */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* ---- from Windows ---- */

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

static bool name_is(const uint16_t *variable, const char *name)
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

/* "C:\a;D:\b" as "/mnt/c/a:/mnt/d/b"; what is no Windows path stays. */
static long add_list(struct arguments *a, const char *name, const char *front,
	const uint16_t *value)
{
	static char text[32768] HOST_STATE = "";
	size_t n = format(text, sizeof text, "%s=%s", name, front);
	bool any = *front;

	while (*value && n + PATH_SIZE < sizeof text) {
		size_t length = 0;
		long converted;

		while (value[length] && value[length] != ';')
			length++;
		if (length) {
			if (any)
				text[n++] = ':';
			converted = path_from_windows(
				value, length, text + n, sizeof text - n);
			if (converted > 0)
				n += (size_t)converted;
			else
				n += utf8_from_utf16(text + n, sizeof text - n,
					value, length);
			any = true;
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

static long add_path(
	struct arguments *a, const char *name, const uint16_t *value)
{
	char text[PATH_SIZE + 16];
	size_t n = format(text, sizeof text, "%s=", name);
	long r = path_from_windows(
		value, utf16_length(value), text + n, sizeof text - n);

	return arguments_add(a, text, r > 0 ? n + (size_t)r : n);
}

struct known {
	bool path, home, zone;
	const uint16_t *profile;
};

static long add_variable(
	struct arguments *a, const uint16_t *v, struct known *known)
{
	static const char *const folders[] = { "HOME", "TMP", "TEMP",
		"TMPDIR" };

	if (*v == '=')
		return 0; /* "=C:=C:\x", cmd.exe's folders */
	if (name_is(v, "PATH")) {
		known->path = true;
		a->envc++;
		/* from a POSIX parent by way of a native one it is ours */
		if (v[5] == '/')
			return add_utf16(a, v, utf16_length(v));
		return add_list(a, "PATH", DEFAULT_PATH, v + 5);
	}
	if (name_is(v, "USERPROFILE"))
		known->profile = v + 12;
	/* a folder of some other system's (Wine passes its host's) */
	if (name_is(v, "TMPDIR") && v[7] == '/')
		return 0;
	known->home |= name_is(v, "HOME");
	known->zone |= name_is(v, "TZ");
	a->envc++;
	for (size_t i = 0; i < array_size(folders); i++)
		if (name_is(v, folders[i]) &&
			is_windows_path(v + strlen(folders[i]) + 1))
			return add_path(
				a, folders[i], v + strlen(folders[i]) + 1);
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
		r = known.profile ? add_path(a, "HOME", known.profile)
				  : arguments_add(a, "HOME=/", 6);
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

/* ---- to Windows ---- */

struct units {
	uint16_t *p;
	size_t length, room;
};

static int put(struct units *u, uint16_t c)
{
	if (u->length == u->room) {
		size_t room = u->room ? u->room * 2 : 1024;
		uint16_t *p = win_realloc(u->p, room * 2);

		if (!p)
			return -ENOMEM;
		u->p = p;
		u->room = room;
	}
	u->p[u->length++] = c;
	return 0;
}

static int put_text(struct units *u, const char *s, size_t n)
{
	uint16_t *units = win_alloc((n + 1) * 2);
	size_t count;
	int r = 0;

	if (!units)
		return -ENOMEM;
	count = utf16_from_utf8(units, n, s, n);
	for (size_t i = 0; !r && i < count; i++)
		r = put(u, units[i]);
	win_free(units);
	return r;
}

/* The inverse of split(): backslashes count only before a quote. */
static int put_argument(struct units *u, const char *s)
{
	bool quote = !*s || s[strcspn(s, " \t\"\n\v")];
	int r = 0;

	if (!quote)
		return put_text(u, s, strlen(s));
	put(u, '"');
	while (!r && *s) {
		size_t slashes = strspn(s, "\\"), n;

		s += slashes;
		if (*s == '"' || !*s)
			slashes *= 2;
		for (; slashes; slashes--)
			put(u, '\\');
		if (*s == '"') {
			put(u, '\\');
			r = put(u, '"');
			s++;
		} else {
			n = strcspn(s, "\\\"");
			r = put_text(u, s, n);
			s += n;
		}
	}
	return r ? r : put(u, '"');
}

static int put_windows_path(struct units *u, const char *path, size_t n)
{
	char text[PATH_SIZE];
	uint16_t windows[PATH_SIZE];
	int64_t count;
	int r = 0;

	if (n >= sizeof text || !n)
		return 0;
	memcpy(text, path, n);
	text[n] = 0;
	count = text[0] == '/'
			? path_to_windows(AT_FDCWD, text, windows, PATH_SIZE)
			: -ENOENT;
	if (count < 5)
		return put_text(u, path, n);
	for (int64_t i = 4; !r && i < count; i++)
		r = put(u, windows[i]);
	return r;
}

static int put_list(struct units *u, const char *list)
{
	int r = 0;

	while (!r && *list) {
		size_t n = strcspn(list, ":");

		r = put_windows_path(u, list, n);
		list += n;
		if (!r && *list++)
			r = put(u, ';');
	}
	return r;
}

static int put_variable(struct units *u, const char *v)
{
	static const char *const paths[] = {
		"HOME=", "TMP=", "TEMP=", "TMPDIR=", "PWD="
	};
	int r;

	if (!strncmp(v, "PATH=", 5)) {
		r = put_text(u, v, 5);
		return r ? r : put_list(u, v + 5);
	}
	for (size_t i = 0; i < array_size(paths); i++) {
		size_t n = strlen(paths[i]);

		if (!strncmp(v, paths[i], n)) {
			r = put_text(u, v, n);
			return r ? r
				 : put_windows_path(u, v + n, strlen(v + n));
		}
	}
	return put_text(u, v, strlen(v));
}

static int make_block(struct units *u, char **envp)
{
	int r = 0;

	for (; !r && *envp; envp++) {
		r = put_variable(u, *envp);
		if (!r)
			r = put(u, 0);
	}
	return r ? r : put(u, 0);
}

static int make_line(struct units *u, char **argv)
{
	int r = 0;

	for (int i = 0; !r && argv[i]; i++) {
		if (i)
			put(u, ' ');
		r = put_argument(u, argv[i]);
	}
	return r ? r : put(u, 0);
}

/* ---- running one ---- */

struct streams {
	win_handle handles[3];
};

static int open_streams(struct streams *s)
{
	for (int fd = 0; fd < 3; fd++) {
		struct file *f;
		bool pump = true;
		long r;

		if (fd_get(fd, &f))
			continue;
		r = f->ops->native ? f->ops->native(f, &s->handles[fd], &pump)
				   : 0;
		if (!r && pump)
			r = pump_start(f, fd == 0, &s->handles[fd]);
		file_put(f);
		if (r)
			return (int)r;
	}
	return 0;
}

/* A signal's default action on a native child is done to it by us. */
static _Noreturn void die_with(win_handle child, int signal)
{
	win_process_terminate(child, 128u + (uint32_t)signal);
	process_exit(STATUS_SIGNAL(signal));
}

static void await(struct process *p, win_handle child)
{
	struct frame frame = { .kind = FRAME_FULL };
	struct sleep s;
	long result = 0;
	int status;

	(void)p;
	while (!win_process_ended(child, NULL)) {
		sleep_begin(&s, WIN_FOREVER);
		sleep_on_handle(&s, child);
		result = sleep_wait(&s);
		sleep_end(&s);
		if (result != -ERESTARTSYS)
			continue;
		/* exec has made every caught signal default */
		switch (signal_deliver(current, &frame, &result, &status)) {
		case SIGNAL_DIE:
			die_with(child, status);
		case SIGNAL_STOP:
			process_stop(status);
			break;
		default:
			break;
		}
	}
}

static int start(struct arguments *a, const char *path, win_handle *child)
{
	struct units line = { 0 }, block = { 0 };
	struct streams s = { { 0 } };
	uint16_t program[PATH_SIZE], folder[PATH_SIZE];
	struct win_spawn how = { .program = program + 4 };
	char **list = arguments_pointers(a);
	int64_t n = path_to_windows(AT_FDCWD, path, program, PATH_SIZE);
	int r;

	if (n < 0 || !list)
		return n < 0 ? (int)n : -ENOMEM;
	r = make_line(&line, list);
	if (!r)
		r = make_block(&block, list + a->argc + 1);
	n = path_to_windows(AT_FDCWD, fs_cwd(), folder, PATH_SIZE);
	if (!r)
		r = open_streams(&s);
	if (!r) {
		how.command_line = line.p;
		how.environment = block.p;
		how.folder = n > 4 ? folder + 4 : NULL;
		how.input = s.handles[0];
		how.output = s.handles[1];
		how.error = s.handles[2];
		r = win_process_create(&how, child, NULL, NULL);
	}
	for (int i = 0; i < 3; i++)
		win_close(s.handles[i]);
	win_free(list);
	win_free(line.p);
	win_free(block.p);
	return r;
}

void native_run(struct process *p, const char *path, struct arguments *a)
{
	win_handle child;
	uint32_t code;
	int r = start(a, path, &child);

	if (r) {
		win_trace("%s does not start: errno %d", path, -r);
		process_exit(STATUS_EXIT(126));
	}
	await(p, child);
	pump_finish();
	win_process_ended(child, &code);
	process_exit(STATUS_EXIT((int)code));
}
