/* Shared by this room's own files: Windows' headers and the native calls that
 * MinGW's do not declare.  Each native call used is in Microsoft's "Native
 * System Services" pages or the driver kit's ("Zw" names), unless its line
 * says (undoc); what they rely on is in winsup/doc/windows-facts.md. */
#ifndef WIN_PRIVATE_H
#define WIN_PRIVATE_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winternl.h>
#include <winioctl.h>
#include <psapi.h>

#include "abi/errno.h"
#include "lib/lib.h"
#include "win/win.h"

_Static_assert(sizeof(DWORD) == 4, "Windows' DWORD");
_Static_assert(sizeof(WCHAR) == 2, "Windows' WCHAR");
_Static_assert(sizeof(long) == 8, "LP64");

#define OK(status) ((NTSTATUS)(status) >= 0)

#ifndef STATUS_NOT_IMPLEMENTED
#define STATUS_NOT_IMPLEMENTED ((NTSTATUS)0xc0000002)
#endif
#define STATUS_INVALID_INFO_CLASS_ ((NTSTATUS)0xc0000003)
#define STATUS_INVALID_PARAMETER_  ((NTSTATUS)0xc000000d)
#define STATUS_NOT_SUPPORTED_	   ((NTSTATUS)0xc00000bb)
#define STATUS_END_OF_FILE_	   ((NTSTATUS)0xc0000011)
#define STATUS_PIPE_BROKEN_	   ((NTSTATUS)0xc000014b)
#define STATUS_NO_MORE_FILES_	   ((NTSTATUS)0x80000006)
#define STATUS_BUFFER_OVERFLOW_	   ((NTSTATUS)0x80000005)

/* not by the linker's stub, which is one jump more */
__declspec(dllimport) NTSTATUS NTAPI NtReadFile(HANDLE, HANDLE, PIO_APC_ROUTINE,
	PVOID, PIO_STATUS_BLOCK, PVOID, ULONG, PLARGE_INTEGER, PULONG);
__declspec(dllimport) NTSTATUS NTAPI
	NtWriteFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK,
		const void *, ULONG, PLARGE_INTEGER, PULONG);
NTSTATUS NTAPI NtQueryInformationFile(
	HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, FILE_INFORMATION_CLASS);
NTSTATUS NTAPI NtSetInformationFile(
	HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, FILE_INFORMATION_CLASS);
NTSTATUS NTAPI NtQueryVolumeInformationFile(
	HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, FS_INFORMATION_CLASS);
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID,
	PIO_STATUS_BLOCK, PVOID, ULONG, FILE_INFORMATION_CLASS, BOOLEAN,
	PUNICODE_STRING, BOOLEAN);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE, PIO_STATUS_BLOCK);
NTSTATUS NTAPI NtCreateSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
	PLARGE_INTEGER, ULONG, ULONG, HANDLE);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE, HANDLE, PVOID *, ULONG_PTR, SIZE_T,
	PLARGE_INTEGER, PSIZE_T, ULONG, ULONG, ULONG);
NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE, PVOID);
NTSTATUS NTAPI NtQueryFullAttributesFile(POBJECT_ATTRIBUTES, PVOID);
NTSTATUS NTAPI NtOpenProcessToken(HANDLE, ACCESS_MASK, PHANDLE);
NTSTATUS NTAPI NtQueryInformationToken(
	HANDLE, TOKEN_INFORMATION_CLASS, PVOID, ULONG, PULONG);

static inline HANDLE h(win_handle handle)
{
	return (HANDLE)handle;
}

/* FILETIME's epoch, 1601, against 1970: in its units of 100 ns. */
#define EPOCH 116444736000000000ll
static inline int64_t ns_from_filetime(int64_t t)
{
	return (t - EPOCH) * 100;
}

DWORD win_page_protection(int protection);
/* All that win_file_stat() tells, in one query; false where there is none. */
bool win_stat_lx(HANDLE file, struct win_file_stat *out);

int win_thread_start(void);
void win_context_start(void);
int win_clock_start(void);

#endif
