/* From a path to a place in a file system.
 *
 * The whole path is tried first as it is written, in one call of the file
 * system.  Only where that finds nothing, or ".." could lead through a link,
 * it is walked component by component, and links are replaced by what they
 * say. */
#include "vfs/vfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/errno.h"

#define LINKS_MAX 40 /* man 7 path_resolution */

/* The cwd and a relative path may together be longer than either. */
#define TEXT_SIZE (2 * PATH_SIZE)

struct text {
	char bytes[TEXT_SIZE];
	size_t length;
	/* of a relative path: where it begins, or ".." has led from there */
	size_t base;
};

static bool is_drive_path(const char *p)
{
	return ((p[0] >= 'a' && p[0] <= 'z') || (p[0] >= 'A' && p[0] <= 'Z')) &&
	       p[1] == ':' && (p[2] == '\\' || p[2] == '/');
}

static long add(struct text *t, const char *bytes, size_t size)
{
	if (size >= TEXT_SIZE - t->length)
		return -ENAMETOOLONG;
	memcpy(t->bytes + t->length, bytes, size);
	t->length += size;
	t->bytes[t->length] = 0;
	return 0;
}

static long add_drive_path(struct text *t, const char *path)
{
	char drive[] = { '/', 'm', 'n', 't', '/', (char)(path[0] | 0x20) };
	size_t start;
	long r = add(t, drive, sizeof drive);

	start = t->length;
	if (!r)
		r = add(t, path + 2, strlen(path + 2));
	for (size_t i = start; !r && i < t->length; i++)
		if (t->bytes[i] == '\\')
			t->bytes[i] = '/';
	return r;
}

/* The path of the folder that relative paths begin at. */
static long add_base(struct text *t, int at)
{
	struct file *f;
	struct kstat st;
	long r;

	if (at == AT_FDCWD)
		return add(t, fs_cwd(), strlen(fs_cwd()));
	r = fd_get(at, &f);
	if (r)
		return r;
	r = f->ops->stat ? f->ops->stat(f, &st) : -ENOTDIR;
	if (!r && !S_ISDIR(st.mode))
		r = -ENOTDIR;
	if (!r)
		r = file_path(f, t->bytes, TEXT_SIZE);
	if (r >= 0)
		t->length = (size_t)r;
	file_put(f);
	return r;
}

/* Absolute, but for links, "." and ".." as it was written. */
static long make_absolute(struct text *t, int at, const char *path)
{
	long r;

	t->length = t->base = 0;
	if (!*path)
		return -ENOENT;
	if (*path == '/')
		return add(t, path, strlen(path));
	if (is_drive_path(path))
		return add_drive_path(t, path);
	r = add_base(t, at);
	t->base = t->length;
	if (r >= 0)
		r = add(t, "/", 1);
	return r < 0 ? r : add(t, path, strlen(path));
}

static size_t component(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != '/')
		n++;
	return n;
}

static bool is_dot(const char *p, size_t n)
{
	return n == 1 && p[0] == '.';
}

static bool is_dot_dot(const char *p, size_t n)
{
	return n == 2 && p[0] == '.' && p[1] == '.';
}

/* Takes away "//", "/./", a slash at the end; "/.." too, as text.  Tells
 * whether ".." followed a name, and whether the path must name a folder. */
static void normalise(struct text *t, bool *dot_dot, bool *folder)
{
	char *to = t->bytes;
	const char *p = t->bytes;

	*dot_dot = *folder = false;
	while (*p) {
		size_t n;

		while (*p == '/')
			p++;
		n = component(p);
		*folder = n == 0 || is_dot(p, n) || is_dot_dot(p, n);
		if (is_dot_dot(p, n)) {
			*dot_dot |= to > t->bytes;
			while (to > t->bytes && *--to != '/')
				;
			if ((size_t)(to - t->bytes) < t->base)
				t->base = (size_t)(to - t->bytes);
		} else if (n && !is_dot(p, n)) {
			*to++ = '/';
			memmove(to, p, n);
			to += n;
		}
		p += n;
	}
	*to = 0;
	t->length = (size_t)(to - t->bytes);
}

