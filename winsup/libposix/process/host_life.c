/* Being a host: to wait, to be filled, to live as a process, and again. */
#include "process/private.h"

#include "abi/errno.h"
#include "gate/gate.h"
#include "image/image.h"
#include "signal/signal.h"
#include "wait/wait.h"

/* ns; how often a host that waits looks around, and how often until it ends */
#define TICK	   20000000000l
#define IDLE_TICKS 3
#define ORPHAN_AGE 60000000000l

static struct {
	int64_t user, system;
} used HOST_STATE = { 0, 0 };

static const uint16_t *number(const uint16_t *s, uint64_t *out)
{
	*out = 0;
	while (*s == ' ')
		s++;
	for (; *s >= '0' && *s <= '9'; s++)
		*out = *out * 10 + *s - '0';
	return s;
}

int host_claim(uint32_t *slot, uint64_t *word)
{
	static const char name[] = "posix-host ";
	const uint16_t *line = win_command_line();
	uint64_t n;

	for (size_t i = 0; i < sizeof name - 1; i++)
		if (line[i] != (uint16_t)name[i])
			return -EINVAL;
	line = number(line + sizeof name - 1, &n);
	*slot = (uint32_t)n;
	number(line, word);
	return *slot < HOST_SLOTS ? 0 : -EINVAL;
}

/* Windows' caller ends the process that it knows: then we end too. */
static void watch_stub(uint32_t index)
{
	uint32_t stub = task_process_slot(index)->stub;

	if (stub)
		host_watch(
			stub - 1, task_host_word_generation(
					  task_shared()->hosts[stub - 1].word));
}

/* On the kernel stack of the first thread: what was sent becomes a process. */
static void live(void *argument)
{
	struct thread *t = current;
	uint32_t index = task_shared()->hosts[task_host].process;
	struct process *p = process_make(index);
	struct window *w = host_window(task_host);
	struct transfer from = { .buffer = (uint8_t *)w + WINDOW_HEAD };
	int r = 0;

	(void)argument;
	if (!p)
		win_die("host %u: out of memory", task_host);
	from.size = from.committed = w->size;
	task_set_process(p);
	task_thread_join_process(t, p);
	task_thread_number(t, p->pid);
	r = process_receive(p, t, &from);
	if (r)
		win_die("process %d cannot begin in host %u: errno %d", p->pid,
			task_host, -r);
	p->base_user_time = used.user;
	p->base_system_time = used.system;
	p->whole = true;
	wake(&task_process_slot(index)->resumed);
	watch_stub(index);
	signal_serve(p);
	gate_leave(t, t->frame);
}

/* A host hardly works between lives, and asking twice costs two requests. */
void host_used(int64_t user, int64_t system)
{
	used.user = user;
	used.system = system;
}

static void run_life(void)
{
	static win_handle own HOST_STATE = 0;
	struct thread *t;

	if (!own)
		win_thread_self(&own);
	if (task_thread_create(&t))
		win_die("host %u: no thread slot", task_host);
	t->handle = own;
	t->host_main = true;
	gate_run(t, live, NULL);
	priority_end(t);
	t->handle = 0;
	task_thread_destroy(t);
}

void host_leave(uint32_t windows_code)
{
	struct host_slot *slot = &task_shared()->hosts[task_host];

	host_leave_nothing();
	slot->word = host_word_in(slot->word, HOST_EMPTY);
	win_exit_process(windows_code);
}

/* Nobody will take us any more, unless somebody just has. */
static void retire(struct host_slot *slot, uint64_t word)
{
	if (!host_exchange(slot, word, host_word_in(word, HOST_EMPTY)))
		return;
	host_leave_nothing();
	win_exit_process(0);
}

/* A waiting host has time to look after the others. */
static void tick(struct host_slot *slot, int ticks)
{
	uint64_t word = slot->word;

	host_sweep();
	/* those of sessions that are no more have no slot to tell of them */
	if (ticks == 1)
		host_end_orphans(ORPHAN_AGE);
	if (task_host_state(word) == HOST_FREE && ticks >= IDLE_TICKS)
		retire(slot, word);
	/* whoever took us has died with us in hand */
	if (task_host_state(word) == HOST_TAKEN &&
		!task_host_taker_lives(slot->taker)) {
		host_died(task_host, task_host_generation);
		win_exit_process(1);
	}
}

void host_main(void)
{
	struct shared *s = task_shared();
	struct host_slot *slot = &s->hosts[task_host];
	uint64_t word = slot->word;
	win_handle go = task_host_event(task_host);
	int ticks = 0;

	hosts_start();
	if (!host_window(task_host) ||
		!host_exchange(slot, word, host_word_in(word, HOST_FREE)))
		win_exit_process(1);
	win_event_set(task_host_up_event(task_host));
	for (;;) {
		word = slot->word;
		switch (task_host_state(word)) {
		case HOST_RUNNING:
			ticks = 0;
			run_life();
			/* unless somebody has just set out to end us */
			if (!host_exchange(slot, word,
				    host_word_in(word + HOST_LIFE, HOST_FREE)))
				win_exit_process(1);
			break;
		case HOST_FREE:
			if (!task_process_count())
				retire(slot, word);
			/* fall through */
		case HOST_TAKEN:
			if (win_wait(&go, 1, deadline_after(TICK)) ==
				-ETIMEDOUT)
				tick(slot, ++ticks);
			break;
		default:
			win_exit_process(1); /* swept up */
		}
	}
}
