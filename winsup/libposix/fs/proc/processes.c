/* /proc/PID: what each file says.  The formats are those of man 5 proc; what
 * Windows cannot tell is 0 there. */
#include "fs/proc/proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "signal/signal.h"

#define TICK 10000000l /* ns: a clock tick of 1/100 s */

/* ---- what several of them say ---- */

struct facts {
	struct subject s;
	bool has_thread;
	struct thread thread;
	char state;
	const char *name;
	int64_t user, system; /* ns */
	struct win_process_memory memory;
	uint64_t ignored, caught, pending, blocked;
};

static char state_of(const struct facts *f, const struct node *n)
{
	uint32_t slot =
		f->has_thread ? f->thread.slot : f->s.shared->main_thread - 1;

	if (f->s.zombie)
		return 'Z';
	if (f->s.shared->flags & PROCESS_STOPPED)
		return 'T';
	if (f->s.own && n->tid == current->tid)
		return 'R';
	return slot < THREAD_SLOTS && task_shared()->threads[slot].sleeping
		       ? 'S'
		       : 'R';
}

/* Its handle is one of its own process's. */
static bool thread_times(const struct facts *f, int64_t *user, int64_t *system)
{
	win_handle h;
	bool known;

	if (!f->has_thread || !f->thread.handle ||
		win_duplicate_from(
			subject_windows(&f->s), f->thread.handle, &h))
		return false;
	known = !win_thread_times(h, user, system);
	win_close(h);
	return known;
}

/* Wine 8 tells the caller's own times, whatever process is asked for. */
static bool process_times(const struct facts *f, int64_t *user, int64_t *system)
{
	int64_t u[2], s[2];
	win_handle self = win_process_self(), other = subject_windows(&f->s);

	if (win_process_times(self, &u[0], &s[0]) ||
		win_process_times(other, user, system) ||
		win_process_times(self, &u[1], &s[1]))
		return false;
	return other == self || *user < u[0] || *user > u[1] ||
	       *system < s[0] || *system > s[1];
}

static void find_times(struct facts *f, const struct node *n)
{
	int64_t user = 0, system = 0;

	f->user = f->s.shared->user_time;
	f->system = f->s.shared->system_time;
	if (!f->s.there || f->s.there->vfork_of)
		return;
	if (n->task) {
		f->user = f->system = 0;
		thread_times(f, &f->user, &f->system);
		return;
	}
	/* else as much as the first thread has used */
	if (!process_times(f, &user, &system))
		thread_times(f, &user, &system);
	user -= f->s.there->base_user_time;
	system -= f->s.there->base_system_time;
	f->user = user > 0 ? user : 0;
	f->system = system > 0 ? system : 0;
}

/* To be freed with win_free(). */
static long find_facts(const struct node *n, struct facts **out)
{
	struct facts *f = win_alloc(sizeof *f);
	win_handle windows;
	long r;

	*out = f;
	if (!f)
		return -ENOMEM;
	r = subject_find(n, &f->s, true);
	if (r == -EACCES)
		r = 0; /* what is in shared memory can be told */
	if (r)
		return r;
	f->has_thread = subject_thread(&f->s, n, &f->thread);
	if (n->tid != n->pid && !f->has_thread)
		return -ESRCH;
	f->name = n->tid == n->pid ? f->s.shared->name : f->thread.name;
	f->state = state_of(f, n);
	find_times(f, n);
	windows = subject_windows(&f->s);
	if (windows)
		win_process_memory(windows, &f->memory);
	if (f->s.there)
		signals_look_of(f->s.host, f->s.there->signals, &f->ignored,
			&f->caught);
	if (f->has_thread) {
		f->pending = f->thread.signals_pending;
		f->blocked = f->thread.sigmask;
	}
	return 0;
}

/* Windows counts what a process has been promised and what of all is in memory
 * now; address space without either costs nothing and counts nothing. */
static uint64_t size_of(const struct facts *f)
{
	return f->memory.private > f->memory.resident ? f->memory.private
						      : f->memory.resident;
}

static int parent_of(const struct facts *f)
{
	return f->s.shared->parent;
}

static bool has_console(const struct facts *f)
{
	uint32_t host = f->s.shared->host;

	return host < HOST_SLOTS && task_shared()->hosts[host].console;
}

/* ---- files ---- */

