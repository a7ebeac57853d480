/* Prototypes of the system calls and what their arguments are, made from
 * abi/syscalls.def: the only place where a number meets a function. */
#ifndef ABI_SYSCALLS_H
#define ABI_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

struct frame;
struct timespec;
struct timeval;
struct itimerval;
struct itimerspec;
struct iovec;
struct kstat;
struct k_sigaction;
struct rusage;
struct rlimit;
struct tms;
struct utsname;
struct sysinfo;
struct statfs;
struct statx;
struct open_how;
struct pollfd;
struct sigevent;
struct timezone;
struct epoll_event;

/* Kinds of arguments.  C_x is the type in C; the trace and the test of bad
 * pointers (testsuite/program/gate) read the kinds by name. */
#define C_INT			 int
#define C_UINT			 unsigned
#define C_LONG			 long
#define C_ULONG			 unsigned long
#define C_HEX			 unsigned long
#define C_FD			 int
#define C_ATFD			 int
#define C_PID			 int
#define C_SIGNAL		 int
#define C_MODE			 unsigned
#define C_OPENFLAGS		 int
#define C_PROTECTION		 int
#define C_CLOCK			 int
#define C_SIZE			 size_t
#define C_OFFSET		 long
#define C_ADDRESS		 uintptr_t /* not read or written as memory */
#define C_PATH			 const char * /* a string */
#define C_STRINGS		 char *const *
#define C_IN_BUF(size_argument)	 const void *
#define C_OUT_BUF(size_argument) void *
#define C_IN(type)		 const type *
#define C_OUT(type)		 type *
#define C_INOUT(type)		 type *
#define C_OPTIONAL_IN(type)	 const type * /* may be NULL */
#define C_OPTIONAL_OUT(type)	 type *
#define C_OPTIONAL_INOUT(type)	 type *

#define P0()		     void
#define P1(a)		     C_##a
#define P2(a, b)	     C_##a, C_##b
#define P3(a, b, c)	     C_##a, C_##b, C_##c
#define P4(a, b, c, d)	     C_##a, C_##b, C_##c, C_##d
#define P5(a, b, c, d, e)    C_##a, C_##b, C_##c, C_##d, C_##e
#define P6(a, b, c, d, e, f) C_##a, C_##b, C_##c, C_##d, C_##e, C_##f

#define SYSCALL(number, name, status, count, ...) \
	long sys_##name(P##count(__VA_ARGS__));
/* A call that changes the caller's registers gets the frame as well. */
#define SYSCALL_FRAME(number, name, status, count, ...) \
	long sys_##name(struct frame *, P##count(__VA_ARGS__));
#define SYSCALL_FRAME0(number, name, status) long sys_##name(struct frame *);
#define SYSCALL_ABSENT(number, name)
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_FRAME
#undef SYSCALL_FRAME0
#undef SYSCALL_ABSENT

#endif
