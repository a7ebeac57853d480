/* What the measured things of posix.c and threads.c share. */
#ifndef BENCH_H
#define BENCH_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/* Ends the program where something fails that must not. */
static inline void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* Runs body() in a child that is killed when the program ends; its pid. */
pid_t start_helper(void (*body)(void));

/* Each does the thing n times. */
void do_mutex(long n), do_shared_mutex(long n);
void start_shared_mutex(void), do_shared_mutex_ping(long n);
void do_condition(long n), do_threads(long n), start_condition(void);
void do_raise(long n), do_kill_self(long n), with_handler(void);
void do_sigaction(long n), do_sigprocmask(long n);
void start_signals(void), do_signals(long n);

#endif
