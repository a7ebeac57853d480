/* Files without a name: O_TMPFILE, memfd_create() and its seals, O_PATH;
 * exchanged names; handles; time of birth. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif

static int set_up(void **state)
{
	(void)state;
	return mkdir("folder", 0755);
}

static int tear_down(void **state)
{
	(void)state;
	return system("rm -rf folder");
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void a_file_without_a_name(void **state)
{
	struct stat st;
	char text[8] = "";
	int fd = open("folder", O_TMPFILE | O_RDWR, 0640), status;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(pread(fd, text, 5, 0), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(entries("folder"), 0);
	pid = fork();
	if (!pid)
		_exit(pwrite(fd, "J", 1, 0) != 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(pread(fd, text, 5, 0), 5);
	assert_string_equal(text, "Jello");
	assert_int_equal(rmdir("folder"), 0);
	close(fd);
	assert_int_equal(mkdir("folder", 0755), 0);
}

static void gets_a_name(void **state)
{
	struct stat st, named;
	char path[64], text[8] = "";
	int fd = open("folder", O_TMPFILE | O_RDWR, 0600);

	assert_int_equal(write(fd, "hello", 5), 5);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_int_equal(linkat(AT_FDCWD, path, AT_FDCWD, "folder/name",
				 AT_SYMLINK_FOLLOW),
		0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(stat("folder/name", &named), 0);
	assert_int_equal(named.st_ino, st.st_ino);
	assert_fails(linkat(AT_FDCWD, path, AT_FDCWD, "folder/name",
			     AT_SYMLINK_FOLLOW),
		EEXIST);
	close(fd);
	assert_int_equal(entries("folder"), 1);
	fd = open("folder/name", O_RDONLY);
	assert_int_equal(read(fd, text, 8), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	close(fd);
}

/* By its descriptor alone: man 2 linkat, AT_EMPTY_PATH. */
static void gets_a_name_by_itself(void **state)
{
	struct stat st, named;
	int fd = open("folder", O_TMPFILE | O_RDWR, 0600);
	int r = linkat(fd, "", AT_FDCWD, "folder/name", AT_EMPTY_PATH);

#ifndef __libposix__
	/* Linux asks for CAP_DAC_READ_SEARCH */
	if (r && errno == ENOENT && geteuid()) {
		close(fd);
		return;
	}
#endif
	assert_int_equal(r, 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(stat("folder/name", &named), 0);
	assert_int_equal(named.st_ino, st.st_ino);
	assert_fails(
		linkat(fd, "", AT_FDCWD, "folder/name", AT_EMPTY_PATH), EEXIST);
	assert_fails(linkat(fd, "", AT_FDCWD, "folder/x", 0), ENOENT);
	close(fd);
}

static void gets_none(void **state)
{
	char path[64];
	int fd = open("folder", O_TMPFILE | O_RDWR | O_EXCL, 0600);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_fails(linkat(AT_FDCWD, path, AT_FDCWD, "folder/name",
			     AT_SYMLINK_FOLLOW),
		ENOENT);
	close(fd);
	fd = open("folder/gone", O_CREAT | O_RDWR, 0600);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_int_equal(unlink("folder/gone"), 0);
	assert_fails(linkat(AT_FDCWD, path, AT_FDCWD, "folder/name",
			     AT_SYMLINK_FOLLOW),
		ENOENT);
	close(fd);
	assert_fails(open("folder", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	assert_fails(open("none", O_TMPFILE | O_RDWR, 0600), ENOENT);
	fd = open("folder/file", O_CREAT | O_RDWR, 0600);
	close(fd);
	assert_fails(open("folder/file", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
}

/* ---- memfd_create ---- */

static int seals(int fd)
{
	return fcntl(fd, F_GET_SEALS);
}

static void sealed_memory(void **state)
{
	struct stat st;
	int fd = memfd_create("x", MFD_ALLOW_SEALING), plain, status;
	char text[4];
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0777);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(seals(fd), 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_fails(ftruncate(fd, 101), EPERM);
	assert_fails(pwrite(fd, "abc", 3, 98), EPERM);
	assert_int_equal(pwrite(fd, "abc", 3, 97), 3);
	assert_int_equal(ftruncate(fd, 90), 0);
	assert_fails(fallocate(fd, 0, 0, 200), EPERM);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_fails(ftruncate(fd, 10), EPERM);
	assert_int_equal(ftruncate(fd, 90), 0);
	/* another process's seal is the file's */
	pid = fork();
	if (!pid)
		_exit(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(seals(fd), F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE);
	assert_fails(write(fd, "x", 1), EPERM);
	assert_fails(pwrite(fd, "x", 1, 0), EPERM);
	assert_int_equal(pread(fd, text, 4, 0), 4);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	assert_fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	assert_fails(fcntl(fd, F_ADD_SEALS, 1 << 20), EINVAL);
	close(fd);
	plain = memfd_create("x", 0);
	assert_int_equal(seals(plain), F_SEAL_SEAL);
	assert_fails(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	close(plain);
	plain = open("folder/file", O_CREAT | O_RDWR, 0600);
	assert_fails(fcntl(plain, F_GET_SEALS), EINVAL);
	assert_fails(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE), EINVAL);
	close(plain);
}

static void sealed_mappings(void **state)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);
	char *p;

	assert_int_equal(ftruncate(fd, 4096), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	p[0] = 'a';
	/* what is mapped stays so */
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
	p[1] = 'b';
	assert_ptr_equal(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		MAP_FAILED);
	assert_int_equal(errno, EPERM);
	assert_fails(write(fd, "x", 1), EPERM);
	assert_int_equal(munmap(p, 4096), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_memory_equal(p, "ab", 2);
	p[0] = 'z';
	assert_int_equal(munmap(p, 4096), 0);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_memory_equal(p, "ab", 2);
	assert_fails(mprotect(p, 4096, PROT_READ | PROT_WRITE), EACCES);
	assert_int_equal(munmap(p, 4096), 0);
	close(fd);
}

/* ---- O_PATH ---- */

static void a_path_alone(void **state)
{
	struct flock l = { .l_type = F_RDLCK };
	struct stat st;
	char text[16];
	int fd, again, folder;

	fd = open("folder/file", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "text", 4), 4);
	close(fd);
	assert_int_equal(chmod("folder/file", 0600), 0);
	fd = open("folder/file", O_PATH);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_true(fcntl(fd, F_GETFL) & O_PATH);
	assert_fails(read(fd, text, 4), EBADF);
	assert_fails(write(fd, text, 4), EBADF);
	assert_fails(lseek(fd, 0, SEEK_SET), EBADF);
	assert_fails(ftruncate(fd, 0), EBADF);
	/* musl's functions go by /proc/self/fd then */
	assert_fails(syscall(SYS_fchmod, fd, 0600), EBADF);
	assert_fails(syscall(SYS_fchown, fd, getuid(), getgid()), EBADF);
	assert_fails(fsync(fd), EBADF);
	assert_fails(fcntl(fd, F_SETFL, O_NONBLOCK), EBADF);
	assert_fails(fcntl(fd, F_GETLK, &l), EBADF);
	assert_fails(ioctl(fd, 0x541b, text), EBADF);
	assert_ptr_equal(
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EBADF);
	snprintf(text, sizeof text, "/dev/fd/%d", fd);
	again = open(text, O_RDONLY);
	assert_int_equal(read(again, text, sizeof text), 4);
	close(again);
	close(fd);
	assert_int_equal(symlink("file", "folder/link"), 0);
	fd = open("folder/link", O_PATH | O_NOFOLLOW);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(readlinkat(fd, "", text, sizeof text), 4);
	assert_memory_equal(text, "file", 4);
	close(fd);
	folder = open("folder", O_PATH | O_DIRECTORY);
	assert_int_equal(fstatat(folder, "file", &st, 0), 0);
	assert_int_equal(fstatat(folder, "", &st, AT_EMPTY_PATH), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_fails(syscall(SYS_getdents64, folder, text, sizeof text), EBADF);
	assert_int_equal(fchdir(folder), 0);
	assert_int_equal(access("file", F_OK), 0);
	assert_int_equal(chdir(".."), 0);
	close(folder);
	assert_fails(open("folder/none", O_PATH), ENOENT);
	assert_fails(open("folder/file", O_PATH | O_DIRECTORY), ENOTDIR);
}

/* ---- names ---- */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int exchange(const char *a, const char *b, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static void names_are_exchanged(void **state)
{
	struct stat a, b, now;
	char text[4] = "";
	int fd;

	put("folder/a", "a");
	put("folder/b", "b");
	stat("folder/a", &a);
	stat("folder/b", &b);
	fd = open("folder/a", O_RDONLY);
	assert_int_equal(exchange("folder/a", "folder/b", 2), 0);
	assert_int_equal(stat("folder/a", &now), 0);
	assert_int_equal(now.st_ino, b.st_ino);
	assert_int_equal(stat("folder/b", &now), 0);
	assert_int_equal(now.st_ino, a.st_ino);
	assert_int_equal(read(fd, text, 1), 1);
	assert_string_equal(text, "a");
	close(fd);
	assert_fails(exchange("folder/a", "folder/none", 2), ENOENT);
	assert_fails(exchange("folder/none", "folder/a", 2), ENOENT);
	assert_fails(exchange("folder/a", "folder/b", 3), EINVAL);
	/* a file and a folder that is not empty */
	assert_int_equal(mkdir("folder/d", 0755), 0);
	put("folder/d/x", "x");
	assert_int_equal(exchange("folder/a", "folder/d", 2), 0);
	assert_int_equal(access("folder/a/x", F_OK), 0);
	assert_int_equal(stat("folder/d", &now), 0);
	assert_int_equal(now.st_ino, b.st_ino);
	assert_fails(exchange("folder/a", "folder/a/x", 2), EINVAL);
	assert_int_equal(exchange("folder/b", "folder/b", 2), 0);
	assert_int_equal(entries("folder"), 3);
}

struct handle {
	unsigned bytes;
	int type;
	unsigned char bytes_of[128];
};

static void handles_tell_files_apart(void **state)
{
	struct handle a = { .bytes = 128 }, b = { .bytes = 128 }, c = b;
	int mount, other;

	put("folder/a", "a");
	put("folder/b", "b");
	assert_int_equal(link("folder/a", "folder/c"), 0);
	if (syscall(SYS_name_to_handle_at, AT_FDCWD, "folder/a", &a, &mount,
		    0)) {
		/* overlayfs has none */
		assert_int_equal(errno, EOPNOTSUPP);
		return;
	}
	assert_int_equal(syscall(SYS_name_to_handle_at, AT_FDCWD, "folder/b",
				 &b, &other, 0),
		0);
	assert_int_equal(mount, other);
	assert_int_equal(syscall(SYS_name_to_handle_at, AT_FDCWD, "folder/c",
				 &c, &other, 0),
		0);
	assert_int_equal(a.bytes, c.bytes);
	assert_memory_equal(a.bytes_of, c.bytes_of, a.bytes);
	assert_true(memcmp(a.bytes_of, b.bytes_of, a.bytes));
	a.bytes = 0;
	assert_fails(syscall(SYS_name_to_handle_at, AT_FDCWD, "folder/a", &a,
			     &mount, 0),
		EOVERFLOW);
	assert_int_equal(a.bytes, c.bytes);
	a.bytes = 1000;
	assert_fails(syscall(SYS_name_to_handle_at, AT_FDCWD, "folder/a", &a,
			     &mount, 0),
		EINVAL);
}

/* man 2 statx: the time of birth is at 80 */
static void birth(void **state)
{
	union {
		struct {
			uint32_t mask;
			char more[76];
			int64_t seconds;
			uint32_t ns;
		} x;
		char bytes[256];
	} u;
	time_t before = time(NULL);

	put("folder/a", "a");
	assert_int_equal(
		syscall(SYS_statx, AT_FDCWD, "folder/a", 0, 0xfff, &u), 0);
	assert_true(u.x.mask & 0x800);
	assert_true(u.x.seconds >= before - 2);
	assert_true(u.x.seconds <= time(NULL) + 2);
	assert_true(u.x.ns < 1000000000);
}

/* getdents(2), as it was before there were 64 bits */
static void old_listings(void **state)
{
	struct {
		unsigned long ino, off;
		unsigned short length;
		char name[];
	} * e;
	char buffer[1024] __attribute__((aligned(8)));
	int fd, found = 0;
	long n;

	put("folder/a", "a");
	assert_int_equal(mkdir("folder/longer name", 0755), 0);
	fd = open("folder", O_RDONLY);
	while ((n = syscall(SYS_getdents, fd, buffer, sizeof buffer)) > 0) {
		for (char *at = buffer; at < buffer + n; at += e->length) {
			e = (void *)at;
			if (!strcmp(e->name, "a"))
				found += 1;
			if (!strcmp(e->name, "longer name"))
				found += at[e->length - 1] == DT_DIR ? 10 : 100;
		}
	}
	assert_int_equal(n, 0);
	assert_int_equal(found, 11);
	close(fd);
}

static void modes_of_links(void **state)
{
	struct stat st;

	put("folder/a", "a");
	assert_int_equal(symlink("a", "folder/link"), 0);
	if (syscall(452, AT_FDCWD, "folder/a", 0640, 0) && errno == ENOSYS)
		skip(); /* Linux before 6.6 */
	assert_int_equal(stat("folder/a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_fails(syscall(452, AT_FDCWD, "folder/link", 0600,
			     AT_SYMLINK_NOFOLLOW),
		EOPNOTSUPP);
	assert_fails(syscall(452, AT_FDCWD, "folder/a", 0600, 1), EINVAL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_file_without_a_name),
		CASE(gets_a_name),
		CASE(gets_a_name_by_itself),
		CASE(gets_none),
		CASE(sealed_memory),
		CASE(sealed_mappings),
		CASE(a_path_alone),
		CASE(names_are_exchanged),
		CASE(handles_tell_files_apart),
		CASE(birth),
		CASE(old_listings),
		CASE(modes_of_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
