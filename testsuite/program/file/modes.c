/* Modes: all of them are kept, and they let and forbid what POSIX says.
 * timeout: 120 */
#include "test.h"
#include "user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *name, const char *text, mode_t mode)
{
	int f = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(f >= 0);
	assert_int_equal(write(f, text, strlen(text)), strlen(text));
	close(f);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static int run(const char *name)
{
	int status;
	pid_t child = fork();

	if (!child) {
		execl(name, name, (char *)0);
		_exit(100 + (errno == EACCES) + 2 * (errno == ENOEXEC));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A file and a folder have each of the 4,096, by name and by descriptor. */
static void all_are_kept(void **state)
{
	struct stat st;
	int f, d;

	put("f", "text", 0600);
	f = open("f", O_RDWR);
	assert_int_equal(mkdir("d", 0700), 0);
	d = open("d", O_RDONLY | O_DIRECTORY);
	for (mode_t m = 0; m < 010000; m++) {
		assert_int_equal(m & 1 ? chmod("f", m) : fchmod(f, m), 0);
		assert_int_equal(mode_of("f"), m);
		fstat(f, &st);
		assert_int_equal(st.st_mode, S_IFREG | m);
		assert_int_equal(m & 1 ? chmod("d", m) : fchmod(d, m), 0);
		assert_int_equal(mode_of("d"), m);
		fstat(d, &st);
		assert_int_equal(st.st_mode, S_IFDIR | m);
	}
	close(f);
	close(d);
	assert_int_equal(unlink("f"), 0);
	assert_int_equal(chmod("d", 0700), 0);
	assert_int_equal(rmdir("d"), 0);
}

/* POSIX.1-2024 open(), mkdir(): the mode but for the mask. */
static void given_at_creation(void **state)
{
	static const mode_t masks[] = { 0, 022, 002, 077, 0777 }, modes[] = { 0,
		0444, 0600, 0644, 0666, 0700, 0755, 0777, 01777 };
	mode_t before = umask(0);
	char name[32];

	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
		for (size_t j = 0; j < sizeof modes / sizeof *modes; j++) {
			umask(masks[i]);
			snprintf(name, sizeof name, "n%zu-%zu", i, j);
			/* whatever comes into it, it is what it was made */
			put(name, j & 1 ? "#!/bin/sh\n" : "MZ and so on",
				modes[j]);
			assert_int_equal(mode_of(name), modes[j] & ~masks[i]);
			assert_int_equal(unlink(name), 0);
			assert_int_equal(mkdir(name, modes[j]), 0);
			assert_int_equal(mode_of(name), modes[j] & ~masks[i]);
			assert_int_equal(rmdir(name), 0);
		}
	umask(before);
}

/* A mode belongs to the file: not to its name, nor to its content. */
static void stays_with_the_file(void **state)
{
	struct stat st;
	char bytes[8];
	int f;

	put("a", "#!/bin/sh\nexit 7\n", 0644);
	assert_int_equal(mode_of("a"), 0644);
	assert_int_equal(chmod("a", 0751), 0);
	assert_int_equal(rename("a", "b"), 0);
	assert_int_equal(link("b", "c"), 0);
	assert_int_equal(mode_of("b"), 0751);
	assert_int_equal(mode_of("c"), 0751);
	assert_int_equal(unlink("b"), 0);
	assert_int_equal(mode_of("c"), 0751);
	/* made empty and written anew */
	put("c", "nothing to run", 0600);
	assert_int_equal(mode_of("c"), 0751);
	assert_int_equal(chmod("c", 0755), 0);
	put("c", "#!/bin/sh\nexit 8\n", 0600);
	assert_int_equal(mode_of("c"), 0755);
	put("c", "nothing", 0600);
	assert_int_equal(mode_of("c"), 0755);
	/* another file of that name */
	assert_int_equal(unlink("c"), 0);
	put("c", "#!/bin/sh\n", 0640);
	assert_int_equal(mode_of("c"), 0640);
	/* open and without a name */
	f = open("c", O_RDWR);
	assert_int_equal(fchmod(f, 0604), 0);
	assert_int_equal(unlink("c"), 0);
	fstat(f, &st);
	assert_int_equal(st.st_mode, S_IFREG | 0604);
	assert_int_equal(read(f, bytes, 2), 2);
	close(f);
	/* a link has the number of a file that is gone, perhaps */
	for (int i = 0; i < 50; i++) {
		put("x", "x", 0600);
		assert_int_equal(unlink("x"), 0);
		assert_int_equal(symlink("none", "x"), 0);
		assert_int_equal(lstat("x", &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(unlink("x"), 0);
	}
}

static void changes_the_time_of_change(void **state)
{
	struct stat before, after;

	put("f", "text", 0644);
	for (mode_t m = 0600; m <= 0644; m += 044) {
		assert_int_equal(stat("f", &before), 0);
		usleep(20000);
		assert_int_equal(chmod("f", m), 0);
		assert_int_equal(stat("f", &after), 0);
		assert_true(after.st_ctim.tv_sec > before.st_ctim.tv_sec ||
			    after.st_ctim.tv_nsec > before.st_ctim.tv_nsec);
	}
	/* also without a change */
	assert_int_equal(stat("f", &before), 0);
	usleep(20000);
	assert_int_equal(chmod("f", 0644), 0);
	assert_int_equal(stat("f", &after), 0);
	assert_true(after.st_ctim.tv_sec > before.st_ctim.tv_sec ||
		    after.st_ctim.tv_nsec > before.st_ctim.tv_nsec);
	unlink("f");
}

/* ---- what they forbid ---- */

static void who_may_read_and_write(void **state)
{
	int f;

	put("f", "text", 0600);
	assert_int_equal(chmod("f", 0200), 0);
	assert_fails(open("f", O_RDONLY), EACCES);
	assert_fails(open("f", O_RDWR), EACCES);
	assert_fails(access("f", R_OK), EACCES);
	assert_int_equal(access("f", W_OK), 0);
	f = open("f", O_WRONLY);
	assert_true(f >= 0);
	close(f);
	assert_int_equal(chmod("f", 0400), 0);
	assert_fails(open("f", O_WRONLY), EACCES);
	assert_fails(open("f", O_WRONLY | O_TRUNC), EACCES);
	assert_fails(open("f", O_RDONLY | O_TRUNC), EACCES);
	assert_fails(access("f", W_OK), EACCES);
	assert_fails(truncate("f", 0), EACCES);
	f = open("f", O_RDONLY);
	assert_true(f >= 0);
	close(f);
	/* the owner's class decides alone: others might */
	assert_int_equal(chmod("f", 0066), 0);
	assert_fails(open("f", O_RDONLY), EACCES);
	assert_fails(open("f", O_WRONLY), EACCES);
	f = open("f", O_PATH);
	assert_true(f >= 0);
	close(f);
	/* who made it writes it whatever it is */
	f = open("g", O_RDWR | O_CREAT | O_EXCL, 0);
	assert_true(f >= 0);
	assert_int_equal(write(f, "x", 1), 1);
	close(f);
	assert_fails(open("g", O_RDONLY), EACCES);
	/* a name is the folder's matter */
	assert_int_equal(rename("f", "h"), 0);
	assert_int_equal(unlink("g"), 0);
	assert_int_equal(unlink("h"), 0);
}

static void who_may_execute(void **state)
{
	put("s", "#!/bin/sh\nexit 7\n", 0644);
	assert_fails(access("s", X_OK), EACCES);
	assert_int_equal(run("./s"), 101);
	assert_int_equal(chmod("s", 0744), 0);
	assert_int_equal(access("s", X_OK), 0);
	assert_int_equal(run("./s"), 7);
	assert_int_equal(chmod("s", 0655), 0);
	assert_int_equal(run("./s"), 101);
	/* without "#!" the shell would run it; exec does not */
	put("t", "exit 8\n", 0644);
	assert_int_equal(run("./t"), 101);
	assert_int_equal(chmod("t", 0755), 0);
	assert_int_equal(access("t", X_OK), 0);
	assert_int_equal(run("./t"), 102);
	assert_int_equal(system("./t") >> 8, 8);
	unlink("s");
	unlink("t");
}

static void folders(void **state)
{
	DIR *d;
	int at;

	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("d/e", 0755), 0);
	put("d/f", "text", 0644);
	at = open("d", O_RDONLY | O_DIRECTORY);
	/* not to be changed */
	assert_int_equal(chmod("d", 0555), 0);
	assert_fails(open("d/new", O_WRONLY | O_CREAT, 0644), EACCES);
	assert_fails(open("d/f", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	assert_fails(mkdir("d/new", 0755), EACCES);
	assert_fails(mkdir("d/e", 0755), EEXIST);
	assert_fails(unlink("d/f"), EACCES);
	assert_fails(unlink("d/none"), ENOENT);
	assert_fails(rmdir("d/e"), EACCES);
	assert_fails(rename("d/f", "f"), EACCES);
	put("g", "text", 0644);
	assert_fails(rename("g", "d/g"), EACCES);
	assert_fails(link("g", "d/g"), EACCES);
	assert_fails(link("g", "d/f"), EEXIST);
	assert_fails(symlink("g", "d/g"), EACCES);
	assert_fails(unlinkat(at, "f", 0), EACCES);
	assert_int_equal(access("d/f", W_OK), 0);
	put("d/f", "TEXT", 0644);
	/* not to be listed */
	assert_int_equal(chmod("d", 0311), 0);
	assert_null(opendir("d"));
	assert_int_equal(errno, EACCES);
	assert_int_equal(access("d/f", F_OK), 0);
	/* not to be entered */
	assert_int_equal(chmod("d", 0644), 0);
	assert_fails(access("d/f", F_OK), EACCES);
	assert_fails(open("d/f", O_RDONLY), EACCES);
	assert_fails(open("d/e/none", O_RDONLY), EACCES);
	assert_fails(chdir("d"), EACCES);
	assert_fails(fchdir(at), EACCES);
	assert_fails(rename("d/f", "f"), EACCES);
	assert_fails(chmod("d/f", 0600), EACCES);
	d = opendir("d");
	assert_non_null(d);
	closedir(d);
	close(at);
	assert_int_equal(chmod("d", 0755), 0);
	assert_int_equal(access("d/f", F_OK), 0);
	assert_int_equal(unlink("d/f"), 0);
	assert_int_equal(rmdir("d/e"), 0);
	assert_int_equal(rmdir("d"), 0);
	unlink("g");
}

/* A relative path begins where the process is: nobody asks the folders above.
 */
static void from_within(void **state)
{
	int at;

	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("d/e", 0755), 0);
	put("d/e/f", "text", 0644);
	assert_int_equal(chdir("d/e"), 0);
	at = open(".", O_RDONLY | O_DIRECTORY);
	assert_int_equal(chmod("..", 0), 0);
	assert_int_equal(access("f", F_OK), 0);
	assert_int_equal(access("./f", F_OK), 0);
	assert_int_equal(mkdir("g", 0755), 0);
	put("g/h", "text", 0644);
	assert_int_equal(unlinkat(at, "g/h", 0), 0);
	assert_int_equal(rename("g", "i"), 0);
	assert_int_equal(rmdir("i"), 0);
	assert_int_equal(fchdir(at), 0);
	/* this leads through it */
	assert_fails(access("../e/f", F_OK), EACCES);
	assert_int_equal(chmod("..", 0755), 0);
	/* its own bits count */
	assert_int_equal(chmod(".", 0), 0);
	assert_fails(access("f", F_OK), EACCES);
	assert_fails(mkdir("g", 0755), EACCES);
	assert_int_equal(fchmod(at, 0755), 0);
	assert_int_equal(unlink("f"), 0);
	close(at);
	assert_int_equal(chdir("../.."), 0);
	assert_int_equal(rmdir("d/e"), 0);
	assert_int_equal(rmdir("d"), 0);
}

/* ---- many at once ---- */

static void changed_by_many(void **state)
{
	enum { CHILDREN = 4, FILES = 40, ROUNDS = 25 };
	char name[32];
	int status;

	for (int c = 0; c < CHILDREN; c++)
		if (!fork()) {
			for (int r = 0; r < ROUNDS; r++)
				for (int i = 0; i < FILES; i++) {
					mode_t m = 0400 |
						   (unsigned)(r * FILES + i) %
							   0400;

					snprintf(name, sizeof name, "m%d-%d", c,
						i);
					if (!r)
						put(name, "text", 0600);
					if (chmod(name, m) ||
						mode_of(name) != m)
						_exit(1);
					/* one name for all of them */
					put("all", "text", 0666);
					chmod("all", 0600 | (m & 077));
				}
			for (int i = 0; i < FILES; i++) {
				snprintf(name, sizeof name, "m%d-%d", c, i);
				if (unlink(name))
					_exit(2);
			}
			_exit(0);
		}
	for (int c = 0; c < CHILDREN; c++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(mode_of("all") & 07700, 0600);
	unlink("all");
}

/* Killed while it changes modes, a process leaves the old or the new one. */
static void changed_by_who_is_killed(void **state)
{
	int status;
	mode_t m;

	put("k", "text", 0600);
	for (int i = 0; i < 40; i++) {
		pid_t child = fork();

		if (!child)
			for (int n = 0;; n++)
				chmod("k", n & 1 ? 0640 : 0710);
		usleep(1000 + (unsigned)i * 137);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		m = mode_of("k");
		assert_true(m == 0600 || m == 0640 || m == 0710);
		assert_int_equal(chmod("k", 0604), 0);
		assert_int_equal(mode_of("k"), 0604);
		assert_int_equal(chmod("k", 0600), 0);
	}
	unlink("k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_kept),
		cmocka_unit_test(given_at_creation),
		cmocka_unit_test(stays_with_the_file),
		cmocka_unit_test(changes_the_time_of_change),
		cmocka_unit_test(who_may_read_and_write),
		cmocka_unit_test(who_may_execute),
		cmocka_unit_test(folders),
		cmocka_unit_test(from_within),
		cmocka_unit_test(changed_by_many),
		cmocka_unit_test(changed_by_who_is_killed),
	};

	return cmocka_run_group_tests(tests, become_a_user, NULL);
}
