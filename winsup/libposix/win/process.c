/* Windows processes and jobs. */
#include "win/private.h"

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
	HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE |
					     PROCESS_DUP_HANDLE |
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

/* Only the three standard handles are inherited, whatever else is inheritable:
 * Microsoft "UpdateProcThreadAttribute", PROC_THREAD_ATTRIBUTE_HANDLE_LIST. */
struct attributes {
	LPPROC_THREAD_ATTRIBUTE_LIST list;
	HANDLE handles[3];
	DWORD count;
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
	if (!a->count)
		return 0;
	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	a->list = win_alloc(size);
	if (!a->list)
		return -ENOMEM;
	if (!InitializeProcThreadAttributeList(a->list, 1, 0, &size) ||
		!UpdateProcThreadAttribute(a->list, 0,
			PROC_THREAD_ATTRIBUTE_HANDLE_LIST, a->handles,
			a->count * sizeof(HANDLE), NULL, NULL))
		return win_errno_last();
	return 0;
}

int win_process_create(const struct win_spawn *how, win_handle *process,
	win_handle *thread, uint32_t *id)
{
	STARTUPINFOEXW start = { .StartupInfo.cb = sizeof start };
	struct attributes a = { 0 };
	PROCESS_INFORMATION made;
	DWORD flags = CREATE_UNICODE_ENVIRONMENT;
	int r = make_attributes(&a, how);

	if (r)
		goto out;
	if (a.count) {
		start.lpAttributeList = a.list;
		start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
		start.StartupInfo.hStdInput = h(how->input);
		start.StartupInfo.hStdOutput = h(how->output);
		start.StartupInfo.hStdError = h(how->error);
		flags |= EXTENDED_STARTUPINFO_PRESENT;
	} else {
		start.StartupInfo.cb = sizeof start.StartupInfo;
	}
	if (how->detached)
		flags |= DETACHED_PROCESS;
	if (how->suspended)
		flags |= CREATE_SUSPENDED;
	if (!CreateProcessW(how->program, how->command_line, NULL, NULL,
		    a.count > 0, flags, (void *)how->environment, how->folder,
		    &start.StartupInfo, &made)) {
		r = win_errno_last();
		goto out;
	}
	*process = (win_handle)made.hProcess;
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

int win_process_memory(win_handle process, uint64_t *peak_bytes)
{
	PROCESS_MEMORY_COUNTERS m;

	if (!K32GetProcessMemoryInfo(h(process), &m, sizeof m))
		return win_errno_last();
	*peak_bytes = m.PeakWorkingSetSize;
	return 0;
}

int win_job_create(win_handle *out, const char *name)
{
	HANDLE job = CreateJobObjectA(NULL, name);

	if (!job)
		return win_errno_last();
	*out = (win_handle)job;
	return 0;
}

int win_job_assign(win_handle job, win_handle process)
{
	return AssignProcessToJobObject(h(job), h(process)) ? 0
							    : win_errno_last();
}

int win_job_members(win_handle job, uint32_t *ids, size_t room)
{
	struct {
		JOBOBJECT_BASIC_PROCESS_ID_LIST head;
		ULONG_PTR more[2048];
	} *list = win_alloc(sizeof *list);
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	if (QueryInformationJobObject(h(job), JobObjectBasicProcessIdList, list,
		    sizeof *list, NULL)) {
		for (; n < list->head.NumberOfProcessIdsInList && n < room; n++)
			ids[n] = (uint32_t)list->head.ProcessIdList[n];
	}
	win_free(list);
	return (int)n;
}