static void make_place(struct place *out, char *absolute, size_t length,
	bool folder, bool follow)
{
	size_t prefix;

	out->mount = mount_find(absolute, &prefix);
	out->rest = absolute + prefix;
	out->length = length - prefix;
	if (out->length && *out->rest == '/') {
		out->rest++;
		out->length--;
	}
	out->must_be_folder = folder;
	out->follow = follow;
	out->base = 0;
}

/* The place lies at `absolute`, which came from `written`. */
static void set_base(
	struct place *p, const char *absolute, const struct text *written)
{
	size_t n = written->base, before = (size_t)(p->rest - absolute);

	if (n > before && !strncmp(absolute, written->bytes, n) &&
		(absolute[n] == '/' || !absolute[n]))
		p->base = n - before;
}

/* What is left to walk: the bytes from `at` to the end of the buffer. */
struct remaining {
	char bytes[TEXT_SIZE];
	size_t at;
};

static long push(struct remaining *r, const char *bytes, size_t size)
{
	if (size + 1 > r->at)
		return -ENAMETOOLONG;
	r->bytes[--r->at] = '/';
	r->at -= size;
	memcpy(r->bytes + r->at, bytes, size);
	return 0;
}

struct walk {
	struct text done; /* without links */
	struct remaining left;
	int links;
	bool folder; /* what comes last must be one */
	/* what openat2() forbids; `done` begins with so much of where the walk
	 * began, and that is in this mount */
	unsigned resolve;
	size_t root;
	const struct mount *mount;
	char target[PATH_SIZE];
};

#define SCOPED (RESOLVE_BENEATH | RESOLVE_IN_ROOT)

/* A link was met. */
static long may_follow(const struct walk *w, const struct place *link)
{
	bool magic = link->mount->ops->magic && link->mount->ops->magic(link);

	if ((w->resolve & RESOLVE_NO_SYMLINKS) ||
		(magic && (w->resolve & RESOLVE_NO_MAGICLINKS)))
		return -ELOOP;
	/* such a link leads to where no path is asked */
	if (magic && (w->resolve & (SCOPED | RESOLVE_NO_XDEV)))
		return -EXDEV;
	if (*w->target == '/' || is_drive_path(w->target))
		return w->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
	return 0;
}

static long same_mount(const struct walk *w)
{
	size_t prefix;

	return (w->resolve & RESOLVE_NO_XDEV) &&
			       mount_find(w->done.bytes, &prefix) != w->mount
		       ? -EXDEV
		       : 0;
}

/* The next component; 0 at the end. */
static size_t next(struct remaining *r, char name[NAME_BYTES + 1], bool *last)
{
	size_t n, i;

	while (r->at < TEXT_SIZE && r->bytes[r->at] == '/')
		r->at++;
	for (n = 0; r->at + n < TEXT_SIZE && r->bytes[r->at + n] != '/'; n++)
		if (n < NAME_BYTES)
			name[n] = r->bytes[r->at + n];
	if (n > NAME_BYTES)
		return n;
	name[n] = 0;
	r->at += n;
	for (i = r->at; i < TEXT_SIZE && r->bytes[i] == '/'; i++)
		;
	*last = i == TEXT_SIZE;
	return n;
}

