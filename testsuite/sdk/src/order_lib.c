/* A shared object ME that needs those that NEEDS says. */
#include "order.h"

#define JOIN(a, b) a##b
#define CALL(name) JOIN(name, _call)

#ifdef NEED1
int CALL(NEED1)(void);
#endif
#ifdef NEED2
int CALL(NEED2)(void);
#endif

static void left(void)
{
	SAY("atexit");
}

int CALL(ME)(void)
{
	atexit(left);
	return 1
#ifdef NEED1
	       + CALL(NEED1)()
#endif
#ifdef NEED2
	       + CALL(NEED2)()
#endif
		;
}
