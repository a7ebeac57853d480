/* Shared by the families of calls. */
#ifndef CALL_PRIVATE_H
#define CALL_PRIVATE_H

#include "memory/memory.h"
#include "vfs/vfs.h"

/* A path from user memory: 0, -EFAULT or -ENAMETOOLONG. */
static inline long path_fetch(char name[PATH_SIZE], const char *user)
{
	long n = user_string(name, user, PATH_SIZE);

	return n < 0 ? n : 0;
}

/* ---- io.c ---- */
#define TRANSFER_MAX 0x7ffff000ul /* bytes at once: man 2 read, NOTES */

enum direction { READ, WRITE };

/* RLIMIT_FSIZE: how much of `size` bytes at `at` may be written; 0 with the
 * signal that tells. */
size_t io_below_limit(int64_t at, size_t size);
/* One transfer, within that limit; -ESPIPE, -EINVAL where the file has none. */
long io_run(struct file *f, struct io *io, enum direction d);

/* Of a mask of signals: those that can be in it. */
#define BLOCKABLE (~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1)))

/* signal.c: the mask of ppoll() and its like lasts until a handler has been
 * entered; without an interruption the old one is back at once. */
long mask_for_wait(const uint64_t *user, size_t size);
long mask_after_wait(long r);

/* poll.c: the deadline of a wait; a timespec that is all zero only looks. */
struct timespec;
long poll_deadline(int64_t *out, const struct timespec *user);

#endif
