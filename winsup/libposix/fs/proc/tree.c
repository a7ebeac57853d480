/* /proc: what is where, and its operations on paths. */
#include "fs/proc/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"

/* Listings of /proc: the names, then the processes by their pids. */
#define PIDS_FROM 1000

enum table { SYSTEM, PROCESS, DESCRIPTOR, INFORMATION, TABLES };

static const struct entry *const tables[TABLES] = {
	[SYSTEM] = system_entries,
	[PROCESS] = process_entries,
	[DESCRIPTOR] = &fd_entry,
	[INFORMATION] = &fdinfo_entry,
};

static enum table table_of(const struct node *n)
{
	if (!n->pid)
		return SYSTEM;
	return n->entry == &fd_entry	   ? DESCRIPTOR
	       : n->entry == &fdinfo_entry ? INFORMATION
					   : PROCESS;
}

/* ---- from a path to a node ---- */

/* A number without a sign or zeros in front; its length, 0: it is none. */
static size_t number(const char *p, size_t length, int *out)
{
	size_t n = 0;

	*out = 0;
	while (n < length && n < 9 && p[n] >= '0' && p[n] <= '9')
		*out = *out * 10 + p[n++] - '0';
	return (n < length && p[n] != '/') || (n > 1 && *p == '0') ? 0 : n;
}

static const struct entry *find(
	const struct entry *e, const char *p, size_t length)
{
	for (; e->name; e++)
		if (strlen(e->name) == length && !memcmp(e->name, p, length))
			return e;
	return NULL;
}

static bool begins(const char *p, size_t length, const char *front)
{
	size_t n = strlen(front);

	return length > n && !memcmp(p, front, n);
}

static bool is_own(const struct node *n)
{
	return n->pid && n->slot == current->process->slot;
}

static long is_open(const struct node *n)
{
	struct subject s;
	struct file *own, copy;
	long r;

	if (is_own(n)) {
		if (fd_get(n->fd, &own))
			return -ENOENT;
		file_put(own);
		return 0;
	}
	r = subject_find(n, &s, true);
	if (!r)
		r = subject_file(&s, n->fd, true, &copy);
	return r == -ESRCH ? -ENOENT : r < 0 ? r : 0;
}

static long is_thread(const struct node *n)
{
	struct subject s;
	struct thread *t;
	long r;

	if (n->tid == n->pid)
		return 0;
	t = win_alloc(sizeof *t);
	if (!t)
		return -ENOMEM;
	r = subject_find(n, &s, true);
	if (!r && !subject_thread(&s, n, t))
		r = -ENOENT;
	win_free(t);
	return r == -ESRCH ? -ENOENT : r;
}

static long of_descriptor(
	struct node *n, const struct entry *e, const char *p, size_t length)
{
	if (number(p, length, &n->fd) != length)
		return -ENOENT;
	n->entry = e;
	return is_open(n);
}

static long of_process(struct node *n, const char *p, size_t length)
{
	size_t digits;
	long r;

	if (begins(p, length, "task/") && !n->task) {
		p += 5;
		length -= 5;
		digits = number(p, length, &n->tid);
		n->task = true;
		r = digits ? is_thread(n) : -ENOENT;
		if (r)
			return r;
		if (digits < length)
			digits++;
		p += digits;
		length -= digits;
	}
	if (begins(p, length, "fd/"))
		return of_descriptor(n, &fd_entry, p + 3, length - 3);
	if (begins(p, length, "fdinfo/"))
		return of_descriptor(n, &fdinfo_entry, p + 7, length - 7);
	n->entry = find(process_entries, p, length);
	return n->entry && !(n->task && !strcmp(n->entry->name, "task"))
		       ? 0
		       : -ENOENT;
}

static long parse(const struct place *p, struct node *n)
{
	size_t digits;
	long i;

	memset(n, 0, sizeof *n);
	digits = number(p->rest, p->length, &n->pid);
	if (!digits || !n->pid) {
		n->pid = 0;
		n->entry = find(system_entries, p->rest, p->length);
		return n->entry ? 0 : -ENOENT;
	}
	i = task_process_find(n->pid);
	if (i < 0)
		return -ENOENT;
	n->slot = (uint32_t)i;
	n->generation =
		task_process_generation(task_process_slot(n->slot)->word);
	n->tid = n->pid;
	if (digits < p->length)
		digits++;
	return of_process(n, p->rest + digits, p->length - digits);
}

/* ---- nodes ---- */

bool node_lives(const struct node *n)
{
	struct subject s;

	return !n->pid || !subject_find(n, &s, false);
}

