/* /proc: processes from inside and from outside.  timeout: 120 */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char path[128];

static const char *of(int pid, const char *name)
{
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	return path;
}

static char text[1 << 16];

static ssize_t slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t n, all = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + all, sizeof text - 1 - (size_t)all)) > 0)
		all += n;
	close(fd);
	text[all] = 0;
	return n < 0 ? -1 : all;
}

struct stat_line {
	int pid, parent, group, session, tty, threads;
	char name[32], state;
	unsigned long user, system, size;
	long nice, pages;
	unsigned long long start;
};

static void read_stat(const char *name, struct stat_line *s)
{
	char *end;

	memset(s, 0, sizeof *s);
	assert_true(slurp(name) > 0);
	end = strrchr(text, ')');
	assert_non_null(end);
	assert_int_equal(sscanf(text, "%d (%31[^)]", &s->pid, s->name), 2);
	assert_int_equal(sscanf(end + 2,
				 "%c %d %d %d %d %*d %*u %*u %*u %*u %*u %lu "
				 "%lu %*d %*d %*d %ld %d %*d %llu %lu %ld",
				 &s->state, &s->parent, &s->group, &s->session,
				 &s->tty, &s->user, &s->system, &s->nice,
				 &s->threads, &s->start, &s->size, &s->pages),
		12);
}

/* The value behind "NAME:" and blanks in `text`. */
static const char *field(const char *name)
{
	const char *p = text;
	size_t n = strlen(name);

	while (strncmp(p, name, n) || p[n] != ':') {
		p = strchr(p, '\n');
		assert_non_null(p);
		p++;
	}
	p += n + 1;
	return p + strspn(p, " \t");
}

static void await_state(int pid, char wanted)
{
	struct stat_line s = { 0 };

	for (int i = 0; i < 1000 && s.state != wanted; i++) {
		read_stat(of(pid, "stat"), &s);
		if (s.state != wanted)
			usleep(10000);
	}
	assert_int_equal(s.state, wanted);
}

