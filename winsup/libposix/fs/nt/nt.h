/* Shared by the files of this file system: a folder of a Windows volume. */
#ifndef FS_NT_NT_H
#define FS_NT_NT_H

#include "fs/fs.h"

#define NT_PATH 4200 /* units; longer than PATH_SIZE by a root's length */

/* ---- name.c ---- */
/* The NT path of a place into `to` (NT_PATH units); name->text is `to`.
 * -ENAMETOOLONG, -EROFS when `change` and the mount admits none. */
long nt_name(const struct place *p, uint16_t *to, struct win_name *name,
	bool change);
/* One component, both ways.  Units or bytes needed. */
size_t nt_encode(uint16_t *to, size_t room, const char *name, size_t size);
size_t nt_decode(char *to, size_t room, const uint16_t *name, size_t count);
/* A name that no POSIX program sees, in the folder that holds `name`:
 * replaces its last component in place. */
void nt_hidden_name(struct win_name *name, uint16_t *buffer);
/* One for a file that is to get its name in the next step: should its process
 * be killed before, the file is not to vanish, so everybody sees this name. */
void nt_passing_name(struct win_name *name, uint16_t *buffer);
/* A hidden one in the bundle's root; false if `name` is on another volume. */
bool nt_hidden_root(
	const struct win_name *name, struct win_name *out, uint16_t *buffer);
bool nt_is_hidden(const uint16_t *name, size_t length);

/* ---- link.c: symbolic links are marked files ---- */
/* Whether attributes make a look worth while. */
static inline bool nt_may_be_link(uint32_t attributes)
{
	return (attributes & WIN_ATTRIBUTE_SYSTEM) &&
	       !(attributes & WIN_ATTRIBUTE_FOLDER);
}
/* Length of the link's text (copied up to `room` bytes), or -EINVAL if the
 * file is no link. */
long nt_link_read(const struct win_name *name, char *to, size_t room);
long nt_link_read_file(win_handle file, char *to, size_t room);
long nt_readlink(const struct place *p, char *to, size_t room);
long nt_symlink(const struct place *p, const char *target);

/* ---- stat.c ---- */
long nt_stat(const struct place *p, struct kstat *out);
/* content: a handle that reads, whose file pointer is nobody else's; 0 if
 * there is none.  *kept, unless NULL: whether the file's mode was known from
 * other than its content. */
long nt_stat_file(win_handle file, win_handle content, uint64_t device,
	struct kstat *out, bool *kept);
long nt_set_attributes(const struct place *p, const struct attributes *a);
long nt_set_attributes_file(win_handle file, const struct attributes *a);
/* Opens as that needs it; `options` as win_file_open() has them. */
long nt_open_to_set(win_handle *out, const struct win_name *name,
	const struct attributes *a, int options);
long nt_statfs(const struct place *p, void *out_statfs);
long nt_query(const struct win_name *name, struct win_file_stat *out);

/* ---- mode.c ---- */
/* Whether it begins as programs do; reads. */
bool nt_executable(win_handle file);
/* The mode that is kept of a file, with its type; false if none is. */
bool nt_mode_kept(
	win_handle file, const struct win_file_stat *st, uint32_t *mode);
/* Those it has without, but for the READONLY attribute. */
uint32_t nt_mode_plain(const struct win_file_stat *st, bool executable);
/* The 12 bits: the type stays.  Needs WIN_FILE_SET_ATTRIBUTES and, to look
 * into a file, WIN_FILE_READ. */
long nt_mode_set(
	win_handle file, const struct win_file_stat *st, uint32_t mode);
/* Of one just made; with the type. */
long nt_mode_of_new(win_handle file, uint32_t mode);
/* The first bytes come into a file that has a plain mode: they do not change
 * it. */
void nt_mode_first_bytes(win_handle file, const struct io *io);
/* 0 or -EACCES, for an open with such flags; `attributes` are the file's.
 * *type: S_IFMT of its mode. */
long nt_mode_lets_open(
	win_handle file, uint32_t attributes, int flags, uint32_t *type);
/* 0 or -EACCES: whether the folders above p may be entered, and whether that
 * which holds `name` may be changed; -EEXIST too where a new name is wanted. */
long nt_may_search(const struct place *p);
long nt_may_change(const struct win_name *name);
long nt_may_create(const struct win_name *name);

/* ---- store.c: modes of files on volumes that cannot keep them ---- */
/* The mode's 16 bits, or -ENOENT. */
long nt_store_get(win_handle file, uint64_t id);
long nt_store_put(win_handle file, uint64_t id, uint32_t mode);
void nt_store_remove(win_handle file, uint64_t id);

/* ---- file.c ---- */
struct file *nt_file_make(win_handle h, int flags, uint64_t device);
/* A name of h's file is gone, though Windows counts it until the last handle
 * is closed: what this process has open tells of it.  False: it has none. */
bool nt_file_removed(win_handle h);
/* O_TMPFILE */
long nt_open_nameless(
	const struct place *p, int flags, uint32_t mode, struct file **out);
/* Whether this process has the file of h open, other than by `but`. */
bool nt_file_is_open(win_handle h, const struct file *but);
/* ---- tell.c: who watches is told; IN_* and TELL_* of vfs/watch.h ---- */
void nt_tell(const struct win_name *name, uint32_t what, unsigned whom);
/* What is done to an open file: `removed` of its names are gone, though
 * Windows counts them. */
void nt_tell_open(struct file *f, win_handle h, uint64_t device,
	uint32_t removed, uint32_t what);
/* What is about to lose a name. */
struct nt_loss {
	bool known;	   /* else nobody watches */
	bool folder, last; /* it has no other name */
	bool open;	   /* here */
	uint64_t object;
};
void nt_before_loss(
	struct nt_loss *l, const struct win_name *name, uint64_t device);
void nt_tell_loss(const struct nt_loss *l, const struct win_name *name);
void nt_tell_move(const struct win_name *from, const struct win_name *to,
	bool folder, const struct nt_loss *replaced);
void nt_tell_exchange(const struct win_name *a, bool a_folder,
	const struct win_name *b, bool b_folder);
uint32_t nt_what_changes(const struct attributes *a);
/* ---- folder.c ---- */
struct file *nt_folder_make(win_handle h, int flags, uint64_t device);
struct file *nt_folder_unpack(struct transfer *from);
extern const struct file_ops nt_folder_ops;

/* ---- sweep.c ---- */
/* Deletes the hidden files in the bundle's root; once in a session. */
void nt_sweep(void);

/* ---- change.c ---- */
long nt_mkdir(const struct place *p, uint32_t mode);
long nt_mknod(const struct place *p, uint32_t mode);
long nt_rmdir(const struct place *p);
long nt_unlink(const struct place *p);
long nt_rename(
	const struct place *from, const struct place *to, unsigned flags);
long nt_link(const struct place *from, const struct place *to);
long nt_link_file(win_handle file, const struct place *to);

#endif
