/* pidfd_open(2): a process as a file.  It names a slot and its generation, so
 * a pid that is used again is never mistaken for it. */
#include "process/private.h"

#include <fcntl.h>
#include <poll.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "vfs/vfs.h"
#include "wait/wait.h"

struct pidfd {
	struct file file;
	uint32_t index, generation;
};

static const struct file_ops pidfd_ops;

static struct pidfd *pidfd_of(struct file *f)
{
	return container_of(f, struct pidfd, file);
}

long pidfd_process(struct file *f)
{
	struct pidfd *p = pidfd_of(f);
	enum process_state state;

	if (f->ops != &pidfd_ops)
		return -EBADF;
	state = task_process_state(task_process_slot(p->index)->word);
	if (!task_index_same(p->index, p->generation) ||
		(state != PROCESS_RUNNING && state != PROCESS_ZOMBIE))
		return -ESRCH;
	return p->index;
}

/* Readable once it has ended, waited for or not: man 2 pidfd_open. */
static unsigned pidfd_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct pidfd *p = pidfd_of(f);
	struct process_slot *slot = task_process_slot(p->index);

	(void)events;
	if (s) {
		sleep_on(s, &slot->ended);
		sleep_on_process(s, p->index);
	}
	if (task_index_same(p->index, p->generation) &&
		task_process_state(slot->word) == PROCESS_RUNNING) {
		uint32_t host = slot->host % HOST_SLOTS;
		uint32_t life = task_host_word_generation(
			task_shared()->hosts[host].word);

		if (!s || task_host_lives(host, life))
			return 0;
		/* killed, and nobody has seen it yet */
		host_died(host, life);
		if (task_index_same(p->index, p->generation) &&
			task_process_state(slot->word) == PROCESS_RUNNING)
			return 0;
	}
	return POLLIN | POLLRDNORM;
}

static long pidfd_stat(struct file *f, struct kstat *out)
{
	*out = (struct kstat){ .dev = 15,
		.ino = (uint64_t)pidfd_of(f)->generation << 12 |
		       pidfd_of(f)->index,
		.nlink = 1,
		.mode = 0700,
		.uid = current->process->uid,
		.gid = current->process->gid,
		.blksize = 4096 };
	return 0;
}

static void pidfd_pack(struct file *f, struct transfer *to)
{
	transfer_put_number(to, pidfd_of(f)->index);
	transfer_put_number(to, pidfd_of(f)->generation);
}

static void pidfd_release(struct file *f)
{
	win_free(pidfd_of(f));
}

static const struct file_ops pidfd_ops = {
	.name = "pidfd",
	.kind = FILE_PIDFD,
	.poll = pidfd_poll,
	.stat = pidfd_stat,
	.pack = pidfd_pack,
	.release = pidfd_release,
};

/* Holds a descriptor for a process that is yet to be made, which therefore
 * does not get it: fork tells a child of no file without `pack`. */
static const struct file_ops reserved_ops = {
	.name = "pidfd",
	.kind = FILE_PIDFD,
	.release = pidfd_release,
};

static struct file *make(uint32_t index, uint32_t generation, int flags)
{
	struct pidfd *p = win_alloc(sizeof *p);

	if (!p)
		return NULL;
	file_init(&p->file, &pidfd_ops, O_RDWR | flags);
	p->index = index;
	p->generation = generation;
	return &p->file;
}

long pidfd_make(int pid, int flags, struct file **out)
{
	long i = task_process_find(pid);
	uint32_t generation;

	if (i < 0)
		return i;
	generation =
		task_process_generation(task_process_slot((uint32_t)i)->word);
	*out = make((uint32_t)i, generation, flags);
	return *out ? 0 : -ENOMEM;
}

long process_fork_pidfd(struct frame *frame, int *user)
{
	struct file *f = make(0, 0, 0);
	struct pidfd *p;
	long pid, fd, index;
	int number;

	if (!f)
		return -ENOMEM;
	p = pidfd_of(f);
	f->ops = &reserved_ops;
	fd = fd_install(file_get(f), 0, true);
	number = (int)fd;
	pid = fd < 0 ? fd : user_copy_out(user, &number, sizeof number);
	if (!pid)
		pid = process_fork(frame);
	index = pid > 0 ? task_process_find((int)pid) : -ESRCH;
	if (pid < 0 && fd >= 0)
		fd_close((int)fd);
	if (index >= 0) {
		p->index = (uint32_t)index;
		p->generation = task_process_generation(
			task_process_slot(p->index)->word);
	}
	f->ops = &pidfd_ops;
	file_put(f);
	return pid;
}

static struct file *pidfd_unpack(struct transfer *from)
{
	uint32_t index = (uint32_t)transfer_get_number(from);

	return make(index, (uint32_t)transfer_get_number(from), 0);
}

void pidfd_start(void)
{
	file_register(FILE_PIDFD, pidfd_unpack);
}
