/* signalfd(2): the reader's own pending signals as a file. */
#include <signal.h>
#include <sys/signalfd.h>

#include "abi/errno.h"
#include "ipc/private.h"
#include "signal/signal.h"

static struct process_slot *own_slot(void)
{
	return task_process_slot(current->process->slot);
}

/* What is told depends on where it came from: as the kernel does it in
 * siginfo_layout(), Linux kernel/signal.c. */
static void tell(
	struct signalfd_siginfo *out, const struct signal_record *record)
{
	*out = (struct signalfd_siginfo){
		.ssi_signo = (uint32_t)record->signal,
		.ssi_code = record->code,
		.ssi_errno = record->error,
	};
	if (record->code == SI_TIMER) {
		out->ssi_tid = (uint32_t)record->pid;
		out->ssi_overrun = record->status;
	} else {
		out->ssi_pid = (uint32_t)record->pid;
		out->ssi_uid = record->uid;
	}
	if (record->code < 0) {
		out->ssi_ptr = record->value;
		out->ssi_int = (int32_t)record->value;
	} else if (record->signal == SIGCHLD && record->code > 0) {
		out->ssi_status = (int32_t)record->status;
		out->ssi_utime = (uint64_t)record->user_time;
		out->ssi_stime = (uint64_t)record->system_time;
	} else if (record->code > 0 && record->code < SI_KERNEL) {
		out->ssi_addr = record->value;
	}
}

static long await(struct event_slot *e, struct signal_record *record)
{
	struct sleep s;
	long r;

	sleep_begin(&s, WIN_FOREVER);
	r = sleep_on(&s, &own_slot()->signalled);
	if (!r)
		r = sleep_on(&s, &e->readable);
	while (!r && !signal_take_pending(e->value, record))
		r = sleep_wait(&s);
	sleep_end(&s);
	return r;
}

static long signalfd_read(struct file *f, struct io *io)
{
	struct event_slot *e = event_slot(f);
	struct signalfd_siginfo info;
	struct signal_record record;
	size_t done = 0;
	long r = 0;

	if (io->offset >= 0)
		return -ESPIPE;
	if (io->size < sizeof info)
		return -EINVAL;
	while (!r && io->size - done >= sizeof info) {
		if (!signal_take_pending(e->value, &record)) {
			if (done)
				break;
			r = io->nonblocking ? -EAGAIN : await(e, &record);
			if (r)
				break;
		}
		tell(&info, &record);
		r = io_put(io, done, &info, sizeof info);
		if (!r)
			done += sizeof info;
	}
	return done ? (long)done : r;
}

static unsigned signalfd_poll(struct file *f, unsigned events, struct sleep *s)
{
	struct event_slot *e = event_slot(f);

	(void)events;
	if (s) {
		sleep_on(s, &own_slot()->signalled);
		sleep_on(s, &e->readable);
	}
	return (current->signals_pending | own_slot()->signals.pending) &
			       e->value
		       ? POLLIN
		       : 0;
}

static const struct file_ops signalfd_ops = {
	.name = "signalfd",
	.kind = FILE_SIGNALFD,
	.read = signalfd_read,
	.poll = signalfd_poll,
	EVENT_OPERATIONS,
};

long signalfd_create(struct file **out, int flags, uint64_t signals)
{
	return event_create(out, &signalfd_ops, flags, signals);
}

long signalfd_set(struct file *f, uint64_t signals)
{
	if (f->ops != &signalfd_ops)
		return -EINVAL;
	event_slot(f)->value = signals;
	wake(&event_slot(f)->readable);
	return 0;
}

struct file *signalfd_unpack(struct transfer *from)
{
	return event_unpack(from, &signalfd_ops);
}
