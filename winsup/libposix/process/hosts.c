/* Windows processes for POSIX processes to live in.
 *
 * A host's slot holds one word {state, generation}.  STARTING: made, on its
 * way.  FREE: waits.  TAKEN: somebody fills its window.  RUNNING: a process
 * lives there.  Then FREE again, or the host ends.  Who takes a host watches
 * its Windows process, so a death is seen at once, whatever its cause. */
#include "process/private.h"

#include <string.h>

#include "abi/errno.h"
#include "gate/gate.h"
#include "image/image.h"
#include "signal/signal.h"
#include "stream/stream.h"

#define WINDOW_SIZE (256ul << 20)
#define WINDOW_HEAD 4096
/* ns; how often a host that waits looks around, and how often until it ends */
#define TICK	      20000000000l
#define IDLE_TICKS    3
#define START_TIMEOUT 60000000000l
#define START_USUAL   10000000000l /* later than that its maker has died */
#define START_TRIES   5
#define START_PAUSE   5000000l /* ns, before another try; longer each time */
#define POOL_DEPTH    2

/* At the front of a window. */
struct window {
	uint64_t committed; /* bytes behind the head that have memory */
	uint64_t size;	    /* of what was written */
};

static struct window *windows[HOST_SLOTS] HOST_STATE = { 0 };
static uint32_t watched[HOST_SLOTS] HOST_STATE = { 0 };
static int policy HOST_STATE = -1;
static struct {
	int64_t user, system;
} used HOST_STATE = { 0, 0 };

static bool end_host(uint32_t host, uint64_t word);

static bool text_is(const uint16_t *s, const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (s[i] != (uint16_t)text[i])
			return false;
	return !s[i];
}

/* From Windows' environment, which all hosts of a session inherit. */
static const uint16_t *find_variable(const uint16_t *block, const char *name)
{
	for (; *block; block += utf16_length(block) + 1) {
		size_t i;

		for (i = 0; name[i] && block[i] == (uint16_t)name[i]; i++)
			;
		if (!name[i] && block[i] == '=')
			return block + i + 1;
	}
	return NULL;
}

enum host_policy host_policy(void)
{
	uint16_t *block;
	const uint16_t *value;

	if (policy >= 0)
		return policy;
	block = win_environment();
	value = find_variable(block, "POSIX_HOSTS");
	policy = value && text_is(value, "fresh")  ? HOSTS_FRESH
		 : value && text_is(value, "pool") ? HOSTS_POOL
						   : HOSTS_RECYCLE;
	win_environment_free(block);
	return policy;
}

static struct window *window_of(uint32_t host)
{
	char name[96];
	win_handle section;
	void *at = NULL;
	struct window *w;

	if (windows[host])
		return windows[host];
	format(name, sizeof name, "%s-w%u", task_session_name(), host);
	if (win_section_create(&section, name, WINDOW_SIZE, true, NULL))
		return NULL;
	if (!win_section_map(
		    section, &at, 0, WINDOW_SIZE, WIN_READ | WIN_WRITE) &&
		!win_region_commit(at, WINDOW_HEAD, WIN_READ | WIN_WRITE)) {
		w = at;
		windows[host] = w;
	}
	/* the view keeps the section; its name, while somebody has one */
	return windows[host];
}

/* ---- making ---- */

static size_t host_program(uint16_t *to, size_t room)
{
	static const char name[] = "posix-host.exe";
	const uint16_t *own = win_own_path();
	size_t n = utf16_length(own);

	while (n && own[n - 1] != '\\')
		n--;
	if (n + sizeof name > room)
		return 0;
	memcpy(to, own, n * 2);
	for (size_t i = 0; i < sizeof name; i++)
		to[n + i] = (uint16_t)name[i];
	return n;
}

static bool exchange(struct host_slot *slot, uint64_t old, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)&slot->word, &old, new,
		false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static uint64_t with_state(uint64_t word, enum host_state state)
{
	return (word & ~0xfful) | state;
}

