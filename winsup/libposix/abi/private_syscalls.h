/* Calls that the upper half makes and Linux does not have, numbered from
 * 0x1000.  Their lines are at the end of abi/syscalls.def. */
#ifndef ABI_PRIVATE_SYSCALLS_H
#define ABI_PRIVATE_SYSCALLS_H

/* (base, size): unmaps the calling thread's own stack and ends the thread. */
#define SYS_posix_unmapself 0x1000
/* (struct posix_dl *): the dl* functions; the fields each uses are below. */
#define SYS_posix_dlopen    0x1001
#define SYS_posix_dlsym	    0x1002
#define SYS_posix_dlclose   0x1003
#define SYS_posix_dladdr    0x1004
#define SYS_posix_dliterate 0x1005
/* (which, struct posix_object *): the next image whose constructors
 * (which 0) or destructors (1) are to be run; -ESRCH after the last.  which 2:
 * 0 if any image but the C library exports anything, else -ESRCH. */
#define SYS_posix_object 0x1006
/* (what, from, to, size): a path in the other spelling; what is one of the two
 * below.  winsup/include/sys/posix.h tells programs of it. */
#define SYS_posix_path	      0x1007
#define POSIX_PATH_TO_POSIX   0
#define POSIX_PATH_TO_WINDOWS 1
/* (where): the address of a function that was not found when its image was
 * bound, now that it is called; where says which (image/late.S).  If nobody has
 * it, the process ends. */
#define SYS_posix_late 0x1008

/* (pid, file, how): a line for each call of that process (0: the caller), and
 * of what it forks, at the end of the file, which may be created; "": no
 * more.  how: as below, and above the low 8 bits how many bytes of a buffer are
 * shown.  -EPERM: it is traced already, or is not of this DLL. */
#define SYS_posix_trace	    0x1009
#define POSIX_TRACE_PATHS   2 /* of descriptors */
#define POSIX_TRACE_SIZE(n) ((unsigned)(n) << 8)

#define POSIX_DL_TEXT 512

#ifndef __ASSEMBLER__
#include <stddef.h>

/* Arguments of the dl* calls.  An error leaves a line in text, as dlerror()
 * is to give it. */
struct posix_dl {
	const char *name; /* dlopen: file, may be NULL; dlsym: symbol */
	int mode;	  /* dlopen: RTLD_* */
	void *handle;	  /* dlopen: result; dlsym, dlclose: which */
	void *caller;	  /* return address, for RTLD_NEXT and $ORIGIN */
	void *address;	  /* dlsym: result; dladdr: what to look for */
	/* dladdr and dliterate: results; names stay till dlclose */
	const char *object, *symbol;
	void *base, *symbol_address;
	size_t size;
	unsigned long index; /* dliterate: which image, from 0 */
	char text[POSIX_DL_TEXT];
};

struct module;

struct posix_object {
	const struct module *module;
};

#endif
#endif
