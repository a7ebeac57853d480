/* poll(2) over any files: look, and sleep where they say. */
#include "abi/errno.h"
#include "ipc/private.h"

/* A file without a poll operation is always ready: POSIX.1-2024 poll(),
 * "Regular files shall always poll TRUE for reading and writing." */
unsigned file_look(struct file *f, unsigned events, struct sleep *s)
{
	if (!f->ops->poll)
		return events & (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	return f->ops->poll(f, events | POLLERR | POLLHUP, s) &
	       (events | POLLERR | POLLHUP | POLLNVAL);
}

static int look_at_all(struct pollfd *fds, unsigned count, struct file **files,
	struct sleep *s)
{
	int ready = 0;

	for (unsigned i = 0; i < count; i++) {
		if (fds[i].fd < 0)
			fds[i].revents = 0;
		else if (!files[i])
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents = (short)file_look(
				files[i], (unsigned short)fds[i].events, s);
		ready += fds[i].revents != 0;
	}
	return ready;
}

static long wait_for(struct pollfd *fds, unsigned count, struct file **files,
	int64_t deadline)
{
	struct sleep s;
	int ready;
	long r = 0;

	ready = look_at_all(fds, count, files, NULL);
	if (ready || deadline == 0)
		return ready;
	sleep_begin(&s, deadline);
	while (!(ready = look_at_all(fds, count, files, &s)) && !r)
		r = sleep_wait(&s);
	sleep_end(&s);
	if (ready)
		return ready;
	return r == -ETIMEDOUT ? 0 : r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
}

long poll_files(struct pollfd *fds, unsigned count, int64_t deadline)
{
	struct file **files = win_alloc((count + 1) * sizeof *files);
	long r;

	if (!files)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		if (fds[i].fd >= 0 && fd_get(fds[i].fd, &files[i]))
			files[i] = NULL;
	r = wait_for(fds, count, files, deadline);
	for (unsigned i = 0; i < count; i++)
		if (files[i])
			file_put(files[i]);
	win_free(files);
	return r;
}
