/* Room win as the tests of waiting, locks, queues and slots need it: handles
 * that are flags, a clock that stands still until somebody sleeps, and no
 * other thread.  What another thread or process would do while the tested code
 * waits, does fake_turn, a function of the test's. */
#ifndef FAKE_SLEEP_H
#define FAKE_SLEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "task/task.h"

struct win_object {
	bool set;
	bool stays; /* a process that has ended; events go off when seen */
	char name[96];
};

/* Called while the code waits or yields; false: nothing will happen any more,
 * so a wait without a deadline fails the test. */
extern bool (*fake_turn)(void);
extern int64_t fake_now;
/* How many times something was waited for. */
extern int fake_waits;

/* The Windows process with that id has ended. */
void fake_end_process(uint32_t id);

/* A session of its own for each test: task_start() as the host with Windows id
 * 100; then `current` is a thread of a running process in slot 0. */
int fake_session(void **state);
extern struct process fake_process;
/* A running process more, in a host of its own with that Windows id; its
 * slot's index. */
uint32_t fake_other_process(uint32_t windows_id);
/* A second thread of fake_process; the calling thread may act as it. */
struct thread *fake_thread(void);

#endif
