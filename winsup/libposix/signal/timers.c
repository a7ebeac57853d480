/* alarm, setitimer and timer_create: times at which a process signals itself.
 * They fire on the host's service thread. */
#include "signal/private.h"

#include <time.h>

#include "abi/errno.h"
#include "task/transfer.h"
#include "wait/wait.h"

#define TIMERS 32

struct posix_timer {
	struct timer timer;
	struct process *process;
	bool used;
	bool interval_timer; /* ITIMER_REAL: SIGALRM from the kernel */
	int number, signal, notify, clock;
	int tid; /* SIGEV_THREAD_ID; or 0 */
	uint64_t value;
	int64_t interval; /* ns; 0: once */
	/* expirations while its signal waits, and as they were when the last
	 * one was taken: POSIX timer_getoverrun() */
	_Atomic int overrun, last_overrun;
	bool counts_cpu; /* then `due` is a time of its clock, ns; 0: off */
	int counted;	 /* the thread; 0: the process */
	int64_t due;
};

/* Windows tells CPU time when asked, so such a timer is a clock's that looks
 * when the time may have come at the earliest. */
struct cpu_timer {
	struct timer timer;
	struct process *process;
	bool system; /* counts the system's part too */
	int signal;
	int64_t due, interval; /* CPU time of the process, ns; due 0: off */
};

struct timers {
	struct lock lock;
	struct posix_timer real; /* alarm() and ITIMER_REAL are one */
	struct cpu_timer cpu[2]; /* ITIMER_VIRTUAL, ITIMER_PROF */
	struct cpu_timer limit;	 /* RLIMIT_CPU */
	struct posix_timer posix[TIMERS];
};

/* To a thread that may have ended: then to nobody, as on Linux. */
static void send_to_thread(
	struct posix_timer *t, const struct signal_record *record)
{
	struct process *p = t->process;

	lock_take(&p->lock);
	list_for_each(entry, &p->threads)
	{
		struct thread *to = container_of(entry, struct thread, peers);

		if (to->tid != t->tid)
			continue;
		if (to->signals_pending & signal_bit(t->signal))
			t->overrun++;
		else
			signal_send_thread(to, record);
	}
	lock_drop(&p->lock);
}

static void send(struct posix_timer *t)
{
	struct process_slot *slot = task_process_slot(t->process->slot);
	struct signal_record record = {
		.signal = t->signal,
		.code = t->interval_timer ? SI_KERNEL : SI_TIMER,
		.pid = t->number,
		.value = t->value,
	};

	if (t->notify == SIGEV_NONE)
		return;
	if (t->tid)
		send_to_thread(t, &record);
	else if (slot->signals.pending & signal_bit(t->signal) &&
		 !t->interval_timer)
		t->overrun++;
	else
		signal_send(t->process->slot, &record);
}

static void look_at_clock(struct posix_timer *t);

/* What lies beyond the end of time is never. */
static int64_t later(int64_t time, int64_t ns)
{
	int64_t sum;

	return __builtin_add_overflow(time, ns, &sum) ? WIN_FOREVER : sum;
}

static void fire(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);
	int64_t deadline = timer->deadline, now = win_clock_monotonic();

	if (t->counts_cpu) {
		look_at_clock(t);
		return;
	}
	send(t);
	if (!t->interval)
		return;
	/* periods that passed unseen count as overruns */
	deadline = later(deadline, t->interval);
	if (deadline <= now) {
		int64_t missed = (now - deadline) / t->interval + 1;

		t->overrun += (int)missed;
		deadline += missed * t->interval;
	}
	timer_set(timer, deadline);
}

/* ---- CPU time ---- */

#define CPU_TICK 10000000 /* ns: finer than this nobody counts */

static int64_t cpu_time(const struct cpu_timer *t)
{
	int64_t user = 0, system = 0;

	win_process_times(win_process_self(), &user, &system);
	user -= t->process->base_user_time;
	system -= t->process->base_system_time;
	return t->system ? user + system : user;
}

/* No thread can bring it nearer faster than time passes. */
static void look_again(struct cpu_timer *t, int64_t left)
{
	left /= t->process->thread_count > 1 ? t->process->thread_count : 1;
	timer_set(&t->timer, deadline_after(left < CPU_TICK ? CPU_TICK : left));
}

/* A thread's time passes no faster than time. */
static void look_later(struct posix_timer *t, int64_t left)
{
	int threads = t->counted ? 1 : t->process->thread_count;

	left /= threads > 1 ? threads : 1;
	timer_set(&t->timer, deadline_after(left < CPU_TICK ? CPU_TICK : left));
}

