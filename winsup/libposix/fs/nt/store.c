/* The file that keeps modes where volumes cannot: one for each Windows user,
 * mapped by each host that needs it, made when the first mode is put there. */
#include "fs/nt/nt.h"

#include <string.h>

#include "abi/errno.h"
#include "fs/nt/table.h"

static const char magic[16] = "posix-modes 1";

static struct {
	struct lock lock;
	struct mode_table *table;
} store HOST_STATE = { .lock = LOCK_INIT(RANK_FILE) };

static void make_folder(uint16_t *path, size_t length)
{
	struct win_name name = { 0, path, length };
	win_handle h;

	if (!win_file_open(&h, &name, WIN_FILE_ATTRIBUTES, WIN_CREATE,
		    WIN_FILE_FOLDER, 0, NULL))
		win_close(h);
}

/* %LOCALAPPDATA%\libposix\modes */
static long open_file(bool make, win_handle *out)
{
	static const uint16_t folder[] = u"\\libposix", file[] = u"\\modes";
	uint16_t path[1024] = { '\\', '?', '?', '\\' };
	size_t n = win_local_folder(path + 4, 980) + 4;
	struct win_name name = { 0, path, n + 15 };

	if (n == 4)
		return -ENOENT;
	memcpy(path + n, folder, 18);
	if (make)
		make_folder(path, n + 9);
	memcpy(path + n + 9, file, 12);
	return win_file_open(out, &name, WIN_FILE_READ | WIN_FILE_WRITE,
		make ? WIN_OPEN_OR_CREATE : WIN_OPEN, WIN_FILE_NOT_FOLDER, 0,
		NULL);
}

static long map_file(bool make, struct mode_table **out)
{
	struct win_file_stat st;
	win_handle file, section;
	void *at = NULL;
	long r = open_file(make, &file);

	if (r)
		return r;
	r = win_file_stat(file, &st);
	if (!r && st.size < sizeof(struct mode_table)) {
		/* zeros are a right beginning, also for two who make it */
		win_file_make_sparse(file);
		if (!make)
			r = -ENOENT;
	}
	if (!r)
		r = win_section_of_file(&section, file,
			sizeof(struct mode_table), WIN_READ | WIN_WRITE);
	win_close(file);
	if (r)
		return r;
	r = win_section_map(section, &at, 0, sizeof(struct mode_table),
		WIN_READ | WIN_WRITE);
	win_close(section);
	if (r)
		return r;
	*out = at;
	if (!(*out)->magic[0])
		memcpy((*out)->magic, magic, sizeof magic);
	if (!memcmp((*out)->magic, magic, sizeof magic))
		return 0;
	win_section_unmap(at);
	return -EIO;
}

/* NULL: there is none. */
static struct mode_table *table(bool make)
{
	struct mode_table *t;

	lock_take(&store.lock);
	if (!store.table && !map_file(make, &t))
		store.table = t;
	t = store.table;
	lock_drop(&store.lock);
	return t;
}

long nt_store_get(win_handle file, uint64_t id)
{
	struct mode_table *t = table(false);
	uint32_t volume;
	long r;

	if (!t)
		return -ENOENT;
	r = win_volume_key(file, &volume);
	return r ? r : mode_table_get(t, id, volume);
}

long nt_store_put(win_handle file, uint64_t id, uint32_t mode)
{
	struct mode_table *t = table(true);
	uint32_t volume;
	long r;

	if (!t)
		return -EIO;
	r = win_volume_key(file, &volume);
	return r ? r : mode_table_put(t, id, volume, mode);
}

void nt_store_remove(win_handle file, uint64_t id)
{
	struct mode_table *t = table(false);
	uint32_t volume;

	if (t && !win_volume_key(file, &volume))
		mode_table_remove(t, id, volume);
}
