/* Windows' own pipes, standard handles and the console. */
#include "win/private.h"

win_handle win_standard_handle(int which)
{
	static const DWORD names[] = { STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
		STD_ERROR_HANDLE };
	HANDLE handle = GetStdHandle(names[which]);

	return handle == INVALID_HANDLE_VALUE ? 0 : (win_handle)handle;
}

int win_pipe_create(win_handle *read_end, win_handle *write_end, size_t size)
{
	HANDLE r, w;

	if (!CreatePipe(&r, &w, NULL, (DWORD)size))
		return win_errno_last();
	*read_end = (win_handle)r;
	*write_end = (win_handle)w;
	return 0;
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

int win_console_set_mode(win_handle handle, uint32_t mode)
{
	return SetConsoleMode(h(handle), mode) ? 0 : win_errno_last();
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
