/* Windows' own pipes, standard handles and the console. */
#include "win/private.h"

#include "lib/lib.h"

win_handle win_standard_handle(int which)
{
	static const DWORD names[] = { STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
		STD_ERROR_HANDLE };
	HANDLE handle = GetStdHandle(names[which]);

	return handle == INVALID_HANDLE_VALUE ? 0 : (win_handle)handle;
}

void win_standard_close(int which)
{
	static const DWORD names[] = { STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
		STD_ERROR_HANDLE };
	HANDLE handle = GetStdHandle(names[which]);

	SetStdHandle(names[which], NULL);
	for (int i = 0; i < 3; i++)
		if (GetStdHandle(names[i]) == handle)
			return;
	CloseHandle(handle);
}

/* Anonymous pipes know no overlapped transfers (Microsoft "Anonymous Pipe
 * Operations"), so it gets a name, of which there is only one. */
int win_pipe_for_child(
	win_handle *ours, win_handle *childs, bool child_reads, size_t size)
{
	static _Atomic uint32_t count HOST_STATE = 0;
	char name[80];
	HANDLE server, client;

	format(name, sizeof name, "\\\\.\\pipe\\posix1-%u-%u",
		(unsigned)GetCurrentProcessId(), (unsigned)++count);
	server = CreateNamedPipeA(name,
		(child_reads ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) |
			FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
		PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT |
			PIPE_REJECT_REMOTE_CLIENTS,
		1, (DWORD)size, (DWORD)size, 0, NULL);
	if (server == INVALID_HANDLE_VALUE)
		return win_errno_last();
	/* as CreatePipe() gives them: the C runtimes ask for attributes */
	client = CreateFileA(name,
		child_reads ? GENERIC_READ | FILE_WRITE_ATTRIBUTES
			    : GENERIC_WRITE | FILE_READ_ATTRIBUTES,
		0, NULL, OPEN_EXISTING, 0, NULL);
	if (client == INVALID_HANDLE_VALUE) {
		int r = win_errno_last();

		CloseHandle(server);
		return r;
	}
	*ours = (win_handle)server;
	*childs = (win_handle)client;
	return 0;
}

_Static_assert(sizeof(OVERLAPPED) == 32, "struct win_async");

static OVERLAPPED *begin(struct win_async *a)
{
	OVERLAPPED *o = (OVERLAPPED *)a->state;

	*o = (OVERLAPPED){ .hEvent = h(a->event) };
	return o;
}

static int begun(BOOL ok)
{
	return ok || GetLastError() == ERROR_IO_PENDING ? 0 : win_errno_last();
}

int win_async_create(struct win_async *a)
{
	return win_event_create(&a->event, NULL, true);
}

int win_async_read(struct win_async *a, win_handle pipe, void *to, size_t size)
{
	return begun(ReadFile(h(pipe), to, (DWORD)size, NULL, begin(a)));
}

int win_async_write(
	struct win_async *a, win_handle pipe, const void *from, size_t size)
{
	return begun(WriteFile(h(pipe), from, (DWORD)size, NULL, begin(a)));
}

int64_t win_async_result(struct win_async *a, win_handle pipe)
{
	DWORD n;

	if (GetOverlappedResult(h(pipe), (OVERLAPPED *)a->state, &n, FALSE))
		return n;
	return GetLastError() == ERROR_IO_INCOMPLETE ? -EAGAIN
						     : win_errno_last();
}

int64_t win_async_cancel(struct win_async *a, win_handle pipe)
{
	DWORD n;

	CancelIoEx(h(pipe), (OVERLAPPED *)a->state);
	if (GetOverlappedResult(h(pipe), (OVERLAPPED *)a->state, &n, TRUE))
		return n;
	return win_errno_last();
}

int64_t win_pipe_peek(win_handle pipe)
{
	DWORD available;

	if (PeekNamedPipe(h(pipe), NULL, 0, NULL, &available, NULL))
		return available;
	if (GetLastError() == ERROR_BROKEN_PIPE)
		return -EPIPE;
	return -EINVAL;
}

enum { LOCAL_INFORMATION = 24 };

/* FILE_PIPE_LOCAL_INFORMATION: Microsoft's driver kit, "ntifs.h". */
bool win_pipe_may_block(win_handle pipe, size_t size)
{
	struct {
		ULONG type, configuration, most, instances, inbound, readable,
			outbound, writable, state, end;
	} local;
	IO_STATUS_BLOCK io;

	if (!OK(NtQueryInformationFile(
		    h(pipe), &io, &local, sizeof local, LOCAL_INFORMATION)))
		return false;
	return local.writable < size;
}

