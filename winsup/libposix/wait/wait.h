/* Sleeping and waking.  A POSIX thread blocks in sleep_wait() and nowhere
 * else, so every wait can be interrupted, and a wake-up between looking and
 * sleeping is never lost. */
#ifndef WAIT_WAIT_H
#define WAIT_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "task/task.h"
#include "win/win.h"

#define SLEEP_HANDLES 62
#define SLEEP_QUEUES  8

/* One thread's registration.  Lies on the sleeper's stack. */
struct sleep {
	struct thread *thread;
	int64_t deadline; /* win_clock_monotonic() time or WIN_FOREVER */
	int queue_count, handle_count, queue_room;
	struct wait_queue **queues; /* own, or win_alloc when more than 8 */
	struct wait_queue *own[SLEEP_QUEUES];
	win_handle handles[SLEEP_HANDLES + 1];
	bool crowded;
	bool within; /* sleep_begin_within() */
	int64_t at;  /* sleep_at() */
	/* sleep_listen(): */
	uint32_t ear;
	uint64_t *peers; /* process slots to be watched, a bit each */
	bool deaf;	 /* something cannot be heard by an ear */
};

/* Use: begin; on, any number of times; look at the condition (again); wait;
 * end.  Loop over "look" and "wait" without beginning anew is allowed. */
void sleep_begin(struct sleep *s, int64_t deadline);
/* Of one who is woken by his own process alone, and by signals: ten times as
 * fast, and registers with nothing. */
void sleep_begin_within(struct sleep *s, int64_t deadline);
int sleep_on(struct sleep *s, struct wait_queue *q); /* 0 or -ENOMEM */
/* A Windows handle that wakes when signalled, where there is no other way.
 * More than SLEEP_HANDLES: -ENOMEM. */
int sleep_on_handle(struct sleep *s, win_handle h);
/* Also wakes when the process in that slot dies, however it dies. */
int sleep_on_process(struct sleep *s, uint32_t process_slot);
/* The next sleep_wait() ends at that time with 0, if nothing else ends it
 * before. */
void sleep_at(struct sleep *s, int64_t time);
/* Not for sleeping: what an operation registers with s hears for an epoll
 * item from now on.  s->deaf: no ear serves, the item must be registered with
 * each sleep.  No sleep_end(); s->queues are those the ear is in. */
void sleep_listen(struct sleep *s, uint32_t ear, uint64_t *peers);
void sleep_listen_end(struct wait_queue *q, uint32_t ear);
/* 0: something woke us, look again; -ETIMEDOUT; -ERESTARTSYS: a signal that
 * is not blocked, or this thread must end.  Takes no locks with it. */
long sleep_wait(struct sleep *s);
void sleep_end(struct sleep *s);

/* Wakes all who sleep on q.  Any thread, any process. */
void wake(struct wait_queue *q);
void wait_queue_init(struct wait_queue *q);

/* ---- deadlines ---- */
/* Reads a user timespec into a deadline: relative to now, or absolute on
 * clock (CLOCK_REALTIME or CLOCK_MONOTONIC).  NULL gives WIN_FOREVER.
 * 0, -EFAULT or -EINVAL. */
long deadline_from_user(
	int64_t *out, const void *user_timespec, int clock, bool absolute);

/* A relative deadline of a call: as it was, when the call is only going on
 * after an interruption that no handler saw (man 7 signal, "after being
 * stopped by one of the stop signals and then resumed"). */
int64_t deadline_of_call(int64_t deadline);
/* ns from now as a deadline. */
int64_t deadline_after(int64_t ns);
struct timespec;
int64_t ns_from_timespec(const struct timespec *t);

/* ---- futex(2) ---- */
long futex_call(uint32_t *address, int operation, uint32_t value,
	const void *timeout_or_value2, uint32_t *address2, uint32_t value3);
/* Wakes `count` waiters of a word of this process; used at thread exit. */
long futex_wake(uint32_t *address, int count);

/* robust.c: set_robust_list(2). */
void robust_list_begin(struct thread *t, void *head);
/* The thread ends, or its program is replaced; its memory is still
 * there. */
void robust_list_end(struct thread *t);
/* The process in that host (as thread slots name it) is about to be
 * terminated. */
void robust_lists_kill(win_handle process, uint64_t owner);

/* ---- callbacks at a time, on the host's service thread ---- */
struct timer {
	struct list entry;
	int64_t deadline; /* WIN_FOREVER: not armed */
	void (*fire)(struct timer *t);
};
void timer_set(struct timer *t, int64_t deadline);
void timer_cancel(struct timer *t); /* after it, fire does not run */
/* The service thread's part: next deadline, and running what is due. */
int64_t timer_next(void);
void timer_run(void);

#endif
