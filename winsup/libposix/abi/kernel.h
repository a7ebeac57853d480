/* Structs as they cross the gate where musl's public ones differ from the
 * kernel's: Linux x86-64's layouts.  Types only, no logic. */
#ifndef ABI_KERNEL_H
#define ABI_KERNEL_H

#include <stdint.h>

/* uname(2) and /proc.  Programs that look for a kernel's version find one that
 * has what is here. */
#define KERNEL_NAME    "libposix"
#define KERNEL_RELEASE "5.4.0-libposix"

/* struct stat is the kernel's on x86-64; kept apart from <sys/stat.h> so that
 * the lower half shows what it fills. */
struct kstat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad0;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	int64_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	/* ns since 1970, 0: not known; statx() tells it, and to stat()'s
	 * callers it is one more word that is not used */
	int64_t birth;
	int64_t unused[2];
};

/* man 2 rt_sigaction, "C library/kernel differences" */
struct k_sigaction {
	void (*handler)(int);
	uint64_t flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* man 2 getdents64 */
struct k_dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

_Static_assert(sizeof(struct kstat) == 144, "struct stat of x86-64");
_Static_assert(sizeof(struct k_sigaction) == 32, "struct k_sigaction");

#endif
