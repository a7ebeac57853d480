/* FIFOs in the file system: opened in every order, by several processes. */
#include "test.h"
#include "user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t child, int expected)
{
	int status;

	assert_true(waitpid(child, &status, 0) > 0);
	assert_int_equal(status, expected);
}

static int opened(const char *name, int flags)
{
	int f = open(name, flags);

	assert_true(f >= 0);
	return f;
}

/* ---- names ---- */

static void are_made(void **state)
{
	struct stat st;
	mode_t mask = umask(022);

	assert_int_equal(mkfifo("f", 0666), 0);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0644);
	assert_int_equal(st.st_size, 0);
	assert_fails(mkfifo("f", 0666), EEXIST);
	assert_fails(mkfifo("none/f", 0666), ENOENT);
	assert_int_equal(chmod("f", 0610), 0);
	assert_int_equal(lstat("f", &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0610);
	assert_int_equal(rename("f", "g"), 0);
	assert_int_equal(link("g", "h"), 0);
	assert_int_equal(stat("h", &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0610);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(unlink("g"), 0);
	assert_int_equal(unlink("h"), 0);
	/* what a fifo's number may have been says nothing of the next file */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(mkfifo("f", 0600), 0);
		assert_int_equal(unlink("f"), 0);
		assert_int_equal(mknod("f", S_IFREG | 0640, 0), 0);
		assert_int_equal(stat("f", &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0640);
		assert_int_equal(unlink("f"), 0);
	}
	assert_int_equal(mknod("f", 0604, 0), 0);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0604);
	assert_fails(mknod("f", 0600, 0), EEXIST);
	assert_int_equal(unlink("f"), 0);
	assert_fails(mknod("f", S_IFDIR | 0600, 0), EPERM);
	assert_fails(mknod("f", 0170000 | 0600, 0), EINVAL);
	assert_int_equal(mknod("f", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_fails(open("f", O_RDONLY), ENXIO);
	assert_int_equal(unlink("f"), 0);
	umask(mask);
}

static void are_listed(void **state)
{
	struct dirent *e;
	DIR *d;
	bool seen = false;

	assert_int_equal(mkfifo("f", 0644), 0);
	d = opendir(".");
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, "f")) {
			assert_true(e->d_type == DT_FIFO ||
				    e->d_type == DT_UNKNOWN);
			seen = true;
		}
	assert_true(seen);
	closedir(d);
	unlink("f");
}

/* ---- opening ---- */

