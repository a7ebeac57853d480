/* Open files of /proc.  What one says is made when it is read from the
 * beginning, and again when it is read from there once more: man 5 proc, and
 * top(1) keeps /proc/stat open. */
#include "fs/proc/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define TEXT_MAX (16ul << 20)

struct proc_file {
	struct file file;
	struct node node;
	int64_t at;	  /* file.position: of the text, or of the listing */
	struct text text; /* file.position */
	bool made;
};

static struct proc_file *proc(struct file *f)
{
	return container_of(f, struct proc_file, file);
}

static bool make_room(struct text *t, size_t more)
{
	size_t room = t->room ? t->room : 1024;
	char *bytes;

	while (room < t->length + more + 1)
		room *= 2;
	if (t->failed || room > TEXT_MAX)
		t->failed = true;
	if (t->failed || room == t->room)
		return !t->failed;
	bytes = win_realloc(t->bytes, room);
	t->failed = !bytes;
	if (bytes) {
		t->bytes = bytes;
		t->room = room;
	}
	return bytes;
}

void text_put(struct text *t, const void *bytes, size_t size)
{
	if (!make_room(t, size))
		return;
	memcpy(t->bytes + t->length, bytes, size);
	t->length += size;
}

void text_add(struct text *t, const char *text, ...)
{
	char line[512];
	va_list list;

	va_start(list, text);
	text_put(t, line, format_list(line, sizeof line, text, list));
	va_end(list);
}

void text_put_escaped(struct text *t, const char *s, const char *escaped)
{
	for (; *s; s++)
		if (strchr(escaped, *s))
			text_add(t, "\\%03o", (unsigned char)*s);
		else
			text_put(t, s, 1);
}

void proc_fill_stat(const struct node *n, struct kstat *out)
{
	const struct process_slot *slot = task_process_slot(n->slot);
	int64_t now = win_clock_realtime();

	memset(out, 0, sizeof *out);
	out->dev = PROC_DEVICE;
	out->ino = node_number(n);
	out->mode = n->entry->mode;
	out->nlink = S_ISDIR(out->mode) ? 2 : 1;
	if (n->pid) {
		out->uid = slot->euid;
		out->gid = slot->egid;
	}
	out->blksize = 1024;
	out->atime = out->mtime = out->ctime = now / 1000000000;
	out->atime_nsec = out->mtime_nsec = out->ctime_nsec = now % 1000000000;
}

static long proc_stat(struct file *f, struct kstat *out)
{
	proc_fill_stat(&proc(f)->node, out);
	return 0;
}

/* ---- text ---- */

/* Without a lock, since it may have to wait for a process on its way. */
static long make_text(struct proc_file *p)
{
	struct text new = { 0 }, old;
	long r = p->node.entry->text(&p->node, &new);

	if (!r && new.failed)
		r = -ENOMEM;
	if (r) {
		win_free(new.bytes);
		return r;
	}
	lock_take(&p->file.position);
	old = p->text;
	p->text = new;
	p->made = true;
	lock_drop(&p->file.position);
	win_free(old.bytes);
	return 0;
}

static long copy(struct proc_file *p, struct io *io, int64_t at)
{
	int64_t start = at;

	for (int i = 0; i < io->count && (uint64_t)at < p->text.length; i++) {
		const struct iovec *v = &io->vector[i];
		size_t n = p->text.length - (size_t)at;

		if (n > v->iov_len)
			n = v->iov_len;
		if (user_copy_out(v->iov_base, p->text.bytes + at, n))
			return at > start ? (long)(at - start) : -EFAULT;
		at += (int64_t)n;
	}
	return (long)(at - start);
}

static long proc_read(struct file *f, struct io *io)
{
	struct proc_file *p = proc(f);
	long n;

	if (S_ISDIR(p->node.entry->mode))
		return -EISDIR;
	if (!(io->offset >= 0 ? io->offset : p->at) || !p->made) {
		n = make_text(p);
		if (n)
			return n;
	}
	lock_take(&f->position);
	n = copy(p, io, io->offset >= 0 ? io->offset : p->at);
	if (n > 0 && io->offset < 0)
		p->at += n;
	lock_drop(&f->position);
	return n;
}

