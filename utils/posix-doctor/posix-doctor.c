/* Looks at an installation and says what is wrong with it and what to do: a
 * line each, "ok", "note" or "BAD"; status 1 if anything is BAD.  It is a
 * program of Windows' own and needs nothing but kernel32, so that it can speak
 * when posix1.dll cannot. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

#include "lib/lib.h"

#define PATH_UNITS 2048
#define LIMIT	   30000 /* ms for anything that is started */
#define SLOW_START 250	 /* ms: usual are 10 to 60 */
#define SLOW_FORK  50	 /* ms: usual are 1 to 5 */
#define FORKS	   20
#define STARTS	   5
#define MODULES	   512
#define LIBRARY	   L"posix1.dll"
#define HOST	   L"posix-host.exe"
#define SHELL	   L"sh.exe"

static bool bad;
static WCHAR folder[PATH_UNITS]; /* ours, with its last backslash */

/* ---- saying ---- */

static void out(const char *text, size_t size)
{
	DWORD done;

	WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD)size, &done,
		NULL);
}

static void say(const char *level, const char *text, va_list list)
{
	char line[4096];
	size_t n = format(line, sizeof line - 1, "%-5s", level);

	n += format_list(line + n, sizeof line - 1 - n, text, list);
	line[n++] = '\n';
	out(line, n);
}

#define SAYS(name, level) \
	static void __attribute__((format(printf, 1, 2))) \
	name(const char *text, ...) \
	{ \
		va_list list; \
\
		va_start(list, text); \
		say(level, text, list); \
		va_end(list); \
	}
SAYS(say_ok, "ok")
SAYS(say_note, "note")
SAYS(say_bad_line, "BAD")
#define say_bad(...) \
	do { \
		bad = true; \
		say_bad_line(__VA_ARGS__); \
	} while (0)

/* For a line: UTF-8, good till four more were made. */
static const char *text_of(const WCHAR *w)
{
	static char rooms[4][3 * PATH_UNITS];
	static int next;
	char *to = rooms[next++ % 4];

	if (!WideCharToMultiByte(
		    CP_UTF8, 0, w, -1, to, sizeof *rooms, NULL, NULL))
		*to = 0;
	return to;
}

/* ---- texts ---- */

static size_t length_of(const WCHAR *w)
{
	return (size_t)lstrlenW(w);
}

/* folder and name; "" if that is too long. */
static const WCHAR *join(
	WCHAR to[PATH_UNITS], const WCHAR *in, const WCHAR *name)
{
	size_t n = length_of(in);

	*to = 0;
	if (n + length_of(name) + 2 > PATH_UNITS)
		return to;
	lstrcpyW(to, in);
	if (n && to[n - 1] != '\\')
		lstrcatW(to, L"\\");
	lstrcatW(to, name);
	return to;
}

static bool same_text(const WCHAR *a, const WCHAR *b)
{
	return CompareStringOrdinal(a, -1, b, -1, TRUE) == CSTR_EQUAL;
}

static bool is_below(const WCHAR *path, const WCHAR *where)
{
	int n = (int)length_of(where);

	return (int)length_of(path) >= n &&
	       CompareStringOrdinal(path, n, where, n, TRUE) == CSTR_EQUAL;
}

static const WCHAR *last_part(const WCHAR *path)
{
	const WCHAR *at = path;

	for (; *path; path++)
		if (*path == '\\')
			at = path + 1;
	return at;
}

/* ---- files ---- */

/* Sizes and contents; -1: there is none. */
static int64_t fingerprint(const WCHAR *path)
{
	static uint8_t bytes[65536];
	HANDLE f = CreateFileW(path, GENERIC_READ,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
		OPEN_EXISTING, 0, NULL);
	uint64_t hash = 1;
	DWORD n;

	if (f == INVALID_HANDLE_VALUE)
		return -1;
	while (ReadFile(f, bytes, sizeof bytes, &n, NULL) && n)
		hash = hash * 1099511628211u ^ hash_bytes(bytes, n);
	CloseHandle(f);
	return (int64_t)(hash >> 1);
}

