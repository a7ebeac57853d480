/* Sections and views. */
#include "win/private.h"

int win_section_create(win_handle *out, const char *name, uint64_t size,
	bool reserve, bool *existed)
{
	HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL,
		PAGE_EXECUTE_READWRITE |
			(DWORD)(reserve ? SEC_RESERVE : SEC_COMMIT),
		(DWORD)(size >> 32), (DWORD)size, name);

	if (!section)
		return win_errno_last();
	if (existed)
		*existed = GetLastError() == ERROR_ALREADY_EXISTS;
	*out = (win_handle)section;
	return 0;
}

int win_section_of_file(
	win_handle *out, win_handle file, uint64_t size, int protection)
{
	DWORD page = (protection & WIN_WRITE) && !(protection & WIN_PRIVATE)
			     ? PAGE_READWRITE
			     : PAGE_WRITECOPY;
	HANDLE section = CreateFileMappingW(
		h(file), NULL, page, (DWORD)(size >> 32), (DWORD)size, NULL);

	if (!section)
		return win_errno_last();
	*out = (win_handle)section;
	return 0;
}

int win_section_map(win_handle section, void **at, uint64_t offset, size_t size,
	int protection)
{
	LARGE_INTEGER from = { .QuadPart = (int64_t)offset };
	SIZE_T length = size;
	PVOID place = *at;
	NTSTATUS status = NtMapViewOfSection(h(section), GetCurrentProcess(),
		&place, 0, 0, &from, &length, 2 /* ViewUnmap */, 0,
		win_page_protection(protection));

	if (!OK(status))
		return win_errno_from_status(status);
	/* Wine 8 ignores the address for SEC_IMAGE and reports success */
	if (*at && place != *at) {
		NtUnmapViewOfSection(GetCurrentProcess(), place);
		return -EEXIST;
	}
	*at = place;
	return 0;
}

int win_section_unmap(void *at)
{
	NTSTATUS status = NtUnmapViewOfSection(GetCurrentProcess(), at);

	return OK(status) ? 0 : win_errno_from_status(status);
}

int win_section_flush(void *at, size_t size)
{
	return FlushViewOfFile(at, size) ? 0 : win_errno_last();
}