uint64_t node_number(const struct node *n)
{
	uint64_t index = (uint64_t)(n->entry - tables[table_of(n)]) + 1;
	uint64_t in = table_of(n) == DESCRIPTOR || table_of(n) == INFORMATION
			      ? (uint64_t)n->fd + 1
			      : 0;

	return (uint64_t)n->pid << 45 |
	       (n->task ? (uint64_t)n->tid & 0xfffff : 0) << 25 | in << 8 |
	       (uint64_t)table_of(n) << 6 | index;
}

void node_pack(const struct node *n, struct transfer *to)
{
	transfer_put_number(to, table_of(n));
	transfer_put_number(to, (uint64_t)(n->entry - tables[table_of(n)]));
	transfer_put(to, n, sizeof *n);
}

bool node_unpack(struct node *n, struct transfer *from)
{
	uint64_t table = transfer_get_number(from);
	uint64_t index = transfer_get_number(from);

	transfer_get(from, n, sizeof *n);
	if (table >= TABLES || n->slot >= PROCESS_SLOTS || from->error)
		return false;
	n->entry = &tables[table][index];
	return true;
}

static bool list_node(
	const struct node *n, const char *name, struct listed *out)
{
	format(out->name, sizeof out->name, "%s", name);
	out->type = (n->entry->mode & S_IFMT) >> 12;
	out->ino = node_number(n);
	return true;
}

/* The living process with the lowest pid from `from` on. */
static bool next_process(int from, struct node *n)
{
	const struct shared *s = task_shared();

	n->pid = 0;
	for (uint32_t i = 0; i < s->process_end; i++) {
		const struct process_slot *p = &s->process[i];
		uint64_t word = p->word;
		enum process_state state = task_process_state(word);
		int pid = p->pid;

		if ((state != PROCESS_RUNNING && state != PROCESS_ZOMBIE) ||
			pid < from || (n->pid && pid > n->pid))
			continue;
		n->pid = n->tid = pid;
		n->slot = i;
		n->generation = task_process_generation(word);
	}
	n->entry = process_entries;
	return n->pid;
}

static bool list_process(int64_t *next, struct listed *out)
{
	struct node n = { 0 };
	char name[16];

	if (*next < PIDS_FROM)
		*next = PIDS_FROM;
	if (*next > INT32_MAX || !next_process((int)(*next - PIDS_FROM), &n))
		return false;
	*next = n.pid + PIDS_FROM;
	format(name, sizeof name, "%d", n.pid);
	return list_node(&n, name, out);
}

static bool list_number(const struct node *n, const struct text *numbers,
	int64_t *next, struct listed *out)
{
	struct node child = *n;
	size_t at = (size_t)(*next - 2) * sizeof(int);
	char name[16];
	int number;

	if (at + sizeof number > numbers->length)
		return false;
	memcpy(&number, numbers->bytes + at, sizeof number);
	if (!strcmp(n->entry->name, "task")) {
		child.tid = number;
		child.task = true;
		child.entry = process_entries;
	} else {
		child.fd = number;
		child.entry = n->entry->name[2] ? &fdinfo_entry : &fd_entry;
	}
	format(name, sizeof name, "%d", number);
	return list_node(&child, name, out);
}

/* The names of a table that lie in the folder. */
static bool list_name(const struct node *n, int64_t *next, struct listed *out)
{
	const struct entry *table = tables[table_of(n)];
	const char *folder = n->entry->name;
	size_t length = strlen(folder);

	for (size_t i = (size_t)*next - 2 + 1;; i++) {
		const char *name;
		struct node child = *n;

		/* the table's end may have been passed the last time */
		for (size_t k = 0; k <= i; k++)
			if (!table[k].name)
				return false;
		name = table[i].name;
		if (length) {
			if (strncmp(name, folder, length) ||
				name[length] != '/')
				continue;
			name += length + 1;
		}
		if (strchr(name, '/') ||
			(n->task && !length && !strcmp(name, "task")))
			continue;
		*next = (int64_t)i + 1;
		child.entry = &table[i];
		return list_node(&child, name, out);
	}
}

bool node_list(const struct node *n, const struct text *numbers, int64_t *next,
	struct listed *out)
{
	if (*next < 2)
		return list_node(n, *next ? ".." : ".", out);
	if (n->entry->text)
		return list_number(n, numbers, next, out);
	if (*next < PIDS_FROM && list_name(n, next, out))
		return true;
	return n->entry == system_entries && list_process(next, out);
}

/* ---- operations on paths ---- */

/* One of the caller's own descriptors, for fs/descriptors.c. */
static bool own_descriptor(
	const struct node *n, const struct place *p, struct place *out)
{
	const char *slash = p->rest;

	if (n->entry != &fd_entry || !is_own(n))
		return false;
	*out = *p;
	for (size_t i = 0; i < p->length; i++)
		if (p->rest[i] == '/')
			slash = p->rest + i + 1;
	out->rest = (char *)slash;
	out->length = p->length - (size_t)(slash - p->rest);
	return true;
}

