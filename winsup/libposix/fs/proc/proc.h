/* Shared by the files of /proc. */
#ifndef FS_PROC_PROC_H
#define FS_PROC_PROC_H

#include "fs/fs.h"

#define PROC_DEVICE 9

/* A file's contents as they grow; `failed` once there was no memory. */
struct text {
	char *bytes;
	size_t length, room;
	bool failed;
};
void text_add(struct text *t, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
void text_put(struct text *t, const void *bytes, size_t size);
/* As in /proc/PID/maps and mounts: blanks and the like in octal. */
void text_put_escaped(struct text *t, const char *s, const char *escaped);

struct entry;

/* What a path below /proc names. */
struct node {
	const struct entry *entry;
	/* PID's slot and its generation; of what belongs to no process pid is
	 * 0.  tid: as the path says below task/, else pid. */
	uint32_t slot, generation;
	int pid, tid;
	bool task; /* the path goes by task/ */
	int fd;	   /* the number below fd/ and fdinfo/ */
};

/* Each is given by its path below /proc or /proc/PID.  The text of a folder is
 * the numbers in it (int), if that is what it has. */
struct entry {
	const char *name;
	uint32_t mode;
	long (*text)(const struct node *n, struct text *t);
	/* PATH_SIZE bytes of room; the length or -errno */
	long (*link)(const struct node *n, char *to);
};

extern const struct entry system_entries[], process_entries[];
extern const struct entry fd_entry, fdinfo_entry;

/* ---- subject.c: a process as it is seen from outside ---- */
struct subject {
	uint32_t slot;
	const struct process_slot *shared;
	bool zombie;
	bool own;	       /* the caller's */
	win_handle host;       /* for memory_read_of(); 0: the caller's */
	struct process *there; /* a copy; NULL: a zombie */
	struct process process;
};
/* 0 or -ESRCH: it is gone.  Looks into its memory only if asked. */
long subject_find(const struct node *n, struct subject *s, bool look);
/* Its Windows process, 0 if it has none any more. */
win_handle subject_windows(const struct subject *s);
/* The thread n->tid; false where there is none to be seen. */
bool subject_thread(
	const struct subject *s, const struct node *n, struct thread *out);
/* Of what is open there: the lowest number from `from` on, and a copy of the
 * struct file; -ENOENT. */
long subject_file(
	const struct subject *s, int from, bool exactly, struct file *out);
/* What /proc/PID/fd/N says of it. */
long subject_describe(const struct subject *s, const struct file *f, char *to);
/* The images one after another; posix1.dll's is the last. */
struct image_walk {
	const void *cursor;
	bool done;
};
bool subject_image(
	const struct subject *s, struct image_walk *w, struct proc_image *out);

/* ---- processes.c, maps.c, system.c ---- */
long maps_text(const struct node *n, struct text *t);
long smaps_text(const struct node *n, struct text *t);
long mounts_text(const struct node *n, struct text *t);

/* ---- file.c ---- */
struct file *proc_file_make(const struct node *n, int flags);
void proc_fill_stat(const struct node *n, struct kstat *out);

/* ---- tree.c ---- */
/* Whether it is still what it was. */
bool node_lives(const struct node *n);
struct listed {
	char name[32];
	unsigned type; /* DT_* */
	uint64_t ino;
};
/* Entry number *next of the folder, which is where to look first; false at the
 * end.  numbers: what entry->text says of folders of numbers. */
bool node_list(const struct node *n, const struct text *numbers, int64_t *next,
	struct listed *out);
void node_pack(const struct node *n, struct transfer *to);
bool node_unpack(struct node *n, struct transfer *from);
uint64_t node_number(const struct node *n);

#endif
