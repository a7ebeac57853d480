/* Processes and threads as others of the session see them: for /proc. */
#include "task/task.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"

/* Another build of the DLL, put in this one's place while processes ran, has
 * structs of its own: its first bytes differ. */
static bool same_image(win_handle host)
{
	char ours[512], theirs[512];
	size_t size;
	void *base = win_own_image(&size);

	return !memory_read_of(0, ours, base, sizeof ours) &&
	       !memory_read_of(host, theirs, base, sizeof theirs) &&
	       !memcmp(ours, theirs, sizeof ours);
}

/* By the count, since the list's end is not known from a copy. */
bool task_thread_of(win_handle host, const struct process *p,
	struct task_walk *w, struct thread *out)
{
	const struct list *at = w->at ? w->at : p->threads.next;

	if (w->count >= p->thread_count ||
		memory_read_of(host, out,
			container_of(at, struct thread, peers), sizeof *out) ||
		out->slot >= THREAD_SLOTS || out->tid <= 0)
		return false;
	w->at = out->peers.next;
	w->count++;
	return true;
}

long task_process_of(win_handle host, uint32_t slot, struct process *out)
{
	struct process *there, parent;
	struct task_walk w = { 0 };
	struct thread *t;
	long r = -ESRCH;

	if (host && !same_image(host))
		return -EACCES;
	/* posix1.dll's variables have the same address everywhere */
	if (memory_read_of(host, &there, &task_own, sizeof there) || !there ||
		memory_read_of(host, out, there, sizeof *out))
		return -ESRCH;
	if (out->slot == slot)
		return 0;
	/* a vfork child lives on a thread of its parent's */
	parent = *out;
	t = win_alloc(sizeof *t);
	while (t && r && task_thread_of(host, &parent, &w, t))
		if (!memory_read_of(host, out, t->process, sizeof *out) &&
			out->slot == slot)
			r = 0;
	win_free(t);
	return r;
}
