/* The byte queue in shared memory. */
#include "stream/stream.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"

enum { SLOT_FREE, SLOT_CHANGING, SLOT_USED };

#define QUEUE_FULL (QUEUE_SIZE - QUEUE_BACK)

static char *buffers HOST_STATE = 0;

int queue_start(void)
{
	char name[96];
	win_handle section;
	void *at = NULL;
	int r;

	format(name, sizeof name, "%s-q", task_session_name());
	r = win_section_create(
		&section, name, (uint64_t)QUEUE_SLOTS * QUEUE_SIZE, true, NULL);
	if (!r)
		r = win_section_map(section, &at, 0,
			(size_t)QUEUE_SLOTS * QUEUE_SIZE, WIN_READ | WIN_WRITE);
	buffers = at;
	return r;
}

static struct queue_slot *slot_of(struct queue q)
{
	return &task_shared()->queues[q.slot];
}

static char *buffer_of(struct queue q)
{
	return buffers + (size_t)q.slot * QUEUE_SIZE;
}

static struct holder_set *holders(struct queue q, enum queue_end end)
{
	return end == QUEUE_READER ? &slot_of(q)->readers
				   : &slot_of(q)->writers;
}

struct wait_queue *queue_waiters(struct queue q, enum queue_end end)
{
	return end == QUEUE_READER ? &slot_of(q)->readable
				   : &slot_of(q)->writable;
}

static uint32_t state_of(uint64_t word)
{
	return word & 0xff;
}

static uint64_t with_state(uint64_t word, uint32_t state)
{
	return (word & ~0xfful) | state;
}

static bool exchange(struct queue_slot *s, uint64_t old, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)&s->word, &old, new,
		false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Frees a slot that nobody holds.  `word` was read before the last holder
 * went, so that a queue made since then is another.  A fifo's may be found and
 * held anew meanwhile (queue_open()), but not under the lock. */
static bool free_unheld(struct queue_slot *s, uint64_t word)
{
	bool fifo = s->object, unheld;

	if (fifo)
		shared_lock_take(&task_shared()->fifo_lock);
	unheld = holders_none(&s->readers) && holders_none(&s->writers);
	if (unheld)
		exchange(s, word, with_state(word, SLOT_FREE));
	if (fifo)
		shared_lock_drop(&task_shared()->fifo_lock);
	return unheld;
}

/* Held from the beginning by who makes it, so that it goes when he dies. */
static bool make(uint32_t i, uint64_t free_word, uint32_t process_slot)
{
	struct queue_slot *s = &task_shared()->queues[i];
	struct queue q = { i, 0 };
	uint64_t word = with_state(free_word + 256, SLOT_CHANGING);

	if (!exchange(s, free_word, word))
		return false;
	queue_hold(q, QUEUE_READER, process_slot);
	queue_hold(q, QUEUE_WRITER, process_slot);
	s->head = s->tail = 0;
	s->size = QUEUE_SIZE;
	s->object = 0;
	s->openings[QUEUE_READER] = s->openings[QUEUE_WRITER] = 0;
	s->status[QUEUE_READER] = s->status[QUEUE_WRITER] = 0;
	wait_queue_init(&s->readable);
	wait_queue_init(&s->writable);
	return exchange(s, word, with_state(word, SLOT_USED));
}

/* Slots whose makers died before they held them. */
static void reclaim(void)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < QUEUE_SLOTS; i++) {
		uint64_t word = sh->queues[i].word;

		if (state_of(word) != SLOT_FREE)
			free_unheld(&sh->queues[i], word);
	}
}

static int create(struct queue *out, uint32_t process_slot)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < QUEUE_SLOTS; i++) {
		uint64_t word = sh->queues[i].word;

		if (state_of(word) != SLOT_FREE)
			continue;
		if (sh->queue_end < i + 1)
			sh->queue_end = i + 1;
		if (!sh->queues[i].has_memory &&
			win_region_commit(buffers + (size_t)i * QUEUE_SIZE,
				QUEUE_SIZE, WIN_READ | WIN_WRITE))
			return -ENOMEM;
		sh->queues[i].has_memory = 1;
		if (!make(i, word, process_slot))
			continue;
		*out = (struct queue){ i, (uint32_t)((word + 256) >> 8) };
		return 0;
	}
	return -ENFILE;
}

