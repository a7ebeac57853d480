/* File systems: Windows' disks and the device files. */
#ifndef FS_FS_H
#define FS_FS_H

#include "vfs/vfs.h"

extern const struct fs_ops nt_fs;	   /* a folder of a Windows volume */
extern const struct fs_ops dev_fs;	   /* /dev */
extern const struct fs_ops descriptors_fs; /* /proc/self/fd, /dev/fd */
extern const struct fs_ops proc_fs;	   /* /proc */
extern const struct fs_ops etc_fs;	   /* what etc/ lacks */
extern const struct fs_ops drives_fs;	   /* /mnt: one folder a drive */

/* Registers its kinds of file; in a new session clears up. */
void nt_fs_start(void);
void dev_fs_start(void);
void descriptors_fs_start(void);
void drives_fs_start(void);
void proc_fs_start(void);
void etc_fs_start(void);

/* The images of a process are a higher room's: that tells how to find the next
 * one, from *cursor NULL on; process as for memory_read_of(). */
struct proc_image {
	uintptr_t base;
	size_t size;
	char path[PATH_SIZE];
};
void proc_register_images(
	bool (*next)(win_handle process, const struct images *there,
		const void **cursor, struct proc_image *out));

/* The text of /proc/mounts, cut off at the room there is; its length. */
size_t proc_mounts(char *to, size_t room);

/* Whether the file at this place in the root can be made up. */
bool etc_makes(const char *rest, size_t length);

/* One entry of a made-up folder, for getdents64: its bytes, -EINVAL without
 * room, -EFAULT. */
long fs_put_entry(void *user, size_t size, uint64_t ino, int64_t next,
	unsigned type, const char *name);

/* statfs of one; `type` as man 2 statfs lists them. */
long fs_made_statfs(void *out, long type);

/* What opening the name of a descriptor gives: Linux opens a file on disk once
 * more, and anything else is the same open file. */
long descriptor_open(struct file *f, int flags, struct file **out);

/* What /proc/self/fd says of it: the length or -errno. */
long file_describe(struct file *f, char *to, size_t room);

struct file *null_open(int flags); /* /dev/null, for a missing stdin */

/* A disk file from a handle that Windows gave us (inherited stdin): takes the
 * handle over. */
struct file *nt_file_adopt(win_handle h, int flags);
/* The Windows handle of a disk file: for exec and mmap; 0 if f is none. */
win_handle nt_file_handle(struct file *f);

/* What programs that are not ours do there is told to that watch (vfs/watch.h),
 * as far as Windows tells it; -errno costs nothing but that. */
struct watcher;
int nt_foreign_watch(struct watcher w, int wd, const uint16_t *path,
	size_t length, bool folder);
/* The instance is closed in this process. */
void nt_foreign_end(struct watcher w);

/* POSIX path of what lies at `rest` (begins with a backslash or is empty) in
 * a mount of nt_fs. */
long nt_path_to_posix(const struct mount *m, const uint16_t *rest,
	size_t length, char *to, size_t room);

#endif
