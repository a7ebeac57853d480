/* fork, vfork, clone, and how a process arrives in another host. */
#include "process/private.h"

#include <sched.h>
#include <string.h>

#include "abi/errno.h"
#include "gate/gate.h"
#include "image/image.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#define THREAD_STACK 262144

/* RLIMIT_NPROC: one more process or thread of the user's.  Root has no limit:
 * man 2 getrlimit. */
static bool one_more_allowed(void)
{
	struct process *p = current->process;
	uint64_t limit = p->limits[LIMIT_PROCESSES][0], count = 0;
	struct shared *s = task_shared();

	if (limit == UNLIMITED || p->euid == 0)
		return true;
	for (uint32_t i = 0; i < s->process_end; i++) {
		const struct process_slot *other = &s->process[i];

		if (other->uid != p->uid)
			continue;
		if (task_process_state(other->word) == PROCESS_RUNNING)
			count += other->threads ? other->threads : 1;
		else if (task_process_state(other->word) == PROCESS_ZOMBIE)
			count++;
	}
	return count < limit;
}

/* A slot for a child of the calling process. */
static long new_child(uint32_t exit_signal)
{
	struct process *p = current->process;
	struct process_slot *own = task_process_slot(p->slot), *child;
	long i = one_more_allowed() ? task_process_allocate() : -EAGAIN;

	if (i < 0)
		return i;
	child = task_process_slot((uint32_t)i);
	child->parent = p->pid;
	child->parent_slot = p->slot;
	child->group = (int)own->group;
	child->session = (int)own->session;
	child->exit_signal = exit_signal;
	child->uid = p->uid;
	child->gid = p->gid;
	child->euid = p->euid;
	child->egid = p->egid;
	child->scheduling = scheduling_inherited(current);
	/* man 7 sched, "Resetting scheduling policy for child processes" */
	child->nice = own->nice < 0 && child->scheduling != current->scheduling
			      ? 0
			      : own->nice;
	child->io_priority = own->io_priority;
	memcpy(child->name, own->name, NAME_SIZE);
	return i;
}

static void publish(uint32_t index)
{
	struct process_slot *child = task_process_slot(index);

	child->word = (child->word & 0xffffff00) | PROCESS_RUNNING;
}

/* ---- sending and receiving ---- */

void process_send(struct process *p, struct transfer *to, int how)
{
	struct thread *t = current;

	transfer_put_number(to, (uint64_t)how);
	transfer_put_number(to, t->affinity);
	transfer_put(to, t->name, sizeof t->name);
	for (int i = 0; i < room_count; i++)
		if (rooms[i].pack)
			rooms[i].pack(p, to, how);
	if (how == TRANSFER_FORK) {
		transfer_put_number(to, (uint64_t)t->tp);
		transfer_put_number(to, (uint64_t)t->upper);
		/* Linux would forget it, and then musl 1.2.3 keeps its list of
		 * threads locked when a child's first thread ends first */
		transfer_put_number(to, (uint64_t)t->clear_tid);
		transfer_put(to, t->frame, sizeof *t->frame);
	}
}

/* The program that an exec sends: its path and arguments. */
static int receive_program(
	struct process *p, struct thread *t, struct transfer *from)
{
	struct arguments a;
	bool native = transfer_get_number(from);
	char *path = transfer_get_string(from);
	struct identity seen;
	long r;

	transfer_get(from, &seen, sizeof seen);
	r = arguments_unpack(&a, from);
	if (r || !path)
		return (int)r;
	if (native)
		native_run(p, path, &a);
	program_enter(p, t->frame, path, &seen, &a);
	win_free(path);
	return 0;
}

int process_receive(struct process *p, struct thread *t, struct transfer *from)
{
	int how = (int)transfer_get_number(from);
	int r = 0;

	priority_begin(t, transfer_get_number(from));
	transfer_get(from, t->name, sizeof t->name);
	for (int i = 0; !r && i < room_count; i++) {
		if (!rooms[i].unpack)
			continue;
		r = rooms[i].unpack(p, from, how);
		if (r)
			win_trace("room %s: errno %d", rooms[i].name, -r);
	}
	if (r)
		return r;
	if (how == TRANSFER_EXEC)
		return receive_program(p, t, from);
	t->tp = (void *)transfer_get_number(from);
	t->upper = (void *)transfer_get_number(from);
	t->clear_tid = (uint32_t *)transfer_get_number(from);
	transfer_get(from, t->frame, sizeof *t->frame);
	t->frame->rax = 0;
	return (int)from->error;
}

/* ---- fork ---- */

long process_fork(struct frame *frame)
{
	struct process *p = current->process;
	struct transfer to;
	uint32_t host;
	int pid;
	long child = new_child(SIGCHLD), r;

	(void)frame;
	if (child < 0)
		return child;
	pid = task_process_slot((uint32_t)child)->pid;
	do {
		r = host_take(&host, &to);
		if (r)
			break;
		to.process = (uint32_t)child;
		process_send(p, &to, TRANSFER_FORK);
		r = host_filled(host, &to);
		if (r)
			process_forget((uint32_t)child);
	} while (r == -ESTALE);
	if (r) {
		win_trace("fork: errno %d", (int)-r);
		task_process_free((uint32_t)child);
		return r;
	}
	publish((uint32_t)child);
	host_begin(host, (uint32_t)child, &to);
	return pid;
}

