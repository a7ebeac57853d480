/* Names of numbers, for the trace: flags and constants as strace(1) spells
 * them. */
#include "gate/private.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/errno.h"
#include "lib/lib.h"

struct name {
	uint64_t value;
	const char *text;
};

/* The first `bits` are bits, or several; the others are exclusive, and what is
 * left of the value when the bits are gone must be one of them. */
struct names {
	const struct name *list;
	int count, bits;
};

#define N(name) \
	{ \
		(uint64_t)(name), #name \
	}
#define ALL_BITS(list) \
	{ \
		list, (int)array_size(list), (int)array_size(list) \
	}
#define ALONE(list) \
	{ \
		list, (int)array_size(list), 0 \
	}
#define SOME_BITS(list, bits) \
	{ \
		list, (int)array_size(list), bits \
	}

static const struct name open_list[] = { N(O_CREAT), N(O_EXCL), N(O_NOCTTY),
	N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_SYNC), N(O_ASYNC),
	N(O_DSYNC), N(O_DIRECT), N(O_LARGEFILE), N(O_NOFOLLOW), N(O_NOATIME),
	N(O_CLOEXEC), N(O_PATH), N(O_TMPFILE), N(O_DIRECTORY), N(O_RDONLY),
	N(O_WRONLY), N(O_RDWR), { 3, "O_ACCMODE" } };
static const struct name protection_list[] = { N(PROT_READ), N(PROT_WRITE),
	N(PROT_EXEC), N(PROT_NONE) };
static const struct name map_list[] = { N(MAP_FIXED), N(MAP_ANONYMOUS),
	N(MAP_NORESERVE), N(MAP_POPULATE), N(MAP_NONBLOCK), N(MAP_GROWSDOWN),
	N(MAP_LOCKED), N(MAP_STACK), N(MAP_HUGETLB), N(MAP_FIXED_NOREPLACE),
	N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_SHARED_VALIDATE) };
static const struct name whence_list[] = { N(SEEK_SET), N(SEEK_CUR),
	N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE) };
static const struct name access_list[] = { N(R_OK), N(W_OK), N(X_OK), N(F_OK) };
static const struct name at_list[] = { N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR),
	N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH),
	{ 0, "0" } };
static const struct name eaccess_list[] = { N(AT_EACCESS),
	N(AT_SYMLINK_NOFOLLOW), N(AT_EMPTY_PATH), { 0, "0" } };
static const struct name fcntl_list[] = { N(F_DUPFD), N(F_GETFD), N(F_SETFD),
	N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK), N(F_SETLKW),
	N(F_SETOWN), N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_OFD_GETLK),
	N(F_OFD_SETLK), N(F_OFD_SETLKW), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ),
	N(F_GETPIPE_SZ), N(F_SETLEASE), N(F_GETLEASE), N(F_ADD_SEALS),
	N(F_GET_SEALS) };
static const struct name how_list[] = { N(SIG_BLOCK), N(SIG_UNBLOCK),
	N(SIG_SETMASK) };
static const struct name clock_list[] = { N(CLOCK_REALTIME), N(CLOCK_MONOTONIC),
	N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID),
	N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
	N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
	N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI) };
static const struct name wait_list[] = { N(WNOHANG), N(WSTOPPED), N(WEXITED),
	N(WCONTINUED), N(WNOWAIT), { 0, "0" } };
static const struct name wait4_list[] = { N(WNOHANG), N(WUNTRACED),
	N(WCONTINUED), { 0, "0" } };
static const struct name id_list[] = { N(P_ALL), N(P_PID), N(P_PGID),
	N(P_PIDFD) };
static const struct name resource_list[] = { N(RLIMIT_CPU), N(RLIMIT_FSIZE),
	N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE), N(RLIMIT_RSS),
	N(RLIMIT_NPROC), N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS),
	N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE),
	N(RLIMIT_NICE), N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME) };
static const struct name usage_list[] = { N(RUSAGE_SELF), N(RUSAGE_CHILDREN),
	N(RUSAGE_THREAD) };