/* Starts a host; it will be FREE when it has come up. */
static long make(uint32_t *out, uint64_t *word)
{
	uint64_t console = task_shared()->hosts[task_host].console;
	uint16_t program[1024], folder[1024], line[64];
	char text[64];
	struct win_spawn how = {
		.program = program, .command_line = line, .folder = folder
	};
	win_handle process;
	size_t n = host_program(program, 1024);
	long i;
	int r;

	if (!n)
		return -EAGAIN;
	/* cheap beside what follows */
	host_sweep();
	i = task_host_allocate(HOST_STARTING, word);
	if (i < 0)
		return i;
	task_shared()->hosts[i].console = console;
	format(text, sizeof text, "posix-host %ld %lu", i,
		(unsigned long)*word);
	for (size_t k = 0; k <= strlen(text); k++)
		line[k] = (uint16_t)text[k];
	memcpy(folder, program, n * 2);
	folder[n] = 0;
	how.detached = !console;
	r = win_process_create(&how, &process, NULL, NULL);
	if (r) {
		win_trace("no host: posix-host.exe does not start (errno %d)",
			-r);
		exchange(&task_shared()->hosts[i], *word,
			with_state(*word, HOST_EMPTY));
		return -EAGAIN;
	}
	task_host_know((uint32_t)i, task_host_word_generation(*word), process);
	*out = (uint32_t)i;
	return 0;
}

/* Waits until a host that was made is FREE. */
static long await_start(uint32_t host, uint64_t word)
{
	struct host_slot *slot = &task_shared()->hosts[host];
	win_handle handles[2] = { task_host_event(host),
		task_host_process(host, task_host_word_generation(word)) };
	int64_t deadline = deadline_after(START_TIMEOUT);

	while (slot->word == word) {
		int r = win_wait(handles, 2, deadline);

		if (slot->word != word)
			break;
		if (r == 1 || r < 0) {
			win_trace("host %u did not come up", host);
			if (r != 1)
				win_process_terminate(handles[1], 1);
			exchange(slot, word, with_state(word, HOST_EMPTY));
			return r == 1 ? -ESTALE : -EAGAIN;
		}
	}
	return 0;
}

/* ---- taking ---- */

static void died(void *argument)
{
	uint64_t which = (uint64_t)argument;

	host_died((uint32_t)which & 0xffff, (uint32_t)(which >> 16));
}

/* Hears of the host's death, whatever its cause. */
static int watch(uint32_t i, uint32_t generation)
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

static bool take(uint32_t i, uint64_t word)
{
	struct shared *s = task_shared();
	struct host_slot *slot = &s->hosts[i];
	uint32_t generation = task_host_word_generation(word);
	win_handle process;

	if (!exchange(slot, word, with_state(word, HOST_TAKEN)))
		return false;
	slot->taker = task_host_self();
	process = task_host_process(i, generation);
	if (!process || win_process_ended(process, NULL)) {
		host_died(i, generation);
		return false;
	}
	if (watch(i, generation)) {
		slot->word = with_state(word, HOST_FREE);
		return false;
	}
	return true;
}

