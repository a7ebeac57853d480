/* The frame a handler runs on: Linux's ucontext_t and siginfo_t, as programs
 * and musl's cancellation read and change them. */
#include "signal/private.h"

#include <string.h>
#include <ucontext.h>

#include "abi/errno.h"
#include "memory/memory.h"

/* What lies on the user's stack while a handler runs.  The handler is called
 * by Win64's rules: its return address first, then 32 bytes for its use. */
struct handler_frame {
	uint64_t return_address;
	uint64_t home[4];
	/* rip, cs, flags, rsp, ss of what was interrupted: as an unwinder finds
	 * it behind gate_return_stub */
	uint64_t machine[5];
	siginfo_t info;
	/* ends in the FXSAVE area; the wide registers follow, if it says so */
	ucontext_t context;
};

/* Linux' asm/sigcontext.h, struct _fpx_sw_bytes: the area's last 48 bytes. */
#define SOFTWARE_BYTES 464
#define WIDE_FOLLOWS   0x46505853u /* FP_XSTATE_MAGIC1 */
#define WIDE_ENDS      0x46505845u /* FP_XSTATE_MAGIC2 */

#define LEAST_STACK 2048 /* Linux' MINSIGSTKSZ */

struct software_bytes {
	uint32_t magic, extended_size;
	uint64_t registers;
	uint32_t size, padding[7];
};

_Static_assert(
	sizeof(struct handler_frame) % 16 == 8 &&
		sizeof(struct software_bytes) == 48 &&
		offsetof(struct handler_frame, context.__fpregs_mem) + 512 ==
			sizeof(struct handler_frame),
	"the wide registers follow the others");

/* Processor flags a handler may change: CF PF AF ZF SF TF DF OF AC.  */
#define USER_FLAGS     0x40dd5ul
#define DIRECTION_FLAG 0x400ul

void signal_frame_complete(struct frame *frame)
{
	if (frame->kind == FRAME_FULL)
		return;
	/* what a call does not keep: any value will do, but a defined one */
	frame->rcx = frame->rdx = 0;
	frame->r8 = frame->r9 = frame->r10 = frame->r11 = 0;
	frame->flags = 0x202;
	memset(frame->fx + 2, 0, 22); /* x87: empty, but for its control word */
	memset(frame->fx + 28, 0, 228); /* its registers, xmm0 to xmm5 */
	frame->kind = FRAME_FULL;
	frame->wide = 0;
}

void siginfo_from_record(siginfo_t *out, const struct signal_record *record)
{
	memset(out, 0, sizeof *out);
	out->si_signo = record->signal;
	out->si_code = record->code;
	out->si_errno = record->error;
	if (record->signal == SIGSEGV || record->signal == SIGBUS ||
		record->signal == SIGFPE || record->signal == SIGILL ||
		record->signal == SIGTRAP) {
		if (record->code > 0) {
			out->si_addr = (void *)record->value;
			return;
		}
	}
	if (record->signal == SIGCHLD && record->code > 0) {
		out->si_pid = record->pid;
		out->si_uid = record->uid;
		out->si_status = (int)record->status;
		out->si_utime = record->user_time;
		out->si_stime = record->system_time;
		return;
	}
	if (record->code == SI_TIMER) {
		out->si_timerid = record->pid;
		out->si_overrun = (int)record->status;
	} else {
		out->si_pid = record->pid;
		out->si_uid = record->uid;
	}
	out->si_value.sival_ptr = (void *)record->value;
}

static void registers_to_context(mcontext_t *m, const struct frame *f)
{
	greg_t *g = m->gregs;

	g[REG_R8] = (greg_t)f->r8;
	g[REG_R9] = (greg_t)f->r9;
	g[REG_R10] = (greg_t)f->r10;
	g[REG_R11] = (greg_t)f->r11;
	g[REG_R12] = (greg_t)f->r12;
	g[REG_R13] = (greg_t)f->r13;
	g[REG_R14] = (greg_t)f->r14;
	g[REG_R15] = (greg_t)f->r15;
	g[REG_RDI] = (greg_t)f->rdi;
	g[REG_RSI] = (greg_t)f->rsi;
	g[REG_RBP] = (greg_t)f->rbp;
	g[REG_RBX] = (greg_t)f->rbx;
	g[REG_RDX] = (greg_t)f->rdx;
	g[REG_RAX] = (greg_t)f->rax;
	g[REG_RCX] = (greg_t)f->rcx;
	g[REG_RSP] = (greg_t)f->rsp;
	g[REG_RIP] = (greg_t)f->rip;
	g[REG_EFL] = (greg_t)f->flags;
}