static const struct name timer_list[] = { N(ITIMER_REAL), N(ITIMER_VIRTUAL),
	N(ITIMER_PROF) };
static const struct name absolute_list[] = { N(TIMER_ABSTIME), { 0, "0" } };
static const struct name epoll_list[] = { N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL),
	N(EPOLL_CTL_MOD) };
static const struct name epoll_create_list[] = { N(EPOLL_CLOEXEC), { 0, "0" } };
static const struct name epoll_event_list[] = { N(EPOLLIN), N(EPOLLPRI),
	N(EPOLLOUT), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDNORM), N(EPOLLRDBAND),
	N(EPOLLWRNORM), N(EPOLLWRBAND), N(EPOLLMSG), N(EPOLLRDHUP),
	N(EPOLLEXCLUSIVE), N(EPOLLWAKEUP), N(EPOLLONESHOT), N(EPOLLET),
	{ 0, "0" } };
static const struct name poll_list[] = { N(POLLIN), N(POLLPRI), N(POLLOUT),
	N(POLLERR), N(POLLHUP), N(POLLNVAL), N(POLLRDNORM), N(POLLRDBAND),
	N(POLLWRNORM), N(POLLWRBAND), N(POLLMSG), N(POLLRDHUP), { 0, "0" } };
static const struct name eventfd_list[] = { N(EFD_SEMAPHORE), N(EFD_CLOEXEC),
	N(EFD_NONBLOCK), { 0, "0" } };
static const struct name signalfd_list[] = { N(SFD_CLOEXEC), N(SFD_NONBLOCK),
	{ 0, "0" } };
static const struct name timerfd_list[] = { N(TFD_CLOEXEC), N(TFD_NONBLOCK),
	{ 0, "0" } };
static const struct name timerfd_set_list[] = { N(TFD_TIMER_ABSTIME),
	N(TFD_TIMER_CANCEL_ON_SET), { 0, "0" } };
static const struct name pipe_list[] = { N(O_NONBLOCK), N(O_CLOEXEC),
	N(O_DIRECT), { 0, "0" } };
static const struct name advice_list[] = { N(MADV_NORMAL), N(MADV_RANDOM),
	N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED), N(MADV_FREE),
	N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE),
	N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_WIPEONFORK) };
static const struct name file_advice_list[] = { N(POSIX_FADV_NORMAL),
	N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL), N(POSIX_FADV_WILLNEED),
	N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE) };
static const struct name sync_list[] = { N(MS_ASYNC), N(MS_INVALIDATE),
	N(MS_SYNC), { 0, "0" } };
static const struct name remap_list[] = { N(MREMAP_MAYMOVE), N(MREMAP_FIXED),
	{ 0, "0" } };
static const struct name flock_list[] = { N(LOCK_NB), N(LOCK_SH), N(LOCK_EX),
	N(LOCK_UN) };
static const struct name lock_list[] = { N(F_RDLCK), N(F_WRLCK), N(F_UNLCK) };
static const struct name random_list[] = { N(GRND_NONBLOCK), N(GRND_RANDOM),
	{ 0, "0" } };
static const struct name memfd_list[] = { N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING),
	N(MFD_HUGETLB), { 0, "0" } };
static const struct name fallocate_list[] = { N(FALLOC_FL_KEEP_SIZE),
	N(FALLOC_FL_PUNCH_HOLE), { 0x10, "FALLOC_FL_ZERO_RANGE" }, { 0, "0" } };
static const struct name policy_list[] = { N(SCHED_RESET_ON_FORK),
	N(SCHED_OTHER), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH),
	N(SCHED_IDLE), N(SCHED_DEADLINE) };
static const struct name which_list[] = { N(PRIO_PROCESS), N(PRIO_PGRP),
	N(PRIO_USER) };
