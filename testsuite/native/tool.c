/* One program in three builds: by MinGW as a native program, by the SDK as one
 * of ours, and natively for Linux as the oracle. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#include <io.h>
#include <tlhelp32.h>
#else
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#define BLOCK 65536

static unsigned char block[BLOCK];

/* Anything but plain ASCII as %xx; lone surrogates as the bytes they hide. */
static void show(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c > 32 && c < 127 && c != '%')
			putchar(c);
		else
			printf("%%%02x", c);
	}
}

static void show_arguments(int argc, char **argv, int from)
{
	printf("%d", argc - from);
	for (int i = from; i < argc; i++) {
		printf(" [");
		show(argv[i]);
		putchar(']');
	}
	putchar('\n');
}

static int get(void *to, size_t n)
{
	return (int)read(0, to, n);
}

static int put(const unsigned char *p, size_t n)
{
	while (n) {
		int r = (int)write(1, p, n);

		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static int copy(void)
{
	int n;

	while ((n = get(block, BLOCK)) > 0)
		if (put(block, (size_t)n))
			return 3;
	return n ? 4 : 0;
}

/* n bytes, all values, the same everywhere */
static int generate(uint32_t seed, long n)
{
	while (n > 0) {
		long k = n < BLOCK ? n : BLOCK;

		for (long i = 0; i < k; i++) {
			seed = seed * 1664525u + 1013904223u;
			block[i] = (unsigned char)(seed >> 24);
		}
		if (put(block, (size_t)k))
			return 3;
		n -= k;
	}
	return 0;
}

static int sum(void)
{
	uint64_t hash = 0xcbf29ce484222325u;
	long total = 0;
	int n;

	while ((n = get(block, BLOCK)) > 0) {
		for (int i = 0; i < n; i++)
			hash = (hash ^ block[i]) * 0x100000001b3u;
		total += n;
	}
	printf("%ld bytes, %08x%08x\n", total, (unsigned)(hash >> 32),
		(unsigned)hash);
	return n ? 4 : 0;
}

/* Exactly n bytes, then no more. */
static int take(long n)
{
	while (n > 0) {
		int r = get(block, (size_t)(n < BLOCK ? n : BLOCK));

		if (r <= 0)
			return 4;
		put(block, (size_t)r);
		n -= r;
	}
	return 0;
}

static int crash(const char *how)
{
#ifndef _WIN32
	signal(SIGSEGV, SIG_DFL);
#endif
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "ill"))
		__asm__ volatile("ud2");
	if (!strcmp(how, "fpe")) {
		volatile int zero = 0;
		exit(1 / zero);
	}
	return 5;
}

/* A file says that the program runs; then it waits to be killed. */
static int stay(const char *flag, int seconds)
{
	int fd = open(flag, O_WRONLY | O_CREAT, 0600);

	close(fd);
	while (seconds--) {
#ifdef _WIN32
		Sleep(1000);
#else
		sleep(1);
#endif
	}
	return 0;
}

/* Writes a moment later: whether it still lives shows in the file. */
static int later(const char *flag, const char *late, int seconds)
{
	stay(flag, seconds);
	close(open(late, O_WRONLY | O_CREAT, 0600));
	return 0;
}

static int run(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "args"))
		show_arguments(argc, argv, 2);
	else if (!strcmp(what, "argv0"))
		printf("%s\n", argv[0]);
	else if (!strcmp(what, "exit"))
		return atoi(argv[2]);
	else if (!strcmp(what, "crash"))
		return crash(argv[2]);
	else if (!strcmp(what, "cat"))
		return copy();
	else if (!strcmp(what, "gen"))
		return generate((uint32_t)atoi(argv[2]), atol(argv[3]));
	else if (!strcmp(what, "sum"))
		return sum();
	else if (!strcmp(what, "take"))
		return take(atol(argv[2]));
	else if (!strcmp(what, "stay"))
		return stay(argv[2], atoi(argv[3]));
	else if (!strcmp(what, "later"))
		return later(argv[2], argv[3], atoi(argv[4]));
	else if (!strcmp(what, "both"))
		for (int i = 0; i < 200; i++) {
			write(1, "out\n", 4);
			write(2, "err\n", 4);
		}
	else
		return 99;
	fflush(stdout);
	return 0;
}

#ifdef _WIN32
static char *bytes(const wchar_t *s, size_t n)
{
	char *to = malloc(n * 4 + 1), *p = to;

	for (size_t i = 0; i < n; i++) {
		wchar_t one[2] = { s[i], i + 1 < n ? s[i + 1] : 0 };

		if (one[0] >= 0xdc80 && one[0] < 0xdd00)
			*p++ = (char)one[0];
		else if (one[0] >= 0xd800 && one[0] < 0xdc00)
			p += WideCharToMultiByte(
				CP_UTF8, 0, one, 2, p, 8, NULL, NULL),
				i++;
		else
			p += WideCharToMultiByte(
				CP_UTF8, 0, one, 1, p, 8, NULL, NULL);
	}
	*p = 0;
	return to;
}

/* The environment without the C runtime's copy of it. */
static int environment(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		wchar_t name[64], *value = malloc(65536);
		DWORD n;

		MultiByteToWideChar(CP_UTF8, 0, argv[i], -1, name, 64);
		SetLastError(0);
		n = GetEnvironmentVariableW(name, value, 32768);
		printf("%s", argv[i]);
		if (n || !GetLastError()) {
			putchar('=');
			show(bytes(value, n));
		}
		putchar('\n');
	}
	return 0;
}

