/* The DLL's entry, and how the lower half comes up in a Windows process:
 * rooms from the bottom to the top, once. */
#include "gate/gate.h"

#include "abi/errno.h"
#include "fs/fs.h"
#include "gate/private.h"
#include "image/image.h"
#include "ipc/ipc.h"
#include "memory/memory.h"
#include "process/process.h"
#include "signal/signal.h"
#include "stream/stream.h"
#include "tty/tty.h"
#include "vfs/vfs.h"
#include "win/win.h"

extern int __posix_dll_main(void *instance, uint32_t reason, void *reserved);
_Noreturn void __posix_start(const struct module *program);
_Noreturn void __posix_host_main(void);

/* Faults, on the thread that made them.  In user copies: on at their landing
 * label.  In user code: a signal.  Anywhere else it is our own bug. */
static bool fault(struct win_fault *f)
{
	uint64_t landing = user_copy_landing(f->rip);

	/* only user code is stepped through and has its alignment checked; a
	 * call enters with its flags, where Linux clears them */
	if (current && current->in_gate &&
		(f->code == FAULT_SINGLE_STEP ||
			(f->code == FAULT_ALIGNMENT &&
				(f->frame->flags & WIN_USER_FLAGS)))) {
		f->frame->flags &= ~WIN_USER_FLAGS;
		return true;
	}
	if (landing) {
		if (f->code == FAULT_GUARD_PAGE && current) {
			current->guard_touched = f->address;
			current->poked = 1;
		}
		f->frame->rip = landing;
		return true;
	}
	return signal_fault(f);
}

/* A host has no streams: the standard error of the process that lives in it, if
 * that is something of Windows'.  Whoever complains may hold any lock, so none
 * is taken. */
static win_handle standard_error(void)
{
	struct process *p = current ? current->process : NULL;
	struct file *f = p && p->files && p->files->room > 2
				 ? p->files->table[2].file
				 : NULL;
	win_handle h = 0;
	bool pump = false;

	if (!f || !f->ops->native || f->ops->native(f, &h, &pump) || pump)
		return 0;
	return h;
}

/* Under the loader lock: only what cannot wait and starts nothing. */
int __posix_dll_main(void *instance, uint32_t reason, void *reserved)
{
	(void)instance;
	(void)reserved;
	if (reason == 1 /* DLL_PROCESS_ATTACH */)
		return win_start() == 0;
	return 1;
}

int gate_start(uint32_t claim_slot, uint64_t claim)
{
	static const struct signal_gate gate = {
		.interrupt_entry = (uint64_t)gate_interrupt_entry,
		.text_begin = (uint64_t)gate_text_begin,
		.text_end = (uint64_t)gate_text_end,
		.return_stub = (uint64_t)gate_return_stub,
	};
	int r;

	win_exception_handler(fault);
	win_complain_to(standard_error);
	if ((r = task_start(claim_slot, claim)) || (r = memory_start()) ||
		(r = signal_start()) || (r = queue_start()) ||
		(r = mounts_start()))
		return r;
	signal_register_gate(&gate);
	nt_fs_start();
	dev_fs_start();
	drives_fs_start();
	proc_fs_start();
	etc_fs_start();
	ipc_start();
	pidfd_start();
	tty_start();
	return image_start();
}

/* Called by crt0 of a program that Windows itself has started. */
void __posix_start(const struct module *program)
{
	int r = gate_start(0, 0);

	if (r)
		win_die("the lower half does not start (errno %d)", -r);
	process_start_native(program);
}

/* Called by posix-host.exe. */
void __posix_host_main(void)
{
	uint32_t slot;
	uint64_t word;
	int r = win_process_runs();

	if (!r)
		r = host_claim(&slot, &word);
	if (!r)
		r = gate_start(slot, word);
	if (r)
		win_exit_process(1); /* our maker is gone, or sees the death */
	host_main();
}
