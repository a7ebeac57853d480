/* The thread pointer is the first word of the lower half's struct thread,
 * which a TLS slot of Windows holds: __posix_tls is that slot's offset from
 * gs (winsup/libposix/win/win.h). */
extern hidden unsigned __posix_tls;

static inline uintptr_t __get_tp()
{
	uintptr_t tp;
	__asm__("mov %%gs:(%1),%0 ; mov (%0),%0"
		: "=&r"(tp)
		: "r"((uintptr_t)__posix_tls));
	return tp;
}

#define MC_PC gregs[REG_RIP]