static long link_text(const struct node *n, char *to)
{
	if (!S_ISLNK(n->entry->mode))
		return -EINVAL;
	return n->entry->link(n, to);
}

/* Another's pipe or the like has no path that one could open. */
static long can_follow(const struct node *n)
{
	char to[PATH_SIZE];
	long r = link_text(n, to);

	return r < 0				     ? r
	       : *to == '/' || n->entry != &fd_entry ? -ELOOP
						     : -EACCES;
}

static long proc_open(
	const struct place *p, int flags, uint32_t mode, struct file **out)
{
	struct place own;
	struct node n;
	long r = parse(p, &n);

	(void)mode;
	if (r)
		return r;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (own_descriptor(&n, p, &own))
		return descriptors_fs.open(&own, flags, mode, out);
	if (S_ISLNK(n.entry->mode) && p->follow)
		return can_follow(&n);
	if (S_ISLNK(n.entry->mode) && !(flags & O_PATH))
		return -ELOOP;
	if (!S_ISDIR(n.entry->mode) &&
		((flags & O_DIRECTORY) || p->must_be_folder))
		return -ENOTDIR;
	if ((flags & O_ACCMODE) != O_RDONLY && !(n.entry->mode & 0200))
		return S_ISDIR(n.entry->mode) ? -EISDIR : -EACCES;
	*out = proc_file_make(&n, flags);
	return *out ? 0 : -ENOMEM;
}

static long proc_stat(const struct place *p, struct kstat *out)
{
	struct place own;
	struct node n;
	long r = parse(p, &n);

	if (r)
		return r;
	if (own_descriptor(&n, p, &own))
		return descriptors_fs.stat(&own, out);
	if (S_ISLNK(n.entry->mode) && p->follow)
		return can_follow(&n);
	proc_fill_stat(&n, out);
	return 0;
}

static long proc_readlink(const struct place *p, char *to, size_t room)
{
	char path[PATH_SIZE];
	struct place own;
	struct node n;
	long r = parse(p, &n);

	if (r)
		return r;
	if (own_descriptor(&n, p, &own))
		return descriptors_fs.readlink(&own, to, room);
	r = link_text(&n, path);
	if (r < 0)
		return r;
	if ((size_t)r > room)
		r = (long)room;
	memcpy(to, path, (size_t)r);
	return r;
}

static long proc_set(const struct place *p, const struct attributes *a)
{
	struct place own;
	struct node n;
	long r = parse(p, &n);

	if (r)
		return r;
	if (own_descriptor(&n, p, &own))
		return descriptors_fs.set_attributes(&own, a);
	return S_ISLNK(n.entry->mode) && p->follow ? -ELOOP : -EPERM;
}

static long proc_statfs(const struct place *p, void *out)
{
	struct node n;
	long r = parse(p, &n);

	return r ? r : fs_made_statfs(out, 0x9fa0); /* PROC_SUPER_MAGIC */
}

static long proc_parent(const struct place *p)
{
	struct place up = *p;
	struct node n;
	long r;

	while (up.length && up.rest[up.length - 1] != '/')
		up.length--;
	if (up.length)
		up.length--;
	r = parse(&up, &n);
	if (r || S_ISLNK(n.entry->mode))
		return -ENOENT;
	return S_ISDIR(n.entry->mode) ? 0 : -ENOTDIR;
}

/* Nobody makes or removes anything here: as Linux answers. */
static long proc_mkdir(const struct place *p, uint32_t mode)
{
	struct node n;

	(void)mode;
	return parse(p, &n) ? -ENOENT : -EEXIST;
}

static long proc_unlink(const struct place *p)
{
	struct node n;
	long r = parse(p, &n);

	return r ? r : S_ISDIR(n.entry->mode) ? -EISDIR : -EPERM;
}

static long proc_rmdir(const struct place *p)
{
	struct node n;
	long r = parse(p, &n);

	return r ? r : !S_ISDIR(n.entry->mode) ? -ENOTDIR : -EPERM;
}

static long proc_rename(
	const struct place *from, const struct place *to, unsigned flags)
{
	struct node n;

	(void)flags;
	return parse(from, &n) || parse(to, &n) ? -ENOENT : -EPERM;
}

/* A process's own: exe, cwd, root, fd; not self and mounts. */
static bool proc_magic(const struct place *p)
{
	return strchr(p->rest, '/');
}

const struct fs_ops proc_fs = {
	.name = "proc",
	.open = proc_open,
	.stat = proc_stat,
	.readlink = proc_readlink,
	.magic = proc_magic,
	.mkdir = proc_mkdir,
	.unlink = proc_unlink,
	.rmdir = proc_rmdir,
	.rename = proc_rename,
	.set_attributes = proc_set,
	.statfs = proc_statfs,
	.parent = proc_parent,
};