static long stat_text(const struct node *n, struct text *t)
{
	const struct process_slot *p;
	struct facts *f;
	long r = find_facts(n, &f);

	if (r)
		goto out;
	p = f->s.shared;
	text_add(t, "%d (%.*s) %c %d %d %d %d %d 0 ", n->tid, NAME_SIZE - 1,
		f->name, f->state, parent_of(f), (int)p->group, (int)p->session,
		has_console(f) ? 5 << 8 : 0,
		has_console(f) ? (int)task_shared()->console_group : -1);
	text_add(t, "%lu 0 0 0 %ld %ld %ld %ld ", f->memory.faults,
		f->user / TICK, f->system / TICK, p->children_user_time / TICK,
		p->children_system_time / TICK);
	text_add(t, "%d %d %u 0 %ld %lu %lu %lu ", 20 + p->nice, p->nice,
		f->s.zombie  ? 1
		: p->threads ? (unsigned)p->threads
			     : 1,
		p->start_time / TICK, f->s.zombie ? 0 : size_of(f),
		f->memory.resident / PAGE_SIZE_BYTES, UNLIMITED);
	text_add(t, "0 0 0 0 0 %lu %lu %lu %lu 0 0 0 ",
		(f->pending | p->signals.pending) & 0x7fffffff,
		f->blocked & 0x7fffffff, f->ignored & 0x7fffffff,
		f->caught & 0x7fffffff);
	text_add(t, "%u 0 0 0 0 0 0 0 0 0 ", (unsigned)p->exit_signal);
	if (f->s.there)
		text_add(t, "%lu %lu %lu %lu ", f->s.there->arguments,
			f->s.there->environment, f->s.there->environment,
			f->s.there->environment_end);
	else
		text_add(t, "0 0 0 0 ");
	text_add(t, "%d\n", f->s.zombie ? task_process_status(p->word) : 0);
out:
	win_free(f);
	return r;
}

static const char *state_name(char state)
{
	return state == 'R'   ? "running"
	       : state == 'S' ? "sleeping"
	       : state == 'T' ? "stopped"
			      : "zombie";
}

static void status_memory(struct text *t, const struct facts *f)
{
	const struct win_process_memory *m = &f->memory;
	uint64_t peak = m->private_peak > m->resident_peak ? m->private_peak
							   : m->resident_peak;

	text_add(t,
		"VmPeak:\t%8lu kB\n"
		"VmSize:\t%8lu kB\n"
		"VmLck:\t%8u kB\n"
		"VmPin:\t%8u kB\n"
		"VmHWM:\t%8lu kB\n"
		"VmRSS:\t%8lu kB\n",
		peak / 1024, size_of(f) / 1024, 0, 0, m->resident_peak / 1024,
		m->resident / 1024);
	text_add(t,
		"VmData:\t%8lu kB\n"
		"VmStk:\t%8lu kB\n"
		"VmSwap:\t%8u kB\n",
		m->private / 1024, USER_STACK_SIZE / 1024, 0);
}

static void status_ids(struct text *t, const struct facts *f)
{
	const struct process_slot *p = f->s.shared;
	const struct process *there = f->s.there;

	text_add(t, "Uid:\t%u\t%u\t%u\t%u\n", p->uid, p->euid,
		there ? there->suid : p->euid, p->euid);
	text_add(t, "Gid:\t%u\t%u\t%u\t%u\n", p->gid, p->egid,
		there ? there->sgid : p->egid, p->egid);
}

static long status_text(const struct node *n, struct text *t)
{
	char cwd[PATH_SIZE];
	struct descriptor *table;
	struct facts *f;
	uint32_t umask = 0;
	long r = find_facts(n, &f), room = 0;

	if (r)
		goto out;
	if (f->s.there) {
		fs_look_of(f->s.host, f->s.there->fs, cwd, &umask);
		room = files_look_of(f->s.host, f->s.there->files, &table);
		win_free(table);
	}
	text_add(t, "Name:\t");
	for (const char *c = f->name; *c && c < f->name + NAME_SIZE; c++)
		text_add(t,
			*c == '\n'   ? "\\n"
			: *c == '\\' ? "\\\\"
				     : "%c",
			*c);
	text_add(t, "\n");
	if (f->s.there)
		text_add(t, "Umask:\t%04o\n", umask);
	text_add(t, "State:\t%c (%s)\n", f->state, state_name(f->state));
	text_add(t, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		n->pid, n->tid, parent_of(f));
	status_ids(t, f);
	text_add(t, "FDSize:\t%ld\nGroups:\t%u \n", room > 0 ? room : 0,
		f->s.shared->gid);
	if (!f->s.zombie)
		status_memory(t, f);
	text_add(t, "Threads:\t%u\nSigQ:\t%u/%u\n",
		f->s.zombie ? 1 : (unsigned)f->s.shared->threads,
		f->s.shared->signals.ring_count, REALTIME_RING);
	text_add(t, "SigPnd:\t%016lx\nShdPnd:\t%016lx\n", f->pending,
		(unsigned long)f->s.shared->signals.pending);
	text_add(t, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		f->blocked, f->ignored, f->caught);
	text_add(t, "voluntary_ctxt_switches:\t0\n"
		    "nonvoluntary_ctxt_switches:\t0\n");
out:
	win_free(f);
	return r;
}

