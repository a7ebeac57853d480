/* The images of a process: loading a program and what it needs. */
#include "image/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "memory/memory.h"

/* For /proc: another process's list, read without its lock. */
static bool next_of(win_handle process, const struct images *there,
	const void **cursor, struct proc_image *out)
{
	const struct list *head = &there->list, *at = *cursor ? *cursor : head;
	struct list entry;
	struct image im;
	struct resident r;

	if (memory_read_of(process, &entry, at, sizeof entry) ||
		entry.next == head ||
		memory_read_of(process, &im,
			container_of(entry.next, struct image, entry),
			sizeof im) ||
		memory_read_of(process, &r, im.resident, sizeof r))
		return false;
	*cursor = entry.next;
	out->base = (uintptr_t)r.base;
	out->size = r.size;
	return memory_string_of(process, out->path, im.path, PATH_SIZE) > 0;
}

int image_start(void)
{
	proc_register_images(next_of);
	return 0;
}

struct images *images_create(void)
{
	struct images *i = win_alloc(sizeof *i);

	if (!i)
		return NULL;
	i->lock.rank = RANK_MOUNTS;
	list_init(&i->list);
	return i;
}

static void forget(struct image *im)
{
	list_remove(&im->entry);
	resident_put(im->resident);
	win_free(im->path);
	win_free(im->native);
	win_free(im->soname);
	win_free(im->name);
	win_free(im->needs);
	win_free(im);
}

void images_forget(struct images *i, struct list *last)
{
	while (last->next != &i->list)
		forget(container_of(last->next, struct image, entry));
}

void images_free(struct images *i)
{
	if (!i)
		return;
	list_for_each(entry, &i->list)
		forget(container_of(entry, struct image, entry));
	win_free(i->library_path);
	win_free(i->late);
	win_free(i);
}

void image_drop(struct process *p)
{
	images_free(p->images);
	p->images = NULL;
}

const struct module *image_program(struct process *p)
{
	return p->images->program->resident->module;
}

static char *copy_text(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = win_alloc(n);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

static long identify(struct file *f, struct identity *out)
{
	win_handle h = nt_file_handle(f);
	struct win_file_stat st;
	long r;

	if (!h)
		return -EACCES;
	r = win_file_stat(h, &st);
	if (!r)
		*out = (struct identity){ 0, st.id, st.size, st.modified };
	return r;
}

static void set_native(struct image *im)
{
	uint16_t name[4096];
	int64_t n = path_to_windows(AT_FDCWD, im->path, name, 4096);

	if (n <= 0)
		return;
	im->native = win_alloc((size_t)n * 2);
	if (!im->native)
		return;
	memcpy(im->native, name, (size_t)n * 2);
	im->native_size = (size_t)n;
}

/* Takes r over, also on failure. */
static long enlist(struct images *i, struct resident *r, const char *path,
	struct image **out)
{
	struct image *im = win_alloc(sizeof *im);

	if (!im) {
		resident_put(r);
		return -ENOMEM;
	}
	im->resident = r;
	im->path = copy_text(path);
	im->soname =
		copy_text(r->module->soname ? r->base + r->module->soname : "");
	im->global = !i->started;
	list_append(&i->list, &im->entry);
	*out = im;
	return 0;
}

static struct image *loaded(struct images *i, const struct identity *identity)
{
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (!memcmp(&im->resident->identity, identity,
			    sizeof *identity))
			return im;
	}
	return NULL;
}

static long open_file(
	const char *path, struct file **f, struct identity *identity)
{
	long r = path_open(AT_FDCWD, path, O_RDONLY, 0, f);

	if (r)
		return r;
	r = identify(*f, identity);
	if (r)
		file_put(*f);
	return r;
}

static long add_at(struct images *i, const char *path, struct file *f,
	const struct identity *identity, uint64_t wanted, struct image **out)
{
	struct resident *r;
	long error = resident_get(f, identity, wanted, i->fresh, &r);

	return error ? error : enlist(i, r, path, out);
}

