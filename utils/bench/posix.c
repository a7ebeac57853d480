/* Measures one thing, as a POSIX program: built with the SDK, and natively.
 *   posix NAME [COUNT]   prints the median time of one operation in ns
 * With COUNT it does just so many operations, once: for counting requests to
 * Wine's server. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024ul
#define MIB (1024 * KIB)

extern char **environ;
static char *program[] = { "/bin/true", NULL };
static char file[] = "bench-file";
static char block[64 * KIB] __attribute__((aligned(4096)));
static int fds[2], back[2], disk = -1;
static pid_t helper;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000l + t.tv_nsec;
}

static void reap(pid_t pid)
{
	int status;

	check(pid > 0, "child");
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	check(status == 0, "child's status");
}

/* ---- processes ---- */

static void touch(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "mmap");
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
}

static void large(void)
{
	touch(64 * MIB);
}

static void do_fork(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		reap(pid);
	}
}

static void do_fork_exec(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid) {
			execv(program[0], program);
			_exit(127);
		}
		reap(pid);
	}
}

static void do_vfork_exec(long n)
{
	while (n--) {
		pid_t pid = vfork();

		if (!pid) {
			execv(program[0], program);
			_exit(127);
		}
		reap(pid);
	}
}

static void do_spawn(long n)
{
	while (n--) {
		pid_t pid = -1;

		check(!posix_spawn(
			      &pid, program[0], NULL, NULL, program, environ),
			"posix_spawn");
		reap(pid);
	}
}

/* ---- pipes ---- */

static void end_helper(void)
{
	kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
}

pid_t start_helper(void (*body)(void))
{
	check(!pipe(fds) && !pipe(back), "pipe");
	helper = fork();
	if (!helper) {
		body();
		_exit(0);
	}
	atexit(end_helper);
	return helper;
}

static void write_for_ever(void)
{
	for (;;)
		check(write(fds[1], block, sizeof block) == sizeof block,
			"write");
}

static void start_writer(void)
{
	start_helper(write_for_ever);
}

static void do_pipe(long n)
{
	for (size_t left = (size_t)n * sizeof block; left;) {
		ssize_t r = read(fds[0], block,
			left < sizeof block ? left : sizeof block);

		check(r > 0, "read");
		left -= (size_t)r;
	}
}

static void answer_for_ever(void)
{
	char c;

	while (read(fds[0], &c, 1) == 1)
		check(write(back[1], &c, 1) == 1, "write");
}

static void start_answering(void)
{
	start_helper(answer_for_ever);
}

static void do_ping(long n)
{
	char c = 'x';

	while (n--)
		check(write(fds[1], &c, 1) == 1 && read(back[0], &c, 1) == 1,
			"ping");
}

/* ---- files ---- */

static void remove_file(void)
{
	unlink(file);
}

static void make_file(void)
{
	disk = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);
	check(disk >= 0, file);
	for (int i = 0; i < 16; i++)
		check(write(disk, block, sizeof block) == sizeof block, file);
	atexit(remove_file);
}

static void do_open(long n)
{
	while (n--)
		close(open(file, O_RDONLY));
}

static void do_stat(long n)
{
	struct stat st;

	while (n--)
		check(!stat(file, &st), "stat");
}

static void do_stat_missing(long n)
{
	struct stat st;

	while (n--)
		check(stat("bench-missing", &st) < 0, "stat");
}

static void do_read(long n)
{
	for (long i = 0; i < n; i++) {
		if (i % 256 == 0)
			lseek(disk, 0, SEEK_SET);
		check(read(disk, block, 4096) == 4096, "read");
	}
}

static void do_write(long n)
{
	for (long i = 0; i < n; i++) {
		if (i % 256 == 0)
			lseek(disk, 0, SEEK_SET);
		check(write(disk, block, 4096) == 4096, "write");
	}
}

/* ---- calls ---- */

static void do_getpid(long n)
{
	while (n--)
		getppid();
}

static void do_clock(long n)
{
	struct timespec t;

	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &t);
}

static void do_getuid(long n)
{
	while (n--)
		getuid();
}

static void do_umask(long n)
{
	while (n--)
		umask(022);
}

/* ---- code ---- */

static volatile uint64_t sink;

static void do_cpu(long n)
{
	while (n--) {
		uint64_t x = (uint64_t)n + 1;
		double d = 1;

		for (int i = 0; i < 1000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			d = d * 1.0000001 + (double)(x & 7);
		}
		sink = x + (uint64_t)d;
	}
}

static void do_malloc(long n)
{
	void *p[64];

	while (n--) {
		for (int i = 0; i < 64; i++)
			p[i] = malloc(16u << (i % 7));
		for (int i = 0; i < 64; i++)
			free(p[i]);
	}
}

static char source[16 * KIB + 64], target[16 * KIB + 64];

static __attribute__((noinline)) void copy(long n, size_t size, size_t offset)
{
	while (n--) {
		memcpy(target, source + offset, size);
		__asm__ volatile("" ::"r"(target), "r"(source) : "memory");
	}
}

static void do_memcpy_64(long n)
{
	copy(n, 64, 0);
}

