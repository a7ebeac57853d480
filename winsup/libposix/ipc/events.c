/* Event slots: the shared state behind eventfd, timerfd and signalfd.  Who
 * holds one is a set of processes, as with queues
 * (decisions/queue-holders.md): it is free with the last of them, however that
 * ends. */
#include <string.h>

#include "abi/errno.h"
#include "ipc/private.h"
#include "memory/memory.h"
#include "vfs/watch.h"

enum { SLOT_FREE, SLOT_CHANGING, SLOT_USED };

static struct event_file *event_of(struct file *f)
{
	return container_of(f, struct event_file, file);
}

struct event_slot *event_slot(struct file *f)
{
	return &task_shared()->events[event_of(f)->slot];
}

static bool exchange(struct event_slot *e, uint64_t old, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)&e->word, &old, new,
		false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static uint64_t with_state(uint64_t word, uint32_t state)
{
	return (word & ~0xfful) | state;
}

/* `word` is read first, so that a slot taken since then is another's. */
static void let_go(struct event_slot *e, uint32_t process_slot)
{
	uint64_t word = e->word;

	if (!holders_remove(&e->holders, process_slot) ||
		!holders_none(&e->holders) ||
		!exchange(e, word, with_state(word, SLOT_FREE)))
		return;
	if (watch_any())
		watcher_gone(
			(struct watcher){ (uint32_t)(e - task_shared()->events),
				(uint32_t)(word >> 8) });
}

void events_forget(uint32_t process_slot)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->event_end; i++)
		if ((sh->events[i].word & 0xff) != SLOT_FREE)
			let_go(&sh->events[i], process_slot);
}

/* Held from the beginning by who makes it, so that it goes when he dies. */
static bool take(struct event_slot *e, uint64_t word, uint64_t value)
{
	uint64_t taken = with_state(word + 256, SLOT_CHANGING);

	if (!exchange(e, word, taken))
		return false;
	holders_add(&e->holders, task_process()->slot);
	e->value = value;
	e->due = e->interval = 0;
	e->mode = 0;
	wait_queue_init(&e->readable);
	wait_queue_init(&e->writable);
	return exchange(e, taken, with_state(taken, SLOT_USED));
}

static long allocate(struct event_file *f, uint64_t value)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < EVENT_SLOTS; i++) {
		struct event_slot *e = &sh->events[i];
		uint64_t word = e->word;

		/* one whose maker died before he held it */
		if ((word & 0xff) == SLOT_CHANGING && holders_none(&e->holders))
			exchange(e, word, with_state(word, SLOT_FREE));
		word = e->word;
		if ((word & 0xff) != SLOT_FREE)
			continue;
		if (sh->event_end < i + 1)
			sh->event_end = i + 1;
		if (!take(e, word, value))
			continue;
		f->slot = i;
		f->generation = (uint32_t)((word + 256) >> 8);
		return 0;
	}
	return -ENFILE;
}

long event_create(struct file **out, const struct file_ops *ops, int flags,
	uint64_t value)
{
	struct event_file *f = win_alloc(sizeof *f);
	long r;

	if (!f)
		return -ENOMEM;
	file_init(&f->file, ops, flags);
	r = allocate(f, value);
	if (r)
		win_free(f);
	else
		*out = &f->file;
	return r;
}

/* Nothing happens, and that succeeds: noop_llseek() of Linux fs/read_write.c.
 */
long event_seek(struct file *f, int64_t offset, int whence)
{
	(void)f;
	(void)offset;
	(void)whence;
	return 0;
}

void event_pack(struct file *f, struct transfer *to)
{
	transfer_put_number(to, event_of(f)->slot);
	transfer_put_number(to, event_of(f)->generation);
}

struct file *event_unpack(struct transfer *from, const struct file_ops *ops)
{
	struct event_file *f = win_alloc(sizeof *f);

	if (!f)
		return NULL;
	file_init(&f->file, ops, 0);
	f->slot = (uint32_t)transfer_get_number(from);
	f->generation = (uint32_t)transfer_get_number(from);
	return &f->file;
}

void event_shared_with(struct file *f, uint32_t process_slot)
{
	holders_add(&event_slot(f)->holders, process_slot);
}

void event_release(struct file *f)
{
	let_go(event_slot(f), task_process()->slot);
	win_free(event_of(f));
}

void anonymous_stat(struct kstat *out, uint64_t ino)
{
	memset(out, 0, sizeof *out);
	out->dev = 14;
	out->ino = ino;
	out->nlink = 1;
	out->mode = 0600;
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->blksize = 4096;
}

long event_stat(struct file *f, struct kstat *out)
{
	anonymous_stat(out,
		(uint64_t)event_of(f)->generation << 12 | event_of(f)->slot);
	return 0;
}

long event_await(struct file *f, struct wait_queue *q, bool nonblocking,
	event_try *try, uint64_t *value)
{
	struct event_slot *e = event_slot(f);
	struct sleep s;
	long r;

	if (try(e, value, NULL))
		return 0;
	if (nonblocking)
		return -EAGAIN;
	sleep_begin(&s, WIN_FOREVER);
	r = sleep_on(&s, q);
	while (!r && !try(e, value, &s))
		r = sleep_wait(&s);
	sleep_end(&s);
	return r;
}

long io_put(const struct io *io, size_t at, const void *bytes, size_t size)
{
	const char *from = bytes;

	for (int i = 0; size && i < io->count; i++) {
		const struct iovec *v = &io->vector[i];
		size_t n;

		if (at >= v->iov_len) {
			at -= v->iov_len;
			continue;
		}
		n = v->iov_len - at < size ? v->iov_len - at : size;
		if (user_copy_out((char *)v->iov_base + at, from, n))
			return -EFAULT;
		from += n;
		size -= n;
		at = 0;
	}
	return 0;
}

long event_read_number(struct file *f, struct io *io, event_try *take)
{
	uint64_t value;
	long r;

	if (io->offset >= 0)
		return -ESPIPE;
	if (io->size < sizeof value)
		return -EINVAL;
	r = event_await(
		f, &event_slot(f)->readable, io->nonblocking, take, &value);
	if (!r)
		r = io_put(io, 0, &value, sizeof value);
	return r ? r : (long)sizeof value;
}
