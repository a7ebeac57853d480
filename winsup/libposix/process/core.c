/* What a program leaves that dies of a fault and may leave something
 * (RLIMIT_CORE): its memory and registers, as Cygwin's dumper writes them, so
 * that a gdb for Windows' programs opens the file.  An ELF core (System V ABI,
 * "Object Files") with notes of type NT_WIN32PSTATUS, which binutils' bfd/elf.c
 * reads in elfcore_grok_win32pstatus(). */
#include "process/private.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "memory/memory.h"
#include "vfs/vfs.h"

#define RANGES	   4096
#define CHUNK	   65536
#define NOTE_WIN32 18
#define NOTE_NAME  8 /* "win32" and its terminator, to a multiple of 4 */

enum { INFO_PROCESS = 1, INFO_THREAD };

struct dump {
	struct file *file;
	uint64_t at;
	uint64_t left; /* bytes that may still be written; holes are none */
	bool failed;
	size_t count;
	struct win_range *ranges;
	char *chunk;
	struct frame *frame; /* of the thread that dies */
	int signal;
};

static void put(struct dump *d, const void *bytes, size_t size)
{
	struct iovec v = { (void *)bytes, size };
	struct io io = {
		.vector = &v, .count = 1, .size = size, .offset = (int64_t)d->at
	};

	if (size > d->left)
		v.iov_len = io.size = d->left;
	if (!d->failed && io.size)
		d->failed = d->file->ops->write(d->file, &io) != (long)io.size;
	d->left -= io.size;
	d->at += size;
}

static bool is_zero(const char *bytes, size_t size)
{
	return !size || (!*bytes && !memcmp(bytes, bytes + 1, size - 1));
}

/* What cannot be read, or has gone meanwhile, is zeros, and zeros are a hole
 * in the file. */
static void put_range(struct dump *d, const struct win_range *r)
{
	for (size_t done = 0; done < r->size && d->left;) {
		size_t n = r->size - done < CHUNK ? r->size - done : CHUNK;

		if (user_copy_in(d->chunk, (char *)r->start + done, n) ||
			is_zero(d->chunk, n))
			d->at += n;
		else
			put(d, d->chunk, n);
		done += n;
	}
}

/* ---- notes ---- */

static void put_note(struct dump *d, const void *bytes, size_t size)
{
	const Elf64_Nhdr head = { 6, (Elf64_Word)size, NOTE_WIN32 };
	static const char name[NOTE_NAME] = "win32";

	put(d, &head, sizeof head);
	put(d, name, sizeof name);
	put(d, bytes, size);
}

static size_t note_size(size_t size)
{
	return sizeof(Elf64_Nhdr) + NOTE_NAME + size;
}

struct process_note {
	uint32_t type, pid, signal;
};

struct thread_note {
	uint32_t type, tid, dies;
	uint8_t context[WIN_CONTEXT_SIZE];
};

static void put_thread(
	struct dump *d, int tid, const struct frame *frame, bool dies)
{
	struct thread_note *n = (struct thread_note *)d->chunk;

	n->type = INFO_THREAD;
	n->tid = (uint32_t)tid;
	n->dies = dies;
	win_context_write(n->context, frame);
	put_note(d, n, sizeof *n);
}

/* One that is in a call has left its registers at the gate; another is asked
 * where it is. */
static void put_other(struct dump *d, struct thread *t)
{
	struct frame frame;
	bool got;

	if (t->in_gate && t->frame) {
		put_thread(d, t->tid, t->frame, false);
		return;
	}
	got = t->handle && !win_thread_suspend(t->handle);
	if (got) {
		got = !win_context_get(t->handle, &frame);
		win_thread_resume(t->handle);
	}
	if (!got)
		memset(&frame, 0, sizeof frame);
	put_thread(d, t->tid, &frame, false);
}

/* ---- the file ---- */

/* Programs, shared objects, posix1.dll with musl's data, and what `memory`
 * has placed, where memory.h says; not what Windows keeps for itself. */
