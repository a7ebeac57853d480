/* The descriptor table of a process. */
#include "vfs/vfs.h"

#include <fcntl.h>

#include "abi/errno.h"
#include "memory/memory.h"

struct files *files_create(void)
{
	struct files *f = win_alloc(sizeof *f);

	if (f)
		f->lock.rank = RANK_DESCRIPTORS;
	return f;
}

/* Room for descriptor fd; the lock is held. */
static int grow(struct files *f, int fd)
{
	int room = f->room ? f->room : 64;
	struct descriptor *table;

	if (fd < f->room)
		return 0;
	while (room <= fd)
		room *= 2;
	table = win_realloc(f->table, (size_t)room * sizeof *table);
	if (!table)
		return -ENOMEM;
	f->table = table;
	f->room = room;
	return 0;
}

struct files *files_copy(struct files *from)
{
	struct files *f = files_create();

	if (!f)
		return NULL;
	lock_take(&from->lock);
	if (from->room && grow(f, from->room - 1)) {
		lock_drop(&from->lock);
		files_free(f);
		return NULL;
	}
	for (int i = 0; i < from->room; i++) {
		f->table[i] = from->table[i];
		if (f->table[i].file)
			file_get(f->table[i].file);
	}
	f->lowest = from->lowest;
	lock_drop(&from->lock);
	return f;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->room; i++)
		if (f->table[i].file)
			file_put(f->table[i].file);
	win_free(f->table);
	win_free(f);
}

long fd_get(int fd, struct file **out)
{
	struct process *p = current->process;
	struct files *f = p->files;
	/* nobody else can change the table of a thread that is alone */
	bool alone = p->thread_count <= 1;
	long r = -EBADF;

	if (!alone)
		lock_take(&f->lock);
	if (fd >= 0 && fd < f->room && f->table[fd].file) {
		*out = file_get(f->table[fd].file);
		r = 0;
	}
	if (!alone)
		lock_drop(&f->lock);
	return r;
}

long fd_get_opened(int fd, struct file **out)
{
	long r = fd_get(fd, out);

	if (!r && ((*out)->flags & O_PATH)) {
		file_put(*out);
		r = -EBADF;
	}
	return r;
}

static long get_for(int fd, struct file **out, int unwanted)
{
	long r = fd_get(fd, out);

	if (!r && (((*out)->flags & O_ACCMODE) == unwanted ||
			  ((*out)->flags & O_PATH))) {
		file_put(*out);
		r = -EBADF;
	}
	return r;
}

long fd_get_readable(int fd, struct file **out)
{
	return get_for(fd, out, O_WRONLY);
}

long fd_get_writable(int fd, struct file **out)
{
	return get_for(fd, out, O_RDONLY);
}

static inline long borrow(int fd, struct file **out, int unwanted)
{
	long r;

	*out = fd_lone(fd, unwanted);
	if (*out)
		return 0;
	r = get_for(fd, out, unwanted);
	return r ? r : 1;
}

long fd_borrow_readable(int fd, struct file **out)
{
	return borrow(fd, out, O_WRONLY);
}

long fd_borrow_writable(int fd, struct file **out)
{
	return borrow(fd, out, O_RDONLY);
}

static int limit(void)
{
	uint64_t n = current->process->limits[LIMIT_FILES][0];

	return n < OPEN_FILES ? (int)n : OPEN_FILES;
}

long fd_install(struct file *file, int minimum, bool close_on_exec)
{
	struct files *f = current->process->files;
	int fd, max = limit();
	long r;

	lock_take(&f->lock);
	fd = minimum > f->lowest ? minimum : f->lowest;
	while (fd < f->room && f->table[fd].file)
		fd++;
	r = fd >= max ? -EMFILE : grow(f, fd);
	if (!r) {
		f->table[fd] = (struct descriptor){ file, close_on_exec };
		if (minimum <= f->lowest)
			f->lowest = fd + 1;
		r = fd;
	}
	lock_drop(&f->lock);
	if (r < 0)
		file_put(file);
	return r;
}

long fd_replace(int fd, struct file *file, bool close_on_exec)
{
	struct files *f = current->process->files;
	struct file *old = NULL;
	long r = -EBADF;

	lock_take(&f->lock);
	if (fd >= 0 && fd < limit())
		r = grow(f, fd);
	if (!r) {
		old = f->table[fd].file;
		f->table[fd] = (struct descriptor){ file, close_on_exec };
		r = fd;
	}
	lock_drop(&f->lock);
	if (r < 0)
		file_put(file);
	if (old) {
		records_close(old);
		file_put(old);
	}
	return r;
}

static struct file *take_out(struct files *f, int fd)
{
	struct file *file = f->table[fd].file;

	f->table[fd].file = NULL;
	if (fd < f->lowest)
		f->lowest = fd;
	return file;
}

