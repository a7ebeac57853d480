/* The trace: POSIX_STRACE=FILE writes a line for each call, its arguments
 * decoded by the kinds that abi/syscalls.def names, as strace(1) would. */
#include "gate/gate.h"

#include <string.h>

#include "abi/errno.h"
#include "gate/private.h"
#include "lib/lib.h"
#include "memory/memory.h"

#define LINE  512
#define SHOWN 32 /* bytes of a buffer or string, as strace(1) */

static const char *const errno_names[] = {
	[EPERM] = "EPERM",
	[ENOENT] = "ENOENT",
	[ESRCH] = "ESRCH",
	[EINTR] = "EINTR",
	[EIO] = "EIO",
	[ENXIO] = "ENXIO",
	[E2BIG] = "E2BIG",
	[ENOEXEC] = "ENOEXEC",
	[EBADF] = "EBADF",
	[ECHILD] = "ECHILD",
	[EAGAIN] = "EAGAIN",
	[ENOMEM] = "ENOMEM",
	[EACCES] = "EACCES",
	[EFAULT] = "EFAULT",
	[EBUSY] = "EBUSY",
	[EEXIST] = "EEXIST",
	[EXDEV] = "EXDEV",
	[ENODEV] = "ENODEV",
	[ENOTDIR] = "ENOTDIR",
	[EISDIR] = "EISDIR",
	[EINVAL] = "EINVAL",
	[ENFILE] = "ENFILE",
	[EMFILE] = "EMFILE",
	[ENOTTY] = "ENOTTY",
	[ETXTBSY] = "ETXTBSY",
	[EFBIG] = "EFBIG",
	[ENOSPC] = "ENOSPC",
	[ESPIPE] = "ESPIPE",
	[EROFS] = "EROFS",
	[EMLINK] = "EMLINK",
	[EPIPE] = "EPIPE",
	[EDOM] = "EDOM",
	[ERANGE] = "ERANGE",
	[EDEADLK] = "EDEADLK",
	[ENAMETOOLONG] = "ENAMETOOLONG",
	[ENOLCK] = "ENOLCK",
	[ENOSYS] = "ENOSYS",
	[ENOTEMPTY] = "ENOTEMPTY",
	[ELOOP] = "ELOOP",
	[EOVERFLOW] = "EOVERFLOW",
	[EILSEQ] = "EILSEQ",
	[ENOTSOCK] = "ENOTSOCK",
	[EOPNOTSUPP] = "EOPNOTSUPP",
	[EAFNOSUPPORT] = "EAFNOSUPPORT",
	[ETIMEDOUT] = "ETIMEDOUT",
	[ECANCELED] = "ECANCELED",
	[EOWNERDEAD] = "EOWNERDEAD",
};

struct line {
	char text[LINE];
	size_t length;
};

static void add(struct line *l, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *text, ...)
{
	va_list list;

	va_start(list, text);
	l->length +=
		format_list(l->text + l->length, LINE - l->length, text, list);
	va_end(list);
}

/* The user's bytes, quoted; stops at a NUL when `string`. */
static void add_bytes(struct line *l, uint64_t user, size_t size, bool string)
{
	char bytes[SHOWN];
	size_t shown = size < SHOWN ? size : SHOWN, i;

	if (!user) {
		add(l, "NULL");
		return;
	}
	for (i = 0; i < shown; i++)
		if (user_copy_in(bytes + i, (const char *)user + i, 1))
			break;
		else if (string && !bytes[i])
			break;
	if (i == 0 && shown > 0 && user_copy_in(bytes, (void *)user, 1)) {
		add(l, "%#lx", (unsigned long)user);
		return;
	}
	add(l, "\"");
	for (size_t k = 0; k < i; k++) {
		unsigned char c = bytes[k];

		if (c == '\n')
			add(l, "\\n");
		else if (c == '"' || c == '\\')
			add(l, "\\%c", c);
		else if (c < ' ' || c > 126)
			add(l, "\\x%02x", c);
		else
			add(l, "%c", c);
	}
	add(l, "\"%s", (string ? i == shown : shown < size) ? "..." : "");
}

