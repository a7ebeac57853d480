/* Descriptors, open files, mounts and the path walk. */
#ifndef VFS_VFS_H
#define VFS_VFS_H

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "abi/kernel.h"
#include "task/task.h"
#include "task/transfer.h"
#include "wait/wait.h"

#define PATH_SIZE  4096 /* with the terminator, PATH_MAX */
#define NAME_BYTES 255	/* NAME_MAX */
#define OPEN_FILES 65536

struct attributes;
struct place;
struct file;

/* One transfer of bytes: read, readv, preadv2 are one operation. */
struct io {
	const struct iovec *vector; /* kernel copy; bases are user pointers */
	int count;
	size_t size;	/* sum of the lengths, at most SSIZE_MAX */
	int64_t offset; /* -1: the file's position */
	bool nonblocking;
	bool append; /* as if the file had O_APPEND: RWF_APPEND */
};

/* What a kind of file can do.  NULL: it cannot, and the caller knows the errno
 * (lseek on a pipe: -ESPIPE).  User pointers inside `io` go straight to
 * Windows or through user_copy_*. */
struct file_ops {
	const char *name;
	uint32_t kind; /* enum file_kind: how a receiver finds its unpack */
	long (*read)(struct file *f, struct io *io);
	long (*write)(struct file *f, struct io *io);
	long (*seek)(struct file *f, int64_t offset, int whence);
	unsigned (*poll)(struct file *f, unsigned events, struct sleep *s);
	long (*ioctl)(struct file *f, unsigned long request, uintptr_t user);
	long (*stat)(struct file *f, struct kstat *out);
	long (*set_attributes)(struct file *f, const struct attributes *a);
	long (*truncate)(struct file *f, int64_t size);
	/* Gives it a name more: linkat(2). */
	long (*link)(struct file *f, const struct place *to);
	/* What is there between two offsets becomes zero; `hole`: it also need
	 * take no space. */
	long (*zero)(struct file *f, int64_t start, int64_t end, bool hole);
	long (*sync)(struct file *f, bool data_only);
	/* Makes a section for mmap; offset and size as given. */
	long (*map)(struct file *f, uint64_t offset, size_t size,
		int protection, int flags, win_handle *section);
	long (*readdir)(struct file *f, void *user, size_t size);
	long (*set_flags)(struct file *f, int flags); /* F_SETFL's settable */
	/* Where other processes may change them; NULL: f->flags. */
	int (*get_flags)(struct file *f);
	/* A handle that a native program can be given; *pump tells that it is
	 * the far end of a native pipe that a pump must serve. */
	long (*native)(struct file *f, win_handle *out, bool *pump);
	/* Puts back what was read last, for the next reader; NULL: cannot. */
	void (*unread)(struct file *f, const void *bytes, size_t size);
	/* What the next reader will get, of a pipe; never waits. */
	long (*peek)(struct file *f, void *to, size_t size);
	/* Tells the file to another host; the receiver calls the unpack of its
	 * kind, which allocates.  NULL: others do not get it. */
	void (*pack)(struct file *f, struct transfer *to);
	/* fork and spawn: the receiving process now holds f too (queues). */
	void (*shared_with)(struct file *f, uint32_t process_slot);
	void (*release)(struct file *f); /* last reference; frees f */
};

enum file_kind {
	FILE_NT = 1,
	FILE_NT_FOLDER,
	FILE_DEVICE,
	FILE_PIPE,
	FILE_NATIVE_PIPE,
	FILE_CONSOLE,
	FILE_TTY,
	FILE_ROOT_FOLDER,
	FILE_MADE,
	FILE_DESCRIPTORS,
	FILE_FIFO,
	FILE_EVENTFD,
	FILE_TIMERFD,
	FILE_SIGNALFD,
	FILE_EPOLL,
	FILE_PIDFD,
	FILE_PROC,
	FILE_INOTIFY,
	FILE_KINDS
};

/* An open file description.  A kind embeds it as its first member. */
struct file {
	const struct file_ops *ops;
	_Atomic uint32_t refs;
	int flags; /* access mode and status flags, O_* */
	/* read() and write() at the position are Windows' own with this handle,
	 * but for O_APPEND; 0: the kind has more to do */
	win_handle direct;
	/* others have it when this process's last reference goes */
	bool held;
	bool written;	      /* by write(); who wants to know clears it */
	struct lock lock;     /* RANK_FILE: the kind's own state */
	struct lock position; /* RANK_FILE_POSITION */
	/* absolute POSIX path it was opened by, as far as this process has
	 * renamed it since, or NULL; `lock` */
	char *path;
	/* its number in the session, 0 until that is asked for, and what it
	 * has in the section: slot + 1, 0 till it is shared */
	uint64_t description;
	uint32_t shared;
	uint32_t seals; /* memfd_create(): F_SEAL_* and SEALABLE */
	void *watchers; /* items of epoll instances; ipc/epoll.c */
};

