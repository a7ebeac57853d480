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

void signal_thread_put(struct thread *t, const struct signal_record *record)
{
	uint64_t bit = signal_bit(record->signal);

	if (!(t->signals_pending & bit))
		t->thread_signals[record->signal - 1] = *record;
	t->signals_pending |= bit;
}

bool signal_thread_take(
	struct thread *t, uint64_t wanted, struct signal_record *out)
{
	uint64_t ready = t->signals_pending & wanted;
	int signal;

	if (!ready)
		return false;
	signal = __builtin_ctzl(ready) + 1;
	*out = t->thread_signals[signal - 1];
	t->signals_pending &= ~signal_bit(signal);
	return true;
}

bool signal_take(struct thread *t, uint64_t wanted, struct signal_record *out)
{
	struct signal_queue *q = &task_process_slot(t->process->slot)->signals;

	return signal_thread_take(t, wanted, out) ||
	       signal_queue_take(q, wanted, out);
}