static bool take_any(uint32_t *out)
{
	struct shared *s = task_shared();
	uint64_t console = s->hosts[task_host].console;

	for (uint32_t i = 0; i < s->host_end; i++) {
		uint64_t word = s->hosts[i].word;

		if (task_host_state(word) == HOST_FREE &&
			s->hosts[i].console == console && take(i, word)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static int count_free(void)
{
	struct shared *s = task_shared();
	uint64_t console = s->hosts[task_host].console;
	int n = 0;

	for (uint32_t i = 0; i < s->host_end; i++) {
		enum host_state state = task_host_state(s->hosts[i].word);

		n += (state == HOST_FREE || state == HOST_STARTING) &&
		     s->hosts[i].console == console;
	}
	return n;
}

static long get(uint32_t *out)
{
	uint64_t word;
	uint32_t made;
	long r = 0;

	for (int tries = 0; tries < 100; tries++) {
		if (host_policy() != HOSTS_FRESH && take_any(out))
			return 0;
		r = make(&made, &word);
		if (!r)
			r = await_start(made, word);
		/* killed before it was there, or Windows was short of
		 * something: that need not happen again */
		if (r && tries < START_TRIES) {
			win_wait(NULL, 0,
				deadline_after((tries + 1) * START_PAUSE));
			continue;
		}
		if (r)
			return -EAGAIN;
		/* somebody else may have been quicker: then once more */
		if (take(made, with_state(word, HOST_FREE))) {
			*out = made;
			return 0;
		}
	}
	return -EAGAIN;
}

long host_take(uint32_t *slot, struct transfer *to)
{
	struct window *w;
	uint64_t word;
	uint32_t spare;
	long r = get(slot);

	if (r)
		return r;
	if (host_policy() == HOSTS_POOL && count_free() < POOL_DEPTH)
		make(&spare, &word);
	w = window_of(*slot);
	if (!w) {
		end_host(*slot, task_shared()->hosts[*slot].word);
		return -ENOMEM;
	}
	memset(to, 0, sizeof *to);
	to->buffer = (uint8_t *)w + WINDOW_HEAD;
	to->size = WINDOW_SIZE - WINDOW_HEAD;
	to->committed = w->committed;
	to->host = *slot;
	to->word = task_shared()->hosts[*slot].word;
	to->target = task_host_process(*slot,
		task_host_word_generation(task_shared()->hosts[*slot].word));
	return 0;
}

void host_begin(uint32_t slot, uint32_t index, struct transfer *sent)
{
	struct host_slot *h = &task_shared()->hosts[slot];
	struct window *w = windows[slot];

	w->committed = sent->committed;
	w->size = sent->position;
	task_process_slot(index)->host = slot;
	h->process = index;
	if (exchange(h, sent->word, with_state(sent->word, HOST_RUNNING))) {
		win_event_set(task_host_event(slot));
		return;
	}
	/* killed just now, and whoever saw it found no process there */
	queue_forget_process(index);
	process_end(index, STATUS_SIGNAL(SIGKILL));
}

/* ---- deaths ---- */

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
	return end_host(host, word) ? 0 : -EAGAIN;
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
	       exchange(slot, word, with_state(word, HOST_DYING));
}

/* The processes that lived there, were being made there, or had their stub
 * there. */
static void end_processes(uint32_t host)
{
	struct shared *s = task_shared();

	for (uint32_t i = 0; i < s->process_end; i++) {
		struct process_slot *p = &s->process[i];
		uint64_t word = p->word;
		enum process_state state = task_process_state(word);

		if ((state == PROCESS_EMBRYO || state == PROCESS_REAPED) &&
			task_process_holder(word) == host) {
			queue_forget_process(i);
			task_process_free(i);
			continue;
		}
		if (state == PROCESS_RUNNING && p->stub == host + 1 &&
			p->host != host)
			kill_process(i);
		if (p->host != host)
			continue;
		if (state == PROCESS_RUNNING || state == PROCESS_ZOMBIE) {
			queue_forget_process(i);
			process_end(i, STATUS_SIGNAL(SIGKILL));
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
			end_host(i, word);
		else if (task_host_state(word) == HOST_RUNNING)
			win_event_set(task_host_event(i));
	}
}

/* Ends the Windows process, if it has not ended, and all that depended on it;
 * unless the slot's word is no longer what the caller saw. */
static bool end_host(uint32_t host, uint64_t word)
{
	struct host_slot *slot = &task_shared()->hosts[host];
	uint32_t generation = task_host_word_generation(word);
	win_handle process = task_host_process(host, generation);

	if (!claim(slot, word))
		return false;
	if (process && host != task_host && !win_process_ended(process, NULL)) {
		win_process_terminate(process, 128 + SIGKILL);
		/* it may still be writing: Windows ends processes in steps */
		win_wait(&process, 1, deadline_after(2000000000));
	}
	end_processes(host);
	end_taken(host, generation);
	slot->word = with_state(word, HOST_EMPTY);
	/* our own: its stub was killed, or whoever had taken us */
	if (host == task_host)
		win_exit_process(128 + SIGKILL);
	return true;
}

void host_died(uint32_t host, uint32_t generation)
{
	uint64_t word = task_shared()->hosts[host].word;

	if (task_host_word_generation(word) == generation)
		end_host(host, word);
}

long host_filled(uint32_t slot, const struct transfer *sent)
{
	uint32_t generation =
		task_host_word_generation(task_shared()->hosts[slot].word);
	bool alive;

	if (!sent->error)
		return 0;
	alive = task_host_lives(slot, generation);
	host_died(slot, generation);
	if (!alive)
		return -ESTALE;
	return sent->error == -ENOMEM ? -ENOMEM : -EAGAIN;
}

static void end_orphans(int64_t older_than)
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
	       exchange(slot, word, with_state(word, HOST_EMPTY));
}

/* With the last process goes whoever could look after what it left. */
static void leave_nothing(void)
{
	struct shared *s = task_shared();
	bool orphans = false;

	if (task_process_count())
		return;
	for (uint32_t i = 0; i < s->host_end; i++)
		orphans |= sweep_starting(&s->hosts[i], 0);
	/* of any age, one that Wine knows no age of too */
	if (orphans)
		end_orphans(-1);
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
			end_host(i, word);
	}
	if (orphans)
		end_orphans(START_USUAL);
}

/* ---- being a host ---- */

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
		watch(stub - 1, task_host_word_generation(
					task_shared()->hosts[stub - 1].word));
}