/* Only comm is written to, by the process itself: man 5 proc. */
static long proc_write(struct file *f, struct io *io)
{
	const struct node *n = &proc(f)->node;
	char name[NAME_SIZE] = "";
	size_t size = io->count ? io->vector[0].iov_len : 0;
	struct process *p = current->process;
	struct thread *t = NULL;

	if (size > NAME_SIZE - 1)
		size = NAME_SIZE - 1;
	if (size && user_copy_in(name, io->vector[0].iov_base, size))
		return -EFAULT;
	if (!node_lives(n) || n->slot != p->slot)
		return -EINVAL;
	if (size && name[size - 1] == '\n')
		name[size - 1] = 0;
	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		t = container_of(entry, struct thread, peers);
		if (t->tid == n->tid)
			break;
		t = NULL;
	}
	if (t)
		memcpy(t->name, name, NAME_SIZE);
	lock_drop(&p->lock);
	if (n->tid == n->pid)
		memcpy(task_process_slot(n->slot)->name, name, NAME_SIZE);
	return (long)io->size;
}

static long proc_seek(struct file *f, int64_t offset, int whence)
{
	struct proc_file *p = proc(f);

	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	lock_take(&f->position);
	if (whence == SEEK_CUR)
		offset += p->at;
	if (offset >= 0)
		p->at = offset;
	lock_drop(&f->position);
	return offset < 0 ? -EINVAL : (long)offset;
}

static unsigned proc_poll(struct file *f, unsigned events, struct sleep *s)
{
	(void)f;
	(void)s;
	return events & (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
}

/* ---- folders ---- */

static long proc_readdir(struct file *f, void *user, size_t size)
{
	struct proc_file *p = proc(f);
	struct listed e;
	size_t done = 0;
	long r = 0;

	if (!S_ISDIR(p->node.entry->mode))
		return -ENOTDIR;
	if (!node_lives(&p->node))
		return -ENOENT;
	if (p->node.entry->text && (!p->made || !p->at))
		r = make_text(p);
	lock_take(&f->position);
	while (!r && node_list(&p->node, &p->text, &p->at, &e)) {
		long n = fs_put_entry((char *)user + done, size - done, e.ino,
			p->at + 1, e.type, e.name);

		if (n < 0) {
			r = n;
			break;
		}
		done += (size_t)n;
		p->at++;
	}
	lock_drop(&f->position);
	return done ? (long)done : r;
}

/* ---- life ---- */

static void proc_pack(struct file *f, struct transfer *to)
{
	node_pack(&proc(f)->node, to);
	transfer_put_number(to, (uint64_t)proc(f)->at);
}

static void proc_release(struct file *f)
{
	win_free(proc(f)->text.bytes);
	win_free(f);
}

static const struct file_ops proc_ops = {
	.name = "proc",
	.kind = FILE_PROC,
	.read = proc_read,
	.write = proc_write,
	.seek = proc_seek,
	.poll = proc_poll,
	.stat = proc_stat,
	.readdir = proc_readdir,
	.pack = proc_pack,
	.release = proc_release,
};

struct file *proc_file_make(const struct node *n, int flags)
{
	struct proc_file *p = win_alloc(sizeof *p);

	if (!p)
		return NULL;
	file_init(&p->file, &proc_ops, flags);
	p->node = *n;
	return &p->file;
}

static struct file *proc_unpack(struct transfer *from)
{
	struct node n;
	bool known = node_unpack(&n, from);
	int64_t at = (int64_t)transfer_get_number(from);
	struct file *f = known ? proc_file_make(&n, 0) : NULL;

	if (f)
		proc(f)->at = at;
	return f;
}

void proc_fs_start(void)
{
	file_register(FILE_PROC, proc_unpack);
}
