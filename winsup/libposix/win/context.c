/* Register contexts, exceptions, unwind tables, console control. */
#include "win/private.h"

#include <string.h>

#include "abi/frame.h"

uint32_t win_wide_registers HOST_STATE = 0;
uint32_t win_wide_size HOST_STATE = 0;

static bool (*fault_handler)(struct win_fault *) HOST_STATE = 0;
static bool (*control_handler)(uint32_t) HOST_STATE = 0;

static void frame_from_context(struct frame *f, const CONTEXT *c)
{
	f->rax = c->Rax;
	f->rcx = c->Rcx;
	f->rdx = c->Rdx;
	f->rbx = c->Rbx;
	f->rsp = c->Rsp;
	f->rbp = c->Rbp;
	f->rsi = c->Rsi;
	f->rdi = c->Rdi;
	f->r8 = c->R8;
	f->r9 = c->R9;
	f->r10 = c->R10;
	f->r11 = c->R11;
	f->r12 = c->R12;
	f->r13 = c->R13;
	f->r14 = c->R14;
	f->r15 = c->R15;
	f->rip = c->Rip;
	f->flags = c->EFlags;
	f->kind = FRAME_FULL;
	f->wide = 0;
	memcpy(f->fx, &c->FltSave, sizeof f->fx);
}

_Static_assert(sizeof(CONTEXT) == WIN_CONTEXT_SIZE, "CONTEXT");

void win_context_write(void *to, const struct frame *f)
{
	CONTEXT c = {
		.ContextFlags = CONTEXT_FULL | CONTEXT_FLOATING_POINT,
		.Rax = f->rax,
		.Rcx = f->rcx,
		.Rdx = f->rdx,
		.Rbx = f->rbx,
		.Rsp = f->rsp,
		.Rbp = f->rbp,
		.Rsi = f->rsi,
		.Rdi = f->rdi,
		.R8 = f->r8,
		.R9 = f->r9,
		.R10 = f->r10,
		.R11 = f->r11,
		.R12 = f->r12,
		.R13 = f->r13,
		.R14 = f->r14,
		.R15 = f->r15,
		.Rip = f->rip,
		.EFlags = (DWORD)f->flags,
	};

	memcpy(&c.FltSave, f->fx, sizeof f->fx);
	c.MxCsr = c.FltSave.MxCsr;
	memcpy(to, &c, sizeof c);
}

/* Intel SDM 1, 13.1 to 13.5: what XCR0 has of AVX (bit 2) and AVX-512 (bits 5
 * to 7), and where that lies in the area, which is the same everywhere. */
void win_context_start(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & 1u << 27)) /* OSXSAVE */
		return;
	__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	if (!(a & 4))
		return;
	win_wide_registers = a & 0xe4;
	win_wide_size = (a & 0xe0) == 0xe0 ? 2688 : 832;
	if (win_wide_size == 832)
		win_wide_registers = 4;
}

int win_context_get(win_handle thread, struct frame *out)
{
	CONTEXT c = { .ContextFlags = CONTEXT_FULL | CONTEXT_FLOATING_POINT };

	if (!GetThreadContext(h(thread), &c))
		return win_errno_last();
	frame_from_context(out, &c);
	return 0;
}

int win_context_redirect(
	win_handle thread, uint64_t rip, uint64_t rsp, uint64_t rcx)
{
	CONTEXT c = { .ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER };

	if (!GetThreadContext(h(thread), &c))
		return win_errno_last();
	c.Rip = rip;
	c.Rsp = rsp;
	c.Rcx = rcx;
	c.EFlags &= ~(DWORD)WIN_USER_FLAGS;
	return SetThreadContext(h(thread), &c) ? 0 : win_errno_last();
}

static LONG WINAPI exception(EXCEPTION_POINTERS *p)
{
	EXCEPTION_RECORD *r = p->ExceptionRecord;
	CONTEXT *c = p->ContextRecord;
	struct frame frame;
	struct win_fault fault = {
		.code = r->ExceptionCode,
		.rip = c->Rip,
		.frame = &frame,
	};

	if (!fault_handler)
		return EXCEPTION_CONTINUE_SEARCH;
	if (r->NumberParameters >= 2 &&
		(r->ExceptionCode == EXCEPTION_ACCESS_VIOLATION ||
			r->ExceptionCode == EXCEPTION_GUARD_PAGE ||
			r->ExceptionCode == EXCEPTION_IN_PAGE_ERROR)) {
		fault.address = r->ExceptionInformation[1];
		fault.write = r->ExceptionInformation[0] == 1;
		fault.execute = r->ExceptionInformation[0] == 8;
	}
	frame_from_context(&frame, c);
	if (!fault_handler(&fault))
		return EXCEPTION_CONTINUE_SEARCH;
	c->Rip = frame.rip;
	c->Rsp = frame.rsp;
	c->Rcx = frame.rcx;
	c->EFlags = (DWORD)frame.flags;
	return EXCEPTION_CONTINUE_EXECUTION;
}

void win_exception_handler(bool (*handler)(struct win_fault *fault))
{
	if (!fault_handler)
		AddVectoredExceptionHandler(1, exception);
	fault_handler = handler;
}

int win_function_table_add(void *base, uint32_t pdata, uint32_t count)
{
	return RtlAddFunctionTable(
		       (void *)((char *)base + pdata), count, (DWORD64)base)
		       ? 0
		       : -ENOMEM;
}

void win_function_table_remove(void *base, uint32_t pdata)
{
	RtlDeleteFunctionTable((void *)((char *)base + pdata));
}

/* Where user code can lie: programs, posix1.dll, shared objects, and what
 * `memory` maps below 96 TiB.  All else is Windows': windows-facts.md #2. */
bool win_address_is_system(uint64_t address)
{
	size_t size;
	uint64_t own = (uint64_t)win_own_image(&size);

	return address - own >= size &&
	       address - 0x100000000ul >= 0x70000000ul &&
	       address - 0x400000000ul >= 0x5ffc00000000ul;
}

static BOOL WINAPI control(DWORD type)
{
	return control_handler && control_handler(type);
}

void win_console_control(bool (*handler)(uint32_t type))
{
	if (!control_handler)
		SetConsoleCtrlHandler(control, TRUE);
	control_handler = handler;
}
