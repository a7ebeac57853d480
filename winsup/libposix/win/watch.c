/* What changes in a folder: ReadDirectoryChangesW.  All of a process's folders
 * report to one completion port. */
#include "win/private.h"

#define CHANGES \
	(FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | \
		FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_SIZE | \
		FILE_NOTIFY_CHANGE_LAST_WRITE)

_Static_assert(sizeof(OVERLAPPED) == sizeof(((struct win_watch *)0)->state),
	"OVERLAPPED");

int win_watch_port(win_handle *out)
{
	*out = (win_handle)CreateIoCompletionPort(
		INVALID_HANDLE_VALUE, NULL, 0, 1);
	return *out ? 0 : win_errno_last();
}

int win_watch_arm(struct win_watch *w)
{
	ZeroMemory(w->state, sizeof w->state);
	return ReadDirectoryChangesW(h(w->folder), w->buffer, sizeof w->buffer,
		       w->subtree, CHANGES, NULL, (OVERLAPPED *)w->state, NULL)
		       ? 0
		       : win_errno_last();
}

bool win_watches_subtrees(void)
{
	return !GetProcAddress(
		GetModuleHandleA("ntdll.dll"), "wine_get_version");
}

int win_watch_open(struct win_watch *w, const struct win_name *folder,
	bool subtree, win_handle port)
{
	int r = win_file_open(&w->folder, folder, WIN_FILE_LIST, WIN_OPEN,
		WIN_FILE_FOLDER | WIN_FILE_OVERLAPPED, 0, NULL);

	if (r)
		return r;
	w->subtree = subtree;
	if (!CreateIoCompletionPort(h(w->folder), h(port), 1, 0))
		r = win_errno_last();
	if (!r)
		r = win_watch_arm(w);
	if (r)
		win_close(w->folder);
	return r;
}

/* The pending call ends, and is reported like any other. */
void win_watch_close(struct win_watch *w)
{
	win_close(w->folder);
	w->folder = 0;
}

struct win_watch *win_watch_await(
	win_handle port, int64_t most, int64_t *result)
{
	OVERLAPPED *o = NULL;
	ULONG_PTR key;
	DWORD n = 0;
	BOOL r = GetQueuedCompletionStatus(h(port), &n, &key, &o,
		most == WIN_FOREVER ? INFINITE : (DWORD)(most / 1000000));

	if (!o)
		return NULL;
	*result = r ? (int64_t)n : win_errno_last();
	return container_of((uint64_t(*)[4])o, struct win_watch, state);
}

void win_watch_interrupt(win_handle port)
{
	PostQueuedCompletionStatus(h(port), 0, 0, NULL);
}

bool win_watch_next(const struct win_watch *w, size_t size, size_t *at,
	struct win_change *out)
{
	const FILE_NOTIFY_INFORMATION *i =
		(const void *)((const char *)w->buffer + *at);

	if (*at == SIZE_MAX ||
		*at + offsetof(FILE_NOTIFY_INFORMATION, FileName) > size)
		return false;
	*out = (struct win_change){ i->Action, (const uint16_t *)i->FileName,
		i->FileNameLength / 2 };
	*at = i->NextEntryOffset ? *at + i->NextEntryOffset : SIZE_MAX;
	return true;
}
