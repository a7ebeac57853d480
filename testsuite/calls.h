/* Every system call that there is, from the DLL's own list; whoever includes
 * this says "includes: winsup/libposix" in its first comment. */
struct call {
	long number;
	const char *name, *kinds;
	int count;
};

#define SYSCALL(number, name, status, count, ...) \
	{ number, #name, #__VA_ARGS__, count },
#define SYSCALL_FRAME(number, name, status, count, ...) \
	{ number, #name, #__VA_ARGS__, count },
#define SYSCALL_FRAME0(number, name, status) { number, #name, "", 0 },
#define SYSCALL_ABSENT(number, name)
static const struct call calls[] = {
#include "abi/syscalls.def"
};
