/* Native Windows programs as children. */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"
#include "wait/wait.h"

/* of a command line, its end included: Microsoft "CreateProcessW" */
#define LINE_MAX_UNITS 32767

/* ---- what it is given ---- */

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

/* The inverse of split(): backslashes count only before a quote.  Quotes also
 * keep '*' and '?' from the start-up code of programs that expand them. */
static int put_argument(struct units *u, const char *s)
{
	bool quote = !*s || s[strcspn(s, " \t\"\n\v*?")];
	int r = 0;

	if (!quote)
		return put_text(u, s, strlen(s));
	r = put(u, '"');
	while (!r && *s) {
		size_t slashes = strspn(s, "\\"), n;

		s += slashes;
		if (*s == '"' || !*s)
			slashes *= 2;
		for (; !r && slashes; slashes--)
			r = put(u, '\\');
		if (!r && *s == '"') {
			r = put(u, '\\');
			if (!r)
				r = put(u, '"');
			s++;
		} else if (!r) {
			n = strcspn(s, "\\\"");
			r = put_text(u, s, n);
			s += n;
		}
	}
	return r ? r : put(u, '"');
}

/* The first one's reader knows no escapes: quotes only, and none inside. */
static int put_program(struct units *u, const char *s)
{
	int r = put(u, '"');

	while (!r && *s) {
		size_t n = strcspn(s, "\"");

		r = put_text(u, s, n);
		s += n + (s[n] == '"');
	}
	return r ? r : put(u, '"');
}

static int put_windows_path(struct units *u, const char *path, size_t n)
{
	char text[PATH_SIZE];
	uint16_t windows[PATH_SIZE];
	int64_t count;
	int r = 0;

	if (!n) /* in PATH: the current folder */
		return put(u, '.');
	if (n >= sizeof text)
		return put_text(u, path, n);
	memcpy(text, path, n);
	text[n] = 0;
	count = text[0] == '/'
			? path_to_windows(AT_FDCWD, text, windows, PATH_SIZE)
			: -ENOENT;
	if (count < 5)
		return put_text(u, path, n);
	for (int64_t i = 4; !r && i < count; i++)
		r = put(u, windows[i]);
	/* "C:" alone means that drive's current folder */
	return !r && count == 6 && windows[5] == ':' ? put(u, '\\') : r;
}

static int put_list(struct units *u, const char *list)
{
	int r = 0;

	while (!r) {
		size_t n = strcspn(list, ":");

		r = put_windows_path(u, list, n);
		list += n;
		if (r || !*list++)
			break;
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
		return r || !v[5] ? r : put_list(u, v + 5);
	}
	for (size_t i = 0; i < array_size(paths); i++) {
		size_t n = strlen(paths[i]);

		if (!strncmp(v, paths[i], n)) {
			r = put_text(u, v, n);
			return r || !v[n] ? r
					  : put_windows_path(
						    u, v + n, strlen(v + n));
		}
	}
	return put_text(u, v, strlen(v));
}

/* Windows wants them sorted by name, in upper case: Microsoft "Changing
 * Environment Variables". */
static int upper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static int same(int c)
{
	return c;
}

static int compare_names(const char *a, const char *b, int (*fold)(int))
{
	for (;; a++, b++) {
		int x = *a == '=' ? 0 : fold((unsigned char)*a);
		int y = *b == '=' ? 0 : fold((unsigned char)*b);

		if (x != y || !x)
			return x - y;
	}
}

/* Names that differ only in case are one to Windows: the first counts, and
 * PATH should not be hidden by a shell's "path". */
static bool before(const char *a, const char *b)
{
	int r = compare_names(a, b, upper);

	return r ? r < 0 : compare_names(a, b, same) < 0;
}

/* A merge sort: equal names stay in their order. */
static void sort(char **v, char **spare, size_t n)
{
	size_t half = n / 2, a = 0, b = half;

	if (n < 2)
		return;
	sort(v, spare, half);
	sort(v + half, spare, n - half);
	for (size_t i = 0; i < n; i++)
		spare[i] = b == n || (a < half && !before(v[b], v[a])) ? v[a++]
								       : v[b++];
	memcpy(v, spare, n * sizeof *v);
}

/* Without it Windows' own DLLs do not load: Microsoft "CreateProcessW",
 * lpEnvironment, tells of SystemRoot. */
