/* What machine and user this is. */
#include "win/private.h"

#include <string.h>

#include "lib/lib.h"

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW);

void win_machine(struct win_machine *out)
{
	SYSTEM_INFO info;
	MEMORYSTATUSEX memory = { .dwLength = sizeof memory };
	RTL_OSVERSIONINFOW version = { .dwOSVersionInfoSize = sizeof version };

	GetSystemInfo(&info);
	GlobalMemoryStatusEx(&memory);
	RtlGetVersion(&version);
	out->processors = info.dwNumberOfProcessors;
	out->memory_total = memory.ullTotalPhys;
	out->memory_free = memory.ullAvailPhys;
	/* the page file's figures include memory */
	out->swap_total =
		memory.ullTotalPageFile > memory.ullTotalPhys
			? memory.ullTotalPageFile - memory.ullTotalPhys
			: 0;
	out->swap_free = memory.ullAvailPageFile > memory.ullAvailPhys
				 ? memory.ullAvailPageFile - memory.ullAvailPhys
				 : 0;
	out->page_size = info.dwPageSize;
	out->major = version.dwMajorVersion;
	out->minor = version.dwMinorVersion;
	out->build = version.dwBuildNumber;
}

/* Microsoft "NtQuerySystemInformation", SystemProcessorPerformanceInformation:
 * KernelTime includes IdleTime; 100 ns each. */
size_t win_processor_times(struct win_processor_times *out, size_t room)
{
	SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION p[64];
	ULONG size = 0;
	size_t n;

	if (!OK(NtQuerySystemInformation(
		    SystemProcessorPerformanceInformation, p, sizeof p, &size)))
		return 0;
	n = size / sizeof *p;
	if (n > room)
		n = room;
	for (size_t i = 0; i < n; i++) {
		int64_t idle = p[i].IdleTime.QuadPart;
		int64_t kernel = p[i].KernelTime.QuadPart;

		out[i].user = p[i].UserTime.QuadPart * 100;
		out[i].idle = idle * 100;
		out[i].system = kernel > idle ? (kernel - idle) * 100 : 0;
	}
	return n;
}

void win_processor_ask(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	__asm__("cpuid"
		: "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
		: "0"(leaf), "2"(sub));
}

/* SystemFunction036 is RtlGenRandom (Microsoft "RtlGenRandom", Remarks). */
int win_random(void *to, size_t size)
{
	static BOOLEAN(WINAPI * generate)(PVOID, ULONG) HOST_STATE = 0;

	if (!generate)
		generate = (void *)win_library_symbol(
			win_library("advapi32.dll"), "SystemFunction036");
	return generate && generate(to, (ULONG)size) ? 0 : -EIO;
}

static size_t to_utf8(char *to, size_t room, const WCHAR *from)
{
	size_t n = utf8_from_utf16(to, room - 1, (const uint16_t *)from,
		utf16_length((const uint16_t *)from));

	if (n > room - 1)
		n = room - 1;
	to[n] = 0;
	return n;
}

size_t win_host_name(char *to, size_t room)
{
	WCHAR name[256];
	DWORD size = 256;

	if (!GetComputerNameExW(ComputerNameDnsHostname, name, &size))
		memcpy(name, u"localhost", 20);
	return to_utf8(to, room, name);
}

size_t win_user_name(char *to, size_t room)
{
	WCHAR name[256];
	DWORD n =
		GetEnvironmentVariableW((const WCHAR *)u"USERNAME", name, 256);

	if (!n || n >= 256)
		memcpy(name, u"user", 10);
	return to_utf8(to, room, name);
}

size_t win_profile_folder(uint16_t *to, size_t room)
{
	DWORD n = GetEnvironmentVariableW(
		(const WCHAR *)u"USERPROFILE", (WCHAR *)to, (DWORD)room);

	return n < room ? n : 0;
}

size_t win_temporary_folder(uint16_t *to, size_t room)
{
	DWORD n = GetTempPathW((DWORD)room, (WCHAR *)to);

	return n && n < room ? n - 1 : 0;
}

size_t win_local_folder(uint16_t *to, size_t room)
{
	DWORD n = GetEnvironmentVariableW(
		L"LOCALAPPDATA", (WCHAR *)to, (DWORD)room);

	return n && n < room ? n : win_temporary_folder(to, room);
}

static size_t offset_text(char *to, size_t room, int minutes)
{
	int m = minutes < 0 ? -minutes : minutes;

	return format(to, room, m % 60 ? "%s%d:%02d" : "%s%d",
		minutes < 0 ? "-" : "", m / 60, m % 60);
}

static size_t rule_text(char *to, size_t room, const SYSTEMTIME *t)
{
	return format(to, room, ",M%d.%d.%d/%d", t->wMonth, t->wDay,
		t->wDayOfWeek, t->wHour);
}

/* POSIX.1-2024 8.3, TZ's third format.  Windows names zones in words, so the
 * short names are "STD" and "DST" unless the offset is 0. */
size_t win_time_zone(char *to, size_t room)
{
	TIME_ZONE_INFORMATION z;
	DWORD kind = GetTimeZoneInformation(&z);
	size_t n;

	if (kind == TIME_ZONE_ID_INVALID)
		return format(to, room, "UTC0");
	if (!z.Bias && (!z.DaylightDate.wMonth || z.DaylightDate.wYear))
		return format(to, room, "UTC0");
	n = format(to, room, "STD");
	n += offset_text(to + n, room - n, (int)(z.Bias + z.StandardBias));
	if (!z.DaylightDate.wMonth || z.DaylightDate.wYear)
		return n;
	n += format(to + n, room - n, "DST");
	n += offset_text(to + n, room - n, (int)(z.Bias + z.DaylightBias));
	n += rule_text(to + n, room - n, &z.DaylightDate);
	n += rule_text(to + n, room - n, &z.StandardDate);
	return n;
}

static uint32_t last_part(const SID *sid)
{
	return sid->SubAuthority[sid->SubAuthorityCount - 1];
}

void win_token_ids(uint32_t *user, uint32_t *group)
{
	union {
		TOKEN_USER user;
		TOKEN_PRIMARY_GROUP group;
		uint8_t bytes[256];
	} u;
	HANDLE token;
	ULONG size;

	*user = *group = 1000;
	if (!OK(NtOpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)))
		return;
	if (OK(NtQueryInformationToken(token, TokenUser, &u, sizeof u, &size)))
		*user = last_part(u.user.User.Sid);
	if (OK(NtQueryInformationToken(
		    token, TokenPrimaryGroup, &u, sizeof u, &size)))
		*group = last_part(u.group.PrimaryGroup);
	CloseHandle(token);
}

uint64_t win_affinity(void)
{
	DWORD_PTR process, system;

	if (!GetProcessAffinityMask(GetCurrentProcess(), &process, &system))
		return 1;
	return process;
}

void *win_library(const char *name)
{
	return LoadLibraryA(name);
}

void *win_library_symbol(void *library, const char *name)
{
	return library ? (void *)GetProcAddress(library, name) : NULL;
}

uint32_t win_processor(void)
{
	return GetCurrentProcessorNumber();
}