static void registers_from_context(struct frame *f, const mcontext_t *m)
{
	const greg_t *g = m->gregs;

	f->r8 = (uint64_t)g[REG_R8];
	f->r9 = (uint64_t)g[REG_R9];
	f->r10 = (uint64_t)g[REG_R10];
	f->r11 = (uint64_t)g[REG_R11];
	f->r12 = (uint64_t)g[REG_R12];
	f->r13 = (uint64_t)g[REG_R13];
	f->r14 = (uint64_t)g[REG_R14];
	f->r15 = (uint64_t)g[REG_R15];
	f->rdi = (uint64_t)g[REG_RDI];
	f->rsi = (uint64_t)g[REG_RSI];
	f->rbp = (uint64_t)g[REG_RBP];
	f->rbx = (uint64_t)g[REG_RBX];
	f->rdx = (uint64_t)g[REG_RDX];
	f->rax = (uint64_t)g[REG_RAX];
	f->rcx = (uint64_t)g[REG_RCX];
	f->rsp = (uint64_t)g[REG_RSP];
	f->rip = (uint64_t)g[REG_RIP];
	f->flags = ((uint64_t)g[REG_EFL] & USER_FLAGS) | 0x202;
}

/* man 2 sigaltstack: one that disarms itself is never in use. */
static bool on_altstack(const struct thread *t, uint64_t rsp)
{
	return !(t->altstack_flags & SS_AUTODISARM) &&
	       rsp - t->altstack < t->altstack_size;
}

void signal_altstack_get(const struct thread *t, uint64_t rsp, stack_t *out)
{
	*out = (stack_t){ .ss_sp = (void *)t->altstack,
		.ss_size = t->altstack_size,
		.ss_flags = t->altstack_flags };
	if (!t->altstack_size)
		out->ss_flags |= SS_DISABLE;
	else if (on_altstack(t, rsp))
		out->ss_flags |= SS_ONSTACK;
}

long signal_altstack_set(struct thread *t, uint64_t rsp, const stack_t *s)
{
	int kind = s->ss_flags & ~SS_AUTODISARM;

	if (on_altstack(t, rsp))
		return -EPERM;
	if (kind != SS_DISABLE && kind != SS_ONSTACK && kind)
		return -EINVAL;
	if (kind != SS_DISABLE && s->ss_size < LEAST_STACK)
		return -ENOMEM;
	t->altstack = kind == SS_DISABLE ? 0 : (uint64_t)s->ss_sp;
	t->altstack_size = kind == SS_DISABLE ? 0 : s->ss_size;
	t->altstack_flags = s->ss_flags & SS_AUTODISARM;
	return 0;
}

/* Where the handler's frame may begin, from above. */
static uint64_t stack_for(struct thread *t, const struct frame *frame,
	const struct k_sigaction *action)
{
	if (!(action->flags & SA_ONSTACK) || !t->altstack_size ||
		on_altstack(t, frame->rsp))
		return frame->rsp;
	return t->altstack + t->altstack_size;
}

static size_t wide_bytes(void)
{
	return win_wide_size - WIN_WIDE_AT + sizeof(uint32_t);
}

/* Behind the handler's frame, as Linux has it. */
static long wide_to_user(
	struct thread *t, struct handler_frame *h, uint64_t behind)
{
	static const uint32_t end = WIDE_ENDS;
	struct software_bytes s = { WIDE_FOLLOWS, win_wide_size + sizeof end,
		win_wide_registers | 3, win_wide_size, { 0 } };
	uint8_t *area = t->wide;
	size_t n = wide_bytes() - sizeof end;

	area[WIN_WIDE_AT] |= 3; /* that x87 and SSE are there as well */
	memcpy((uint8_t *)h->context.__fpregs_mem + SOFTWARE_BYTES, &s,
		sizeof s);
	if (user_copy_out((void *)behind, area + WIN_WIDE_AT, n) ||
		user_copy_out((void *)(behind + n), &end, sizeof end))
		return -EFAULT;
	return 0;
}

/* The header is the user's: whatever XRSTOR would not bear goes. */
static long wide_from_user(
	struct thread *t, const struct handler_frame *h, uint64_t behind)
{
	uint32_t mxcsr = 0x1f80;
	uint8_t *area = t->wide;
	struct software_bytes s;