/* The link that w->done names, if it is one, takes its place in the rest. */
static long follow(struct walk *w, size_t before, bool last)
{
	struct place p;
	long n, r;

	make_place(&p, w->done.bytes, w->done.length, false, false);
	n = p.mount->ops->readlink
		    ? p.mount->ops->readlink(&p, w->target, PATH_SIZE)
		    : -EINVAL;
	if (n == -EINVAL || (last && n == -ENOENT) ||
		(n == -ENOENT && mount_below(w->done.bytes)))
		return 0;
	if (n == -ENOENT && p.mount->ops->parent &&
		p.mount->ops->parent(&p) == -ENOTDIR)
		return -ENOTDIR;
	if (n < 0)
		return n;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (n == PATH_SIZE)
		return -ENAMETOOLONG;
	w->target[n] = 0;
	r = may_follow(w, &p);
	if (r)
		return r;
	w->done.length = *w->target == '/' ? w->root : before;
	if (is_drive_path(w->target) && !(w->resolve & RESOLVE_IN_ROOT)) {
		struct text t = { .length = 0 };

		r = add_drive_path(&t, w->target);
		w->done.length = 0;
		if (r)
			return r;
		w->done.bytes[0] = 0;
		return push(&w->left, t.bytes, t.length);
	}
	w->done.bytes[w->done.length] = 0;
	return push(&w->left, w->target, (size_t)n);
}

/* ".." is looked up in what stands before it. */
static long must_be_folder(struct text *done)
{
	struct place p;
	struct kstat st;
	long r;

	if (!done->length || done->length + 2 > TEXT_SIZE)
		return done->length ? -ENAMETOOLONG : 0;
	make_place(&p, done->bytes, done->length, true, false);
	if (p.mount->ops->parent) {
		/* of what would lie in it */
		p.rest[p.length++] = '/';
		r = p.mount->ops->parent(&p);
		done->bytes[done->length] = 0;
		return r;
	}
	r = p.mount->ops->stat(&p, &st);
	return !r && !S_ISDIR(st.mode) ? -ENOTDIR : r;
}

static long go_up(struct walk *w)
{
	long r = must_be_folder(&w->done);

	if (r)
		return r;
	if ((w->resolve & SCOPED) && w->done.length <= w->root)
		return w->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
	while (w->done.length && w->done.bytes[--w->done.length] != '/')
		;
	w->done.bytes[w->done.length] = 0;
	return same_mount(w);
}

static long walk(struct walk *w, unsigned how)
{
	char name[NAME_BYTES + 1];
	bool last;
	size_t n, before;
	long r;

	while ((n = next(&w->left, name, &last))) {
		if (n > NAME_BYTES)
			return -ENAMETOOLONG;
		w->folder = is_dot(name, n) || is_dot_dot(name, n);
		if (is_dot(name, n))
			continue;
		if (is_dot_dot(name, n)) {
			r = go_up(w);
			if (r)
				return r;
			continue;
		}
		before = w->done.length;
		r = add(&w->done, "/", 1);
		if (!r)
			r = add(&w->done, name, n);
		/* a slash behind a link means what it points at */
		if (!r && (!last || !(how & PATH_NOFOLLOW) ||
				  w->left.at < TEXT_SIZE))
			r = follow(w, before, last);
		if (!r)
			r = same_mount(w);
		if (r)
			return r;
	}
	return 0;
}

/* Walks w, which names what is at `path`; out->rest lies in `buffer`. */
static long walk_to(struct walk *w, const char *path, size_t n, unsigned how,
	bool follow_last, const struct text *base, struct place *out,
	char *buffer)
{
	long r;

	w->left.at = TEXT_SIZE - n;
	memcpy(w->left.bytes + w->left.at, path, n);
	r = walk(w, how);
	if (!r && w->done.length >= PATH_SIZE)
		r = -ENAMETOOLONG;
	if (r)
		return r;
	memcpy(buffer, w->done.bytes, w->done.length + 1);
	make_place(out, buffer, w->done.length,
		w->folder || (n && path[n - 1] == '/'), follow_last);
	set_base(out, buffer, base);
	return 0;
}

/* Resolves every link. */
static long resolve_links(const struct text *absolute, unsigned how,
	struct place *out, char *buffer)
{
	struct walk *w = win_alloc(sizeof *w);
	long r;

	if (!w)
		return -ENOMEM;
	r = walk_to(w, absolute->bytes, absolute->length, how, false, absolute,
		out, buffer);
	win_free(w);
	return r;
}

