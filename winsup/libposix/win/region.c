/* Address space: reserving, committing, protecting, asking. */
#include "win/private.h"

static DWORD unguarded(int protection)
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

DWORD win_page_protection(int protection)
{
	return unguarded(protection) |
	       (protection & WIN_GUARD ? PAGE_GUARD : 0);
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

/* Guard pages are left alone: to read one would be to use it up. */
static bool is_readable(const MEMORY_BASIC_INFORMATION *m)
{
	return m->State == MEM_COMMIT &&
	       !(m->Protect & (PAGE_NOACCESS | PAGE_GUARD | PAGE_EXECUTE));
}

size_t win_ranges(
	const struct win_range *within, struct win_range *out, size_t room)
{
	uintptr_t at = within->start, end = within->start + within->size;
	MEMORY_BASIC_INFORMATION m;
	size_t n = 0;

	while (at < end && VirtualQuery((void *)at, &m, sizeof m)) {
		uintptr_t next = (uintptr_t)m.BaseAddress + m.RegionSize;

		if (next > end)
			next = end;
		if (is_readable(&m)) {
			if (n && out[n - 1].start + out[n - 1].size == at)
				out[n - 1].size += next - at;
			else if (n < room)
				out[n++] = (struct win_range){ at, next - at };
		}
		at = next;
	}
	return n;
}

static int protection_of(DWORD page)
{
	switch (page & 0xff) {
	case PAGE_READONLY:
		return WIN_READ;
	case PAGE_READWRITE:
	case PAGE_WRITECOPY:
		return WIN_READ | WIN_WRITE;
	case PAGE_EXECUTE:
		return WIN_EXECUTE;
	case PAGE_EXECUTE_READ:
		return WIN_READ | WIN_EXECUTE;
	case PAGE_EXECUTE_READWRITE:
	case PAGE_EXECUTE_WRITECOPY:
		return WIN_READ | WIN_WRITE | WIN_EXECUTE;
	}
	return 0;
}

int win_region_query(win_handle process, uintptr_t at, struct win_memory *out)
{
	MEMORY_BASIC_INFORMATION m;

	if (!VirtualQueryEx(h(process), (void *)at, &m, sizeof m))
		return win_errno_last();
	*out = (struct win_memory){ (uintptr_t)m.BaseAddress,
		(uintptr_t)m.BaseAddress + m.RegionSize,
		m.State == MEM_COMMIT && !(m.Protect & PAGE_GUARD)
			? protection_of(m.Protect)
			: 0,
		m.State == MEM_FREE, m.State == MEM_RESERVE,
		m.State == MEM_COMMIT };
	return 0;
}