	memcpy(&s, (const uint8_t *)h->context.__fpregs_mem + SOFTWARE_BYTES,
		sizeof s);
	if (s.magic != WIDE_FOLLOWS || s.size != win_wide_size)
		return 0;
	if (user_copy_in(area + WIN_WIDE_AT, (void *)behind,
		    wide_bytes() - sizeof(uint32_t)))
		return -EFAULT;
	memcpy(area + 24, &mxcsr, sizeof mxcsr);
	area[WIN_WIDE_AT] &= (uint8_t)win_wide_registers;
	memset(area + WIN_WIDE_AT + 1, 0, 63);
	return 1;
}

long signal_frame_make(struct thread *t, struct frame *frame,
	const struct k_sigaction *action, const struct signal_record *record,
	uint64_t mask_after)
{
	static const stack_t none = { .ss_flags = SS_DISABLE };
	struct handler_frame h;
	uint64_t at;

	signal_frame_complete(frame);
	memset(&h, 0, sizeof h);
	h.return_address = signal_gate.return_stub;
	h.machine[0] = frame->rip;
	h.machine[3] = frame->rsp;
	signal_altstack_get(t, frame->rsp, &h.context.uc_stack);
	memcpy(&h.context.uc_sigmask, &mask_after, sizeof mask_after);
	registers_to_context(&h.context.uc_mcontext, frame);
	siginfo_from_record(&h.info, record);
	h.context.uc_mcontext.gregs[REG_CR2] =
		record->code > 0 ? (greg_t)record->value : 0;
	memcpy(h.context.__fpregs_mem, frame->fx, sizeof frame->fx);
	memset((uint8_t *)h.context.__fpregs_mem + SOFTWARE_BYTES, 0,
		sizeof(struct software_bytes));

	/* a function is entered with its return address at 8 mod 16 */
	at = stack_for(t, frame, action) - sizeof h;
	if (frame->wide)
		at -= wide_bytes();
	at = (at & ~15ul) - 8;
	h.context.uc_mcontext.fpregs =
		(fpregset_t)(at + offsetof(struct handler_frame,
					  context.__fpregs_mem));
	if (frame->wide && wide_to_user(t, &h, at + sizeof h))
		return -EFAULT;
	frame->wide = 0;
	if (user_copy_out((void *)at, &h, sizeof h))
		return -EFAULT;
	/* until the handler returns */
	if (t->altstack_flags & SS_AUTODISARM)
		signal_altstack_set(t, 0, &none);

	if (action->flags & SA_RESETHAND) {
		t->process->signals->actions[record->signal - 1].handler =
			SIG_DFL;
		signal_actions_changed(t->process);
	}
	t->sigmask |= action->mask;
	if (!(action->flags & SA_NODEFER))
		t->sigmask |= signal_bit(record->signal);
	t->sigmask &= ~SIGNALS_NOT_BLOCKABLE;

	frame->rip = (uint64_t)action->handler;
	frame->rsp = at;
	frame->rcx = (uint64_t)record->signal;
	frame->rdx = at + offsetof(struct handler_frame, info);
	frame->r8 = at + offsetof(struct handler_frame, context);
	frame->rax = 0;
	frame->flags = 0x202;
	frame->fx[0] = 0x7f; /* x87 control word 0x37f, mxcsr 0x1f80 */
	frame->fx[1] = 0x03;
	frame->fx[24] = 0x80;
	frame->fx[25] = 0x1f;
	return 0;
}

/* Entered with rsp just above the return address that the handler's ret took,
 * so the frame begins 8 bytes below. */
long signal_return(struct thread *t, struct frame *frame)
{
	struct handler_frame h;
	uint64_t mask;
	long wide;
	struct signal_record bad = { .signal = SIGSEGV, .code = SI_KERNEL };

	if (user_copy_in(&h, (void *)(frame->rsp - 8), sizeof h)) {
		signal_force(t, &bad);
		return 0;
	}
	wide = wide_from_user(t, &h, frame->rsp - 8 + sizeof h);
	if (wide < 0) {
		signal_force(t, &bad);
		return 0;
	}
	registers_from_context(frame, &h.context.uc_mcontext);
	memcpy(frame->fx, h.context.__fpregs_mem, sizeof frame->fx);
	frame->wide = (uint64_t)wide;
	/* reserved bits of mxcsr would fault in the gate: man 2 sigreturn */
	frame->fx[26] = frame->fx[27] = 0;
	frame->kind = FRAME_FULL;
	frame->number = FRAME_NO_CALL;
	memcpy(&mask, &h.context.uc_sigmask, sizeof mask);
	t->sigmask = mask & ~SIGNALS_NOT_BLOCKABLE;
	/* as Linux does; one that cannot be stays as it is */
	signal_altstack_set(t, frame->rsp, &h.context.uc_stack);
	return (long)frame->rax;
}
