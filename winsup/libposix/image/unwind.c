/* One step up a stack, by the tables that x86-64 images have: Microsoft "x64
 * exception handling", "struct RUNTIME_FUNCTION" and "Unwind data for exception
 * handling".  Windows' own RtlVirtualUnwind() would fault on a stack that is
 * not one; here each byte is copied as the user's. */
#include "image/private.h"

#include <string.h>

#include "memory/memory.h"

#define HEADERS	   4096
#define CODES	   256
#define CHAINED	   4 /* a flag */
#define CHAIN_MOST 32

struct info {
	uint8_t version_flags, prolog_size, count, frame_register;
	uint16_t codes[CODES]; /* offset in prolog, operation, its operand */
};

enum operation {
	PUSH_REGISTER,
	ALLOCATE_LARGE,
	ALLOCATE_SMALL,
	SET_FRAME,
	SAVE_REGISTER,
	SAVE_REGISTER_FAR,
	EPILOG,
	SAVE_XMM = 8,
	SAVE_XMM_FAR,
	PUSH_MACHINE
};

/* The tables' numbers of registers are the processor's. */
static uint64_t *register_of(struct frame *f, int number)
{
	uint64_t *const all[] = { &f->rax, &f->rcx, &f->rdx, &f->rbx, &f->rsp,
		&f->rbp, &f->rsi, &f->rdi, &f->r8, &f->r9, &f->r10, &f->r11,
		&f->r12, &f->r13, &f->r14, &f->r15 };

	return all[number & 15];
}

static bool load(void *to, uint64_t from, size_t size)
{
	return !user_copy_in(to, (void *)from, size);
}

static bool pop(struct frame *f, uint64_t *to)
{
	uint64_t value;

	if (!load(&value, f->rsp, sizeof value))
		return false;
	f->rsp += 8;
	*to = value;
	return true;
}

static bool image_base(struct process *p, uint64_t address, uint64_t *base)
{
	const char *path;
	size_t size;
	void *b = win_own_image(&size);

	if (address - (uint64_t)b >= size &&
		(!p->images || !image_find(p, address, &path, &b)))
		return false;
	*base = (uint64_t)b;
	return true;
}

/* The table is sorted by start. */
bool pe_function(uint64_t base, uint64_t rva, struct pe_function *out)
{
	uint8_t headers[HEADERS];
	uint32_t low = 0, high;
	uint64_t table;
	struct pe pe;

	if (!load(headers, base, HEADERS) || !pe_parse(headers, HEADERS, &pe))
		return false;
	table = base + pe.directories[2 * PE_EXCEPTION];
	high = pe.directories[2 * PE_EXCEPTION + 1] / sizeof *out;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (!load(out, table + middle * sizeof *out, sizeof *out))
			return false;
		if (rva < out->start)
			high = middle;
		else if (rva >= out->end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* How many of the codes belong to one. */
static int length_of(unsigned operation, unsigned operand)
{
	switch (operation) {
	case ALLOCATE_LARGE:
		return operand ? 3 : 2;
	case SAVE_REGISTER:
	case SAVE_XMM:
	case EPILOG:
		return 2;
	case SAVE_REGISTER_FAR:
	case SAVE_XMM_FAR:
		return 3;
	}
	return 1;
}

/* Undoes the codes of what has run: `done` bytes of the prolog.  machine: an
 * interrupt's frame was there, which gave rip and rsp. */
static bool undo(
	struct frame *f, const struct info *info, uint64_t done, bool *machine)
{
	unsigned fp = info->frame_register & 15;
	uint64_t base = f->rsp, value;

	if (fp)
		for (int i = 0; i < info->count;) {
			unsigned c = info->codes[i];

			if ((c >> 8 & 15) == SET_FRAME && (c & 0xff) <= done)
				base = *register_of(f, (int)fp) -
				       (info->frame_register >> 4) * 16u;
			i += length_of(c >> 8 & 15, c >> 12);
		}
	for (int i = 0; i < info->count;) {
		const uint16_t *code = info->codes + i;
		unsigned operation = *code >> 8 & 15, operand = *code >> 12;

		i += length_of(operation, operand);
		if ((*code & 0xffu) > done)
			continue;
		switch (operation) {
		case PUSH_REGISTER:
			if (!pop(f, register_of(f, (int)operand)))
				return false;
			break;
		case ALLOCATE_LARGE:
			f->rsp += operand ? code[1] | (uint32_t)code[2] << 16
					  : code[1] * 8u;
			break;
		case ALLOCATE_SMALL:
			f->rsp += operand * 8 + 8;
			break;
		case SET_FRAME:
			f->rsp = base;
			break;
		case SAVE_REGISTER:
		case SAVE_REGISTER_FAR:
			value = operation == SAVE_REGISTER
					? code[1] * 8u
					: code[1] | (uint32_t)code[2] << 16;
			if (!load(register_of(f, (int)operand), base + value,
				    8))
				return false;
			break;
		case PUSH_MACHINE:
			f->rsp += operand * 8;
			if (!load(&f->rip, f->rsp, 8) ||
				!load(&f->rsp, f->rsp + 24, 8))
				return false;
			*machine = true;
			return true;
		}
	}
	return true;
}

/* An epilog is seen by its instructions, of which there are few kinds ("x64
 * prolog and epilog"): what pops have not run yet, then a return. */
static bool in_epilog(struct frame *f)
{
	struct frame g = *f;
	uint8_t code[32];
	int i = 0;

	if (!load(code, f->rip, sizeof code))
		return false;
	if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xc4) {
		g.rsp += code[3];
		i = 4;
	} else if (code[0] == 0x48 && code[1] == 0x81 && code[2] == 0xc4) {
		uint32_t size;

		memcpy(&size, code + 3, 4);
		g.rsp += size;
		i = 7;
	}
	while (i < (int)sizeof code - 2) {
		int far = code[i] == 0x41 ? 8 : 0, at = i + (far != 0);

		if ((code[at] & 0xf8) != 0x58)
			break;
		if (!pop(&g, register_of(&g, far + (code[at] & 7))))
			return false;
		i = at + 1;
	}
	if (code[i] != 0xc3 || !pop(&g, &g.rip))
		return false;
	*f = g;
	return true;
}

bool image_unwind(struct process *p, struct frame *f, bool *called)
{
	uint64_t at = f->rip - *called, base, done, rsp = f->rsp;
	bool first = !*called, machine = false;
	struct pe_function function;
	struct info info;

	*called = true;
	/* no image: a call that led nowhere; no entry: a function that calls
	 * none and keeps rsp */
	if (!image_base(p, at, &base))
		return first && pop(f, &f->rip) && f->rip;
	if (!pe_function(base, at - base, &function))
		return pop(f, &f->rip) && f->rip;
	if (first && in_epilog(f))
		return f->rip != 0;
	done = at - base - function.start;
	for (int chain = 0; chain < CHAIN_MOST; chain++) {
		memset(&info, 0, sizeof info);
		if (!load(&info, base + function.info, 4) ||
			!load(info.codes, base + function.info + 4,
				info.count * 2u) ||
			!undo(f, &info, done, &machine))
			return false;
		if (machine || !(info.version_flags >> 3 & CHAINED))
			break;
		if (!load(&function,
			    base + function.info + 4 +
				    (info.count + 1u) / 2 * 4,
			    sizeof function))
			return false;
		done = ~0ul;
	}
	*called = !machine;
	if (!machine && !pop(f, &f->rip))
		return false;
	/* a stack that does not grow has no end */
	return f->rip && (machine || f->rsp > rsp);
}