/* What chmod, chown, utimensat change; a bit in `what` for each. */
struct attributes {
	unsigned what; /* ATTRIBUTE_* */
	uint32_t mode, uid, gid;
	int64_t accessed, modified; /* ns since 1970 */
};
#define ATTRIBUTE_MODE	   1u
#define ATTRIBUTE_UID	   2u
#define ATTRIBUTE_GID	   4u
#define ATTRIBUTE_ACCESSED 8u
#define ATTRIBUTE_MODIFIED 16u

void file_init(struct file *f, const struct file_ops *ops, int flags);
static inline struct file *file_get(struct file *f)
{
	f->refs++;
	return f;
}
void file_release(struct file *f); /* after the last reference */
static inline void file_put(struct file *f)
{
	if (!--f->refs)
		file_release(f);
}
/* ---- descriptions.c ---- */
uint64_t description_number(struct file *f);
/* The processes that have it. */
void description_holders(struct file *f, struct holder_set *out);
/* What the session knows it by, made if need be; false: no slot is left. */
bool description_slot(struct file *f, uint32_t *slot);
/* fork and spawn: that process has it too. */
void description_share(struct file *f, uint32_t process_slot);
/* F_SEAL_* of what memfd_create() made; SEALABLE is set in them.  0: it is
 * another file. */
#define SEALABLE 0x80000000u
uint32_t description_seals(struct file *f);
void description_seal(struct file *f, uint32_t seals);
/* F_SETFL. */
void description_set_flags(struct file *f, int flags);
bool description_release(struct file *f); /* no other process has it */
/* The process is gone. */
void descriptions_forget(uint32_t process_slot);

/* What hears of the end of a file that has watchers. */
void file_register_watch(void (*gone)(struct file *f));
/* Access mode and status flags as they are now. */
static inline int file_flags(struct file *f)
{
	if (f->ops->get_flags)
		return f->ops->get_flags(f);
	return f->shared ? (int)task_shared()->descriptions[f->shared - 1].flags
			 : f->flags;
}
/* Whether a file's mode lets the process do that: R_OK, W_OK, X_OK together;
 * by its effective or its real ids.  0 or -EACCES. */
long file_permits(const struct kstat *st, unsigned how, bool effective);
/* Copies f->path; its length, or -ENOTDIR if there is none. */
long file_path(struct file *f, char *to, size_t room);

/* Every kind registers how it is received. */
void file_register(
	uint32_t kind, struct file *(*unpack)(struct transfer *from));
void file_pack(struct file *f, struct transfer *to);
struct file *file_unpack(struct transfer *from);

/* How a fifo's name on disk is opened: `disk` is what O_PATH gives of it, and
 * is taken over.  May wait for the other side. */
void fifo_register(
	long (*open)(struct file *disk, int flags, struct file **out));
/* Of a file that is none on disk (S_IFMT of its mode): -ENXIO if nothing can be
 * opened there. */
long special_open(
	uint32_t mode, struct file *disk, int flags, struct file **out);

/* ---- descriptors ---- */
struct descriptor {
	struct file *file; /* NULL: free */
	bool close_on_exec;
};
/* Changed by descriptors.c alone. */
struct files {
	struct lock lock; /* guards all */
	struct descriptor *table;
	int room, lowest; /* nothing below `lowest` is free */
};
struct files *files_create(void);
struct files *files_copy(struct files *from); /* vfork, CLONE_FILES absent */
void files_free(struct files *f);	      /* closes all */
/* The open file behind fd with a reference, or -EBADF. */
long fd_get(int fd, struct file **out);
/* The same, and it must be more than a place: O_PATH is -EBADF. */
long fd_get_opened(int fd, struct file **out);
/* The same, and it must be open for reading / writing: -EBADF otherwise. */
long fd_get_readable(int fd, struct file **out);
long fd_get_writable(int fd, struct file **out);
/* The same for one call that neither opens nor closes: 0 when the caller's
 * process has no other thread, which needs no reference since nobody could
 * close fd meanwhile (Linux' fdget()); 1: file_put() is due. */
long fd_borrow_readable(int fd, struct file **out);
long fd_borrow_writable(int fd, struct file **out);
/* The first case alone, NULL in all others. `unwanted` is the access mode with
 * which f is of no use. */