static void look_at_clock(struct posix_timer *t)
{
	int64_t now, missed;

	if (!t->due || cpu_clock_read(t->process, t->counted, &now))
		return;
	if (now >= t->due) {
		send(t);
		if (!t->interval) {
			t->due = 0;
			return;
		}
		missed = (now - t->due) / t->interval;
		t->overrun += (int)missed;
		t->due = later(t->due + missed * t->interval, t->interval);
	}
	look_later(t, t->due - now);
}

static void look_at_cpu(struct timer *timer)
{
	struct cpu_timer *t = container_of(timer, struct cpu_timer, timer);
	struct signal_record record = { .signal = t->signal,
		.code = SI_KERNEL };
	int64_t now = cpu_time(t);

	if (now >= t->due) {
		signal_send(t->process->slot, &record);
		if (!t->interval) {
			t->due = 0;
			return;
		}
		t->due += (now - t->due) / t->interval * t->interval;
		t->due = later(t->due, t->interval);
	}
	look_again(t, t->due - now);
}

void timers_set_cpu(
	struct process *p, bool system, int64_t first, int64_t interval)
{
	struct cpu_timer *t = &p->timers->cpu[system];

	if (t->process)
		timer_cancel(&t->timer);
	t->process = p;
	t->interval = interval;
	t->due = first ? later(cpu_time(t), first) : 0;
	if (first)
		look_again(t, first);
}

void timers_get_cpu(
	struct process *p, bool system, int64_t *left, int64_t *interval)
{
	struct cpu_timer *t = &p->timers->cpu[system];

	*interval = t->interval;
	*left = 0;
	if (t->due) {
		*left = t->due - cpu_time(t);
		if (*left < 1)
			*left = 1;
	}
}

static int64_t seconds(uint64_t limit)
{
	return limit < INT64_MAX / SECOND ? (int64_t)limit * SECOND : INT64_MAX;
}

/* man 2 getrlimit: SIGXCPU at the soft limit and each second after it, SIGKILL
 * at the hard one. */
static void look_at_limit(struct timer *timer)
{
	struct cpu_timer *t = container_of(timer, struct cpu_timer, timer);
	int64_t hard = seconds(t->process->limits[LIMIT_CPU][1]);
	struct signal_record record = { .code = SI_KERNEL };
	int64_t now = cpu_time(t);

	record.signal = now >= hard ? SIGKILL : SIGXCPU;
	if (now >= t->due) {
		signal_send(t->process->slot, &record);
		t->due = now + t->interval;
	}
	if (t->due > hard)
		t->due = hard;
	look_again(t, t->due - now);
}

void timers_set_limit(struct process *p)
{
	struct cpu_timer *t = &p->timers->limit;
	uint64_t soft = p->limits[LIMIT_CPU][0];

	if (t->process)
		timer_cancel(&t->timer);
	t->process = soft == UNLIMITED ? NULL : p;
	if (!t->process)
		return;
	/* Linux takes none for one second */
	t->due = seconds(soft ? soft : 1);
	t->interval = SECOND;
	look_again(t, t->due - cpu_time(t));
}

struct timers *timers_create(void)
{
	struct timers *t = win_alloc(sizeof *t);

	if (!t)
		return NULL;
	t->lock.rank = RANK_SIGNAL_QUEUE;
	t->real.timer.deadline = WIN_FOREVER;
	t->real.timer.fire = fire;
	t->real.interval_timer = true;
	t->real.signal = SIGALRM;
	for (int i = 0; i < 2; i++) {
		t->cpu[i].timer.deadline = WIN_FOREVER;
		t->cpu[i].timer.fire = look_at_cpu;
		t->cpu[i].system = i;
		t->cpu[i].signal = i ? SIGPROF : SIGVTALRM;
	}
	t->limit.timer.deadline = WIN_FOREVER;
	t->limit.timer.fire = look_at_limit;
	t->limit.system = true;
	return t;
}

static void drop(struct posix_timer *t)
{
	if (t->process)
		timer_cancel(&t->timer);
	t->used = false;
	t->process = NULL;
}

void timers_free(struct timers *t)
{
	if (!t)
		return;
	drop(&t->real);
	for (int i = 0; i < 2; i++)
		if (t->cpu[i].process)
			timer_cancel(&t->cpu[i].timer);
	if (t->limit.process)
		timer_cancel(&t->limit.timer);
	for (int i = 0; i < TIMERS; i++)
		drop(&t->posix[i]);
	win_free(t);
}

void timers_exec(struct process *p)
{
	for (int i = 0; i < TIMERS; i++)
		drop(&p->timers->posix[i]);
}

/* A child of fork has none; a program that goes on elsewhere keeps its
 * alarm. */
void timers_pack(struct process *p, struct transfer *to, int how)
{
	struct posix_timer *real = &p->timers->real;
	int64_t left = 0;

	if (how == TRANSFER_EXEC && real->timer.deadline != WIN_FOREVER &&
		real->process) {
		left = real->timer.deadline - win_clock_monotonic();
		left = left < 1 ? 1 : left;
	}
	transfer_put_number(to, (uint64_t)left);
	transfer_put_number(to, (uint64_t)real->interval);
}

