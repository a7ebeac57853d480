/* What is said to people: complaints on standard error and the trace file. */
#include "win/private.h"

#include "lib/lib.h"

#define LINE 1024

uint32_t win_trace_on HOST_STATE = 0;
static HANDLE trace_file HOST_STATE = 0;
static win_handle (*find_error)(void) HOST_STATE = 0;
static int (*trace_id)(int *tid) HOST_STATE = 0;

static void write_all(HANDLE to, const char *text, size_t size)
{
	DWORD done;

	WriteFile(to, text, (DWORD)size, &done, NULL);
}

static size_t finish_line(char *line, size_t length, size_t room)
{
	if (length > room - 2)
		length = room - 2;
	line[length++] = '\n';
	return length;
}

static void complain(const char *text, va_list list)
{
	char line[LINE];
	size_t n = format(line, sizeof line, "posix: ");
	HANDLE error = GetStdHandle(STD_ERROR_HANDLE);

	n += format_list(line + n, sizeof line - n, text, list);
	n = finish_line(line, n, sizeof line);
	if (!error && find_error)
		error = h(find_error());
	if (error && error != INVALID_HANDLE_VALUE)
		write_all(error, line, n);
	if (trace_file)
		write_all(trace_file, line, n);
}

void win_complain_to(win_handle (*find)(void))
{
	find_error = find;
}

void win_complain(const char *text, ...)
{
	va_list list;

	va_start(list, text);
	complain(text, list);
	va_end(list);
}

void win_die(const char *text, ...)
{
	va_list list;

	va_start(list, text);
	complain(text, list);
	va_end(list);
	win_exit_process(WIN_DIED);
}

/* Not ExitProcess(): it would run the DLLs' detach code, and other threads of
 * ours may hold any lock. */
void win_exit_process(uint32_t code)
{
	for (;;)
		TerminateProcess(GetCurrentProcess(), code);
}

void win_trace(const char *text, ...)
{
	char line[WIN_TRACE_LINE + 64];
	int64_t now;
	size_t n;
	int pid, tid;
	va_list list;
	DWORD code = GetLastError();

	if (!win_trace_on)
		return;
	now = win_clock_realtime();
	pid = trace_id(&tid);
	n = format(line, sizeof line, "%d", pid);
	if (tid != pid)
		n += format(line + n, sizeof line - n, "/%d", tid);
	n += format(line + n, sizeof line - n, " %ld.%06ld ",
		(long)(now / 1000000000), (long)(now / 1000 % 1000000));
	va_start(list, text);
	n += format_list(line + n, sizeof line - n, text, list);
	va_end(list);
	write_all(trace_file, line, finish_line(line, n, sizeof line));
	SetLastError(code);
}

/* FILE_APPEND_DATA alone: each write goes to the end, whole, so that lines of
 * many processes do not mix (Microsoft "File Access Rights Constants"). */
int win_trace_open(const uint16_t *file, win_handle *out)
{
	HANDLE f = CreateFileW(file, FILE_APPEND_DATA,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
		OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);

	if (f == INVALID_HANDLE_VALUE)
		return win_errno_last();
	*out = (win_handle)f;
	return 0;
}

win_handle win_trace_handle(void)
{
	return win_trace_on ? (win_handle)trace_file : 0;
}

void win_trace_adopt(win_handle file, int (*id)(int *tid), uint32_t how)
{
	win_trace_on = 0;
	win_close((win_handle)trace_file);
	trace_file = h(file);
	trace_id = id;
	win_trace_on = file ? how : 0;
}

#define HEADERS 4096

/* Its variables lie where ours do if it has mapped the same DLL there. */
static int trace_put(
	HANDLE process, HANDLE file, int (*id)(int *tid), uint32_t how)
{
	char headers[HEADERS];
	uint32_t on;
	size_t size;
	const void *own = win_own_image(&size);
	HANDLE there;

	if (!ReadProcessMemory(process, own, headers, HEADERS, NULL) ||
		memcmp(headers, own, HEADERS) ||
		!ReadProcessMemory(
			process, &win_trace_on, &on, sizeof on, NULL))
		return -EPERM;
	if (how && on)
		return -EPERM;
	if (how) {
		if (!DuplicateHandle(GetCurrentProcess(), file, process, &there,
			    0, FALSE, DUPLICATE_SAME_ACCESS))
			return win_errno_last();
		if (!WriteProcessMemory(
			    process, &trace_file, &there, sizeof there, NULL) ||
			!WriteProcessMemory(
				process, &trace_id, &id, sizeof id, NULL))
			return win_errno_last();
	}
	return WriteProcessMemory(
		       process, &win_trace_on, &how, sizeof how, NULL)
		       ? 0
		       : win_errno_last();
}

int win_trace_attach(
	uint32_t windows_id, win_handle file, int (*id)(int *tid), uint32_t how)
{
	HANDLE process =
		OpenProcess(PROCESS_DUP_HANDLE | PROCESS_VM_READ |
				    PROCESS_VM_WRITE | PROCESS_VM_OPERATION,
			FALSE, windows_id);
	int r;

	if (!process)
		return win_errno_last();
	r = trace_put(process, h(file), id, how);
	CloseHandle(process);
	return r;
}
