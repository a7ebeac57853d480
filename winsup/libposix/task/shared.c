/* The session's section, this host's own slot, and which hosts live. */
#include "task/task.h"

#include <string.h>

#include "abi/errno.h"

struct shared *task_shared_section HOST_STATE = 0;
bool task_session_new HOST_STATE = false;
static char session[64] HOST_STATE = "";
uint32_t task_host HOST_STATE = 0;
uint32_t task_host_generation HOST_STATE = 0;
bool task_host_retired HOST_STATE = false;

const char *task_session_name(void)
{
	return session;
}

/* ---- hosts ---- */

/* A handle for each host slot, good for one generation. */
static struct {
	struct lock lock;
	win_handle process[HOST_SLOTS];
	uint32_t generation[HOST_SLOTS];
} hosts HOST_STATE = { .lock = LOCK_INIT(RANK_PROCESS_TABLE) };

win_handle task_host_process(uint32_t host, uint32_t generation)
{
	struct host_slot *slot;
	win_handle h;

	if (host >= HOST_SLOTS)
		return 0;
	if (host == task_host && generation == task_host_generation)
		return win_process_self();
	slot = &task_shared()->hosts[host];
	lock_take(&hosts.lock);
	h = hosts.process[host];
	if (h && hosts.generation[host] != generation) {
		win_close(h);
		h = hosts.process[host] = 0;
	}
	if (!h && slot->windows_id &&
		task_host_word_generation(slot->word) == generation &&
		!win_process_open(&h, slot->windows_id)) {
		hosts.process[host] = h;
		hosts.generation[host] = generation;
		/* the id may have been given to another process meanwhile */
		if (task_host_word_generation(slot->word) != generation) {
			win_close(h);
			h = hosts.process[host] = 0;
		}
	}
	lock_drop(&hosts.lock);
	return h;
}

void task_host_know(uint32_t host, uint32_t generation, win_handle process)
{
	lock_take(&hosts.lock);
	win_close(hosts.process[host]);
	hosts.process[host] = process;
	hosts.generation[host] = generation;
	lock_drop(&hosts.lock);
}

bool task_host_lives(uint32_t host, uint32_t generation)
{
	win_handle h;

	if (task_host_word_generation(task_shared()->hosts[host].word) !=
		generation)
		return false;
	h = task_host_process(host, generation);
	return h && (h == win_process_self() || !win_process_ended(h, NULL));
}

long task_host_allocate(enum host_state state, uint64_t *word)
{
	for (uint32_t i = 0; i < HOST_SLOTS; i++) {
		struct host_slot *slot = &task_shared()->hosts[i];
		uint64_t old = slot->word, new;

		if (task_host_state(old) != HOST_EMPTY)
			continue;
		new = (uint64_t)(task_host_word_generation(old) + 1) << 8 |
		      state;
		slot->since = win_clock_monotonic();
		if (!__atomic_compare_exchange_n((uint64_t *)&slot->word, &old,
			    new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		slot->windows_id = 0;
		slot->process = ~0u;
		slot->nice = 0;
		slot->taker = task_host_self();
		if (task_shared()->host_end < i + 1)
			task_shared()->host_end = i + 1;
		*word = new;
		return i;
	}
	return -EAGAIN;
}

static int claim(uint32_t slot, uint64_t word)
{
	struct host_slot *s;
	long i = slot;

	if (!word) {
		i = task_host_allocate(HOST_NATIVE, &word);
		if (i < 0)
			return (int)i;
	}
	s = &task_shared()->hosts[i];
	if (s->word != word)
		return -ESTALE; /* our maker died and was swept up */
	task_host = (uint32_t)i;
	task_host_generation = task_host_word_generation(word);
	s->windows_id = win_process_id();
	return 0;
}

static int open_section(void)
{
	size_t size;
	const uint16_t *path = win_own_path();
	uint64_t hash = hash_bytes(path, utf16_length(path) * 2);
	bool existed;
	void *at = NULL;
	win_handle section;
	int r;

	win_own_image(&size);
	format(session, sizeof session, "Local\\posix1-%lx-%d-%lx",
		(unsigned long)hash, SHARED_LAYOUT, (unsigned long)size);
	r = win_section_create(
		&section, session, sizeof(struct shared), false, &existed);
	if (r)
		return r;
	r = win_section_map(
		section, &at, 0, sizeof(struct shared), WIN_READ | WIN_WRITE);
	if (r)
		return r;
	task_shared_section = at;
	task_session_new = !existed;
	/* zeros are a right beginning for everything in it, so nobody has to
	 * wait for the first one */
	task_shared()->layout = SHARED_LAYOUT;
	task_shared()->magic = SHARED_MAGIC;
	task_shared()->ready = 1;
	return 0;
}

int task_start(uint32_t claim_slot, uint64_t claim_word)
{
	int r = open_section();

	if (r)
		return r;
	r = claim(claim_slot, claim_word);
	if (r)
		return r;
	lock_register_owner(
		(struct lock_owner){ task_host, task_host_generation },
		task_host_lives);
	return 0;
}
