/* Pending signals: the shared queue of a process, which any process of the
 * session writes, and what is pending for a single thread of our own. */
#include "signal/private.h"

#include "abi/errno.h"

static bool is_standard(int signal)
{
	return signal < 32;
}

/* After its owner died inside: whatever the records say, the mask must agree
 * with the ring. */
static void repair(struct signal_queue *q)
{
	uint64_t realtime = 0;

	if (q->ring_count > REALTIME_RING)
		q->ring_count = 0;
	for (uint32_t i = 0; i < q->ring_count; i++)
		realtime |= signal_bit(q->ring[i].signal);
	q->pending = (q->pending & 0x7fffffff) | realtime;
}

static void take_lock(struct signal_queue *q)
{
	if (shared_lock_take(&q->lock))
		repair(q);
}

long signal_queue_put(
	struct signal_queue *q, const struct signal_record *record)
{
	uint64_t bit = signal_bit(record->signal);
	long r = 0;

	take_lock(q);
	if (is_standard(record->signal)) {
		if (!(q->pending & bit))
			q->standard[record->signal - 1] = *record;
	} else if (q->ring_count == REALTIME_RING) {
		r = -EAGAIN;
	} else {
		q->ring[q->ring_count] = *record;
		q->ring_count++;
	}
	if (!r)
		q->pending |= bit;
	shared_lock_drop(&q->lock);
	return r;
}

/* The first of its number leaves the ring; the mask keeps the bit while
 * another of the same number is queued. */
static void ring_take(
	struct signal_queue *q, int signal, struct signal_record *out)
{
	bool more = false;
	uint32_t kept = 0;
	bool taken = false;

	for (uint32_t i = 0; i < q->ring_count; i++) {
		if (q->ring[i].signal == signal && !taken) {
			*out = q->ring[i];
			taken = true;
			continue;
		}
		more |= q->ring[i].signal == signal;
		q->ring[kept++] = q->ring[i];
	}
	q->ring_count = kept;
	if (!more)
		q->pending &= ~signal_bit(signal);
}

bool signal_queue_take(
	struct signal_queue *q, uint64_t wanted, struct signal_record *out)
{
	uint64_t ready;
	int signal;

	if (!(q->pending & wanted))
		return false;
	take_lock(q);
	ready = q->pending & wanted;
	if (ready) {
		signal = __builtin_ctzl(ready) + 1;
		if (is_standard(signal)) {
			q->pending &= ~signal_bit(signal);
			*out = q->standard[signal - 1];
		} else {
			ring_take(q, signal, out);
		}
	}
	shared_lock_drop(&q->lock);
	return ready != 0;
}

void signal_queue_drop(struct signal_queue *q, uint64_t set)
{
	uint32_t kept = 0;

	if (!(q->pending & set))
		return;
	take_lock(q);
	q->pending &= ~set;
	for (uint32_t i = 0; i < q->ring_count; i++)
		if (!(signal_bit(q->ring[i].signal) & set))
			q->ring[kept++] = q->ring[i];
	q->ring_count = kept;
	shared_lock_drop(&q->lock);
}

/* One more of a real-time signal that is pending already. */
static long put_more(struct thread *t, const struct signal_record *record)
{
	struct queued_signal *q;

	if (t->more_count == REALTIME_RING)
		return -EAGAIN;
	q = win_alloc(sizeof *q);
	if (!q)
		return -EAGAIN;
	q->record = *record;
	list_append(&t->more_signals, &q->entry);
	t->more_count++;
	return 0;
}

long signal_thread_put(struct thread *t, const struct signal_record *record)
{
	uint64_t bit = signal_bit(record->signal);
	long r = 0;

	lock_take(&t->signal_lock);
	if (!(t->signals_pending & bit))
		t->thread_signals[record->signal - 1] = *record;
	else if (!is_standard(record->signal))
		r = put_more(t, record);
	t->signals_pending |= bit;
	lock_drop(&t->signal_lock);
	return r;
}

/* The next one of that number becomes the first; false if there is none. */
static bool take_more(struct thread *t, int signal)
{
	list_for_each(entry, &t->more_signals)
	{
		struct queued_signal *q =
			container_of(entry, struct queued_signal, entry);

		if (q->record.signal != signal)
			continue;
		t->thread_signals[signal - 1] = q->record;
		list_remove(entry);
		t->more_count--;
		win_free(q);
		return true;
	}
	return false;
}

bool signal_thread_take(
	struct thread *t, uint64_t wanted, struct signal_record *out)
{
	uint64_t ready;
	int signal;

	if (!(t->signals_pending & wanted))
		return false;
	lock_take(&t->signal_lock);
	ready = t->signals_pending & wanted;
	if (ready) {
		signal = __builtin_ctzl(ready) + 1;
		*out = t->thread_signals[signal - 1];
		if (!t->more_count || !take_more(t, signal))
			t->signals_pending &= ~signal_bit(signal);
	}
	lock_drop(&t->signal_lock);
	return ready != 0;
}

bool signal_take(struct thread *t, uint64_t wanted, struct signal_record *out)
{
	struct signal_queue *q = &task_process_slot(t->process->slot)->signals;

	return signal_thread_take(t, wanted, out) ||
	       signal_queue_take(q, wanted, out);
}
