/* Shared by posix-strace's files. */
#ifndef STRACE_H
#define STRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define ME "posix-strace"

/* ---- sets.c: which calls and signals are shown ---- */
/* "trace=SET" and the like; ends the program if it is none. */
void set_expression(const char *text);
bool set_has_call(const char *name, size_t length);
bool set_has_signal(const char *name, size_t length);

/* ---- show.c: the trace's lines as strace(1) has them ---- */
struct options {
	bool follow, each; /* -f, -ff */
	bool quiet, count, also_lines;
	bool spent, relative;
	bool failed_only, good_only; /* -Z, -z */
	int time;		     /* -t, -tt, -ttt */
	int column;
	const char *file; /* -o; NULL: standard error */
	bool append;
	int size; /* of buffers that are shown */
	bool paths;
};
extern struct options options;

bool show_open(void); /* where all goes; false, with a complaint */
/* A process that is traced from now on. */
void show_add(pid_t pid);
/* A line of the trace file, terminated. */
void show_line(const char *line);
/* It has ended, without having said so: killed by `signal`, or exited. */
void show_end(pid_t pid, int status);
/* The first process that lives, as far as is known, from that number on; -1. */
int show_next(int from, pid_t *pid);
void show_summary(void);
void show_flush(void);

#endif