static int start_child(void)
{
	int pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void end_child(int pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void stat_tells_of_oneself(void **state)
{
	struct stat_line s;

	assert_int_equal(prctl(PR_SET_NAME, "odd (name"), 0);
	read_stat("/proc/self/stat", &s);
	assert_int_equal(s.pid, getpid());
	assert_string_equal(s.name, "odd (name");
	assert_int_equal(s.state, 'R');
	assert_int_equal(s.parent, getppid());
	assert_int_equal(s.group, getpgrp());
	assert_int_equal(s.session, getsid(0));
	assert_int_equal(s.threads, 1);
	assert_int_equal(s.nice, getpriority(PRIO_PROCESS, 0));
	assert_true(s.size >= 4096);
	assert_true(s.pages > 0);
	assert_true((unsigned long)s.pages * 4096 <= s.size);
	assert_int_equal(slurp("/proc/self/comm"), 10);
	assert_string_equal(text, "odd (name\n");
}

static void processor_time_grows(void **state)
{
	struct stat_line before, after;
	clock_t start = clock();

	read_stat("/proc/self/stat", &before);
	while (clock() - start < CLOCKS_PER_SEC / 5)
		;
	read_stat("/proc/self/stat", &after);
	assert_true(
		after.user + after.system >= before.user + before.system + 15);
	assert_true(
		after.user + after.system < before.user + before.system + 1000);
}

static void a_child_that_works(void **state)
{
	struct stat_line s = { 0 };
	int pid = fork();

	if (!pid)
		for (;;)
			;
	assert_true(pid > 0);
	for (int i = 0; i < 1000 && s.user + s.system < 30; i++) {
		usleep(10000);
		read_stat(of(pid, "stat"), &s);
	}
	assert_true(s.user + s.system >= 30);
	assert_int_equal(s.state, 'R');
	/* always, not now and then */
	for (int i = 0; i < 20; i++) {
		unsigned long before = s.user + s.system;

		read_stat(of(pid, "stat"), &s);
		assert_true(s.user + s.system >= before);
	}
	end_child(pid);
}

static void status_tells_of_oneself(void **state)
{
	unsigned a, b, c, d;
	mode_t mask = umask(027);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, exit);
	raise(SIGUSR1);
	assert_int_equal(prctl(PR_SET_NAME, "a\\b"), 0);
	assert_true(slurp("/proc/self/status") > 0);
	assert_int_equal(strncmp(field("Name"), "a\\\\b\n", 5), 0);
	assert_int_equal(strncmp(field("State"), "R (running)\n", 12), 0);
	assert_int_equal(atoi(field("Pid")), getpid());
	assert_int_equal(atoi(field("Tgid")), getpid());
	assert_int_equal(atoi(field("PPid")), getppid());
	assert_int_equal(strtol(field("Umask"), NULL, 8), 027);
	assert_int_equal(
		sscanf(field("Uid"), "%u %u %u %u", &a, &b, &c, &d), 4);
	assert_int_equal(a, getuid());
	assert_int_equal(b, geteuid());
	assert_int_equal(
		sscanf(field("Gid"), "%u %u %u %u", &a, &b, &c, &d), 4);
	assert_int_equal(a, getgid());
	assert_int_equal(atoi(field("Threads")), 1);
	assert_true(atol(field("VmSize")) >= atol(field("VmRSS")));
	assert_true(atol(field("VmRSS")) > 0);
	assert_true(atol(field("VmHWM")) >= atol(field("VmRSS")));
	assert_true(strtoul(field("SigBlk"), NULL, 16) & 1ul << (SIGUSR1 - 1));
	assert_true((strtoul(field("SigPnd"), NULL, 16) |
			    strtoul(field("ShdPnd"), NULL, 16)) &
		    1ul << (SIGUSR1 - 1));
	assert_true(strtoul(field("SigIgn"), NULL, 16) & 1ul << (SIGUSR2 - 1));
	assert_true(strtoul(field("SigCgt"), NULL, 16) & 1ul << (SIGHUP - 1));
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	umask(mask);
}

static void statm_has_seven_numbers(void **state)
{
	unsigned long v[7];

	assert_true(slurp("/proc/self/statm") > 0);
	assert_int_equal(sscanf(text, "%lu %lu %lu %lu %lu %lu %lu", &v[0],
				 &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]),
		7);
	assert_true(v[0] >= v[1]);
	assert_true(v[1] > 0);
	assert_true(v[5] > 0);
}