int timers_unpack(struct process *p, struct transfer *from, int how)
{
	int64_t left = (int64_t)transfer_get_number(from);
	int64_t interval = (int64_t)transfer_get_number(from);

	(void)how;
	p->timers = timers_create();
	if (!p->timers)
		return -ENOMEM;
	if (left)
		timers_set_real(p, left, interval, NULL, NULL);
	timers_set_limit(p);
	return (int)from->error;
}

static int64_t left_of(const struct posix_timer *t)
{
	int64_t left, now;

	if (t->counts_cpu) {
		if (!t->due || cpu_clock_read(t->process, t->counted, &now))
			return 0;
		return t->due > now ? t->due - now : 1;
	}
	if (t->timer.deadline == WIN_FOREVER || !t->process)
		return 0;
	left = t->timer.deadline - win_clock_monotonic();
	return left > 0 ? left : t->interval ? 1 : 0;
}

void timers_set_real(struct process *p, int64_t first, int64_t interval,
	int64_t *old_left, int64_t *old_interval)
{
	struct posix_timer *t = &p->timers->real;

	if (old_left)
		*old_left = left_of(t);
	if (old_interval)
		*old_interval = t->interval;
	if (t->process)
		timer_cancel(&t->timer);
	t->process = p;
	t->interval = interval;
	if (first)
		timer_set(&t->timer, deadline_after(first));
}

void timers_get_real(struct process *p, int64_t *left, int64_t *interval)
{
	*left = left_of(&p->timers->real);
	*interval = p->timers->real.interval;
}

/* ---- timer_create and relatives ---- */

static struct posix_timer *find(struct process *p, int id)
{
	struct posix_timer *t;

	if (id < 0 || id >= TIMERS)
		return NULL;
	t = &p->timers->posix[id];
	return t->used ? t : NULL;
}

long timers_add(struct process *p, int clock, int notify, int signal,
	uint64_t value, int tid)
{
	struct timers *all = p->timers;
	int counted = 0;
	bool counts_cpu = cpu_clock_of(clock, &counted);
	long r = -EAGAIN;

	lock_take(&all->lock);
	for (int i = 0; i < TIMERS; i++) {
		struct posix_timer *t = &all->posix[i];

		if (t->used)
			continue;
		*t = (struct posix_timer){ .used = true,
			.process = p,
			.number = i,
			.signal = signal,
			.notify = notify,
			.clock = clock,
			.tid = tid,
			.counts_cpu = counts_cpu,
			.counted = counted,
			.value = value };
		t->timer.fire = fire;
		t->timer.deadline = WIN_FOREVER;
		r = i;
		break;
	}
	lock_drop(&all->lock);
	return r;
}

long timers_set(struct process *p, int id, bool absolute, int64_t first,
	int64_t interval, int64_t *old_left, int64_t *old_interval)
{
	struct posix_timer *t = find(p, id);
	int64_t now;

	if (!t)
		return -EINVAL;
	*old_left = left_of(t);
	*old_interval = t->interval;
	timer_cancel(&t->timer);
	t->interval = interval;
	t->overrun = t->last_overrun = 0;
	t->due = 0;
	if (!first)
		return 0;
	if (t->counts_cpu) {
		if (cpu_clock_read(p, t->counted, &now))
			return 0; /* it will never come */
		t->due = absolute ? first : later(now, first);
		look_later(t, t->due - now);
		return 0;
	}
	if (absolute) {
		now = t->clock == CLOCK_REALTIME ? win_clock_realtime()
						 : win_clock_monotonic();
		first -= now;
	}
	timer_set(&t->timer, deadline_after(first > 0 ? first : 0));
	return 0;
}

long timers_get(struct process *p, int id, int64_t *left, int64_t *interval)
{
	struct posix_timer *t = find(p, id);

	if (!t)
		return -EINVAL;
	*left = left_of(t);
	*interval = t->interval;
	return 0;
}

long timers_overrun(struct process *p, int id)
{
	struct posix_timer *t = find(p, id);

	return t ? t->last_overrun : -EINVAL;
}

void timers_taken(struct process *p, struct signal_record *record)
{
	struct posix_timer *t;

	if (record->code != SI_TIMER)
		return;
	t = find(p, record->pid);
	if (!t)
		return;
	t->last_overrun =
		__atomic_exchange_n((int *)&t->overrun, 0, __ATOMIC_SEQ_CST);
	record->status = (uint32_t)t->last_overrun;
}

long timers_remove(struct process *p, int id)
{
	struct posix_timer *t = find(p, id);

	if (!t)
		return -EINVAL;
	drop(t);
	return 0;
}