static void find_ranges(struct dump *d)
{
	size_t size;
	uintptr_t own = (uintptr_t)win_own_image(&size);
	const struct win_range where[] = { { 0x100000000, 0x70000000 },
		{ own, size }, { 0x400000000, 0x4000000000 },
		{ MEMORY_LOW, MEMORY_HIGH - MEMORY_LOW } };

	for (size_t i = 0; i < array_size(where); i++)
		d->count += win_ranges(
			&where[i], d->ranges + d->count, RANGES - d->count);
}

static void put_headers(struct dump *d, size_t notes)
{
	const Elf64_Ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof head,
		.e_ehsize = sizeof head,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(d->count + 1),
	};
	Elf64_Phdr p = { .p_type = PT_NOTE,
		.p_offset = sizeof head + (d->count + 1) * sizeof p,
		.p_filesz = notes,
		.p_align = 4 };
	uint64_t at = round_up(p.p_offset + notes, PAGE_SIZE_BYTES);

	put(d, &head, sizeof head);
	put(d, &p, sizeof p);
	for (size_t i = 0; i < d->count; i++) {
		const struct win_range *r = &d->ranges[i];

		p = (Elf64_Phdr){ .p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = at,
			.p_vaddr = r->start,
			.p_filesz = r->size,
			.p_memsz = r->size,
			.p_align = PAGE_SIZE_BYTES };
		put(d, &p, sizeof p);
		at += r->size;
	}
}

static void put_all(struct dump *d)
{
	struct process *p = current->process;
	const struct process_note about = { INFO_PROCESS, (uint32_t)p->pid,
		(uint32_t)d->signal };
	size_t threads = 1;

	lock_take(&p->lock);
	list_for_each(entry, &p->threads) threads +=
		container_of(entry, struct thread, peers) != current;
	put_headers(d, note_size(sizeof about) +
			       threads * note_size(sizeof(struct thread_note)));
	put_note(d, &about, sizeof about);
	put_thread(d, current->tid, d->frame, true);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t != current)
			put_other(d, t);
	}
	lock_drop(&p->lock);
	d->at = round_up(d->at, PAGE_SIZE_BYTES);
	for (size_t i = 0; i < d->count; i++)
		put_range(d, &d->ranges[i]);
	/* a hole at the end */
	if (!d->failed)
		d->failed = d->file->ops->truncate(d->file, (int64_t)d->at);
}

bool core_is_signal(int signal)
{
	/* man 7 signal, action "Core" */
	const uint64_t set = 1ul << SIGQUIT | 1ul << SIGILL | 1ul << SIGTRAP |
			     1ul << SIGABRT | 1ul << SIGBUS | 1ul << SIGFPE |
			     1ul << SIGSEGV | 1ul << SIGXCPU | 1ul << SIGXFSZ |
			     1ul << SIGSYS;

	return signal < 64 && (set >> signal & 1);
}

/* man 5 core: "core" in the current folder, a plain file of one name. */
static long open_core(struct file **out)
{
	struct kstat st;
	long r = path_open(AT_FDCWD, "core",
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600, out);

	if (r)
		return r;
	r = (*out)->ops->stat(*out, &st);
	if (!r &&
		(!S_ISREG(st.mode) || st.nlink != 1 || !(*out)->ops->truncate))
		r = -1;
	if (!r)
		r = (*out)->ops->truncate(*out, 0);
	if (r)
		file_put(*out);
	return r;
}

bool core_dump(struct frame *frame, int signal)
{
	struct process *p = current->process;
	struct dump d = { .left = p->limits[LIMIT_CORE][0],
		.frame = frame,
		.signal = signal };

	/* less than a page is nothing: Linux fs/coredump.c */
	if (!core_is_signal(signal) || d.left < PAGE_SIZE_BYTES)
		return false;
	if (open_core(&d.file))
		return false;
	d.ranges = win_alloc(RANGES * sizeof *d.ranges);
	d.chunk = win_alloc(CHUNK);
	d.failed = !d.ranges || !d.chunk;
	if (!d.failed) {
		find_ranges(&d);
		put_all(&d);
	}
	file_put(d.file);
	win_free(d.ranges);
	win_free(d.chunk);
	return !d.failed;
}