/* ---- vfork: the child is a second process on the same thread ---- */

long process_vfork(struct frame *frame, uint64_t child_stack)
{
	struct thread *t = current;
	struct process *parent = t->process, *p;
	long child = new_child(SIGCHLD);

	if (child < 0)
		return child;
	p = process_make((uint32_t)child);
	if (!p)
		goto failed;
	p->files = files_copy(parent->files);
	p->fs = fs_copy(parent->fs);
	p->signals = signals_copy(parent->signals);
	p->timers = timers_create();
	p->vfork_frame = win_alloc(sizeof *frame);
	if (!p->files || !p->fs || !p->signals || !p->timers || !p->vfork_frame)
		goto failed;
	memcpy(p->limits, parent->limits, sizeof p->limits);
	p->uid = parent->uid;
	p->gid = parent->gid;
	p->euid = parent->euid;
	p->egid = parent->egid;
	p->suid = parent->suid;
	p->sgid = parent->sgid;
	p->images = parent->images;
	p->arguments = parent->arguments;
	p->environment = parent->environment;
	p->environment_end = parent->environment_end;
	p->vfork_of = parent;
	p->vfork_sigmask = t->sigmask;
	memcpy(p->vfork_frame, frame, sizeof *frame);
	task_process_slot((uint32_t)child)->host = task_host;
	task_process_slot((uint32_t)child)->threads = 1;
	task_process_slot((uint32_t)child)->main_thread = t->slot + 1;
	p->whole = true;
	publish((uint32_t)child);
	t->process = p;
	if (child_stack)
		frame->rsp = child_stack;
	return 0;
failed:
	if (p) {
		files_free(p->files);
		fs_free(p->fs);
		signals_free(p->signals);
		timers_free(p->timers);
		process_free(p);
	}
	task_process_free((uint32_t)child);
	return -ENOMEM;
}

/* ---- threads ---- */

struct start {
	struct thread *thread;
	struct frame frame;
};

static void begin(void *argument)
{
	struct start *s = argument;
	struct thread *t = current;

	*t->frame = s->frame;
	win_free(s);
	gate_leave(t, t->frame);
}

static void run(void *argument)
{
	struct start *s = argument;
	struct thread *t = s->thread;

	priority_begin_thread(t);
	gate_run(t, begin, s);
	task_thread_destroy(t);
}

static long new_thread(struct frame *frame, uint64_t flags, uint64_t stack,
	uint32_t *parent_tid, uint32_t *child_tid, uint64_t tls)
{
	struct process *p = current->process;
	struct start *s = win_alloc(sizeof *s);
	struct thread *t;
	int r, tid;

	if (!s)
		return -ENOMEM;
	r = one_more_allowed() ? task_thread_create(&t) : -EAGAIN;
	if (r) {
		win_free(s);
		return r;
	}
	task_thread_number(t, 0);
	t->sigmask = current->sigmask;
	t->scheduling = scheduling_inherited(current);
	t->affinity = current->affinity;
	t->tp = (void *)tls;
	memory_guard_stack(stack - 1);
	memcpy(t->name, current->name, sizeof t->name);
	if (flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = child_tid;
	s->thread = t;
	s->frame = *frame;
	s->frame.rax = 0;
	s->frame.rsp = stack;
	r = 0;
	if (flags & CLONE_PARENT_SETTID)
		r = (int)user_copy_out(parent_tid, &t->tid, sizeof t->tid);
	if (!r && (flags & CLONE_CHILD_SETTID))
		r = (int)user_copy_out(child_tid, &t->tid, sizeof t->tid);
	if (!r) {
		tid = t->tid;
		/* at once: its maker may end before it has begun to run, and
		 * is not the last thread then */
		task_thread_join_process(t, p);
		r = win_thread_create(&t->handle, NULL, THREAD_STACK, run, s);
		if (r)
			task_thread_leave_process(t);
	}
	if (r) {
		win_free(s);
		task_thread_destroy(t);
		return r == -EFAULT ? r : -EAGAIN;
	}
	return tid;
}

long process_clone(struct frame *frame, uint64_t flags, uint64_t stack,
	uint32_t *parent_tid, uint32_t *child_tid, uint64_t tls)
{
	if (flags & CLONE_THREAD) {
		uint64_t needed = CLONE_VM | CLONE_SIGHAND | CLONE_FILES;

		if ((flags & needed) != needed || !stack)
			return -EINVAL;
		return new_thread(
			frame, flags, stack, parent_tid, child_tid, tls);
	}
	if (flags & CLONE_VFORK)
		return process_vfork(frame, stack);
	if (flags & (CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_PIDFD)
		/* the same argument cannot have both: man 2 clone */
		return flags & CLONE_PARENT_SETTID
			       ? -EINVAL
			       : process_fork_pidfd(frame, (int *)parent_tid);
	return process_fork(frame);
}
