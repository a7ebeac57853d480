/* The first process: a program that Windows started. */
#include "process/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "gate/gate.h"
#include "image/image.h"
#include "ipc/ipc.h"
#include "signal/signal.h"
#include "tty/tty.h"
#include "vfs/vfs.h"

enum { DISK = 1, CHARACTER = 2, PIPE = 3 };

static struct file *adopt(win_handle given, int flags)
{
	win_handle h;

	if (!given || win_duplicate(given, &h))
		return null_open(flags);
	switch (win_file_type(h)) {
	case DISK:
		return nt_file_adopt(h, flags);
	case PIPE:
		return native_pipe_adopt(h, flags);
	case CHARACTER:
		if (win_is_console(h))
			return console_adopt(h, flags);
	}
	win_close(h);
	return null_open(flags);
}

static void adopt_standard_handles(void)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_WRONLY };

	for (int i = 0; i < 3; i++) {
		struct file *f = adopt(win_standard_handle(i), flags[i]);

		/* a terminal is one thing: programs write to descriptor 0 */
		if (f && win_is_console(win_standard_handle(i)))
			f->flags = flags[i];
		if (f)
			fd_install(f, i, false);
	}
	/* or who reads what we write would not see us close it; errors of the
	 * lower half still go to the third */
	win_standard_close(WIN_INPUT);
	win_standard_close(WIN_OUTPUT);
}

static void adopt_folder(void)
{
	uint16_t folder[2048];
	char path[PATH_SIZE];
	size_t n = win_current_folder(folder, 2048);

	if (n && n < 2048 &&
		path_from_windows(folder, n, path, sizeof path) > 0)
		fs_chdir(path);
}

static struct process *first_process(void)
{
	struct process_slot *slot;
	struct process *p;
	long i = task_process_allocate();

	if (i < 0)
		win_die("no process slot: %d processes are there",
			PROCESS_SLOTS);
	p = process_make((uint32_t)i);
	if (!p)
		win_die("out of memory");
	p->files = files_create();
	p->fs = fs_create();
	p->signals = signals_create();
	p->timers = timers_create();
	if (!p->files || !p->fs || !p->signals || !p->timers)
		win_die("out of memory");
	win_token_ids(&p->uid, &p->gid);
	p->euid = p->suid = p->uid;
	p->egid = p->sgid = p->gid;
	slot = task_process_slot((uint32_t)i);
	slot->parent = 1;
	slot->group = slot->session = p->pid;
	slot->uid = slot->euid = p->uid;
	slot->gid = slot->egid = p->gid;
	slot->host = task_host;
	slot->word = (slot->word & 0xffffff00) | PROCESS_RUNNING;
	task_shared()->hosts[task_host].process = (uint32_t)i;
	return p;
}

static void live(void *module)
{
	struct thread *t = current;
	struct process *p = first_process();
	uint16_t program[2048];
	char path[PATH_SIZE];
	struct arguments a = { 0 };
	size_t n;

	task_set_process(p);
	task_thread_join_process(t, p);
	task_thread_number(t, p->pid);
	adopt_standard_handles();
	adopt_folder();
	if (native_arguments(&a))
		win_die("the command line or the environment is too long");
	trace_if_asked(&a);
	n = win_program_path(program, 2048);
	if (path_from_windows(program, n, path, sizeof path) < 0)
		format(path, sizeof path, "/");
	program_enter_adopted(p, t->frame, module, path, &a);
	p->whole = true;
	signal_publish(p);
	signal_serve(p);
	gate_leave(t, t->frame);
}

void process_start_native(const struct module *module)
{
	struct thread *t;
	struct host_slot *h = &task_shared()->hosts[task_host];

	h->word = (h->word & ~0xfful) | HOST_NATIVE;
	h->console = win_has_console() ? task_host_self() : 0;
	hosts_start();
	host_sweep();
	if (task_thread_create(&t))
		win_die("no thread slot");
	win_thread_self(&t->handle);
	t->host_main = true;
	gate_run(t, live, (void *)module);
	win_exit_process(0);
}