/* Microsoft "SetNamedPipeHandleState", PIPE_NOWAIT, and "WriteFile": a write
 * that does not fit succeeds with fewer bytes, on Wine always none.  The mode
 * is all handles' to that end, so it is changed for that moment. */
int64_t win_pipe_write_now(
	win_handle pipe, const void *from, size_t size, bool some)
{
	DWORD before, now = PIPE_READMODE_BYTE | PIPE_NOWAIT;
	int64_t n = -EAGAIN;

	if (!GetNamedPipeHandleStateW(
		    h(pipe), &before, NULL, NULL, NULL, NULL, 0) ||
		!SetNamedPipeHandleState(h(pipe), &now, NULL, NULL))
		return -EINVAL;
	for (; size; size /= 2) {
		n = win_file_write(pipe, from, size, -1);
		if (n || !some)
			break;
	}
	SetNamedPipeHandleState(h(pipe), &before, NULL, NULL);
	return n ? n : -EAGAIN;
}

int win_cancel_synchronous(win_handle thread)
{
	return CancelSynchronousIo(h(thread)) ? 0 : -ENOENT;
}

bool win_is_console(win_handle handle)
{
	DWORD mode;

	return GetConsoleMode(h(handle), &mode);
}

static HANDLE console_output(void)
{
	return CreateFileW((const WCHAR *)u"CONOUT$",
		GENERIC_READ | GENERIC_WRITE,
		FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
		NULL);
}

bool win_has_console(void)
{
	HANDLE console = console_output();

	if (console == INVALID_HANDLE_VALUE)
		return false;
	CloseHandle(console);
	return true;
}

int win_console_size(win_handle handle, int *columns, int *rows)
{
	CONSOLE_SCREEN_BUFFER_INFO i;

	if (!GetConsoleScreenBufferInfo(h(handle), &i)) {
		/* a handle of its input knows no size */
		HANDLE output = console_output();
		BOOL known = GetConsoleScreenBufferInfo(output, &i);

		if (output != INVALID_HANDLE_VALUE)
			CloseHandle(output);
		if (!known)
			return win_errno_last();
	}
	*columns = i.srWindow.Right - i.srWindow.Left + 1;
	*rows = i.srWindow.Bottom - i.srWindow.Top + 1;
	return 0;
}

/* Microsoft "SetConsoleMode", ENABLE_VIRTUAL_TERMINAL_PROCESSING, Windows 10:
 * off unless asked for.  An older console refuses, input has another meaning
 * for the bit. */
void win_console_escapes(win_handle handle)
{
	CONSOLE_SCREEN_BUFFER_INFO i;
	DWORD mode;

	if (GetConsoleScreenBufferInfo(h(handle), &i) &&
		GetConsoleMode(h(handle), &mode))
		SetConsoleMode(h(handle), mode | 4);
}

/* Text and not bytes: those would be in the console's code page.  Microsoft
 * "CONSOLE_READCONSOLE_CONTROL": bit N of the mask ends the read at control
 * character N.  A read that Ctrl-C ends succeeds with nothing read and
 * ERROR_OPERATION_ABORTED ("ReadConsole", "CTRL+C and CTRL+BREAK Signals"). */
int64_t win_console_read(win_handle handle, uint16_t *to, size_t units)
{
	CONSOLE_READCONSOLE_CONTROL control = { sizeof control, 0, 1 << 4, 0 };
	DWORD done = 0;

	SetLastError(0);
	if (!ReadConsoleW(h(handle), to, (DWORD)units, &done, &control))
		return win_errno_last();
	return !done && GetLastError() == ERROR_OPERATION_ABORTED ? -EINTR
								  : done;
}

int win_console_write(win_handle handle, const uint16_t *from, size_t units)
{
	DWORD done;

	for (; units; from += done, units -= done)
		if (!WriteConsoleW(h(handle), from, (DWORD)units, &done, NULL))
			return win_errno_last();
	return 0;
}

/* Without the key's release: that would be left in the queue, and make the
 * handle signalled when there is nothing to read. */
void win_console_enter(win_handle handle)
{
	INPUT_RECORD down = { .EventType = KEY_EVENT,
		.Event.KeyEvent = { TRUE, 1, VK_RETURN, 28, { u'\r' }, 0 } };
	DWORD done;

	WriteConsoleInputW(h(handle), &down, 1, &done);
}
