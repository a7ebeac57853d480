/* inotify: what is told of files, in which order.  timeout: 120 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;
static char told[65536];

static int set_up(void **state)
{
	(void)state;
	fd = inotify_init1(IN_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("e", 0755), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(fd);
	return system("rm -rf d e");
}

static const struct {
	uint32_t bit;
	const char *name;
} names[] = { { IN_ACCESS, "access" }, { IN_MODIFY, "modify" },
	{ IN_ATTRIB, "attrib" }, { IN_CLOSE_WRITE, "close_write" },
	{ IN_CLOSE_NOWRITE, "close_nowrite" }, { IN_OPEN, "open" },
	{ IN_MOVED_FROM, "moved_from" }, { IN_MOVED_TO, "moved_to" },
	{ IN_CREATE, "create" }, { IN_DELETE, "delete" },
	{ IN_DELETE_SELF, "delete_self" }, { IN_MOVE_SELF, "move_self" },
	{ IN_IGNORED, "ignored" }, { IN_Q_OVERFLOW, "overflow" },
	{ IN_ISDIR, "dir" } };

/* All there is to read, as "wd:name:what,what ". */
static const char *all(void)
{
	char buffer[65536] __attribute__((aligned(8)));
	size_t at = 0;
	ssize_t n;

	told[0] = 0;
	while ((n = read(fd, buffer, sizeof buffer)) > 0) {
		for (char *p = buffer; p < buffer + n;) {
			struct inotify_event *e = (void *)p;
			const char *between = "";

			at += (size_t)snprintf(told + at, sizeof told - at,
				"%d:%s:", e->wd, e->len ? e->name : "");
			for (size_t i = 0; i < sizeof names / sizeof *names;
				i++) {
				if (!(e->mask & names[i].bit))
					continue;
				at += (size_t)snprintf(told + at,
					sizeof told - at, "%s%s", between,
					names[i].name);
				between = ",";
			}
			at += (size_t)snprintf(
				told + at, sizeof told - at, " ");
			assert_int_equal(e->len % sizeof *e, 0);
			p += sizeof *e + e->len;
		}
	}
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	return told;
}

static void put(const char *path, const char *text)
{
	int f = open(path, O_CREAT | O_WRONLY, 0644);

	assert_true(f >= 0);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	close(f);
}

