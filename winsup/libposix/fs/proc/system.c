/* /proc: what it says of the machine and of all processes together. */
#include "fs/proc/proc.h"

#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"
#include "memory/memory.h"

#define PROCESSORS_MAX 64
#define TICK	       10000000l /* ns: a clock tick of 1/100 s */

static size_t processors(struct win_processor_times t[PROCESSORS_MAX])
{
	struct win_machine machine;
	size_t n = win_processor_times(t, PROCESSORS_MAX);

	if (n)
		return n;
	win_machine(&machine);
	n = machine.processors < PROCESSORS_MAX ? machine.processors
						: PROCESSORS_MAX;
	memset(t, 0, n * sizeof *t);
	return n;
}

/* Processes that do not sleep, as state_of() in processes.c sees it. */
static unsigned running(void)
{
	const struct shared *s = task_shared();
	unsigned n = 0;

	for (uint32_t i = 0; i < s->process_end; i++) {
		const struct process_slot *p = &s->process[i];
		uint32_t thread = p->main_thread - 1;

		if (task_process_state(p->word) == PROCESS_RUNNING &&
			!(p->flags & PROCESS_STOPPED) &&
			thread < THREAD_SLOTS && !s->threads[thread].sleeping)
			n++;
	}
	return n;
}

static void processor_line(
	struct text *t, const char *name, const struct win_processor_times *p)
{
	text_add(t, "%s %ld 0 %ld %ld 0 0 0 0 0 0\n", name, p->user / TICK,
		p->system / TICK, p->idle / TICK);
}

static long stat_text(const struct node *n, struct text *t)
{
	struct win_processor_times p[PROCESSORS_MAX], sum = { 0 };
	size_t count = processors(p);
	char name[16];

	(void)n;
	for (size_t i = 0; i < count; i++) {
		sum.user += p[i].user;
		sum.system += p[i].system;
		sum.idle += p[i].idle;
	}
	processor_line(t, "cpu ", &sum);
	for (size_t i = 0; i < count; i++) {
		format(name, sizeof name, "cpu%zu", i);
		processor_line(t, name, &p[i]);
	}
	text_add(t, "intr 0\nctxt 0\nbtime %ld\n",
		(win_clock_realtime() - win_clock_monotonic()) / SECOND);
	/* pids given out: as many as there were forks, till they begin anew */
	text_add(t, "processes %d\nprocs_running %u\nprocs_blocked 0\n",
		(int)task_shared()->last_pid, running());
	return 0;
}

static long uptime_text(const struct node *n, struct text *t)
{
	struct win_processor_times p[PROCESSORS_MAX];
	size_t count = processors(p);
	int64_t now = win_clock_monotonic(), idle = 0;

	(void)n;
	for (size_t i = 0; i < count; i++)
		idle += p[i].idle;
	text_add(t, "%ld.%02ld %ld.%02ld\n", now / SECOND, now / TICK % 100,
		idle / SECOND, idle / TICK % 100);
	return 0;
}

/* Windows keeps no average of how many wait for a processor. */
static long loadavg_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "0.00 0.00 0.00 %u/%u %d\n", running(),
		task_process_count(), (int)task_shared()->last_pid);
	return 0;
}

static long meminfo_text(const struct node *n, struct text *t)
{
	struct win_machine m;

	(void)n;
	win_machine(&m);
	text_add(t,
		"MemTotal:       %8lu kB\n"
		"MemFree:        %8lu kB\n"
		"MemAvailable:   %8lu kB\n"
		"Buffers:        %8u kB\n"
		"Cached:         %8u kB\n"
		"SwapCached:     %8u kB\n",
		m.memory_total / 1024, m.memory_free / 1024,
		m.memory_free / 1024, 0, 0, 0);
	text_add(t,
		"Active:         %8lu kB\n"
		"Inactive:       %8u kB\n"
		"SwapTotal:      %8lu kB\n"
		"SwapFree:       %8lu kB\n"
		"Dirty:          %8u kB\n"
		"Shmem:          %8u kB\n"
		"Slab:           %8u kB\n"
		"SReclaimable:   %8u kB\n",
		(m.memory_total - m.memory_free) / 1024, 0, m.swap_total / 1024,
		m.swap_free / 1024, 0, 0, 0, 0);
	return 0;
}

