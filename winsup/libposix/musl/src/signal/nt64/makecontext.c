/* What context.S leaves to C: makecontext(), and the masks. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <ucontext.h>

void __context_return(void);

int __context_mask(ucontext_t *old, const ucontext_t *new)
{
	return sigprocmask(SIG_SETMASK, new ? &new->uc_sigmask : 0,
		old ? &old->uc_sigmask : 0);
}

void __context_end(ucontext_t *context)
{
	if (context->uc_link)
		setcontext(context->uc_link);
	pthread_exit(0);
}

/* Win64's rules: four arguments in registers, with room for them below the
 * others; the return address at 8 mod 16. */
void makecontext(ucontext_t *context, void (*f)(), int count, ...)
{
	greg_t *g = context->uc_mcontext.gregs;
	uintptr_t top = (uintptr_t)context->uc_stack.ss_sp +
			context->uc_stack.ss_size;
	int beyond = count > 4 ? count - 4 : 0;
	uint64_t *at;
	va_list list;

	at = (uint64_t *)((top - (5 + beyond) * 8) & -16ul) - 1;
	at[0] = (uintptr_t)__context_return;
	va_start(list, count);
	for (int i = 0; i < count; i++) {
		long value = va_arg(list, long);

		switch (i) {
		case 0: g[REG_RCX] = value; break;
		case 1: g[REG_RDX] = value; break;
		case 2: g[REG_R8] = value; break;
		case 3: g[REG_R9] = value; break;
		default: at[1 + i] = value;
		}
	}
	va_end(list);
	g[REG_RSP] = (uintptr_t)at;
	g[REG_RIP] = (uintptr_t)f;
	g[REG_RBX] = (uintptr_t)context;
}
