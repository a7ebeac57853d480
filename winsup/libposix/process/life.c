/* Making and freeing the struct of a process. */
#include "process/private.h"

#include <string.h>

#include "memory/memory.h"

static void default_limits(struct process *p)
{
	for (int i = 0; i < LIMITS; i++)
		p->limits[i][0] = p->limits[i][1] = UNLIMITED;
	p->limits[LIMIT_STACK][0] = USER_STACK_SIZE;
	p->limits[LIMIT_CORE][0] = 0;
	/* nothing above the usual, unless it is asked for */
	p->limits[LIMIT_NICE][0] = p->limits[LIMIT_REALTIME][0] = 0;
	p->limits[LIMIT_FILES][0] = 1024;
	p->limits[LIMIT_FILES][1] = 65536;
}

struct process *process_make(uint32_t index)
{
	struct process *p = win_alloc(sizeof *p);

	if (!p)
		return NULL;
	p->slot = index;
	p->generation = task_process_generation(task_process_slot(index)->word);
	p->pid = task_process_slot(index)->pid;
	p->lock.rank = RANK_PROCESS_TABLE;
	list_init(&p->threads);
	default_limits(p);
	return p;
}

void process_free(struct process *p)
{
	win_free(p->program);
	win_free(p->vfork_frame);
	win_free(p);
}

void frame_for_call(struct frame *f, void *function, uintptr_t stack,
	uint64_t first, uint64_t second)
{
	memset(f, 0, sizeof *f);
	f->rcx = first;
	f->rdx = second;
	f->rip = (uint64_t)function;
	/* home space for four arguments and a return address of 0 */
	f->rsp = (stack & ~15ul) - 32 - 8;
	f->flags = 0x202;
	f->kind = FRAME_FULL;
	f->number = FRAME_NO_CALL;
	f->fx[0] = 0x7f; /* x87 control word 0x37f, mxcsr 0x1f80 */
	f->fx[1] = 0x03;
	f->fx[24] = 0x80;
	f->fx[25] = 0x1f;
}
