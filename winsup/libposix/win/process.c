/* Windows processes. */
#include "win/private.h"

#include <tlhelp32.h>

#include "lib/lib.h"

uint32_t win_process_id(void)
{
	return GetCurrentProcessId();
}

win_handle win_process_self(void)
{
	return (win_handle)GetCurrentProcess();
}

int win_process_open(win_handle *out, uint32_t id)
{
	HANDLE process = OpenProcess(
		SYNCHRONIZE | PROCESS_TERMINATE | PROCESS_DUP_HANDLE |
			PROCESS_VM_READ | PROCESS_VM_WRITE |
			PROCESS_VM_OPERATION | PROCESS_SET_INFORMATION |
			PROCESS_QUERY_INFORMATION,
		FALSE, id);

	if (!process)
		return win_errno_last();
	*out = (win_handle)process;
	return 0;
}

int win_process_terminate(win_handle process, uint32_t code)
{
	return TerminateProcess(h(process), code) ? 0 : win_errno_last();
}

/* Microsoft "ReadProcessMemory": all of it, or nothing that counts. */
int win_process_read(win_handle process, uintptr_t at, void *to, size_t size)
{
	SIZE_T done = 0;

	return ReadProcessMemory(h(process), (void *)at, to, size, &done) &&
			       done == size
		       ? 0
		       : -EFAULT;
}

int win_process_write(
	win_handle process, uintptr_t at, const void *from, size_t size)
{
	SIZE_T done = 0;

	return WriteProcessMemory(h(process), (void *)at, from, size, &done) &&
			       done == size
		       ? 0
		       : -EFAULT;
}

int win_process_memory(win_handle process, struct win_process_memory *out)
{
	PROCESS_MEMORY_COUNTERS m = { .cb = sizeof m };

	if (!K32GetProcessMemoryInfo(h(process), &m, sizeof m))
		return win_errno_last();
	*out = (struct win_process_memory){ m.WorkingSetSize,
		m.PeakWorkingSetSize, m.PagefileUsage, m.PeakPagefileUsage,
		m.PageFaultCount };
	return 0;
}

bool win_process_ended(win_handle process, uint32_t *code)
{
	DWORD c;

	if (WaitForSingleObject(h(process), 0) != WAIT_OBJECT_0)
		return false;
	if (code) {
		GetExitCodeProcess(h(process), &c);
		*code = c;
	}
	return true;
}

/* Microsoft "SetPriorityClass": REALTIME_PRIORITY_CLASS needs a privilege and
 * can stop the machine, so there is no use of it. */
static const DWORD classes[] = {
	[WIN_PRIORITY_NORMAL] = NORMAL_PRIORITY_CLASS,
	[WIN_PRIORITY_IDLE] = IDLE_PRIORITY_CLASS,
	[WIN_PRIORITY_BELOW] = BELOW_NORMAL_PRIORITY_CLASS,
	[WIN_PRIORITY_ABOVE] = ABOVE_NORMAL_PRIORITY_CLASS,
	[WIN_PRIORITY_HIGH] = HIGH_PRIORITY_CLASS,
};

int win_process_set_priority(win_handle process, enum win_priority priority)
{
	return SetPriorityClass(h(process), classes[priority])
		       ? 0
		       : win_errno_last();
}

/* Only the three standard handles are inherited, whatever else is inheritable:
 * Microsoft "UpdateProcThreadAttribute", PROC_THREAD_ATTRIBUTE_HANDLE_LIST. */
struct attributes {
	LPPROC_THREAD_ATTRIBUTE_LIST list;
	HANDLE handles[3];
	DWORD count;
	HANDLE job;
};

