#define _GNU_SOURCE
#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strings_add(struct strings *s, const char *text)
{
	if (s->count + 1 >= s->room) {
		s->room = s->room ? s->room * 2 : 16;
		s->list = realloc(s->list, (size_t)s->room * sizeof *s->list);
		if (!s->list)
			abort();
	}
	s->list[s->count++] = strdup(text);
	s->list[s->count] = NULL;
}

char *text_of(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		abort();
	va_end(list);
	return text;
}

static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h ^ h >> 32;
}

uint64_t base_of(const char *name, bool shared)
{
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	return shared ? 0x400000000u + hash(name) % 16384 * 0x1000000u
		      : 0x100400000u + hash(name) % 104 * 0x1000000u;
}

/* ---- options ---- */

/* What becomes of an option: dropped (with the word behind it), or one of the
 * fields.  ELF's that mean nothing here are dropped. */
enum meaning {
	DROP,
	DROP_WORD,
	INPUT,
	INPUT_WORD,
	KEEP,
	SONAME,
	RUNPATH,
	ENTRY,
	OUTPUT,
	SHARED,
	STATIC,
	EXPORT,
	RELOCATABLE,
	VERBOSE,
	NO_START,
	NO_LIBRARIES,
	NOTHING,
	NO_UNDEFINED,
	KEYWORD,
	SHOW_VERSION
};

static const struct option {
	const char *name;
	bool prefix; /* NAME=value, or NAMEvalue */
	enum meaning meaning;
} options[] = {
	{ "-soname=", true, SONAME },
	{ "--soname=", true, SONAME },
	{ "-h", false, SONAME },
	{ "-soname", false, SONAME },
	{ "--soname", false, SONAME },
	{ "-rpath=", true, RUNPATH },
	{ "--rpath=", true, RUNPATH },
	{ "-R", false, RUNPATH },
	{ "-rpath", false, RUNPATH },
	{ "--rpath", false, RUNPATH },
	{ "-rpath-link=", true, DROP },
	{ "--rpath-link=", true, DROP },
	{ "-rpath-link", false, DROP_WORD },
	{ "--rpath-link", false, DROP_WORD },
	{ "-o", false, OUTPUT },
	{ "-e", false, ENTRY },
	{ "--entry=", true, ENTRY },
	{ "-shared", false, SHARED },
	{ "--shared", false, SHARED },
	{ "-Bshareable", false, SHARED },
	{ "-static", false, STATIC },
	{ "-rdynamic", false, EXPORT },
	{ "-E", false, EXPORT },
	{ "--export-dynamic", false, EXPORT },
	{ "-export-dynamic", false, EXPORT },
	{ "-r", false, RELOCATABLE },
	{ "-v", false, VERBOSE },
	{ "--version", false, SHOW_VERSION },
	{ "-nostartfiles", false, NO_START },
	{ "-nodefaultlibs", false, NO_LIBRARIES },
	{ "-nostdlib", false, NOTHING },
	{ "-z", false, KEYWORD },
	{ "--no-undefined", false, NO_UNDEFINED },
	{ "-L", false, INPUT_WORD },
	{ "-l", false, INPUT_WORD },
	{ "-u", false, INPUT_WORD },
	/* no meaning for PE */
	{ "-T", false, DROP_WORD },
	{ "-m", false, DROP_WORD },
	{ "-dynamic-linker", false, DROP_WORD },
	{ "--dynamic-linker", false, DROP_WORD },
	{ "--dynamic-list=", true, DROP },
	{ "--version-script=", true, DROP },
	{ "-version-script=", true, DROP },
	{ "--version-script", false, DROP_WORD },
	{ "-version-script", false, DROP_WORD },
	{ "--hash-style=", true, DROP },
	{ "--build-id", true, DROP },
	{ "--eh-frame-hdr", false, DROP },
	{ "--as-needed", false, KEEP },
	{ "--no-as-needed", false, KEEP },
	{ "--push-state", false, KEEP },
	{ "--pop-state", false, KEEP },
	{ "-Bstatic", false, KEEP },
	{ "-Bdynamic", false, KEEP },
	{ "-dn", false, KEEP },
	{ "-dy", false, KEEP },
	{ "--warn-common", false, DROP },
	{ "--cref", false, DROP },
	{ "--sort-common", true, DROP },
	{ "--sort-section", true, DROP },
	{ "--enable-new-dtags", false, DROP },
	{ "--disable-new-dtags", false, DROP },
	{ "--fatal-warnings", false, DROP },
	{ "--no-fatal-warnings", false, DROP },
	{ "--copy-dt-needed-entries", false, DROP },
	{ "--no-copy-dt-needed-entries", false, DROP },
	{ "--allow-shlib-undefined", false, DROP },
	{ "--unresolved-symbols=", true, DROP },
	{ "-Bsymbolic", true, DROP },
	{ "--exclude-libs=", true, DROP },
	{ "--exclude-libs", false, DROP_WORD },
	{ "-pie", false, DROP },
	{ "-no-pie", false, DROP },
	{ "-static-pie", false, DROP },
	{ "-static-libgcc", false, DROP },
	{ "-static-libstdc++", false, DROP },
	{ "-pthread", false, DROP },
	{ "-pipe", false, DROP },
	{ "-plugin", false, DROP_WORD },
	{ "-plugin-opt", true, DROP },
	{ "-fuse-ld=", true, DROP },
	{ "-f", true, DROP },
	{ "-O", true, DROP },
	{ "-g", true, DROP },
	{ "-W", true, DROP },
	{ "-m64", false, DROP },
	{ "-mlinux", false, DROP },
	{ "-march=", true, DROP },
	{ "-mtune=", true, DROP },
	{ "-std=", true, DROP },
};