static char *system_root(char *const *envp, size_t n)
{
	static const char name[] = "SYSTEMROOT=";
	uint16_t *block;
	char *text = NULL;

	for (size_t i = 0; i < n; i++)
		if (!compare_names(name, envp[i], upper))
			return NULL;
	block = win_environment();
	for (const uint16_t *v = block; *v; v += utf16_length(v) + 1) {
		size_t length = utf16_length(v), room = length * 3 + 1;

		if (!variable_is(v, "SYSTEMROOT") || !(text = win_alloc(room)))
			continue;
		utf8_from_utf16(text, room, v, length);
		break;
	}
	win_environment_free(block);
	return text;
}

static int make_block(struct units *u, char *const *envp, size_t count)
{
	char **list = win_alloc((count + 1) * 2 * sizeof *list);
	char *root = system_root(envp, count);
	size_t n = 0;
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; list && i < count; i++)
		if (strchr(envp[i], '='))
			list[n++] = envp[i];
	if (list && root)
		list[n++] = root;
	if (list)
		sort(list, list + count + 1, n);
	for (size_t i = 0; !r && i < n; i++) {
		r = put_variable(u, list[i]);
		if (!r)
			r = put(u, 0);
	}
	if (!r && !n)
		r = put(u, 0);
	win_free(list);
	win_free(root);
	return r ? r : put(u, 0);
}

static int make_line(struct units *u, const char *argument, int count)
{
	int r = 0;

	for (int i = 0; !r && i < count; i++) {
		if (i)
			r = put(u, ' ');
		if (!r)
			r = i ? put_argument(u, argument)
			      : put_program(u, argument);
		argument += strlen(argument) + 1;
	}
	return r ? r : put(u, 0);
}

long native_check(const struct arguments *a)
{
	struct units line = { 0 };
	long r = make_line(&line, a->bytes, a->argc);

	if (!r && line.length > LINE_MAX_UNITS)
		r = -E2BIG;
	win_free(line.p);
	return r;
}

/* ---- running one ---- */

struct child {
	win_handle process;
	win_handle job; /* ends it, should this host be killed */
	win_handle handles[3];
	struct file *files[3];
	struct pump *pumps[3];
};

static int open_stream(struct child *c, int fd)
{
	struct file *f = c->files[fd];
	bool pump = true;
	long r = f->ops->native ? f->ops->native(f, &c->handles[fd], &pump) : 0;

	if (r || !pump)
		return (int)r;
	/* what 2>&1 made one stays one: in one order */
	if (fd == 2 && f == c->files[1])
		return win_duplicate(c->handles[1], &c->handles[2]);
	c->pumps[fd] = pump_make(f, fd == 0, &c->handles[fd]);
	return c->pumps[fd] ? 0 : -ENOMEM;
}

static int open_streams(struct child *c)
{
	int r = 0;

	for (int fd = 0; !r && fd < 3; fd++)
		if (!fd_get(fd, &c->files[fd]))
			r = open_stream(c, fd);
	return r;
}

static void close_streams(struct child *c)
{
	for (int i = 0; i < 3; i++) {
		if (c->pumps[i])
			pump_free(c->pumps[i]);
		if (c->files[i])
			file_put(c->files[i]);
	}
	win_close(c->job);
	win_close(c->process);
}

/* A signal's default action on a native child is done to it by us. */
static _Noreturn void die_with(struct child *c, int signal)
{
	win_process_terminate(c->process, 128u + (uint32_t)signal);
	/* Windows ends processes in steps */
	win_wait(&c->process, 1, deadline_after(2000000000));
	close_streams(c);
	process_exit(STATUS_SIGNAL(signal));
}

static void heed_signals(struct child *c)
{
	struct frame frame = { .kind = FRAME_FULL };
	long result = -ERESTARTSYS;
	int status;

	/* exec has made every caught signal default */
	switch (signal_deliver(current, &frame, &result, &status)) {
	case SIGNAL_DIE:
		die_with(c, status);
	case SIGNAL_STOP:
		process_stop(status);
		break;
	default:
		break;
	}
}

/* Until the child has ended and all that it wrote has been moved. */
static void await(struct child *c)
{
	bool ended = false, moving = true;

	while (!ended || moving) {
		struct sleep s;
		long r = 0;

		sleep_begin(&s, WIN_FOREVER);
		moving = false;
		ended = ended || win_process_ended(c->process, NULL);
		if (!ended)
			sleep_on_handle(&s, c->process);
		for (int i = ended ? 1 : 0; i < 3; i++)
			if (c->pumps[i])
				moving |= pump_step(c->pumps[i], &s);
		if (!ended || moving)
			r = sleep_wait(&s);
		sleep_end(&s);
		if (r == -ERESTARTSYS)
			heed_signals(c);
	}
}

