/* Measures one thing, as bare Win32 code compiled with MinGW:
 *   win32 NAME           prints the median time of one operation in ns
 *   win32                ends at once: the empty program to be started */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static char block[65536] __attribute__((aligned(4096))), own[MAX_PATH];
static HANDLE from_child, to_child, disk;
static PROCESS_INFORMATION helper;

static int64_t now(void)
{
	LARGE_INTEGER t, f;

	QueryPerformanceCounter(&t);
	QueryPerformanceFrequency(&f);
	return (int64_t)((double)t.QuadPart * 1e9 / (double)f.QuadPart);
}

static void check(BOOL good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "win32: %s: error %lu\n", what, GetLastError());
	exit(1);
}

static void start(const char *word, HANDLE in, HANDLE out, BOOL inherit,
	PROCESS_INFORMATION *made)
{
	STARTUPINFOA s = { .cb = sizeof s };
	char line[MAX_PATH + 32];

	snprintf(line, sizeof line, "\"%s\" %s", own, word);
	if (inherit) {
		s.dwFlags = STARTF_USESTDHANDLES;
		s.hStdInput = in;
		s.hStdOutput = out;
	}
	check(CreateProcessA(
		      own, line, NULL, NULL, inherit, 0, NULL, NULL, &s, made),
		"CreateProcess");
	CloseHandle(made->hThread);
}

static void do_create(long n)
{
	while (n--) {
		PROCESS_INFORMATION made;

		start("", NULL, NULL, FALSE, &made);
		WaitForSingleObject(made.hProcess, INFINITE);
		CloseHandle(made.hProcess);
	}
}

static void end_helper(void)
{
	TerminateProcess(helper.hProcess, 0);
}

static void start_helper(const char *word)
{
	SECURITY_ATTRIBUTES inherit = { sizeof inherit, NULL, TRUE };
	HANDLE in, out;

	check(CreatePipe(&in, &to_child, &inherit, sizeof block) &&
			CreatePipe(&from_child, &out, &inherit, sizeof block),
		"CreatePipe");
	start(word, in, out, TRUE, &helper);
	CloseHandle(in);
	CloseHandle(out);
	atexit(end_helper);
}

static void start_writer(void)
{
	start_helper("-writer");
}

static void start_answering(void)
{
	start_helper("-answer");
}

static void writer(void)
{
	HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD done;

	while (WriteFile(out, block, sizeof block, &done, NULL))
		;
}

static void answer(void)
{
	HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
	HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD done;
	char c;

	while (ReadFile(in, &c, 1, &done, NULL) && done)
		WriteFile(out, &c, 1, &done, NULL);
}

static void do_pipe(long n)
{
	DWORD done;

	for (size_t left = (size_t)n * sizeof block; left; left -= done)
		check(ReadFile(from_child, block,
			      left < sizeof block ? (DWORD)left : sizeof block,
			      &done, NULL),
			"ReadFile");
}

static void do_ping(long n)
{
	DWORD done;
	char c = 'x';

	while (n--)
		check(WriteFile(to_child, &c, 1, &done, NULL) &&
				ReadFile(from_child, &c, 1, &done, NULL),
			"ping");
}

static void make_file(void)
{
	DWORD done;

	disk = CreateFileA("bench-file-win32", GENERIC_READ | GENERIC_WRITE,
		FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, CREATE_ALWAYS,
		FILE_FLAG_DELETE_ON_CLOSE, NULL);
	check(disk != INVALID_HANDLE_VALUE, "CreateFile");
	for (int i = 0; i < 16; i++)
		check(WriteFile(disk, block, sizeof block, &done, NULL),
			"WriteFile");
}

static void do_read(long n)
{
	DWORD done;

	for (long i = 0; i < n; i++) {
		if (i % 256 == 0)
			SetFilePointer(disk, 0, NULL, FILE_BEGIN);
		check(ReadFile(disk, block, 4096, &done, NULL), "ReadFile");
	}
}