/* The same for openat2(): the walk begins at `start`, and may be kept below
 * it.  What no link is on the way to is named by the text alone, so nobody can
 * lead it elsewhere by putting a link there meanwhile: to Windows ours are
 * files. */
static long resolve_from(const struct text *start, const char *path,
	unsigned how, unsigned resolve, struct place *out, char *buffer)
{
	struct walk *w = win_alloc(sizeof *w);
	size_t prefix;
	long r;

	if (!w)
		return -ENOMEM;
	w->done = *start;
	w->root = resolve & SCOPED ? start->length : 0;
	w->resolve = resolve;
	w->mount = mount_find(start->bytes, &prefix);
	r = walk_to(w, path, strlen(path), how, !(how & PATH_NOFOLLOW), start,
		out, buffer);
	win_free(w);
	return r;
}

static long may_search(const struct place *p)
{
	const struct fs_ops *ops = p->mount->ops;

	return ops->may_search ? ops->may_search(p) : 0;
}

long path_resolve(
	int at, const char *path, unsigned how, struct place *out, char *buffer)
{
	struct text t, plain;
	bool dot_dot, folder;
	long r = make_absolute(&t, at, path);

	if (!r) {
		plain = t;
		normalise(&plain, &dot_dot, &folder);
		t.base = plain.base;
		r = resolve_links(&t, how, out, buffer);
	}
	return r ? r : may_search(out);
}

typedef long apply_function(const struct place *p, void *argument);

static long apply(const struct place *p, apply_function *f, void *argument)
{
	long r = may_search(p);

	return r ? r : f(p, argument);
}

/* After a failure: what is not there may be made up. */
static long or_made(long r, const struct place *p,
	long (*f)(const struct place *p, void *argument), void *argument)
{
	struct place made = *p;

	if (r != -ENOENT || !(made.mount = mount_made(p)))
		return r;
	return f(&made, argument);
}

long path_apply(int at, const char *path, unsigned how, apply_function *f,
	void *argument)
{
	struct text written, plain;
	struct place p;
	bool dot_dot, folder;
	char buffer[PATH_SIZE];
	long r, again;

	r = make_absolute(&written, at, path);
	if (r)
		return r;
	memcpy(plain.bytes, written.bytes, written.length + 1);
	plain.length = written.length;
	plain.base = written.base;
	normalise(&plain, &dot_dot, &folder);
	written.base = plain.base;
	if (plain.length >= PATH_SIZE)
		return -ENAMETOOLONG;
	if (!dot_dot) {
		make_place(&p, plain.bytes, plain.length, folder,
			!(how & PATH_NOFOLLOW) || folder);
		set_base(&p, plain.bytes, &written);
		r = apply(&p, f, argument);
		if ((r == -ENOENT || r == -ENOTDIR) && mount_make(p.mount))
			r = apply(&p, f, argument);
		if (r != -ENOENT && r != -ENOTDIR && r != -ELOOP)
			return r;
		/* what is missing in an existing folder is missing */
		if (r == -ENOENT && p.mount->ops->parent &&
			!p.mount->ops->parent(&p))
			return or_made(r, &p, f, argument);
	}
	again = resolve_links(&written, how, &p, buffer);
	if (again)
		return dot_dot ? again : or_made(again, &p, f, argument);
	if (dot_dot || strcmp(buffer, plain.bytes) || r == -ELOOP)
		r = apply(&p, f, argument);
	if (r == -ENOENT && p.mount->ops->parent &&
		p.mount->ops->parent(&p) == -ENOTDIR)
		return -ENOTDIR;
	return or_made(r, &p, f, argument);
}