static void do_memcpy_1k(long n)
{
	copy(n, 1024, 0);
}

static void do_memcpy_16k(long n)
{
	copy(n, 16 * KIB, 3);
}

static __attribute__((noinline)) void set(long n, size_t size)
{
	while (n--) {
		memset(target, (int)n, size);
		__asm__ volatile("" ::"r"(target) : "memory");
	}
}

static void do_memset_64(long n)
{
	set(n, 64);
}

static void do_memset_16k(long n)
{
	set(n, 16 * KIB);
}

static void do_strlen(long n)
{
	memset(source, 'x', 1000);
	source[1000] = 0;
	while (n--) {
		__asm__ volatile("" ::: "memory");
		sink = strlen(source);
	}
}

static int order(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void do_qsort(long n)
{
	uint32_t numbers[1000];

	while (n--) {
		uint32_t x = 12345;

		for (int i = 0; i < 1000; i++)
			numbers[i] = x = x * 1664525 + 1013904223;
		qsort(numbers, 1000, sizeof *numbers, order);
		sink = numbers[0];
	}
}

static void do_printf(long n)
{
	char text[128];

	while (n--)
		snprintf(text, sizeof text, "%d %s %08lx %.6f %c", (int)n,
			"some text", (unsigned long)n * 77, (double)n / 7, 'x');
}

/* ---- */

static const struct work {
	const char *name;
	void (*prepare)(void);
	void (*run)(long n);
	long count; /* operations in one sample */
	int samples;
} works[] = {
	{ "fork", NULL, do_fork, 10, 41 },
	{ "fork_exec", NULL, do_fork_exec, 5, 41 },
	{ "vfork_exec", NULL, do_vfork_exec, 5, 41 },
	{ "spawn", NULL, do_spawn, 5, 41 },
	{ "fork_64m", large, do_fork, 1, 21 },
	{ "vfork_exec_64m", large, do_vfork_exec, 5, 21 },
	{ "spawn_64m", large, do_spawn, 5, 21 },
	{ "pipe_64k", start_writer, do_pipe, 100, 21 },
	{ "ping", start_answering, do_ping, 200, 21 },
	{ "open_close", make_file, do_open, 200, 21 },
	{ "stat", make_file, do_stat, 200, 21 },
	{ "stat_missing", NULL, do_stat_missing, 200, 21 },
	{ "read_4k", make_file, do_read, 2048, 21 },
	{ "write_4k", make_file, do_write, 2048, 21 },
	{ "getpid", NULL, do_getpid, 100000, 21 },
	{ "clock_gettime", NULL, do_clock, 100000, 21 },
	{ "getuid", NULL, do_getuid, 100000, 21 },
	{ "umask", NULL, do_umask, 100000, 21 },
	{ "mutex", NULL, do_mutex, 100000, 21 },
	{ "shared_mutex", NULL, do_shared_mutex, 100000, 21 },
	{ "shared_mutex_ping", start_shared_mutex, do_shared_mutex_ping, 200,
		21 },
	{ "condition", start_condition, do_condition, 200, 21 },
	{ "threads", NULL, do_threads, 20, 21 },
	{ "sigprocmask", NULL, do_sigprocmask, 100000, 21 },
	{ "sigaction", NULL, do_sigaction, 100000, 21 },
	{ "raise", with_handler, do_raise, 1000, 21 },
	{ "kill_self", with_handler, do_kill_self, 1000, 21 },
	{ "signals", start_signals, do_signals, 200, 21 },
	{ "cpu", NULL, do_cpu, 1000, 21 },
	{ "malloc", NULL, do_malloc, 1000, 21 },
	{ "memcpy_64", NULL, do_memcpy_64, 200000, 21 },
	{ "memcpy_1k", NULL, do_memcpy_1k, 100000, 21 },
	{ "memcpy_16k_unaligned", NULL, do_memcpy_16k, 10000, 21 },
	{ "memset_64", NULL, do_memset_64, 200000, 21 },
	{ "memset_16k", NULL, do_memset_16k, 10000, 21 },
	{ "strlen_1k", NULL, do_strlen, 100000, 21 },
	{ "qsort_1k", NULL, do_qsort, 100, 21 },
	{ "printf", NULL, do_printf, 10000, 21 },
};

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct work *w)
{
	double samples[64];

	w->run(w->count < 10 ? w->count : w->count / 10 + 1);
	for (int i = 0; i < w->samples; i++) {
		int64_t start = now();

		w->run(w->count);
		samples[i] = (double)(now() - start) / (double)w->count;
	}
	qsort(samples, (size_t)w->samples, sizeof *samples, by_value);
	printf("%.1f\n", samples[w->samples / 2]);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof works / sizeof *works; i++) {
		const struct work *w = &works[i];

		if (strcmp(w->name, argv[1]))
			continue;
		if (w->prepare)
			w->prepare();
		if (argc > 2)
			w->run(atol(argv[2]));
		else
			measure(w);
		return 0;
	}
	fprintf(stderr, "posix: which of");
	for (size_t i = 0; i < sizeof works / sizeof *works; i++)
		fprintf(stderr, " %s", works[i].name);
	fprintf(stderr, "?\n");
	return 2;
}
