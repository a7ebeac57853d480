/* Formatting into a buffer: printf's useful part, without locale or heap. */
#include "lib/lib.h"

#include <string.h>

struct output {
	char *to;
	size_t room, length;
};

struct conversion {
	bool left, zero, alternate;
	int width, precision; /* precision -1: none */
	int longs;
};

static void put(struct output *o, char c)
{
	if (o->length + 1 < o->room)
		o->to[o->length++] = c;
}

static void pad(struct output *o, int count, char c)
{
	for (; count > 0; count--)
		put(o, c);
}

static void put_text(
	struct output *o, const struct conversion *c, const char *s, size_t n)
{
	int space = c->width - (int)n;

	if (!c->left)
		pad(o, space, ' ');
	for (size_t i = 0; i < n; i++)
		put(o, s[i]);
	if (c->left)
		pad(o, space, ' ');
}

static void put_number(struct output *o, const struct conversion *c,
	unsigned long n, unsigned base, const char *prefix)
{
	char digits[24];
	int count = 0, space;

	do {
		digits[count++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	space = c->width - count - (int)strlen(prefix);
	if (!c->left && !c->zero)
		pad(o, space, ' ');
	while (*prefix)
		put(o, *prefix++);
	if (!c->left && c->zero)
		pad(o, space, '0');
	while (count)
		put(o, digits[--count]);
	if (c->left)
		pad(o, space, ' ');
}

static const char *flags(const char *t, struct conversion *c, va_list *list)
{
	*c = (struct conversion){ .precision = -1 };
	for (;; t++) {
		if (*t == '-')
			c->left = true;
		else if (*t == '0')
			c->zero = true;
		else if (*t == '#')
			c->alternate = true;
		else
			break;
	}
	for (; *t >= '0' && *t <= '9'; t++)
		c->width = c->width * 10 + *t - '0';
	if (*t == '.') {
		c->precision = 0;
		if (*++t == '*') {
			c->precision = va_arg(*list, int);
			t++;
		}
		for (; *t >= '0' && *t <= '9'; t++)
			c->precision = c->precision * 10 + *t - '0';
	}
	for (; *t == 'l' || *t == 'z'; t++)
		c->longs++;
	return t;
}

static void string(struct output *o, const struct conversion *c, const char *s)
{
	size_t n = 0;

	if (!s)
		s = "(null)";
	while ((c->precision < 0 || n < (size_t)c->precision) && s[n])
		n++;
	put_text(o, c, s, n);
}

static unsigned long take_unsigned(const struct conversion *c, va_list *list)
{
	return c->longs ? va_arg(*list, unsigned long)
			: va_arg(*list, unsigned);
}

static void convert(
	struct output *o, struct conversion *c, char kind, va_list *list)
{
	long n;
	char byte;

	switch (kind) {
	case 'd':
	case 'i':
		n = c->longs ? va_arg(*list, long) : va_arg(*list, int);
		put_number(o, c, n < 0 ? -(unsigned long)n : (unsigned long)n,
			10, n < 0 ? "-" : "");
		break;
	case 'u':
		put_number(o, c, take_unsigned(c, list), 10, "");
		break;
	case 'x':
		put_number(o, c, take_unsigned(c, list), 16,
			c->alternate ? "0x" : "");
		break;
	case 'o':
		put_number(o, c, take_unsigned(c, list), 8,
			c->alternate ? "0" : "");
		break;
	case 'p':
		put_number(
			o, c, (unsigned long)va_arg(*list, void *), 16, "0x");
		break;
	case 'c':
		byte = (char)va_arg(*list, int);
		put_text(o, c, &byte, 1);
		break;
	case 's':
		string(o, c, va_arg(*list, const char *));
		break;
	default:
		put(o, kind);
	}
}

size_t format_list(char *to, size_t room, const char *text, va_list list)
{
	struct output o = { to, room, 0 };
	struct conversion c;
	va_list rest;

	if (!room)
		return 0;
	va_copy(rest, list);
	for (; *text; text++) {
		if (*text != '%') {
			put(&o, *text);
			continue;
		}
		text = flags(text + 1, &c, &rest);
		if (!*text)
			break;
		convert(&o, &c, *text, &rest);
	}
	va_end(rest);
	to[o.length] = 0;
	return o.length;
}

size_t format(char *to, size_t room, const char *text, ...)
{
	va_list list;
	size_t n;

	va_start(list, text);
	n = format_list(to, room, text, list);
	va_end(list);
	return n;
}
