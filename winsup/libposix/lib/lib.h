/* Pure C helpers without state: intrusive lists, UTF-8/16, formatting into a
 * buffer, hashes.  Nothing here calls anything but mem* and str*. */
#ifndef LIB_LIB_H
#define LIB_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member)))
#define array_size(a) (sizeof(a) / sizeof *(a))
#define SECOND	      1000000000l /* ns */

/* Host state: what belongs to the Windows process and not to the POSIX
 * process that lives in it.  Every writable variable of the lower half has
 * this mark (testsuite/checks/state): fork copies none of them and exec keeps
 * them.  What .data and .bss hold is therefore musl's alone. */
#define HOST_STATE __attribute__((section(".host")))

/* What every call, or every read and write, runs lies together: Windows' own
 * code and the kernel's have pushed it out of the processor's caches by then.
 */
#define HOT __attribute__((section(".text$hot")))

/* Doubly linked list with a head; an empty head points to itself. */
struct list {
	struct list *next, *previous;
};

static inline void list_init(struct list *l)
{
	l->next = l->previous = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Adds `entry` at the end of the list `head`. */
static inline void list_append(struct list *head, struct list *entry)
{
	entry->next = head;
	entry->previous = head->previous;
	head->previous->next = entry;
	head->previous = entry;
}

/* Takes `entry` out of whatever list it is in; it then is a list of one. */
static inline void list_remove(struct list *entry)
{
	entry->previous->next = entry->next;
	entry->next->previous = entry->previous;
	list_init(entry);
}

#define list_for_each(entry, head) \
	for (struct list *entry = (head)->next, *entry##_next = entry->next; \
		entry != (head); \
		entry = entry##_next, entry##_next = entry->next)

static inline uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) & ~(unit - 1);
}

static inline uint64_t round_down(uint64_t n, uint64_t unit)
{
	return n & ~(unit - 1);
}

/* FNV-1a, 64 bits. */
uint64_t hash_bytes(const void *bytes, size_t size);

/* Converts UTF-8 to UTF-16 so that every byte string has one spelling and
 * comes back unchanged: a byte that is not part of valid UTF-8 becomes the
 * lone low surrogate 0xDC00 + byte (as Python's surrogateescape does).
 * Writes at most `room` units, without terminator.  Returns the number of
 * units needed. */
size_t utf16_from_utf8(
	uint16_t *to, size_t room, const char *from, size_t size);

/* The inverse; a lone surrogate that utf16_from_utf8() did not make becomes
 * its three-byte WTF-8 form.  Returns the number of bytes needed. */
size_t utf8_from_utf16(
	char *to, size_t room, const uint16_t *from, size_t count);

size_t utf16_length(const uint16_t *s);

/* One code point from the front of p: the number of bytes it has, or 0 when
 * they are not UTF-8. */
size_t utf8_decode(const char *p, size_t size, uint32_t *out);

/* Formats into `to`, always terminated, cut at `room` bytes.  Knows %s %.*s
 * %c %% and %d %i %u %x %o with l, ll, z, `#`, a width, `0` and `-`; %p.
 * Returns the length without the terminator, at most room - 1. */
size_t format(char *to, size_t room, const char *text, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_list(char *to, size_t room, const char *text, va_list list);

/* "SIGHUP"; NULL for real-time signals and what is none.  names.c */
const char *signal_name(int signal);

#endif
