/* What crosses the gate is laid out as Linux lays it out: the same numbers
 * (a macro that is defined twice, differently, does not compile), and structs
 * that the kernel itself has filled. */
#include "test.h"

#include <asm/errno.h>
#include <asm/stat.h>

#include "abi/errno.h"
#include "abi/kernel.h"

#include <linux/fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

/* unistd.h's, whose struct stat would be the C library's */
long syscall(long number, ...);

static char folder[] = "/tmp/abi-XXXXXX";

#define SAME(ours, theirs) \
	do { \
		assert_int_equal(offsetof(struct kstat, ours), \
			offsetof(struct stat, theirs)); \
		assert_int_equal(sizeof(((struct kstat *)0)->ours), \
			sizeof(((struct stat *)0)->theirs)); \
	} while (0)

static void stat_is_the_kernels(void **state)
{
	assert_int_equal(sizeof(struct kstat), sizeof(struct stat));
	SAME(dev, st_dev);
	SAME(ino, st_ino);
	SAME(nlink, st_nlink);
	SAME(mode, st_mode);
	SAME(uid, st_uid);
	SAME(gid, st_gid);
	SAME(rdev, st_rdev);
	SAME(size, st_size);
	SAME(blksize, st_blksize);
	SAME(blocks, st_blocks);
	SAME(atime, st_atime);
	SAME(atime_nsec, st_atime_nsec);
	SAME(mtime, st_mtime);
	SAME(mtime_nsec, st_mtime_nsec);
	SAME(ctime, st_ctime);
	SAME(ctime_nsec, st_ctime_nsec);
}

static void a_folder_is_listed_in_dirents(void **state)
{
	char name[64], buffer[4096] __attribute__((aligned(8)));
	struct k_dirent64 *e;
	struct kstat st;
	bool found = false;
	long n, fd;

	snprintf(name, sizeof name, "%s/a-name", folder);
	fd = syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_write, fd, "12345", 5), 5);
	assert_int_equal(syscall(SYS_fstat, fd, &st), 0);
	syscall(SYS_close, fd);
	assert_int_equal(st.size, 5);
	assert_int_equal(st.mode, 0100600);
	fd = syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY);
	n = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
	assert_true(n > 0);
	for (long at = 0; at < n; at += e->reclen) {
		e = (struct k_dirent64 *)(buffer + at);
		if (strcmp(e->name, "a-name"))
			continue;
		found = true;
		assert_int_equal(e->ino, st.ino);
		assert_int_equal(e->type, 8); /* DT_REG */
		assert_true(e->reclen >= offsetof(struct k_dirent64, name) + 7);
	}
	assert_true(found);
	syscall(SYS_close, fd);
	syscall(SYS_unlink, name);
	syscall(SYS_rmdir, folder);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void an_action_comes_back_as_it_was_set(void **state)
{
	struct k_sigaction in = { on_signal, 0x04000000 | 0x10000000,
		(void (*)(void))on_signal, 1ul << 11 };
	struct k_sigaction out, none = { 0 };

	assert_int_equal(syscall(SYS_rt_sigaction, 10, &in, &none, 8), 0);
	assert_int_equal(syscall(SYS_rt_sigaction, 10, NULL, &out, 8), 0);
	assert_ptr_equal(out.handler, in.handler);
	assert_int_equal(out.flags, in.flags);
	assert_ptr_equal(out.restorer, in.restorer);
	assert_int_equal(out.mask, in.mask);
	syscall(SYS_rt_sigaction, 10, &none, NULL, 8);
}

/* Linux does not show them to programs, so no other number may be theirs. */
static void restarts_are_no_errors_of_linux(void **state)
{
	assert_true(ERESTARTSYS > EHWPOISON && ERESTARTSYS < 4096);
	assert_true(ERESTARTNOHAND > EHWPOISON && ERESTARTNOHAND < 4096);
	assert_int_not_equal(ERESTARTSYS, ERESTARTNOHAND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_is_the_kernels),
		cmocka_unit_test(a_folder_is_listed_in_dirents),
		cmocka_unit_test(an_action_comes_back_as_it_was_set),
		cmocka_unit_test(restarts_are_no_errors_of_linux),
	};

	if (!mkdtemp(folder))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
