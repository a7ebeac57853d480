/* Entering a program: its images, its first stack. */
#include "process/private.h"

#include <elf.h>
#include <string.h>

#include "image/image.h"
#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/vfs.h"

/* musl's overlay */
extern _Noreturn void __posix_upper_start(long *stack, const struct module *);

/* Writes downwards from the stack's top; nobody else knows it yet. */
struct stack {
	uintptr_t at;
};

static uintptr_t push(
	struct stack *s, const void *bytes, size_t size, size_t align)
{
	s->at = (s->at - size) & ~(align - 1);
	memcpy((void *)s->at, bytes, size);
	return s->at;
}

#define AUXILIARY 16

#define STACK_MOST  (64ul << 20)
#define STACK_LEAST (512ul << 10)

static size_t fill_auxiliary(
	uint64_t *v, struct process *p, uintptr_t random, uintptr_t path)
{
	const uint64_t pairs[] = { AT_PAGESZ, PAGE_SIZE_BYTES, AT_CLKTCK, 100,
		AT_UID, p->uid, AT_EUID, p->euid, AT_GID, p->gid, AT_EGID,
		p->egid, AT_SECURE, 0, AT_RANDOM, random, AT_EXECFN, path,
		AT_NULL, 0 };

	memcpy(v, pairs, sizeof pairs);
	return sizeof pairs;
}

/* RLIMIT_STACK.  It does not grow, so without a limit it has some size too; and
 * arguments find room in the smallest. */
static size_t stack_size(const struct process *p, const struct arguments *a)
{
	uint64_t limit = p->limits[LIMIT_STACK][0];

	if (limit > STACK_MOST)
		limit = STACK_MOST;
	if (limit < STACK_LEAST + 4 * a->size)
		limit = STACK_LEAST + 4 * a->size;
	return round_up(limit, 65536);
}

void program_tell_arguments(
	struct process *p, const struct arguments *a, uintptr_t at)
{
	size_t n = 0;

	for (int i = 0; i < a->argc; i++)
		n += strlen(a->bytes + n) + 1;
	p->arguments = at;
	p->environment = at + n;
	p->environment_end = at + a->size;
}

/* man 2 execve and the x86-64 psABI's "Initial Stack": argc, argv, envp,
 * auxiliary vector, and above them what they point at. */
static uintptr_t build_stack(
	struct process *p, const char *path, const struct arguments *a)
{
	struct stack s = { memory_make_stack(stack_size(p, a)) };
	uint64_t auxiliary[2 * AUXILIARY], word;
	uintptr_t strings, random, name;
	size_t count = (size_t)a->argc + (size_t)a->envc + 3, size;
	uint64_t *to;
	char *at;

	if (!s.at)
		return 0;
	name = push(&s, path, strlen(path) + 1, 1);
	strings = push(&s, a->bytes, a->size, 16);
	program_tell_arguments(p, a, strings);
	random = push(&s, a->random, sizeof a->random, 16);
	size = fill_auxiliary(auxiliary, p, random, name);
	/* the whole vector ends at a multiple of 16 */
	word = 0;
	if (count % 2)
		push(&s, &word, sizeof word, 8);
	push(&s, auxiliary, size, 8);
	s.at -= count * 8;
	to = (uint64_t *)s.at;
	*to++ = (uint64_t)a->argc;
	at = (char *)strings;
	for (int i = 0; i < a->argc + a->envc; i++) {
		if (i == a->argc)
			*to++ = 0;
		*to++ = (uint64_t)at;
		at += strlen(at) + 1;
	}
	if (!a->envc)
		*to++ = 0;
	*to = 0;
	return s.at;
}

void program_set_name(struct process *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = task_process_slot(p->slot)->name;
	size_t n;

	slash = slash ? slash + 1 : path;
	n = strlen(slash);
	if (n > NAME_SIZE - 1)
		n = NAME_SIZE - 1;
	memset(name, 0, NAME_SIZE);
	memcpy(name, slash, n);
	memcpy(current->name, name, NAME_SIZE);
	win_free(p->program);
	p->program = win_alloc(strlen(path) + 1);
	if (p->program)
		memcpy(p->program, path, strlen(path) + 1);
}

void program_say(char *line, size_t size)
{
	struct iovec v = { line, size };
	struct io io = { .vector = &v, .count = 1, .size = size, .offset = -1 };
	struct file *f;

	if (fd_get_writable(2, &f))
		return;
	if (f->ops->write)
		f->ops->write(f, &io);
	/* or a pipe's reader waits for a process that is gone */
	file_put(f);
}

_Noreturn void program_give_up(const char *path, const char *problem, long r)
{
	char line[512];
	size_t size =
		*problem ? format(line, sizeof line, "%s: %s\n", path, problem)
			 : format(line, sizeof line,
				   "%s: cannot be loaded (errno %d)\n", path,
				   (int)-r);

	program_say(line, size);
	process_exit(STATUS_EXIT(127));
}

static void enter(struct process *p, struct frame *frame, const char *path,
	struct arguments *a)
{
	uintptr_t stack = build_stack(p, path, a);

	if (!stack)
		process_exit(STATUS_SIGNAL(SIGKILL));
	memory_guard_stack(stack);
	frame_for_call(frame, __posix_upper_start, stack, stack,
		(uint64_t)image_program(p));
	arguments_free(a);
}

void program_enter(struct process *p, struct frame *frame, const char *path,
	const struct identity *seen, struct arguments *a)
{
	char problem[400];
	char **list = arguments_pointers(a);
	long r;

	trace_if_asked(a);
	memory_upper_reset();
	current->tp = current->upper = NULL;
	program_set_name(p, path);
	r = list ? image_load_program(p, path, seen, list + a->argc + 1,
			   problem, sizeof problem)
		 : -ENOMEM;
	win_free(list);
	if (r)
		program_give_up(path, problem, r);
	enter(p, frame, path, a);
}

void program_enter_adopted(struct process *p, struct frame *frame,
	const struct module *m, const char *path, struct arguments *a)
{
	char problem[400];
	char **list = arguments_pointers(a);
	long r;

	program_set_name(p, path);
	r = list ? image_adopt_program(p, m, path, list + a->argc + 1, problem,
			   sizeof problem)
		 : -ENOMEM;
	win_free(list);
	if (r)
		program_give_up(path, problem, r);
	enter(p, frame, path, a);
}

long process_late(size_t where)
{
	char problem[400], line[440];
	uint64_t address;
	long r = image_late(where, &address, problem, sizeof problem);

	if (r)
		return r;
	if (!address) {
		format(line, sizeof line, "symbol lookup error: %s", problem);
		program_give_up(current->process->program, line, 0);
	}
	return (long)address;
}
