/* Getting a host to fill: one that waits, or a new one.  How hosts come and go
 * is in private.h. */
#include "process/private.h"

#include <string.h>

#include "abi/errno.h"
#include "wait/wait.h"

#define START_TIMEOUT 60000000000l /* ns */
#define POOL_DEPTH    2

static int policy HOST_STATE = -1;

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

/* ---- making ---- */

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
	/* none: whoever waits for the end of ours must not wait for an idle
	 * host */
	how.streams = true;
	r = win_process_create(&how, &process, NULL, NULL);
	if (r) {
		win_trace("no host: posix-host.exe does not start (errno %d)",
			-r);
		host_exchange(&task_shared()->hosts[i], *word,
			host_word_in(*word, HOST_EMPTY));
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
	win_handle handles[2] = { task_host_up_event(host),
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
			host_exchange(
				slot, word, host_word_in(word, HOST_EMPTY));
			return r == 1 ? -ESTALE : -EAGAIN;
		}
	}
	return 0;
}

/* ---- taking ---- */

static bool take(uint32_t i, uint64_t word)
{
	struct shared *s = task_shared();
	struct host_slot *slot = &s->hosts[i];
	uint32_t generation = task_host_word_generation(word);
	win_handle process;

	if (!host_exchange(slot, word, host_word_in(word, HOST_TAKEN)))
		return false;
	slot->taker = task_host_self();
	process = task_host_process(i, generation);
	if (!process || win_process_ended(process, NULL)) {
		host_died(i, generation);
		return false;
	}
	if (host_watch(i, generation)) {
		slot->word = host_word_in(word, HOST_FREE);
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
		if (take(made, host_word_in(word, HOST_FREE))) {
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
	w = host_window(*slot);
	if (!w) {
		host_end(*slot, task_shared()->hosts[*slot].word);
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
	struct window *w = host_window(slot);

	w->committed = sent->committed;
	w->size = sent->position;
	task_process_slot(index)->host = slot;
	h->process = index;
	if (host_exchange(
		    h, sent->word, host_word_in(sent->word, HOST_RUNNING))) {
		win_event_set(task_host_event(slot));
		return;
	}
	/* killed just now, and whoever saw it found no process there */
	process_forget(index);
	process_end(index, STATUS_SIGNAL(SIGKILL));
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
