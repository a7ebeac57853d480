/* execve(2). */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "gate/gate.h"
#include "image/image.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define SCRIPTS_MAX 4 /* man 2 execve: interpreters of interpreters */

struct execution {
	char path[PATH_SIZE]; /* absolute, without links */
	struct identity identity;
	struct arguments arguments;
	bool native;
};

/* A POSIX spelling finds the file that Windows calls prog.exe. */
static long open_program(
	int at, const char *path, struct file **out, char *real)
{
	char exe[PATH_SIZE];
	/* nobody reads by that pointer: stat can look into the file with the
	 * handle there is */
	long r = path_open(at, path, O_PATH, 0, out);

	if (r == -ENOENT && strlen(path) + 5 < sizeof exe) {
		format(exe, sizeof exe, "%s.exe", path);
		if (!path_open(at, exe, O_PATH, 0, out))
			r = 0;
	}
	if (r)
		return r;
	if (!(*out)->path || strlen((*out)->path) >= PATH_SIZE) {
		file_put(*out);
		return -EACCES;
	}
	memcpy(real, (*out)->path, strlen((*out)->path) + 1);
	return 0;
}

static long read_head(
	int at, const char *path, char *head, size_t *size, struct execution *e)
{
	struct kstat st;
	struct file *f;
	int64_t n;
	long r = open_program(at, path, &f, e->path);

	if (r)
		return r;
	r = f->ops->stat ? f->ops->stat(f, &st) : -EACCES;
	if (!r && !S_ISREG(st.mode))
		r = -EACCES;
	if (!r)
		r = file_permits(&st, X_OK, true);
	if (!r && !nt_file_handle(f))
		r = -EACCES;
	if (!r) {
		e->identity = (struct identity){ 0, st.ino, (uint64_t)st.size,
			st.mtime * 1000000000 + st.mtime_nsec };
		n = win_file_read(nt_file_handle(f), head, *size, 0);
		if (n < 0)
			r = (long)n;
		else
			*size = (size_t)n;
	}
	file_put(f);
	return r;
}

/* Follows "#!" lines to the program that will run. */
static long find_program(struct execution *e, int at, const char *given)
{
	char head[4096] __attribute__((aligned(8))), line[256];
	char path[PATH_SIZE];
	char *interpreter, *argument;

	format(path, sizeof path, "%s", given);
	for (int depth = 0; depth <= SCRIPTS_MAX; depth++) {
		size_t size = sizeof head;
		const char *front[3];
		int count = 0;
		long r = read_head(at, path, head, &size, e);

		if (r)
			return r;
		switch (image_format(
			head, size, line, &interpreter, &argument)) {
		case IMAGE_OURS:
			return 0;
		case IMAGE_NATIVE:
			e->native = true;
			return 0;
		case IMAGE_UNKNOWN:
			return -ENOEXEC;
		case IMAGE_SCRIPT:
			break;
		}
		front[count++] = interpreter;
		if (argument)
			front[count++] = argument;
		front[count++] = path;
		r = arguments_prepend(&e->arguments, front, count, 1);
		if (r)
			return r;
		format(path, sizeof path, "%s", interpreter);
		at = AT_FDCWD;
	}
	return -ELOOP;
}

/* One that succeeds and whose caller's memory is as it was, but goes. */
static void trace_success(struct frame *frame)
{
	if (win_trace_on)
		trace_call(frame->number, frame, "", 0, 0);
}

/* The process goes on in another host, under its own slot. */
static long elsewhere(struct process *p, struct execution *e)
{
	struct transfer to;
	uint32_t host;
	long r;

	do {
		r = host_take(&host, &to);
		if (r)
			return r;
		to.process = p->slot;
		process_send(p, &to, TRANSFER_EXEC);
		transfer_put_number(&to, e->native);
		transfer_put_string(&to, e->path);
		transfer_put(&to, &e->identity, sizeof e->identity);
		arguments_pack(&e->arguments, &to);
		r = host_filled(host, &to);
	} while (r == -ESTALE);
	if (r)
		return r;
	task_process_slot(p->slot)->has_executed = 1;
	trace_success(current->frame);
	host_begin(host, p->slot, &to);
	return 0;
}

/* What is left of a vfork child here is given back with the thread. */
static _Noreturn void leave_vfork_child(struct process *p)
{
	process_leave_vfork(p);
	files_free(p->files);
	fs_free(p->fs);
	signals_free(p->signals);
	timers_free(p->timers);
	process_free(p);
	gate_leave(current, current->frame);
}

/* Windows' caller waits for this Windows process, so it stays until the
 * program that now runs elsewhere has ended, and ends like it. */
static _Noreturn void stand_for(uint32_t index)
{
	struct process_slot *slot = task_process_slot(index);
	struct thread *t = current;
	struct sleep s;
	int status;

	signal_serve(NULL);
	t->sigmask = ~0ul;
	t->signals_pending = 0;
	sleep_begin(&s, WIN_FOREVER);
	sleep_on(&s, &slot->ended);
	while (task_process_state(slot->word) == PROCESS_RUNNING)
		sleep_wait(&s);
	sleep_end(&s);
	status = task_process_status(slot->word);
	if (task_process_take_zombie(index)) {
		process_forget(index);
		task_process_free(index);
	}
	host_leave(windows_code(status));
}

static void in_place(
	struct process *p, struct frame *frame, struct execution *e)
{
	struct thread *t = current;

	if (e->native)
		trace_success(frame);
	process_end_other_threads(p);
	robust_list_end(t);
	for (int i = 0; i < room_count; i++)
		if (rooms[i].exec)
			rooms[i].exec(p);
	t->altstack = t->altstack_size = 0;
	t->clear_tid = NULL;
	task_thread_number(t, p->pid);
	task_process_slot(p->slot)->has_executed = 1;
	signal_publish(p);
	if (e->native)
		native_run(p, e->path, &e->arguments);
	program_enter(p, frame, e->path, &e->identity, &e->arguments);
}

static bool must_leave(struct process *p, const struct execution *e)
{
	enum host_state state =
		task_host_state(task_shared()->hosts[task_host].word);

	return p->vfork_of || (state == HOST_NATIVE && !e->native);
}

long process_exec(struct frame *frame, int at, const char *path,
	char *const *argv, char *const *envp, int flags)
{
	struct process *p = current->process;
	struct execution *e;
	char given[PATH_SIZE];
	long r = user_string(given, path, sizeof given);

	if (r < 0)
		return r;
	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	e = win_alloc(sizeof *e);
	if (!e)
		return -ENOMEM;
	r = arguments_from_user(&e->arguments, argv, envp);
	if (!r)
		r = find_program(e, at, given);
	if (!r && e->native)
		r = native_check(&e->arguments);
	if (!r && must_leave(p, e)) {
		bool stands = !p->vfork_of;

		if (stands)
			task_process_slot(p->slot)->stub = task_host + 1;
		r = elsewhere(p, e);
		if (r) {
			if (stands)
				task_process_slot(p->slot)->stub = 0;
			goto out;
		}
		arguments_free(&e->arguments);
		win_free(e);
		if (stands) {
			robust_list_end(current);
			stand_for(p->slot);
		}
		leave_vfork_child(p);
	}
	if (!r)
		in_place(p, frame, e);
out:
	arguments_free(&e->arguments);
	win_free(e);
	return r;
}