/* Where a PE file was linked to lie; 0: it is none of x86-64. */
static uint64_t base_of(const WCHAR *path)
{
	uint8_t head[4096];
	HANDLE f = CreateFileW(path, GENERIC_READ,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
		OPEN_EXISTING, 0, NULL);
	const IMAGE_NT_HEADERS64 *nt;
	uint32_t at;
	DWORD n = 0;

	if (f == INVALID_HANDLE_VALUE)
		return 0;
	ReadFile(f, head, sizeof head, &n, NULL);
	CloseHandle(f);
	at = (uint32_t)((IMAGE_DOS_HEADER *)head)->e_lfanew;
	if (n < 512 || head[0] != 'M' || head[1] != 'Z' || at > n - sizeof *nt)
		return 0;
	nt = (const IMAGE_NT_HEADERS64 *)(head + at);
	return nt->FileHeader.Machine == IMAGE_FILE_MACHINE_AMD64
		       ? nt->OptionalHeader.ImageBase
		       : 0;
}

static bool look_at_own_files(void)
{
	static const WCHAR *const names[] = { LIBRARY, HOST, SHELL };
	WCHAR path[PATH_UNITS];
	bool all = true;

	for (size_t i = 0; i < array_size(names); i++) {
		if (base_of(join(path, folder, names[i])))
			continue;
		all = false;
		if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
			say_bad("%s is missing: unpack the zip again",
				text_of(path));
		else
			say_bad("%s is no program of x86-64: unpack the zip "
				"again",
				text_of(path));
	}
	if (all)
		say_ok("%s has its parts", text_of(folder));
	return all;
}

/* A program that lies elsewhere gets the first posix1.dll of PATH; its hosts
 * are those beside it. */
static void look_at_path_folder(const WCHAR *where, int *found, bool *own)
{
	WCHAR path[PATH_UNITS], ours[PATH_UNITS], host[PATH_UNITS];
	int64_t print = fingerprint(join(path, where, LIBRARY));

	if (print < 0)
		return;
	++*found;
	join(ours, folder, LIBRARY);
	join(host, where, HOST);
	if (same_text(path, ours)) {
		*own = true;
		return;
	}
	if (print != fingerprint(ours))
		say_bad("%s in PATH is another build than %s: programs of one "
			"do not see those of the other; take one of the two "
			"folders out of PATH",
			text_of(path), text_of(ours));
	else
		say_note("%s in PATH is a copy of ours: programs that use it "
			 "are a session of their own",
			text_of(path));
	if (fingerprint(host) < 0)
		say_bad("%s has no posix-host.exe beside it, and so cannot "
			"fork: remove it, or put posix-host.exe there",
			text_of(path));
	else if (fingerprint(host) != fingerprint(join(ours, folder, HOST)))
		say_bad("%s is of another build than ours: copy posix1.dll and "
			"posix-host.exe together or not at all",
			text_of(host));
}

static void look_at_path(void)
{
	static WCHAR list[32768];
	DWORD n = GetEnvironmentVariableW(L"PATH", list, array_size(list));
	int found = 0;
	bool own = false;

	for (WCHAR *at = list, *end; n && n < array_size(list); at = end + 1) {
		bool last;

		for (end = at; *end && *end != ';'; end++)
			;
		last = !*end;
		*end = 0;
		if (*at == '"' && end > at + 1 && end[-1] == '"') {
			end[-1] = 0;
			at++;
		}
		if (*at)
			look_at_path_folder(at, &found, &own);
		if (last)
			break;
	}
	if (own)
		say_ok("PATH has this installation");
	else if (!found)
		say_note("PATH does not have %s: from there alone Windows "
			 "starts its programs",
			text_of(folder));
}

/* ---- programs ---- */

struct run {
	HANDLE process, input, output;
	DWORD id;
};

