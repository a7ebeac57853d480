/* What pointers lead to, for the trace, as strace(1) shows it.  What a call
 * gives is shown when it succeeded, else its address. */
#include "gate/private.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "abi/errno.h"
#include "abi/kernel.h"
#include "lib/lib.h"
#include "memory/memory.h"
#include "task/task.h"

#define ELEMENTS 32 /* of an array that are shown, as strace(1) */

static bool fetch(void *to, uint64_t user, size_t size)
{
	return !user_copy_in(to, (const void *)user, size);
}

static bool is(const char *call, const char *name)
{
	return !strcmp(call, name);
}

/* ---- signals ---- */

static void add_signal_short(struct line *l, int signal)
{
	const char *name = signal_name(signal);

	if (name)
		add(l, "%s", name + 3);
	else if (signal == 32)
		add(l, "RTMIN");
	else
		add(l, "RT_%d", signal - 32);
}

/* The shorter of the two ways to say it. */
void add_signal_set(struct line *l, uint64_t set)
{
	int count = __builtin_popcountl(set);
	const char *between = "";

	if (count > 42) {
		add(l, "~");
		set = ~set;
	}
	add(l, "[");
	for (int i = 1; i <= 64; i++) {
		if (!(set >> (i - 1) & 1))
			continue;
		add(l, "%s", between);
		add_signal_short(l, i);
		between = " ";
	}
	add(l, "]");
}

static bool signal_set(struct line *l, uint64_t user)
{
	uint64_t set;

	if (!fetch(&set, user, sizeof set))
		return false;
	add_signal_set(l, set);
	return true;
}

static const char *signal_code(int signal, int code)
{
	static const char *const children[] = { "CLD_EXITED", "CLD_KILLED",
		"CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED" };

	switch (code) {
	case SI_USER:
		return "SI_USER";
	case SI_KERNEL:
		return "SI_KERNEL";
	case SI_QUEUE:
		return "SI_QUEUE";
	case SI_TIMER:
		return "SI_TIMER";
	case SI_TKILL:
		return "SI_TKILL";
	}
	if (signal == SIGCHLD && code > 0 && code <= 6)
		return children[code - 1];
	if (signal == SIGSEGV)
		return code == SEGV_MAPERR   ? "SEGV_MAPERR"
		       : code == SEGV_ACCERR ? "SEGV_ACCERR"
					     : NULL;
	if (signal == SIGBUS)
		return code == BUS_ADRALN   ? "BUS_ADRALN"
		       : code == BUS_ADRERR ? "BUS_ADRERR"
					    : NULL;
	if (signal == SIGFPE && code == FPE_INTDIV)
		return "FPE_INTDIV";
	if (signal == SIGILL && code == ILL_ILLOPN)
		return "ILL_ILLOPN";
	if (signal == SIGTRAP && code == TRAP_BRKPT)
		return "TRAP_BRKPT";
	return NULL;
}

static void add_child(struct line *l, const struct signal_record *r)
{
	add(l, ", si_pid=%d, si_uid=%u, si_status=", r->pid, r->uid);
	if (r->code == CLD_EXITED)
		add(l, "%d", (int)r->status);
	else
		add_signal(l, (int)r->status);
	add(l, ", si_utime=%ld, si_stime=%ld", (long)r->user_time,
		(long)r->system_time);
}

void add_signal_record(struct line *l, const struct signal_record *r)
{
	const char *code = signal_code(r->signal, r->code);

	add(l, "{si_signo=");
	add_signal(l, r->signal);
	if (code)
		add(l, ", si_code=%s", code);
	else
		add(l, ", si_code=%d", r->code);
	if (r->signal == SIGCHLD && r->code > 0 && r->code <= CLD_CONTINUED)
		add_child(l, r);
	else if (r->code == SI_TIMER)
		add(l, ", si_timerid=%#x, si_overrun=%d, si_value=%#lx",
			(unsigned)r->pid, (int)r->status,
			(unsigned long)r->value);
	else if (r->code == SI_QUEUE)
		add(l, ", si_pid=%d, si_uid=%u, si_value=%#lx", r->pid, r->uid,
			(unsigned long)r->value);
	else if (r->code > 0 && r->code != SI_KERNEL)
		r->value ? add(l, ", si_addr=%#lx", (unsigned long)r->value)
			 : add(l, ", si_addr=NULL");
	else if (r->code <= 0)
		add(l, ", si_pid=%d, si_uid=%u", r->pid, r->uid);
	add(l, "}");
}

