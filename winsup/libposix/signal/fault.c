/* Faults of user code: Windows' exception codes as Linux's signals. */
#include "signal/private.h"

#include "memory/memory.h"

/* Microsoft "EXCEPTION_RECORD structure", ExceptionCode. */
#define FAULT_ACCESS	       0xc0000005u
#define FAULT_IN_PAGE	       0xc0000006u
#define FAULT_BREAKPOINT       0x80000003u
#define FAULT_ILLEGAL	       0xc000001du
#define FAULT_PRIVILEGED       0xc0000096u
#define FAULT_STACK_OVERFLOW   0xc00000fdu
#define FAULT_INTEGER_DIVIDE   0xc0000094u
#define FAULT_INTEGER_OVERFLOW 0xc0000095u
#define FAULT_FLOAT_FIRST      0xc000008du
#define FAULT_FLOAT_LAST       0xc0000093u

static const struct {
	uint32_t code;
	int signal, detail;
} faults[] = {
	{ FAULT_ACCESS, SIGSEGV, SEGV_MAPERR },
	{ FAULT_STACK_OVERFLOW, SIGSEGV, SEGV_MAPERR },
	{ FAULT_GUARD_PAGE, SIGSEGV, SEGV_ACCERR },
	{ FAULT_IN_PAGE, SIGBUS, BUS_ADRERR },
	{ FAULT_ALIGNMENT, SIGBUS, BUS_ADRALN },
	{ FAULT_BREAKPOINT, SIGTRAP, TRAP_BRKPT },
	{ FAULT_SINGLE_STEP, SIGTRAP, TRAP_TRACE },
	{ FAULT_ILLEGAL, SIGILL, ILL_ILLOPN },
	/* Linux gives SIGSEGV for hlt and its like */
	{ FAULT_PRIVILEGED, SIGSEGV, SI_KERNEL },
	/* INT_MIN / -1 is a divide error to the processor: SIGFPE as on Linux,
	 * whichever code Windows gives it */
	{ FAULT_INTEGER_DIVIDE, SIGFPE, FPE_INTDIV },
	{ FAULT_INTEGER_OVERFLOW, SIGFPE, FPE_INTDIV },
	{ 0xc000008du, SIGFPE, FPE_FLTUND }, /* denormal operand */
	{ 0xc000008eu, SIGFPE, FPE_FLTDIV },
	{ 0xc000008fu, SIGFPE, FPE_FLTRES },
	{ 0xc0000090u, SIGFPE, FPE_FLTINV },
	{ 0xc0000091u, SIGFPE, FPE_FLTOVF },
	{ 0xc0000092u, SIGFPE, FPE_FLTINV }, /* x87 stack */
	{ 0xc0000093u, SIGFPE, FPE_FLTUND },
	/* SSE: one code for all; which one it was stands in mxcsr */
	{ 0xc00002b4u, SIGFPE, FPE_FLTINV },
	{ 0xc00002b5u, SIGFPE, FPE_FLTINV },
};

int signal_of_fault(uint32_t code)
{
	for (size_t i = 0; i < array_size(faults); i++)
		if (faults[i].code == code)
			return faults[i].signal;
	return 0;
}

/* Whether something is there, which then did not permit it. */
static bool is_mapped(uint64_t address)
{
	struct region r;

	return memory_find(address, &r);
}

/* Linux says of the first stack that nothing is mapped below it, and of other
 * stacks that their guard forbids. */
static void overflow(
	struct thread *t, uint64_t address, struct signal_record *to)
{
	struct region guard, stack;

	t->guard_touched = address;
	if (memory_find(address, &guard) && memory_find(guard.end, &stack) &&
		stack.kind == REGION_STACK)
		to->code = SEGV_MAPERR;
}

bool signal_fault(struct win_fault *fault)
{
	struct thread *t = current;
	struct signal_record record = { 0 };

	for (size_t i = 0; i < array_size(faults); i++) {
		if (faults[i].code == fault->code) {
			record.signal = faults[i].signal;
			record.code = faults[i].detail;
		}
	}
	if (!record.signal || !t)
		return false;
	if (t->in_gate) {
		win_die("internal fault %#x at %#lx touching %#lx, in call %ld",
			fault->code, (unsigned long)fault->rip,
			(unsigned long)fault->address, (long)t->frame->number);
	}
	record.value = fault->code == FAULT_ACCESS ||
				       fault->code == FAULT_IN_PAGE ||
				       fault->code == FAULT_GUARD_PAGE
			       ? fault->address
			       : fault->rip;
	if (fault->code == FAULT_ACCESS && fault->address == ~0ul)
		record.value = 0; /* not canonical: Linux says address 0 */
	if (record.code == SEGV_MAPERR && is_mapped(record.value))
		record.code = SEGV_ACCERR;
	if (fault->code == FAULT_GUARD_PAGE)
		overflow(t, fault->address, &record);
	*t->frame = *fault->frame;
	t->frame->kind = FRAME_FULL;
	/* Windows has cleared it, Linux leaves it set: every step is told */
	if (fault->code == FAULT_SINGLE_STEP)
		t->frame->flags |= WIN_TRAP_FLAG;
	t->in_gate = 1;
	signal_force(t, &record);
	fault->frame->rip = signal_gate.interrupt_entry;
	fault->frame->rsp = (uint64_t)t->frame - 32;
	fault->frame->rcx = (uint64_t)t;
	fault->frame->flags &= ~WIN_USER_FLAGS;
	return true;
}
