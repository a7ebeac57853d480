/* Handles, events, waiting. */
#include "win/private.h"

void win_close(win_handle handle)
{
	if (handle)
		CloseHandle(h(handle));
}

static int duplicate(HANDLE from, win_handle handle, HANDLE to, win_handle *out)
{
	HANDLE copy;

	if (!DuplicateHandle(from, h(handle), to, &copy, 0, FALSE,
		    DUPLICATE_SAME_ACCESS))
		return win_errno_last();
	*out = (win_handle)copy;
	return 0;
}

int win_duplicate(win_handle handle, win_handle *out)
{
	return duplicate(GetCurrentProcess(), handle, GetCurrentProcess(), out);
}

int win_duplicate_to(win_handle target, win_handle handle, win_handle *out)
{
	return duplicate(GetCurrentProcess(), handle, h(target), out);
}

int win_duplicate_from(win_handle source, win_handle handle, win_handle *out)
{
	return duplicate(h(source), handle, GetCurrentProcess(), out);
}

int win_event_create(win_handle *out, const char *name, bool manual)
{
	HANDLE event = CreateEventA(NULL, manual, FALSE, name);

	if (!event)
		return win_errno_last();
	*out = (win_handle)event;
	return 0;
}

void win_event_set(win_handle event)
{
	SetEvent(h(event));
}

void win_event_reset(win_handle event)
{
	ResetEvent(h(event));
}

/* Milliseconds, rounded up: never early; man 7 time, "Sleeping". */
static DWORD until(int64_t deadline)
{
	int64_t left;

	if (deadline == WIN_FOREVER)
		return INFINITE;
	if (deadline == 0)
		return 0;
	left = (deadline - win_clock_monotonic() + 999999) / 1000000;
	return left < 0 ? 0 : left > 0x7ffffff ? 0x7ffffff : (DWORD)left;
}

static bool is_over(int64_t deadline)
{
	return deadline == 0 ||
	       (deadline != WIN_FOREVER && win_clock_monotonic() >= deadline);
}

int win_wait(const win_handle *handles, int count, int64_t deadline)
{
	DWORD r, milliseconds;

	for (;;) {
		milliseconds = until(deadline);
		if (count == 0) {
			Sleep(milliseconds);
			r = WAIT_TIMEOUT;
		} else {
			r = WaitForMultipleObjects((DWORD)count,
				(const HANDLE *)handles, FALSE, milliseconds);
		}
		if (r < WAIT_OBJECT_0 + (DWORD)count)
			return (int)r;
		if (r != WAIT_TIMEOUT)
			return win_errno_last();
		if (is_over(deadline))
			return -ETIMEDOUT;
	}
}

/* WaitOnAddress() and its wakers are kernelbase's: kernel32 does not pass them
 * on, and another import would be one more DLL to load. */
static struct {
	BOOL(WINAPI *wait)(volatile void *, void *, SIZE_T, DWORD);
	void(WINAPI *wake)(void *);
} address HOST_STATE = { 0 };

static void find_address_calls(void)
{
	HMODULE base = GetModuleHandleA("kernelbase.dll");

	address.wake = (void *)GetProcAddress(base, "WakeByAddressSingle");
	address.wait = (void *)GetProcAddress(base, "WaitOnAddress");
}

int win_word_wait(const uint32_t *word, uint32_t value, int64_t deadline)
{
	if (!address.wait)
		find_address_calls();
	while (!address.wait(
		(volatile void *)word, &value, sizeof value, until(deadline)))
		if (is_over(deadline))
			return -ETIMEDOUT;
	return 0;
}

void win_word_wake(const uint32_t *word)
{
	if (!address.wait)
		find_address_calls();
	address.wake((void *)word);
}

struct registration {
	void (*call)(void *);
	void *argument;
	HANDLE wait;
};

static void CALLBACK called(void *argument, BOOLEAN timed_out)
{
	struct registration *r = argument;

	(void)timed_out;
	r->call(r->argument);
	/* without waiting: this is the callback itself */
	UnregisterWaitEx(r->wait, NULL);
	win_free(r);
}

int win_wait_register(win_handle handle, void (*call)(void *), void *argument)
{
	struct registration *r = win_alloc(sizeof *r);

	if (!r)
		return -ENOMEM;
	r->call = call;
	r->argument = argument;
	if (!RegisterWaitForSingleObject(&r->wait, h(handle), called, r,
		    INFINITE, WT_EXECUTEONLYONCE)) {
		win_free(r);
		return win_errno_last();
	}
	return 0;
}
