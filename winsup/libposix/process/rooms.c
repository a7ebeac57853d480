/* What each room does at the turns of a process's life. */
#include "process/private.h"

#include "image/image.h"
#include "memory/memory.h"
#include "signal/signal.h"
#include "vfs/vfs.h"

#include "abi/errno.h"

static void core_pack(struct process *p, struct transfer *to, int how)
{
	(void)how;
	trace_pack(to);
	transfer_put(to, p->limits, sizeof p->limits);
	transfer_put_number(to, p->uid);
	transfer_put_number(to, p->gid);
	transfer_put_number(to, p->euid);
	transfer_put_number(to, p->egid);
	transfer_put_number(to, p->suid);
	transfer_put_number(to, p->sgid);
	transfer_put_string(to, p->program);
	transfer_put_number(to, p->arguments);
	transfer_put_number(to, p->environment);
	transfer_put_number(to, p->environment_end);
}

static int core_unpack(struct process *p, struct transfer *from, int how)
{
	(void)how;
	trace_unpack(from);
	transfer_get(from, p->limits, sizeof p->limits);
	p->uid = (uint32_t)transfer_get_number(from);
	p->gid = (uint32_t)transfer_get_number(from);
	p->euid = (uint32_t)transfer_get_number(from);
	p->egid = (uint32_t)transfer_get_number(from);
	p->suid = (uint32_t)transfer_get_number(from);
	p->sgid = (uint32_t)transfer_get_number(from);
	p->program = transfer_get_string(from);
	p->arguments = transfer_get_number(from);
	p->environment = transfer_get_number(from);
	p->environment_end = transfer_get_number(from);
	return (int)from->error;
}

static void files_release(struct process *p)
{
	files_free(p->files);
	p->files = NULL;
	fs_free(p->fs);
	p->fs = NULL;
}

static void signals_release(struct process *p)
{
	signals_free(p->signals);
	p->signals = NULL;
}

static void timers_release(struct process *p)
{
	timers_free(p->timers);
	p->timers = NULL;
}

/* In this order for unpack and exec; a child's descriptors come before its
 * memory, which is the most. */
const struct room_hooks rooms[] = {
	{ "process", core_pack, core_unpack, NULL, NULL },
	{ "signal", signal_pack, signal_unpack, signal_exec, signals_release },
	{ "timer", timers_pack, timers_unpack, timers_exec, timers_release },
	{ "context", fs_pack, fs_unpack, NULL, NULL },
	{ "files", files_pack, files_unpack, files_exec, files_release },
	{ "image", image_pack, image_unpack, image_drop, image_drop },
	{ "memory", memory_pack, memory_unpack, memory_drop, memory_drop },
};
const int room_count = array_size(rooms);