/* The sender saw the file with that identity: no need to look at it again. */
static long add_resident(struct images *i, const char *path, uint64_t base,
	const struct identity *identity, struct image **out)
{
	struct resident *r;
	long error = resident_find(identity, base, i->fresh, &r);

	return error ? error : enlist(i, r, path, out);
}

/* The program itself and what it is started with are no libraries. */
static bool is_executable(struct images *i, const struct image *im)
{
	return i->program && !(im->resident->module->flags & MODULE_SHARED);
}

long images_add(struct images *i, const char *path, const char *name,
	struct image **out, char *problem, size_t room)
{
	char absolute[PATH_SIZE];
	struct identity identity;
	struct file *f;
	bool was_there;
	long r;

	/* fork opens it again, wherever the program is then */
	r = path_absolute(AT_FDCWD, path, absolute, sizeof absolute);
	if (r >= 0)
		r = open_file(absolute, &f, &identity);
	if (r)
		return r;
	*out = loaded(i, &identity);
	was_there = *out;
	if (!was_there)
		r = i->no_load ? -ENOENT
			       : add_at(i, absolute, f, &identity, 0, out);
	file_put(f);
	if (!r && is_executable(i, *out)) {
		if (!was_there)
			forget(*out);
		format(problem, room, "%s: cannot dynamically load executable",
			name ? name : path);
		return -EINVAL;
	}
	if (!r && name && !(*out)->name)
		(*out)->name = copy_text(name);
	if (r == -ENOEXEC)
		format(problem, room, "%s: not a program or library of posix1",
			path);
	return r;
}

static struct image *find_name(struct images *i, const char *name)
{
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (!strcmp(im->soname, name) ||
			(im->name && !strcmp(im->name, name)))
			return im;
	}
	return NULL;
}

/* One folder of a path list, "$ORIGIN" replaced by that of `by`. */
static size_t folder(
	char *to, size_t room, const char *from, size_t size, const char *by)
{
	const char *slash = strrchr(by, '/');
	size_t n = 0;

	for (size_t i = 0; i < size && n + 1 < room;) {
		size_t skip = !strncmp(from + i, "$ORIGIN", 7)	   ? 7
			      : !strncmp(from + i, "${ORIGIN}", 9) ? 9
								   : 0;

		if (skip) {
			n += format(to + n, room - n, "%.*s", (int)(slash - by),
				by);
			i += skip;
		} else {
			to[n++] = from[i++];
		}
	}
	to[n] = 0;
	return n;
}

static long try_list(struct images *i, const char *list, const char *by,
	const char *soname, struct image **out, char *problem, size_t room)
{
	char path[PATH_SIZE];
	long r = -ENOENT;

	while (list && *list && r == -ENOENT) {
		const char *end = strchr(list, ':');
		size_t size = end ? (size_t)(end - list) : strlen(list), n;

		/* man 8 ld.so: an empty one is the current folder */
		n = size ? folder(path, sizeof path, list, size, by)
			 : format(path, sizeof path, ".");
		format(path + n, sizeof path - n, "/%s", soname);
		r = images_add(i, path, soname, out, problem, room);
		list = end ? end + 1 : NULL;
	}
	return r;
}

/* man 8 ld.so: LD_LIBRARY_PATH, DT_RUNPATH, the standard folders; last the
 * program's own folder, so that one can be shipped with its libraries. */
long images_need(struct images *i, struct image *by, const char *soname,
	struct image **out, char *problem, size_t room)
{
	const struct module *m = by->resident->module;
	long r;

