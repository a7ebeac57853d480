/* What a program learns of machine and user. */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mntent.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void the_user_has_a_name(void **state)
{
	struct passwd *p = getpwuid(getuid()), entry;
	char name[256], bytes[1024];

	assert_non_null(p);
	assert_true(strlen(p->pw_name) > 0);
	assert_int_equal(p->pw_dir[0], '/');
	assert_int_equal(p->pw_shell[0], '/');
	snprintf(name, sizeof name, "%s", p->pw_name);
	p = getpwnam(name);
	assert_non_null(p);
	assert_int_equal(p->pw_uid, getuid());
	assert_null(getpwnam("nobody of that name"));
	/* not an error, but an answer */
	assert_int_equal(getpwnam_r("nobody of that name", &entry, bytes,
				 sizeof bytes, &p),
		0);
	assert_null(p);
	assert_int_equal(getpwuid_r(54321, &entry, bytes, sizeof bytes, &p), 0);
	assert_null(p);
}

static void the_group_has_a_name(void **state)
{
	struct group *g = getgrgid(getgid());
	char name[256];

	assert_non_null(g);
	snprintf(name, sizeof name, "%s", g->gr_name);
	g = getgrnam(name);
	assert_non_null(g);
	assert_int_equal(g->gr_gid, getgid());
}

/* what id and every program that changes its user ask */
static void groups_of_a_user(void **state)
{
	struct passwd *p = getpwuid(getuid());
	gid_t groups[64];
	int count = 64;

	assert_non_null(p);
	assert_true(getgrouplist(p->pw_name, p->pw_gid, groups, &count) >= 1);
	assert_int_equal(groups[0], p->pw_gid);
	count = 64;
	assert_int_equal(
		getgrouplist("nobody of that name", 54321, groups, &count), 1);
	assert_int_equal(groups[0], 54321);
}

/* How df finds file systems: man 3 getmntent. */
static void mounts_are_listed(void **state)
{
	struct mntent *m;
	struct statvfs v;
	bool root = false, proc = false;
	FILE *f = setmntent(MOUNTED, "r");

	assert_non_null(f);
	while ((m = getmntent(f))) {
		root |= !strcmp(m->mnt_dir, "/");
		proc |= !strcmp(m->mnt_dir, "/proc") &&
			!strcmp(m->mnt_type, "proc");
		if (!strcmp(m->mnt_dir, "/"))
			assert_int_equal(statvfs(m->mnt_dir, &v), 0);
	}
	endmntent(f);
	assert_true(root);
	assert_true(proc);
}

static void passwd_is_a_file(void **state)
{
	struct stat st, open_st;
	char line[1024], again[1024];
	int f = open("/etc/passwd", O_RDONLY), status;
	pid_t child;

	assert_true(f >= 0);
	assert_int_equal(stat("/etc/passwd", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_true(st.st_size > 0);
	assert_int_equal(fstat(f, &open_st), 0);
	assert_int_equal(open_st.st_ino, st.st_ino);
	assert_int_equal(open_st.st_dev, st.st_dev);
	assert_int_equal(access("/etc/passwd", R_OK), 0);
	assert_int_equal(read(f, line, 5), 5);
	assert_int_equal(lseek(f, 0, SEEK_CUR), 5);
	assert_int_equal(pread(f, again, 5, 0), 5);
	assert_memory_equal(line, again, 5);
	assert_int_equal(lseek(f, 0, SEEK_END), st.st_size);
	assert_int_equal(read(f, line, 5), 0);
	assert_fails(open("/etc/passwd", O_RDONLY | O_DIRECTORY), ENOTDIR);
	assert_fails(open("/etc/passwd/x", O_RDONLY), ENOTDIR);
	assert_fails(stat("/etc/passwd/", &st), ENOTDIR);
	assert_fails(readlink("/etc/passwd", line, 10), EINVAL);
	/* an open one goes along with fork */
	lseek(f, 1, SEEK_SET);
	child = fork();
	if (!child)
		_exit(read(f, line, 4) != 4 || memcmp(line, again + 1, 4));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(f);
}

static void uname_is_filled(void **state)
{
	struct utsname u;
	char host[256];

	assert_int_equal(uname(&u), 0);
#ifdef __libposix__
	assert_string_equal(u.sysname, "libposix");
#else
	assert_string_equal(u.sysname, "Linux");
#endif
	assert_string_equal(u.machine, "x86_64");
	assert_int_equal(gethostname(host, sizeof host), 0);
	assert_string_equal(host, u.nodename);
	assert_true(strlen(host) > 0);
}

static void sizes_and_limits(void **state)
{
	struct sysinfo s;
	long files = sysconf(_SC_OPEN_MAX);

	assert_int_equal(sysconf(_SC_PAGESIZE), 4096);
	assert_int_equal(sysconf(_SC_CLK_TCK), 100);
	assert_true(files >= 1024);
	assert_true(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	assert_true(sysconf(_SC_NPROCESSORS_CONF) >= 1);
	assert_true(sysconf(_SC_PHYS_PAGES) > 1000);
	assert_true(sysconf(_SC_AVPHYS_PAGES) > 0);
	assert_true(sysconf(_SC_ARG_MAX) >= 131072);
	assert_int_equal(pathconf("/", _PC_NAME_MAX), 255);
	assert_int_equal(pathconf("/", _PC_PATH_MAX), 4096);
	assert_int_equal(sysinfo(&s), 0);
	assert_true(s.totalram * s.mem_unit > 1000000);
	assert_true(s.freeram <= s.totalram);
	assert_true(s.procs >= 1);
	assert_true(s.uptime > 0);
}

static void affinity(void **state)
{
	cpu_set_t set, all;

	CPU_ZERO(&set);
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	assert_true(CPU_COUNT(&set) >= 1);
	assert_int_equal(CPU_COUNT(&set), sysconf(_SC_NPROCESSORS_ONLN));
	assert_int_equal(sched_setaffinity(0, sizeof set, &set), 0);
	CPU_ZERO(&all);
	assert_fails(sched_setaffinity(0, sizeof all, &all), EINVAL);
	assert_fails(sched_getaffinity(99999999, sizeof set, &set), ESRCH);
}

static void randomness(void **state)
{
	unsigned char a[300] = { 0 }, b[300] = { 0 };

	assert_int_equal(getrandom(a, sizeof a, 0), sizeof a);
	assert_int_equal(getrandom(b, sizeof b, GRND_NONBLOCK), sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_memory_not_equal(a + 280, b + 280, 20);
	assert_fails(getrandom(a, 1, 0x100), EINVAL);
	assert_int_equal(getrandom(a, 0, 0), 0);
	assert_int_equal(getentropy(a, 256), 0);
	assert_fails(getentropy(a, 257), EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_user_has_a_name),
		cmocka_unit_test(the_group_has_a_name),
		cmocka_unit_test(groups_of_a_user),
		cmocka_unit_test(mounts_are_listed),
		cmocka_unit_test(passwd_is_a_file),
		cmocka_unit_test(uname_is_filled),
		cmocka_unit_test(sizes_and_limits),
		cmocka_unit_test(affinity),
		cmocka_unit_test(randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
