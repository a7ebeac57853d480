/* Who is traced, and where to: POSIX_STRACE in a program's environment, or
 * posix-strace(1) by a call of ours.  What a line says is gate/trace.c's. */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/private_syscalls.h"
#include "vfs/vfs.h"

/* Of the calling thread, or of this host's process; 0 between lives. */
static int trace_id(int *tid)
{
	struct thread *t = current;
	struct process *p = t ? t->process : task_process();
	int pid = p ? p->pid : 0;

	*tid = p && t && t->tid && !p->vfork_of ? t->tid : pid;
	return pid;
}

/* The file as Windows or as POSIX spells it. */
static long open_file(const char *name, win_handle *out)
{
	uint16_t path[2048];
	int64_t n = path_to_windows(AT_FDCWD, name, path, 2047);

	/* a new file has no path yet: its folder has */
	if (n < 0) {
		char absolute[PATH_SIZE], *slash;
		size_t k;
		long r = path_absolute(AT_FDCWD, name, absolute, PATH_SIZE);

		if (r)
			return r;
		slash = strrchr(absolute, '/');
		k = slash == absolute ? 1 : 0;
		*slash = 0;
		n = path_to_windows(AT_FDCWD, k ? "/" : absolute, path, 1800);
		if (n < 0)
			return (long)n;
		path[n++] = '\\';
		n += (int64_t)utf16_from_utf8(
			path + n, 200, slash + 1, strlen(slash + 1));
	}
	path[n] = 0;
	path[1] = '\\'; /* "\??\" as Win32 spells it: "\\?\" */
	return win_trace_open(path, out);
}

void trace_if_asked(const struct arguments *a)
{
	const char *p = a->bytes;
	win_handle file;

	if (win_trace_on)
		return;
	for (int i = 0; i < a->argc + a->envc; i++) {
		if (i >= a->argc && !strncmp(p, "POSIX_STRACE=", 13) && p[13] &&
			!open_file(p + 13, &file))
			win_trace_adopt(file, trace_id, WIN_TRACE_USUAL);
		p += strlen(p) + 1;
	}
}

void trace_pack(struct transfer *to)
{
	transfer_put_handle(to, win_trace_handle());
	transfer_put_number(to, win_trace_on);
}

void trace_unpack(struct transfer *from)
{
	win_handle file = transfer_get_handle(from);

	win_trace_adopt(file, trace_id, (uint32_t)transfer_get_number(from));
}

/* It may move to another host, or end, while it is looked at: the trace goes
 * with it, but must not come upon the next that lives there. */
static long attach(uint32_t index, win_handle file, uint32_t how)
{
	struct process_slot *slot = task_process_slot(index);
	uint32_t host = slot->host % HOST_SLOTS;
	uint32_t generation = task_process_generation(slot->word);
	uint32_t id = task_shared()->hosts[host].windows_id;
	int r;

	if (task_process_state(slot->word) != PROCESS_RUNNING)
		return -ESRCH;
	if (host == task_host) {
		if (how && win_trace_on)
			return -EPERM;
		r = file ? win_duplicate(file, &file) : 0;
		if (!r)
			win_trace_adopt(file, trace_id, how);
		return r;
	}
	r = win_trace_attach(id, file, trace_id, how);
	if (!r && how &&
		(!task_index_same(index, generation) ||
			task_process_state(slot->word) != PROCESS_RUNNING ||
			slot->host % HOST_SLOTS != host)) {
		win_trace_attach(id, 0, trace_id, 0);
		r = -ESRCH;
	}
	return r;
}

long process_trace(int pid, const char *name, unsigned how)
{
	long index = pid ? task_process_find(pid) : current->process->slot;
	win_handle file = 0;
	long r = 0;

	if (index < 0)
		return index;
	if (*name)
		r = open_file(name, &file);
	if (r)
		return r;
	r = attach((uint32_t)index, file, *name ? how | WIN_TRACE_ON : 0);
	win_close(file);
	return r;
}

void trace_end_thread(int code)
{
	win_trace("+++ thread exited with %d +++", code & 0xff);
}

void trace_end(int status)
{
	int signal = status & 0x7f;
	const char *name = signal_name(signal);

	if (!win_trace_on)
		return;
	if (!signal)
		win_trace("+++ exited with %d +++", status >> 8 & 0xff);
	else if (name)
		win_trace("+++ killed by %s%s +++", name,
			status & STATUS_DUMPED ? " (core dumped)" : "");
	else
		win_trace("+++ killed by SIGRT_%d +++", signal - 32);
}
