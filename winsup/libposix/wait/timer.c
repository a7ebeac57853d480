/* Callbacks at a time, run by the host's service thread.  The list is short:
 * one entry for each armed timer of the process. */
#include "wait/wait.h"

static struct {
	struct lock lock;
	struct list armed;
	struct timer *running; /* its fire() is being called */
} timers HOST_STATE = { LOCK_INIT(RANK_WAIT_QUEUE), { 0, 0 }, 0 };

static void ensure_list(void)
{
	if (!timers.armed.next)
		list_init(&timers.armed);
}

static void unlink_timer(struct timer *t)
{
	if (t->entry.next)
		list_remove(&t->entry);
}

void timer_set(struct timer *t, int64_t deadline)
{
	bool first;

	lock_take(&timers.lock);
	ensure_list();
	unlink_timer(t);
	t->deadline = deadline;
	first = deadline != WIN_FOREVER;
	if (first)
		list_append(&timers.armed, &t->entry);
	lock_drop(&timers.lock);
	if (first)
		win_event_set(task_service_event(task_host));
}

void timer_cancel(struct timer *t)
{
	for (;;) {
		bool busy;

		lock_take(&timers.lock);
		ensure_list();
		unlink_timer(t);
		t->deadline = WIN_FOREVER;
		busy = timers.running == t;
		lock_drop(&timers.lock);
		if (!busy)
			return;
		win_thread_yield();
	}
}

int64_t timer_next(void)
{
	int64_t next = WIN_FOREVER;

	lock_take(&timers.lock);
	ensure_list();
	list_for_each(entry, &timers.armed)
	{
		struct timer *t = container_of(entry, struct timer, entry);

		if (t->deadline < next)
			next = t->deadline;
	}
	lock_drop(&timers.lock);
	return next;
}

/* One timer that is due, taken out of the list; NULL if there is none. */
static struct timer *take_due(int64_t now)
{
	struct timer *due = NULL;

	lock_take(&timers.lock);
	list_for_each(entry, &timers.armed)
	{
		struct timer *t = container_of(entry, struct timer, entry);

		if (t->deadline <= now) {
			list_remove(&t->entry);
			due = t;
			break;
		}
	}
	timers.running = due;
	lock_drop(&timers.lock);
	return due;
}

void timer_run(void)
{
	struct timer *t;
	int64_t now = win_clock_monotonic();

	while ((t = take_due(now))) {
		t->fire(t);
		lock_take(&timers.lock);
		timers.running = NULL;
		lock_drop(&timers.lock);
	}
}
