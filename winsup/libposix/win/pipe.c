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

int win_cancel_synchronous(win_handle thread)
{
	return CancelSynchronousIo(h(thread)) ? 0 : -ENOENT;
}

bool win_is_console(win_handle handle)
{
	DWORD mode;

	return GetConsoleMode(h(handle), &mode);
}

bool win_has_console(void)
{
	HANDLE console = CreateFileW((const WCHAR *)u"CONOUT$", GENERIC_WRITE,
		FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
		NULL);

	if (console == INVALID_HANDLE_VALUE)
		return false;
	CloseHandle(console);
	return true;
}

int win_console_size(win_handle handle, int *columns, int *rows)
{
	CONSOLE_SCREEN_BUFFER_INFO i;

	if (!GetConsoleScreenBufferInfo(h(handle), &i))
		return win_errno_last();
	*columns = i.srWindow.Right - i.srWindow.Left + 1;
	*rows = i.srWindow.Bottom - i.srWindow.Top + 1;
	return 0;
}

int win_console_mode(win_handle handle, uint32_t *mode)
{
	DWORD m;

	if (!GetConsoleMode(h(handle), &m))
		return win_errno_last();
	*mode = m;
	return 0;
}

int win_console_set_mode(win_handle handle, uint32_t mode)
{
	return SetConsoleMode(h(handle), mode) ? 0 : win_errno_last();
}

int win_console_attach(uint32_t process_id)
{
	return AttachConsole(process_id) ? 0 : win_errno_last();
}
