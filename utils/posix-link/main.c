/* posix-link: what the compiler driver runs to link.  Turns a gcc-style link
 * line into lld calls and finishes what lld wrote.
 *
 * It lies in ROOT/sdk/libexec; libraries are in ROOT/usr/lib. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finish.h"
#include "line.h"
#include "names.h"

static const char *root, *ld, *nm, *ar, *dlltool;
static char scratch[PATH_MAX];
static bool verbose;

static void die(const char *text, const char *what)
{
	fprintf(stderr, "posix-link: %s: %s\n", what, text);
	exit(1);
}

static const char *tool(const char *variable, const char *usual)
{
	const char *value = getenv(variable);

	return value && *value ? value : usual;
}

static bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

/* Runs argv; its standard error goes to a file if `errors` names one. */
static int run(char **argv, const char *output, const char *errors)
{
	int status;
	pid_t pid;

	if (verbose) {
		for (char **a = argv; *a; a++)
			fprintf(stderr, "%s%s", *a, a[1] ? " " : "\n");
	}
	pid = fork();
	if (pid < 0)
		die(strerror(errno), "fork");
	if (!pid) {
		if (output && !freopen(output, "w", stdout))
			_exit(126);
		if (errors && !freopen(errors, "w", stderr))
			_exit(126);
		execvp(argv[0], argv);
		fprintf(stderr, "posix-link: %s: %s\n", argv[0],
			strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static char *read_file(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	char *bytes;
	long n;

	if (!f)
		die(strerror(errno), name);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	bytes = malloc((size_t)n + 1);
	if (!bytes || fread(bytes, 1, (size_t)n, f) != (size_t)n)
		die("cannot be read", name);
	bytes[n] = 0;
	fclose(f);
	if (size)
		*size = (size_t)n;
	return bytes;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	struct stat st;
	FILE *f;

	/* a program that runs keeps its file; but not /dev/null, which
	 * configure scripts name */
	if (!lstat(name, &st) && S_ISREG(st.st_mode))
		unlink(name);
	f = fopen(name, "wb");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
		die(strerror(errno), name);
}

/* ---- libraries ---- */

/* -lNAME: libNAME.so, a PE file under a Linux name, or libNAME.a. */
static const char *find_library(
	const struct line *l, const char *name, bool archives)
{
	static const char *const shapes[] = { "%s/lib%s.so", "%s/lib%s.a" };

	for (int i = 0; i <= l->folders.count; i++) {
		const char *folder = i < l->folders.count
					     ? l->folders.list[i]
					     : text_of("%s/usr/lib", root);

		for (int k = l->is_static || archives; k < 2; k++) {
			char *path;

			if (name[0] == ':')
				path = text_of("%s/%s", folder, name + 1);
			else
				path = text_of(shapes[k], folder, name);
			if (exists(path))
				return path;
		}
	}
	return NULL;
}

static void resolve_inputs(const struct line *l, struct strings *to)
{
	bool archives = false;

	for (int i = 0; i < l->inputs.count; i++) {
		const char *word = l->inputs.list[i], *path;

		if (!strcmp(word, "-Bstatic") || !strcmp(word, "-dn"))
			archives = true;
		else if (!strcmp(word, "-Bdynamic") || !strcmp(word, "-dy"))
			archives = false;
		else if (strncmp(word, "-l", 2)) {
			if (strncmp(word, "-L", 2))
				strings_add(to, word);
		} else if ((path = find_library(l, word + 2, archives))) {
			strings_add(to, path);
		} else {
			fprintf(stderr, "posix-link: cannot find %s\n", word);
			exit(1);
		}
	}
}

/* ---- symbols ---- */

struct link {
	struct line line;
	struct strings inputs; /* libraries as paths */
	struct strings needed; /* sonames, as DT_NEEDED */
	struct names names;
	struct names exports; /* posix1.dll's */
	const char *image;    /* what lld writes */
};

static bool has(const struct strings *s, const char *name)
{
	for (int i = 0; i < s->count; i++)
		if (!strcmp(s->list[i], name))
			return true;
	return false;
}

static bool is_object(const char *word)
{
	const char *dot = strrchr(word, '.');

	return *word != '-' && exists(word) && dot &&
	       (!strcmp(dot, ".o") || !strcmp(dot, ".a") ||
		       !strcmp(dot, ".lo") || !strcmp(dot, ".obj") ||
		       !strcmp(dot, ".os"));
}

static void collect_object(struct names *n, const char *file, bool whole)
{
	char *output = text_of("%s/nm", scratch);
	char *argv[] = { (char *)nm, "-A", (char *)file, NULL }, *bytes;
	size_t size;

	run(argv, output, "/dev/null");
	names_add_file(n, file, read_file(output, NULL), whole);
	bytes = read_file(file, &size);
	names_read_hidden(n, bytes, size);
	free(bytes);
}

struct library {
	struct names *names;
	int unit;
};

static void exports_name(void *library, const char *name)
{
	struct library *l = library;

	names_library_exports(l->names, l->unit, name);
}

static void imports_name(void *library, const char *name)
{
	names_library_imports(((struct library *)library)->names, name);
}

/* A shared object, if the file is one. */
static void collect_library(struct link *k, const char *file, bool as_needed)
{
	struct library l = { &k->names, 0 };
	struct image im;
	const char *soname;

	im.bytes = (uint8_t *)read_file(file, &im.size);
	if (!is_image(&im))
		return;
	l.unit = names_add_library(&k->names, file);
	image_names(&im, exports_name, imports_name, &l);
	soname = image_soname(&im);
	if (soname && !as_needed && !has(&k->needed, soname))
		strings_add(&k->needed, soname);
}

/* -u NAME, --undefined=NAME; a program's start calls main(). */
static void collect_wanted(const struct line *l, struct strings *to)
{
	if (!l->shared)
		strings_add(to, "main");
	for (int i = 0; i < l->inputs.count; i++) {
		const char *word = l->inputs.list[i];

		if (!strncmp(word, "-u", 2))
			strings_add(to, word + 2);
		else if (!strncmp(word, "--undefined=", 12))
			strings_add(to, word + 12);
	}
}

static void collect_names(struct link *k)
{
	struct strings wanted = { 0 };
	bool whole = false, as_needed = false, pushed = false;

	for (int i = 0; i < k->inputs.count; i++) {
		const char *word = k->inputs.list[i];

		if (!strcmp(word, "--whole-archive"))
			whole = true;
		else if (!strcmp(word, "--no-whole-archive"))
			whole = false;
		else if (!strcmp(word, "--as-needed"))
			as_needed = true;
		else if (!strcmp(word, "--no-as-needed"))
			as_needed = false;
		else if (!strcmp(word, "--push-state"))
			pushed = as_needed;
		else if (!strcmp(word, "--pop-state"))
			as_needed = pushed;
		else if (is_object(word))
			collect_object(&k->names, word, whole);
		else if (*word != '-' && exists(word))
			collect_library(k, word, as_needed);
	}
	collect_wanted(&k->line, &wanted);
	names_resolve(&k->names, &wanted);
}

/* What posix1.dll exports: rows of NAME, or NAME DATA. */
static void read_exports(struct names *to, const char *file)
{
	char *rest = read_file(file, NULL), *row;

	while ((row = strsep(&rest, "\n"))) {
		char *blank = strchr(row, ' ');

		if (!*row || *row == '#')
			continue;
		if (blank)
			*blank = 0;
		names_symbol(to, row)->imported = true;
		names_symbol(to, row)->refptr = blank != NULL;
	}
}

/* NULL if posix1.dll has it not; else what import libraries call its kind. */
static const char *exported(struct names *exports, const char *name)
{
	const struct symbol *s = names_symbol(exports, name);

	return !s->imported ? NULL : s->refptr ? " DATA" : "";
}

/* An import library of just those names. */
static const char *import_library(
	const char *name, const char *from, const struct strings *rows)
{
	char *def = text_of("%s/%s.def", scratch, name);
	char *library = text_of("%s/%s.a", scratch, name);
	char *argv[] = { (char *)dlltool, "-m", "i386:x86-64", "-D",
		(char *)from, "-d", def, "-l", library, NULL };
	FILE *f = fopen(def, "w");

	if (!f)
		die(strerror(errno), def);
	fprintf(f, "EXPORTS\n");
	for (int i = 0; i < rows->count; i++)
		fprintf(f, "%s\n", rows->list[i]);
	fclose(f);
	if (run(argv, NULL, NULL))
		die("llvm-dlltool failed", library);
	return library;
}

/* ---- linking ---- */

/* lld takes a name that was wanted weakly first for 0, even if an archive has
 * it and others want it strongly: the member goes in front, as an object. */
static void add_member(const struct unit *u, int index, struct strings *argv)
{
	char *object = text_of("%s/member%d.o", scratch, index);
	char *command[] = { (char *)ar, "p", u->file, u->member, NULL };

	if (has(argv, object))
		return;
	if (run(command, object, NULL))
		die("llvm-ar cannot read it", u->file);
	strings_add(argv, object);
}

/* lld's COFF side takes a weak undefined symbol for 0, whatever the libraries
 * hold, and strong references to the same name with it.  So what posix1.dll
 * has comes from an import library in front; anything else that no object has
 * is the loader's to find, or to leave 0 (ld.so does so). */
static void add_weak(struct link *k, struct strings *argv)
{
	struct strings known = { 0 }, open = { 0 };

	for (int i = 0; i < k->names.count; i++) {
		const struct symbol *s = k->names.list[i];
		bool known_there = exported(&k->exports, s->name);
		const struct unit *u;

		if (!s->wanted_weakly)
			continue;
		if (s->definer >= 0) {
			u = &k->names.units[s->definer];
			if (u->kind == UNIT_MEMBER)
				add_member(u, s->definer, argv);
			continue;
		}
		/* data too as if it were a function: what it is read through
		 * points at the jump thunk, and finish() sees to that */
		strings_add(known_there ? &known : &open, s->name);
		strings_add(argv, text_of("-Xlink=-include:%s", s->name));
	}
	if (known.count)
		strings_add(argv, import_library("weak", "posix1.dll", &known));
	if (open.count)
		strings_add(argv, import_library("weakly", "?", &open));
}

/* As with ELF's linker, a program shows what it defines and a library, the C
 * library too, has or uses under the same name: theirs give way to it. */
static bool interposes(struct link *k, const struct symbol *s)
{
	return s->imported || exported(&k->exports, s->name) ||
	       (s->provider >= 0 &&
		       k->names.units[s->provider].kind == UNIT_LIBRARY);
}

static void add_exports(struct link *k, struct strings *argv)
{
	bool all = k->line.shared || k->line.export_dynamic;

	if (all)
		strings_add(argv, "--export-all-symbols");
	for (int i = 0; i < k->names.count; i++) {
		const struct symbol *s = k->names.list[i];

		if (s->definer < 0 || s->hidden || !strcmp(s->name, "main"))
			continue;
		/* among all lld does not count weak definitions, nor what an
		 * import library has as well */
		if (interposes(k, s) || (all && s->weak_definition))
			strings_add(
				argv, text_of("-Xlink=-export:%s", s->name));
	}
}

/* Words that lld's MinGW side does not know. */
static bool is_our_word(const char *word)
{
	return !strcmp(word, "--as-needed") ||
	       !strcmp(word, "--no-as-needed") ||
	       !strcmp(word, "--push-state") || !strcmp(word, "--pop-state");
}

static void make_argv(struct link *k, struct strings *argv, const char *pending)
{
	const struct line *l = &k->line;
	const char *name = l->shared && l->soname ? l->soname : l->output;

	strings_add(argv, ld);
	strings_add(argv, "-m");
	strings_add(argv, "i386pep");
	strings_add(argv, "--disable-dynamicbase");
	strings_add(argv, "--disable-high-entropy-va");
	strings_add(argv, "--subsystem");
	strings_add(argv, "console");
	strings_add(argv, "--error-limit=0");
	strings_add(argv, "--image-base");
	strings_add(argv, text_of("0x%llx", (unsigned long long)base_of(
						    name, l->shared)));
	strings_add(argv, "-o");
	strings_add(argv, k->image);
	if (l->shared)
		strings_add(argv, "--shared");
	add_exports(k, argv);
	strings_add(argv, "-e");
	strings_add(argv, l->entry    ? l->entry
			  : l->shared ? "__posix_dll_entry"
				      : "__posix_crt0");
	if (!l->no_start_files)
		strings_add(argv, text_of("%s/usr/lib/%s", root,
					  l->shared ? "dllcrt0.o" : "crt0.o"));
	if (!l->no_libraries)
		add_weak(k, argv);
	for (int i = 0; i < k->inputs.count; i++)
		if (!is_our_word(k->inputs.list[i]))
			strings_add(argv, k->inputs.list[i]);
	if (pending)
		strings_add(argv, pending);
	if (!l->no_libraries) {
		strings_add(argv, text_of("%s/usr/lib/libposix1.a", root));
		strings_add(argv,
			text_of("%s/usr/lib/libclang_rt.builtins.a", root));
	}
}

/* The undefined names of lld's messages; false if it said anything else. */
static bool undefined(const char *messages, struct strings *to)
{
	char *copy = strdup(messages), *rest = copy, *row;
	bool only = true;

	while ((row = strsep(&rest, "\n"))) {
		char *name = strstr(row, "error: undefined symbol: ");

		if (name) {
			name += 25;
			if (!has(to, name))
				strings_add(to, name);
		} else if (strstr(row, "error:")) {
			only = false;
		}
	}
	return only && to->count;
}

/* A shared object may leave symbols to who loads it: they come from a library
 * "*", which our loader looks for everywhere. */
static const char *leave_open(struct link *k, const struct strings *names)
{
	struct strings rows = { 0 };

	for (int i = 0; i < names->count; i++)
		strings_add(&rows,
			text_of("%s%s", names->list[i],
				names_symbol(&k->names, names->list[i])->refptr
					? " DATA"
					: ""));
	return import_library("open", "*", &rows);
}

static int link_image(struct link *k)
{
	struct strings argv = { 0 }, again = { 0 }, open = { 0 };
	char *errors = text_of("%s/errors", scratch), *messages;
	int r;

	make_argv(k, &argv, NULL);
	r = run(argv.list, NULL, errors);
	messages = read_file(errors, NULL);
	if (r && k->line.shared && !k->line.no_undefined &&
		undefined(messages, &open)) {
		make_argv(k, &again, leave_open(k, &open));
		return run(again.list, NULL, NULL);
	}
	fputs(messages, stderr);
	return r;
}

static char *join(const struct strings *s)
{
	char *text = NULL;

	for (int i = 0; i < s->count; i++)
		text = text ? text_of("%s:%s", text, s->list[i]) : s->list[i];
	return text;
}

static void make_executable(const char *name)
{
	struct stat st;

	if (!stat(name, &st) && S_ISREG(st.st_mode))
		chmod(name, 0755);
}

static void finish_image(struct link *k)
{
	struct image im;
	const char *problem;

	im.bytes = (uint8_t *)read_file(k->image, &im.size);
	if (!k->needed.list)
		k->needed.list = calloc(1, sizeof *k->needed.list);
	if (!k->line.no_start_files) {
		problem = finish(&im, k->line.shared ? k->line.soname : NULL,
			join(&k->line.runpath), k->needed.list,
			k->line.bind_now);
		if (problem)
			die(problem, k->line.output);
	}
	write_file(k->line.output, im.bytes, im.size);
	make_executable(k->line.output);
}

static void clean(void)
{
	char *argv[] = { "rm", "-rf", scratch, NULL };

	if (*scratch) {
		verbose = false;
		run(argv, NULL, NULL);
	}
}

static void find_root(void)
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (n < 0)
		die(strerror(errno), "/proc/self/exe");
	own[n] = 0;
	for (int i = 0; i < 3 && (slash = strrchr(own, '/')); i++)
		*slash = 0;
	root = strdup(own);
	if (getenv("POSIX_ROOT"))
		root = getenv("POSIX_ROOT");
}

static int relocatable(const struct line *l)
{
	struct strings argv = { 0 };

	strings_add(&argv, tool("POSIX_LD_R", "x86_64-w64-mingw32-ld"));
	strings_add(&argv, "-r");
	strings_add(&argv, "-o");
	strings_add(&argv, l->output);
	for (int i = 0; i < l->inputs.count; i++)
		strings_add(&argv, l->inputs.list[i]);
	return run(argv.list, NULL, NULL);
}

int main(int argc, char **argv)
{
	struct link k = { 0 };
	const char *temporary = tool("TMPDIR", "/tmp");

	ld = tool("POSIX_LD", "ld.lld-22");
	nm = tool("POSIX_NM", "llvm-nm-22");
	ar = tool("POSIX_AR", "llvm-ar-22");
	dlltool = tool("POSIX_DLLTOOL", "llvm-dlltool-22");
	find_root();
	if (line_parse(&k.line, argc, argv))
		return 1;
	verbose = k.line.verbose;
	if (k.line.print_version) {
		/* configure looks for this word to know what ld can do */
		printf("GNU ld (posix-link, by way of lld) 2.40\n");
		return 0;
	}
	if (k.line.relocatable)
		return relocatable(&k.line);
	snprintf(scratch, sizeof scratch, "%s/posix-link-XXXXXX", temporary);
	if (!mkdtemp(scratch))
		die(strerror(errno), scratch);
	atexit(clean);
	read_exports(&k.exports, text_of("%s/usr/lib/posix1.exports", root));
	if (k.line.shared && !k.line.soname) {
		const char *slash = strrchr(k.line.output, '/');

		k.line.soname = slash ? slash + 1 : k.line.output;
	}
	/* lld takes a DLL's own name from the file it writes */
	k.image = text_of(
		"%s/%s", scratch, k.line.shared ? k.line.soname : "image");
	resolve_inputs(&k.line, &k.inputs);
	collect_names(&k);
	if (link_image(&k))
		return 1;
	finish_image(&k);
	return 0;
}