long fd_close(int fd)
{
	struct files *f = current->process->files;
	struct file *file = NULL;

	lock_take(&f->lock);
	if (fd >= 0 && fd < f->room && f->table[fd].file)
		file = take_out(f, fd);
	lock_drop(&f->lock);
	if (!file)
		return -EBADF;
	records_close(file);
	file_put(file);
	return 0;
}

long fd_flags(int fd, int set)
{
	struct files *f = current->process->files;
	long r = -EBADF;

	lock_take(&f->lock);
	if (fd >= 0 && fd < f->room && f->table[fd].file) {
		if (set >= 0)
			f->table[fd].close_on_exec = set & FD_CLOEXEC;
		r = f->table[fd].close_on_exec ? FD_CLOEXEC : 0;
	}
	lock_drop(&f->lock);
	return r;
}

int fd_next(struct files *f, int from)
{
	int fd = -1;

	lock_take(&f->lock);
	for (int i = from; i < f->room; i++) {
		if (f->table[i].file) {
			fd = i;
			break;
		}
	}
	lock_drop(&f->lock);
	return fd;
}

void files_each(void (*f)(struct file *file, void *argument), void *argument)
{
	struct files *files = current->process->files;

	lock_take(&files->lock);
	for (int i = 0; i < files->room; i++)
		if (files->table[i].file)
			f(files->table[i].file, argument);
	lock_drop(&files->lock);
}

struct moved {
	const char *from, *to;
};

static void move_path(struct file *file, void *argument)
{
	struct moved *m = argument;
	char *path = NULL;

	lock_take(&file->lock);
	if (file->path)
		path = path_moved(file->path, m->from, m->to);
	if (path) {
		win_free(file->path);
		file->path = path;
	}
	lock_drop(&file->lock);
}

void files_moved(const char *from, const char *to)
{
	struct moved m = { from, to };

	files_each(move_path, &m);
}

/* ---- telling another host ---- */

/* Each open file once, before the first descriptor that has it; a later one
 * says by its number which descriptor it shares with. */
static int first_with(struct files *f, int fd, int how)
{
	for (int i = 0; i < fd; i++)
		if (f->table[i].file == f->table[fd].file &&
			!(how == TRANSFER_EXEC && f->table[i].close_on_exec))
			return i;
	return fd;
}

void files_pack(struct process *p, struct transfer *to, int how)
{
	struct files *f = p->files;

	lock_take(&f->lock);
	for (int i = 0; i < f->room; i++) {
		struct descriptor *d = &f->table[i];
		int first;

		if (d->file && how == TRANSFER_EXEC && d->close_on_exec)
			records_close(d->file);
		if (!d->file || (how == TRANSFER_EXEC && d->close_on_exec))
			continue;
		/* of what can't be told the other knows nothing */
		if (!d->file->ops->pack)
			continue;
		first = d->file->refs > 1 ? first_with(f, i, how) : i;
		transfer_put_number(to, (uint64_t)i + 1);
		transfer_put_number(to, (uint64_t)d->close_on_exec);
		transfer_put_number(to, (uint64_t)first);
		if (first == i)
			file_pack(d->file, to);
	}
	transfer_put_number(to, 0);
	lock_drop(&f->lock);
}

int files_unpack(struct process *p, struct transfer *from, int how)
{
	struct files *f = files_create();
	uint64_t number;

	(void)how;
	if (!f)
		return -ENOMEM;
	p->files = f;
	while ((number = transfer_get_number(from))) {
		int fd = (int)number - 1, first;
		bool close_on_exec = transfer_get_number(from);
		struct file *file;

		first = (int)transfer_get_number(from);
		if (grow(f, fd))
			return -ENOMEM;
		file = first == fd ? file_unpack(from)
				   : file_get(f->table[first].file);
		if (!file)
			return (int)from->error;
		f->table[fd] = (struct descriptor){ file, close_on_exec };
	}
	return (int)from->error;
}

void files_exec(struct process *p)
{
	struct files *f = p->files;

	for (int i = 0; i < f->room; i++) {
		struct file *file;

		if (!f->table[i].file || !f->table[i].close_on_exec)
			continue;
		file = take_out(f, i);
		records_close(file);
		file_put(file);
	}
}

long files_look_of(
	win_handle process, const struct files *there, struct descriptor **out)
{
	struct files f;
	size_t size;

	*out = NULL;
	if (memory_read_of(process, &f, there, sizeof f))
		return -EFAULT;
	if (f.room < 0 || f.room > 2 * OPEN_FILES)
		return -EFAULT;
	size = (size_t)f.room * sizeof **out;
	if (!size)
		return 0;
	*out = win_alloc(size);
	if (!*out)
		return -ENOMEM;
	if (memory_read_of(process, *out, f.table, size)) {
		win_free(*out);
		*out = NULL;
		return -EFAULT;
	}
	return f.room;
}
