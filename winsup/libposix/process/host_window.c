/* What hosts have in common: their windows, their program, their words. */
#include "process/private.h"

#include <string.h>

static struct window *windows[HOST_SLOTS] HOST_STATE = { 0 };

struct window *host_window(uint32_t host)
{
	char name[96];
	win_handle section;
	void *at = NULL;
	struct window *w;

	if (windows[host])
		return windows[host];
	format(name, sizeof name, "%s-w%u", task_session_name(), host);
	if (win_section_create(&section, name, WINDOW_SIZE, true, NULL))
		return NULL;
	if (!win_section_map(
		    section, &at, 0, WINDOW_SIZE, WIN_READ | WIN_WRITE) &&
		!win_region_commit(at, WINDOW_HEAD, WIN_READ | WIN_WRITE)) {
		w = at;
		windows[host] = w;
	}
	/* the view keeps the section; its name, while somebody has one */
	return windows[host];
}

size_t host_program(uint16_t *to, size_t room)
{
	static const char name[] = "posix-host.exe";
	const uint16_t *own = win_own_path();
	size_t n = utf16_length(own);

	while (n && own[n - 1] != '\\')
		n--;
	if (n + sizeof name > room)
		return 0;
	memcpy(to, own, n * 2);
	for (size_t i = 0; i < sizeof name; i++)
		to[n + i] = (uint16_t)name[i];
	return n;
}
