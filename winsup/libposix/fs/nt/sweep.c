/* What was to be deleted and is still there: a process was killed between the
 * two steps of remove_name() (change.c), or the machine stopped. */
#include "fs/nt/nt.h"

#include <string.h>

static void delete_entry(win_handle folder, const struct win_folder_entry *e)
{
	struct win_name name = { folder, e->name, e->length };
	win_handle h;

	/* of what somebody still has open, the last one closes it */
	if (!win_file_open(&h, &name, WIN_FILE_DELETE, WIN_OPEN,
		    WIN_FILE_NO_FOLLOW | WIN_FILE_DELETE_ON_CLOSE, 0, NULL))
		win_close(h);
}

void nt_sweep(void)
{
	char buffer[8192] __attribute__((aligned(8)));
	size_t prefix, at;
	const struct mount *root = mount_find("/", &prefix);
	struct win_name name = { 0, root->windows, root->windows_length };
	struct win_folder_entry e;
	bool first = true;
	int64_t used;
	win_handle h;

	if (win_file_open(&h, &name, WIN_FILE_LIST, WIN_OPEN, WIN_FILE_FOLDER,
		    0, NULL))
		return;
	while ((used = win_folder_read(h, buffer, sizeof buffer, first)) > 0) {
		first = false;
		at = 0;
		while (win_folder_next(buffer, (size_t)used, &at, &e))
			if (nt_is_hidden(e.name, e.length))
				delete_entry(h, &e);
	}
	win_close(h);
}