/* Whether the kind at `text` begins with `name`. */
static bool is(const char *text, const char *name)
{
	return !strncmp(text, name, strlen(name));
}

static void add_argument(struct line *l, const char *kind, struct frame *frame,
	int i, long result)
{
	uint64_t value = frame->arguments[i];

	if (is(kind, "PATH")) {
		add_bytes(l, value, SHOWN, true);
	} else if (is(kind, "IN_BUF")) {
		int n = kind[7] - '0';

		add_bytes(l, value, frame->arguments[n], false);
	} else if (is(kind, "OUT_BUF")) {
		if (result > 0)
			add_bytes(l, value, (size_t)result, false);
		else
			add(l, "%#lx", (unsigned long)value);
	} else if (is(kind, "ATFD") && (int)value == -100) {
		add(l, "AT_FDCWD");
	} else if (is(kind, "OPENFLAGS") || is(kind, "MODE")) {
		add(l, "%#o", (unsigned)value);
	} else if (is(kind, "INT") || is(kind, "FD") || is(kind, "ATFD") ||
		   is(kind, "PID") || is(kind, "SIGNAL") || is(kind, "CLOCK")) {
		add(l, "%d", (int)value);
	} else if (is(kind, "UINT")) {
		add(l, "%u", (unsigned)value);
	} else if (is(kind, "SIZE") || is(kind, "OFFSET") || is(kind, "LONG")) {
		add(l, "%ld", (long)value);
	} else if (!value && !is(kind, "HEX") && !is(kind, "ADDRESS")) {
		add(l, "NULL");
	} else {
		add(l, "%#lx", (unsigned long)value);
	}
}

/* The kind after this one, or NULL: kinds are separated by commas that are
 * not within parentheses. */
static const char *next_kind(const char *kind)
{
	int depth = 0;

	for (; *kind; kind++) {
		if (*kind == '(')
			depth++;
		else if (*kind == ')')
			depth--;
		else if (*kind == ',' && !depth)
			return kind + 2;
	}
	return NULL;
}

static void add_result(struct line *l, long result)
{
	size_t error = (size_t)-result;

	if (result < 0 && result > -4096 && error < array_size(errno_names) &&
		errno_names[error])
		add(l, ") = -1 %s", errno_names[error]);
	else if (result == -ERESTARTSYS || result == -ERESTARTNOHAND)
		add(l, ") = ? interrupted");
	else if (result < 0 && result > -4096)
		add(l, ") = -1 errno %d", (int)-result);
	else if (result > 0xffffff)
		add(l, ") = %#lx", (unsigned long)result);
	else
		add(l, ") = %ld", result);
}

static void add_call(
	struct line *l, uint64_t number, struct frame *frame, long result)
{
	const struct call_text *text = gate_text(number);
	const char *kind = text ? text->kinds : "";

	if (text)
		add(l, "%s(", text->name);
	else
		add(l, "syscall_%lu(", (unsigned long)number);
	for (int i = 0; text && i < text->count && kind; i++) {
		add(l, "%s", i ? ", " : "");
		add_argument(l, kind, frame, i, result);
		kind = next_kind(kind);
	}
}

void trace_call(
	uint64_t number, struct frame *frame, long result, int64_t nanoseconds)
{
	struct line l = { .length = 0 };

	add_call(&l, number, frame, result);
	add_result(&l, result);
	if (result < 0 && win_error_code())
		add(&l, " (Windows %#x)", win_error_code());
	add(&l, " <%ld.%06ld>", (long)(nanoseconds / 1000000000),
		(long)(nanoseconds / 1000 % 1000000));
	win_trace("%s", l.text);
}

size_t trace_format(uint64_t number, struct frame *frame, char *to, size_t room)
{
	struct line l = { .length = 0 };

	add_call(&l, number, frame, 0);
	return format(to, room, "%s)", l.text);
}