static const struct name descriptor_list[] = { N(FD_CLOEXEC), { 0, "0" } };
static const struct name futex_list[] = { { 128, "FUTEX_PRIVATE_FLAG" },
	{ 256, "FUTEX_CLOCK_REALTIME" }, { 0, "FUTEX_WAIT" },
	{ 1, "FUTEX_WAKE" }, { 3, "FUTEX_REQUEUE" }, { 4, "FUTEX_CMP_REQUEUE" },
	{ 5, "FUTEX_WAKE_OP" }, { 6, "FUTEX_LOCK_PI" },
	{ 7, "FUTEX_UNLOCK_PI" }, { 8, "FUTEX_TRYLOCK_PI" },
	{ 9, "FUTEX_WAIT_BITSET" }, { 10, "FUTEX_WAKE_BITSET" },
	{ 11, "FUTEX_WAIT_REQUEUE_PI" }, { 12, "FUTEX_CMP_REQUEUE_PI" },
	{ 13, "FUTEX_LOCK_PI2" } };
static const struct name clone_list[] = { N(CLONE_VM), N(CLONE_FS),
	N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD), N(CLONE_PTRACE),
	N(CLONE_VFORK), N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS),
	N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID),
	N(CLONE_CHILD_CLEARTID), N(CLONE_DETACHED), N(CLONE_UNTRACED),
	N(CLONE_CHILD_SETTID) };
static const struct name prctl_list[] = { N(PR_SET_PDEATHSIG),
	N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE),
	N(PR_SET_NAME), N(PR_GET_NAME), N(PR_SET_CHILD_SUBREAPER),
	N(PR_GET_CHILD_SUBREAPER), N(PR_SET_NO_NEW_PRIVS) };
static const struct name arch_list[] = { { 0x1002, "ARCH_SET_FS" },
	{ 0x1003, "ARCH_GET_FS" } };
static const struct name ioctl_list[] = { N(TCGETS), N(TCSETS), N(TCSETSW),
	N(TCSETSF), N(TCFLSH), N(TIOCGWINSZ), N(TIOCSWINSZ), N(TIOCGPGRP),
	N(TIOCSPGRP), N(TIOCGSID), N(TIOCSCTTY), N(TIOCNOTTY), N(FIONREAD),
	N(FIONBIO), N(FIOCLEX), N(FIONCLEX) };
static const struct name file_type_list[] = { N(S_IFREG), N(S_IFDIR),
	N(S_IFLNK), N(S_IFCHR), N(S_IFBLK), N(S_IFIFO), N(S_IFSOCK) };
static const struct name signal_flag_list[] = { { 0x4000000, "SA_RESTORER" },
	N(SA_ONSTACK), N(SA_RESTART), { 0x40000000, "SA_NODEFER" },
	{ 0x80000000, "SA_RESETHAND" }, N(SA_SIGINFO), N(SA_NOCLDSTOP),
	N(SA_NOCLDWAIT), { 0, "0" } };
static const struct name stack_flag_list[] = { N(SS_ONSTACK), N(SS_DISABLE),
	{ 1u << 31, "SS_AUTODISARM" }, { 0, "0" } };

