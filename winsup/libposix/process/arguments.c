/* argv and the environment on their way from one program to the next. */
#include "process/private.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"
#include "task/transfer.h"

#define ARGUMENTS_MAX (2ul << 20)   /* bytes; man 2 execve, "Limits" */
#define STRING_MAX    (128ul << 10) /* its end included */

long arguments_add(struct arguments *a, const char *s, size_t n)
{
	if (a->size + n + 1 > ARGUMENTS_MAX)
		return -E2BIG;
	if (a->size + n + 1 > a->room) {
		size_t room = a->room ? a->room * 2 : 16384;
		char *bytes;

		while (room < a->size + n + 1)
			room *= 2;
		bytes = win_realloc(a->bytes, room);
		if (!bytes)
			return -ENOMEM;
		a->bytes = bytes;
		a->room = room;
	}
	memcpy(a->bytes + a->size, s, n);
	a->bytes[a->size + n] = 0;
	a->size += n + 1;
	return 0;
}

/* One string of the user's, read in pieces. */
static long add_user(struct arguments *a, const char *user)
{
	char piece[1024];
	size_t total = 0;

	for (;;) {
		long n = user_string(piece, user + total, sizeof piece);
		size_t size = n == -ENAMETOOLONG ? sizeof piece : (size_t)n;
		long r;

		if (n < 0 && n != -ENAMETOOLONG)
			return n;
		if (total + size >= STRING_MAX)
			return -E2BIG;
		if (total)
			a->size--; /* goes on where the last piece ended */
		r = arguments_add(a, piece, size);
		if (r)
			return r;
		total += size;
		if (n >= 0)
			return 0;
	}
}

static long add_list(struct arguments *a, char *const *user, int *count)
{
	const char *s;
	long r = 0;

	*count = 0;
	while (user && !r) {
		if (user_copy_in(&s, user + *count, sizeof s))
			return -EFAULT;
		if (!s)
			break;
		r = add_user(a, s);
		++*count;
	}
	return r;
}

long arguments_from_user(
	struct arguments *a, char *const *argv, char *const *envp)
{
	long r;

	memset(a, 0, sizeof *a);
	win_random(a->random, sizeof a->random);
	r = add_list(a, argv, &a->argc);
	if (!r)
		r = add_list(a, envp, &a->envc);
	if (r)
		arguments_free(a);
	return r;
}

long arguments_prepend(
	struct arguments *a, const char *const *strings, int count, int skip)
{
	struct arguments b = { .argc = a->argc + count, .envc = a->envc };
	const char *p = a->bytes;
	long r = 0;

	for (int i = 0; !r && i < count; i++)
		r = arguments_add(&b, strings[i], strlen(strings[i]));
	for (int i = 0; !r && i < a->argc + a->envc; i++) {
		size_t n = strlen(p);

		if (i >= skip)
			r = arguments_add(&b, p, n);
		p += n + 1;
	}
	b.argc -= skip < a->argc ? skip : a->argc;
	if (r) {
		arguments_free(&b);
		return r;
	}
	memcpy(b.random, a->random, sizeof b.random);
	arguments_free(a);
	*a = b;
	return 0;
}

void arguments_free(struct arguments *a)
{
	win_free(a->bytes);
	memset(a, 0, sizeof *a);
}

char **arguments_pointers(const struct arguments *a)
{
	char **list = win_alloc(
		((size_t)a->argc + (size_t)a->envc + 2) * sizeof *list);
	char **to = list, *p = a->bytes;

	if (!list)
		return NULL;
	for (int i = 0; i < a->argc + a->envc; i++) {
		if (i == a->argc)
			to++;
		*to++ = p;
		p += strlen(p) + 1;
	}
	return list;
}

void arguments_pack(const struct arguments *a, struct transfer *to)
{
	transfer_put_number(to, (uint64_t)a->argc);
	transfer_put_number(to, (uint64_t)a->envc);
	transfer_put_number(to, a->size);
	transfer_put(to, a->bytes, a->size);
	transfer_put(to, a->random, sizeof a->random);
}

long arguments_unpack(struct arguments *a, struct transfer *from)
{
	memset(a, 0, sizeof *a);
	a->argc = (int)transfer_get_number(from);
	a->envc = (int)transfer_get_number(from);
	a->size = a->room = transfer_get_number(from);
	a->bytes = win_alloc(a->size);
	if (!a->bytes)
		return -ENOMEM;
	transfer_get(from, a->bytes, a->size);
	transfer_get(from, a->random, sizeof a->random);
	return from->error;
}
