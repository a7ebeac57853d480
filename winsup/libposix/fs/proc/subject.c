/* A process of ours as /proc shows it: what it has in shared memory, and what
 * is read from its memory, where it keeps its structs as we keep ours.  That
 * costs fork and exec nothing, and the process itself takes no part. */
#include "fs/proc/proc.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define ARRIVAL 2000000000l /* ns: longest wait for one on its way */

static bool (*next_image)(win_handle, const struct images *, const void **,
	struct proc_image *) HOST_STATE = 0;

void proc_register_images(
	bool (*next)(win_handle process, const struct images *there,
		const void **cursor, struct proc_image *out))
{
	next_image = next;
}

static bool host_of(uint32_t slot, win_handle *out)
{
	uint32_t host = task_process_slot(slot)->host;
	uint64_t word;

	*out = 0;
	if (host == task_host)
		return true;
	if (host >= HOST_SLOTS)
		return false;
	word = task_shared()->hosts[host].word;
	*out = task_host_process(host, task_host_word_generation(word));
	return *out;
}

static bool is_there(const struct node *n)
{
	uint64_t word = task_process_slot(n->slot)->word;
	enum process_state state = task_process_state(word);

	return task_process_generation(word) == n->generation &&
	       (state == PROCESS_RUNNING || state == PROCESS_ZOMBIE);
}

static long look(struct subject *s)
{
	long r;

	if (s->own) {
		s->process = *current->process;
		return 0;
	}
	if (!host_of(s->slot, &s->host))
		return -ESRCH;
	r = task_process_of(s->host, s->slot, &s->process);
	return !r && !s->process.whole ? -ESRCH : r;
}

/* One that was just made, or goes on in another host after an exec, is a
 * moment on its way there. */
static long await(const struct node *n, struct subject *s)
{
	struct process_slot *slot = task_process_slot(n->slot);
	int64_t deadline = win_clock_monotonic() + ARRIVAL;
	long r, slept;

	do {
		struct sleep z;

		sleep_begin(&z, deadline);
		slept = sleep_on(&z, &slot->resumed);
		r = look(s);
		if (r == -ESRCH && !slept && is_there(n) &&
			task_process_state(slot->word) == PROCESS_RUNNING)
			slept = sleep_wait(&z);
		else
			slept = -ETIMEDOUT;
		sleep_end(&z);
	} while (r == -ESRCH && !slept);
	if (r == -ESRCH && slept == -ERESTARTSYS)
		return slept;
	return r == -ESRCH ? -EACCES : r;
}

long subject_find(const struct node *n, struct subject *s, bool look_in)
{
	long r = 0;

	memset(s, 0, sizeof *s);
	s->slot = n->slot;
	s->shared = task_process_slot(n->slot);
	s->own = n->slot == current->process->slot;
	if (look_in && task_process_state(s->shared->word) == PROCESS_RUNNING) {
		r = look(s);
		if (r == -ESRCH)
			r = await(n, s);
		if (!r)
			s->there = &s->process;
	}
	/* what was seen was its own only if it is there still */
	if (!is_there(n))
		return -ESRCH;
	s->zombie = task_process_state(s->shared->word) == PROCESS_ZOMBIE;
	if (s->zombie)
		s->there = NULL;
	return s->zombie ? 0 : r;
}

win_handle subject_windows(const struct subject *s)
{
	win_handle h;

	if (s->zombie || !host_of(s->slot, &h))
		return 0;
	return h ? h : win_process_self();
}

bool subject_thread(
	const struct subject *s, const struct node *n, struct thread *out)
{
	struct task_walk w = { 0 };

	if (s->own && n->tid == current->tid) {
		*out = *current;
		return true;
	}
	while (s->there && task_thread_of(s->host, s->there, &w, out))
		if (out->tid == n->tid)
			return true;
	return false;
}

long subject_file(
	const struct subject *s, int from, bool exactly, struct file *out)
{
	struct descriptor *table;
	long room, r = -ENOENT;

	if (!s->there)
		return -ENOENT;
	room = files_look_of(s->host, s->there->files, &table);
	if (room < 0)
		return room;
	for (int fd = from; r == -ENOENT && fd < room; fd++) {
		if (table[fd].file && !memory_read_of(s->host, out,
					      table[fd].file, sizeof *out))
			r = fd;
		if (exactly)
			break;
	}
	win_free(table);
	return r;
}

long subject_describe(const struct subject *s, const struct file *f, char *to)
{
	struct file_ops ops;
	char name[32];
	long r;

	if (f->path) {
		r = memory_string_of(s->host, to, f->path, PATH_SIZE);
		return r < 0 ? -EACCES : r;
	}
	/* kinds are constants of posix1.dll, the same there as here */
	if (memory_read_of(0, &ops, f->ops, sizeof ops) ||
		memory_string_of(0, name, ops.name, sizeof name) < 0)
		return -EACCES;
	return (long)format(to, PATH_SIZE, "%s:[%lu]",
		ops.kind == FILE_PIPE || ops.kind == FILE_NATIVE_PIPE ? "pipe"
								      : name,
		f->description);
}

/* posix1.dll is mapped by Windows, in the same place everywhere. */
static bool own_image(struct proc_image *out)
{
	const uint16_t *path = win_own_path();

	out->base = (uintptr_t)win_own_image(&out->size);
	return path_from_windows(
		       path, utf16_length(path), out->path, PATH_SIZE) > 0;
}

bool subject_image(
	const struct subject *s, struct image_walk *w, struct proc_image *out)
{
	if (!s->there || w->done)
		return false;
	if (s->there->images &&
		next_image(s->host, s->there->images, &w->cursor, out))
		return true;
	w->done = true;
	return own_image(out);
}