static const struct names tables[] = {
	[NAMES_OPEN] = SOME_BITS(open_list, 17),
	[NAMES_PROTECTION] = SOME_BITS(protection_list, 3),
	[NAMES_MAP] = SOME_BITS(map_list, 10),
	[NAMES_WHENCE] = ALONE(whence_list),
	[NAMES_ACCESS] = SOME_BITS(access_list, 3),
	[NAMES_AT] = SOME_BITS(at_list, 5),
	[NAMES_EACCESS] = SOME_BITS(eaccess_list, 3),
	[NAMES_FCNTL] = ALONE(fcntl_list),
	[NAMES_HOW] = ALONE(how_list),
	[NAMES_CLOCK] = ALONE(clock_list),
	[NAMES_WAITID] = SOME_BITS(wait_list, 5),
	[NAMES_WAIT4] = SOME_BITS(wait4_list, 3),
	[NAMES_ID] = ALONE(id_list),
	[NAMES_RESOURCE] = ALONE(resource_list),
	[NAMES_USAGE] = ALONE(usage_list),
	[NAMES_ITIMER] = ALONE(timer_list),
	[NAMES_ABSOLUTE] = SOME_BITS(absolute_list, 1),
	[NAMES_EPOLL] = ALONE(epoll_list),
	[NAMES_EPOLL_CREATE] = SOME_BITS(epoll_create_list, 1),
	[NAMES_EPOLL_EVENTS] = SOME_BITS(
		epoll_event_list, (int)array_size(epoll_event_list) - 1),
	[NAMES_POLL] = SOME_BITS(poll_list, (int)array_size(poll_list) - 1),
	[NAMES_EVENTFD] = SOME_BITS(eventfd_list, 3),
	[NAMES_SIGNALFD] = SOME_BITS(signalfd_list, 2),
	[NAMES_TIMERFD] = SOME_BITS(timerfd_list, 2),
	[NAMES_TIMERFD_SET] = SOME_BITS(timerfd_set_list, 2),
	[NAMES_PIPE] = SOME_BITS(pipe_list, 3),
	[NAMES_ADVICE] = ALONE(advice_list),
	[NAMES_FILE_ADVICE] = ALONE(file_advice_list),
	[NAMES_SYNC] = SOME_BITS(sync_list, 3),
	[NAMES_REMAP] = SOME_BITS(remap_list, 2),
	[NAMES_FLOCK] = SOME_BITS(flock_list, 1),
	[NAMES_LOCK] = ALONE(lock_list),
	[NAMES_RANDOM] = SOME_BITS(random_list, 2),
	[NAMES_MEMFD] = SOME_BITS(memfd_list, 3),
	[NAMES_FALLOCATE] = SOME_BITS(fallocate_list, 3),
	[NAMES_POLICY] = SOME_BITS(policy_list, 1),
	[NAMES_WHICH] = ALONE(which_list),
	[NAMES_DESCRIPTOR] = SOME_BITS(descriptor_list, 1),
	[NAMES_FUTEX] = SOME_BITS(futex_list, 2),
	[NAMES_CLONE] = ALL_BITS(clone_list),
	[NAMES_PRCTL] = ALONE(prctl_list),
	[NAMES_ARCH] = ALONE(arch_list),
	[NAMES_IOCTL] = ALONE(ioctl_list),
	[NAMES_FILE_TYPE] = ALONE(file_type_list),
	[NAMES_SIGNAL_FLAGS] = SOME_BITS(signal_flag_list, 8),
	[NAMES_STACK_FLAGS] = SOME_BITS(stack_flag_list, 3),
};

static const char *alone(const struct names *n, uint64_t value)
{
	for (int i = n->bits; i < n->count; i++)
		if (n->list[i].value == value)
			return n->list[i].text;
	return NULL;
}

/* What is exclusive comes first: "O_RDWR|O_CREAT". */
void add_names(struct line *l, enum names_kind kind, uint64_t value)
{
	const struct names *n = &tables[kind];
	uint64_t rest = value, bits;
	const char *base, *between = "";

	for (int i = 0; i < n->bits; i++)
		if ((value & n->list[i].value) == n->list[i].value)
			rest &= ~n->list[i].value;
	bits = value & ~rest;
	base = alone(n, rest);
	if (base && (rest || !bits || kind == NAMES_OPEN)) {
		add(l, "%s", base);
		between = "|";
		rest = 0;
	}
	for (int i = 0; i < n->bits; i++) {
		uint64_t bit = n->list[i].value;

		if ((bits & bit) != bit)
			continue;
		add(l, "%s%s", between, n->list[i].text);
		between = "|";
		bits &= ~bit;
	}
	if (rest || !*between)
		add(l, "%s%#lx", between, (unsigned long)rest);
}

const char *errno_name(long number)
{
#define E(name) [name] = #name
	static const char *const names[] = { E(EPERM), E(ENOENT), E(ESRCH),
		E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF),
		E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT),
		E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV),
		E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE),
		E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS),
		E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK),
		E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP),
		E(ENOMSG), E(EIDRM), E(ENODATA), E(ETIME), E(EPROTO),
		E(EBADMSG), E(EOVERFLOW), E(EILSEQ), E(EUSERS), E(ENOTSOCK),
		E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT),
		E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP),
		E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE),
		E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH), E(ENETRESET),
		E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN),
		E(ENOTCONN), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTUNREACH),
		E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EDQUOT), E(ECANCELED),
		E(EOWNERDEAD), E(ENOTRECOVERABLE) };