	*out = find_name(i, soname);
	if (*out)
		return 0;
	if (strchr(soname, '/'))
		return images_add(i, soname, NULL, out, problem, room);
	r = try_list(i, i->library_path, by->path, soname, out, problem, room);
	if (r == -ENOENT)
		r = try_list(i, image_string(by, m->runpath), by->path, soname,
			out, problem, room);
	if (r == -ENOENT)
		r = try_list(i, "/usr/local/lib:/usr/lib:/lib", by->path,
			soname, out, problem, room);
	if (r != -ENOENT)
		return r;
	r = try_list(
		i, "$ORIGIN", i->program->path, soname, out, problem, room);
	/* Linux does not look there, and what lies there is mostly programs */
	if (r)
		*problem = 0;
	return r ? -ENOENT : 0;
}

static bool is_library(const char *name)
{
	return strcmp(name, "posix1.dll") && strcmp(name, MODULE_ANY) &&
	       strcmp(name, MODULE_ANY_WEAK);
}

static long add_need(struct image *im, struct image *needed)
{
	struct image **list;
	size_t size = (size_t)im->need_count * sizeof *list;

	for (int k = 0; k < im->need_count; k++)
		if (im->needs[k] == needed)
			return 0;
	list = win_alloc(size + sizeof *list);
	if (!list)
		return -ENOMEM;
	if (size)
		memcpy(list, im->needs, size);
	list[im->need_count++] = needed;
	win_free(im->needs);
	im->needs = list;
	return 0;
}

static long need_all(
	struct images *i, struct image *im, char *problem, size_t room)
{
	const struct module *m = im->resident->module;
	const struct module_import *imports =
		(const void *)(im->resident->base + m->imports);
	struct image *found;
	long r = 0;

	for (uint32_t k = 0; !r && k < m->import_count; k++) {
		const char *name = image_string(im, imports[k].library);

		if (!is_library(name))
			continue;
		r = images_need(i, im, name, &found, problem, room);
		if (!r)
			r = add_need(im, found);
		else if (!*problem)
			format(problem, room,
				"%s: cannot open shared object file: No such "
				"file or directory",
				name);
	}
	return r;
}

/* Everything that the images from `first` on need: the list grows while it is
 * walked, breadth first. */
long images_load_needed(
	struct images *i, struct list *first, char *problem, size_t room)
{
	long r = 0;

	for (struct list *e = first; !r && e != &i->list; e = e->next) {
		struct image *im = container_of(e, struct image, entry);

		r = need_all(i, im, problem, room);
		if (im != i->program)
			continue;
		for (struct list *k = i->list.next; k != &i->list; k = k->next)
			container_of(k, struct image, entry)->early = true;
	}
	return r;
}

static const char *variable(char *const *environment, const char *name)
{
	size_t n = strlen(name);

	for (; environment && *environment; environment++)
		if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
			return *environment + n + 1;
	return NULL;
}

static long preload(
	struct images *i, const char *list, char *problem, size_t room)
{
	char name[PATH_SIZE];
	struct image *im;
	long r = 0;

	while (list && *list && !r) {
		size_t n = strcspn(list, ": ");

		if (n && n < sizeof name) {
			memcpy(name, list, n);
			name[n] = 0;
			/* one that is not there is no reason not to run */
			if (!images_need(
				    i, i->program, name, &im, problem, room))
				r = add_need(i->program, im);
			*problem = 0;
		}
		list += n + (list[n] != 0);
	}
	return r;
}

/* As Linux's loader begins its line. */
static void introduce(char *problem, size_t room, const char *by)
{
	char text[512];

	if (!*problem)
		return;
	format(text, sizeof text, "%s%s", by, problem);
	format(problem, room, "%s", text);
}

static long complete(
	struct images *i, char *const *environment, char *problem, size_t room)
{
	const char *library_path = variable(environment, "LD_LIBRARY_PATH");
	const char *bind_now = variable(environment, "LD_BIND_NOW");
	long r;

	i->bind_now = bind_now && *bind_now;

