/* What a file is, and changing it. */
#include "fs/nt/nt.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "abi/errno.h"
#include "vfs/watch.h"

/* -ENOENT also when a file stands where the path needs a folder. */
long nt_query(const struct win_name *name, struct win_file_stat *out)
{
	return win_file_query_name(name, out);
}

static void split_time(int64_t ns, int64_t *seconds, int64_t *rest)
{
	*seconds = ns / SECOND;
	*rest = ns % SECOND;
	if (*rest < 0) {
		*rest += SECOND;
		--*seconds;
	}
}

/* Where an open file can be looked into: nobody else's pointer is moved. */
static uint32_t mode_of(win_handle file, win_handle content,
	const struct win_file_stat *st, bool *kept)
{
	bool folder = st->attributes & WIN_ATTRIBUTE_FOLDER;
	uint32_t mode;

	*kept = nt_mode_kept(file, st, &mode);
	if (!*kept)
		mode = nt_mode_plain(st, !folder && content && st->size >= 2 &&
						 nt_executable(content));
	if (folder)
		return S_IFDIR | (mode & 07777);
	if (st->attributes & WIN_ATTRIBUTE_READONLY)
		mode &= ~0222u;
	return mode & S_IFMT ? mode : S_IFREG | mode;
}

long nt_stat_file(win_handle file, win_handle content, uint64_t device,
	struct kstat *out, bool *kept)
{
	struct win_file_stat st;
	char target[1];
	long r = win_file_stat(file, &st), n = -EINVAL;
	bool known;

	if (r)
		return r;
	if (!kept)
		kept = &known;
	memset(out, 0, sizeof *out);
	out->dev = device;
	out->ino = st.id;
	out->nlink = st.links;
	out->mode = mode_of(file, content, &st, kept);
	out->uid = current->process->uid;
	out->gid = current->process->gid;
	out->size = (int64_t)st.size;
	if (content && !*kept && nt_may_be_link(st.attributes))
		n = nt_link_read_file(content, target, 1);
	if (n >= 0) {
		out->mode = S_IFLNK | 0777;
		out->size = n;
	}
	if (S_ISDIR(out->mode))
		out->size = 4096;
	out->blksize = 4096;
	out->blocks = (int64_t)((st.allocated + 511) / 512);
	split_time(st.accessed, &out->atime, &out->atime_nsec);
	split_time(st.modified, &out->mtime, &out->mtime_nsec);
	out->birth = st.created;
	split_time(st.changed, &out->ctime, &out->ctime_nsec);
	return 0;
}

long nt_stat(const struct place *p, struct kstat *out)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	win_handle file;
	bool content;
	long r = nt_name(p, path, &name, false);

	/* a missing file costs no request: windows-facts.md #42 */
	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	content = !(st.attributes & WIN_ATTRIBUTE_FOLDER) && st.size >= 2;
	r = win_file_open(&file, &name, content ? WIN_FILE_READ : WIN_FILE_MODE,
		WIN_OPEN, 0, 0, NULL);
	if (r == -EACCES) {
		content = false;
		r = win_file_open(&file, &name, WIN_FILE_ATTRIBUTES, WIN_OPEN,
			0, 0, NULL);
	}
	if (r)
		return r;
	r = nt_stat_file(file, content ? file : 0, p->mount->device, out, NULL);
	win_close(file);
	return r;
}

static long set_mode(win_handle file, uint32_t mode)
{
	struct win_file_stat st;
	long r = win_file_stat(file, &st);

	return r ? r : nt_mode_set(file, &st, mode);
}

long nt_set_attributes_file(win_handle file, const struct attributes *a)
{
	struct process *p = current->process;
	long r = 0;

	/* everything is the user's own, and cannot be given away */
	if ((a->what & ATTRIBUTE_UID) && a->uid != p->uid)
		return -EPERM;
	if ((a->what & ATTRIBUTE_GID) && a->gid != p->gid)
		return -EPERM;
	if (a->what & ATTRIBUTE_MODE)
		r = set_mode(file, a->mode);
	if (!r && (a->what & (ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED)))
		r = win_file_set_times(file,
			a->what & ATTRIBUTE_ACCESSED ? a->accessed : INT64_MIN,
			a->what & ATTRIBUTE_MODIFIED ? a->modified : INT64_MIN);
	return r;
}

long nt_open_to_set(win_handle *out, const struct win_name *name,
	const struct attributes *a, int options)
{
	/* what a mode is by itself depends on what the file says */
	long r = a->what & ATTRIBUTE_MODE
			 ? win_file_open(out, name,
				   WIN_FILE_READ | WIN_FILE_SET_ATTRIBUTES,
				   WIN_OPEN, options, 0, NULL)
			 : -EACCES;

	return r != -EACCES ? r
			    : win_file_open(out, name, WIN_FILE_SET_ATTRIBUTES,
				      WIN_OPEN, options, 0, NULL);
}

long nt_set_attributes(const struct place *p, const struct attributes *a)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_file_stat st;
	win_handle file;
	char target[1];
	bool link;
	long r = nt_name(p, path, &name, true);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	link = nt_may_be_link(st.attributes) &&
	       nt_link_read(&name, target, 1) >= 0;
	if (link && p->follow)
		return -ELOOP;
	if (p->must_be_folder && !(st.attributes & WIN_ATTRIBUTE_FOLDER))
		return -ENOTDIR;
	if (link && (a->what & ATTRIBUTE_MODE))
		return -EOPNOTSUPP; /* man 2 fchmodat: a link has none */
	r = nt_open_to_set(&file, &name, a, link ? WIN_FILE_NO_FOLLOW : 0);
	if (r)
		return r;
	r = nt_set_attributes_file(file, a);
	win_close(file);
	if (!r)
		nt_tell(&name,
			nt_what_changes(a) |
				(st.attributes & WIN_ATTRIBUTE_FOLDER ? IN_ISDIR
								      : 0),
			TELL_BOTH);
	return r;
}

long nt_statfs(const struct place *p, void *out_statfs)
{
	uint16_t path[NT_PATH];
	struct win_name name;
	struct win_volume_space space;
	struct win_file_stat st;
	struct statfs *out = out_statfs;
	char target[1];
	win_handle file;
	long r = nt_name(p, path, &name, false);

	if (!r)
		r = nt_query(&name, &st);
	if (r)
		return r;
	if (p->follow && nt_may_be_link(st.attributes) &&
		nt_link_read(&name, target, 1) >= 0)
		return -ELOOP;
	r = win_file_open(&file, &name, WIN_FILE_ATTRIBUTES, WIN_OPEN,
		p->must_be_folder ? WIN_FILE_FOLDER : 0, 0, NULL);
	if (r)
		return r;
	r = win_volume_space(file, &space);
	win_close(file);
	if (r)
		return r;
	memset(out, 0, sizeof *out);
	out->f_type = 0x5346544e; /* NTFS_SB_MAGIC: man 2 statfs */
	out->f_bsize = out->f_frsize = space.block ? space.block : 4096;
	out->f_blocks = space.total / out->f_bsize;
	out->f_bfree = space.free / out->f_bsize;
	out->f_bavail = space.available / out->f_bsize;
	out->f_namelen = NAME_BYTES;
	out->f_fsid.__val[0] = (int)space.serial;
	return 0;
}
