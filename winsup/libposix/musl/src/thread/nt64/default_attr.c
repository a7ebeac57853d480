/* musl's guard of two pages holds no more than the record of an exception: see
 * memory_guard_stack(). */
#include "pthread_impl.h"

unsigned __default_stacksize = DEFAULT_STACK_SIZE;
unsigned __default_guardsize = 65536;