	i->program = container_of(i->list.next, struct image, entry);
	if (library_path && *library_path)
		i->library_path = copy_text(library_path);
	r = preload(i, variable(environment, "LD_PRELOAD"), problem, room);
	if (!r)
		r = images_load_needed(i, i->list.next, problem, room);
	if (r) {
		introduce(problem, room,
			"error while loading shared libraries: ");
		return r;
	}
	i->fresh = false;
	i->started = true;
	r = images_bind(i, i->list.next, NULL, false, problem, room);
	if (r)
		introduce(problem, room, "symbol lookup error: ");
	return r;
}

long image_load_program(struct process *p, const char *path,
	const struct identity *seen, char *const *environment, char *problem,
	size_t room)
{
	const char *preloads = variable(environment, "LD_PRELOAD");
	struct images *i = images_create();
	struct image *im;
	long r;

	*problem = 0;
	if (!i)
		return -ENOMEM;
	/* a program that stands here is bound to the C library alone */
	i->fresh = preloads && *preloads;
	r = add_resident(i, path, 0, seen, &im);
	if (r == -ENOENT)
		r = images_add(i, path, NULL, &im, problem, room);
	if (!r)
		r = complete(i, environment, problem, room);
	if (r) {
		images_free(i);
		return r;
	}
	p->images = i;
	return 0;
}

long image_adopt_program(struct process *p, const struct module *module,
	const char *path, char *const *environment, char *problem, size_t room)
{
	struct images *i = images_create();
	struct identity identity = { 0 };
	struct resident *r;
	struct image *im;
	struct file *f;
	long error;

	*problem = 0;
	if (!i)
		return -ENOMEM;
	p->images = i;
	if (!open_file(path, &f, &identity))
		file_put(f);
	error = resident_adopt(module, &identity, &r);
	if (error)
		return error;
	error = enlist(i, r, path, &im);
	if (error)
		return error;
	return complete(i, environment, problem, room);
}

/* ---- fork ---- */

static void put_data(char *start, size_t size, void *to)
{
	memory_pack_pages(to, (uintptr_t)start, size);
}

static uint64_t index_of(struct images *i, struct image *im)
{
	uint64_t n = 0;

	for (struct list *e = i->list.next; e != &im->entry; e = e->next)
		n++;
	return n;
}

static struct image *image_number(struct images *i, uint64_t n)
{
	struct list *e = i->list.next;

	for (; n && e != &i->list; n--)
		e = e->next;
	return e == &i->list ? NULL : container_of(e, struct image, entry);
}

/* Whether a child would find this very file: asked by name, which costs no
 * handle.  Programs are replaced and removed while they run. */
static bool still_there(struct image *im)
{
	const struct identity *was = &im->resident->identity;
	struct win_file_stat now;

	if (!im->native)
		set_native(im);
	return im->native &&
	       !win_file_query_name(&(struct win_name){ .text = im->native,
					    .length = im->native_size },
		       &now) &&
	       now.size == was->size && now.modified == was->modified;
}

static void pack_image(struct image *im, struct transfer *to)
{
	bool whole = im->resident->received || !still_there(im);

	transfer_put_string(to, im->path);
	transfer_put_string(to, im->name);
	transfer_put(
		to, &im->resident->identity, sizeof im->resident->identity);
	transfer_put_number(to, (uint64_t)im->resident->base);
	transfer_put_number(to, im->constructed);
	transfer_put_number(to,
		(uint64_t)(im->global | im->destructed << 1 | im->early << 2));
	transfer_put_number(to, im->resident->alone);
	transfer_put_number(to, whole);
	if (whole) {
		win_trace(
			"fork: %s is not there any more: sent whole", im->path);
		resident_send(im->resident, to);
	}
}

void image_pack(struct process *p, struct transfer *to, int how)
{
	struct images *i = p->images;

	if (how != TRANSFER_FORK)
		return;
	transfer_put_string(to, i->library_path);
	transfer_put_number(to, i->constructed);
	transfer_put_number(to, i->bind_now);
	late_pack(i, to);
	list_for_each(entry, &i->list)
		pack_image(container_of(entry, struct image, entry), to);
	transfer_put_string(to, NULL);
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		transfer_put_number(to, (uint64_t)im->need_count);
		for (int k = 0; k < im->need_count; k++)
			transfer_put_number(to, index_of(i, im->needs[k]));
		images_pack_slots(im, to);
	}
	list_for_each(entry, &i->list) resident_each_data(
		container_of(entry, struct image, entry)->resident, put_data,
		to);
}

