/* What epoll's own files share: epoll_items.c has the set, epoll.c the waiting
 * and the instance as a file. */
#ifndef IPC_EPOLL_H
#define IPC_EPOLL_H

#include <sys/epoll.h>

#include "ipc/private.h"

/* What epoll_ctl(2) calls input flags. */
#define OPTIONS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)

struct item {
	struct epoll *epoll;
	struct file *file;
	struct item *next_of_file; /* file->watchers; watch_lock */
	struct item *next_of_fd;
	int fd;
	unsigned number; /* in epoll->items; its bit, modulo EPOLL_BITS */
	struct epoll_event event;
	struct list ready;   /* in epoll->ready, or alone */
	struct list special; /* in epoll->special, if deaf or with a time */
	bool deaf;
	int64_t due; /* when its file may be ready by time alone */
	int queue_count;
	struct wait_queue *queues[SLEEP_QUEUES]; /* its ear is in */
};

/* Told by the process that this one was forked from; found again at first use,
 * when all descriptors are there. */
struct inherited {
	uint64_t description;
	int fd;
	struct epoll_event event;
};

struct epoll {
	struct file file;
	struct lock lock; /* guards what follows */
	uint32_t slot;	  /* + 1; 0: none yet */
	uint32_t generation;
	struct item **items; /* by number */
	struct item **fds;   /* by descriptor: a list, dup() makes several */
	unsigned item_room, fd_room;
	unsigned lowest; /* no number below it is free */
	struct list ready, special;
	/* who sleeps on handles of deaf items; of those, who has one of an
	 * item that has gone since; what tells them apart */
	int sleepers, outdated;
	unsigned epoch;
	struct inherited *inherited;
	unsigned inherited_count;
	uint64_t peers[PROCESS_SLOTS / 64];
};

/* The files' lists of watchers, and so which instance watches which; taken
 * before any instance's lock. */
extern struct lock epoll_watch_lock;
extern const struct file_ops epoll_ops;

static inline struct epoll *epoll_of(struct file *f)
{
	return container_of(f, struct epoll, file);
}

static inline bool is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

static inline struct epoll_slot *slot_of(const struct epoll *e)
{
	return &task_shared()->epolls[e->slot - 1];
}

static inline unsigned item_wants(const struct item *i)
{
	return i->event.events & ~OPTIONS;
}

static inline bool item_is_off(const struct item *i)
{
	return !item_wants(i); /* EPOLLONESHOT has been told */
}

static inline void item_is_ready(struct item *i)
{
	if (list_empty(&i->ready) && !item_is_off(i))
		list_append(&i->epoll->ready, &i->ready);
}

/* All with the instance's lock held, but for epoll_settle(). */

/* Puts the item's ear where it has to be and says what is ready. */
unsigned item_listen(struct item *i);
/* What is ready; first without a registration, which costs more. */
unsigned item_look(struct item *i);
/* Gives the instance its shared slot: 0 or -EMFILE. */
long epoll_take_slot(struct epoll *e);
/* Also the files' lock. */
void epoll_take_out(struct item *i);
/* Makes items of what fork has told. */
void epoll_settle(struct epoll *e);

#endif