/* sh -c SCRIPT, which has neither '"' nor '\'. */
static bool start(struct run *r, const WCHAR *script)
{
	static WCHAR line[16384];
	WCHAR program[PATH_UNITS];
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
	STARTUPINFOW s = { .cb = sizeof s, .dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION p;
	BOOL good;

	join(program, folder, SHELL);
	lstrcpyW(line, L"sh -c \"");
	lstrcatW(line, script);
	lstrcatW(line, L"\"");
	if (!CreatePipe(&s.hStdInput, &r->input, &inherited, 0) ||
		!CreatePipe(&r->output, &s.hStdOutput, &inherited, 65536))
		return false;
	SetHandleInformation(r->input, HANDLE_FLAG_INHERIT, 0);
	SetHandleInformation(r->output, HANDLE_FLAG_INHERIT, 0);
	s.hStdError = s.hStdOutput;
	good = CreateProcessW(
		program, line, NULL, NULL, TRUE, 0, NULL, NULL, &s, &p);
	CloseHandle(s.hStdInput);
	CloseHandle(s.hStdOutput);
	if (!good) {
		say_bad("Windows does not start %s: error %u", text_of(program),
			GetLastError());
		CloseHandle(r->input);
		CloseHandle(r->output);
		return false;
	}
	CloseHandle(p.hThread);
	r->process = p.hProcess;
	r->id = p.dwProcessId;
	return true;
}

static DWORD finish(struct run *r)
{
	DWORD code = ~0u;

	CloseHandle(r->input);
	if (WaitForSingleObject(r->process, LIMIT) == WAIT_OBJECT_0)
		GetExitCodeProcess(r->process, &code);
	else
		TerminateProcess(r->process, 1);
	CloseHandle(r->process);
	CloseHandle(r->output);
	return code;
}

/* Milliseconds, or -1 with a line about it. */
static double time_of(const WCHAR *script)
{
	LARGE_INTEGER frequency, from, to;
	struct run r;
	DWORD code;

	QueryPerformanceFrequency(&frequency);
	QueryPerformanceCounter(&from);
	if (!start(&r, script))
		return -1;
	code = finish(&r);
	QueryPerformanceCounter(&to);
	if (code == ~0u) {
		say_bad("sh does not end within %d s: \"%s\"; is there a line "
			"of the virus scanner's log about posix-host.exe?",
			LIMIT / 1000, text_of(script));
		return -1;
	}
	if (code) {
		say_bad("sh ends with %#x: \"%s\"%s", code, text_of(script),
			code == 0xc0000135 ? ": a DLL is not found" : "");
		return -1;
	}
	return (double)(to.QuadPart - from.QuadPart) * 1000 /
	       (double)frequency.QuadPart;
}

/* Tenths, for who has no format for them. */
#define TENTHS(ms) (long)(ms), (long)((ms)*10) % 10

static bool look_at_times(void)
{
	double least = -1, forks;

	for (int i = 0; i < STARTS; i++) {
		double ms = time_of(L":");

		if (ms < 0)
			return false;
		if (least < 0 || ms < least)
			least = ms;
	}
	forks = time_of(L"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
			L"18 19 20; do (:); done");
	if (forks < 0)
		return false;
	forks = forks > least ? (forks - least) / FORKS : 0;
	if (least > SLOW_START)
		say_note("Windows takes %ld.%ld ms to start a process: a virus "
			 "scanner may look at each; except %s from it",
			TENTHS(least), text_of(folder));
	else
		say_ok("Windows starts a process in %ld.%ld ms", TENTHS(least));
	if (forks > SLOW_FORK)
		say_note("fork takes %ld.%ld ms: hosts are not used again; see "
			 "whether POSIX_HOSTS is set, and what the virus "
			 "scanner does to posix-host.exe",
			TENTHS(forks));
	else
		say_ok("fork takes %ld.%ld ms", TENTHS(forks));
	return true;
}

/* ---- hosts ---- */

typedef BOOL WINAPI enumerate_modules(HANDLE, HMODULE *, DWORD, DWORD *);
typedef BOOL WINAPI enumerate_processes(DWORD *, DWORD, DWORD *);
typedef DWORD WINAPI module_name(HANDLE, HMODULE, WCHAR *, DWORD);
typedef BOOL WINAPI mitigation(HANDLE, int, void *, SIZE_T);

static void *kernel(const char *name)
{
	return (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

/* Addresses that programs, shared objects and memory of ours are to have:
 * winsup/doc/how-fork-works.md. */
static bool in_our_way(uint64_t at)
{
	return (at >= 0x100000000 && at < 0x170000000) ||
	       (at >= 0x400000000 && at < 0x4400000000) ||
	       (at >= 0x20000000000 && at < 0x600000000000);
}

static void look_at_module(const WCHAR *name, uint64_t at, const char *process)
{
	WCHAR windows[PATH_UNITS];

	if (is_below(name, folder)) {
		uint64_t wanted = base_of(name);

		if (wanted && wanted != at && same_text(last_part(name), SHELL))
			return; /* fork copes: it is mapped there again */
		if (wanted && wanted != at)
			say_bad("%s lies at %#lx in %s, not at %#lx: mandatory "
				"ASLR moves it; in Windows' Exploit protection "
				"switch it off for %s",
				text_of(name), (unsigned long)at, process,
				(unsigned long)wanted, process);
		return;
	}
	if (GetWindowsDirectoryW(windows, PATH_UNITS) &&
		is_below(name, windows))
		return;
	if (in_our_way(at))
		say_bad("%s was put into %s where our programs are to lie: "
			"except that process from what puts it there",
			text_of(name), process);
	else
		say_note("%s was put into %s: if programs fail now and then, "
			 "except that process from what puts it there",
			text_of(name), process);
}

static bool look_at_process(DWORD id, const char *name)
{
	enumerate_modules *enumerate = kernel("K32EnumProcessModules");
	module_name *name_of = kernel("K32GetModuleFileNameExW");
	mitigation *policy = kernel("GetProcessMitigationPolicy");
	HANDLE process = OpenProcess(
		PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, id);
	static HMODULE modules[MODULES];
	WCHAR path[PATH_UNITS];
	DWORD aslr = 0, size = 0;

	if (!process)
		return false;
	if (policy &&
		policy(process, 1 /* ProcessASLRPolicy */, &aslr,
			sizeof aslr) &&
		(aslr & 4))
		say_bad("mandatory ASLR (EnableForceRelocateImages) is on for "
			"%s: in Windows' Exploit protection switch it off for "
			"it",
			name);
	if (!enumerate || !name_of ||
		!enumerate(process, modules, sizeof modules, &size))
		size = 0;
	for (DWORD i = 0; i < size / sizeof *modules && i < MODULES; i++)
		if (name_of(process, modules[i], path, PATH_UNITS))
			look_at_module(path, (uint64_t)modules[i], name);
	CloseHandle(process);
	return size != 0;
}

/* Calls f for each posix-host.exe of this installation: how many. */
static int each_host(void (*f)(DWORD id))
{
	enumerate_processes *enumerate = kernel("K32EnumProcesses");
	static DWORD ids[16384];
	WCHAR path[PATH_UNITS], wanted[PATH_UNITS];
	DWORD size = 0;
	int count = 0;

	join(wanted, folder, HOST);
	if (!enumerate || !enumerate(ids, sizeof ids, &size))
		return 0;
	for (DWORD i = 0; i < size / sizeof *ids; i++) {
		DWORD n = PATH_UNITS;
		HANDLE p = OpenProcess(
			PROCESS_QUERY_LIMITED_INFORMATION, FALSE, ids[i]);

		if (p && QueryFullProcessImageNameW(p, 0, path, &n) &&
			same_text(path, wanted)) {
			count++;
			f(ids[i]);
		}
		if (p)
			CloseHandle(p);
	}
	return count;
}

static int looked_at;

static void look_at_host(DWORD id)
{
	if (looked_at < 4 && look_at_process(id, "posix-host.exe"))
		looked_at++;
}

/* sh waits, and a child of it in a host. */
static void look_at_hosts(void)
{
	bool before = bad;
	struct run r;
	char byte;
	DWORD n;

	if (!start(&r, L"(echo up; read x); :"))
		return;
	if (!ReadFile(r.output, &byte, 1, &n, NULL) || byte != 'u') {
		say_bad("a child of sh does not come up: POSIX_STRACE=FILE "
			"tells why");
	} else {
		look_at_process(r.id, "sh.exe");
		if (!each_host(look_at_host))
			say_bad("there is no posix-host.exe though sh has "
				"forked: another posix1.dll was loaded");
	}
	finish(&r);
	if (bad == before)
		say_ok("DLL and hosts lie where they should (%d looked at)",
			looked_at);
}

static int old_hosts;

static void count_if_old(DWORD id)
{
	HANDLE p = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, id);
	FILETIME made, now, other[3];

	GetSystemTimeAsFileTime(&now);
	if (!p)
		return;
	if (GetProcessTimes(p, &made, &other[0], &other[1], &other[2]))
		/* units of 100 ns: five minutes */
		old_hosts += ((uint64_t)now.dwHighDateTime << 32 |
				     now.dwLowDateTime) -
				     ((uint64_t)made.dwHighDateTime << 32 |
					     made.dwLowDateTime) >
			     3000000000u;
	CloseHandle(p);
}

/* ---- what is asked of a program of ours ---- */

/* Its lines are ours, and "count N" tells of how many processes it saw. */
static const WCHAR script[] =
	L"PATH=/usr/bin; for d in /tmp /var/tmp /dev/shm; do "
	L"f=$d/.posix-doctor.$$; "
	L"if (: > $f) 2> /dev/null; then rm -f $f; echo ok $d can be written; "
	L"else echo BAD $d cannot be written: see who may write to its folder; "
	L"fi; done; "
	L"f=/tmp/.posix-doctor.$$; : > $f; chmod 640 $f; "
	L"m=$(stat -c %a $f); rm -f $f; "
	L"if [ $m = 640 ]; then echo ok modes of files are kept; "
	L"else echo note modes of files are not kept in /tmp: $m, not 640; fi; "
	L"for d in /mnt/?; do if ls $d > /dev/null 2>&1; then "
	L"echo ok $d can be read; else echo note $d does not answer; fi; done; "
	L"z=0; n=0; for p in /proc/[0-9]*; do "
	L"[ $p = /proc/$$ ] && continue; "
	L"read pid name state rest < $p/stat || continue; n=$((n + 1)); "
	L"[ $state = Z ] && z=$((z + 1)); done 2> /dev/null; "
	L"[ $z -gt 20 ] && echo note $z processes have ended and their parents "
	L"do not wait for them; echo count $n";

/* Sets it in columns as say() does.  How many processes: -1, not told. */
static long tell(char *line)
{
	char *text = line;
	long n = -1;

	while (*text && *text != ' ')
		text++;
	if (*text)
		*text++ = 0;
	if (line[0] == 'B' && line[1] == 'A')
		say_bad("%s", text);
	else if (line[0] == 'o' && line[1] == 'k')
		say_ok("%s", text);
	else if (line[0] == 'n' && line[1] == 'o')
		say_note("%s", text);
	else if (line[0] == 'c' && line[1] == 'o')
		for (n = 0; *text >= '0' && *text <= '9'; text++)
			n = n * 10 + *text - '0';
	else
		say_bad("sh says: %s %s", line, text);
	return n;
}

static bool has_count(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((at == text || at[-1] == '\n') && *at == 'c') {
			while (*at && *at != '\n')
				at++;
			return *at;
		}
	return false;
}

static void look_inside(void)
{
	static char text[16384];
	size_t length = 0;
	long processes = -1;
	struct run r;
	DWORD n, code;

	if (!start(&r, script))
		return;
	/* to its last line, not to the end: hosts may stay, with the pipe */
	while (length < sizeof text - 1 && !has_count(text) &&
		ReadFile(r.output, text + length,
			(DWORD)(sizeof text - 1 - length), &n, NULL) &&
		n)
		length += n;
	code = finish(&r);
	for (char *at = text, *end; *at; at = end) {
		long count;

		for (end = at; *end && *end != '\n'; end++)
			;
		if (*end)
			*end++ = 0;
		count = tell(at);
		if (count >= 0)
			processes = count;
	}
	if (processes < 0) {
		say_bad("sh ended early, with %#x", code);
		return;
	}
	each_host(count_if_old);
	if (!processes && old_hosts)
		say_bad("%d posix-host.exe are older than five minutes and "
			"serve nobody: end them (taskkill /f /im "
			"posix-host.exe)",
			old_hosts);
	else
		say_ok("%ld other process%s in this session, none stale",
			processes, processes == 1 ? "" : "es");
}

static void look_at_environment(void)
{
	WCHAR value[64];
	DWORD n = GetEnvironmentVariableW(L"POSIX_HOSTS", value, 64);

	if (!n || n >= 64)
		return;
	if (same_text(value, L"fresh") || same_text(value, L"pool"))
		say_note("POSIX_HOSTS is %s: each process is a new one of "
			 "Windows', which is slow",
			text_of(value));
	else if (!same_text(value, L"recycle"))
		say_note("POSIX_HOSTS is %s, which is none of recycle, pool "
			 "and fresh",
			text_of(value));
}

void __posix_doctor_entry(void)
{
	DWORD n = GetModuleFileNameW(NULL, folder, PATH_UNITS);

	while (n && folder[n - 1] != '\\')
		n--;
	folder[n] = 0;
	if (look_at_own_files()) {
		look_at_path();
		look_at_environment();
		if (look_at_times()) {
			look_at_hosts();
			look_inside();
		}
	}
	ExitProcess(bad);
}
