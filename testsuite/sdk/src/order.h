/* Each file that includes this, with NAME a string, says when its constructors
 * and destructors run. */
#include <stdio.h>
#include <stdlib.h>

#define SAY(kind) \
	do { \
		printf("%s %s\n", NAME, kind); \
		fflush(stdout); \
	} while (0)

static void __attribute__((constructor)) up(void)
{
	SAY("up");
}
static void __attribute__((constructor(200))) up200(void)
{
	SAY("up 200");
}
static void __attribute__((constructor(150))) up150(void)
{
	SAY("up 150");
}
static void __attribute__((constructor(5000))) up5000(void)
{
	SAY("up 5000");
}
static void __attribute__((destructor)) down(void)
{
	SAY("down");
}
static void __attribute__((destructor(200))) down200(void)
{
	SAY("down 200");
}
static void __attribute__((destructor(150))) down150(void)
{
	SAY("down 150");
}
