/* Pipes between our processes and to native ones. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "vfs/vfs.h"

void ipc_start(void); /* registers its kinds of file */
/* pipe2(2): two files, one reference each. */
int pipe_create(struct file **reader, struct file **writer, int flags);
/* A pipe handle from or for a native program; takes it over. */
struct file *native_pipe_adopt(win_handle h, int flags);

/* poll(2) over any descriptors: kernel copy of the array in and out. */
long poll_files(struct pollfd *fds, unsigned count, int64_t deadline);

#endif
