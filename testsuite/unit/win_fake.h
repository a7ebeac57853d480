/* A stand-in for room win in native unit tests: a heap, and an address space
 * that keeps Windows' rules and fails the test where they are broken.  No
 * memory lies behind its addresses. */
#ifndef WIN_FAKE_H
#define WIN_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_FREE = -2, FAKE_RESERVED = -1 }; /* else WIN_* protection */

/* What is at an address. */
int fake_page(uintptr_t address);
/* Its page is written to; whether it was since it became zero. */
void fake_write(uintptr_t address);
bool fake_written(uintptr_t address);
/* Views that are mapped, handles that are open, blocks of the heap. */
int fake_views(void), fake_handles(void), fake_blocks(void);

#endif
