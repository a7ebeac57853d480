/* wait4(2) and waitid(2). */
#include "process/private.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "stream/stream.h"

struct wanted {
	int id_type, id, options;
};

struct found {
	uint32_t index;
	int pid, status, code;
	uint32_t uid;
};

static bool matches(const struct process_slot *child, const struct wanted *w)
{
	switch (w->id_type) {
	case P_PID:
		return child->pid == w->id;
	case P_PGID:
		return child->group == w->id;
	}
	return true;
}

/* What there is to report of a child; false if nothing. */
static bool report(
	struct process_slot *child, const struct wanted *w, struct found *out)
{
	uint64_t word = child->word;
	uint32_t stopped = child->stop_status;

	out->pid = child->pid;
	out->uid = child->uid;
	out->status = (int)stopped;
	if (stopped == STATUS_CONTINUED && (w->options & WCONTINUED)) {
		/* before its end, should that have come already: who asks for
		 * this has usually just continued it */
		out->code = CLD_CONTINUED;
	} else if (task_process_state(word) == PROCESS_ZOMBIE) {
		out->status = task_process_status(word);
		out->code = !(out->status & 0x7f)	  ? CLD_EXITED
			    : out->status & STATUS_DUMPED ? CLD_DUMPED
							  : CLD_KILLED;
		return w->options & WEXITED;
	} else if (stopped && stopped != STATUS_CONTINUED &&
		   (w->options & WSTOPPED)) {
		out->code = CLD_STOPPED;
	} else {
		return false;
	}
	if (!(w->options & WNOWAIT))
		child->stop_status = 0;
	return true;
}

static bool ended(const struct found *f)
{
	return f->code == CLD_EXITED || f->code == CLD_KILLED ||
	       f->code == CLD_DUMPED;
}

/* 1: found; 0: children, but nothing to tell; -ECHILD.  A child that has ended
 * is the caller's to reap. */
static long look(
	const struct process *p, const struct wanted *w, struct found *out)
{
	struct shared *s = task_shared();
	long r = -ECHILD;

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *child = &s->process[i];
		enum process_state state = task_process_state(child->word);

		if ((state != PROCESS_RUNNING && state != PROCESS_ZOMBIE) ||
			child->parent != p->pid ||
			child->parent_slot != p->slot || !matches(child, w))
			continue;
		if (!report(child, w, out)) {
			r = 0;
			continue;
		}
		/* of several threads that wait for it one gets it; for the
		 * others it is no child any more */
		if (ended(out) && !(w->options & WNOWAIT) &&
			!task_process_take_zombie(i))
			continue;
		out->index = i;
		return 1;
	}
	return r;
}

static void fill_usage(
	int64_t user, int64_t system, uint64_t peak, struct rusage *out)
{
	memset(out, 0, sizeof *out);
	out->ru_utime.tv_sec = user / 1000000000;
	out->ru_utime.tv_usec = user / 1000 % 1000000;
	out->ru_stime.tv_sec = system / 1000000000;
	out->ru_stime.tv_usec = system / 1000 % 1000000;
	out->ru_maxrss = (long)(peak / 1024);
}

static void child_usage(const struct process_slot *child, struct rusage *out)
{
	fill_usage(child->user_time + child->children_user_time,
		child->system_time + child->children_system_time,
		child->peak_memory, out);
}

static void reap(const struct process *p, uint32_t index)
{
	struct process_slot *own = task_process_slot(p->slot);
	struct process_slot *child = task_process_slot(index);

	own->children_user_time += child->user_time + child->children_user_time;
	own->children_system_time +=
		child->system_time + child->children_system_time;
	if (child->peak_memory > own->children_peak_memory)
		own->children_peak_memory = child->peak_memory;
	task_process_free(index);
}

static long await(
	const struct process *p, const struct wanted *w, struct found *out)
{
	struct sleep s;
	long r;

	r = look(p, w, out);
	if (r || (w->options & WNOHANG))
		return r;
	sleep_begin(&s, WIN_FOREVER);
	sleep_on(&s, &task_process_slot(p->slot)->children);
	while (!(r = look(p, w, out))) {
		r = sleep_wait(&s);
		if (r)
			break;
	}
	sleep_end(&s);
	return r;
}

static long give_siginfo(void *user, const struct found *f, bool any)
{
	siginfo_t info;

	if (!user)
		return 0;
	memset(&info, 0, sizeof info);
	if (any) {
		info.si_signo = SIGCHLD;
		info.si_code = f->code;
		info.si_pid = f->pid;
		info.si_uid = f->uid;
		info.si_status = f->code == CLD_EXITED	    ? f->status >> 8
				 : f->code == CLD_STOPPED   ? f->status >> 8
				 : f->code == CLD_CONTINUED ? SIGCONT
							    : f->status & 0x7f;
	}
	return user_copy_out(user, &info, sizeof info);
}

long process_wait(int id_type, int id, int options, int *pid, int *status,
	void *rusage_out, void *siginfo_out)
{
	struct process *p = current->process;
	struct wanted w = { id_type, id, options };
	struct found f = { 0 };
	struct rusage usage;
	long r = await(p, &w, &f);

	*pid = 0;
	if (r < 0)
		return r;
	if (!r)
		return give_siginfo(siginfo_out, &f, false);
	*pid = f.pid;
	*status = f.status;
	child_usage(task_process_slot(f.index), &usage);
	if (ended(&f) && !(options & WNOWAIT))
		reap(p, f.index);
	if (rusage_out && user_copy_out(rusage_out, &usage, sizeof usage))
		return -EFAULT;
	return give_siginfo(siginfo_out, &f, true);
}

void process_children_usage(struct rusage *out)
{
	struct process_slot *own = task_process_slot(current->process->slot);

	fill_usage(own->children_user_time, own->children_system_time,
		own->children_peak_memory, out);
}
