/* Stands for a compiler and its companions while ./configure is measured: the
 * n-th call is answered from the record that record-cc made of the n-th call,
 * so what is compared is the shell and the tools alone.  A call that is not
 * the one recorded (other arguments, another source file) is a difference
 * between the two sides: it is written down and fails.
 *
 * REPLAY_RECORD: folder of the records; REPLAY_STATE: this run's counter, and
 * its differences in REPLAY_STATE.differs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_all(const char *path, size_t *size)
{
	struct stat st;
	char *bytes = NULL;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && (bytes = malloc((size_t)st.st_size + 1))) {
		n = read(fd, bytes, (size_t)st.st_size);
		*size = n < 0 ? 0 : (size_t)n;
		bytes[*size] = 0;
	}
	close(fd);
	return bytes;
}

static int next_call(const char *state)
{
	char text[16] = "";
	int fd = open(state, O_RDWR | O_CREAT, 0666), n;

	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		return -1;
	n = atoi(text) + 1;
	if (pwrite(fd, text, (size_t)sprintf(text, "%d", n), 0) < 0)
		n = -1;
	close(fd);
	return n;
}

static int differs(const char *state, int call, const char *what,
	const char *recorded, char **argv)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s.differs", state);
	f = fopen(path, "a");
	if (f) {
		fprintf(f, "call %d: %s; recorded: %s; now:", call, what,
			recorded);
		while (*argv)
			fprintf(f, " %s", *argv++);
		fprintf(f, "\n");
		fclose(f);
	}
	fprintf(stderr, "replay-cc: call %d: %s\n", call, what);
	return 99;
}

static int create(const char *path)
{
	char folder[1024];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0777);

	if (fd >= 0)
		return fd;
	/* make has made folders too */
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		snprintf(folder, sizeof folder, "%.*s", (int)(p - path), path);
		mkdir(folder, 0777);
	}
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0777);
}

static int write_file(const char *path, const char *bytes, size_t size)
{
	int fd = create(path);
	int bad = fd < 0 || write(fd, bytes, size) != (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return bad;
}

static int same_arguments(const char *recorded, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	for (argv[0] = name ? (char *)name + 1 : argv[0]; *argv; argv++) {
		size_t n = strlen(*argv);

		if (strncmp(recorded, *argv, n) || recorded[n] != '\n')
			return 0;
		recorded += n + 1;
	}
	return !*recorded;
}

static int same_file(const char *path, const char *bytes, size_t size)
{
	size_t n = 0;
	char *now = read_all(path, &n);
	int same = now && n == size && !memcmp(now, bytes, size);

	free(now);
	return same;
}

/* A record is a row of parts: a line "KIND SIZE NAME", SIZE bytes, a newline.
 */
static int replay(char *p, int call, const char *state, char **argv)
{
	char kind[16], name[1024];
	int status = 99, length;
	size_t size;

	while (sscanf(p, "%15s %zu %1023s\n%n", kind, &size, name, &length) ==
		3) {
		char *bytes = p + strcspn(p, "\n") + 1;

		p = bytes + size + 1;
		bytes[size] = 0;
		if (!strcmp(kind, "arguments")) {
			if (!same_arguments(bytes, argv))
				return differs(state, call, "other arguments",
					bytes, argv);
		} else if (!strcmp(kind, "source")) {
			if (!same_file(name, bytes, size))
				return differs(state, call, "another file",
					name, argv);
		} else if (!strcmp(kind, "made")) {
			if (write_file(name, bytes, size))
				return differs(state, call, "cannot write",
					name, argv);
		} else if (!strcmp(kind, "stdout")) {
			if (size && write(1, bytes, size) < 0)
				return 98;
		} else if (!strcmp(kind, "stderr")) {
			if (size && write(2, bytes, size) < 0)
				return 98;
		} else if (!strcmp(kind, "status")) {
			status = atoi(bytes);
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *record = getenv("REPLAY_RECORD");
	const char *state = getenv("REPLAY_STATE");
	char path[4096], *bytes;
	size_t size = 0;
	int call;

	(void)argc;
	if (!record || !state)
		return 97;
	call = next_call(state);
	snprintf(path, sizeof path, "%s/%d", record, call);
	bytes = read_all(path, &size);
	if (!bytes)
		return differs(state, call, "not recorded", path, argv);
	return replay(bytes, call, state, argv);
}