static const struct option *find(const char *word, const char **value)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const struct option *o = &options[i];
		size_t n = strlen(o->name);

		if (o->prefix ? !strncmp(word, o->name, n)
			      : !strcmp(word, o->name)) {
			*value = word + n;
			return o;
		}
	}
	return NULL;
}

static void keyword(struct line *l, const char *word)
{
	if (!strcmp(word, "defs"))
		l->no_undefined = true;
	else if (!strcmp(word, "now"))
		l->bind_now = true;
	else if (!strcmp(word, "lazy"))
		l->bind_now = false;
}

static bool takes_word(enum meaning m, bool prefix)
{
	if (prefix)
		return false;
	return m == DROP_WORD || m == SONAME || m == RUNPATH || m == ENTRY ||
	       m == OUTPUT || m == KEYWORD || m == INPUT_WORD;
}

static void input(struct line *l, const char *word)
{
	strings_add(&l->inputs, word);
	if (!strncmp(word, "-L", 2))
		strings_add(&l->folders, word + 2);
}

static void apply(struct line *l, const struct option *o, const char *value)
{
	switch (o->meaning) {
	case SONAME:
		l->soname = value;
		break;
	case RUNPATH:
		strings_add(&l->runpath, value);
		break;
	case ENTRY:
		l->entry = value;
		break;
	case OUTPUT:
		l->output = value;
		break;
	case SHARED:
		l->shared = true;
		break;
	case STATIC:
		l->is_static = true;
		break;
	case EXPORT:
		l->export_dynamic = true;
		break;
	case RELOCATABLE:
		l->relocatable = true;
		break;
	case VERBOSE:
		l->verbose = true;
		break;
	case SHOW_VERSION:
		l->print_version = true;
		break;
	case NO_START:
		l->no_start_files = true;
		break;
	case NO_LIBRARIES:
		l->no_libraries = true;
		break;
	case NOTHING:
		l->no_start_files = l->no_libraries = true;
		break;
	case NO_UNDEFINED:
		l->no_undefined = true;
		break;
	case KEYWORD:
		keyword(l, value);
		break;
	case INPUT_WORD:
		input(l, text_of("%s%s", o->name, value));
		break;
	case KEEP:
		input(l, o->name);
		break;
	case INPUT:
	case DROP:
	case DROP_WORD:
		break;
	}
}

/* A list of words; -Wl,a,b and -Xlinker a are flattened first, so that an
 * option and its word may stand in different ones. */
static int parse_words(struct line *l, const struct strings *words)
{
	for (int i = 0; i < words->count; i++) {
		const char *word = words->list[i], *value;
		const struct option *o =
			*word == '-' ? find(word, &value) : NULL;

		if (!o) {
			input(l, word);
			continue;
		}
		if (takes_word(o->meaning, o->prefix)) {
			if (++i == words->count) {
				fprintf(stderr,
					"posix-link: %s needs an argument\n",
					word);
				return 1;
			}
			value = words->list[i];
		}
		apply(l, o, value);
	}
	return 0;
}

static void flatten(struct strings *to, const char *word)
{
	char *copy, *part;

	if (strncmp(word, "-Wl,", 4)) {
		strings_add(to, word);
		return;
	}
	copy = strdup(word + 4);
	while ((part = strsep(&copy, ",")))
		if (*part)
			strings_add(to, part);
}

/* Words of a response file: blanks part them, quotes and backslashes keep. */
static int read_response(struct strings *to, const char *name)
{
	FILE *f = fopen(name, "r");
	char word[65536];
	size_t n = 0;
	int c, quote = 0;
	bool any = false;

	if (!f) {
		perror(name);
		return 1;
	}
	while ((c = getc(f)) != EOF) {
		bool literal = c == '\\';

		if (literal && (c = getc(f)) == EOF)
			break;
		if (literal) {
			/* whatever it is */
		} else if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
			any = true;
			continue;
		} else if (!quote && strchr(" \t\r\n", c)) {
			word[n] = 0;
			if (n || any)
				flatten(to, word);
			n = 0;
			any = false;
			continue;
		}
		if (n + 1 < sizeof word)
			word[n++] = (char)c;
	}
	word[n] = 0;
	if (n || any)
		flatten(to, word);
	fclose(f);
	return 0;
}

int line_parse(struct line *out, int argc, char **argv)
{
	struct strings words = { 0 };

	memset(out, 0, sizeof *out);
	out->output = "a.out";
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '@') {
			if (read_response(&words, argv[i] + 1))
				return 1;
		} else if (!strcmp(argv[i], "-Xlinker") && i + 1 < argc) {
			strings_add(&words, argv[++i]);
		} else {
			flatten(&words, argv[i]);
		}
	}
	return parse_words(out, &words);
}
