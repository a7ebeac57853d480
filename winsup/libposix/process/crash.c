/* POSIX_CRASH=1 in a program's environment: when it dies of a signal whose
 * action is a core, a line that says so and the way it came, one function a
 * line, on its standard error.  Like a core file it comes from the thread that
 * dies, in the gate, and what it reads is the user's memory, read as such. */
#include "process/private.h"

#include <string.h>

#include "abi/errno.h"
#include "image/image.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

#define DEPTH 64 /* of what is shown */

/* What the program was given counts, as for LD_LIBRARY_PATH. */
static bool is_asked_for(const struct process *p)
{
	static const char name[] = "POSIX_CRASH=";
	const size_t length = sizeof name - 1;
	char text[sizeof name + 1];
	uintptr_t at = p->environment;

	while (at < p->environment_end) {
		size_t n = 0;

		if (user_string(text, (const char *)at, sizeof text) == -EFAULT)
			return false;
		if (!strncmp(text, name, length))
			return text[length] && text[length] != '0';
		for (; at + n < p->environment_end; n++)
			if (user_copy_in(text, (char *)at + n, 1))
				return false;
			else if (!*text)
				break;
		at += n + 1;
	}
	return false;
}

static void say(const char *text, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *text, ...)
{
	char line[PATH_SIZE + 200];
	va_list list;

	va_start(list, text);
	program_say(line, format_list(line, sizeof line, text, list));
	va_end(list);
}

static void say_cause(int signal)
{
	struct process *p = current->process;
	const struct signal_record *r = &current->forced_record;
	const char *name = signal_name(signal);
	char about[64] = "";

	if (r->signal != signal)
		;
	else if (r->code > 0)
		format(about, sizeof about, ", address %#lx",
			(unsigned long)r->value);
	else if (r->pid && r->pid != p->pid)
		format(about, sizeof about, ", sent by %d", r->pid);
	say("%s[%d]: %s%s, thread %d\n", p->program ? p->program : "?", p->pid,
		name ? name : "signal", about, current->tid);
}

/* The byte before the one to which a call returns belongs to the call. */
static void say_place(struct process *p, int n, uint64_t rip, bool called)
{
	struct image_place place;

	if (!image_place(p, rip - called, &place)) {
		say("  #%-2d %#lx\n", n, (unsigned long)rip);
		return;
	}
	if (*place.function)
		say("  #%-2d %s+%#lx  %s+%#lx\n", n, place.path,
			(unsigned long)(rip - place.base), place.function,
			(unsigned long)(rip - place.start));
	else
		say("  #%-2d %s+%#lx\n", n, place.path,
			(unsigned long)(rip - place.base));
}

void crash_report(const struct frame *frame, int signal)
{
	struct process *p = current->process;
	struct frame f;
	uint64_t mask = current->sigmask;
	bool called = false;

	if (!core_is_signal(signal) || !is_asked_for(p))
		return;
	/* what else comes must not interrupt a write to a pipe */
	current->sigmask = ~(1ul << (SIGKILL - 1));
	say_cause(signal);
	f = *frame;
	for (int n = 0;; n++) {
		if (n == DEPTH) {
			say("  ...\n");
			break;
		}
		say_place(p, n, f.rip, called);
		if (!image_unwind(p, &f, &called))
			break;
	}
	current->sigmask = mask;
}