int queue_create(struct queue *out, uint32_t process_slot)
{
	int r = create(out, process_slot);

	if (r != -ENFILE)
		return r;
	reclaim();
	return create(out, process_slot);
}

void queue_hold(struct queue q, enum queue_end end, uint32_t process_slot)
{
	holders_add(holders(q, end), process_slot);
}

static void let_go(struct queue_slot *s, struct holder_set *h,
	struct wait_queue *others, uint32_t process_slot)
{
	uint64_t word = s->word;

	if (holders_remove(h, process_slot) && !free_unheld(s, word))
		wake(others);
}

void queue_release(struct queue q, enum queue_end end, uint32_t process_slot)
{
	let_go(slot_of(q), holders(q, end),
		queue_waiters(
			q, end == QUEUE_READER ? QUEUE_WRITER : QUEUE_READER),
		process_slot);
}

void queue_forget_process(uint32_t process_slot)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->queue_end; i++) {
		struct queue_slot *s = &sh->queues[i];

		if (state_of(s->word) == SLOT_FREE)
			continue;
		let_go(s, &s->readers, &s->writable, process_slot);
		let_go(s, &s->writers, &s->readable, process_slot);
	}
}

/* ---- fifos ---- */

uint32_t queue_openings(struct queue q, enum queue_end end)
{
	return slot_of(q)->openings[end];
}

static bool find(struct queue *out, uint64_t object)
{
	struct shared *sh = task_shared();

	for (uint32_t i = 0; i < sh->queue_end; i++) {
		struct queue_slot *s = &sh->queues[i];

		if (s->object == object && state_of(s->word) == SLOT_USED) {
			*out = (struct queue){ i, (uint32_t)(s->word >> 8) };
			return true;
		}
	}
	return false;
}

/* Under the fifos' lock.  Who made the queue holds both ends so far. */
static void open_end(struct queue q, enum queue_end end, bool opens, bool made,
	uint32_t process_slot, uint32_t *before)
{
	struct queue_slot *s = slot_of(q);
	struct holder_set *h = holders(q, end);

	*before = s->openings[end];
	if (opens) {
		queue_hold(q, end, process_slot);
		s->openings[end]++;
	} else if (made) {
		holders_remove(h, process_slot);
	} else if (!holders_none(h)) {
		/* met: also if it is gone before we look again */
		--*before;
	}
}

int queue_open(struct queue *out, uint64_t object, bool reads, bool writes,
	uint32_t process_slot, uint32_t *readers, uint32_t *writers)
{
	struct shared_lock *lock = &task_shared()->fifo_lock;
	struct queue own;
	bool found, made = false;
	int r;

	shared_lock_take(lock);
	found = find(out, object);
	if (!found) {
		/* not under the lock: it frees what nobody holds */
		shared_lock_drop(lock);
		r = queue_create(&own, process_slot);
		if (r)
			return r;
		made = true;
		shared_lock_take(lock);
		found = find(out, object);
		if (!found) {
			*out = own;
			slot_of(own)->object = object;
		}
	}
	open_end(*out, QUEUE_READER, reads, !found, process_slot, readers);
	open_end(*out, QUEUE_WRITER, writes, !found, process_slot, writers);
	shared_lock_drop(lock);
	if (made && found) {
		queue_release(own, QUEUE_READER, process_slot);
		queue_release(own, QUEUE_WRITER, process_slot);
	}
	if (reads)
		wake(&slot_of(*out)->writable);
	if (writes)
		wake(&slot_of(*out)->readable);
	return 0;
}

long queue_await(struct queue q, enum queue_end end, uint32_t openings)
{
	struct sleep sleep;
	long r;

	sleep_begin(&sleep, WIN_FOREVER);
	r = sleep_on(&sleep,
		queue_waiters(
			q, end == QUEUE_READER ? QUEUE_WRITER : QUEUE_READER));
	while (!r && !queue_has(q, end) && queue_openings(q, end) == openings)
		r = sleep_wait(&sleep);
	sleep_end(&sleep);
	return r;
}