static long statm_text(const struct node *n, struct text *t)
{
	struct facts *f;
	long r = find_facts(n, &f);

	if (!r)
		text_add(t, "%lu %lu 0 0 0 %lu 0\n",
			(f->s.zombie ? 0 : size_of(f)) / PAGE_SIZE_BYTES,
			f->memory.resident / PAGE_SIZE_BYTES,
			f->memory.private / PAGE_SIZE_BYTES);
	win_free(f);
	return r;
}

/* A part of the other's memory; as much as can be read. */
static long memory_text(
	const struct subject *s, uintptr_t at, uintptr_t end, struct text *t)
{
	char bytes[PAGE_SIZE_BYTES];

	while (at < end) {
		size_t n = PAGE_SIZE_BYTES - at % PAGE_SIZE_BYTES;

		if (n > end - at)
			n = end - at;
		if (memory_read_of(s->host, bytes, (void *)at, n))
			break;
		text_put(t, bytes, n);
		at += n;
	}
	return 0;
}

static long cmdline_text(const struct node *n, struct text *t)
{
	struct subject s;
	long r = subject_find(n, &s, true);

	return r || !s.there ? r
			     : memory_text(&s, s.there->arguments,
				       s.there->environment, t);
}

static long environ_text(const struct node *n, struct text *t)
{
	struct subject s;
	long r = subject_find(n, &s, true);

	return r || !s.there ? r
			     : memory_text(&s, s.there->environment,
				       s.there->environment_end, t);
}

static long comm_text(const struct node *n, struct text *t)
{
	struct facts *f;
	long r = find_facts(n, &f);

	if (!r)
		text_add(t, "%.*s\n", NAME_SIZE - 1, f->name);
	win_free(f);
	return r;
}

static void limit_value(struct text *t, uint64_t value)
{
	if (value == UNLIMITED)
		text_add(t, "%-20s ", "unlimited");
	else
		text_add(t, "%-20lu ", value);
}

static long limits_text(const struct node *n, struct text *t)
{
	/* by RLIMIT_*; the units as Linux prints them */
	static const struct {
		const char *name, *unit;
	} names[LIMITS] = {
		{ "Max cpu time", "seconds" },
		{ "Max file size", "bytes" },
		{ "Max data size", "bytes" },
		{ "Max stack size", "bytes" },
		{ "Max core file size", "bytes" },
		{ "Max resident set", "bytes" },
		{ "Max processes", "processes" },
		{ "Max open files", "files" },
		{ "Max locked memory", "bytes" },
		{ "Max address space", "bytes" },
		{ "Max file locks", "locks" },
		{ "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" },
		{ "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};
	struct subject s;
	long r = subject_find(n, &s, true);

	if (r)
		return r;
	text_add(t, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		"Hard Limit", "Units");
	for (int i = 0; s.there && i < LIMITS; i++) {
		text_add(t, "%-25s ", names[i].name);
		limit_value(t, s.there->limits[i][0]);
		limit_value(t, s.there->limits[i][1]);
		text_add(t, "%-10s\n", names[i].unit);
	}
	return 0;
}

static long wchan_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "0");
	return 0;
}

/* ---- folders of numbers ---- */

static long task_text(const struct node *n, struct text *t)
{
	struct thread *thread = win_alloc(sizeof *thread);
	struct task_walk w = { 0 };
	struct subject s;
	long r = thread ? subject_find(n, &s, true) : -ENOMEM;

	while (!r && s.there && task_thread_of(s.host, s.there, &w, thread))
		text_put(t, &thread->tid, sizeof thread->tid);
	/* a zombie's first, and that which a vfork child has borrowed */
	if (!r && !t->length)
		text_put(t, &n->pid, sizeof n->pid);
	win_free(thread);
	return r;
}

static long fd_text(const struct node *n, struct text *t)
{
	struct descriptor *table = NULL;
	struct subject s;
	long r = subject_find(n, &s, true);
	long room = !r && s.there
			    ? files_look_of(s.host, s.there->files, &table)
			    : r;

	for (int fd = 0; fd < room; fd++)
		if (table[fd].file)
			text_put(t, &fd, sizeof fd);
	win_free(table);
	return room < 0 ? room : 0;
}