static void get_data(char *start, size_t size, void *from)
{
	(void)start;
	(void)size;
	memory_unpack_pages(from);
}

static long receive_image(struct images *i, const char *path, uint64_t base,
	const struct identity *identity, struct transfer *from,
	struct image **out)
{
	struct resident *r;
	long error = resident_receive(identity, base, from, &r);

	return error ? error : enlist(i, r, path, out);
}

static long get_image(struct images *i, const char *path, struct transfer *from)
{
	char *name = transfer_get_string(from);
	struct identity identity, now;
	struct image *im;
	struct file *f;
	uint64_t base, constructed, flags;
	long r;

	transfer_get(from, &identity, sizeof identity);
	base = transfer_get_number(from);
	constructed = transfer_get_number(from);
	flags = transfer_get_number(from);
	i->fresh = !transfer_get_number(from);
	r = transfer_get_number(from)
		    ? receive_image(i, path, base, &identity, from, &im)
		    : add_resident(i, path, base, &identity, &im);
	if (r == -ENOENT) {
		r = open_file(path, &f, &now);
		if (!r) {
			r = memcmp(&now, &identity, sizeof now)
				    ? -ESTALE
				    : add_at(i, path, f, &now, base, &im);
			file_put(f);
		}
	}
	if (r) {
		win_free(name);
		win_trace("fork: %s cannot be mapped at %#lx: errno %d", path,
			(unsigned long)base, (int)-r);
		return r;
	}
	im->name = name;
	im->constructed = constructed;
	im->global = flags & 1;
	im->destructed = flags >> 1 & 1;
	im->early = flags >> 2 & 1;
	return 0;
}

static long get_binding(
	struct images *i, struct image *im, struct transfer *from)
{
	uint64_t count = transfer_get_number(from);
	char problem[256] = "";
	long r = 0;

	for (uint64_t k = 0; !r && k < count; k++) {
		struct image *needed =
			image_number(i, transfer_get_number(from));

		r = needed ? add_need(im, needed) : -EIO;
	}
	return r ? r
		 : images_unpack_slots(i, im, from, problem, sizeof problem);
}

int image_unpack(struct process *p, struct transfer *from, int how)
{
	struct images *i;
	char *path;
	long r = 0;

	if (how != TRANSFER_FORK)
		return 0;
	i = p->images = images_create();
	if (!i)
		return -ENOMEM;
	i->library_path = transfer_get_string(from);
	i->constructed = transfer_get_number(from);
	i->bind_now = transfer_get_number(from);
	r = late_unpack(i, from);
	while (!r && (path = transfer_get_string(from))) {
		r = get_image(i, path, from);
		win_free(path);
	}
	if (r)
		return (int)r;
	i->program = container_of(i->list.next, struct image, entry);
	i->started = true;
	i->fresh = false;
	for (struct list *e = i->list.next; !r && e != &i->list; e = e->next)
		r = get_binding(i, container_of(e, struct image, entry), from);
	if (r)
		return (int)r;
	/* data is what the parent has */
	list_for_each(entry, &i->list)
	{
		struct resident *resident =
			container_of(entry, struct image, entry)->resident;

		resident_zero_data(resident);
		resident_each_data(resident, get_data, from);
	}
	return 0;
}

bool image_find(
	struct process *p, uint64_t address, const char **path, void **base)
{
	struct images *i = p->images;

	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (address - (uint64_t)im->resident->base <
			im->resident->size) {
			*path = im->path;
			*base = im->resident->base;
			return true;
		}
	}
	return false;
}