/* ---- cpuinfo ---- */

/* Intel's and AMD's manuals, CPUID; the names as Linux has them. */
static const struct {
	uint32_t leaf;
	int reg, bit; /* 0 to 3: eax to edx */
	const char *name;
} features[] = {
	{ 1, 3, 0, "fpu" },
	{ 1, 3, 4, "tsc" },
	{ 1, 3, 6, "pae" },
	{ 1, 3, 8, "cx8" },
	{ 1, 3, 9, "apic" },
	{ 1, 3, 15, "cmov" },
	{ 1, 3, 19, "clflush" },
	{ 1, 3, 23, "mmx" },
	{ 1, 3, 24, "fxsr" },
	{ 1, 3, 25, "sse" },
	{ 1, 3, 26, "sse2" },
	{ 1, 3, 28, "ht" },
	{ 0x80000001, 3, 11, "syscall" },
	{ 0x80000001, 3, 20, "nx" },
	{ 0x80000001, 3, 27, "rdtscp" },
	{ 0x80000001, 3, 29, "lm" },
	{ 1, 2, 0, "pni" },
	{ 1, 2, 1, "pclmulqdq" },
	{ 1, 2, 9, "ssse3" },
	{ 1, 2, 12, "fma" },
	{ 1, 2, 13, "cx16" },
	{ 1, 2, 19, "sse4_1" },
	{ 1, 2, 20, "sse4_2" },
	{ 1, 2, 22, "movbe" },
	{ 1, 2, 23, "popcnt" },
	{ 1, 2, 25, "aes" },
	{ 1, 2, 26, "xsave" },
	{ 1, 2, 28, "avx" },
	{ 1, 2, 29, "f16c" },
	{ 1, 2, 30, "rdrand" },
	{ 1, 2, 31, "hypervisor" },
	{ 0x80000001, 2, 0, "lahf_lm" },
	{ 0x80000001, 2, 5, "abm" },
	{ 7, 1, 3, "bmi1" },
	{ 7, 1, 5, "avx2" },
	{ 7, 1, 8, "bmi2" },
	{ 7, 1, 9, "erms" },
	{ 7, 1, 16, "avx512f" },
	{ 7, 1, 18, "rdseed" },
	{ 7, 1, 19, "adx" },
	{ 7, 1, 29, "sha_ni" },
};

static void put_features(struct text *t)
{
	uint32_t last[4], extended[4], r[4];

	win_processor_ask(0, 0, last);
	win_processor_ask(0x80000000, 0, extended);
	text_add(t, "flags\t\t:");
	for (size_t i = 0; i < array_size(features); i++) {
		uint32_t leaf = features[i].leaf;

		if (leaf > (leaf >> 31 ? extended[0] : last[0]))
			continue;
		win_processor_ask(leaf, 0, r);
		if (r[features[i].reg] >> features[i].bit & 1)
			text_add(t, " %s", features[i].name);
	}
	text_add(t, "\n");
}

struct processor {
	char vendor[13], model_name[49];
	unsigned family, model, stepping, megahertz;
};

static void ask_processor(struct processor *p)
{
	uint32_t r[4], last;

	memset(p, 0, sizeof *p);
	win_processor_ask(0, 0, r);
	last = r[0];
	memcpy(p->vendor, &r[1], 4);
	memcpy(p->vendor + 4, &r[3], 4);
	memcpy(p->vendor + 8, &r[2], 4);
	win_processor_ask(1, 0, r);
	p->stepping = r[0] & 15;
	p->family = r[0] >> 8 & 15;
	p->model = r[0] >> 4 & 15;
	if (p->family == 15)
		p->family += r[0] >> 20 & 0xff;
	if (p->family >= 6)
		p->model |= r[0] >> 12 & 0xf0;
	if (last >= 0x16) {
		win_processor_ask(0x16, 0, r);
		p->megahertz = r[0] & 0xffff;
	}
	win_processor_ask(0x80000000, 0, r);
	for (unsigned i = 0; r[0] >= 0x80000004 && i < 3; i++) {
		uint32_t part[4];

		win_processor_ask(0x80000002 + i, 0, part);
		memcpy(p->model_name + 16 * i, part, 16);
	}
}