/* Calls f for every process that holds that end. */
static void each_holder(struct queue q, enum queue_end end,
	void (*f)(struct queue, uint32_t, void *), void *argument)
{
	struct holder_set *h = holders(q, end);
	uint32_t words = (task_shared()->process_end + 63) / 64;

	for (uint32_t i = 0; i < words; i++) {
		uint64_t bits = h->bits[i];

		for (; bits; bits &= bits - 1)
			f(q, i * 64 + (uint32_t)__builtin_ctzl(bits), argument);
	}
}

static void drop_if_dead(struct queue q, uint32_t process_slot, void *end)
{
	enum process_state state =
		task_process_state(task_process_slot(process_slot)->word);

	if ((state == PROCESS_RUNNING || state == PROCESS_EMBRYO) &&
		!task_process_lives(process_slot))
		queue_release(q, *(enum queue_end *)end, process_slot);
}

static void watch(struct queue q, uint32_t process_slot, void *sleep)
{
	(void)q;
	sleep_on_process(sleep, process_slot);
}

bool queue_has(struct queue q, enum queue_end end)
{
	return !holders_none(holders(q, end));
}

uint32_t queue_status(struct queue q, enum queue_end end)
{
	return slot_of(q)->status[end];
}

void queue_set_status(struct queue q, enum queue_end end, uint32_t flags)
{
	slot_of(q)->status[end] = flags;
}

size_t queue_bytes(struct queue q)
{
	struct queue_slot *s = slot_of(q);
	uint64_t tail = s->tail;

	return s->head - tail;
}

/* Copies between the ring and the caller, in at most two parts.  A turn is
 * held: nobody else moves this end. */
static long copy_out(struct queue q, void *user, size_t size, bool kernel)
{
	struct queue_slot *s = slot_of(q);
	size_t at = s->tail % s->size, first = s->size - at;
	char *from = buffer_of(q);

	if (first > size)
		first = size;
	if (kernel) {
		memcpy(user, from + at, first);
		memcpy((char *)user + first, from, size - first);
	} else if (user_copy_out(user, from + at, first) ||
		   user_copy_out((char *)user + first, from, size - first)) {
		return -EFAULT;
	}
	s->tail += size;
	return (long)size;
}

static long copy_in(struct queue q, const void *user, size_t size, bool kernel)
{
	struct queue_slot *s = slot_of(q);
	size_t at = s->head % s->size, first = s->size - at;
	char *to = buffer_of(q);

	if (first > size)
		first = size;
	if (kernel) {
		memcpy(to + at, user, first);
		memcpy(to, (const char *)user + first, size - first);
	} else if (user_copy_in(to + at, user, first) ||
		   user_copy_in(to, (const char *)user + first, size - first)) {
		return -EFAULT;
	}
	s->head += size;
	return (long)size;
}

static long take(struct queue q, void *to, size_t size, bool kernel)
{
	struct queue_slot *s = slot_of(q);
	size_t there;
	long r = 0;

	if (s->head == s->tail)
		return 0;
	shared_lock_take(&s->read_turn);
	there = s->head - s->tail;
	if (there)
		r = copy_out(q, to, size < there ? size : there, kernel);
	shared_lock_drop(&s->read_turn);
	if (r > 0)
		wake(&s->writable);
	return r;
}

static size_t room_of(const struct queue_slot *s, size_t limit)
{
	size_t used = s->head - s->tail;

	return used < limit ? limit - used : 0;
}

/* Up to PIPE_BUF bytes go in whole or not at all. */
static long give(struct queue q, const void *from, size_t size, bool kernel,
	size_t limit)
{
	struct queue_slot *s = slot_of(q);
	size_t room;
	long r = 0;

	shared_lock_take(&s->write_turn);
	room = room_of(s, limit);
	if (room && (size <= room || size > PIPE_BUF))
		r = copy_in(q, from, size < room ? size : room, kernel);
	shared_lock_drop(&s->write_turn);
	if (r > 0)
		wake(&s->readable);
	return r;
}

size_t queue_peek(struct queue q, void *to, size_t size)
{
	struct queue_slot *s = slot_of(q);
	const char *from = buffer_of(q);
	size_t there, at, first;

	shared_lock_take(&s->read_turn);
	there = s->head - s->tail;
	at = s->tail % s->size;
	if (size > there)
		size = there;
	first = s->size - at < size ? s->size - at : size;
	memcpy(to, from + at, first);
	memcpy((char *)to + first, from, size - first);
	shared_lock_drop(&s->read_turn);
	return size;
}