static void a_child_from_outside(void **state)
{
	struct stat_line s;
	int pid, status;
	char link[4096], wanted[4096];
	ssize_t n;

	assert_int_equal(prctl(PR_SET_NAME, "parent"), 0);
	pid = start_child();
	await_state(pid, 'S');
	read_stat(of(pid, "stat"), &s);
	assert_int_equal(s.pid, pid);
	assert_int_equal(s.parent, getpid());
	assert_string_equal(s.name, "parent");
	assert_true(slurp(of(pid, "status")) > 0);
	assert_int_equal(strncmp(field("State"), "S (sleeping)\n", 13), 0);

	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	await_state(pid, 'T');
	assert_true(slurp(of(pid, "status")) > 0);
	assert_int_equal(strncmp(field("State"), "T (stopped)\n", 12), 0);
	kill(pid, SIGCONT);
	await_state(pid, 'S');

	n = readlink(of(pid, "exe"), link, sizeof link - 1);
	assert_true(n > 0);
	link[n] = 0;
	n = readlink("/proc/self/exe", wanted, sizeof wanted - 1);
	assert_true(n > 0);
	wanted[n] = 0;
	assert_string_equal(link, wanted);
	n = readlink(of(pid, "cwd"), link, sizeof link - 1);
	assert_true(n > 0);
	link[n] = 0;
	assert_non_null(getcwd(wanted, sizeof wanted));
	assert_string_equal(link, wanted);

	kill(pid, SIGKILL);
	await_state(pid, 'Z');
	read_stat(of(pid, "stat"), &s);
	assert_string_equal(s.name, "parent");
	assert_int_equal(s.size, 0);
	assert_int_equal(s.pages, 0);
	assert_int_equal(slurp(of(pid, "cmdline")), 0);
	assert_int_equal(slurp(of(pid, "maps")), 0);
	assert_true(slurp(of(pid, "status")) > 0);
	assert_int_equal(strncmp(field("State"), "Z (zombie)\n", 11), 0);
	assert_null(strstr(text, "VmSize"));
	assert_fails(readlink(of(pid, "exe"), link, sizeof link), ENOENT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_fails(open(of(pid, "stat"), O_RDONLY), ENOENT);
	assert_fails(access(of(pid, ""), F_OK), ENOENT);
}

static void what_is_open_outlives_its_process(void **state)
{
	int pid = start_child(), fd;
	char c;
	DIR *d;

	fd = open(of(pid, "stat"), O_RDONLY);
	assert_true(fd >= 0);
	d = opendir(of(pid, ""));
	assert_non_null(d);
	end_child(pid);
	assert_fails(read(fd, &c, 1), ESRCH);
	/* Linux: ESRCH */
	assert_int_equal(openat(dirfd(d), "stat", O_RDONLY), -1);
	assert_true(errno == ESRCH || errno == ENOENT);
	close(fd);
	closedir(d);
}

/* The program run again: sleeps with odd arguments, in /. */
static void arguments_with_odd_bytes(void **state)
{
	static const char odd[] = "\001 \n\"x\\\377\t";
	char self[4096], *argv[] = { "name here", "sleep", "", (char *)odd,
		"end", NULL };
	char *envp[] = { "A=b c", "ODD=\n\200", NULL };
	char want[256], link[16];
	size_t size = 0;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int pid;

	assert_true(n > 0);
	self[n] = 0;
	pid = fork();
	if (!pid) {
		if (chdir("/"))
			_exit(2);
		execve(self, argv, envp);
		_exit(3);
	}
	for (int i = 0; argv[i]; i++) {
		memcpy(want + size, argv[i], strlen(argv[i]) + 1);
		size += strlen(argv[i]) + 1;
	}
	for (int i = 0; i < 1000; i++) {
		n = slurp(of(pid, "cmdline"));
		if (n == (ssize_t)size)
			break;
		usleep(10000);
	}
	assert_int_equal(n, size);
	assert_memory_equal(text, want, size);
	await_state(pid, 'S');
	n = slurp(of(pid, "environ"));
	assert_int_equal(n, 13);
	assert_memory_equal(text, "A=b c\0ODD=\n\200", 13);
	assert_int_equal(readlink(of(pid, "cwd"), link, sizeof link), 1);
	assert_int_equal(*link, '/');
	assert_int_equal(readlink(of(pid, "root"), link, sizeof link), 1);
	assert_int_equal(*link, '/');
	end_child(pid);
}

static void descriptors_are_links(void **state)
{
	char link[4096], wanted[4096];
	int fd = open("proc.1", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int pid, found = 0;
	struct dirent *e;
	struct stat st;
	ssize_t n;
	DIR *d;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345", 5), 5);
	assert_int_equal(dup2(fd, 50), 50);
	assert_non_null(getcwd(wanted, sizeof wanted - 8));
	strcat(wanted, "/proc.1");
	pid = start_child();
	for (int round = 0; round < 2; round++) {
		int who = round ? pid : getpid();

		n = readlink(of(who, "fd/50"), link, sizeof link - 1);
		assert_true(n > 0);
		link[n] = 0;
		assert_string_equal(link, wanted);
		assert_int_equal(lstat(of(who, "fd/50"), &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(stat(of(who, "fd/50"), &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_size, 5);
		assert_fails(readlink(of(who, "fd/51"), link, 1), ENOENT);
		assert_fails(readlink(of(who, "fd/x"), link, 1), ENOENT);
		assert_fails(readlink(of(who, "fd/050"), link, 1), ENOENT);
		d = opendir(of(who, "fd"));
		assert_non_null(d);
		found = 0;
		while ((e = readdir(d)))
			found +=
				!strcmp(e->d_name, "50") && e->d_type == DT_LNK;
		closedir(d);
		assert_int_equal(found, 1);
	}
	assert_true(slurp(of(getpid(), "fdinfo/50")) > 0);
	assert_int_equal(atoi(field("pos")), 5);
	assert_int_equal(strtol(field("flags"), NULL, 8) & O_ACCMODE, O_RDWR);
	assert_false(strtol(field("flags"), NULL, 8) & O_CLOEXEC);
	snprintf(link, sizeof link, "fdinfo/%d", fd);
	assert_true(slurp(of(getpid(), link)) > 0);
	assert_true(strtol(field("flags"), NULL, 8) & O_CLOEXEC);
	end_child(pid);
	close(50);
	close(fd);
	unlink("proc.1");
}

/* The line of maps that holds an address. */
static bool find_map(const char *file, void *at, char permissions[5])
{
	unsigned long from, to;
	FILE *f = fopen(file, "r");
	char line[4600];
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof line, f)) {
		assert_int_equal(
			sscanf(line, "%lx-%lx %4s", &from, &to, permissions),
			3);
		found = (unsigned long)at >= from && (unsigned long)at < to;
	}
	fclose(f);
	return found;
}

static void maps_shows_what_is_mapped(void **state)
{
	char *p = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q =
		mmap(NULL, 65536, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char permissions[5];
	int pid, local = 0;

	assert_true(p != MAP_FAILED && q != MAP_FAILED);
	assert_int_equal(mprotect(p + 65536, 65536, PROT_NONE), 0);
	pid = start_child();
	for (int round = 0; round < 2; round++) {
		int who = round ? pid : getpid();

		assert_true(find_map(of(who, "maps"), p, permissions));
		assert_string_equal(permissions, "rw-p");
		assert_true(find_map(of(who, "maps"), p + 65536, permissions));
		assert_string_equal(permissions, "---p");
		assert_true(
			find_map(of(who, "maps"), p + 2 * 65536, permissions));
		assert_string_equal(permissions, "rw-p");
		assert_true(find_map(of(who, "maps"), q, permissions));
		assert_string_equal(permissions, "r--s");
		assert_true(find_map(of(who, "maps"), &local, permissions));
		assert_string_equal(permissions, "rw-p");
		assert_true(find_map(of(who, "maps"),
			(void *)maps_shows_what_is_mapped, permissions));
		assert_string_equal(permissions, "r-xp");
	}
	end_child(pid);
	assert_int_equal(munmap(p, 3 * 65536), 0);
	assert_false(find_map("/proc/self/maps", p + 65536, permissions));
	munmap(q, 65536);
}

static int thread_tid;
static pthread_barrier_t barrier;

static void *named_thread(void *unused)
{
	prctl(PR_SET_NAME, "second");
	thread_tid = gettid();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void threads_are_tasks(void **state)
{
	char name[64], link[64], wanted[64];
	int count = 0;
	struct dirent *e;
	struct stat_line s;
	pthread_t t;
	ssize_t n;
	DIR *d;

	assert_int_equal(prctl(PR_SET_NAME, "first"), 0);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&t, NULL, named_thread, NULL), 0);
	pthread_barrier_wait(&barrier);
	d = opendir("/proc/self/task");
	assert_non_null(d);
	while ((e = readdir(d)))
		count += *e->d_name != '.';
	closedir(d);
	assert_int_equal(count, 2);
	snprintf(name, sizeof name, "task/%d/comm", thread_tid);
	assert_int_equal(slurp(of(getpid(), name)), 7);
	assert_string_equal(text, "second\n");
	assert_int_equal(slurp("/proc/thread-self/comm"), 6);
	assert_string_equal(text, "first\n");
	n = readlink("/proc/thread-self", link, sizeof link - 1);
	assert_true(n > 0);
	link[n] = 0;
	snprintf(wanted, sizeof wanted, "%d/task/%d", getpid(), getpid());
	assert_string_equal(link, wanted);
	read_stat("/proc/self/stat", &s);
	assert_int_equal(s.threads, 2);
	snprintf(name, sizeof name, "task/%d/stat", thread_tid);
	read_stat(of(getpid(), name), &s);
	assert_int_equal(s.pid, thread_tid);
	assert_string_equal(s.name, "second");
	snprintf(name, sizeof name, "task/%d/task", thread_tid);
	assert_fails(access(of(getpid(), name), F_OK), ENOENT);
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
}

static void comm_can_be_written(void **state)
{
	char name[32] = "";
	int fd = open("/proc/self/comm", O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "from outside, cut\n", 18), 18);
	close(fd);
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_string_equal(name, "from outside, c");
	assert_int_equal(slurp("/proc/self/comm"), 16);
}

static void limits_are_told(void **state)
{
	struct rlimit l = { 0 };
	char *line;
	unsigned long soft;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
	assert_true(slurp("/proc/self/limits") > 0);
	assert_int_equal(strncmp(text, "Limit   ", 8), 0);
	line = strstr(text, "\nMax open files ");
	assert_non_null(line);
	assert_int_equal(sscanf(line, " Max open files %lu", &soft), 1);
	assert_int_equal(soft, l.rlim_cur);
}

static double read_uptime(void)
{
	double up, idle;

	assert_true(slurp("/proc/uptime") > 0);
	assert_int_equal(sscanf(text, "%lf %lf", &up, &idle), 2);
	return up;
}

static void the_machine(void **state)
{
	double before = read_uptime(), after;
	struct timespec now;
	unsigned long total, available, user, idle;
	int processors = 0;
	char c;

	usleep(300000);
	after = read_uptime();
	assert_true(after - before > 0.25 && after - before < 60);
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_true((double)now.tv_sec + 60 > after &&
		    (double)now.tv_sec - 60 < after);

	assert_true(slurp("/proc/meminfo") > 0);
	total = strtoul(field("MemTotal"), NULL, 10);
	available = strtoul(field("MemAvailable"), NULL, 10);
	assert_true(total > 65536 && available > 0 && available <= total);
	field("MemFree");
	field("SwapTotal");
	assert_int_equal(strncmp(text, "MemTotal:  ", 11), 0);

	assert_true(slurp("/proc/stat") > 0);
	assert_int_equal(sscanf(text, "cpu  %lu %*u %*u %lu", &user, &idle), 2);
	assert_true(idle > 0);
	assert_non_null(strstr(text, "\ncpu0 "));
	assert_non_null(strstr(text, "\nbtime "));
	assert_true(strtoul(strstr(text, "\nbtime ") + 7, NULL, 10) <
		    (unsigned long)time(NULL));
	assert_non_null(strstr(text, "\nprocs_running "));

	assert_true(slurp("/proc/cpuinfo") > 0);
	for (char *p = text; (p = strstr(p, "processor\t:")); p++)
		processors++;
	assert_true(processors >= sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(slurp("/proc/loadavg") > 0);
	assert_int_equal(sscanf(text, "%*f %*f %*f %*d/%*d %*d%c", &c), 1);
	assert_int_equal(c, '\n');
	assert_true(slurp("/proc/version") > 0);
	assert_true(slurp("/proc/filesystems") > 0);
	assert_non_null(strstr(text, "nodev\tproc\n"));
}

static void names_of_the_kernel(void **state)
{
	char first[64];
	char host[256];

	assert_int_equal(slurp("/proc/sys/kernel/random/uuid"), 37);
	memcpy(first, text, 38);
	assert_int_equal(first[14], '4');
	assert_int_equal(slurp("/proc/sys/kernel/random/uuid"), 37);
	assert_string_not_equal(first, text);
	assert_int_equal(slurp("/proc/sys/kernel/random/boot_id"), 37);
	memcpy(first, text, 38);
	assert_int_equal(slurp("/proc/sys/kernel/random/boot_id"), 37);
	assert_string_equal(first, text);
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	strcat(host, "\n");
	assert_true(slurp("/proc/sys/kernel/hostname") > 0);
	assert_string_equal(text, host);
	assert_true(slurp("/proc/sys/kernel/ostype") > 0);
	assert_true(slurp("/proc/sys/kernel/osrelease") > 0);
	assert_true(slurp("/proc/sys/kernel/pid_max") > 0);
	assert_true(atoi(text) > getpid());
	assert_true(slurp("/proc/sys/fs/file-max") > 0);
	assert_true(slurp("/proc/sys/vm/overcommit_memory") > 0);
	assert_true(text[0] >= '0' && text[0] <= '2' && text[1] == '\n');
}

static void mounts_leads_to_its_own(void **state)
{
	char link[64];
	struct statfs fs;

	assert_int_equal(readlink("/proc/mounts", link, sizeof link), 11);
	assert_memory_equal(link, "self/mounts", 11);
	assert_true(slurp("/proc/mounts") > 0);
	assert_true(strstr(text, " / ") > text);
	assert_non_null(strstr(text, "proc /proc proc rw"));
	assert_int_equal(statfs("/proc/self/stat", &fs), 0);
	assert_int_equal(fs.f_type, 0x9fa0);
}

static void errors(void **state)
{
	char link[16];
	struct stat st;
	int fd;

	assert_fails(open("/proc/none", O_RDONLY), ENOENT);
	assert_fails(open("/proc/self/none", O_RDONLY), ENOENT);
	assert_fails(open("/proc/99999999", O_RDONLY), ENOENT);
	assert_fails(open("/proc/0", O_RDONLY), ENOENT);
	assert_fails(open("/proc/none", O_CREAT | O_WRONLY, 0600), ENOENT);
	assert_fails(open("/proc/self/stat/x", O_RDONLY), ENOTDIR);
	assert_fails(open("/proc/self/stat/", O_RDONLY), ENOTDIR);
	assert_fails(open("/proc/self/stat", O_RDONLY | O_DIRECTORY), ENOTDIR);
	assert_fails(open("/proc/self", O_WRONLY), EISDIR);
	assert_fails(open("/proc", O_RDWR), EISDIR);
	assert_fails(open("/proc/uptime", O_CREAT | O_EXCL | O_RDONLY, 0600),
		EEXIST);
	assert_fails(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP);
	assert_fails(mkdir("/proc/none", 0700), ENOENT);
	assert_fails(mkdir("/proc/sys", 0700), EEXIST);
	assert_fails(unlink("/proc/none"), ENOENT);
	assert_int_equal(unlink("/proc/uptime"), -1);
	assert_true(errno == EPERM || errno == EACCES);
	assert_int_equal(rmdir("/proc/sys"), -1);
	assert_true(errno == EPERM || errno == EACCES);
	assert_fails(rename("/proc/uptime", "/proc/none"), ENOENT);
	assert_fails(rename("/proc/none", "/proc/uptime"), ENOENT);
	assert_int_equal(rename("/proc/uptime", "/proc/version"), -1);
	assert_true(errno == EPERM || errno == EACCES);
	assert_fails(readlink("/proc/uptime", link, sizeof link), EINVAL);
	fd = open("/proc/self", O_RDONLY);
	assert_true(fd >= 0);
	assert_fails(read(fd, link, 1), EISDIR);
	close(fd);
	assert_int_equal(lstat("/proc/self", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat("/proc/self", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(stat("/proc/self/stat", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(stat("/proc/self/environ", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
}

static void parts_and_positions(void **state)
{
	char whole[4096], c;
	int fd = open("/proc/self/limits", O_RDONLY), pid;
	ssize_t size = read(fd, whole, sizeof whole), n = 0;

	assert_true(size > 100);
	assert_int_equal(read(fd, &c, 1), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	for (; n < size && read(fd, &c, 1) == 1; n++)
		assert_int_equal(c, whole[n]);
	assert_int_equal(n, size);
	assert_int_equal(lseek(fd, 10, SEEK_SET), 10);
	assert_int_equal(read(fd, text, 20), 20);
	assert_memory_equal(text, whole + 10, 20);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 30);
	assert_int_equal(pread(fd, text, 20, 50), 20);
	assert_memory_equal(text, whole + 50, 20);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 30);
	assert_int_equal(pread(fd, text, 20, 100000), 0);
	assert_fails(lseek(fd, -1, SEEK_SET), EINVAL);
	/* a child goes on where its parent was */
	pid = fork();
	if (!pid)
		_exit(read(fd, text, 5) != 5 || memcmp(text, whole + 30, 5));
	assert_int_equal(waitpid(pid, (int *)whole, 0), pid);
	assert_int_equal(*(int *)whole, 0);
	close(fd);

	/* read anew from the beginning it says what is then */
	fd = open("/proc/self/comm", O_RDONLY);
	assert_true(read(fd, text, 20) > 0);
	assert_int_equal(prctl(PR_SET_NAME, "anew"), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(read(fd, text, 20), 5);
	assert_memory_equal(text, "anew\n", 5);
	close(fd);
}

static int list_processes(int wanted)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int last = 0, found = 0;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		int pid = atoi(e->d_name);

		if (!pid)
			continue;
		/* each once; Linux has no type for one that has just gone */
		if (pid <= last ||
			(e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			found = -1000000;
		last = pid;
		found += pid == wanted;
	}
	closedir(d);
	return found;
}

static void processes_are_listed(void **state)
{
	int pid = start_child();

	assert_int_equal(list_processes(getpid()), 1);
	assert_int_equal(list_processes(pid), 1);
	end_child(pid);
	assert_int_equal(list_processes(pid), 0);
}

/* One of those that look: everything, again and again. */
static void look_around(int parent)
{
	static const char *const names[] = { "stat", "status", "statm",
		"cmdline", "environ", "comm", "maps", "limits", "exe", "cwd",
		"fd", "fd/1", "task" };
	struct dirent *e, *inner;
	char name[400];
	DIR *d, *in;

	d = opendir("/proc");
	if (!d)
		_exit(10);
	while ((e = readdir(d))) {
		/* others' fd/1 may be a socket or a pipe, and not for us */
		if (*e->d_name < '1' || *e->d_name > '9' ||
			getpgid(atoi(e->d_name)) != getpgrp())
			continue;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			snprintf(name, sizeof name, "/proc/%s/%s", e->d_name,
				names[i]);
			if (readlink(name, text, sizeof text) >= 0)
				continue;
			if (errno == ENOSYS || errno == EFAULT)
				_exit(11);
			in = opendir(name);
			if (!in && slurp(name) < 0 && errno != ENOENT &&
				errno != ESRCH && errno != EACCES &&
				errno != ELOOP && errno != EISDIR &&
				errno != EPERM)
				_exit(12);
			while (in && (inner = readdir(in)))
				;
			if (in)
				closedir(in);
		}
	}
	closedir(d);
	if (list_processes(parent) != 1)
		_exit(13);
}

static void while_children_come_and_go(void **state)
{
	int lookers[4], status, parent = getpid();
	time_t end = time(NULL) + 30;

	for (int i = 0; i < 4; i++) {
		lookers[i] = fork();
		if (!lookers[i]) {
			while (getppid() == parent)
				look_around(parent);
			_exit(0);
		}
		assert_true(lookers[i] > 0);
	}
	/* a slow machine need not do them all */
	for (int i = 0; i < 200 && (i < 20 || time(NULL) < end); i++) {
		int pid = i % 2 ? vfork() : fork();

		if (!pid)
			_exit(i & 0x7f);
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, (i & 0x7f) << 8);
		assert_fails(access(of(pid, "stat"), F_OK), ENOENT);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(lookers[i], &status, WNOHANG), 0);
		kill(lookers[i], SIGKILL);
		assert_int_equal(waitpid(lookers[i], &status, 0), lookers[i]);
		assert_true(WIFSIGNALED(status));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_tells_of_oneself),
		cmocka_unit_test(processor_time_grows),
		cmocka_unit_test(a_child_that_works),
		cmocka_unit_test(status_tells_of_oneself),
		cmocka_unit_test(statm_has_seven_numbers),
		cmocka_unit_test(a_child_from_outside),
		cmocka_unit_test(what_is_open_outlives_its_process),
		cmocka_unit_test(arguments_with_odd_bytes),
		cmocka_unit_test(descriptors_are_links),
		cmocka_unit_test(maps_shows_what_is_mapped),
		cmocka_unit_test(threads_are_tasks),
		cmocka_unit_test(comm_can_be_written),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(the_machine),
		cmocka_unit_test(names_of_the_kernel),
		cmocka_unit_test(mounts_leads_to_its_own),
		cmocka_unit_test(errors),
		cmocka_unit_test(parts_and_positions),
		cmocka_unit_test(processes_are_listed),
		cmocka_unit_test(while_children_come_and_go),
	};

	if (argc > 1 && !strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
