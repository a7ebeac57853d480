/* musl's, and what POSIX.1-2024 has beside. */
#include_next <dirent.h>

#ifndef _POSIX1_DIRENT_H
#define _POSIX1_DIRENT_H

#if defined(_GNU_SOURCE) || _POSIX_C_SOURCE - 0 >= 202405L || \
	_XOPEN_SOURCE - 0 >= 800

#ifdef __cplusplus
extern "C" {
#endif

#define __NEED_size_t
#define __NEED_ssize_t
#include <bits/alltypes.h>

#ifndef DT_UNKNOWN
#define DT_UNKNOWN 0
#define DT_FIFO	   1
#define DT_CHR	   2
#define DT_DIR	   4
#define DT_BLK	   6
#define DT_REG	   8
#define DT_LNK	   10
#define DT_SOCK	   12
#endif
/* no file here is one of these */
#define DT_MQ  0x101
#define DT_SEM 0x102
#define DT_SHM 0x103
#define DT_TMO 0x104

#define DT_FORCE_TYPE 1

typedef unsigned short reclen_t;

/* as struct dirent begins */
struct posix_dent {
	ino_t d_ino;
	off_t d_off;
	reclen_t d_reclen;
	unsigned char d_type;
	char d_name[1];
};

ssize_t posix_getdents(int, void *, size_t, int);

#ifdef __cplusplus
}
#endif

#endif

#endif