static inline struct file *fd_lone(int fd, int unwanted)
{
	const struct process *p = current->process;
	const struct files *files = p->files;
	struct file *f;

	if (p->thread_count > 1 || (unsigned)fd >= (unsigned)files->room)
		return NULL;
	f = files->table[fd].file;
	return f && (f->flags & O_ACCMODE) != unwanted && !(f->flags & O_PATH)
		       ? f
		       : NULL;
}
/* Takes over a reference of f, also on failure; lowest number >= minimum. */
long fd_install(struct file *f, int minimum, bool close_on_exec);
long fd_replace(int fd, struct file *f, bool close_on_exec); /* dup2 */
long fd_close(int fd);
long fd_flags(int fd, int set); /* FD_CLOEXEC; set -1: only get */
/* Lowest open descriptor >= from, or -1; for /proc/self/fd and exec. */
int fd_next(struct files *files, int from);

void files_pack(struct process *p, struct transfer *to, int how);
int files_unpack(struct process *p, struct transfer *from, int how);
void files_exec(struct process *p); /* closes what is close-on-exec */
/* A copy (win_alloc) of another process's table, as memory_read_of(): how many
 * it has room for, or -errno.  Its pointers mean something there only. */
long files_look_of(
	win_handle process, const struct files *there, struct descriptor **out);
/* Calls f for every open file of the caller's, under a lock: it may not
 * open, close or wait. */
void files_each(void (*f)(struct file *file, void *argument), void *argument);
/* After a rename: what was open below `from` is below `to` now. */
void files_moved(const char *from, const char *to);

/* ---- record locks (records.c) ---- */
struct flock;
/* The number of a file for all of the session, made from device and inode. */
uint64_t file_object(const struct kstat *st);
/* F_GETLK (which changes *l), F_SETLK, F_SETLKW, and F_OFD_*, whose locks are
 * the open file description's. */
long record_lock(struct file *f, int command, struct flock *l);
/* A descriptor of the caller's is closed: with any of a file's its process's
 * locks on that file go. */
void records_close(struct file *f);
/* The last process that had that description has closed it. */
void records_description_over(uint32_t slot, uint64_t number);
/* The process in that slot is over.  Any thread. */
void records_forget(uint32_t process_slot);

/* ---- flock (flocks.c) ---- */
/* LOCK_SH, LOCK_EX, LOCK_UN, with LOCK_NB. */
long flock_file(struct file *f, int operation);
/* The process in that slot gets the open file as well. */
void flock_share(struct file *f, uint32_t process_slot);
/* The caller's process has it no longer. */
void flock_release(struct file *f);
/* The process in that slot is over.  Any thread. */
void flocks_forget(uint32_t process_slot);

/* ---- mounts and paths ---- */
struct fs_ops;
struct mount {
	const char *prefix; /* POSIX, "/" or "/mnt/c"; no slash at its end */
	size_t prefix_length;
	const struct fs_ops *ops;
	const uint16_t *windows; /* NT path of its root, "\??\C:\x" */
	size_t windows_length;
	unsigned flags;	 /* MOUNT_* */
	uint64_t device; /* st_dev */
};
#define MOUNT_READ_ONLY 1u
#define MOUNT_ON_DEMAND 2u /* its folder is made when somebody wants it */

/* A place in a file system: a mount and the rest of the path within it,
 * normalised: no "." or "..", no doubled or trailing slash, "" = its root. */
struct place {
	const struct mount *mount;
	char *rest; /* in the caller's buffer of PATH_SIZE bytes */
	size_t length;
	bool must_be_folder; /* the path ended in a slash */
	/* a link at the end is to be followed: who meets one says -ELOOP */
	bool follow;
	/* so much of `rest` is where a relative path begins: the process is
	 * there already, whatever the folders above would say */
	size_t base;
};

/* Operations on paths: NTFS has no inodes to hold on to.  All return -errno.
 * Links on the way are not resolved here: a path that leads through one is
 * "not found" (-ENOENT, -ENOTDIR), and the walk resolves it and calls again.
 * The same for -ELOOP: a link at the end, though place->follow is set. */