static long cpuinfo_text(const struct node *n, struct text *t)
{
	struct win_processor_times times[PROCESSORS_MAX];
	size_t count = processors(times);
	struct processor p;

	(void)n;
	ask_processor(&p);
	for (size_t i = 0; i < count; i++) {
		text_add(t, "processor\t: %zu\nvendor_id\t: %s\n", i, p.vendor);
		text_add(t,
			"cpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n"
			"stepping\t: %u\n",
			p.family, p.model, p.model_name, p.stepping);
		if (p.megahertz)
			text_add(t, "cpu MHz\t\t: %u.000\n", p.megahertz);
		text_add(t,
			"siblings\t: %zu\ncore id\t\t: %zu\n"
			"cpu cores\t: %zu\nfpu\t\t: yes\n",
			count, i, count);
		put_features(t);
		text_add(t, "\n");
	}
	return 0;
}

/* ---- names ---- */

static long version_text(const struct node *n, struct text *t)
{
	struct win_machine m;

	(void)n;
	win_machine(&m);
	text_add(t, "%s version %s (posix1.dll) Windows %u.%u.%u\n",
		KERNEL_NAME, KERNEL_RELEASE, m.major, m.minor, m.build);
	return 0;
}

static long ostype_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%s\n", KERNEL_NAME);
	return 0;
}

static long osrelease_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%s\n", KERNEL_RELEASE);
	return 0;
}

static long hostname_text(const struct node *n, struct text *t)
{
	char name[256];

	(void)n;
	win_host_name(name, sizeof name);
	text_add(t, "%s\n", name);
	return 0;
}

static long domainname_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "(none)\n");
	return 0;
}

static long pid_max_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%d\n", TASK_PID_MAX + 1);
	return 0;
}

static long threads_max_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%d\n", THREAD_SLOTS);
	return 0;
}

/* RFC 9562, version 4. */
static void put_uuid(struct text *t, uint64_t high, uint64_t low)
{
	high = (high & ~0xf000ul) | 0x4000;
	low = (low & ~(3ul << 62)) | 2ul << 62;
	text_add(t, "%08lx-%04lx-%04lx-%04lx-%012lx\n", high >> 32,
		high >> 16 & 0xffff, high & 0xffff, low >> 48,
		low & 0xfffffffffffful);
}

static long uuid_text(const struct node *n, struct text *t)
{
	uint64_t words[2];
	long r = win_random(words, sizeof words);

	(void)n;
	if (!r)
		put_uuid(t, words[0], words[1]);
	return r;
}

/* Of the session: nothing of ours is older. */
static long boot_id_text(const struct node *n, struct text *t)
{
	uint64_t words[2];

	(void)n;
	for (int i = 0; i < 2; i++) {
		uint64_t *shared = (uint64_t *)&task_shared()->boot_id[i];
		uint64_t none = 0, word = 0;
		long r = 0;

		while (!r && !word)
			r = win_random(&word, sizeof word);
		if (r)
			return r;
		__atomic_compare_exchange_n(shared, &none, word, false,
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		words[i] = none ? none : word;
	}
	put_uuid(t, words[0], words[1]);
	return 0;
}

/* Windows promises no more than it has: Linux' mode 2. */
static long overcommit_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "2\n");
	return 0;
}

static long file_max_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%ld\n", INT64_MAX);
	return 0;
}

static long nr_open_text(const struct node *n, struct text *t)
{
	(void)n;
	text_add(t, "%d\n", OPEN_FILES);
	return 0;
}

/* ---- mounts ---- */

static const struct {
	const struct fs_ops *ops;
	const char *type;
	bool on_disk;
} types[] = {
	{ &nt_fs, "ntfs", true },
	{ &dev_fs, "devtmpfs", false },
	{ &proc_fs, "proc", false },
	{ &drives_fs, "tmpfs", false },
};

static const char *type_of(const struct mount *m)
{
	for (size_t i = 0; i < array_size(types); i++)
		if (types[i].ops == m->ops)
			return types[i].type;
	return NULL;
}

static long filesystems_text(const struct node *n, struct text *t)
{
	(void)n;
	for (size_t i = 0; i < array_size(types); i++)
		text_add(t, "%s\t%s\n", types[i].on_disk ? "" : "nodev",
			types[i].type);
	return 0;
}

