/* Process slots: pids, and who is alive. */
#include "task/task.h"

#include "abi/errno.h"

struct process *task_own HOST_STATE = 0;

struct process *task_process(void)
{
	return task_own;
}

void task_set_process(struct process *p)
{
	task_own = p;
}

/* A pid is also the name of groups and sessions that outlive their founder. */
static bool pid_in_use(struct shared *s, int pid)
{
	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *p = &s->process[i];

		if (task_process_state(p->word) != PROCESS_FREE &&
			(p->pid == pid || p->group == pid || p->session == pid))
			return true;
	}
	return false;
}

static int next_pid(struct shared *s)
{
	int pid, old;

	do {
		old = s->last_pid;
		/* 1 is the parent of those who have none */
		pid = old >= TASK_PID_MAX || !old ? 2 : old + 1;
	} while (!__atomic_compare_exchange_n((int *)&s->last_pid, &old, pid,
			 false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) ||
		 pid_in_use(s, pid));
	return pid;
}

static void forget_sleepers(struct wait_queue *q)
{
	q->crowded = 0;
	for (size_t i = 0; i < array_size(q->waiters); i++)
		q->waiters[i] = 0;
}

long task_process_allocate(void)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < PROCESS_SLOTS; i++) {
		struct process_slot *p = &s->process[i];
		uint64_t old = p->word, new;

		if (task_process_state(old) != PROCESS_FREE)
			continue;
		new = (uint64_t)task_host << 32 |
		      ((task_process_generation(old) + 1) & 0xffffff) << 8 |
		      PROCESS_EMBRYO;
		if (!__atomic_compare_exchange_n((uint64_t *)&p->word, &old,
			    new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		if (s->process_end < i + 1)
			s->process_end = i + 1;
		p->parent = p->group = p->session = 0;
		p->pid = next_pid(s);
		p->parent_slot = 0;
		p->host = task_host;
		p->stub = 0;
		p->death_signal = p->subreaper = 0;
		p->flags = p->stop_status = 0;
		p->threads = p->main_thread = 0;
		p->has_executed = 0;
		p->nice = 0;
		p->scheduling = p->io_priority = 0;
		p->start_time = win_clock_monotonic();
		p->user_time = p->system_time = 0;
		p->children_user_time = p->children_system_time = 0;
		p->peak_memory = p->children_peak_memory = 0;
		p->ignored = 0;
		/* sleepers that were killed may have left their names */
		forget_sleepers(&p->children);
		forget_sleepers(&p->ended);
		forget_sleepers(&p->resumed);
		forget_sleepers(&p->signalled);
		p->signals.pending = 0;
		p->signals.ring_count = 0;
		return i;
	}
	return -EAGAIN;
}

/* Counted, not kept: a count that a killed process left wrong would stay so. */
uint32_t task_process_count(void)
{
	struct shared *s = task_shared();
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->process_end; i++)
		n += task_process_state(s->process[i].word) != PROCESS_FREE;
	return n;
}

void task_process_free(uint32_t index)
{
	struct process_slot *p = task_process_slot(index);

	struct shared *s = task_shared();

	p->pid = p->group = p->session = 0;
	p->word = (p->word & 0xffffff00) | PROCESS_FREE;
	if (task_process_count())
		return;
	/* nobody is left to use the hosts that wait */
	for (uint32_t i = 0; i < s->host_end; i++)
		if (task_host_state(s->hosts[i].word) == HOST_FREE)
			win_event_set(task_host_event(i));
}

long task_process_find(int pid)
{
	struct shared *s = task_shared();

	if (pid <= 0)
		return -ESRCH;
	for (uint32_t i = 0; i < s->process_end; i++) {
		enum process_state state =
			task_process_state(s->process[i].word);

		if (s->process[i].pid == pid &&
			(state == PROCESS_RUNNING || state == PROCESS_ZOMBIE))
			return i;
	}
	return -ESRCH;
}

bool task_process_take_zombie(uint32_t index)
{
	struct process_slot *p = task_process_slot(index);
	uint64_t old = p->word;

	return task_process_state(old) == PROCESS_ZOMBIE &&
	       __atomic_compare_exchange_n((uint64_t *)&p->word, &old,
		       (uint64_t)task_host << 32 | (old & 0xffffff00) |
			       PROCESS_REAPED,
		       false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

bool task_process_lives(uint32_t index)
{
	struct process_slot *p = task_process_slot(index);
	uint64_t word = p->word;
	enum process_state state = task_process_state(word);
	uint32_t host =
		state == PROCESS_EMBRYO ? task_process_holder(word) : p->host;

	if (state != PROCESS_RUNNING && state != PROCESS_EMBRYO)
		return false;
	word = task_shared()->hosts[host].word;
	return task_host_lives(host, task_host_word_generation(word));
}
