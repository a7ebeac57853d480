/* Windows threads. */
#include "win/private.h"

#define TEB_TLS_SLOTS 0x1480 /* windows-facts.md #6 */

uint32_t __posix_tls HOST_STATE = 0;

int win_thread_start(void)
{
	DWORD slot = TlsAlloc();

	if (slot >= 64)
		return -ENOMEM;
	__posix_tls = TEB_TLS_SLOTS + 8 * slot;
	return 0;
}

struct start {
	void (*run)(void *);
	void *argument;
};

static DWORD WINAPI run(void *p)
{
	struct start start = *(struct start *)p;

	win_free(p);
	start.run(start.argument);
	return 0;
}

int win_thread_create(win_handle *out, uint32_t *id, size_t stack,
	void (*body)(void *), void *argument)
{
	struct start *start = win_alloc(sizeof *start);
	HANDLE thread;
	DWORD number;

	if (!start)
		return -ENOMEM;
	start->run = body;
	start->argument = argument;
	/* it may end, and *out with it, before its maker goes on */
	thread = CreateThread(NULL, stack, run, start,
		STACK_SIZE_PARAM_IS_A_RESERVATION | CREATE_SUSPENDED, &number);
	if (!thread) {
		win_free(start);
		return win_errno_last();
	}
	*out = (win_handle)thread;
	if (id)
		*id = number;
	ResumeThread(thread);
	return 0;
}

int win_thread_self(win_handle *out)
{
	return win_duplicate((win_handle)GetCurrentThread(), out);
}

uint32_t win_thread_id(void)
{
	return GetCurrentThreadId();
}

int win_thread_open(win_handle *out, uint32_t id)
{
	HANDLE thread = OpenThread(
		THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT, FALSE, id);

	if (!thread)
		return win_errno_last();
	*out = (win_handle)thread;
	return 0;
}

/* SuspendThread() only asks; GetThreadContext() waits until it has stopped
 * (windows-facts.md #12). */
int win_thread_suspend(win_handle thread)
{
	CONTEXT c = { .ContextFlags = CONTEXT_CONTROL };

	if (SuspendThread(h(thread)) == (DWORD)-1)
		return win_errno_last();
	GetThreadContext(h(thread), &c);
	return 0;
}

int win_thread_resume(win_handle thread)
{
	return ResumeThread(h(thread)) == (DWORD)-1 ? win_errno_last() : 0;
}

static int64_t ns(FILETIME t)
{
	return (int64_t)(((uint64_t)t.dwHighDateTime << 32) | t.dwLowDateTime) *
	       100;
}

int win_thread_times(win_handle thread, int64_t *user, int64_t *system)
{
	FILETIME created, ended, in_system, in_user;

	if (!GetThreadTimes(h(thread), &created, &ended, &in_system, &in_user))
		return win_errno_last();
	*user = ns(in_user);
	*system = ns(in_system);
	return 0;
}

static HANDLE thread_or_own(win_handle thread)
{
	return thread ? h(thread) : GetCurrentThread();
}

/* Microsoft "SetThreadAffinityMask": within the process's. */
int win_thread_set_affinity(win_handle thread, uint64_t mask)
{
	return SetThreadAffinityMask(thread_or_own(thread), mask)
		       ? 0
		       : win_errno_last();
}

/* Microsoft "SetThreadPriority"; relative to the process's class. */
int win_thread_set_priority(win_handle thread, enum win_priority priority)
{
	static const int values[] = {
		[WIN_PRIORITY_NORMAL] = THREAD_PRIORITY_NORMAL,
		[WIN_PRIORITY_IDLE] = THREAD_PRIORITY_IDLE,
		[WIN_PRIORITY_BELOW] = THREAD_PRIORITY_BELOW_NORMAL,
		[WIN_PRIORITY_ABOVE] = THREAD_PRIORITY_ABOVE_NORMAL,
		[WIN_PRIORITY_HIGH] = THREAD_PRIORITY_HIGHEST,
		[WIN_PRIORITY_REALTIME] = THREAD_PRIORITY_TIME_CRITICAL,
	};

	return SetThreadPriority(thread_or_own(thread), values[priority])
		       ? 0
		       : win_errno_last();
}

void win_thread_yield(void)
{
	SwitchToThread();
}