static void files_in_a_folder(void **state)
{
	char text[8];
	int f;

	assert_int_equal(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	put("d/a", "text");
	assert_string_equal(
		all(), "1:a:create 1:a:open 1:a:modify 1:a:close_write ");
	f = open("d/a", O_RDONLY);
	assert_int_equal(read(f, text, sizeof text), 4);
	assert_int_equal(read(f, text, sizeof text), 0);
	close(f);
	assert_string_equal(all(), "1:a:open 1:a:access 1:a:close_nowrite ");
	f = open("d/a", O_RDWR | O_TRUNC);
	assert_int_equal(ftruncate(f, 10), 0);
	assert_int_equal(pwrite(f, "xyz", 3, 2), 3);
	assert_int_equal(pread(f, text, 3, 2), 3);
	assert_int_equal(fchmod(f, 0600), 0);
	close(f);
	assert_string_equal(all(),
		"1:a:open 1:a:modify 1:a:access 1:a:attrib 1:a:close_write ");
	assert_int_equal(chmod("d/a", 0644), 0);
	assert_int_equal(utimensat(AT_FDCWD, "d/a", NULL, 0), 0);
	assert_string_equal(all(), "1:a:attrib ");
	assert_int_equal(unlink("d/a"), 0);
	assert_string_equal(all(), "1:a:delete ");
	assert_int_equal(access("d/a", F_OK), -1);
	close(open("d/b", O_PATH));
	assert_string_equal(all(), "");
}

static void folders_and_links(void **state)
{
	DIR *dir;

	assert_int_equal(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	assert_int_equal(mkdir("d/sub", 0755), 0);
	assert_string_equal(all(), "1:sub:create,dir ");
	put("d/sub/deeper", "x");
	assert_string_equal(all(), "");
	assert_int_equal(unlink("d/sub/deeper"), 0);
	assert_int_equal(rmdir("d/sub"), 0);
	assert_string_equal(all(), "1:sub:delete,dir ");
	assert_int_equal(symlink("nowhere", "d/link"), 0);
	assert_string_equal(all(), "1:link:create ");
	put("e/a", "x");
	assert_int_equal(link("e/a", "d/hard"), 0);
	assert_string_equal(all(), "1:hard:create ");
	assert_int_equal(mkfifo("d/fifo", 0600), 0);
	assert_string_equal(all(), "1:fifo:create ");
	dir = opendir("d");
	while (readdir(dir))
		;
	closedir(dir);
	assert_non_null(strstr(all(), "1::open,dir 1::access,dir "));
	assert_non_null(strstr(told, "1::close_nowrite,dir "));
	assert_int_equal(unlink("e/a"), 0);
}

static void moves(void **state)
{
	struct inotify_event *e;
	char buffer[4096] __attribute__((aligned(8)));
	uint32_t cookie;

	put("d/a", "x");
	assert_int_equal(mkdir("d/sub", 0755), 0);
	assert_int_equal(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	assert_int_equal(inotify_add_watch(fd, "e", IN_ALL_EVENTS), 2);
	assert_int_equal(rename("d/a", "d/b"), 0);
	assert_string_equal(all(), "1:a:moved_from 1:b:moved_to ");
	assert_int_equal(rename("d/b", "e/c"), 0);
	assert_int_equal(read(fd, buffer, sizeof buffer), 64);
	e = (void *)buffer;
	assert_int_equal(e->wd, 1);
	assert_int_equal(e->mask, IN_MOVED_FROM);
	assert_string_equal(e->name, "b");
	cookie = e->cookie;
	assert_true(cookie);
	e = (void *)(buffer + 32);
	assert_int_equal(e->wd, 2);
	assert_int_equal(e->mask, IN_MOVED_TO);
	assert_string_equal(e->name, "c");
	assert_int_equal(e->cookie, cookie);
	assert_int_equal(rename("d/sub", "e/sub"), 0);
	assert_string_equal(all(), "1:sub:moved_from,dir 2:sub:moved_to,dir ");
	/* over another: no deletion is told */
	put("d/x", "x");
	put("d/y", "y");
	all();
	assert_int_equal(rename("d/x", "d/y"), 0);
	assert_string_equal(all(), "1:x:moved_from 1:y:moved_to ");
}

static void itself(void **state)
{
	int f;

	put("d/a", "x");
	assert_int_equal(inotify_add_watch(fd, "d/a", IN_ALL_EVENTS), 1);
	f = open("d/a", O_WRONLY);
	assert_int_equal(write(f, "y", 1), 1);
	close(f);
	assert_int_equal(chmod("d/a", 0600), 0);
	assert_string_equal(
		all(), "1::open 1::modify 1::close_write 1::attrib ");
	assert_int_equal(rename("d/a", "e/b"), 0);
	assert_string_equal(all(), "1::move_self ");
	f = open("e/b", O_RDONLY);
	close(f);
	assert_string_equal(all(), "1::open 1::close_nowrite ");
	assert_int_equal(link("e/b", "e/c"), 0);
	assert_string_equal(all(), "1::attrib ");
	assert_int_equal(unlink("e/c"), 0);
	all();
	assert_int_equal(unlink("e/b"), 0);
	assert_string_equal(all(), "1::attrib 1::delete_self 1::ignored ");
	assert_fails(inotify_rm_watch(fd, 1), EINVAL);
}

static void deleted_while_open(void **state)
{
	int f;

	put("d/a", "x");
	assert_int_equal(inotify_add_watch(fd, "d/a", IN_ALL_EVENTS), 1);
	assert_int_equal(inotify_add_watch(fd, "d", IN_DELETE), 2);
	f = open("d/a", O_RDWR);
	all();
	assert_int_equal(unlink("d/a"), 0);
	assert_string_equal(all(), "1::attrib 2:a:delete ");
	/* the name is another's by now */
	put("d/a", "new");
	assert_int_equal(write(f, "y", 1), 1);
	assert_string_equal(all(), "1::modify ");
	close(f);
	assert_string_equal(all(), "1::close_write 1::delete_self 1::ignored ");
	put("d/a", "newer");
	assert_string_equal(all(), "");
}

static void replaced(void **state)
{
	put("d/a", "x");
	put("d/new", "y");
	assert_int_equal(inotify_add_watch(fd, "d/a", IN_ALL_EVENTS), 1);
	assert_int_equal(inotify_add_watch(fd, "d/new", IN_ALL_EVENTS), 2);
	assert_int_equal(rename("d/new", "d/a"), 0);
	assert_string_equal(
		all(), "1::attrib 2::move_self 1::delete_self 1::ignored ");
	assert_int_equal(chmod("d/a", 0600), 0);
	assert_string_equal(all(), "2::attrib ");
}

static void a_watched_folder(void **state)
{
	assert_int_equal(mkdir("d/sub", 0755), 0);
	assert_int_equal(mkdir("d/sub/deep", 0755), 0);
	assert_int_equal(inotify_add_watch(fd, "d/sub/deep", IN_ALL_EVENTS), 1);
	assert_int_equal(inotify_add_watch(fd, "d/sub", IN_MOVE_SELF), 2);
	/* what moves above it is not told, and yet it is followed */
	assert_int_equal(rename("d/sub", "e/moved"), 0);
	assert_string_equal(all(), "2::move_self ");
	put("e/moved/deep/a", "x");
	assert_string_equal(
		all(), "1:a:create 1:a:open 1:a:modify 1:a:close_write ");
	assert_int_equal(unlink("e/moved/deep/a"), 0);
	all();
	assert_int_equal(rmdir("e/moved/deep"), 0);
	assert_string_equal(all(), "1::delete_self 1::ignored ");
}

static void options(void **state)
{
	int f;

	put("d/a", "x");
	assert_int_equal(symlink("a", "d/link"), 0);
	assert_fails(inotify_add_watch(fd, "d/a", IN_ALL_EVENTS | IN_ONLYDIR),
		ENOTDIR);
	assert_fails(inotify_add_watch(fd, "d/none", IN_ALL_EVENTS), ENOENT);
	assert_fails(inotify_add_watch(fd, "d", 0), EINVAL);
	assert_fails(inotify_add_watch(0, "d", IN_OPEN), EINVAL);
	assert_fails(inotify_add_watch(999, "d", IN_OPEN), EBADF);
	assert_fails(inotify_rm_watch(fd, 77), EINVAL);
	assert_fails(inotify_init1(1), EINVAL);
	/* one file, one watch */
	assert_int_equal(inotify_add_watch(fd, "d/a", IN_OPEN), 1);
	assert_int_equal(inotify_add_watch(fd, "d/link", IN_MODIFY), 1);
	put("d/a", "y");
	assert_string_equal(all(), "1::modify ");
	assert_int_equal(
		inotify_add_watch(fd, "d/a", IN_OPEN | IN_MASK_ADD), 1);
	put("d/a", "y");
	assert_string_equal(all(), "1::open 1::modify ");
	assert_fails(
		inotify_add_watch(fd, "d/a", IN_OPEN | IN_MASK_CREATE), EEXIST);
	assert_fails(inotify_add_watch(
			     fd, "d/a", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD),
		EINVAL);
	assert_int_equal(
		inotify_add_watch(fd, "d/link", IN_OPEN | IN_DONT_FOLLOW), 2);
	assert_int_equal(inotify_rm_watch(fd, 1), 0);
	assert_string_equal(all(), "1::ignored ");
	put("d/a", "y");
	assert_string_equal(all(), "");
	assert_int_equal(inotify_add_watch(fd, "d", IN_CREATE | IN_ONESHOT), 3);
	put("d/b", "y");
	put("d/c", "y");
	assert_string_equal(all(), "3:b:create 3::ignored ");
	/* of what has no name any more */
	assert_int_equal(
		inotify_add_watch(fd, "d", IN_MODIFY | IN_EXCL_UNLINK), 4);
	f = open("d/b", O_WRONLY);
	assert_int_equal(write(f, "y", 1), 1);
	assert_string_equal(all(), "4:b:modify ");
	assert_int_equal(unlink("d/b"), 0);
	assert_int_equal(write(f, "y", 1), 1);
	close(f);
	assert_string_equal(all(), "");
}

static void reading(void **state)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct epoll_event event = { .events = EPOLLIN };
	char buffer[256] __attribute__((aligned(8)));
	int n, epoll = epoll_create1(0), status;
	pid_t pid;

	assert_int_equal(inotify_add_watch(fd, "d", IN_CREATE), 1);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	put("d/a", "x");
	put("d/a long name that takes more room", "x");
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(p.revents, POLLIN);
	assert_int_equal(epoll_wait(epoll, &event, 1, 1000), 1);
	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	assert_int_equal(n, 32 + 64);
	assert_fails(read(fd, buffer, 16), EINVAL);
	assert_int_equal(read(fd, buffer, 64), 32);
	assert_fails(read(fd, buffer, 63), EINVAL);
	assert_int_equal(read(fd, buffer, 64), 64);
	assert_fails(read(fd, buffer, 64), EAGAIN);
	assert_fails(write(fd, buffer, 64), EBADF);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	/* another process, and a reader that waits */
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	pid = fork();
	if (!pid) {
		alarm(30);
		usleep(100000);
		put("d/b", "x");
		_exit(0);
	}
	assert_int_equal(read(fd, buffer, sizeof buffer), 32);
	assert_string_equal(((struct inotify_event *)buffer)->name, "b");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* a child that has it reads and changes what its parent has */
	pid = fork();
	if (!pid) {
		alarm(30);
		if (inotify_add_watch(fd, "e", IN_CREATE) != 2)
			_exit(1);
		put("e/c", "x");
		_exit(read(fd, buffer, sizeof buffer) != 32);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	put("e/d", "x");
	assert_int_equal(read(fd, buffer, sizeof buffer), 32);
	assert_int_equal(((struct inotify_event *)buffer)->wd, 2);
	close(epoll);
}

static void the_same_again_is_told_once(void **state)
{
	int f;

	put("d/a", "x");
	assert_int_equal(inotify_add_watch(fd, "d", IN_MODIFY | IN_ATTRIB), 1);
	f = open("d/a", O_WRONLY);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(f, "x", 1), 1);
	assert_int_equal(fchmod(f, 0600), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(f, "x", 1), 1);
	close(f);
	assert_string_equal(all(), "1:a:modify 1:a:attrib 1:a:modify ");
}

static void too_much(void **state)
{
	struct inotify_event *e = NULL;
	char buffer[65536] __attribute__((aligned(8)));
	int overflows = 0, events = 0;
	ssize_t n;

	assert_int_equal(inotify_add_watch(fd, "d", IN_OPEN), 1);
	put("d/a", "x");
	put("d/b", "x");
	for (int i = 0; i < 10000; i++) {
		close(open("d/a", O_RDONLY));
		close(open("d/b", O_RDONLY));
	}
	while ((n = read(fd, buffer, sizeof buffer)) > 0) {
		for (char *p = buffer; p < buffer + n;
			p += sizeof *e + e->len) {
			e = (void *)p;
			events++;
			if (e->mask & IN_Q_OVERFLOW) {
				overflows++;
				assert_int_equal(e->wd, -1);
			}
		}
	}
	assert_true(events > 4000);
	assert_int_equal(overflows, 1);
	assert_true(e->mask & IN_Q_OVERFLOW);
	/* and afterwards all is told again */
	put("d/a", "x");
	assert_string_equal(all(), "1:a:open ");
}

static void the_last_one_closes(void **state)
{
	int f, status, other = inotify_init1(IN_NONBLOCK);
	pid_t pid;
	char buffer[64] __attribute__((aligned(8)));

	assert_int_equal(inotify_add_watch(fd, "d", IN_CLOSE), 1);
	assert_int_equal(inotify_add_watch(other, "d", IN_CLOSE), 1);
	f = open("d/a", O_CREAT | O_WRONLY, 0600);
	close(dup(f));
	pid = fork();
	if (!pid)
		_exit(close(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(all(), "");
	pid = fork();
	if (!pid) {
		alarm(30);
		usleep(100000);
		_exit(0);
	}
	close(f);
	assert_string_equal(all(), "");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_string_equal(all(), "1:a:close_write ");
	assert_int_equal(read(other, buffer, sizeof buffer), 32);
	close(other);
	put("d/a", "x");
	assert_string_equal(all(), "1:a:close_write ");
}

/* Three processes, each file told of by all. */
static void nothing_is_lost(void **state)
{
	enum { PROCESSES = 3, FILES = 200 };
	int created = 0, closed = 0, deleted = 0;
	struct pollfd p = { fd, POLLIN, 0 };
	char buffer[65536] __attribute__((aligned(8)));

	assert_int_equal(inotify_add_watch(fd, "d",
				 IN_CREATE | IN_CLOSE_WRITE | IN_DELETE),
		1);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		alarm(60);
		for (int k = 0; k < FILES; k++) {
			char path[32];

			snprintf(path, sizeof path, "d/%d-%d", i, k);
			put(path, "x");
			unlink(path);
		}
		_exit(0);
	}
	while (deleted < PROCESSES * FILES && poll(&p, 1, 20000) == 1) {
		ssize_t n = read(fd, buffer, sizeof buffer);

		for (char *at = buffer; at < buffer + n;) {
			struct inotify_event *e = (void *)at;

			created += e->mask == IN_CREATE;
			closed += e->mask == IN_CLOSE_WRITE;
			deleted += e->mask == IN_DELETE;
			at += sizeof *e + e->len;
		}
	}
	assert_int_equal(created, PROCESSES * FILES);
	assert_int_equal(closed, PROCESSES * FILES);
	assert_int_equal(deleted, PROCESSES * FILES);
	for (int i = 0; i < PROCESSES; i++)
		wait(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(files_in_a_folder),
		CASE(folders_and_links),
		CASE(moves),
		CASE(itself),
		CASE(deleted_while_open),
		CASE(replaced),
		CASE(a_watched_folder),
		CASE(options),
		CASE(reading),
		CASE(the_same_again_is_told_once),
		CASE(too_much),
		CASE(the_last_one_closes),
		CASE(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
