/* The trace: POSIX_STRACE=FILE, or posix-strace(1), gets a line for each call,
 * its arguments decoded by the kinds that abi/syscalls.def names, as strace(1)
 * would.  structs.c knows what pointers lead to, values.c what numbers mean. */
#include "gate/gate.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "gate/private.h"
#include "lib/lib.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define ELEMENTS 32 /* of an argument list that are shown, as strace(1) */

static void add_strings(struct line *l, uint64_t user)
{
	uint64_t at;

	if (!user || user_copy_in(&at, (const void *)user, sizeof at)) {
		add_address(l, user);
		return;
	}
	add(l, "[");
	for (int i = 0; at; i++) {
		if (i == ELEMENTS) {
			add(l, ", ...");
			break;
		}
		add(l, "%s", i ? ", " : "");
		add_shown(l, at);
		if (user_copy_in(
			    &at, (const uint64_t *)user + i + 1, sizeof at))
			break;
	}
	add(l, "]");
}

static void add_environment(struct line *l, uint64_t user)
{
	uint64_t at;
	int n = 0;

	add_address(l, user);
	while (user &&
		!user_copy_in(&at, (const uint64_t *)user + n, sizeof at) && at)
		n++;
	if (user)
		add(l, " /* %d var%s */", n, n == 1 ? "" : "s");
}

/* ---- arguments ---- */

static bool is(const char *text, const char *name)
{
	return !strcmp(text, name);
}

/* Whether the kind at `text` begins with `name`. */
static bool begins(const char *text, const char *name)
{
	return !strncmp(text, name, strlen(name));
}

/* Bytes that a call gives, but not as text. */
static bool add_other_bytes(
	struct line *l, const struct traced *t, uint64_t user)
{
	uint64_t set;

	if (is(t->call, "getdents64")) {
		int entries = 0;
		uint16_t size = 1;

		for (long at = 0; at < t->result && size; at += size) {
			if (user_copy_in(&size, (char *)user + at + 16, 2))
				break;
			entries++;
		}
		add_address(l, user);
		add(l, " /* %d entries */", entries);
		return true;
	}
	if (is(t->call, "rt_sigpending") &&
		!user_copy_in(&set, (void *)user, sizeof set)) {
		add_signal_set(l, set);
		return true;
	}
	if (is(t->call, "getcwd")) {
		add_string(l, user);
		return true;
	}
	if (is(t->call, "getgroups") || is(t->call, "sched_getaffinity") ||
		is(t->call, "rt_sigpending")) {
		add_address(l, user);
		return true;
	}
	return false;
}

static void add_pointer(
	struct line *l, const struct traced *t, const char *kind, int i)
{
	uint64_t user = t->frame->arguments[i];
	const char *type = strchr(kind, '(');
	bool in = begins(kind, "IN") || begins(kind, "OPTIONAL_IN");
	bool interrupted = t->result == -EINTR || t->result == -ERESTARTSYS ||
			   t->result == -ERESTARTNOHAND;
	bool given = t->result >= 0;

	if (is(t->call, "nanosleep") || is(t->call, "clock_nanosleep"))
		given = interrupted; /* what was left */
	if (is(t->call, "wait4") || is(t->call, "waitid"))
		given = t->result > 0 || (!t->result && is(t->call, "waitid"));
	if (user && type && (in || given) && add_struct(l, t, type + 1, i))
		return;
	add_address(l, user);
}

static void add_argument(
	struct line *l, const struct traced *t, const char *kind, int i)
{
	uint64_t value = t->frame->arguments[i];
	enum names_kind names = names_of_argument(t->call, i);

