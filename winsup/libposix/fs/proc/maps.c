/* /proc/PID/maps and smaps: our regions, and the images by what Windows says
 * of their pages. */
#include "fs/proc/proc.h"

#include <string.h>

#include "abi/errno.h"
#include "memory/memory.h"

struct map {
	uintptr_t start, end;
	int protection;
	bool shared, committed;
	const char *name;
};

/* The name begins at column 73, as on Linux, where readers count. */
static void put_map(struct text *t, const struct map *m)
{
	size_t line = t->length;

	text_add(t, "%08lx-%08lx %c%c%c%c %08x 00:00 0", m->start, m->end,
		m->protection & WIN_READ ? 'r' : '-',
		m->protection & WIN_WRITE ? 'w' : '-',
		m->protection & WIN_EXECUTE ? 'x' : '-', m->shared ? 's' : 'p',
		0u);
	if (*m->name) {
		do
			text_put(t, " ", 1);
		while (!t->failed && t->length - line < 73);
		text_put_escaped(t, m->name, "\n");
	} else {
		text_put(t, " ", 1);
	}
	text_put(t, "\n", 1);
}

/* Which pages are in memory Windows tells of one's own process alone: all that
 * has memory is counted. */
static void put_detail(struct text *t, const struct map *m)
{
	unsigned long size = (m->end - m->start) / 1024;
	unsigned long used = m->committed ? size : 0;
	bool written = m->protection & WIN_WRITE;

	text_add(t,
		"Size:           %8lu kB\n"
		"KernelPageSize: %8u kB\n"
		"MMUPageSize:    %8u kB\n"
		"Rss:            %8lu kB\n"
		"Pss:            %8lu kB\n",
		size, 4, 4, used, used);
	text_add(t,
		"Shared_Clean:   %8lu kB\n"
		"Shared_Dirty:   %8lu kB\n"
		"Private_Clean:  %8lu kB\n"
		"Private_Dirty:  %8lu kB\n",
		m->shared && !written ? used : 0,
		m->shared && written ? used : 0,
		!m->shared && !written ? used : 0,
		!m->shared && written ? used : 0);
	text_add(t,
		"Referenced:     %8lu kB\n"
		"Anonymous:      %8lu kB\n"
		"Swap:           %8u kB\n",
		used, *m->name == '/' ? 0 : used, 0);
}

static void put(struct text *t, const struct map *m, bool detail)
{
	put_map(t, m);
	if (detail)
		put_detail(t, m);
}

static void put_image(struct text *t, win_handle process,
	const struct proc_image *image, bool detail)
{
	uintptr_t at = image->base, end = at + image->size;
	struct win_memory part;

	while (at < end && !win_region_query(process, at, &part) &&
		part.end > at) {
		struct map m = { at, part.end < end ? part.end : end,
			part.protection, false, part.committed, image->path };

		if (part.committed)
			put(t, &m, detail);
		at = part.end;
	}
}

/* Few, and each program has its own order of loading. */
static void put_images(struct text *t, const struct subject *s, bool detail)
{
	struct proc_image *image = win_alloc(2 * sizeof *image), *least;
	uintptr_t after = 0;
	bool found = image;

	least = image ? image + 1 : NULL;
	while (found) {
		struct image_walk w = { 0 };

		found = false;
		while (subject_image(s, &w, image))
			if (image->base > after &&
				(!found || image->base < least->base)) {
				*least = *image;
				found = true;
			}
		if (!found)
			break;
		put_image(t, subject_windows(s), least, detail);
		after = least->base;
	}
	win_free(image);
}

static long put_maps(const struct node *n, struct text *t, bool detail)
{
	struct memory_walk w = { 0 };
	struct region r;
	struct subject s;
	long error = subject_find(n, &s, true);

	if (error || !s.there)
		return error;
	put_images(t, &s, detail);
	while (memory_next_of(s.host, &w, &r)) {
		struct map m = { r.start, r.end, r.protection,
			r.kind == REGION_SHARED, r.committed,
			r.kind == REGION_STACK && r.protection ? "[stack]"
			: memory_is_break(r.start)	       ? "[heap]"
							       : "" };

		if (r.kind != REGION_GONE)
			put(t, &m, detail);
	}
	return 0;
}

long maps_text(const struct node *n, struct text *t)
{
	return put_maps(n, t, false);
}

long smaps_text(const struct node *n, struct text *t)
{
	return put_maps(n, t, true);
}