static void add_handle(struct attributes *a, win_handle handle)
{
	for (DWORD i = 0; i < a->count; i++)
		if (a->handles[i] == h(handle))
			return;
	if (!handle)
		return;
	SetHandleInformation(
		h(handle), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
	a->handles[a->count++] = h(handle);
}

static int make_attributes(struct attributes *a, const struct win_spawn *how)
{
	SIZE_T size = 0;

	add_handle(a, how->input);
	add_handle(a, how->output);
	add_handle(a, how->error);
	a->job = h(how->job);
	if (!a->count && !a->job)
		return 0;
	InitializeProcThreadAttributeList(NULL, 2, 0, &size);
	a->list = win_alloc(size);
	if (!a->list)
		return -ENOMEM;
	if (!InitializeProcThreadAttributeList(a->list, 2, 0, &size) ||
		(a->count &&
			!UpdateProcThreadAttribute(a->list, 0,
				PROC_THREAD_ATTRIBUTE_HANDLE_LIST, a->handles,
				a->count * sizeof(HANDLE), NULL, NULL)) ||
		(a->job && !UpdateProcThreadAttribute(a->list, 0,
				   PROC_THREAD_ATTRIBUTE_JOB_LIST, &a->job,
				   sizeof a->job, NULL, NULL)))
		return win_errno_last();
	return 0;
}

int win_process_create(const struct win_spawn *how, win_handle *process,
	win_handle *thread, uint32_t *id)
{
	STARTUPINFOEXW start = { .StartupInfo.cb = sizeof start };
	struct attributes a = { 0 };
	PROCESS_INFORMATION made;
	/* said, or a low one would be inherited: Microsoft "CreateProcess" */
	DWORD flags = CREATE_UNICODE_ENVIRONMENT | classes[how->priority];
	int r = make_attributes(&a, how);

	if (r)
		goto out;
	if (a.list) {
		start.lpAttributeList = a.list;
		flags |= EXTENDED_STARTUPINFO_PRESENT;
	} else {
		start.StartupInfo.cb = sizeof start.StartupInfo;
	}
	if (how->streams) {
		start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
		start.StartupInfo.hStdInput = h(how->input);
		start.StartupInfo.hStdOutput = h(how->output);
		start.StartupInfo.hStdError = h(how->error);
	}
	if (how->detached)
		flags |= DETACHED_PROCESS;
	if (how->windowless)
		flags |= CREATE_NO_WINDOW;
	if (how->suspended)
		flags |= CREATE_SUSPENDED;
	if (!CreateProcessW(how->program, how->command_line, NULL, NULL,
		    a.count > 0, flags, (void *)how->environment, how->folder,
		    &start.StartupInfo, &made)) {
		r = win_errno_last();
		goto out;
	}
	*process = (win_handle)made.hProcess;
	/* Wine 8 does not look at the flag: windows-facts.md #74 */
	if (how->priority != WIN_PRIORITY_NORMAL)
		SetPriorityClass(made.hProcess, classes[how->priority]);
	if (thread)
		*thread = (win_handle)made.hThread;
	else
		CloseHandle(made.hThread);
	if (id)
		*id = made.dwProcessId;
out:
	for (DWORD i = 0; i < a.count; i++)
		SetHandleInformation(a.handles[i], HANDLE_FLAG_INHERIT, 0);
	if (a.list)
		DeleteProcThreadAttributeList(a.list);
	win_free(a.list);
	return r;
}

int win_job_create(win_handle *out)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
		.BasicLimitInformation.LimitFlags =
			JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
			JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
	};
	HANDLE job = CreateJobObjectW(NULL, NULL);

	if (!job)
		return win_errno_last();
	if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation,
		    &limits, sizeof limits)) {
		int r = win_errno_last();

		CloseHandle(job);
		return r;
	}
	*out = (win_handle)job;
	return 0;
}

static int64_t ns(FILETIME t)
{
	return (int64_t)(((uint64_t)t.dwHighDateTime << 32) | t.dwLowDateTime) *
	       100;
}

int win_process_times(win_handle process, int64_t *user, int64_t *system)
{
	FILETIME created, ended, in_system, in_user;

	if (!GetProcessTimes(
		    h(process), &created, &ended, &in_system, &in_user))
		return win_errno_last();
	*user = ns(in_user);
	*system = ns(in_system);
	return 0;
}

/* ---- orphans of CreateProcessW ---- */

/* Killed in the middle of CreateProcessW, a maker leaves a process whose first
 * thread was never resumed: no handle, no memory and no name of it say who it
 * was to be.  So a process that has begun to run says so, by an event that
 * bears its id. */
static void name_of_running(char name[64], uint32_t id)
{
	format(name, 64, "Local\\posix1-runs-%u", id);
}

int win_process_runs(void)
{
	static HANDLE event HOST_STATE = 0;
	char name[64];

	name_of_running(name, GetCurrentProcessId());
	event = CreateEventA(NULL, TRUE, TRUE, name);
	return event ? 0 : win_errno_last();
}

static bool runs(uint32_t id)
{
	char name[64];
	HANDLE event;

	name_of_running(name, id);
	event = OpenEventA(SYNCHRONIZE, FALSE, name);
	if (!event)
		return false;
	CloseHandle(event);
	return true;
}

static bool is_program(HANDLE process, const uint16_t *program)
{
	WCHAR path[1024];
	DWORD length = 1024;

	return QueryFullProcessImageNameW(process, 0, path, &length) &&
	       CompareStringOrdinal(path, (int)length, (const WCHAR *)program,
		       -1, TRUE) == CSTR_EQUAL;
}

static int64_t age(HANDLE process)
{
	FILETIME created, ended, in_system, in_user, now;

	if (!GetProcessTimes(process, &created, &ended, &in_system, &in_user))
		return 0;
	/* under Wine a process that is still being made has no time yet */
	if (!ns(created))
		return 0;
	GetSystemTimeAsFileTime(&now);
	return ns(now) - ns(created);
}

void win_process_end_orphans(const uint16_t *program, int64_t older_than)
{
	HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W entry = { .dwSize = sizeof entry };
	bool more = all != INVALID_HANDLE_VALUE && Process32FirstW(all, &entry);

	for (; more; more = Process32NextW(all, &entry)) {
		HANDLE process = OpenProcess(
			PROCESS_TERMINATE | PROCESS_QUERY_INFORMATION, FALSE,
			entry.th32ProcessID);

		if (!process)
			continue;
		if (is_program(process, program) && age(process) > older_than &&
			!runs(entry.th32ProcessID)) {
			win_trace("process %u never ran: ended",
				(unsigned)entry.th32ProcessID);
			TerminateProcess(process, 1);
		}
		CloseHandle(process);
	}
	if (all != INVALID_HANDLE_VALUE)
		CloseHandle(all);
}