	if (names) {
		add_names(l, names, (uint32_t)value);
	} else if (begins(kind, "PATH")) {
		add_string(l, value);
	} else if (begins(kind, "STRINGS")) {
		if (kind[7] == ',')
			add_strings(l, value);
		else
			add_environment(l, value);
	} else if (begins(kind, "IN_BUF")) {
		add_bytes(l, value, t->frame->arguments[kind[7] - '0']);
	} else if (begins(kind, "OUT_BUF")) {
		if (t->result < 0 || !value)
			add_address(l, value);
		else if (!add_other_bytes(l, t, value))
			add_bytes(l, value, (size_t)t->result);
	} else if (begins(kind, "ATFD") && (int)value == AT_FDCWD) {
		add(l, "AT_FDCWD");
	} else if (begins(kind, "OPENFLAGS")) {
		add_names(l, NAMES_OPEN, (uint32_t)value);
	} else if (begins(kind, "PROTECTION")) {
		add_names(l, NAMES_PROTECTION, (uint32_t)value);
	} else if (begins(kind, "CLOCK")) {
		add_names(l, NAMES_CLOCK, (uint32_t)value);
	} else if (begins(kind, "MODE")) {
		add(l, "0%02o", (unsigned)value);
	} else if (begins(kind, "SIGNAL")) {
		add_signal(l, (int)value);
	} else if (begins(kind, "FD") || begins(kind, "ATFD")) {
		add_descriptor(l, (int)value);
	} else if (begins(kind, "INT") || begins(kind, "PID")) {
		add(l, "%d", (int)value);
	} else if (begins(kind, "UINT")) {
		add(l, "%u", (unsigned)value);
	} else if (begins(kind, "SIZE") || begins(kind, "OFFSET") ||
		   begins(kind, "LONG") || begins(kind, "ULONG")) {
		add(l, "%ld", (long)value);
	} else if (strchr(kind, '(') && !begins(kind, "ADDRESS")) {
		add_pointer(l, t, kind, i);
	} else if (begins(kind, "ADDRESS")) {
		add_address(l, value);
	} else {
		add(l, value ? "%#lx" : "%ld", (unsigned long)value);
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
		else if (*kind == ',' && !depth) {
			for (kind++;
				*kind == ' ' || *kind == '\n' || *kind == '\t';)
				kind++;
			return kind;
		}
	}
	return NULL;
}

/* ---- calls whose arguments depend on one another ---- */

static void add_file_lock(struct line *l, uint64_t user)
{
	struct flock f;

	if (user_copy_in(&f, (void *)user, sizeof f)) {
		add_address(l, user);
		return;
	}
	add(l, "{l_type=");
	add_names(l, NAMES_LOCK, (uint16_t)f.l_type);
	add(l, ", l_whence=");
	add_names(l, NAMES_WHENCE, (uint16_t)f.l_whence);
	add(l, ", l_start=%ld, l_len=%ld", (long)f.l_start, (long)f.l_len);
	add(l, "}");
}

/* False: there is no third. */
static void add_fcntl(struct line *l, const struct traced *t)
{
	uint64_t value = t->frame->arguments[2];

	add_descriptor(l, (int)t->frame->arguments[0]);
	add(l, ", ");
	add_names(l, NAMES_FCNTL, (uint32_t)t->frame->arguments[1]);
	switch (t->frame->arguments[1]) {
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
	case F_GETSIG:
	case F_GETLEASE:
	case F_GETPIPE_SZ:
	case F_GET_SEALS:
		return;
	case F_SETFD:
		add(l, ", ");
		add_names(l, NAMES_DESCRIPTOR, value);
		return;
	case F_SETFL:
		add(l, ", ");
		add_names(l, NAMES_OPEN, value);
		return;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		add(l, ", ");
		add_file_lock(l, value);
		return;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETOWN:
	case F_SETPIPE_SZ:
		add(l, ", %d", (int)value);
		return;
	default:
		add(l, ", %#lx", (unsigned long)value);
	}
}

#define FUTEX_PRIVATE 128

