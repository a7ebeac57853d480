/* Which calls and which signals are shown: strace's "-e trace=SET" and
 * "-e signal=SET", with its families. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "strace.h"

/* What abi/syscalls.def knows of each: its name, and its kinds of arguments. */
static struct call {
	const char *name, *kinds;
	bool hidden;
} calls[] = {
#define SYSCALL(number, name, status, count, ...) \
	{ #name, #__VA_ARGS__, false },
#define SYSCALL_FRAME(number, name, status, count, ...) \
	{ #name, #__VA_ARGS__, false },
#define SYSCALL_FRAME0(number, name, status) { #name, "", false },
#define SYSCALL_ABSENT(number, name)	     { #name, "", false },
#include "../../winsup/libposix/abi/syscalls.def"
};
#define CALLS (sizeof calls / sizeof *calls)

/* Where strace's families are not those whose arguments have that kind. */
static const struct family {
	const char *name, *members; /* between blanks */
} families[] = {
	{ "process", " clone clone3 execve execveat exit exit_group fork kill "
		     "pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo "
		     "tgkill tkill vfork wait4 waitid " },
	{ "network", " accept accept4 bind connect getpeername getsockname "
		     "getsockopt listen recvfrom recvmmsg recvmsg sendfile "
		     "sendmmsg sendmsg sendto setsockopt shutdown socket "
		     "socketpair " },
	{ "signal", " kill pause pidfd_send_signal rt_sigaction rt_sigpending "
		    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
		    "rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd "
		    "signalfd4 tgkill tkill " },
	{ "memory", " brk get_mempolicy madvise mbind migrate_pages mincore "
		    "mlock mlock2 mlockall mmap move_pages mprotect mremap "
		    "msync munlock munlockall munmap pkey_mprotect "
		    "process_madvise remap_file_pages set_mempolicy shmat "
		    "shmdt " },
	{ "ipc", " msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
		 "shmat shmctl shmdt shmget " },
	{ "clock", " adjtimex clock_adjtime clock_getres clock_gettime "
		   "clock_settime gettimeofday settimeofday time " },
	{ "creds", " capget capset getegid geteuid getgid getgroups getresgid "
		   "getresuid getuid prctl setfsgid setfsuid setgid setgroups "
		   "setregid setresgid setresuid setreuid setuid " },
	{ "stat", " stat " },
	{ "lstat", " lstat " },
	{ "fstat", " fstat newfstatat statx " },
	{ "%stat", " fstat lstat newfstatat stat statx " },
	{ "statfs", " statfs " },
	{ "fstatfs", " fstatfs " },
	{ "%statfs", " fstatfs statfs ustat " },
	{ "net", NULL },
	{ "file", NULL },
	{ "desc", NULL },
};

static const char *const signals[] = { "HUP", "INT", "QUIT", "ILL", "TRAP",
	"ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
	"TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
	"XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS" };
#define SIGNALS (sizeof signals / sizeof *signals)
static bool signal_hidden[SIGNALS];

static _Noreturn void refuse(const char *what, const char *name)
{
	fprintf(stderr, ME ": invalid %s '%s'\n", what, name);
	exit(1);
}

/* They make descriptors, or have them in arrays. */
static const char descriptors[] =
	" epoll_create epoll_create1 eventfd eventfd2 memfd_create mmap "
	"pidfd_open pipe pipe2 poll ppoll pselect6 select timerfd_create ";

static bool in_family(const struct call *c, const char *family)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", c->name);
	if (!strcmp(family, "file"))
		return strstr(c->kinds, "PATH") != NULL;
	if (!strcmp(family, "desc"))
		return strstr(c->kinds, "FD") || strstr(descriptors, word);
	if (!strcmp(family, "net"))
		family = "network";
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (!strcmp(families[i].name, family))
			return families[i].members &&
			       strstr(families[i].members, word);
	return false;
}

static bool is_family(const char *name)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (!strcmp(families[i].name, name))
			return true;
	return false;
}

/* Each call that the word names becomes `hidden`. */
static void mark_calls(const char *word, bool hidden)
{
	bool optional = *word == '?', family, found = false;
	regex_t pattern;

	word += optional;
	if (*word == '/' &&
		regcomp(&pattern, word + 1, REG_EXTENDED | REG_NOSUB))
		refuse("regular expression", word + 1);
	/* older strace knew families without the mark */
	family = *word == '%' || is_family(word);
	if (*word == '%' && !is_family(word + 1))
		refuse("system call", word);
	for (size_t i = 0; i < CALLS; i++) {
		struct call *c = &calls[i];

		if (*word == '/'
				? regexec(&pattern, c->name, 0, NULL, 0) == 0
				: !strcmp(word, "all") ||
					  !strcmp(word, c->name) ||
					  (family &&
						  in_family(c,
							  word + (*word ==
									 '%')))) {
			c->hidden = hidden;
			found = true;
		}
	}
	if (*word == '/')
		regfree(&pattern);
	else if (!found && !family && !optional && strcmp(word, "none"))
		refuse("system call", word);
}

static void mark_signals(const char *word, bool hidden)
{
	const char *name = word + (strncasecmp(word, "SIG", 3) ? 0 : 3);
	bool found = !strcmp(word, "none");

	for (size_t i = 0; i < SIGNALS; i++) {
		if (!strcmp(word, "all") || !strcasecmp(name, signals[i]) ||
			(size_t)atoi(word) == i + 1) {
			signal_hidden[i] = hidden;
			found = true;
		}
	}
	if (!found)
		refuse("signal", word);
}

void set_expression(const char *text)
{
	const char *value = strchr(text, '=');
	size_t n = value ? (size_t)(value - text) : 0;
	bool of_signals, negated;
	char *list, *word, *rest;

	value = value ? value + 1 : text;
	of_signals = (n == 6 && !strncmp(text, "signal", n)) ||
		     (n == 7 && !strncmp(text, "signals", n)) ||
		     (n == 1 && *text == 's');
	if (n && !of_signals && !(n == 5 && !strncmp(text, "trace", n)) &&
		!(n == 1 && *text == 't'))
		refuse("expression", text);
	negated = *value == '!';
	list = strdup(value + negated);
	/* all of the other kind first */
	for (size_t i = 0; i < CALLS && !of_signals; i++)
		calls[i].hidden = !negated;
	for (size_t i = 0; i < SIGNALS && of_signals; i++)
		signal_hidden[i] = !negated;
	for (word = strtok_r(list, ",", &rest); word;
		word = strtok_r(NULL, ",", &rest))
		of_signals ? mark_signals(word, negated)
			   : mark_calls(word, negated);
	free(list);
}

bool set_has_call(const char *name, size_t length)
{
	for (size_t i = 0; i < CALLS; i++)
		if (!strncmp(calls[i].name, name, length) &&
			!calls[i].name[length])
			return !calls[i].hidden;
	return true;
}

bool set_has_signal(const char *name, size_t length)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (length > 3 && !strncmp(signals[i], name + 3, length - 3) &&
			!signals[i][length - 3])
			return !signal_hidden[i];
	return true;
}
