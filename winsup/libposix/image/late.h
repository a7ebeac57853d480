/* Shared by late.c and late.S. */
#ifndef IMAGE_LATE_H
#define IMAGE_LATE_H

/* In one process; what goes beyond is an error when it is bound. */
#define LATE_STUBS     2048
#define LATE_STUB_SIZE 5 /* a call, 32 bits wide */

#endif