#undef E

	return number > 0 && (size_t)number < array_size(names) ? names[number]
								: NULL;
}

/* Which of a call's arguments are of which kind, beyond what
 * abi/syscalls.def says. */
static const struct {
	const char *call;
	int argument;
	enum names_kind names;
} arguments[] = {
	{ "lseek", 2, NAMES_WHENCE },
	{ "access", 1, NAMES_ACCESS },
	{ "faccessat", 2, NAMES_ACCESS },
	{ "faccessat2", 2, NAMES_ACCESS },
	{ "faccessat2", 3, NAMES_EACCESS },
	{ "mmap", 3, NAMES_MAP },
	{ "mremap", 3, NAMES_REMAP },
	{ "msync", 2, NAMES_SYNC },
	{ "madvise", 2, NAMES_ADVICE },
	{ "fcntl", 1, NAMES_FCNTL },
	{ "dup3", 2, NAMES_PIPE },
	{ "pipe2", 1, NAMES_PIPE },
	{ "rt_sigprocmask", 0, NAMES_HOW },
	{ "wait4", 2, NAMES_WAIT4 },
	{ "waitid", 0, NAMES_ID },
	{ "waitid", 3, NAMES_WAITID },
	{ "getrusage", 0, NAMES_USAGE },
	{ "getrlimit", 0, NAMES_RESOURCE },
	{ "setrlimit", 0, NAMES_RESOURCE },
	{ "prlimit64", 1, NAMES_RESOURCE },
	{ "getitimer", 0, NAMES_ITIMER },
	{ "setitimer", 0, NAMES_ITIMER },
	{ "timer_settime", 1, NAMES_ABSOLUTE },
	{ "clock_nanosleep", 1, NAMES_ABSOLUTE },
	{ "epoll_create1", 0, NAMES_EPOLL_CREATE },
	{ "epoll_ctl", 1, NAMES_EPOLL },
	{ "eventfd2", 1, NAMES_EVENTFD },
	{ "signalfd4", 3, NAMES_SIGNALFD },
	{ "timerfd_create", 1, NAMES_TIMERFD },
	{ "timerfd_settime", 1, NAMES_TIMERFD_SET },
	{ "unlinkat", 2, NAMES_AT },
	{ "linkat", 4, NAMES_AT },
	{ "newfstatat", 3, NAMES_AT },
	{ "fchownat", 4, NAMES_AT },
	{ "utimensat", 3, NAMES_AT },
	{ "execveat", 4, NAMES_AT },
	{ "statx", 2, NAMES_AT },
	{ "flock", 1, NAMES_FLOCK },
	{ "fadvise64", 3, NAMES_FILE_ADVICE },
	{ "fallocate", 1, NAMES_FALLOCATE },
	{ "getrandom", 2, NAMES_RANDOM },
	{ "memfd_create", 1, NAMES_MEMFD },
	{ "sched_setscheduler", 1, NAMES_POLICY },
	{ "sched_get_priority_max", 0, NAMES_POLICY },
	{ "sched_get_priority_min", 0, NAMES_POLICY },
	{ "getpriority", 0, NAMES_WHICH },
	{ "setpriority", 0, NAMES_WHICH },
	{ "prctl", 0, NAMES_PRCTL },
	{ "arch_prctl", 0, NAMES_ARCH },
	{ "ioctl", 1, NAMES_IOCTL },
};

enum names_kind names_of_argument(const char *call, int argument)
{
	for (size_t i = 0; i < array_size(arguments); i++)
		if (arguments[i].argument == argument &&
			!strcmp(arguments[i].call, call))
			return arguments[i].names;
	return NAMES_NONE;
}
