/* Paths between POSIX and Windows, with the options of Cygwin's cygpath. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/posix.h>

#define LIMIT 16384 /* of one path: 4096 bytes, each up to three in UTF-8 */

static enum { TO_POSIX, TO_WINDOWS, TO_MIXED } form = TO_POSIX;
static bool absolute, list, ignore;
static int status;

static void usage(FILE *to)
{
	fputs("usage: posixpath [-u|-w|-m] [-aip] [-f FILE] [PATH...]\n"
	      "  -u  as POSIX spells it, /mnt/c/x (default)\n"
	      "  -w  as Windows spells it, C:\\x\n"
	      "  -m  as Windows takes it too, C:/x\n"
	      "  -a  absolute, also of a relative path\n"
	      "  -p  PATH is a list of paths, as in the variable\n"
	      "  -i  no PATH is no error; an empty one is left as it is\n"
	      "  -f FILE  the paths are the lines of FILE (- standard input)\n",
		to);
}

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

static bool has_drive(const char *p)
{
	return ((p[0] >= 'a' && p[0] <= 'z') || (p[0] >= 'A' && p[0] <= 'Z')) &&
	       p[1] == ':' && (!p[2] || is_slash(p[2]));
}

static bool is_absolute(const char *p)
{
	return *p == '/' || (p[0] == '\\' && p[1] == '\\') || has_drive(p);
}

static void replace(char *p, char from, char to)
{
	for (; *p; p++)
		if (*p == from)
			*p = to;
}

/* Returns false with a message when there is none. */
static bool convert(const char *path, char *to)
{
	if (!*path) {
		if (!ignore)
			fprintf(stderr, "posixpath: an empty path\n");
		*to = 0;
		return ignore;
	}
	if (!absolute && !is_absolute(path)) {
		if (strlen(path) >= LIMIT) {
			errno = ENAMETOOLONG;
		} else {
			strcpy(to, path);
			if (form == TO_WINDOWS)
				replace(to, '/', '\\');
			else
				replace(to, '\\', '/');
			return true;
		}
	} else if (posix_path(form == TO_POSIX ? POSIX_PATH_TO_POSIX
					       : POSIX_PATH_TO_WINDOWS,
			   path, to, LIMIT) >= 0) {
		if (form == TO_MIXED)
			replace(to, '\\', '/');
		return true;
	}
	fprintf(stderr, "posixpath: %s: %s\n", path,
		errno == ENODEV ? "Windows has no path for it"
				: strerror(errno));
	return false;
}

/* A list of Windows' is told by its semicolon or its drive: ':' then is part
 * of a path. */
static void convert_list(char *paths)
{
	char separator = strchr(paths, ';') || has_drive(paths) ? ';' : ':';
	const char *between = "";
	char result[LIMIT];

	while (paths) {
		char *end = strchr(paths, separator);

		if (end)
			*end++ = 0;
		/* an empty member is the current folder */
		if (convert(*paths ? paths : ".", result)) {
			printf("%s%s", between, result);
			between = form == TO_POSIX ? ":" : ";";
		} else {
			status = 1;
		}
		paths = end;
	}
	putchar('\n');
}

static void convert_one(char *path)
{
	char result[LIMIT];

	if (list && *path)
		convert_list(path);
	else if (convert(path, result))
		puts(result);
	else
		status = 1;
}

static int convert_lines(const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "r") : stdin;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!f) {
		fprintf(stderr, "posixpath: %s: %s\n", name, strerror(errno));
		return 1;
	}
	while ((n = getline(&line, &room, f)) >= 0) {
		if (n && line[n - 1] == '\n')
			line[n - 1] = 0;
		convert_one(line);
	}
	free(line);
	return status;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	int c;

	while ((c = getopt(argc, argv, "uwmaipf:h")) >= 0) {
		switch (c) {
		case 'u':
			form = TO_POSIX;
			break;
		case 'w':
			form = TO_WINDOWS;
			break;
		case 'm':
			form = TO_MIXED;
			break;
		case 'a':
			absolute = true;
			break;
		case 'i':
			ignore = true;
			break;
		case 'p':
			list = true;
			break;
		case 'f':
			file = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 1;
		}
	}
	if (file)
		return convert_lines(file);
	if (optind == argc && !ignore) {
		usage(stderr);
		return 1;
	}
	for (; optind < argc; optind++)
		convert_one(argv[optind]);
	return status;
}
