/* dlopen(3) and relatives, behind the calls of abi/private_syscalls.h. */
#include "image/private.h"

#include <dlfcn.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/private_syscalls.h"
#include "memory/memory.h"

static struct images *own(void)
{
	return current->process->images;
}

/* A handle is the image's base: it means the same in a forked child. */
static void *handle_of(const struct image *im)
{
	return im->resident->base;
}

static struct image *checked(struct images *i, void *handle)
{
	struct image *im = images_at(i, handle);

	return im && handle_of(im) == handle ? im : NULL;
}

static long finish(struct posix_dl *d, void *user, long r)
{
	if (user_copy_out(user, d, sizeof *d))
		return -EFAULT;
	return r;
}

/* dlopen(3): what cannot be loaded whole is not loaded at all. */
static long load(struct images *i, struct image *by, const char *name, int mode,
	struct image **out, char *problem, size_t room)
{
	struct list *last = i->list.previous;
	long r;

	i->no_load = (mode & RTLD_NOLOAD) != 0;
	r = images_need(i, by, name, out, problem, room);
	i->no_load = false;
	if (r && !*problem)
		format(problem, room,
			"%s: cannot open shared object file: No such file or "
			"directory",
			name);
	if (!r)
		r = images_load_needed(i, last->next, problem, room);
	if (r) {
		images_forget(i, last);
		return r;
	}
	if (mode & RTLD_GLOBAL)
		for (struct image *im = images_closure(i, *out); im;
			im = im->queue)
			im->global = true;
	r = images_bind(
		i, last->next, *out, !(mode & RTLD_LAZY), problem, room);
	if (r)
		images_forget(i, last);
	return r;
}

long image_dlopen(void *user)
{
	struct images *i = own();
	struct posix_dl d;
	struct image *im, *by;
	char name[PATH_SIZE];
	long r;

	if (user_copy_in(&d, user, sizeof d))
		return -EFAULT;
	d.text[0] = 0;
	if (!d.name) {
		d.handle = handle_of(i->program);
		return finish(&d, user, 0);
	}
	r = user_string(name, d.name, sizeof name);
	if (r < 0)
		return r;
	lock_take(&i->lock);
	by = images_at(i, d.caller);
	r = load(i, by ? by : i->program, name, d.mode, &im, d.text,
		sizeof d.text);
	if (!r) {
		im->handle_count++;
		d.handle = handle_of(im);
	}
	lock_drop(&i->lock);
	return finish(&d, user, r);
}

static void *find(struct images *i, const struct posix_dl *d, const char *name)
{
	struct image *im;

	if (d->handle == RTLD_DEFAULT)
		return images_lookup(i, images_at(i, d->caller), name, NULL);
	if (d->handle == RTLD_NEXT) {
		im = images_at(i, d->caller);
		return images_lookup(i, im, name, im);
	}
	im = checked(i, d->handle);
	if (!im)
		return NULL;
	if (im == i->program)
		return images_lookup(i, NULL, name, NULL);
	return images_lookup_in(i, im, name);
}

long image_dlsym(void *user)
{
	struct images *i = own();
	struct posix_dl d;
	char name[1024];
	long r;

	if (user_copy_in(&d, user, sizeof d))
		return -EFAULT;
	d.text[0] = 0;
	r = user_string(name, d.name, sizeof name);
	if (r < 0)
		return r;
	lock_take(&i->lock);
	if (d.handle != RTLD_DEFAULT && d.handle != RTLD_NEXT &&
		!checked(i, d.handle)) {
		format(d.text, sizeof d.text, "Invalid library handle %p",
			d.handle);
		r = -EINVAL;
	} else {
		d.address = find(i, &d, name);
		r = d.address ? 0 : -ENOENT;
		if (r)
			format(d.text, sizeof d.text, "Symbol not found: %s",
				name);
	}
	lock_drop(&i->lock);
	return finish(&d, user, r);
}

/* As in musl, an object stays once it is loaded. */
long image_dlclose(void *user)
{
	struct images *i = own();
	struct posix_dl d;
	struct image *im;

	if (user_copy_in(&d, user, sizeof d))
		return -EFAULT;
	d.text[0] = 0;
	lock_take(&i->lock);
	im = checked(i, d.handle);
	if (im && im->handle_count > 0)
		im->handle_count--;
	lock_drop(&i->lock);
	if (im)
		return 0;
	format(d.text, sizeof d.text, "Invalid library handle %p", d.handle);
	return finish(&d, user, -EINVAL);
}

/* The C library is an object like the others. */
static void describe(struct posix_dl *d, struct image *im)
{
	if (im) {
		d->object = im->path;
		d->base = im->resident->base;
		d->size = im->resident->size;
	} else {
		d->object = "/usr/bin/posix1.dll";
		d->base = win_own_image(&d->size);
	}
}

long image_dladdr(void *user)
{
	struct images *i = own();
	struct posix_dl d;
	struct image *im;
	uint64_t at;
	size_t size;
	char *library = win_own_image(&size);
	long r = 0;

	if (user_copy_in(&d, user, sizeof d))
		return -EFAULT;
	lock_take(&i->lock);
	im = images_at(i, d.address);
	if (!im && (size_t)((char *)d.address - library) >= size)
		r = -ENOENT;
	if (!r) {
		describe(&d, im);
		d.symbol = pe_nearest(d.base, (uint64_t)d.address, &at);
		d.symbol_address = d.symbol ? (void *)at : NULL;
	}
	lock_drop(&i->lock);
	return finish(&d, user, r);
}

long image_dliterate(void *user)
{
	struct images *i = own();
	struct posix_dl d;
	unsigned long n = 0;
	long r = -ENOENT;

	if (user_copy_in(&d, user, sizeof d))
		return -EFAULT;
	lock_take(&i->lock);
	list_for_each(entry, &i->list)
	{
		if (n++ == d.index) {
			describe(&d, container_of(entry, struct image, entry));
			r = 0;
		}
	}
	if (r && n == d.index) {
		describe(&d, NULL);
		r = 0;
	}
	lock_drop(&i->lock);
	return finish(&d, user, r);
}

static struct image *deepest(struct image *im)
{
	im->marked = true;
	for (int k = 0; k < im->need_count; k++)
		if (!im->needs[k]->constructed && !im->needs[k]->marked) {
			im = im->needs[k];
			im->marked = true;
			k = -1;
		}
	return im;
}

/* What is needed is constructed before who needs it, in the order in which the
 * needs stand; a circle is broken where it closes. */
static struct image *next_to_construct(struct images *i)
{
	struct image *first = NULL;

	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		im->marked = false;
		if (!first && !im->constructed)
			first = im;
	}
	return first ? deepest(first) : NULL;
}

/* Destructors run in the opposite order. */
static struct image *next_to_destruct(struct images *i)
{
	struct image *last = NULL;

	list_for_each(entry, &i->list)
	{
		struct image *im = container_of(entry, struct image, entry);

		if (im->constructed && !im->destructed &&
			(!last || im->constructed > last->constructed))
			last = im;
	}
	return last;
}

long image_next_object(int which, void *user)
{
	struct images *i = own();
	struct posix_object o = { NULL };
	struct image *im;

	if (which == 2)
		return images_export(i) ? 0 : -ESRCH;
	lock_take(&i->lock);
	im = which ? next_to_destruct(i) : next_to_construct(i);
	if (im && which)
		im->destructed = true;
	else if (im)
		im->constructed = ++i->constructed;
	if (im)
		o.module = im->resident->module;
	lock_drop(&i->lock);
	if (!o.module)
		return -ESRCH;
	return user_copy_out(user, &o, sizeof o);
}