static void add_futex(struct line *l, const struct traced *t)
{
	const uint64_t *a = t->frame->arguments;
	unsigned operation = (unsigned)a[1] & 127;
	struct line name = *l;

	add_address(l, a[0]);
	add(l, ", ");
	name = *l;
	add_names(l, NAMES_FUTEX, (unsigned)a[1] & ~(unsigned)FUTEX_PRIVATE);
	if (a[1] & FUTEX_PRIVATE) {
		char *bar = memchr(
			l->text + name.length, '|', l->length - name.length);

		/* the longer name before the clock's, which is short */
		if (bar) {
			l->length = (size_t)(bar - l->text);
			add(l, "_PRIVATE|FUTEX_CLOCK_REALTIME");
		} else {
			add(l, "_PRIVATE");
		}
	}
	add(l, operation == 1 ? ", %d" : ", %u", (unsigned)a[2]);
	if (operation == 0 || operation == 9 || operation == 6) {
		add(l, ", ");
		if (!a[3] || !add_struct(l, t, "struct timespec)", 3))
			add_address(l, a[3]);
	} else if (operation == 3 || operation == 4) {
		add(l, ", %d, ", (int)a[3]);
		add_address(l, a[4]);
		if (operation == 4)
			add(l, ", %u", (unsigned)a[5]);
	}
	if (operation == 9)
		add(l, ", NULL");
	if (operation == 9 || operation == 10) {
		add(l, ", ");
		if ((uint32_t)a[5] == ~0u)
			add(l, "FUTEX_BITSET_MATCH_ANY");
		else
			add(l, "%#x", (unsigned)a[5]);
	}
}

static void add_clone(struct line *l, const struct traced *t)
{
	const uint64_t *a = t->frame->arguments;
	uint64_t flags = a[0];

	add(l, "child_stack=");
	add_address(l, a[1]);
	add(l, ", flags=");
	if (flags & ~0xfful)
		add_names(l, NAMES_CLONE, flags & ~0xfful);
	if (flags & 0xff) {
		add(l, flags & ~0xfful ? "|" : "");
		add_signal(l, (int)(flags & 0xff));
	} else if (!flags) {
		add(l, "0");
	}
	if (flags & CLONE_PARENT_SETTID) {
		add(l, ", parent_tid=");
		if (t->result < 0 || !add_struct(l, t, "int)", 2))
			add_address(l, a[2]);
	}
	if (flags & CLONE_SETTLS)
		add(l, ", tls=%#lx", (unsigned long)a[4]);
	if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) {
		add(l, ", child_tidptr=");
		add_address(l, a[3]);
	}
}

/* How many of its arguments a call looks at. */
static int count_of(const struct traced *t, const struct call_text *text)
{
	uint64_t flags;
	int where = is(t->call, "open") ? 1 : is(t->call, "openat") ? 2 : 0;

	if (!where)
		return text->count;
	flags = t->frame->arguments[where];
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE
		       ? text->count
		       : text->count - 1;
}

static void add_call(
	struct line *l, const struct traced *t, const struct call_text *text)
{
	const char *kind = text ? text->kinds : "";

	add(l, "%s(", t->call);
	if (is(t->call, "fcntl")) {
		add_fcntl(l, t);
		return;
	}
	if (is(t->call, "futex")) {
		add_futex(l, t);
		return;
	}
	if (is(t->call, "clone")) {
		add_clone(l, t);
		return;
	}
	if (is(t->call, "rt_sigreturn")) {
		add(l, "{mask=");
		add_signal_set(l, current->sigmask);
		add(l, "}");
	}
	for (int i = 0; text && i < count_of(t, text) && kind; i++) {
		add(l, "%s", i ? ", " : "");
		add_argument(l, t, kind, i);
		kind = next_kind(kind);
	}
}

/* ---- results ---- */

static bool gives_descriptor(const char *call)
{
	static const char *const names[] = { "open", "openat", "creat", "dup",
		"dup2", "dup3", "epoll_create", "epoll_create1", "eventfd",
		"eventfd2", "signalfd", "signalfd4", "timerfd_create",
		"memfd_create", "pidfd_open" };

	for (size_t i = 0; i < array_size(names); i++)
		if (is(call, names[i]))
			return true;
	return false;
}