static void do_write(long n)
{
	DWORD done;

	for (long i = 0; i < n; i++) {
		if (i % 256 == 0)
			SetFilePointer(disk, 0, NULL, FILE_BEGIN);
		check(WriteFile(disk, block, 4096, &done, NULL), "WriteFile");
	}
}

/* ---- threads and locks ---- */

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
static int turn;
static HANDLE ask_event, answer_event;

static void do_mutex(long n)
{
	while (n--) {
		AcquireSRWLockExclusive(&lock);
		ReleaseSRWLockExclusive(&lock);
	}
}

static void take_turn(int mine)
{
	AcquireSRWLockExclusive(&lock);
	while (turn != mine)
		SleepConditionVariableSRW(&condition, &lock, INFINITE, 0);
	turn = !mine;
	WakeConditionVariable(&condition);
	ReleaseSRWLockExclusive(&lock);
}

static DWORD WINAPI answer_turns(void *unused)
{
	for (;;)
		take_turn(1);
	return 0;
}

static void start_condition(void)
{
	check(CreateThread(NULL, 0, answer_turns, NULL, 0, NULL) != NULL,
		"CreateThread");
}

static void do_condition(long n)
{
	while (n--)
		take_turn(0);
}

static DWORD WINAPI nothing(void *unused)
{
	return 0;
}

static void do_threads(long n)
{
	while (n--) {
		HANDLE t = CreateThread(NULL, 0, nothing, NULL, 0, NULL);

		check(t != NULL, "CreateThread");
		WaitForSingleObject(t, INFINITE);
		CloseHandle(t);
	}
}

static void open_events(void)
{
	ask_event = CreateEventA(NULL, FALSE, FALSE, "libposix-bench-ask");
	answer_event =
		CreateEventA(NULL, FALSE, FALSE, "libposix-bench-answer");
	check(ask_event && answer_event, "CreateEvent");
}

static void answer_events(void)
{
	open_events();
	while (!WaitForSingleObject(ask_event, INFINITE))
		SetEvent(answer_event);
}

static void start_events(void)
{
	open_events();
	start_helper("-events");
}

static void do_events(long n)
{
	while (n--) {
		SetEvent(ask_event);
		WaitForSingleObject(answer_event, INFINITE);
	}
}

static const struct work {
	const char *name;
	void (*prepare)(void);
	void (*run)(long n);
	long count;
	int samples;
} works[] = {
	{ "create", NULL, do_create, 3, 21 },
	{ "pipe_64k", start_writer, do_pipe, 100, 21 },
	{ "ping", start_answering, do_ping, 200, 21 },
	{ "mutex", NULL, do_mutex, 100000, 21 },
	{ "condition", start_condition, do_condition, 200, 21 },
	{ "threads", NULL, do_threads, 20, 21 },
	{ "events", start_events, do_events, 200, 21 },
	{ "read_4k", make_file, do_read, 2048, 21 },
	{ "write_4k", make_file, do_write, 2048, 21 },
};

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct work *w)
{
	double samples[64];

	w->run(w->count / 10 + 1);
	for (int i = 0; i < w->samples; i++) {
		int64_t begin = now();

		w->run(w->count);
		samples[i] = (double)(now() - begin) / (double)w->count;
	}
	qsort(samples, (size_t)w->samples, sizeof *samples, by_value);
	printf("%.1f\n", samples[w->samples / 2]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	GetModuleFileNameA(NULL, own, sizeof own);
	if (!strcmp(argv[1], "-writer"))
		writer();
	if (!strcmp(argv[1], "-answer"))
		answer();
	if (!strcmp(argv[1], "-events"))
		answer_events();
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		const struct work *w = &works[i];

		if (strcmp(w->name, argv[1]))
			continue;
		if (w->prepare)
			w->prepare();
		measure(w);
	}
	return 0;
}
