/* What a line of the trace is made of: numbers, strings, descriptors. */
#include "gate/private.h"

#include "fs/fs.h"
#include "lib/lib.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

void add(struct line *l, const char *text, ...)
{
	va_list list;

	va_start(list, text);
	l->length += format_list(
		l->text + l->length, l->room - l->length, text, list);
	va_end(list);
}

void add_address(struct line *l, uint64_t address)
{
	if (address)
		add(l, "%#lx", (unsigned long)address);
	else
		add(l, "NULL");
}

void add_signal(struct line *l, int signal)
{
	const char *name = signal_name(signal);

	if (name)
		add(l, "%s", name);
	else if (signal == 32)
		add(l, "SIGRTMIN");
	else if (signal > 32 && signal <= 64)
		add(l, "SIGRT_%d", signal - 32);
	else
		add(l, "%d", signal);
}

void add_descriptor(struct line *l, int fd)
{
	char path[PATH_SIZE];
	struct file *f;
	long n;

	add(l, "%d", fd);
	if (!(win_trace_on & WIN_TRACE_PATHS) || fd_get(fd, &f))
		return;
	n = file_describe(f, path, sizeof path);
	file_put(f);
	if (n > 0)
		add(l, "<%.*s>", (int)n, path);
}

/* next: the byte behind it, which must not read as part of a number. */
static void add_byte(struct line *l, unsigned char c, unsigned char next)
{
	static const char plain[] = "\tt\nn\vv\ff\rr\"\"\\\\";

	for (int i = 0; plain[i]; i += 2) {
		if (c == (unsigned char)plain[i]) {
			add(l, "\\%c", plain[i + 1]);
			return;
		}
	}
	if (c >= ' ' && c < 127)
		add(l, "%c", c);
	else if (next >= '0' && next <= '7')
		add(l, "\\%03o", c);
	else
		add(l, "\\%o", c);
}

/* Stops at a NUL when `string`; `more` when there is more than `shown`. */
static void add_quoted(
	struct line *l, uint64_t user, size_t shown, bool string, bool more)
{
	unsigned char c, next = 0;
	size_t i;

	if (!user) {
		add(l, "NULL");
		return;
	}
	if (shown && user_copy_in(&next, (const void *)user, 1)) {
		add_address(l, user);
		return;
	}
	add(l, "\"");
	for (i = 0; i < shown; i++) {
		c = next;
		next = 0;
		if (string && !c)
			break;
		if (i + 1 < shown &&
			user_copy_in(&next, (const char *)user + i + 1, 1))
			shown = i + 1;
		add_byte(l, c, next);
	}
	add(l, "\"%s", (string ? i == shown && i : more) ? "..." : "");
}

static size_t most_shown(void)
{
	return win_trace_on >> WIN_TRACE_SIZE_SHIFT;
}

void add_bytes(struct line *l, uint64_t user, size_t size)
{
	size_t most = most_shown();

	add_quoted(l, user, size < most ? size : most, false, size > most);
}

void add_shown(struct line *l, uint64_t user)
{
	add_quoted(l, user, most_shown(), true, false);
}

void add_string(struct line *l, uint64_t user)
{
	add_quoted(l, user, PATH_SIZE, true, false);
}