static void without_waiting(void **state)
{
	char bytes[8];
	struct stat st;
	int r, w;

	mkfifo("f", 0600);
	assert_fails(open("f", O_WRONLY | O_NONBLOCK), ENXIO);
	r = opened("f", O_RDONLY | O_NONBLOCK);
	assert_int_equal(read(r, bytes, 8), 0); /* nobody writes */
	w = opened("f", O_WRONLY | O_NONBLOCK | O_TRUNC | O_APPEND | O_CREAT);
	assert_fails(read(r, bytes, 8), EAGAIN);
	assert_int_equal(write(w, "abc", 3), 3);
	assert_int_equal(read(r, bytes, 8), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_fails(lseek(r, 0, SEEK_CUR), ESPIPE);
	assert_fails(ftruncate(w, 0), EINVAL);
	fstat(r, &st);
	assert_int_equal(st.st_mode, S_IFIFO | 0600);
	assert_int_equal(fchmod(w, 0640), 0);
	stat("f", &st);
	assert_int_equal(st.st_mode, S_IFIFO | 0640);
	assert_int_equal(fcntl(r, F_GETFL) & (O_ACCMODE | O_NONBLOCK),
		O_RDONLY | O_NONBLOCK);
	/* a description's own: the other end keeps its */
	fcntl(w, F_SETFL, 0);
	assert_int_equal(fcntl(r, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(write(w, "x", 1), 1);
	close(w);
	assert_int_equal(read(r, bytes, 8), 1);
	assert_int_equal(read(r, bytes, 8), 0);
	close(r);
	unlink("f");
}

static void both_ends_in_one(void **state)
{
	char bytes[8];
	int f, w;

	mkfifo("f", 0600);
	f = opened("f", O_RDWR);
	assert_int_equal(write(f, "abc", 3), 3);
	assert_int_equal(read(f, bytes, 8), 3);
	w = opened("f", O_WRONLY); /* does not wait: there is a reader */
	close(w);
	fcntl(f, F_SETFL, O_NONBLOCK);
	assert_fails(read(f, bytes, 8), EAGAIN);
	close(f);
	unlink("f");
}

/* The end is open until the last of its descriptors is closed. */
static void several_of_one_end(void **state)
{
	char bytes[8];
	int r, w, v;

	mkfifo("f", 0600);
	r = opened("f", O_RDONLY | O_NONBLOCK);
	w = opened("f", O_WRONLY);
	v = opened("f", O_WRONLY);
	close(w);
	assert_fails(read(r, bytes, 8), EAGAIN);
	assert_int_equal(write(v, "x", 1), 1);
	w = dup(v);
	close(v);
	assert_int_equal(read(r, bytes, 8), 1);
	assert_fails(read(r, bytes, 8), EAGAIN);
	close(w);
	assert_int_equal(read(r, bytes, 8), 0);
	close(r);
	unlink("f");
}

static void openers_wait_for_each_other(void **state)
{
	char bytes[8];
	pid_t child;
	int f;

	mkfifo("f", 0600);
	for (int round = 0; round < 20; round++) {
		child = fork();
		if (!child) {
			f = open("f", round & 1 ? O_WRONLY : O_RDONLY);
			if (f < 0)
				_exit(1);
			if (round & 1)
				_exit(write(f, "hello", 5) != 5);
			_exit(read(f, bytes, 8) != 5 || read(f, bytes, 8) != 0);
		}
		if (round & 2)
			usleep(10000);
		f = opened("f", round & 1 ? O_RDONLY : O_WRONLY);
		if (round & 1) {
			assert_int_equal(read(f, bytes, 8), 5);
			assert_int_equal(read(f, bytes, 8), 0);
		} else {
			assert_int_equal(write(f, "hello", 5), 5);
		}
		close(f);
		wait_for(child, 0);
	}
	/* what was left goes with the last one */
	f = opened("f", O_RDWR);
	assert_int_equal(write(f, "left", 4), 4);
	close(f);
	f = opened("f", O_RDONLY | O_NONBLOCK);
	assert_int_equal(read(f, bytes, 8), 0);
	close(f);
	unlink("f");
}

/* One that opens and is gone again wakes the other side all the same. */
static void short_visits(void **state)
{
	pid_t child;

	mkfifo("f", 0600);
	for (int i = 0; i < 20; i++) {
		child = fork();
		if (!child) {
			alarm(20);
			_exit(open("f", O_RDONLY) < 0);
		}
		close(opened("f", O_WRONLY));
		wait_for(child, 0);
	}
	unlink("f");
}

static void nothing(int signal)
{
}

static void opening_is_interrupted(void **state)
{
	struct sigaction a = { .sa_handler = nothing }, old;
	char bytes[4];
	int f;

	mkfifo("f", 0600);
	sigaction(SIGALRM, &a, &old);
	ualarm(50000, 0);
	assert_fails(open("f", O_RDONLY), EINTR);
	ualarm(50000, 0);
	assert_fails(open("f", O_WRONLY), EINTR);
	/* and left nothing */
	assert_fails(open("f", O_WRONLY | O_NONBLOCK), ENXIO);
	f = opened("f", O_RDONLY | O_NONBLOCK);
	assert_int_equal(read(f, bytes, 4), 0);
	close(f);
	sigaction(SIGALRM, &old, NULL);
	unlink("f");
}

static void openers_are_killed(void **state)
{
	char byte;
	pid_t child;
	int f;

	mkfifo("f", 0600);
	child = fork();
	if (!child)
		_exit(open("f", O_RDONLY));
	usleep(50000);
	kill(child, SIGKILL);
	wait_for(child, SIGKILL);
	assert_fails(open("f", O_WRONLY | O_NONBLOCK), ENXIO);
	/* the writer dies: the reader sees the end */
	child = fork();
	if (!child) {
		f = open("f", O_WRONLY);
		write(f, "x", 1);
		pause();
	}
	f = opened("f", O_RDONLY);
	assert_int_equal(read(f, &byte, 1), 1);
	kill(child, SIGKILL);
	assert_int_equal(read(f, &byte, 1), 0);
	wait_for(child, SIGKILL);
	close(f);
	unlink("f");
}

static void polled(void **state)
{
	struct pollfd p = { .events = POLLIN };
	struct pollfd o = { .events = POLLOUT };

	mkfifo("f", 0600);
	p.fd = opened("f", O_RDONLY | O_NONBLOCK);
	/* nobody has written yet: that is not the end */
	assert_int_equal(poll(&p, 1, 0), 0);
	o.fd = opened("f", O_WRONLY);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(poll(&o, 1, 0), 1);
	assert_int_equal(o.revents, POLLOUT);
	write(o.fd, "x", 1);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(p.revents, POLLIN);
	close(o.fd);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(p.revents, POLLIN | POLLHUP);
	close(p.fd);
	unlink("f");
}

/* The name goes, the fifo stays; another one of that name is another. */
static void unlinked_while_open(void **state)
{
	char bytes[8];
	int r, w, s;

	mkfifo("f", 0600);
	r = opened("f", O_RDONLY | O_NONBLOCK);
	w = opened("f", O_WRONLY);
	unlink("f");
	mkfifo("f", 0600);
	s = opened("f", O_RDONLY | O_NONBLOCK);
	assert_int_equal(write(w, "abc", 3), 3);
	assert_int_equal(read(s, bytes, 8), 0);
	assert_int_equal(read(r, bytes, 8), 3);
	assert_fails(open("f", O_WRONLY | O_NONBLOCK | O_EXCL | O_CREAT, 0600),
		EEXIST);
	close(r);
	close(s);
	close(w);
	unlink("f");
}

static void fork_and_exec(void **state)
{
	char bytes[16];
	pid_t child;
	int r, w, status;

	mkfifo("f", 0600);
	r = opened("f", O_RDONLY | O_NONBLOCK);
	w = opened("f", O_WRONLY);
	child = fork();
	if (!child) {
		close(r);
		dup2(w, 1);
		close(w);
		execl("/bin/sh", "sh", "-c", "echo one; echo two", (char *)0);
		_exit(1);
	}
	close(w);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(r, bytes, 16), 8);
	assert_memory_equal(bytes, "one\ntwo\n", 8);
	assert_int_equal(read(r, bytes, 16), 0);
	close(r);
	unlink("f");
}

static void in_the_shell(void **state)
{
	FILE *f;
	char line[64];

	assert_int_equal(system("mkfifo f && { cat f > out & } &&"
				"echo hello > f && wait && test -p f"),
		0);
	f = fopen("out", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_string_equal(line, "hello\n");
	fclose(f);
	unlink("f");
	unlink("out");
}

/* Writes of up to PIPE_BUF bytes are not mixed. */
static void many_writers(void **state)
{
	enum { WRITERS = 4, LINES = 500 };
	int count[WRITERS] = { 0 };
	char line[64];
	FILE *in;
	int f, who, n;

	mkfifo("f", 0600);
	for (int i = 0; i < WRITERS; i++)
		if (!fork()) {
			f = open("f", O_WRONLY);
			for (n = 0; n < LINES; n++) {
				int size = snprintf(line, sizeof line,
					"%d %d and some text\n", i, n);

				if (write(f, line, size) != size)
					_exit(1);
			}
			_exit(0);
		}
	/* some writer may come when all others are gone again */
	f = opened("f", O_RDWR);
	in = fdopen(f, "r+");
	assert_non_null(in);
	for (n = 0; n < WRITERS * LINES; n++) {
		int number;

		assert_non_null(fgets(line, sizeof line, in));
		assert_int_equal(
			sscanf(line, "%d %d and some text\n", &who, &number),
			2);
		assert_in_range(who, 0, WRITERS - 1);
		assert_int_equal(number, count[who]++);
	}
	for (int i = 0; i < WRITERS; i++)
		wait_for(-1, 0);
	fclose(in);
	unlink("f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_made),
		cmocka_unit_test(are_listed),
		cmocka_unit_test(without_waiting),
		cmocka_unit_test(both_ends_in_one),
		cmocka_unit_test(several_of_one_end),
		cmocka_unit_test(openers_wait_for_each_other),
		cmocka_unit_test(short_visits),
		cmocka_unit_test(opening_is_interrupted),
		cmocka_unit_test(openers_are_killed),
		cmocka_unit_test(polled),
		cmocka_unit_test(unlinked_while_open),
		cmocka_unit_test(fork_and_exec),
		cmocka_unit_test(in_the_shell),
		cmocka_unit_test(many_writers),
	};

	return cmocka_run_group_tests(tests, become_a_user, NULL);
}