static bool signal_info(struct line *l, uint64_t user)
{
	siginfo_t info;
	struct signal_record r = { 0 };

	if (!fetch(&info, user, sizeof info))
		return false;
	r.signal = info.si_signo;
	r.code = info.si_code;
	r.pid = info.si_pid;
	r.uid = info.si_uid;
	r.value = (uint64_t)info.si_value.sival_ptr;
	if (info.si_signo == SIGCHLD) {
		r.status = (uint32_t)info.si_status;
		r.user_time = info.si_utime;
		r.system_time = info.si_stime;
	}
	add_signal_record(l, &r);
	return true;
}

static bool signal_action(struct line *l, uint64_t user)
{
	struct k_sigaction a;

	if (!fetch(&a, user, sizeof a))
		return false;
	if (a.handler == SIG_DFL || a.handler == SIG_IGN)
		add(l, "{sa_handler=%s",
			a.handler == SIG_DFL ? "SIG_DFL" : "SIG_IGN");
	else
		add(l, "{sa_handler=%#lx", (unsigned long)a.handler);
	add(l, ", sa_mask=");
	add_signal_set(l, a.mask);
	add(l, ", sa_flags=");
	add_names(l, NAMES_SIGNAL_FLAGS, a.flags & 0xffffffff);
	if (a.flags & 0x4000000)
		add(l, ", sa_restorer=%#lx", (unsigned long)a.restorer);
	add(l, "}");
	return true;
}

static bool signal_stack(struct line *l, uint64_t user)
{
	stack_t s;

	if (!fetch(&s, user, sizeof s))
		return false;
	add(l, "{ss_sp=");
	add_address(l, (uint64_t)s.ss_sp);
	add(l, ", ss_flags=");
	add_names(l, NAMES_STACK_FLAGS, (uint32_t)s.ss_flags);
	add(l, ", ss_size=%ld}", (long)s.ss_size);
	return true;
}

/* ---- times ---- */

static void one_time(struct line *l, const int64_t t[2], const char *fraction)
{
	if (*fraction == 'n' && t[1] == UTIME_NOW)
		add(l, "UTIME_NOW");
	else if (*fraction == 'n' && t[1] == UTIME_OMIT)
		add(l, "UTIME_OMIT");
	else
		add(l, "{tv_sec=%ld, tv_%s=%ld}", (long)t[0], fraction,
			(long)t[1]);
}

/* count: 1, 2: an array, 3: an interval and a value, each with its name. */
static bool times(
	struct line *l, uint64_t user, const char *fraction, int count)
{
	int64_t t[4];

	if (!fetch(t, user, (count == 1 ? 1u : 2u) * 16))
		return false;
	add(l, "%s", count == 3 ? "{it_interval=" : count == 2 ? "[" : "");
	one_time(l, t, fraction);
	if (count > 1) {
		add(l, "%s", count == 3 ? ", it_value=" : ", ");
		one_time(l, t + 2, fraction);
		add(l, "%s", count == 3 ? "}" : "]");
	}
	return true;
}

static bool usage(struct line *l, uint64_t user)
{
	struct rusage r;

	if (!fetch(&r, user, offsetof(struct rusage, ru_maxrss)))
		return false;
	add(l, "{ru_utime=");
	one_time(l, (int64_t *)&r.ru_utime, "usec");
	add(l, ", ru_stime=");
	one_time(l, (int64_t *)&r.ru_stime, "usec");
	add(l, ", ...}");
	return true;
}

/* ---- files ---- */

static bool file_stat(struct line *l, uint64_t user)
{
	struct kstat st;

	if (!fetch(&st, user, sizeof st))
		return false;
	add(l, "{st_mode=");
	add_names(l, NAMES_FILE_TYPE, st.mode & S_IFMT);
	if (st.mode & S_ISUID)
		add(l, "|S_ISUID");
	if (st.mode & S_ISGID)
		add(l, "|S_ISGID");
	if (st.mode & S_ISVTX)
		add(l, "|S_ISVTX");
	add(l, "|0%02o", st.mode & 0777);
	if (S_ISCHR(st.mode) || S_ISBLK(st.mode))
		add(l, ", st_rdev=makedev(%#x, %#x)", major(st.rdev),
			minor(st.rdev));
	else
		add(l, ", st_size=%ld", (long)st.size);
	add(l, ", ...}");
	return true;
}

