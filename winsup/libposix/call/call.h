/* The system calls themselves, one file a family: check arguments, find the
 * file, call one room.  Prototypes come from abi/syscalls.def. */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "abi/syscalls.h"

#endif
