/* Every call on open files and names, its success and its errors. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static int make(const char *name, const char *text)
{
	int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_true(f >= 0);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	lseek(f, 0, SEEK_SET);
	return f;
}

static void check(const char *name, const char *text)
{
	char bytes[256];
	int f = open(name, O_RDONLY);

	assert_true(f >= 0);
	assert_int_equal(read(f, bytes, sizeof bytes), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
	close(f);
}

/* ---- open ---- */

static void open_flags(void **state)
{
	char c;
	int f = make("f", "abc");

	close(f);
	f = open("f", O_WRONLY | O_TRUNC);
	assert_int_equal(lseek(f, 0, SEEK_END), 0);
	write(f, "xyz", 3);
	close(f);
	f = open("f", O_RDONLY | O_CREAT, 0644);
	assert_int_equal(read(f, &c, 1), 1);
	assert_int_equal(c, 'x');
	close(f);
	f = open("f", O_RDONLY | O_TRUNC);
	assert_true(f >= 0);
	assert_int_equal(lseek(f, 0, SEEK_END), 0);
	close(f);
	assert_fails(open("f", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	assert_fails(open(".", O_RDWR), EISDIR);
	assert_fails(open(".", O_CREAT | O_WRONLY, 0644), EISDIR);
	assert_fails(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	f = open("f", O_RDWR | O_SYNC);
	assert_int_equal(write(f, "s", 1), 1);
	assert_int_equal(
		fcntl(f, F_GETFL) & (O_SYNC | O_ACCMODE), O_SYNC | O_RDWR);
	close(f);
	f = creat("f", 0644);
	assert_fails(read(f, &c, 1), EBADF);
	close(f);
	assert_int_equal(unlink("f"), 0);
}

static void a_read_only_file_is_written_by_its_maker(void **state)
{
	int f = open("r", O_RDWR | O_CREAT | O_EXCL, 0444);
	struct stat st;

	assert_true(f >= 0);
	assert_int_equal(write(f, "abc", 3), 3);
	assert_int_equal(fstat(f, &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	close(f);
	check("r", "abc");
	/* and removed and renamed whatever its mode: the folder counts */
	assert_int_equal(rename("r", "s"), 0);
	close(make("t", ""));
	assert_int_equal(rename("t", "s"), 0);
	assert_int_equal(chmod("s", 0444), 0);
	assert_int_equal(unlink("s"), 0);
}

/* ---- reading and writing ---- */

static void positions(void **state)
{
	int f = make("f", "0123456789");
	char c, bytes[16];

	assert_int_equal(lseek(f, 4, SEEK_SET), 4);
	assert_int_equal(read(f, &c, 1), 1);
	assert_int_equal(c, '4');
	assert_int_equal(lseek(f, -2, SEEK_CUR), 3);
	assert_int_equal(lseek(f, 5, SEEK_END), 15);
	assert_int_equal(read(f, &c, 1), 0);
	assert_int_equal(write(f, "X", 1), 1);
	assert_int_equal(pread(f, bytes, 16, 9), 7);
	assert_memory_equal(bytes, "9\0\0\0\0\0X", 7);
	assert_fails(lseek(f, -17, SEEK_END), EINVAL);
	assert_fails(lseek(f, -1, SEEK_SET), EINVAL);
	assert_fails(lseek(f, 0, 77), EINVAL);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 16);
	assert_int_equal(lseek(f, 3, SEEK_DATA), 3);
	assert_int_equal(lseek(f, 0, SEEK_HOLE), 16);
	assert_fails(lseek(f, 16, SEEK_DATA), ENXIO);
	assert_fails(lseek(-1, 0, SEEK_SET), EBADF);
	assert_fails(pread(f, bytes, 1, -1), EINVAL);
	assert_fails(pwrite(f, bytes, 1, -1), EINVAL);
	assert_int_equal(pwrite(f, "Y", 1, 0), 1);
	assert_int_equal(lseek(f, 0, SEEK_SET), 0);
	assert_int_equal(read(f, NULL, 0), 0);
	assert_int_equal(write(f, NULL, 0), 0);
	assert_int_equal(pread(f, bytes, 16, 0), 16);
	assert_memory_equal(bytes, "Y123456789\0\0\0\0\0X", 16);
	close(f);
}

static void what_is_no_file_has_no_position(void **state)
{
	int fds[2];
	char c;

	assert_int_equal(pipe(fds), 0);
	assert_fails(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	assert_fails(pread(fds[0], &c, 1, 0), ESPIPE);
	assert_fails(pwrite(fds[1], "x", 1, 0), ESPIPE);
	assert_fails(ftruncate(fds[1], 0), EINVAL);
	assert_fails(fsync(fds[1]), EINVAL);
	assert_fails(read(fds[1], &c, 1), EBADF);
	assert_fails(write(fds[0], "x", 1), EBADF);
	assert_int_equal(fallocate(fds[1], 0, 0, 1), -1);
	assert_int_equal(errno, ESPIPE);
	close(fds[0]);
	close(fds[1]);
	int d = open(".", O_RDONLY);

	assert_fails(read(d, &c, 1), EISDIR);
	assert_fails(write(d, "x", 1), EBADF);
	assert_fails(ftruncate(d, 0), EINVAL);
	assert_int_equal(fsync(d), 0);
	close(d);
}

static void vectors(void **state)
{
	static struct iovec many[1025];
	int f = make("f", "");
	char a[2], b[3], c[4];
	struct iovec out[] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	struct iovec in[] = { { a, 2 }, { b, 3 }, { c, 4 } };

	assert_int_equal(writev(f, out, 3), 5);
	assert_int_equal(writev(f, out, 0), 0);
	lseek(f, 0, SEEK_SET);
	assert_int_equal(readv(f, in, 3), 5);
	assert_memory_equal(a, "ab", 2);
	assert_memory_equal(b, "cde", 3);
	assert_int_equal(readv(f, in, 3), 0);
	assert_int_equal(pwritev(f, out, 3, 3), 5);
	assert_int_equal(preadv(f, in, 3, 4), 4);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 5);
	assert_fails(writev(f, out, -1), EINVAL);
	assert_fails(readv(f, many, 1025), EINVAL);
	assert_fails(preadv(f, in, 3, -1), EINVAL);
	many[0].iov_base = a;
	many[0].iov_len = -1; /* longer than SSIZE_MAX */
	many[1] = many[0];
	assert_fails(readv(f, many, 2), EINVAL);
	for (int i = 0; i < 1024; i++)
		many[i] = (struct iovec){ "z", 1 };
	lseek(f, 0, SEEK_SET);
	assert_int_equal(writev(f, many, 1024), 1024);
	assert_int_equal(lseek(f, 0, SEEK_END), 1024);
	close(f);
}

static void append(void **state)
{
	int f = make("f", "123"), a = open("f", O_RDWR | O_APPEND);
	char c;

	assert_int_equal(read(a, &c, 1), 1);
	assert_int_equal(c, '1');
	assert_int_equal(write(a, "4", 1), 1);
	assert_int_equal(lseek(a, 0, SEEK_CUR), 4);
	lseek(a, 0, SEEK_SET);
	assert_int_equal(write(a, "5", 1), 1);
	assert_int_equal(fcntl(a, F_SETFL, 0), 0);
	lseek(a, 0, SEEK_SET);
	assert_int_equal(write(a, "0", 1), 1);
	assert_int_equal(fcntl(a, F_SETFL, O_APPEND), 0);
	assert_int_equal(write(a, "6", 1), 1);
	/* Linux' bug, that programs know: man 2 pwrite, BUGS */
	assert_int_equal(pwrite(a, "7", 1, 0), 1);
	close(f);
	close(a);
	check("f", "0234567");
}

static void append_from_several_processes(void **state)
{
	enum { CHILDREN = 4, LINES = 1000, WIDTH = 64 };
	static char text[CHILDREN * LINES * WIDTH + 1];
	int seen[CHILDREN][LINES] = { 0 }, status, f;

	close(make("f", ""));
	for (int child = 0; child < CHILDREN; child++) {
		if (fork())
			continue;
		char line[WIDTH + 1];

		f = open("f", O_WRONLY | O_APPEND);
		for (int i = 0; i < LINES; i++) {
			snprintf(line, sizeof line, "%d %-61d\n", child, i);
			if (write(f, line, WIDTH) != WIDTH)
				_exit(1);
		}
		_exit(0);
	}
	for (int child = 0; child < CHILDREN; child++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	f = open("f", O_RDONLY);
	assert_int_equal(read(f, text, sizeof text), sizeof text - 1);
	for (char *p = text; *p; p += WIDTH) {
		int child, i;

		assert_int_equal(sscanf(p, "%d %d", &child, &i), 2);
		assert_int_equal(p[WIDTH - 1], '\n');
		assert_in_range(child, 0, CHILDREN - 1);
		assert_in_range(i, 0, LINES - 1);
		assert_int_equal(seen[child][i]++, 0);
	}
	close(f);
	unlink("f");
}

static void sizes(void **state)
{
	int f = make("f", "abcdef");
	struct stat st;

	assert_int_equal(ftruncate(f, 3), 0);
	assert_int_equal(truncate("f", 5), 0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(fallocate(f, 0, 0, 10000), 0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 10000);
	assert_int_equal(posix_fallocate(f, 0, 5), 0);
	fstat(f, &st);
	assert_int_equal(st.st_size, 10000);
	assert_int_equal(ftruncate(f, 5l << 30), 0);
	fstat(f, &st);
	assert_true(st.st_size == 5l << 30);
	assert_int_equal(pwrite(f, "end", 3, (5l << 30) - 3), 3);
	assert_int_equal(ftruncate(f, 0), 0);
	assert_fails(ftruncate(f, -1), EINVAL);
	assert_fails(truncate("f", -1), EINVAL);
	assert_fails(fallocate(f, 0, 0, 0), EINVAL);
	assert_int_equal(posix_fadvise(f, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	assert_int_equal(fsync(f), 0);
	assert_int_equal(fdatasync(f), 0);
	close(f);
	f = open("f", O_RDONLY);
	assert_fails(ftruncate(f, 0), EINVAL);
	assert_int_equal(fsync(f), 0);
	close(f);
	assert_fails(ftruncate(f, 0), EBADF);
	assert_fails(fsync(f), EBADF);
	assert_fails(truncate("none", 0), ENOENT);
	assert_fails(truncate(".", 0), EISDIR);
}

static void sendfile_to_files_and_pipes(void **state)
{
	int in = make("f", "0123456789"), out = make("g", ""), fds[2];
	off_t from = 8;
	char bytes[16];

	assert_int_equal(sendfile(out, in, &from, 100), 2);
	assert_int_equal(from, 10);
	assert_int_equal(lseek(in, 0, SEEK_CUR), 0);
	assert_int_equal(sendfile(out, in, NULL, 3), 3);
	assert_int_equal(lseek(in, 0, SEEK_CUR), 3);
	assert_int_equal(sendfile(out, in, &from, 1), 0);
	pipe(fds);
	assert_int_equal(sendfile(fds[1], in, NULL, 4), 4);
	assert_int_equal(read(fds[0], bytes, 16), 4);
	assert_memory_equal(bytes, "3456", 4);
	from = -1;
	assert_fails(sendfile(out, in, &from, 1), EINVAL);
	assert_fails(sendfile(-1, in, NULL, 1), EBADF);
	assert_fails(sendfile(out, -1, NULL, 1), EBADF);
	close(fds[0]);
	close(fds[1]);
	close(in);
	close(out);
	check("g", "89012");
}

/* ---- what a file is ---- */

/* struct statx, for which musl 1.2.3 has no name: man 2 statx */
struct extended {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	char rest[184];
};
#define BASIC 0x7ff

static int extended_stat(
	int at, const char *path, int flags, unsigned mask, struct extended *x)
{
	return syscall(332, at, path, flags, mask, x);
}

static void stat_family(void **state)
{
	struct stat a, b;
	struct extended x;
	int f = make("f", "12345");

	assert_int_equal(stat("f", &a), 0);
	assert_int_equal(fstat(f, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_dev, b.st_dev);
	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_mode & S_IFMT, S_IFREG);
	assert_int_equal(a.st_uid, geteuid());
	assert_int_equal(a.st_nlink, 1);
	assert_true(a.st_blksize >= 512);
	assert_true(labs(time(NULL) - a.st_mtime) < 100);
	assert_int_equal(extended_stat(AT_FDCWD, "f", 0, BASIC, &x), 0);
	assert_int_equal(x.size, 5);
	assert_int_equal(x.ino, a.st_ino);
	assert_int_equal(x.mode, a.st_mode);
	assert_int_equal(x.mask & BASIC, BASIC);
	assert_int_equal(extended_stat(f, "", AT_EMPTY_PATH, 0x200, &x), 0);
	assert_int_equal(x.size, 5);
	assert_fails(extended_stat(AT_FDCWD, "f", 0x40000, 0x200, &x), EINVAL);
	assert_fails(extended_stat(AT_FDCWD, "none", 0, 0x200, &x), ENOENT);
	close(f);
	assert_fails(fstat(f, &a), EBADF);
	assert_int_equal(stat(".", &a), 0);
	assert_int_equal(a.st_mode & S_IFMT, S_IFDIR);
	assert_int_equal(a.st_mode & 0700, 0700);
	assert_int_equal(stat("/dev/null", &a), 0);
	assert_true(S_ISCHR(a.st_mode));
	assert_int_equal(a.st_rdev, 1 << 8 | 3);
}

static void hard_links(void **state)
{
	struct stat st;
	int f = make("f", "x");

	unlink("g");
	assert_int_equal(link("f", "g"), 0);
	fstat(f, &st);
	assert_int_equal(st.st_nlink, 2);
	assert_fails(link("f", "g"), EEXIST);
	assert_fails(link("none", "h"), ENOENT);
	assert_fails(link(".", "h"), EPERM);
	/* links of one file: nothing happens, POSIX.1-2024 rename() */
	assert_int_equal(rename("f", "g"), 0);
	assert_int_equal(access("f", F_OK), 0);
	assert_int_equal(unlink("f"), 0);
	fstat(f, &st);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(unlink("g"), 0);
	fstat(f, &st);
	assert_int_equal(st.st_nlink, 0);
	close(f);
}

static void permissions(void **state)
{
	struct stat st;
	int f = make("f", "x");

	assert_int_equal(access("f", R_OK | W_OK), 0);
	assert_fails(access("f", X_OK), EACCES);
	assert_fails(access("f", 77), EINVAL);
	assert_int_equal(chmod("f", 0444), 0);
	stat("f", &st);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(fchmod(f, 0644), 0);
	fstat(f, &st);
	assert_int_equal(st.st_mode & 0200, 0200);
	assert_int_equal(chown("f", -1, -1), 0);
	assert_int_equal(fchown(f, getuid(), getgid()), 0);
	assert_int_equal(lchown("f", getuid(), -1), 0);
	assert_fails(fchmod(-1, 0644), EBADF);
	assert_fails(chmod("none", 0644), ENOENT);
	close(f);
	mode_t old = umask(077);

	assert_int_equal(umask(0777), 077);
	assert_int_equal(umask(old), 0777);
	/* a program is executable, and so is a folder */
	f = make("p", "#!/bin/sh\n");
	fchmod(f, 0755);
	close(f);
	assert_int_equal(access("p", X_OK), 0);
	assert_int_equal(access(".", X_OK), 0);
	/* also one that became a program after it was looked at */
	f = make("p", "no program");
	fchmod(f, 0755);
	fstat(f, &st);
	assert_int_equal(write(f, "#!", 2), 2);
	fstat(f, &st);
	assert_int_equal(st.st_mode & 0111, 0111);
	close(f);
	unlink("p");
}

static void times_are_set(void **state)
{
	struct timespec t[2] = { { 100, 500 }, { -200, 999999900 } };
	struct timeval v[2] = { { 1000, 7 }, { 2000, 8 } };
	struct utimbuf u = { 3000, 4000 };
	struct stat a, b;
	int f = make("f", "");

	assert_int_equal(futimens(f, t), 0);
	fstat(f, &a);
	assert_int_equal(a.st_atim.tv_sec, 100);
	assert_int_equal(a.st_atim.tv_nsec, 500);
	assert_int_equal(a.st_mtim.tv_sec, -200);
	assert_int_equal(a.st_mtim.tv_nsec, 999999900);
	t[0].tv_nsec = UTIME_OMIT;
	t[1].tv_nsec = UTIME_NOW;
	assert_int_equal(utimensat(AT_FDCWD, "f", t, 0), 0);
	stat("f", &b);
	assert_int_equal(b.st_atim.tv_sec, 100);
	assert_true(labs(time(NULL) - b.st_mtime) < 100);
	t[0].tv_nsec = t[1].tv_nsec = UTIME_OMIT;
	assert_int_equal(utimensat(AT_FDCWD, "f", t, 0), 0);
	t[0].tv_nsec = 1000000000;
	assert_fails(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	assert_int_equal(utimes("f", v), 0);
	stat("f", &a);
	assert_int_equal(a.st_mtim.tv_sec, 2000);
	assert_int_equal(a.st_mtim.tv_nsec, 8000);
	assert_int_equal(utime("f", &u), 0);
	stat("f", &a);
	assert_int_equal(a.st_atime, 3000);
	assert_int_equal(a.st_mtime, 4000);
	assert_int_equal(utimensat(AT_FDCWD, "f", NULL, 0), 0);
	stat("f", &a);
	assert_true(labs(time(NULL) - a.st_atime) < 100);
	assert_fails(utimensat(AT_FDCWD, "none", NULL, 0), ENOENT);
	/* a folder's, and without a descriptor that writes */
	t[0] = t[1] = (struct timespec){ 5000, 0 };
	mkdir("d", 0755);
	assert_int_equal(utimensat(AT_FDCWD, "d", t, 0), 0);
	stat("d", &a);
	assert_int_equal(a.st_mtime, 5000);
	int d = open("d", O_RDONLY);

	t[1].tv_sec = 6000;
	assert_int_equal(futimens(d, t), 0);
	fstat(d, &a);
	assert_int_equal(a.st_mtime, 6000);
	close(d);
	rmdir("d");
	/* writing changes the time */
	t[0] = t[1] = (struct timespec){ 5000, 0 };
	futimens(f, t);
	write(f, "x", 1);
	fstat(f, &a);
	assert_true(labs(time(NULL) - a.st_mtime) < 100);
	close(f);
}

/* cp -p and touch -h: a link has times of its own */
static void times_of_links(void **state)
{
	struct timespec t[2] = { { 5000, 0 }, { 6000, 500 } };
	struct stat link, target;

	close(make("f", ""));
	unlink("l");
	assert_int_equal(symlink("f", "l"), 0);
	assert_int_equal(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(lstat("l", &link), 0);
	assert_int_equal(link.st_mtim.tv_sec, 6000);
	assert_int_equal(link.st_mtim.tv_nsec, 500);
	assert_true(S_ISLNK(link.st_mode));
	assert_int_equal(stat("l", &target), 0);
	assert_true(target.st_mtime > 6000);
	t[1].tv_sec = 7000;
	assert_int_equal(utimensat(AT_FDCWD, "l", t, 0), 0);
	assert_int_equal(stat("f", &target), 0);
	assert_int_equal(target.st_mtime, 7000);
	assert_int_equal(lstat("l", &link), 0);
	assert_int_equal(link.st_mtime, 6000);
	assert_int_equal(lchown("l", getuid(), getgid()), 0);
	unlink("l");
	unlink("f");
}

/* What a disk cannot keep becomes what is nearest to it. */
static void times_far_away(void **state)
{
	static const time_t years[] = { 4294967296, 10000000000, 1000000000000,
		4000000000000000000 };
	struct stat st;
	time_t before = 0;
	int f = make("f", "");

	for (int i = 0; i < 4; i++) {
		struct timespec t[2] = { { years[i], 5 }, { years[i], 5 } };

		assert_int_equal(futimens(f, t), 0);
		assert_int_equal(fstat(f, &st), 0);
		assert_true(st.st_mtime >= before && st.st_mtime > 2147483647);
		before = st.st_mtime;
	}
	close(f);
	unlink("f");
}

/* POSIX.1-2024 4.16, Pathname Resolution: a slash at the end means a folder */
static void a_slash_behind_a_file(void **state)
{
	struct stat st;
	struct statfs fs;
	char bytes[8];

	close(make("f", ""));
	unlink("l");
	assert_int_equal(symlink("f", "l"), 0);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "l/" : "f/";

		assert_fails(stat(name, &st), ENOTDIR);
		assert_fails(lstat(name, &st), ENOTDIR);
		assert_fails(access(name, F_OK), ENOTDIR);
		assert_fails(open(name, O_RDONLY), ENOTDIR);
		assert_fails(chmod(name, 0644), ENOTDIR);
		assert_fails(chown(name, -1, -1), ENOTDIR);
		assert_fails(utimensat(AT_FDCWD, name, NULL, 0), ENOTDIR);
		assert_fails(
			utimensat(AT_FDCWD, name, NULL, AT_SYMLINK_NOFOLLOW),
			ENOTDIR);
		assert_fails(statfs(name, &fs), ENOTDIR);
		assert_fails(truncate(name, 0), ENOTDIR);
		assert_fails(unlink(name), ENOTDIR);
		assert_fails(rmdir(name), ENOTDIR);
		assert_fails(link(name, "x"), ENOTDIR);
		assert_fails(rename(name, "x"), ENOTDIR);
		assert_fails(chdir(name), ENOTDIR);
		assert_fails(readlink(name, bytes, sizeof bytes), ENOTDIR);
	}
	assert_fails(chmod("none/", 0644), ENOENT);
	unlink("l");
	assert_int_equal(symlink("none", "l"), 0);
	assert_fails(statfs("l", &fs), ENOENT);
	unlink("l");
	unlink("f");
}

/* "." or ".." at the end is a folder that is there; nothing makes one */
static void dots_at_the_end(void **state)
{
	static const char *const missing[] = { "N/.", "N/./", "N/..", "N/" };
	struct stat st;

	close(make("f", ""));
	assert_int_equal(mkdir("d", 0755), 0);
	for (int i = 0; i < 4; i++) {
		if (i < 3)
			assert_fails(mkdir(missing[i], 0755), ENOENT);
		assert_fails(rmdir(missing[i]), ENOENT);
		assert_fails(unlink(missing[i]), ENOENT);
		assert_fails(rename(missing[i], "X"), ENOENT);
		assert_fails(rename("f", missing[i]), i < 3 ? ENOENT : ENOTDIR);
		assert_fails(link("f", missing[i]), ENOENT);
		assert_fails(symlink("f", missing[i]), ENOENT);
		assert_fails(open(missing[i], O_RDONLY), ENOENT);
		assert_fails(stat("N", &st), ENOENT);
	}
	assert_fails(mkdir("d/.", 0755), EEXIST);
	assert_fails(mkdir("d/..", 0755), EEXIST);
	assert_fails(mkdir(".", 0755), EEXIST);
	assert_fails(mkdir("/", 0755), EEXIST);
	assert_fails(mkdir("f/.", 0755), ENOTDIR);
	assert_fails(rmdir("d/."), EINVAL);
	assert_fails(rmdir("d/.."), ENOTEMPTY);
	assert_fails(rmdir("f/."), ENOTDIR);
	assert_fails(rmdir("f/.."), ENOTDIR);
	assert_fails(rename("d/.", "X"), EBUSY);
	assert_fails(rename("d", "d/.."), EBUSY);
	assert_fails(rename("d/.", "N/."), ENOENT);
	assert_fails(link("f", "d/."), EEXIST);
	assert_fails(symlink("f", "d/.."), EEXIST);
	rmdir("d");
	unlink("f");
}

static void volumes(void **state)
{
	struct statfs s;
	struct statvfs v;
	int f = make("f", "");

	assert_int_equal(statfs(".", &s), 0);
	assert_true(s.f_bsize > 0 && s.f_blocks > 0);
	assert_true(s.f_bavail <= s.f_blocks);
	assert_int_equal(s.f_namelen, 255);
	assert_int_equal(fstatfs(f, &s), 0);
	assert_int_equal(statvfs("/", &v), 0);
	assert_int_equal(v.f_namemax, 255);
	assert_fails(statfs("none", &s), ENOENT);
	close(f);
	assert_fails(fstatfs(f, &s), EBADF);
	assert_int_equal(fpathconf(0, _PC_PIPE_BUF), 4096);
}

/* ---- names while open ---- */

static void unlinked_files_live_on(void **state)
{
	int f, g;
	char bytes[8];
	struct stat st;

	f = make("f", "one");
	assert_int_equal(unlink("f"), 0);
	assert_fails(unlink("f"), ENOENT);
	assert_fails(stat("f", &st), ENOENT);
	g = make("f", "two");
	assert_int_equal(unlink("f"), 0);
	close(make("f", "three"));
	assert_int_equal(pread(f, bytes, 8, 0), 3);
	assert_memory_equal(bytes, "one", 3);
	assert_int_equal(pread(g, bytes, 8, 0), 3);
	assert_memory_equal(bytes, "two", 3);
	assert_int_equal(pwrite(g, "TWO!", 4, 0), 4);
	assert_int_equal(fstat(g, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(ftruncate(g, 1), 0);
	assert_int_equal(fchmod(g, 0600), 0);
	close(f);
	close(g);
	check("f", "three");
	assert_int_equal(unlink("f"), 0);
}

static void renamed_over_while_open(void **state)
{
	int old = make("f", "old"), new = make("g", "new"), again;
	char bytes[8];

	assert_int_equal(rename("g", "f"), 0);
	check("f", "new");
	assert_int_equal(pread(old, bytes, 8, 0), 3);
	assert_memory_equal(bytes, "old", 3);
	assert_int_equal(pwrite(new, "NEW!", 4, 0), 4);
	check("f", "NEW!");
	/* made anew under a name that an open file had */
	again = make("g", "again");
	close(new);
	close(old);
	check("f", "NEW!");
	close(again);
	check("g", "again");
	unlink("f");
	unlink("g");
}

/* What editors and installers do, often and with readers. */
static void replaced_many_times(void **state)
{
	int readers[50];
	char text[32], bytes[32];

	for (int i = 0; i < 50; i++) {
		snprintf(text, sizeof text, "version %d", i);
		close(make("f.new", text));
		assert_int_equal(rename("f.new", "f"), 0);
		readers[i] = open("f", O_RDONLY);
	}
	for (int i = 0; i < 50; i++) {
		int n = snprintf(text, sizeof text, "version %d", i);

		assert_int_equal(read(readers[i], bytes, 32), n);
		assert_memory_equal(bytes, text, n);
		close(readers[i]);
	}
	check("f", "version 49");
	unlink("f");
}

static void a_folder_of_removed_files_is_empty(void **state)
{
	struct dirent *e;
	char bytes[8];
	int f, n = 0;
	DIR *d;

	mkdir("d", 0755);
	f = make("d/f", "alive");
	assert_fails(rmdir("d"), ENOTEMPTY);
	assert_int_equal(unlink("d/f"), 0);
	d = opendir("d");
	while ((e = readdir(d)))
		n++;
	closedir(d);
	assert_int_equal(n, 2);
	assert_int_equal(rmdir("d"), 0);
	assert_fails(open("d", O_RDONLY), ENOENT);
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(read(f, bytes, 8), 5);
	assert_memory_equal(bytes, "alive", 5);
	close(f);
	assert_int_equal(rmdir("d"), 0);
}

static void an_open_folder_can_be_removed(void **state)
{
	int d;
	struct stat st;

	mkdir("d", 0755);
	d = open("d", O_RDONLY);
	assert_int_equal(rmdir("d"), 0);
	assert_fails(stat("d", &st), ENOENT);
	assert_fails(openat(d, "x", O_CREAT | O_WRONLY, 0644), ENOENT);
	assert_int_equal(mkdir("d", 0755), 0);
	close(make("d/x", ""));
	close(d);
	assert_int_equal(unlink("d/x"), 0);
	assert_int_equal(rmdir("d"), 0);
}

static void renaming_folders(void **state)
{
	int f;
	struct stat st;

	mkdir("a", 0755);
	mkdir("a/b", 0755);
	f = make("a/b/f", "x");
	assert_int_equal(rename("a", "c"), 0);
	check("c/b/f", "x");
	assert_fails(stat("a", &st), ENOENT);
	assert_fails(rename("c", "c/b/d"), EINVAL);
	assert_fails(rename("c/b", "c"), ENOTEMPTY);
	assert_int_equal(rename("c", "c"), 0);
	mkdir("a", 0755);
	assert_fails(rename("a", "c"), ENOTEMPTY);
	assert_int_equal(rename("c", "a"), 0);
	mkdir("e", 0755);
	assert_fails(rename("a/b/f", "e"), EISDIR);
	rmdir("e");
	close(make("g", ""));
	assert_fails(rename("a", "g"), ENOTDIR);
	assert_fails(
		syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "a/b/f", 1),
		EEXIST);
	assert_int_equal(
		syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "h", 1), 0);
	assert_fails(
		syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "g", 0x100),
		EINVAL);
	close(f);
	unlink("h");
	unlink("a/b/f");
	rmdir("a/b");
	assert_int_equal(rmdir("a"), 0);
}

/* ---- devices ---- */

static void devices(void **state)
{
	char bytes[64];
	struct stat st;
	int f, fds[2];

	assert_fails(mkdir("/dev", 0755), EEXIST);
	assert_fails(mkdir("/dev/null", 0755), EEXIST);
	f = open("/dev/null", O_RDWR);
	assert_int_equal(write(f, "x", 1), 1);
	assert_int_equal(read(f, bytes, 64), 0);
	assert_int_equal(lseek(f, 10, SEEK_SET), 0);
	close(f);
	f = open("/dev/null", O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_true(f >= 0);
	close(f);
	f = open("/dev/zero", O_RDWR);
	memset(bytes, 1, 64);
	assert_int_equal(read(f, bytes, 64), 64);
	assert_int_equal(bytes[0] | bytes[63], 0);
	assert_int_equal(write(f, "x", 1), 1);
	close(f);
	f = open("/dev/full", O_RDWR);
	assert_int_equal(read(f, bytes, 64), 64);
	assert_fails(write(f, "x", 1), ENOSPC);
	close(f);
	f = open("/dev/urandom", O_RDONLY);
	assert_int_equal(read(f, bytes, 64), 64);
	close(f);
	f = open("/dev/random", O_RDONLY);
	assert_true(read(f, bytes, 64) > 0);
	close(f);
	pipe(fds);
	snprintf(bytes, sizeof bytes, "/dev/fd/%d", fds[0]);
	f = open(bytes, O_RDONLY);
	assert_true(f >= 0);
	write(fds[1], "y", 1);
	assert_int_equal(read(f, bytes, 64), 1);
	close(f);
	dup2(fds[0], 0);
	f = open("/dev/stdin", O_RDONLY);
	write(fds[1], "z", 1);
	assert_int_equal(read(f, bytes, 64), 1);
	assert_int_equal(bytes[0], 'z');
	assert_int_equal(stat("/dev/stdin", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(lstat("/dev/stdin", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	close(f);
	close(fds[0]);
	close(fds[1]);
	assert_fails(open("/dev/fd/999", O_RDONLY), ENOENT);
	assert_fails(open("/dev/none", O_RDONLY), ENOENT);
	assert_fails(open("/dev/null/x", O_RDONLY), ENOTDIR);
	assert_fails(open("/dev/none/x", O_RDWR | O_CREAT, 0600), ENOENT);
	assert_fails(open("/dev/null/x", O_RDWR | O_CREAT, 0600), ENOTDIR);
	assert_fails(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_flags),
		cmocka_unit_test(a_read_only_file_is_written_by_its_maker),
		cmocka_unit_test(positions),
		cmocka_unit_test(what_is_no_file_has_no_position),
		cmocka_unit_test(vectors),
		cmocka_unit_test(append),
		cmocka_unit_test(append_from_several_processes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(sendfile_to_files_and_pipes),
		cmocka_unit_test(stat_family),
		cmocka_unit_test(hard_links),
		cmocka_unit_test(permissions),
		cmocka_unit_test(times_are_set),
		cmocka_unit_test(times_of_links),
		cmocka_unit_test(times_far_away),
		cmocka_unit_test(a_slash_behind_a_file),
		cmocka_unit_test(dots_at_the_end),
		cmocka_unit_test(volumes),
		cmocka_unit_test(unlinked_files_live_on),
		cmocka_unit_test(renamed_over_while_open),
		cmocka_unit_test(replaced_many_times),
		cmocka_unit_test(a_folder_of_removed_files_is_empty),
		cmocka_unit_test(an_open_folder_can_be_removed),
		cmocka_unit_test(renaming_folders),
		cmocka_unit_test(devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