static void add_flags_result(struct line *l, enum names_kind kind, long result)
{
	if (!result && kind != NAMES_OPEN) {
		add(l, "0");
		return;
	}
	add(l, "%#lx (flags ", (unsigned long)result);
	add_names(l, kind, (uint64_t)result);
	add(l, ")");
}

static void add_value(struct line *l, const struct traced *t)
{
	const char *call = t->call;
	bool is_fcntl = is(call, "fcntl");
	uint64_t command = t->frame->arguments[1];

	if (is(call, "mmap") || is(call, "brk") || is(call, "mremap"))
		add(l, "%#lx", (unsigned long)t->result);
	else if (is(call, "umask"))
		add(l, "0%02o", (unsigned)t->result);
	else if (is_fcntl && command == F_GETFD)
		add_flags_result(l, NAMES_DESCRIPTOR, t->result);
	else if (is_fcntl && command == F_GETFL)
		add_flags_result(l, NAMES_OPEN, t->result);
	else if (gives_descriptor(call) ||
		 (is_fcntl &&
			 (command == F_DUPFD || command == F_DUPFD_CLOEXEC)))
		add_descriptor(l, (int)t->result);
	else
		add(l, "%ld", t->result);
	if (is(call, "poll") || is(call, "ppoll")) {
		if (t->result)
			add_polled(l, t);
		else
			add(l, " (Timeout)");
	} else if (!t->result && (is(call, "select") || is(call, "pselect6"))) {
		add(l, " (Timeout)");
	}
}

static void add_result(struct line *l, const struct traced *t)
{
	const char *name = errno_name(-t->result);

	add(l, ") = ");
	if (t->result >= 0 || t->result <= -4096)
		add_value(l, t);
	else if (t->result == -ERESTARTSYS)
		add(l, "? ERESTARTSYS");
	else if (t->result == -ERESTARTNOHAND)
		add(l, "? ERESTARTNOHAND");
	else if (name)
		add(l, "-1 %s", name);
	else
		add(l, "-1 errno %ld", -t->result);
}

/* ---- the gate's side ---- */

static void begin(struct traced *t, uint64_t number, const struct frame *frame,
	long result, const struct call_text **text, char unknown[32])
{
	*text = gate_text(number);
	if (!*text)
		format(unknown, 32, "syscall_%#lx", (unsigned long)number);
	*t = (struct traced){ *text ? (*text)->name : unknown, frame, result };
}

void trace_call(uint64_t number, struct frame *frame, const char *early,
	long result, int64_t nanoseconds)
{
	char bytes[WIN_TRACE_LINE], unknown[32];
	struct line l = { .text = bytes, .room = sizeof bytes - 64 };
	const struct call_text *text;
	/* of the call, before more is asked of Windows here */
	uint32_t code = result < 0 ? win_error_code() : 0;
	struct traced t;

	begin(&t, number, frame, result, &text, unknown);
	if (*early)
		add(&l, "%s", early);
	else
		add_call(&l, &t, text);
	/* the end is there even if the rest is not */
	l.room = sizeof bytes;
	add_result(&l, &t);
	if (code)
		add(&l, " (Windows %#x)", code);
	add(&l, " <%ld.%06ld>", (long)(nanoseconds / 1000000000),
		(long)(nanoseconds / 1000 % 1000000));
	win_trace("%s", l.text);
}

void trace_early(uint64_t number, struct frame *frame, char to[WIN_TRACE_LINE])
{
	struct line l = { .text = to, .room = WIN_TRACE_LINE - 64 };
	const struct call_text *text;
	char unknown[32];
	struct traced t;

	begin(&t, number, frame, 0, &text, unknown);
	add_call(&l, &t, text);
}

void trace_signal(const struct signal_record *record)
{
	char bytes[512];
	struct line l = { .text = bytes, .room = sizeof bytes };

	if (record->signal == SIGKILL)
		return; /* no tracer of Linux' sees it come */
	add_signal(&l, record->signal);
	add(&l, " ");
	add_signal_record(&l, record);
	win_trace("--- %s ---", l.text);
}
