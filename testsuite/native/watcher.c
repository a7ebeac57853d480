/* Prints what inotify tells of the folders given, a line each, until nothing
 * more is told for as many seconds as the first argument says. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char *const names[] = { "access", "modify", "attrib",
	"close_write", "close_nowrite", "open", "moved_from", "moved_to",
	"create", "delete", "delete_self", "move_self" };

static void print(char **folders, const struct inotify_event *e)
{
	printf("%s %s", e->wd > 0 ? folders[e->wd - 1] : "-",
		e->len ? e->name : ".");
	for (int i = 0; i < 12; i++)
		if (e->mask >> i & 1)
			printf(" %s", names[i]);
	if (e->mask & IN_IGNORED)
		printf(" ignored");
	if (e->mask & IN_Q_OVERFLOW)
		printf(" overflow");
	if (e->mask & IN_ISDIR)
		printf(" dir");
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char buffer[65536] __attribute__((aligned(8)));
	int fd = inotify_init();
	struct pollfd p = { fd, POLLIN, 0 };

	for (int i = 2; i < argc; i++)
		if (inotify_add_watch(fd, argv[i],
			    IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS |
						    IN_CLOSE_NOWRITE)) < 0)
			return 1;
	printf("ready\n");
	fflush(stdout);
	while (poll(&p, 1, 1000 * atoi(argv[1])) == 1) {
		ssize_t n = read(fd, buffer, sizeof buffer);

		for (char *at = buffer; at < buffer + n;) {
			struct inotify_event *e = (void *)at;

			print(argv + 2, e);
			at += sizeof *e + e->len;
		}
	}
	return 0;
}
