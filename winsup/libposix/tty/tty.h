/* Terminals.  For now the Windows console as a terminal file. */
#ifndef TTY_TTY_H
#define TTY_TTY_H

#include "vfs/vfs.h"

void tty_start(void);
/* A console handle from Windows; takes it over. */
struct file *console_adopt(win_handle h, int flags);
/* /dev/tty: the console of this process, or -ENXIO. */
long console_open(int flags, struct file **out);

#endif
