/* The room's start, and where this process's own files are. */
#include "win/private.h"

extern IMAGE_DOS_HEADER __ImageBase;

static uint16_t own_path[32768 / 8] HOST_STATE = { 0 };

int win_start(void)
{
	int r = win_thread_start();

	win_context_start();
	if (!r)
		r = win_clock_start();
	return r;
}

void *win_own_image(size_t *size)
{
	IMAGE_NT_HEADERS *headers =
		(void *)((char *)&__ImageBase + __ImageBase.e_lfanew);

	*size = headers->OptionalHeader.SizeOfImage;
	return &__ImageBase;
}

const uint16_t *win_own_path(void)
{
	if (!own_path[0])
		GetModuleFileNameW(
			(HMODULE)&__ImageBase, own_path, sizeof own_path / 2);
	return own_path;
}

const uint16_t *win_command_line(void)
{
	return GetCommandLineW();
}

uint16_t *win_environment(void)
{
	return GetEnvironmentStringsW();
}

void win_environment_free(uint16_t *block)
{
	FreeEnvironmentStringsW(block);
}

size_t win_program_path(uint16_t *to, size_t room)
{
	return GetModuleFileNameW(NULL, to, (DWORD)room);
}

size_t win_current_folder(uint16_t *to, size_t room)
{
	return GetCurrentDirectoryW((DWORD)room, to);
}