/* Where the walk of openat2() begins. */
static long start_of(
	int at, const char *path, unsigned resolve, struct text *start)
{
	bool absolute = *path == '/' || is_drive_path(path);
	long r;

	start->length = start->base = 0;
	start->bytes[0] = 0;
	if (!*path)
		return -ENOENT;
	if (absolute && (resolve & RESOLVE_BENEATH))
		return -EXDEV;
	if (absolute && !(resolve & RESOLVE_IN_ROOT))
		return 0;
	r = add_base(start, at);
	if (start->length == 1)
		start->length = 0; /* "/" */
	start->bytes[start->length] = 0;
	start->base = start->length;
	return r < 0 ? r : 0;
}

static long apply_resolved(
	const struct place *p, apply_function *f, void *argument)
{
	long r = apply(p, f, argument);

	if ((r == -ENOENT || r == -ENOTDIR) && mount_make(p->mount))
		r = apply(p, f, argument);
	if (r == -ENOENT && p->mount->ops->parent &&
		p->mount->ops->parent(p) == -ENOTDIR)
		return -ENOTDIR;
	return or_made(r, p, f, argument);
}

long path_apply_within(int at, const char *path, unsigned how, unsigned resolve,
	apply_function *f, void *argument)
{
	char drive[PATH_SIZE], buffer[PATH_SIZE];
	struct text start;
	struct place p;
	long r;

	if (!resolve)
		return path_apply(at, path, how, f, argument);
	r = start_of(at, path, resolve, &start);
	if (!r && is_drive_path(path) && !(resolve & RESOLVE_IN_ROOT)) {
		r = path_absolute(at, path, drive, sizeof drive);
		path = drive;
	}
	for (int tries = 0; !r && tries < LINKS_MAX; tries++) {
		r = resolve_from(&start, path, how, resolve, &p, buffer);
		if (r)
			return r;
		r = apply_resolved(&p, f, argument);
		if (r != -ELOOP || (how & PATH_NOFOLLOW))
			return r;
		/* a link has come meanwhile */
		r = 0;
	}
	return r ? r : -EAGAIN;
}

struct open_arguments {
	int flags;
	uint32_t mode;
	struct file **out;
};

long path_of_place(const struct place *p, char *to, size_t room)
{
	size_t prefix = p->mount->prefix_length;

	if (prefix == 1)
		prefix = 0; /* "/" */
	if (prefix + p->length + 2 > room)
		return -ENAMETOOLONG;
	memcpy(to, p->mount->prefix, prefix);
	to[prefix] = '/';
	memcpy(to + prefix + 1, p->rest, p->length);
	to[prefix + 1 + p->length] = 0;
	if (!p->length && prefix)
		to[prefix] = 0;
	return 0;
}

char *path_moved(const char *path, const char *from, const char *to)
{
	size_t n = strlen(from), length = strlen(path), start = strlen(to);
	char *new;

	if (length < n || memcmp(path, from, n) || (path[n] && path[n] != '/'))
		return NULL;
	new = win_alloc(start + length - n + 1);
	if (!new)
		return NULL;
	memcpy(new, to, start);
	memcpy(new + start, path + n, length - n + 1);
	return new;
}

/* The file remembers where it is, for *at() calls, fchdir and /proc. */
static void remember(struct file *f, const struct place *p)
{
	size_t room = p->mount->prefix_length + p->length + 2;
	char *path;

	if (f->path)
		return;
	path = win_alloc(room);
	if (!path)
		return;
	path_of_place(p, path, room);
	f->path = path;
}

static long open_place(const struct place *p, void *argument)
{
	struct open_arguments *a = argument;
	long r;

	if (!p->mount->ops->open)
		return -ENOENT;
	r = p->mount->ops->open(p, a->flags, a->mode, a->out);
	if (!r)
		remember(*a->out, p);
	return r;
}

/* The file has no name: its path is not to be looked for. */
static long open_nameless(const struct place *p, void *argument)
{
	struct open_arguments *a = argument;
	struct kstat st;
	long r;

	if (!p->mount->ops->open_nameless) {
		r = p->mount->ops->stat(p, &st);
		return r ? r : S_ISDIR(st.mode) ? -EOPNOTSUPP : -ENOTDIR;
	}
	return p->mount->ops->open_nameless(p, a->flags, a->mode, a->out);
}

