/* Clocks that count CPU time.  musl makes the number of a thread's as Linux
 * does (linux/posix-timers.h): a tid, inverted, above three bits. */
#include "signal/private.h"

#include <time.h>

#include "abi/errno.h"

#define KIND	   3 /* of a number below 0: two bits, */
#define KIND_SCHED 2 /* of which only this serves here, */
#define THREAD	   4 /* and whether it is a thread's */

bool cpu_clock_of(int clock, int *tid)
{
	struct thread *t = current;
	int id = ~(clock >> 3);

	if (clock == CLOCK_PROCESS_CPUTIME_ID) {
		*tid = 0;
		return true;
	}
	if (clock == CLOCK_THREAD_CPUTIME_ID) {
		*tid = t->tid;
		return true;
	}
	if (clock >= 0 || (clock & KIND) != KIND_SCHED)
		return false;
	if (clock & THREAD)
		*tid = id ? id : t->tid;
	else
		*tid = 0;
	return clock & THREAD || !id || id == t->process->pid;
}

static long of_thread(struct process *p, int tid, int64_t *out)
{
	int64_t user = 0, system = 0;
	long r = -EINVAL;

	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *t = container_of(entry, struct thread, peers);

		if (t->tid == tid) {
			win_thread_times(t->handle, &user, &system);
			r = 0;
		}
	}
	lock_drop(&p->lock);
	*out = user + system;
	return r;
}

long cpu_clock_read(struct process *p, int tid, int64_t *out)
{
	int64_t user = 0, system = 0;

	if (tid)
		return of_thread(p, tid, out);
	win_process_times(win_process_self(), &user, &system);
	*out = user + system - p->base_user_time - p->base_system_time;
	return 0;
}