/* On the kernel stack of the first thread: what was sent becomes a process. */
static void live(void *argument)
{
	struct thread *t = current;
	uint32_t index = task_shared()->hosts[task_host].process;
	struct process *p = process_make(index);
	struct window *w = window_of(task_host);
	struct transfer from = { .buffer = (uint8_t *)w + WINDOW_HEAD };
	int r = 0;

	(void)argument;
	if (!p)
		win_die("host %u: out of memory", task_host);
	from.size = from.committed = w->size;
	task_set_process(p);
	task_thread_join_process(t, p);
	t->tid = p->pid;
	r = process_receive(p, t, &from);
	if (r)
		win_die("process %d cannot begin in host %u: errno %d", p->pid,
			task_host, -r);
	p->base_user_time = used.user;
	p->base_system_time = used.system;
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
	win_thread_stack_words(t->teb_native);
	t->handle = own;
	t->host_main = true;
	gate_run(t, live, NULL);
	t->handle = 0;
	task_thread_destroy(t);
}

void host_leave(uint32_t windows_code)
{
	struct host_slot *slot = &task_shared()->hosts[task_host];

	leave_nothing();
	slot->word = with_state(slot->word, HOST_EMPTY);
	win_exit_process(windows_code);
}

/* Nobody will take us any more, unless somebody just has. */
static void retire(struct host_slot *slot, uint64_t word)
{
	if (!exchange(slot, word, with_state(word, HOST_EMPTY)))
		return;
	leave_nothing();
	win_exit_process(0);
}

/* A waiting host has time to look after the others. */
static void tick(struct host_slot *slot, int ticks)
{
	uint64_t word = slot->word;

	host_sweep();
	/* those of sessions that are no more have no slot to tell of them */
	if (ticks == 1)
		end_orphans(START_TIMEOUT);
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
	if (!window_of(task_host) ||
		!exchange(slot, word, with_state(word, HOST_FREE)))
		win_exit_process(1);
	win_event_set(go);
	for (;;) {
		word = slot->word;
		switch (task_host_state(word)) {
		case HOST_RUNNING:
			ticks = 0;
			run_life();
			/* unless somebody has just set out to end us */
			if (!exchange(slot, word,
				    with_state(word + HOST_LIFE, HOST_FREE)))
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

void hosts_start(void)
{
	signal_register_kill(kill_process);
}