/* left: bytes that were transferred; the vectors of a read hold no more. */
static bool vectors(struct line *l, uint64_t user, uint64_t count, size_t left)
{
	struct iovec v;

	if (!count) {
		add(l, "[]");
		return true;
	}
	if (count > 1024 || !fetch(&v, user, sizeof v))
		return false;
	add(l, "[");
	for (uint64_t i = 0; i < count; i++) {
		size_t n;

		if (i == ELEMENTS) {
			add(l, ", ...");
			break;
		}
		if (!fetch(&v, user + i * sizeof v, sizeof v))
			break;
		n = v.iov_len < left ? v.iov_len : left;
		left -= n;
		add(l, "%s{iov_base=", i ? ", " : "");
		add_bytes(l, (uint64_t)v.iov_base, n);
		add(l, ", iov_len=%ld}", (long)v.iov_len);
	}
	add(l, "]");
	return true;
}

static bool polled(struct line *l, uint64_t user, uint64_t count)
{
	struct pollfd p;

	if (count && !fetch(&p, user, sizeof p))
		return false;
	add(l, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (i == ELEMENTS) {
			add(l, ", ...");
			break;
		}
		if (!fetch(&p, user + i * sizeof p, sizeof p))
			break;
		add(l, "%s{fd=", i ? ", " : "");
		add_descriptor(l, p.fd);
		if (p.fd >= 0) {
			add(l, ", events=");
			add_names(l, NAMES_POLL, (uint16_t)p.events);
		}
		add(l, "}");
	}
	add(l, "]");
	return true;
}

/* " ([{fd=4, revents=POLLIN}])", behind poll's result. */
void add_polled(struct line *l, const struct traced *t)
{
	uint64_t count = t->frame->arguments[1];
	const char *between = "";
	struct pollfd p;

	add(l, " ([");
	for (uint64_t i = 0; i < count && i < 1024; i++) {
		if (!fetch(&p, t->frame->arguments[0] + i * sizeof p, sizeof p))
			break;
		if (!p.revents)
			continue;
		add(l, "%s{fd=", between);
		add_descriptor(l, p.fd);
		add(l, ", revents=");
		add_names(l, NAMES_POLL, (uint16_t)p.revents);
		add(l, "}");
		between = ", ";
	}
	add(l, "])");
}

static bool selected(struct line *l, uint64_t user, int count)
{
	const char *between = "";
	fd_set set;

	if (count > (int)FD_SETSIZE ||
		!fetch(&set, user, ((size_t)count + 7) / 8))
		return false;
	add(l, "[");
	for (int i = 0; i < count; i++) {
		if (!FD_ISSET(i, &set))
			continue;
		add(l, "%s", between);
		add_descriptor(l, i);
		between = " ";
	}
	add(l, "]");
	return true;
}

static bool epoll_events(struct line *l, uint64_t user, long count, bool array)
{
	struct epoll_event e;

	if (count && !fetch(&e, user, sizeof e))
		return false;
	add(l, "%s", array ? "[" : "");
	for (long i = 0; i < count && i < ELEMENTS; i++) {
		if (!fetch(&e, user + (uint64_t)i * sizeof e, sizeof e))
			break;
		add(l, "%s{events=", i ? ", " : "");
		add_names(l, NAMES_EPOLL_EVENTS, e.events);
		add(l, ", data={u32=%u, u64=%lu}}", e.data.u32,
			(unsigned long)e.data.u64);
	}
	add(l, "%s", array ? "]" : "");
	return true;
}

/* ---- the rest ---- */

static void add_limit(struct line *l, uint64_t n)
{
	if (n == ~0ul)
		add(l, "RLIM64_INFINITY");
	else if (n > 1024 && n % 1024 == 0)
		add(l, "%lu*1024", (unsigned long)(n / 1024));
	else
		add(l, "%lu", (unsigned long)n);
}

static bool limits(struct line *l, uint64_t user)
{
	uint64_t v[2];

	if (!fetch(v, user, sizeof v))
		return false;
	add(l, "{rlim_cur=");
	add_limit(l, v[0]);
	add(l, ", rlim_max=");
	add_limit(l, v[1]);
	add(l, "}");
	return true;
}