void queue_unread(struct queue q, const void *bytes, size_t size)
{
	struct queue_slot *s = slot_of(q);
	char *to = buffer_of(q);
	size_t at, first;

	shared_lock_take(&s->read_turn);
	shared_lock_take(&s->write_turn);
	if (size <= room_of(s, s->size)) {
		at = (s->tail - size) % s->size;
		first = s->size - at < size ? s->size - at : size;
		memcpy(to + at, bytes, first);
		memcpy(to, (const char *)bytes + first, size - first);
		s->tail -= size;
	}
	shared_lock_drop(&s->write_turn);
	shared_lock_drop(&s->read_turn);
	wake(&s->readable);
}

long queue_read_some(struct queue q, void *to, size_t size)
{
	return take(q, to, size, true);
}

long queue_write_some(struct queue q, const void *from, size_t size)
{
	return give(q, from, size, true, QUEUE_LIMIT);
}

bool queue_write_whole(
	struct queue q, const void *bytes, size_t size, size_t spare)
{
	return give(q, bytes, size, true, QUEUE_SIZE - spare) == (long)size;
}

/* Sleeps until the end may be tried again: 0, or why not. */
static long await(struct queue q, enum queue_end end, size_t needed)
{
	enum queue_end other =
		end == QUEUE_READER ? QUEUE_WRITER : QUEUE_READER;
	struct queue_slot *s = slot_of(q);
	struct sleep sleep;
	bool woken = false;
	long r;

	sleep_begin(&sleep, WIN_FOREVER);
	r = sleep_on(&sleep, queue_waiters(q, end));
	each_holder(q, other, watch, &sleep);
	while (!r) {
		if (end == QUEUE_READER ? s->head != s->tail
					: room_of(s, QUEUE_FULL) >= needed)
			break;
		if (!queue_has(q, other))
			break;
		/* woken and yet nothing: somebody on the other side may have
		 * died; to ask costs a request for each */
		if (woken)
			each_holder(q, other, drop_if_dead, &other);
		woken = false;
		if (!queue_has(q, other))
			break;
		r = sleep_wait(&sleep);
		woken = !r;
	}
	sleep_end(&sleep);
	return r;
}

long queue_read(struct queue q, void *user, size_t size, bool nonblocking)
{
	long r;

	if (!size)
		return 0;
	for (;;) {
		bool written = queue_has(q, QUEUE_WRITER);

		r = take(q, user, size, false);
		if (r || !written)
			return r;
		if (nonblocking)
			return -EAGAIN;
		r = await(q, QUEUE_READER, 0);
		if (r)
			return r;
	}
}

long queue_write(
	struct queue q, const void *user, size_t size, bool nonblocking)
{
	size_t done = 0;
	long r = 0;

	while (done < size) {
		size_t left = size - done;

		if (!queue_has(q, QUEUE_READER)) {
			r = -EPIPE;
			break;
		}
		r = give(q, (const char *)user + done, left, false,
			nonblocking ? QUEUE_LIMIT : QUEUE_FULL);
		if (r < 0)
			break;
		done += (size_t)r;
		if (r)
			continue;
		if (nonblocking) {
			r = -EAGAIN;
			break;
		}
		r = await(q, QUEUE_WRITER, left <= PIPE_BUF ? left : 1);
		if (r)
			break;
	}
	return done && r != -EPIPE ? (long)done : r;
}

unsigned queue_poll(struct queue q, enum queue_end end, unsigned events,
	struct sleep *sleep)
{
	struct queue_slot *s = slot_of(q);
	enum queue_end other =
		end == QUEUE_READER ? QUEUE_WRITER : QUEUE_READER;
	unsigned ready = 0;

	if (sleep) {
		sleep_on(sleep, queue_waiters(q, end));
		each_holder(q, other, drop_if_dead, &other);
		each_holder(q, other, watch, sleep);
	}
	if (end == QUEUE_READER) {
		if (s->head != s->tail)
			ready |= events & (POLLIN | POLLRDNORM);
		if (!queue_has(q, other))
			ready |= POLLHUP;
	} else {
		if (room_of(s, QUEUE_LIMIT) >= PIPE_BUF)
			ready |= events & (POLLOUT | POLLWRNORM);
		if (!queue_has(q, other))
			ready |= POLLERR;
	}
	return ready;
}
