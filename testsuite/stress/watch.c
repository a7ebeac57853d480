/* A Windows program that runs a POSIX one and watches the hosts it lives in:
 *   watch [-kill] PROGRAM [ARG...]
 * Fails when handles or memory of a host grow from the run's second quarter to
 * its last, or when a host is left a minute after the end.  With -kill it ends
 * hosts at random moments, as Task Manager would, all the time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>

#define SAMPLES	     100000
#define MORE_HANDLES 100 /* Wine counts in steps */
#define MORE_MEMORY  (8u << 20)

static struct sample {
	DWORD handles;
	SIZE_T memory;
} samples[SAMPLES];
static int count;

/* Calls f for every host; returns how many there are. */
static int each_host(void (*f)(HANDLE, void *), void *argument)
{
	HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32 entry = { .dwSize = sizeof entry };
	int n = 0;

	for (BOOL more = Process32First(all, &entry); more;
		more = Process32Next(all, &entry)) {
		HANDLE process;

		if (_stricmp(entry.szExeFile, "posix-host.exe"))
			continue;
		process = OpenProcess(
			PROCESS_ALL_ACCESS, FALSE, entry.th32ProcessID);
		if (!process)
			continue;
		n++;
		if (f)
			f(process, argument);
		CloseHandle(process);
	}
	CloseHandle(all);
	return n;
}

/* Wine's GetProcessHandleCount() always says 0; this list has them. */
static DWORD handles_of(DWORD id)
{
	static char buffer[1 << 20];
	SYSTEM_PROCESS_INFORMATION *p = (void *)buffer;
	ULONG used;

	if (NtQuerySystemInformation(
		    SystemProcessInformation, buffer, sizeof buffer, &used))
		return 0;
	while ((DWORD)(ULONG_PTR)p->UniqueProcessId != id) {
		if (!p->NextEntryOffset)
			return 0;
		p = (void *)((char *)p + p->NextEntryOffset);
	}
	return p->HandleCount;
}

static void look(HANDLE process, void *argument)
{
	struct sample *s = argument;
	PROCESS_MEMORY_COUNTERS m;
	DWORD handles = handles_of(GetProcessId(process));

	if (handles > s->handles)
		s->handles = handles;
	if (GetProcessMemoryInfo(process, &m, sizeof m) &&
		m.PagefileUsage > s->memory)
		s->memory = m.PagefileUsage;
}

static void maybe_kill(HANDLE process, void *which)
{
	if (--*(int *)which == 0)
		TerminateProcess(process, 1);
}

static struct sample most(int from, int to)
{
	struct sample most = { 0, 0 };

	for (int i = from; i < to; i++) {
		if (samples[i].handles > most.handles)
			most.handles = samples[i].handles;
		if (samples[i].memory > most.memory)
			most.memory = samples[i].memory;
	}
	return most;
}

static int grown(void)
{
	struct sample early = most(count / 4, count / 2);
	struct sample late = most(count * 3 / 4, count);

	printf("watch: %d looks; handles %lu, later %lu; memory %lu KiB, "
	       "later %lu KiB\n",
		count, early.handles, late.handles,
		(unsigned long)(early.memory >> 10),
		(unsigned long)(late.memory >> 10));
	return !late.handles || late.handles > early.handles + MORE_HANDLES ||
	       late.memory > early.memory + MORE_MEMORY;
}

int main(int argc, char **argv)
{
	STARTUPINFOA s = { .cb = sizeof s };
	PROCESS_INFORMATION made;
	BOOL kill = argc > 1 && !strcmp(argv[1], "-kill");
	char line[4096] = "";
	DWORD code;
	int left;

	for (int i = 1 + kill; i < argc; i++) {
		strcat(line, argv[i]);
		strcat(line, " ");
	}
	if (!CreateProcessA(
		    NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &s, &made)) {
		printf("watch: %s does not start\n", line);
		return 2;
	}
	srand(1);
	while (WaitForSingleObject(made.hProcess,
		       kill ? 1 + rand() % 100 : 20) == WAIT_TIMEOUT) {
		int hosts, which;

		if (kill) {
			hosts = each_host(NULL, NULL);
			which = hosts ? 1 + rand() % hosts : 0;
			each_host(maybe_kill, &which);
		} else if (count < SAMPLES) {
			each_host(look, &samples[count++]);
		}
	}
	GetExitCodeProcess(made.hProcess, &code);
	for (int i = 0; (left = each_host(NULL, NULL)) && i < 600; i++)
		Sleep(100);
	printf("watch: the program ended with %lu, %d hosts are left\n", code,
		left);
	if (left || (!kill && grown()))
		return 1;
	return (int)code;
}
