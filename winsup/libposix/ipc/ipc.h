/* Pipes between our processes and to native ones; files that stand for events;
 * waiting for any of them. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "vfs/vfs.h"

void ipc_start(void); /* registers its kinds of file */
/* pipe2(2): two files, one reference each. */
int pipe_create(struct file **reader, struct file **writer, int flags);
/* A pipe handle from or for a native program; takes it over. */
struct file *native_pipe_adopt(win_handle h, int flags);

/* ---- eventfd, timerfd, signalfd: flags are O_NONBLOCK ---- */
long eventfd_create(
	struct file **out, int flags, uint64_t count, bool semaphore);
long timerfd_make(struct file **out, int flags, int clock);
/* Times in ns; -EINVAL if f is no timer.  first 0 disarms it. */
long timerfd_get(struct file *f, int64_t *left, int64_t *interval);
long timerfd_set(struct file *f, bool absolute, int64_t first, int64_t interval,
	int64_t *old_left, int64_t *old_interval);
long signalfd_create(struct file **out, int flags, uint64_t signals);
/* Other signals from now on; -EINVAL if f is no signalfd. */
long signalfd_set(struct file *f, uint64_t signals);
/* The process in that slot is over.  Any thread. */
void events_forget(uint32_t process_slot);

/* ---- inotify: flags are O_NONBLOCK ---- */
long inotify_create(struct file **out, int flags);
bool inotify_is(const struct file *f);
/* The watch descriptor of what is at p, or -errno. */
long inotify_add(struct file *f, const struct place *p, uint32_t mask,
	const struct kstat *st);
long inotify_remove(struct file *f, int wd);

/* ---- epoll ---- */
struct epoll_event;
long epoll_make(struct file **out);
/* What epoll_ctl(2) does; f is what fd leads to. */
long epoll_change(struct file *epoll, int operation, int fd, struct file *f,
	const struct epoll_event *event);
/* Writes up to `most` events to the user's array: how many, 0 at the deadline,
 * -EINTR, -EFAULT, -EINVAL if it is no epoll instance. */
long epoll_await(struct file *epoll, struct epoll_event *user, int most,
	int64_t deadline);
void epolls_forget(uint32_t process_slot);

/* poll(2) over any descriptors: kernel copy of the array in and out. */
long poll_files(struct pollfd *fds, unsigned count, int64_t deadline);

#endif