struct fs_ops {
	const char *name;
	long (*open)(const struct place *p, int flags, uint32_t mode,
		struct file **out);
	long (*stat)(const struct place *p, struct kstat *out);
	long (*readlink)(const struct place *p, char *to, size_t room);
	long (*mkdir)(const struct place *p, uint32_t mode);
	long (*rmdir)(const struct place *p);
	long (*unlink)(const struct place *p);
	long (*rename)(const struct place *from, const struct place *to,
		unsigned flags);
	long (*link)(const struct place *from, const struct place *to);
	/* A new file without a name in that folder: O_TMPFILE. */
	long (*open_nameless)(const struct place *p, int flags, uint32_t mode,
		struct file **out);
	/* The open file that a link leads to which is more than its text
	 * (man 7 symlink, "Magic links"), with a reference. */
	long (*leads_to)(const struct place *p, struct file **out);
	/* Whether the link there is such a one. */
	bool (*magic)(const struct place *p);
	long (*symlink)(const struct place *p, const char *target);
	long (*set_attributes)(
		const struct place *p, const struct attributes *a);
	long (*statfs)(const struct place *p, void *out_statfs);
	/* A fifo or a socket's name; `mode` with its type. */
	long (*mknod)(const struct place *p, uint32_t mode);
	/* Of a place that was not found: 0 if the folder that would hold it
	 * exists (then no link was on the way), -ENOTDIR if a file stands
	 * where the path needs a folder, else -ENOENT. */
	long (*parent)(const struct place *p);
	/* 0 or -EACCES: whether the folders on the way let the process pass.
	 * NULL: they always do. */
	long (*may_search)(const struct place *p);
	/* The NT path of a place, for exec and native programs. */
	int64_t (*native_path)(
		const struct place *p, uint16_t *to, size_t room);
};

int mounts_start(void); /* built-in table, then etc/fstab */
const struct mount *mount_find(const char *absolute, size_t *prefix);
/* Makes the folder of a MOUNT_ON_DEMAND; true if it was missing until now. */
bool mount_make(const struct mount *m);
/* Whether a mount lies below that path, which the disk need not have. */
bool mount_below(const char *absolute);
/* The mount of files that are made up where there is none; NULL if p is no
 * such place. */
const struct mount *mount_made(const struct place *p);
/* Each in turn, from 0; NULL at the end. */
const struct mount *mount_number(int n);

#define PATH_NOFOLLOW 1u /* a link at the end is meant itself */
#define PATH_EMPTY    2u /* AT_EMPTY_PATH */

/* Calls f with the place that `path` (kernel memory) names, seen from folder
 * descriptor `at` (AT_FDCWD: the cwd); again, with all links resolved, should
 * f not find it.  Accepts C:\x and C:/x. */
long path_apply(int at, const char *path, unsigned how,
	long (*f)(const struct place *p, void *argument), void *argument);
/* What openat2(2) forbids on the way; musl 1.2.3 has no names for it. */
#define RESOLVE_NO_XDEV	      1u
#define RESOLVE_NO_MAGICLINKS 2u
#define RESOLVE_NO_SYMLINKS   4u
#define RESOLVE_BENEATH	      8u
#define RESOLVE_IN_ROOT	      16u
long path_apply_within(int at, const char *path, unsigned how, unsigned resolve,
	long (*f)(const struct place *p, void *argument), void *argument);
/* The place alone, all links resolved; buffer is PATH_SIZE bytes and holds
 * place->rest. */
long path_resolve(int at, const char *path, unsigned how, struct place *out,
	char *buffer);
/* Open by path: resolve and open, following links. */
long path_open(
	int at, const char *path, int flags, uint32_t mode, struct file **out);
long path_open_within(int at, const char *path, int flags, uint32_t mode,
	unsigned resolve, struct file **out);
long path_stat(int at, const char *path, unsigned how, struct kstat *out);
/* Absolute POSIX path of a place. */
long path_of_place(const struct place *p, char *to, size_t room);
/* If `path` is `from` or lies below it: the same below `to`, in memory of
 * win_alloc(); else NULL. */
char *path_moved(const char *path, const char *from, const char *to);
/* Absolute POSIX path, links in front resolved as text only. */
long path_absolute(int at, const char *path, char *to, size_t room);
/* Absolute POSIX path without any link. */
long path_real(int at, const char *path, char *to, size_t room);
/* NT path ("\??\C:\...") of a POSIX path. Units or -errno. */
int64_t path_to_windows(int at, const char *path, uint16_t *to, size_t room);
/* POSIX path of a Windows path (UTF-16, "C:\x", "\??\C:\x", "\\host\..."). */
long path_from_windows(
	const uint16_t *from, size_t length, char *to, size_t room);

/* ---- cwd, umask ---- */
struct fs *fs_create(void);
struct fs *fs_copy(const struct fs *from);
void fs_free(struct fs *f);
long fs_chdir(const char *absolute);
void fs_moved(const char *from, const char *to); /* as files_moved() */
const char *fs_cwd(void);   /* absolute POSIX path, valid till chdir */
uint32_t fs_umask(int set); /* returns the old one; -1: only get */
void fs_pack(struct process *p, struct transfer *to, int how);
int fs_unpack(struct process *p, struct transfer *from, int how);
/* Another process's, as memory_read_of(): the length of its cwd (PATH_SIZE
 * bytes of room), or -errno; -EAGAIN: it was just changing. */
long fs_look_of(
	win_handle process, const struct fs *there, char *cwd, uint32_t *umask);

#endif