/* -EIO is what errno has no word for, and need not happen again. */
static int create(const struct win_spawn *how, win_handle *process)
{
	int r;

	for (int tries = 1;; tries++) {
		r = win_process_create(how, process, NULL, NULL);
		if (r != -EIO || tries > START_TRIES)
			return r;
		win_trace("native: CreateProcess fails, Windows %#x",
			win_error_code());
		win_wait(NULL, 0, deadline_after(tries * START_PAUSE));
	}
}

static int start(struct child *c, struct arguments *a, const char *path)
{
	struct units line = { 0 }, block = { 0 };
	uint16_t program[PATH_SIZE], folder[PATH_SIZE];
	struct win_spawn how = { .program = program + 4, .streams = true };
	char **list = arguments_pointers(a);
	int64_t n = path_to_windows(AT_FDCWD, path, program, PATH_SIZE);
	int r;

	if (n < 0 || !list) {
		win_free(list);
		return n < 0 ? (int)n : -ENOMEM;
	}
	r = make_line(&line, a->bytes, a->argc);
	if (!r)
		r = make_block(&block, list + a->argc + 1, (size_t)a->envc);
	n = path_to_windows(AT_FDCWD, fs_cwd(), folder, PATH_SIZE - 1);
	if (n == 6 && folder[5] == ':') {
		folder[n++] = '\\';
		folder[n] = 0;
	}
	if (!r)
		r = open_streams(c);
	if (!r)
		r = win_job_create(&c->job);
	if (!r) {
		how.command_line = line.p;
		how.environment = block.p;
		how.folder = n > 4 ? folder + 4 : NULL;
		how.input = c->handles[0];
		how.output = c->handles[1];
		how.error = c->handles[2];
		how.job = c->job;
		/* else Windows would open one for it */
		how.windowless = !win_has_console();
		how.priority = process_priority(current->process->slot);
		r = create(&how, &c->process);
	}
	for (int i = 0; i < 3; i++)
		win_close(c->handles[i]);
	win_free(list);
	win_free(line.p);
	win_free(block.p);
	return r;
}

/* Windows' statuses of an unhandled exception as the signal that ends a
 * process of ours for the same reason. */
static int wait_status(uint32_t code)
{
	switch (code) {
	case 0xc0000005: /* STATUS_ACCESS_VIOLATION */
	case 0xc00000fd: /* STATUS_STACK_OVERFLOW */
		return STATUS_SIGNAL(SIGSEGV);
	case 0xc000001d: /* STATUS_ILLEGAL_INSTRUCTION */
	case 0xc0000096: /* STATUS_PRIVILEGED_INSTRUCTION */
		return STATUS_SIGNAL(SIGILL);
	case 0xc0000006: /* STATUS_IN_PAGE_ERROR */
	case 0x80000002: /* STATUS_DATATYPE_MISALIGNMENT */
		return STATUS_SIGNAL(SIGBUS);
	case 0x80000003: /* STATUS_BREAKPOINT */
		return STATUS_SIGNAL(SIGTRAP);
	case 0xc0000409: /* STATUS_STACK_BUFFER_OVERRUN: abort() */
		return STATUS_SIGNAL(SIGABRT);
	case 0xc000013a: /* STATUS_CONTROL_C_EXIT */
		return STATUS_SIGNAL(SIGINT);
	case 0xc0000135: /* STATUS_DLL_NOT_FOUND */
	case 0xc0000139: /* STATUS_ENTRYPOINT_NOT_FOUND */
		return STATUS_EXIT(127);
	}
	/* STATUS_FLOAT_DENORMAL_OPERAND to STATUS_INTEGER_OVERFLOW */
	if (code >= 0xc000008d && code <= 0xc0000095)
		return STATUS_SIGNAL(SIGFPE);
	/* what does not fit must not look like success */
	return STATUS_EXIT((int)(code && !(code & 0xff) ? 255 : code & 0xff));
}

/* Too late to return from exec: as a shell says it. */
static _Noreturn void give_up(const char *path, int error)
{
	char line[512];

	program_say(line, format(line, sizeof line,
				  "%s: Windows does not start it (errno %d, "
				  "Windows %#x)\n",
				  path, error, win_error_code()));
	process_exit(STATUS_EXIT(126));
}

void native_run(struct process *p, const char *path, struct arguments *a)
{
	struct child c = { 0 };
	uint32_t code = 0;
	int r = start(&c, a, path);

	program_set_name(p, path);
	program_tell_arguments(p, a, (uintptr_t)a->bytes);
	if (r) {
		close_streams(&c);
		give_up(path, -r);
	}
	await(&c);
	win_process_ended(c.process, &code);
	close_streams(&c);
	p->arguments = p->environment = p->environment_end = 0;
	arguments_free(a);
	process_exit(wait_status(code));
}
