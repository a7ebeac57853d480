/* UTF-8 and UTF-16. */
#include "lib/lib.h"

/* Decodes one code point; 0 bytes means the first byte is no UTF-8 (RFC 3629,
 * section 4: no overlong forms, no surrogates). */
static size_t decode(const unsigned char *p, size_t size, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80	 ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;
	uint32_t c;

	if (!n || n > size)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

size_t utf8_decode(const char *p, size_t size, uint32_t *out)
{
	return decode((const unsigned char *)p, size, out);
}

size_t utf16_from_utf8(uint16_t *to, size_t room, const char *from, size_t size)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t n = 0, i = 0, step;
	uint32_t c;

#define PUT(unit) \
	do { \
		if (n < room) \
			to[n] = (uint16_t)(unit); \
		n++; \
	} while (0)
	while (i < size) {
		step = decode(p + i, size - i, &c);
		if (!step) {
			PUT(0xdc00 + p[i]);
			i++;
		} else if (c >= 0x10000) {
			PUT(0xd800 + ((c - 0x10000) >> 10));
			PUT(0xdc00 + (c & 0x3ff));
			i += step;
		} else {
			PUT(c);
			i += step;
		}
	}
#undef PUT
	return n;
}

static size_t encode(char bytes[4], uint32_t c)
{
	if (c < 0x80) {
		bytes[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | c >> 18);
	bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool high(uint32_t c)
{
	return c >= 0xd800 && c < 0xdc00;
}

static bool low(uint32_t c)
{
	return c >= 0xdc00 && c < 0xe000;
}

size_t utf8_from_utf16(
	char *to, size_t room, const uint16_t *from, size_t count)
{
	size_t n = 0, step;
	char bytes[4];

	for (size_t i = 0; i < count; i++) {
		uint32_t c = from[i];

		if (high(c) && i + 1 < count && low(from[i + 1])) {
			c = 0x10000 + ((c - 0xd800) << 10) +
			    (from[++i] - 0xdc00u);
			step = encode(bytes, c);
		} else if (c >= 0xdc80 && c < 0xdd00) {
			bytes[0] = (char)(c - 0xdc00);
			step = 1;
		} else {
			step = encode(bytes, c);
		}
		for (size_t k = 0; k < step; k++, n++)
			if (n < room)
				to[n] = bytes[k];
	}
	return n;
}

size_t utf16_length(const uint16_t *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

uint64_t hash_bytes(const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	uint64_t hash = 0xcbf29ce484222325ul;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ul;
	return hash;
}
