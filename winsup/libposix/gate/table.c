/* The table of system calls: typed thunks made from abi/syscalls.def, so that
 * no function is called through a pointer of another type.  Also the texts
 * by which the trace decodes arguments. */
#include "abi/syscalls.h"
#include "call/call.h"
#include "gate/private.h"
#include "lib/lib.h"

#define A(kind, i) (C_##kind) frame->arguments[i]
#define A0()
#define A1(a)		     A(a, 0)
#define A2(a, b)	     A(a, 0), A(b, 1)
#define A3(a, b, c)	     A2(a, b), A(c, 2)
#define A4(a, b, c, d)	     A3(a, b, c), A(d, 3)
#define A5(a, b, c, d, e)    A4(a, b, c, d), A(e, 4)
#define A6(a, b, c, d, e, f) A5(a, b, c, d, e), A(f, 5)

#define SYSCALL(number, name, status, count, ...) \
	static long thunk_##name(struct frame *frame) \
	{ \
		(void)frame; \
		return sys_##name(A##count(__VA_ARGS__)); \
	}
#define SYSCALL_FRAME(number, name, status, count, ...) \
	static long thunk_##name(struct frame *frame) \
	{ \
		return sys_##name(frame, A##count(__VA_ARGS__)); \
	}
#define SYSCALL_FRAME0(number, name, status) \
	static long thunk_##name(struct frame *frame) \
	{ \
		return sys_##name(frame); \
	}
#define SYSCALL_ABSENT(number, name)
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_FRAME
#undef SYSCALL_FRAME0
#undef SYSCALL_ABSENT

#define INDEX(number) \
	((number) < PRIVATE_FIRST ? (number) \
				  : (number)-PRIVATE_FIRST + SYSCALL_NUMBERS)

#define SYSCALL(number, name, status, count, ...) \
	[INDEX(number)] = thunk_##name,
#define SYSCALL_FRAME(number, name, status, count, ...) \
	[INDEX(number)] = thunk_##name,
#define SYSCALL_FRAME0(number, name, status) [INDEX(number)] = thunk_##name,
#define SYSCALL_ABSENT(number, name)
thunk *const gate_table[SYSCALL_NUMBERS + PRIVATE_NUMBERS] = {
#include "abi/syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_FRAME
#undef SYSCALL_FRAME0
#undef SYSCALL_ABSENT

#define SYSCALL(number, name, status, count, ...) \
	[INDEX(number)] = { #name, #__VA_ARGS__, count },
#define SYSCALL_FRAME(number, name, status, count, ...) \
	[INDEX(number)] = { #name, #__VA_ARGS__, count },
#define SYSCALL_FRAME0(number, name, status) [INDEX(number)] = { #name, "", 0 },
#define SYSCALL_ABSENT(number, name) \
	[INDEX(number)] = { #name, "HEX, HEX, HEX, HEX, HEX, HEX", 6 },
static const struct call_text texts[SYSCALL_NUMBERS + PRIVATE_NUMBERS] = {
#include "abi/syscalls.def"
};

const struct call_text *gate_text(uint64_t number)
{
	uint64_t i = gate_index(number);

	return i < array_size(texts) && texts[i].name ? &texts[i] : NULL;
}
