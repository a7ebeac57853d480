/* The images of a process: loading a program and what it needs. */
#include "image/private.h"

#include <fcntl.h>
#include <string.h>

#include "abi/errno.h"
#include "fs/fs.h"
#include "memory/memory.h"

int image_start(void)
{
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
	win_free(im->soname);
	win_free(im);
}

void images_free(struct images *i)
{
	if (!i)
		return;
	list_for_each(entry, &i->list)
		forget(container_of(entry, struct image, entry));
	win_free(i->library_path);
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

static struct image *enlist(struct images *i, struct resident *r,
	const char *path, const char *soname)
{
	struct image *im = win_alloc(sizeof *im);

	if (!im)
		return NULL;
	im->resident = r;
	im->path = copy_text(path);
	if (!soname && r->module->soname)
		soname = r->base + r->module->soname;
	im->soname = copy_text(soname ? soname : "");
	im->global = true;
	list_append(&i->list, &im->entry);
	return im;
}

static long add_at(struct images *i, const char *path, const char *soname,
	uint64_t wanted, const struct identity *must, struct image **out)
{
	struct identity identity;
	struct resident *r;
	struct file *f;
	long error = path_open(AT_FDCWD, path, O_RDONLY, 0, &f);

	if (error)
		return error;
	error = identify(f, &identity);
	if (!error && must && memcmp(must, &identity, sizeof identity))
		error = -ESTALE;
	if (!error)
		error = resident_get(f, &identity, wanted, &r);
	file_put(f);
	if (error)
		return error;
	*out = enlist(i, r, path, soname);
	if (*out)
		return 0;
	resident_put(r);
	return -ENOMEM;
}

/* The parent saw the file with that identity: no need to look at it again. */
static long add_resident(struct images *i, const char *path, const char *soname,
	uint64_t base, const struct identity *identity, struct image **out)
{
	struct resident *r;
	long error = resident_find(identity, base, &r);

	if (error)
		return error;
	*out = enlist(i, r, path, soname);
	if (*out)
		return 0;
	resident_put(r);
	return -ENOMEM;
}

long images_add(struct images *i, const char *path, const char *soname,
	struct image **out, char *problem, size_t room)
{
	long r = add_at(i, path, soname, 0, NULL, out);

	if (r == -ENOEXEC)
		format(problem, room, "%s: not a program or library of posix1",
			path);
	return r;
}

struct image *images_find_soname(struct images *i, const char *soname)
{
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (!strcmp(im->soname, soname))
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

		n = folder(path, sizeof path, list, size, by);
		format(path + n, sizeof path - n, "/%s", soname);
		if (n)
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

	*out = images_find_soname(i, soname);
	if (*out)
		return 0;
	if (strchr(soname, '/'))
		return images_add(i, soname, soname, out, problem, room);
	r = try_list(i, i->library_path, by->path, soname, out, problem, room);
	if (r == -ENOENT)
		r = try_list(i, image_string(by, m->runpath), by->path, soname,
			out, problem, room);
	if (r == -ENOENT)
		r = try_list(i, "/usr/local/lib:/usr/lib:/lib", by->path,
			soname, out, problem, room);
	if (r == -ENOENT)
		r = try_list(i, "$ORIGIN", i->program->path, soname, out,
			problem, room);
	return r;
}

static bool is_library(const char *name)
{
	return strcmp(name, "posix1.dll") && strcmp(name, MODULE_ANY) &&
	       strcmp(name, MODULE_ANY_WEAK);
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
		if (r && !*problem)
			format(problem, room,
				"error while loading shared libraries: %s: "
				"cannot open shared object file: No such file "
				"or directory",
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

	for (struct list *e = first; !r && e != &i->list; e = e->next)
		r = need_all(
			i, container_of(e, struct image, entry), problem, room);
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
	struct images *i, char *const *environment, char *problem, size_t room)
{
	const char *list = variable(environment, "LD_PRELOAD");
	char name[PATH_SIZE];
	struct image *im;
	long r = 0;

	while (list && *list && !r) {
		size_t n = strcspn(list, ": ");

		if (n && n < sizeof name) {
			memcpy(name, list, n);
			name[n] = 0;
			/* one that is not there is no reason not to run */
			images_need(i, i->program, name, &im, problem, room);
			*problem = 0;
		}
		list += n + (list[n] != 0);
	}
	return r;
}

static long complete(
	struct images *i, char *const *environment, char *problem, size_t room)
{
	const char *path = variable(environment, "LD_LIBRARY_PATH");
	long r;

	i->program = container_of(i->list.next, struct image, entry);
	if (path && *path)
		i->library_path = copy_text(path);
	r = preload(i, environment, problem, room);
	if (!r)
		r = images_load_needed(i, i->list.next, problem, room);
	return r ? r : images_bind(i, i->list.next, problem, room);
}

long image_load_program(struct process *p, const char *path,
	char *const *environment, char *problem, size_t room)
{
	struct images *i = images_create();
	struct image *im;
	long r;

	*problem = 0;
	if (!i)
		return -ENOMEM;
	r = images_add(i, path, "", &im, problem, room);
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
	struct file *f;
	long error;

	*problem = 0;
	if (!i)
		return -ENOMEM;
	p->images = i;
	if (!path_open(AT_FDCWD, path, O_RDONLY, 0, &f)) {
		identify(f, &identity);
		file_put(f);
	}
	error = resident_adopt(module, &identity, &r);
	if (error)
		return error;
	if (!enlist(i, r, path, ""))
		return -ENOMEM;
	return complete(i, environment, problem, room);
}

/* ---- fork ---- */

static void put_data(char *start, size_t size, void *to)
{
	memory_pack_pages(to, (uintptr_t)start, size);
}

void image_pack(struct process *p, struct transfer *to, int how)
{
	struct images *i = p->images;

	if (how != TRANSFER_FORK)
		return;
	transfer_put_string(to, i->library_path);
	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		transfer_put_string(to, im->path);
		transfer_put_string(to, im->soname);
		transfer_put(to, &im->resident->identity,
			sizeof im->resident->identity);
		transfer_put_number(to, (uint64_t)im->resident->base);
		transfer_put_number(
			to, (uint64_t)(im->global | im->constructed << 1 |
				       im->destructed << 2));
	}
	transfer_put_string(to, NULL);
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

static long get_image(struct images *i, const char *path, struct transfer *from)
{
	char *soname = transfer_get_string(from);
	struct identity identity;
	struct image *im;
	uint64_t base, flags;
	long r;

	transfer_get(from, &identity, sizeof identity);
	base = transfer_get_number(from);
	flags = transfer_get_number(from);
	r = add_resident(i, path, soname, base, &identity, &im);
	if (r == -ENOENT)
		r = add_at(i, path, soname, base, &identity, &im);
	win_free(soname);
	if (r) {
		win_trace("fork: %s cannot be mapped at %#lx: errno %d", path,
			(unsigned long)base, (int)-r);
		return r;
	}
	im->global = flags & 1;
	im->constructed = flags >> 1 & 1;
	im->destructed = flags >> 2 & 1;
	return 0;
}

int image_unpack(struct process *p, struct transfer *from, int how)
{
	struct images *i;
	char problem[256] = "";
	char *path;
	long r = 0;

	if (how != TRANSFER_FORK)
		return 0;
	i = p->images = images_create();
	if (!i)
		return -ENOMEM;
	i->library_path = transfer_get_string(from);
	while (!r && (path = transfer_get_string(from))) {
		r = get_image(i, path, from);
		win_free(path);
	}
	if (r)
		return (int)r;
	i->program = container_of(i->list.next, struct image, entry);
	/* the same images at the same places bind alike; data then is what the
	 * parent has */
	r = images_bind(i, i->list.next, problem, sizeof problem);
	list_for_each(entry, &i->list)
	{
		struct resident *resident =
			container_of(entry, struct image, entry)->resident;

		resident_zero_data(resident);
		resident_each_data(resident, get_data, from);
	}
	return (int)r;
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
