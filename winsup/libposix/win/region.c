/* Address space: reserving, committing, protecting, asking. */
#include "win/private.h"

DWORD win_page_protection(int protection)
{
	bool execute = protection & WIN_EXECUTE;

	if (protection & WIN_PRIVATE)
		return execute ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
	if (protection & WIN_WRITE)
		return execute ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
	if (protection & WIN_READ)
		return execute ? PAGE_EXECUTE_READ : PAGE_READONLY;
	return execute ? PAGE_EXECUTE : PAGE_NOACCESS;
}

int win_region_reserve(void *at, size_t size)
{
	void *got = VirtualAlloc(at, size, MEM_RESERVE, PAGE_NOACCESS);

	if (got == at)
		return 0;
	if (got)
		VirtualFree(got, 0, MEM_RELEASE);
	else if (GetLastError() == ERROR_NOT_ENOUGH_MEMORY)
		return -ENOMEM;
	return -EEXIST;
}

int win_region_release(void *at)
{
	return VirtualFree(at, 0, MEM_RELEASE) ? 0 : win_errno_last();
}

int win_region_commit(void *at, size_t size, int protection)
{
	return VirtualAlloc(
		       at, size, MEM_COMMIT, win_page_protection(protection))
		       ? 0
		       : -ENOMEM;
}

int win_region_decommit(void *at, size_t size)
{
	return VirtualFree(at, size, MEM_DECOMMIT) ? 0 : win_errno_last();
}

int win_region_protect(void *at, size_t size, int protection)
{
	DWORD old;

	return VirtualProtect(at, size, win_page_protection(protection), &old)
		       ? 0
		       : win_errno_last();
}

int win_region_query(const void *at, struct win_memory *out)
{
	MEMORY_BASIC_INFORMATION m;

	if (!VirtualQuery(at, &m, sizeof m))
		return win_errno_last();
	out->start = (uintptr_t)m.BaseAddress;
	out->end = out->start + m.RegionSize;
	out->free = m.State == MEM_FREE;
	out->committed = m.State == MEM_COMMIT;
	out->reserved = m.State == MEM_RESERVE;
	switch (m.Protect & 0xff) {
	case PAGE_READONLY:
		out->protection = WIN_READ;
		break;
	case PAGE_READWRITE:
	case PAGE_WRITECOPY:
		out->protection = WIN_READ | WIN_WRITE;
		break;
	case PAGE_EXECUTE:
		out->protection = WIN_EXECUTE;
		break;
	case PAGE_EXECUTE_READ:
		out->protection = WIN_READ | WIN_EXECUTE;
		break;
	case PAGE_EXECUTE_READWRITE:
	case PAGE_EXECUTE_WRITECOPY:
		out->protection = WIN_READ | WIN_WRITE | WIN_EXECUTE;
		break;
	default:
		out->protection = 0;
	}
	return 0;
}

/* Microsoft "PSAPI_WORKING_SET_EX_BLOCK": a page that was never written is
 * not valid (never touched) or still shared with its section. */
int win_region_touched(const void *at, size_t count, uint8_t *touched)
{
	PSAPI_WORKING_SET_EX_INFORMATION *pages;
	size_t i;

	pages = win_alloc(count * sizeof *pages);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		pages[i].VirtualAddress = (char *)at + i * 4096;
	if (!K32QueryWorkingSetEx(GetCurrentProcess(), pages,
		    (DWORD)(count * sizeof *pages))) {
		win_free(pages);
		return win_errno_last();
	}
	for (i = 0; i < count; i++) {
		ULONG_PTR flags = pages[i].VirtualAttributes.Flags;

		/* an invalid page may be paged out: bit 31, "Bad", tells
		 * nothing, so unless it is shared it counts as touched */
		touched[i] =
			(flags & 1) ? !pages[i].VirtualAttributes.Shared : 0;
	}
	win_free(pages);
	return 0;
}

/* Microsoft "PSAPI_WORKING_SET_EX_BLOCK", Valid. */
int win_region_resident(const void *at, size_t count, uint8_t *resident)
{
	PSAPI_WORKING_SET_EX_INFORMATION *pages;
	int r = 0;

	pages = win_alloc(count * sizeof *pages);
	if (!pages)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		pages[i].VirtualAddress = (char *)at + i * 4096;
	if (!K32QueryWorkingSetEx(
		    GetCurrentProcess(), pages, (DWORD)(count * sizeof *pages)))
		r = win_errno_last();
	for (size_t i = 0; i < count; i++)
		resident[i] = pages[i].VirtualAttributes.Valid;
	win_free(pages);
	return r;
}

int win_region_reset(void *at, size_t size)
{
	MEMORY_BASIC_INFORMATION m;
	DWORD old;

	if (!VirtualQuery(at, &m, sizeof m))
		return win_errno_last();
	old = m.Protect;
	if (!VirtualFree(at, size, MEM_DECOMMIT) ||
		!VirtualAlloc(at, size, MEM_COMMIT, old))
		return win_errno_last();
	return 0;
}
