/* Between a native child and files that are no Windows handles: a thread for
 * each moves bytes through a Windows pipe. */
#include "process/private.h"

#include <fcntl.h>

#include "abi/errno.h"
#include "gate/gate.h"
#include "vfs/vfs.h"

#define CHUNK 65536

struct pump {
	struct file *file;
	win_handle pipe; /* our end */
	bool child_reads;
	struct thread *thread;
};

static win_handle outputs[3] HOST_STATE = { 0 };
static int output_count HOST_STATE = 0;

static void to_child(struct pump *p, char *buffer)
{
	for (;;) {
		struct iovec v = { buffer, CHUNK };
		struct io io = { &v, 1, CHUNK, -1, false };
		long n = p->file->ops->read(p->file, &io);

		if (n <= 0)
			return;
		for (long done = 0; done < n;) {
			int64_t m = win_file_write(
				p->pipe, buffer + done, (size_t)(n - done), -1);

			if (m <= 0)
				return;
			done += (long)m;
		}
	}
}

static void from_child(struct pump *p, char *buffer)
{
	for (;;) {
		int64_t n = win_file_read(p->pipe, buffer, CHUNK, -1);

		if (n <= 0)
			return;
		for (int64_t done = 0; done < n;) {
			struct iovec v = { buffer + done, (size_t)(n - done) };
			struct io io = { &v, 1, v.iov_len, -1, false };
			long m = p->file->ops->write(p->file, &io);

			if (m <= 0)
				return;
			done += m;
		}
	}
}

/* The thread has a struct thread, since reading and writing may sleep, but it
 * takes no signals. */
static void work(void *argument)
{
	struct pump *p = argument;
	char *buffer = win_alloc(CHUNK);

	p->thread->process = task_process();
	p->thread->sigmask = ~0ul;
	if (buffer && p->child_reads)
		to_child(p, buffer);
	else if (buffer)
		from_child(p, buffer);
	win_free(buffer);
	win_close(p->pipe);
	file_put(p->file);
	gate_finish(p->thread);
}

static void run(void *argument)
{
	struct pump *p = argument;
	struct thread *t = p->thread;

	win_thread_stack_words(t->teb_native);
	gate_run(t, work, p);
	win_free(p);
	task_thread_destroy(t);
}

int pump_start(struct file *f, bool child_reads, win_handle *child_end)
{
	struct pump *p = win_alloc(sizeof *p);
	win_handle read_end, write_end, thread;
	int r;

	if (!p)
		return -ENOMEM;
	r = win_pipe_create(&read_end, &write_end, CHUNK);
	if (!r)
		r = task_thread_create(&p->thread);
	if (r) {
		win_free(p);
		return r;
	}
	p->file = file_get(f);
	p->child_reads = child_reads;
	p->pipe = child_reads ? write_end : read_end;
	*child_end = child_reads ? read_end : write_end;
	r = win_thread_create(&thread, NULL, CHUNK * 4, run, p);
	if (r)
		return r;
	if (child_reads || output_count == 3)
		win_close(thread);
	else
		outputs[output_count++] = thread;
	return 0;
}

void pump_finish(void)
{
	for (int i = 0; i < output_count; i++) {
		win_wait(&outputs[i], 1, WIN_FOREVER);
		win_close(outputs[i]);
	}
	output_count = 0;
}