/* "\??\C:\x" as C:/x: a backslash would have to be written "\134". */
static void put_device(struct text *t, const struct mount *m)
{
	char path[PATH_SIZE];
	size_t n = utf8_from_utf16(
		path, sizeof path - 1, m->windows + 4, m->windows_length - 4);

	if (n > sizeof path - 1)
		n = sizeof path - 1;
	path[n] = 0;
	for (size_t i = 0; i < n; i++)
		if (path[i] == '\\')
			path[i] = '/';
	text_put_escaped(t, path, " \t\n\\#");
}

/* Drives that are not there have a mount all the same. */
static bool is_there(const struct mount *m, uint32_t drives)
{
	uint16_t letter = m->windows_length == 6 ? m->windows[4] | 0x20 : 0;

	return letter < 'a' || letter > 'z' || m->windows[5] != ':' ||
	       drives >> (letter - 'a') & 1;
}

long mounts_text(const struct node *n, struct text *t)
{
	uint32_t drives = win_drives();
	const struct mount *m;

	(void)n;
	for (int i = 0; (m = mount_number(i)); i++) {
		const char *type = type_of(m);

		if (!type || !is_there(m, drives))
			continue;
		if (m->windows_length > 4)
			put_device(t, m);
		else
			text_add(t, "%s", type);
		text_add(t, " ");
		text_put_escaped(t, m->prefix, " \t\n\\#");
		text_add(t, " %s %s 0 0\n", type,
			m->flags & MOUNT_READ_ONLY ? "ro" : "rw");
	}
	return 0;
}

size_t proc_mounts(char *to, size_t room)
{
	struct text t = { 0 };
	size_t n;

	mounts_text(NULL, &t);
	n = t.length < room ? t.length : room;
	memcpy(to, t.bytes, n);
	win_free(t.bytes);
	return n;
}

/* ---- links ---- */

static long self_link(const struct node *n, char *to)
{
	(void)n;
	return (long)format(to, PATH_SIZE, "%d", current->process->pid);
}

static long thread_self_link(const struct node *n, char *to)
{
	(void)n;
	return (long)format(to, PATH_SIZE, "%d/task/%d", current->process->pid,
		current->tid);
}

static long mounts_link(const struct node *n, char *to)
{
	(void)n;
	return (long)format(to, PATH_SIZE, "self/mounts");
}

#define TEXT(name, function) \
	{ \
		name, S_IFREG | 0444, function, NULL \
	}
#define FOLDER(name) \
	{ \
		name, S_IFDIR | 0555, NULL, NULL \
	}
#define LINK(name, function) \
	{ \
		name, S_IFLNK | 0777, NULL, function \
	}

const struct entry system_entries[] = {
	FOLDER(""),
	LINK("self", self_link),
	LINK("thread-self", thread_self_link),
	LINK("mounts", mounts_link),
	TEXT("cpuinfo", cpuinfo_text),
	TEXT("filesystems", filesystems_text),
	TEXT("loadavg", loadavg_text),
	TEXT("meminfo", meminfo_text),
	TEXT("stat", stat_text),
	TEXT("uptime", uptime_text),
	TEXT("version", version_text),
	FOLDER("sys"),
	FOLDER("sys/fs"),
	TEXT("sys/fs/file-max", file_max_text),
	TEXT("sys/fs/nr_open", nr_open_text),
	FOLDER("sys/kernel"),
	TEXT("sys/kernel/domainname", domainname_text),
	TEXT("sys/kernel/hostname", hostname_text),
	TEXT("sys/kernel/osrelease", osrelease_text),
	TEXT("sys/kernel/ostype", ostype_text),
	TEXT("sys/kernel/pid_max", pid_max_text),
	TEXT("sys/kernel/threads-max", threads_max_text),
	FOLDER("sys/kernel/random"),
	TEXT("sys/kernel/random/boot_id", boot_id_text),
	TEXT("sys/kernel/random/uuid", uuid_text),
	FOLDER("sys/vm"),
	TEXT("sys/vm/overcommit_memory", overcommit_text),
	{ NULL, 0, NULL, NULL },
};