/* ---- links ---- */

static long exe_link(const struct node *n, char *to)
{
	struct process parent;
	struct subject s;
	const char *there;
	long r = subject_find(n, &s, true);

	if (r || !s.there)
		return r == -EACCES ? r : -ENOENT;
	there = s.there->program;
	/* until it execs a vfork child runs its parent's */
	if (!there && s.there->vfork_of &&
		!memory_read_of(
			s.host, &parent, s.there->vfork_of, sizeof parent))
		there = parent.program;
	r = memory_string_of(s.host, to, there, PATH_SIZE);
	return r <= 0 || *to != '/' ? -ENOENT : r;
}

static long cwd_link(const struct node *n, char *to)
{
	struct subject s;
	uint32_t umask;
	long r = subject_find(n, &s, true);

	if (r || !s.there)
		return r == -EACCES ? r : -ENOENT;
	for (int i = 0; i < 3; i++) {
		r = fs_look_of(s.host, s.there->fs, to, &umask);
		if (r != -EAGAIN)
			break;
	}
	return r < 0 ? -EACCES : r;
}

static long root_link(const struct node *n, char *to)
{
	struct subject s;
	long r = subject_find(n, &s, false);

	if (r || s.zombie)
		return -ENOENT;
	*to = '/';
	return 1;
}

static long fd_link(const struct node *n, char *to)
{
	struct subject s;
	struct file f;
	long r = subject_find(n, &s, true);

	if (!r)
		r = subject_file(&s, n->fd, true, &f);
	if (r < 0)
		return r == -ESRCH ? -ENOENT : r;
	return subject_describe(&s, &f, to);
}

/* man 5 proc, "/proc/[pid]/fdinfo/".  Where another's position is Windows'
 * only Windows knows it. */
static long fdinfo_text(const struct node *n, struct text *t)
{
	int64_t position = 0;
	struct subject s;
	struct file f, *own;
	int flags;
	long r = subject_find(n, &s, true);

	if (!r)
		r = subject_file(&s, n->fd, true, &f);
	if (r < 0)
		return r == -ESRCH ? r : -ENOENT;
	flags = f.shared && f.shared <= DESCRIPTIONS
			? (int)task_shared()->descriptions[f.shared - 1].flags
			: f.flags;
	if (s.own && !fd_get(n->fd, &own)) {
		flags = file_flags(own);
		if (own->ops->seek)
			position = own->ops->seek(own, 0, 1 /* SEEK_CUR */);
		if (fd_flags(n->fd, -1) > 0)
			flags |= O_CLOEXEC;
		file_put(own);
	}
	text_add(t, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t1\n",
		position < 0 ? 0 : position, (unsigned)flags);
	return 0;
}

#define FILE_MODE(mode)	  (S_IFREG | (mode))
#define FOLDER_MODE(mode) (S_IFDIR | (mode))
#define LINK_MODE	  (S_IFLNK | 0777)

const struct entry fd_entry = { "fd", S_IFLNK | 0700, NULL, fd_link };
const struct entry fdinfo_entry = { "fdinfo", FILE_MODE(0400), fdinfo_text,
	NULL };

const struct entry process_entries[] = {
	{ "", FOLDER_MODE(0555), NULL, NULL },
	{ "task", FOLDER_MODE(0555), task_text, NULL },
	{ "fd", FOLDER_MODE(0500), fd_text, NULL },
	{ "fdinfo", FOLDER_MODE(0500), fd_text, NULL },
	{ "environ", FILE_MODE(0400), environ_text, NULL },
	{ "status", FILE_MODE(0444), status_text, NULL },
	{ "limits", FILE_MODE(0444), limits_text, NULL },
	{ "comm", FILE_MODE(0644), comm_text, NULL },
	{ "cmdline", FILE_MODE(0444), cmdline_text, NULL },
	{ "stat", FILE_MODE(0444), stat_text, NULL },
	{ "statm", FILE_MODE(0444), statm_text, NULL },
	{ "maps", FILE_MODE(0444), maps_text, NULL },
	{ "smaps", FILE_MODE(0444), smaps_text, NULL },
	{ "cwd", LINK_MODE, NULL, cwd_link },
	{ "root", LINK_MODE, NULL, root_link },
	{ "exe", LINK_MODE, NULL, exe_link },
	{ "mounts", FILE_MODE(0444), mounts_text, NULL },
	{ "wchan", FILE_MODE(0444), wchan_text, NULL },
	{ NULL, 0, NULL, NULL },
};
