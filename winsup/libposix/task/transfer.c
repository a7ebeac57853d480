/* The byte stream between hosts. */
#include "task/transfer.h"

#include <string.h>

#include "abi/errno.h"
#include "lib/lib.h"

#define STEP 65536ul

static int more(struct transfer *t, size_t size)
{
	size_t end = round_up(t->position + size, STEP);
	int r;

	if (end > t->size)
		end = t->size;
	r = win_region_commit(t->buffer + t->committed, end - t->committed,
		WIN_READ | WIN_WRITE);
	if (r)
		t->error = r;
	else
		t->committed = end;
	return r;
}

void *transfer_place(struct transfer *t, size_t size)
{
	void *p;

	if (t->error)
		return NULL;
	if (size > t->size - t->position) {
		t->error = -ENOMEM;
		return NULL;
	}
	if (t->position + size > t->committed && more(t, size))
		return NULL;
	p = t->buffer + t->position;
	t->position += size;
	return p;
}

void transfer_put(struct transfer *t, const void *bytes, size_t size)
{
	void *p = transfer_place(t, size);

	if (p)
		memcpy(p, bytes, size);
}

void transfer_put_number(struct transfer *t, uint64_t n)
{
	transfer_put(t, &n, sizeof n);
}

void transfer_put_string(struct transfer *t, const char *s)
{
	size_t n = s ? strlen(s) + 1 : 0;

	transfer_put_number(t, n);
	transfer_put(t, s, n);
}

void transfer_put_handle(struct transfer *t, win_handle h)
{
	win_handle there = 0;

	if (h && !t->error) {
		int r = win_duplicate_to(t->target, h, &there);

		if (r)
			t->error = r;
	}
	transfer_put_number(t, (uint64_t)there);
}

void transfer_get(struct transfer *t, void *bytes, size_t size)
{
	void *p = transfer_place(t, size);

	if (p)
		memcpy(bytes, p, size);
	else
		memset(bytes, 0, size);
}

uint64_t transfer_get_number(struct transfer *t)
{
	uint64_t n;

	transfer_get(t, &n, sizeof n);
	return n;
}

char *transfer_get_string(struct transfer *t)
{
	size_t n = transfer_get_number(t);
	char *s;

	if (!n || t->error)
		return NULL;
	s = win_alloc(n);
	if (!s) {
		t->error = -ENOMEM;
		return NULL;
	}
	transfer_get(t, s, n);
	return s;
}

win_handle transfer_get_handle(struct transfer *t)
{
	return (win_handle)transfer_get_number(t);
}
