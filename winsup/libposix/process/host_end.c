/* The deaths of hosts, and what has to be done for those who died. */
#include "process/private.h"

#include "abi/errno.h"
#include "signal/signal.h"
#include "wait/wait.h"

#define START_USUAL 10000000000l /* ns; later than that its maker has died */

static uint32_t watched[HOST_SLOTS] HOST_STATE = { 0 };

static void died(void *argument)
{
	uint64_t which = (uint64_t)argument;

	host_died((uint32_t)which & 0xffff, (uint32_t)(which >> 16));
}

int host_watch(uint32_t i, uint32_t generation)
{
	win_handle process = task_host_process(i, generation);
	int r = -ESRCH;

	if (watched[i] == generation)
		return 0;
	if (process)
		r = win_wait_register(process, died,
			(void *)((uint64_t)generation << 16 | i));
	if (!r)
		watched[i] = generation;
	return r;
}

/* kill(2) with SIGKILL, from another process.  The word counts lives: if it is
 * still what it was when the process was seen in there, nobody else lives
 * there by now, and once it says DYING nobody will. */
static long kill_process(uint32_t index)
{
	struct process_slot *p = task_process_slot(index);
	uint32_t host = p->host;
	struct host_slot *slot = &task_shared()->hosts[host % HOST_SLOTS];
	uint64_t word = slot->word;

	if (host >= HOST_SLOTS || slot->process != index || p->host != host ||
		task_process_state(p->word) != PROCESS_RUNNING)
		return -EAGAIN;
	return host_end(host, word) ? 0 : -EAGAIN;
}

/* Who ends a host is its taker; one that dies at it is followed by another. */
static bool claim(struct host_slot *slot, uint64_t word)
{
	uint64_t taker = slot->taker;

	if (task_host_state(word) == HOST_EMPTY ||
		(task_host_state(word) == HOST_DYING &&
			task_host_taker_lives(taker)))
		return false;
	return __atomic_compare_exchange_n((uint64_t *)&slot->taker, &taker,
		       task_host_self(), false, __ATOMIC_SEQ_CST,
		       __ATOMIC_RELAXED) &&
	       host_exchange(slot, word, host_word_in(word, HOST_DYING));
}

/* Why a host ended that did not end its process first.  Windows ends one whose
 * fault it cannot tell anybody, as when the stack pointer leads nowhere, with
 * the exception's code (Microsoft "GetExitCodeProcess"); Wine 8 with 0, which
 * is nobody's: testsuite/program/process/deaths.c. */
static int status_of(win_handle process)
{
	uint32_t code;
	int signal;

	if (!process || !win_process_ended(process, &code))
		return STATUS_SIGNAL(SIGKILL);
	signal = code == WIN_DIED ? SIGABRT
		 : code		  ? signal_of_fault(code)
				  : SIGSEGV;
	return STATUS_SIGNAL(signal ? signal : SIGKILL);
}

/* The processes that lived there, were being made there, or had their stub
 * there. */
static void end_processes(uint32_t host, int status)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *p = &s->process[i];
		uint64_t word = p->word;
		enum process_state state = task_process_state(word);

		if ((state == PROCESS_EMBRYO || state == PROCESS_REAPED) &&
			task_process_holder(word) == host) {
			process_forget(i);
			task_process_free(i);
			continue;
		}
		if (state == PROCESS_RUNNING && p->stub == host + 1 &&
			p->host != host)
			kill_process(i);
		if (p->host != host)
			continue;
		if (state == PROCESS_RUNNING || state == PROCESS_ZOMBIE) {
			process_forget(i);
			process_end(i, status);
		}
	}
}

/* What it had in hand: hosts it was filling, or had just filled. */
static void end_taken(uint32_t host, uint32_t generation)
{
	struct shared *s = task_shared();
	uint64_t taker = (uint64_t)generation << 32 | (host + 1);

	for (uint32_t i = 0; i < s->host_end; i++) {
		uint64_t word = s->hosts[i].word;

		if (s->hosts[i].taker != taker || i == host)
			continue;
		if (task_host_state(word) == HOST_TAKEN)
			host_end(i, word);
		else if (task_host_state(word) == HOST_RUNNING)
			win_event_set(task_host_event(i));
	}
}

bool host_end(uint32_t host, uint64_t word)
{
	struct host_slot *slot = &task_shared()->hosts[host];
	uint32_t generation = task_host_word_generation(word);
	win_handle process = task_host_process(host, generation);

	if (!claim(slot, word))
		return false;
	if (process && host != task_host && !win_process_ended(process, NULL)) {
		robust_lists_kill(
			process, (uint64_t)generation << 32 | (host + 1));
		win_process_terminate(process, 128 + SIGKILL);
		/* it may still be writing: Windows ends processes in steps */
		win_wait(&process, 1, deadline_after(2000000000));
	}
	end_processes(host, status_of(process));
	end_taken(host, generation);
	slot->word = host_word_in(word, HOST_EMPTY);
	/* our own: its stub was killed, or whoever had taken us */
	if (host == task_host)
		win_exit_process(128 + SIGKILL);
	return true;
}

void host_died(uint32_t host, uint32_t generation)
{
	uint64_t word = task_shared()->hosts[host].word;

	if (task_host_word_generation(word) == generation)
		host_end(host, word);
}

void host_end_orphans(int64_t older_than)
{
	uint16_t program[1024];

	if (host_program(program, 1024))
		win_process_end_orphans(program, older_than);
}

/* A host that has not come up: its maker may have died before or after it was
 * complete. */
static bool sweep_starting(struct host_slot *slot, int64_t older_than)
{
	uint64_t word = slot->word;

	return task_host_state(word) == HOST_STARTING && !slot->windows_id &&
	       !task_host_taker_lives(slot->taker) &&
	       win_clock_monotonic() - slot->since >= older_than &&
	       host_exchange(slot, word, host_word_in(word, HOST_EMPTY));
}

void host_leave_nothing(void)
{
	struct shared *s = task_shared();
	bool orphans = false;

	if (task_process_count())
		return;
	for (uint32_t i = 0; i < s->host_end; i++)
		orphans |= sweep_starting(&s->hosts[i], 0);
	/* of any age, one that Wine knows no age of too */
	if (orphans)
		host_end_orphans(-1);
}

/* Who takes a host says so a moment after it has it: at the first look the
 * name may still be that of the last one. */
static bool seen_before(uint32_t i, uint64_t word)
{
	static uint64_t seen[HOST_SLOTS] HOST_STATE = { 0 };
	bool before = seen[i] == word;

	seen[i] = word;
	return before;
}

void host_sweep(void)
{
	struct shared *s = task_shared();
	bool orphans = false;

	for (uint32_t i = 0; i < s->host_end; i++) {
		struct host_slot *slot = &s->hosts[i];
		uint64_t word = slot->word;
		uint32_t generation = task_host_word_generation(word);
		enum host_state state = task_host_state(word);

		/* who has just begun has yet to say who he is */
		if (state == HOST_EMPTY ||
			(state == HOST_NATIVE && !slot->windows_id &&
				win_clock_monotonic() - slot->since <
					START_USUAL))
			continue;
		if (state == HOST_STARTING && !slot->windows_id)
			orphans |= sweep_starting(slot, START_USUAL);
		else if (!task_host_lives(i, generation))
			host_died(i, generation);
		else if (state == HOST_TAKEN &&
			 !task_host_taker_lives(slot->taker) &&
			 seen_before(i, word))
			host_end(i, word);
	}
	if (orphans)
		host_end_orphans(START_USUAL);
}

void hosts_start(void)
{
	signal_register_kill(kill_process);
}
