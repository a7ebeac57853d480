/* What stands in for room win, and for the user's memory. */
#include "test.h"

#include "fake_sleep.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/errno.h"
#include "memory/memory.h"

uint32_t win_wide_size;

bool (*fake_turn)(void);
int64_t fake_now;
int fake_waits;
struct process fake_process;
uint32_t __posix_tls;
uint32_t win_trace_on;

static struct win_object events[64], processes[64], self;
static int event_count;

/* ---- memory and text ---- */

void *win_alloc(size_t size)
{
	return calloc(1, size);
}

void *win_realloc(void *p, size_t size)
{
	return realloc(p, size);
}

void win_free(void *p)
{
	free(p);
}

void win_trace(const char *text, ...)
{
	(void)text;
}

int win_region_commit(void *at, size_t size, int protection)
{
	return mprotect(at, size, PROT_READ | PROT_WRITE) ? -ENOMEM : 0;
}

/* ---- sections: each named one is mapped once ---- */

static size_t section_size;

int win_section_create(win_handle *out, const char *name, uint64_t size,
	bool reserve, bool *existed)
{
	section_size = size;
	*out = &self;
	if (existed)
		*existed = false;
	return 0;
}

int win_section_map(win_handle section, void **at, uint64_t offset, size_t size,
	int protection)
{
	assert_int_equal(size, section_size);
	*at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return *at == MAP_FAILED ? -ENOMEM : 0;
}

void *win_own_image(size_t *size)
{
	*size = 4096;
	return events;
}

const uint16_t *win_own_path(void)
{
	return u"C:\\posix1.dll";
}

/* ---- handles, waiting, time ---- */

void win_close(win_handle h)
{
	(void)h; /* objects are for the whole test */
}

int win_event_create(win_handle *out, const char *name, bool manual)
{
	for (int i = 0; name && i < event_count; i++) {
		if (!strcmp(events[i].name, name)) {
			*out = &events[i];
			return 0;
		}
	}
	assert_true(event_count < 64);
	snprintf(events[event_count].name, 96, "%s", name ? name : "");
	*out = &events[event_count++];
	return 0;
}

void win_event_set(win_handle event)
{
	event->set = true;
}

static bool others_act(void)
{
	return fake_turn && fake_turn();
}

int win_wait(const win_handle *handles, int count, int64_t deadline)
{
	fake_waits++;
	for (;;) {
		for (int i = 0; i < count; i++) {
			if (!handles[i]->set)
				continue;
			handles[i]->set = handles[i]->stays;
			return i;
		}
		if (deadline == 0)
			return -ETIMEDOUT;
		if (others_act() && count)
			continue;
		if (deadline == WIN_FOREVER)
			fail_msg("waits for ever");
		if (fake_now < deadline)
			fake_now = deadline;
		return -ETIMEDOUT;
	}
}

int win_word_wait(const uint32_t *word, uint32_t value, int64_t deadline)
{
	fake_waits++;
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value) {
		if (deadline == 0)
			return -ETIMEDOUT;
		if (others_act())
			continue;
		if (deadline == WIN_FOREVER)
			fail_msg("waits for a word for ever");
		if (fake_now < deadline)
			fake_now = deadline;
		return -ETIMEDOUT;
	}
	return 0;
}

void win_word_wake(const uint32_t *word)
{
	(void)word;
}

void win_thread_yield(void)
{
	others_act();
}

int64_t win_clock_monotonic(void)
{
	return fake_now;
}

int64_t win_clock_realtime(void)
{
	return fake_now + 1000000000000;
}

/* ---- processes ---- */

uint32_t win_process_id(void)
{
	return 100;
}

win_handle win_process_self(void)
{
	return &self;
}

int win_process_open(win_handle *out, uint32_t id)
{
	struct win_object *o = &processes[id % 64];

	if (o->set)
		return -ESRCH; /* what has ended cannot be opened any more */
	o->stays = true;
	*out = o;
	return 0;
}

bool win_process_ended(win_handle process, uint32_t *code)
{
	return process->set;
}

void fake_end_process(uint32_t id)
{
	processes[id % 64].set = processes[id % 64].stays = true;
}

/* ---- the user's memory: what lies in the first page is not there ---- */

static bool bad(const void *p)
{
	return (uintptr_t)p < 4096;
}

long user_copy_in(void *to, const void *user, size_t size)
{
	if (bad(user))
		return -EFAULT;
	memcpy(to, user, size);
	return 0;
}

long user_copy_out(void *user, const void *from, size_t size)
{
	if (bad(user))
		return -EFAULT;
	memcpy(user, from, size);
	return 0;
}

long user_word_load(uint32_t *out, const uint32_t *user)
{
	return user_copy_in(out, user, sizeof *out);
}

long user_word_exchange(
	uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *found)
{
	if (bad(user))
		return -EFAULT;
	*found = expected;
	__atomic_compare_exchange_n(user, found, desired, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return 0;
}

/* ---- a session ---- */

struct thread *fake_thread(void)
{
	struct thread *t;

	assert_int_equal(task_thread_create(&t), 0);
	task_thread_join_process(t, &fake_process);
	return t;
}

int fake_session(void **state)
{
	static void *slot; /* the TEB's TLS slot */
	long i;

	/* glibc leaves gs alone, and the room reads it at __posix_tls */
	syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, &slot);
	/* names and handles stay: the code remembers them */
	for (int i = 0; i < event_count; i++)
		events[i].set = false;
	memset(processes, 0, sizeof processes);
	memset(&fake_process, 0, sizeof fake_process);
	fake_turn = NULL;
	fake_now = 1000;
	fake_waits = 0;
	assert_int_equal(task_start(0, 0), 0);
	i = task_process_allocate();
	assert_true(i >= 0);
	task_process_slot(i)->word =
		(task_process_slot(i)->word & ~0xfful) | PROCESS_RUNNING;
	task_process_slot(i)->host = task_host;
	fake_process.slot = (uint32_t)i;
	fake_process.pid = task_process_slot(i)->pid;
	list_init(&fake_process.threads);
	task_set_process(&fake_process);
	win_tls_set(fake_thread());
	return 0;
}

uint32_t fake_other_process(uint32_t windows_id)
{
	uint64_t word;
	long host = task_host_allocate(HOST_STARTING, &word),
	     i = task_process_allocate();

	assert_true(host >= 0 && i >= 0);
	/* forget the handle that an earlier test knew */
	task_host_know((uint32_t)host, task_host_word_generation(word), 0);
	task_shared()->hosts[host].windows_id = windows_id;
	task_shared()->hosts[host].word = (word & ~0xfful) | HOST_RUNNING;
	task_shared()->hosts[host].process = (uint32_t)i;
	task_process_slot(i)->host = (uint32_t)host;
	task_process_slot(i)->word =
		(task_process_slot(i)->word & ~0xfful) | PROCESS_RUNNING;
	return (uint32_t)i;
}
