/* POSIX.1-2024 sig2str(), str2sig(): signals by the names that kill(1) and
 * trap use. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char names[][7] = {
	[0] = "EXIT",
	[SIGHUP] = "HUP",
	[SIGINT] = "INT",
	[SIGQUIT] = "QUIT",
	[SIGILL] = "ILL",
	[SIGTRAP] = "TRAP",
	[SIGABRT] = "ABRT",
	[SIGBUS] = "BUS",
	[SIGFPE] = "FPE",
	[SIGKILL] = "KILL",
	[SIGUSR1] = "USR1",
	[SIGSEGV] = "SEGV",
	[SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE",
	[SIGALRM] = "ALRM",
	[SIGTERM] = "TERM",
	[SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD",
	[SIGCONT] = "CONT",
	[SIGSTOP] = "STOP",
	[SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN",
	[SIGTTOU] = "TTOU",
	[SIGURG] = "URG",
	[SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ",
	[SIGVTALRM] = "VTALRM",
	[SIGPROF] = "PROF",
	[SIGWINCH] = "WINCH",
	[SIGPOLL] = "POLL",
	[SIGPWR] = "PWR",
	[SIGSYS] = "SYS",
};

#define NAMES (sizeof names / sizeof *names)

/* Other names of the same, which are only read. */
static const struct {
	char name[7];
	unsigned char signal;
} others[] = { { "IO", SIGPOLL }, { "IOT", SIGABRT } };

int sig2str(int signal, char *out)
{
	int first = SIGRTMIN, last = SIGRTMAX;

	if (signal >= 0 && signal < NAMES) {
		strcpy(out, names[signal]);
		return 0;
	}
	if (signal < first || signal > last)
		return -1;
	if (signal == first)
		strcpy(out, "RTMIN");
	else if (signal == last)
		strcpy(out, "RTMAX");
	else if (signal - first <= last - signal)
		sprintf(out, "RTMIN+%d", signal - first);
	else
		sprintf(out, "RTMAX-%d", last - signal);
	return 0;
}

/* A number in decimal and nothing behind it; else -1. */
static int number(const char *s)
{
	int n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > _NSIG)
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

static int real_time(const char *s)
{
	int distance = SIGRTMAX - SIGRTMIN, n;

	if (!strcmp(s, "RTMIN"))
		return SIGRTMIN;
	if (!strcmp(s, "RTMAX"))
		return SIGRTMAX;
	if (strncmp(s, "RTM", 3))
		return -1;
	n = strlen(s) > 6 ? number(s + 6) : -1;
	if (n < 0 || n > distance)
		return -1;
	if (!strncmp(s, "RTMIN+", 6))
		return SIGRTMIN + n;
	return strncmp(s, "RTMAX-", 6) ? -1 : SIGRTMAX - n;
}

int str2sig(const char *restrict s, int *restrict out)
{
	int n = number(s);

	if (n < 0 || n >= _NSIG)
		n = real_time(s);
	for (int i = 0; n < 0 && i < NAMES; i++)
		if (!strcmp(s, names[i]))
			n = i;
	for (int i = 0; n < 0 && i < sizeof others / sizeof *others; i++)
		if (!strcmp(s, others[i].name))
			n = others[i].signal;
	if (n < 0)
		return -1;
	*out = n;
	return 0;
}