/* How many others of this program there are, once a few seconds have not made
 * them go. */
static int strays(void)
{
	int n = 1;

	for (int tries = 0; n && tries < 50; tries++) {
		HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
		PROCESSENTRY32W entry = { .dwSize = sizeof entry };

		n = -1;
		for (BOOL more = Process32FirstW(all, &entry); more;
			more = Process32NextW(all, &entry))
			n += !_wcsicmp(entry.szExeFile, L"tool.exe");
		CloseHandle(all);
		if (n)
			Sleep(100);
	}
	printf("%d strays\n", n);
	return n;
}

/* Runs the rest of the command line as it is. */
static int begin(const wchar_t *line)
{
	STARTUPINFOW s = { .cb = sizeof s };
	PROCESS_INFORMATION made;
	wchar_t *copy = _wcsdup(wcsstr(line, L" start ") + 7);
	DWORD code;

	if (!CreateProcessW(
		    NULL, copy, NULL, NULL, TRUE, 0, NULL, NULL, &s, &made))
		return 98;
	WaitForSingleObject(made.hProcess, 60000);
	GetExitCodeProcess(made.hProcess, &code);
	return (int)code;
}

static const char *level(void)
{
	switch (GetPriorityClass(GetCurrentProcess())) {
	case IDLE_PRIORITY_CLASS:
		return "idle";
	case BELOW_NORMAL_PRIORITY_CLASS:
		return "below";
	case NORMAL_PRIORITY_CLASS:
		return "normal";
	}
	return "above";
}

int wmain(int argc, wchar_t **wide)
{
	char **argv = calloc((size_t)argc + 1, sizeof *argv);

	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
	setmode(0, O_BINARY);
	setmode(1, O_BINARY);
	setmode(2, O_BINARY);
	for (int i = 0; i < argc; i++)
		argv[i] = bytes(wide[i], wcslen(wide[i]));
	if (argc > 1 && !strcmp(argv[1], "env"))
		return environment(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "level"))
		return puts(level()) < 0;
	if (argc > 1 && !strcmp(argv[1], "strays"))
		return strays();
	if (argc > 1 && !strcmp(argv[1], "start"))
		return begin(GetCommandLineW());
	if (argc > 1 && !strcmp(argv[1], "cwd")) {
		wchar_t folder[1024];

		show(bytes(folder, GetCurrentDirectoryW(1024, folder)));
		putchar('\n');
		return 0;
	}
	return run(argc, argv);
}
#else
/* Till there is input, of which it takes nothing; then again, with a signal. */
static void ignore(int signal)
{
	(void)signal;
}

static int await_input(void)
{
	struct pollfd p = { 0, POLLIN, 0 };
	struct sigaction act = { .sa_handler = ignore };
	int none = poll(&p, 1, 0) + poll(&p, 1, 50), count = -1;
	char c;

	sigaction(SIGALRM, &act, NULL);
	ioctl(0, FIONREAD, &count);
	ualarm(50000, 0);
	none += (int)read(0, &c, 1); /* interrupted */
	fcntl(0, F_SETFL, O_NONBLOCK);
	none += (int)read(0, &c, 1);
	fcntl(0, F_SETFL, 0);
	printf("%d %d, ", none, count);
	fflush(stdout);
	none = poll(&p, 1, 20000);
	ioctl(0, FIONREAD, &count);
	printf("%d %d: ", none, count);
	fflush(stdout);
	return 0;
}

/* Writes what fits, says on standard error how much, and writes on when there
 * is room. */
static int fill(void)
{
	struct pollfd p = { 1, POLLOUT, 0 };
	long done = 0, full = 0, n;
	int room;

	fcntl(1, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 3; i++) {
		while ((n = write(1, block, 3000)) > 0)
			done += n;
		full += n < 0 && errno == EAGAIN;
		while ((n = write(1, block, 1)) > 0)
			done++;
		full += n < 0 && errno == EAGAIN;
		room = poll(&p, 1, 0);
		full += room == 0;
		room = poll(&p, 1, 20000);
		full += room == 1 && p.revents == POLLOUT;
	}
	fprintf(stderr, "%ld\n", full);
	/* this one waits */
	fcntl(1, F_SETFL, 0);
	while (done < 300000) {
		n = write(1, block, 50000);
		if (n <= 0)
			return 3;
		done += n;
	}
	fprintf(stderr, "%ld\n", done);
	return 0;
}

static int environment(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		const char *value = getenv(argv[i]);

		printf("%s", argv[i]);
		if (value) {
			putchar('=');
			show(value);
		}
		putchar('\n');
	}
	return 0;
}

/* As process/priority.c divides it. */
static const char *level(void)
{
	int nice = getpriority(PRIO_PROCESS, 0);

	return nice >= 15 ? "idle"
	       : nice >= 5 ? "below"
	       : nice > -5 ? "normal"
			   : "above";
}

int main(int argc, char **argv)
{
	char folder[4096];

	if (argc > 1 && !strcmp(argv[1], "level"))
		return puts(level()) < 0;
	if (argc > 1 && !strcmp(argv[1], "env"))
		return environment(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "await"))
		return await_input();
	if (argc > 1 && !strcmp(argv[1], "fill"))
		return fill();
	if (argc > 1 && !strcmp(argv[1], "cwd")) {
		show(getcwd(folder, sizeof folder));
		putchar('\n');
		return 0;
	}
	return run(argc, argv);
}
#endif