static bool system_name(struct line *l, uint64_t user)
{
	struct utsname u;

	if (!fetch(&u, user, sizeof u))
		return false;
	add(l, "{sysname=\"%s\", nodename=\"%s\", ...}", u.sysname, u.nodename);
	return true;
}

static void wait_status(struct line *l, int s)
{
	if (WIFEXITED(s))
		add(l, "{WIFEXITED(s) && WEXITSTATUS(s) == %d}",
			WEXITSTATUS(s));
	else if (WIFSTOPPED(s)) {
		add(l, "{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		add_signal(l, WSTOPSIG(s));
		add(l, "}");
	} else if (WIFSIGNALED(s)) {
		add(l, "{WIFSIGNALED(s) && WTERMSIG(s) == ");
		add_signal(l, WTERMSIG(s));
		add(l, "%s}", WCOREDUMP(s) ? " && WCOREDUMP(s)" : "");
	} else if (WIFCONTINUED(s))
		add(l, "{WIFCONTINUED(s)}");
	else
		add(l, "%#x", (unsigned)s);
}

static bool numbers(struct line *l, const struct traced *t, uint64_t user)
{
	bool pair = is(t->call, "pipe") || is(t->call, "pipe2");
	int n[2];

	if (!fetch(n, user, pair ? sizeof n : sizeof *n))
		return false;
	add(l, "[");
	if (pair) {
		add_descriptor(l, n[0]);
		add(l, ", ");
		add_descriptor(l, n[1]);
	} else if (is(t->call, "wait4"))
		wait_status(l, n[0]);
	else
		add(l, "%d", n[0]);
	add(l, "]");
	return true;
}

static bool begins(const char *type, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(type, name, n) && type[n] == ')';
}

/* A void *, by the call. */
static bool untyped(
	struct line *l, const struct traced *t, uint64_t user, int argument)
{
	if (is(t->call, "select") || is(t->call, "pselect6"))
		return argument < 4 &&
		       selected(l, user, (int)t->frame->arguments[0]);
	if (is(t->call, "sigaltstack"))
		return signal_stack(l, user);
	if (is(t->call, "waitid") || is(t->call, "rt_sigtimedwait") ||
		is(t->call, "rt_sigqueueinfo") ||
		is(t->call, "rt_tgsigqueueinfo"))
		return signal_info(l, user);
	return false;
}

static bool array_or_one(const struct traced *t)
{
	return is(t->call, "utimensat") || is(t->call, "utimes") ||
	       is(t->call, "futimesat");
}

bool add_struct(
	struct line *l, const struct traced *t, const char *type, int argument)
{
	uint64_t user = t->frame->arguments[argument];

	if (begins(type, "struct kstat"))
		return file_stat(l, user);
	if (begins(type, "struct timespec"))
		return times(l, user, "nsec", array_or_one(t) ? 2 : 1);
	if (begins(type, "struct timeval"))
		return times(l, user, "usec", array_or_one(t) ? 2 : 1);
	if (begins(type, "struct itimerspec"))
		return times(l, user, "nsec", 3);
	if (begins(type, "struct itimerval"))
		return times(l, user, "usec", 3);
	if (begins(type, "struct rusage"))
		return usage(l, user);
	if (begins(type, "struct rlimit"))
		return limits(l, user);
	if (begins(type, "struct k_sigaction"))
		return signal_action(l, user);
	if (begins(type, "struct utsname"))
		return system_name(l, user);
	if (begins(type, "struct iovec"))
		return vectors(l, user, t->frame->arguments[argument + 1],
			strchr(t->call, 'r') == t->call || t->call[1] == 'r'
				? (t->result > 0 ? (size_t)t->result : 0)
				: ~0ul);
	if (begins(type, "struct pollfd"))
		return polled(l, user, t->frame->arguments[1]);
	if (begins(type, "struct epoll_event"))
		return is(t->call, "epoll_ctl")
			       ? epoll_events(l, user, 1, false)
			       : epoll_events(l, user, t->result, true);
	if (begins(type, "uint64_t"))
		return signal_set(l, user);
	if (begins(type, "int") || begins(type, "unsigned"))
		return numbers(l, t, user);
	if (begins(type, "long")) {
		long n;

		if (!fetch(&n, user, sizeof n))
			return false;
		add(l, "[%ld]", n);
		return true;
	}
	if (begins(type, "void"))
		return untyped(l, t, user, argument);
	return false;
}