long path_open_within(int at, const char *path, int flags, uint32_t mode,
	unsigned resolve, struct file **out)
{
	struct open_arguments a = { flags, mode, out };
	bool nofollow =
		(flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL));

	return path_apply_within(at, path, nofollow ? PATH_NOFOLLOW : 0,
		resolve,
		(flags & O_TMPFILE) == O_TMPFILE ? open_nameless : open_place,
		&a);
}

long path_open(
	int at, const char *path, int flags, uint32_t mode, struct file **out)
{
	return path_open_within(at, path, flags, mode, 0, out);
}

/* Where only prog.exe is, prog names it: for exec (process/exec.c), and here,
 * since shells look for a program with stat first. */
static long stat_program(const struct place *p, struct kstat *out)
{
	char rest[PATH_SIZE];
	struct place exe = *p;
	const char *name = strrchr(p->rest, '/');

	if (!p->length || strchr(name ? name : p->rest, '.') ||
		p->length + 5 > sizeof rest)
		return -ENOENT;
	exe.rest = rest;
	exe.length = (size_t)format(rest, sizeof rest, "%s.exe", p->rest);
	if (p->mount->ops->stat(&exe, out) || !S_ISREG(out->mode))
		return -ENOENT;
	return 0;
}

static long stat_place(const struct place *p, void *argument)
{
	struct kstat *out = argument;
	long r = p->mount->ops->stat(p, out);

	if (r == -ENOENT && p->follow && p->mount->ops->native_path)
		r = stat_program(p, out);

	if (!r && p->follow && S_ISLNK(out->mode))
		return -ELOOP;
	if (!r && p->must_be_folder && !S_ISDIR(out->mode))
		return -ENOTDIR;
	return r;
}

long path_stat(int at, const char *path, unsigned how, struct kstat *out)
{
	struct file *f;
	long r;

	if ((how & PATH_EMPTY) && !*path && at != AT_FDCWD) {
		r = fd_get(at, &f);
		if (r)
			return r;
		r = f->ops->stat ? f->ops->stat(f, out) : -EBADF;
		file_put(f);
		return r;
	}
	if ((how & PATH_EMPTY) && !*path)
		path = ".";
	return path_apply(at, path, how & PATH_NOFOLLOW, stat_place, out);
}

long path_absolute(int at, const char *path, char *to, size_t room)
{
	struct text t;
	bool dot_dot, folder;
	long r = make_absolute(&t, at, path);

	if (r)
		return r;
	normalise(&t, &dot_dot, &folder);
	if (!t.length)
		add(&t, "/", 1);
	if (t.length >= room)
		return -ENAMETOOLONG;
	memcpy(to, t.bytes, t.length + 1);
	return 0;
}

long path_real(int at, const char *path, char *to, size_t room)
{
	struct place p;
	char buffer[PATH_SIZE];
	size_t n;
	long r = path_resolve(at, path, 0, &p, buffer);

	if (r)
		return r;
	n = strlen(buffer);
	if (!n)
		memcpy(buffer, "/", ++n + 1);
	if (n >= room)
		return -ENAMETOOLONG;
	memcpy(to, buffer, n + 1);
	return 0;
}

struct windows_arguments {
	uint16_t *to;
	size_t room;
};

static long windows_place(const struct place *p, void *argument)
{
	struct windows_arguments *a = argument;

	if (!p->mount->ops->native_path)
		return -ENOENT;
	return p->mount->ops->native_path(p, a->to, a->room);
}

int64_t path_to_windows(int at, const char *path, uint16_t *to, size_t room)
{
	struct windows_arguments a = { to, room };
	struct place p;
	char buffer[PATH_SIZE];
	long r = path_resolve(at, path, 0, &p, buffer);

	return r ? r : windows_place(&p, &a);
}
