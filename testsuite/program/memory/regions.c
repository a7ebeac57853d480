/* mmap(2) and relatives on parts, over others' places, and across fork. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define READ  PROT_READ
#define WRITE (PROT_READ | PROT_WRITE)

static char *map(size_t size, int protection, int flags)
{
	char *p = mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static sigjmp_buf back;
static volatile void *fault_address;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	fault_address = info->si_addr;
	siglongjmp(back, signal);
}

/* The signal that touching p raises; 0 if none. */
static int touch(volatile char *p, bool write)
{
	struct sigaction a = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO };
	int signal = sigsetjmp(back, 1);

	if (signal)
		return signal;
	/* CMocka has handlers of its own in each test */
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	if (write)
		*p = 1;
	else
		(void)*p;
	return 0;
}

/* What is unmapped and mapped again in any order and size is zero, and
 * between the two it is not there. */
static void used_again(void **state)
{
	const int count = 12, most = 20;
	char *base = mmap(NULL, (size_t)(count * most) * PAGE, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned seed = 1;

	(void)state;
	assert_ptr_not_equal(base, MAP_FAILED);
	assert_int_equal(munmap(base, (size_t)(count * most) * PAGE), 0);
	for (int round = 0; round < 400; round++) {
		int protection = round % 3 ? PROT_READ | PROT_WRITE : PROT_READ;
		size_t size, at;
		char *p;

		seed = seed * 1103515245 + 12345;
		size = (1 + (seed >> 16) % (round % 7 ? 4 : most)) * PAGE;
		at = (seed >> 8) % (unsigned)(count * most - most) * PAGE;
		at = round % 2 ? at % (4 * PAGE) : at;
		p = mmap(base + at, size, protection,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		assert_ptr_equal(p, base + at);
		for (size_t i = 0; i < size; i += 512)
			assert_int_equal(p[i], 0);
		assert_int_equal(mprotect(p, size, PROT_READ | PROT_WRITE), 0);
		memset(p, 0x5a, size);
		assert_int_equal(munmap(p, size), 0);
		assert_int_equal(touch(p, false), SIGSEGV);
	}
}

static void unmapping_inside_leaves_a_hole(void **state)
{
	char *p = map(8 * PAGE, WRITE, MAP_PRIVATE);

	memset(p, 7, 8 * PAGE);
	assert_int_equal(munmap(p + 2 * PAGE, 3 * PAGE), 0);
	assert_int_equal(touch(p + 2 * PAGE, false), SIGSEGV);
	assert_ptr_equal((void *)fault_address, p + 2 * PAGE);
	assert_int_equal(touch(p + 5 * PAGE - 1, true), SIGSEGV);
	assert_int_equal(p[2 * PAGE - 1], 7);
	assert_int_equal(p[5 * PAGE], 7);
	/* what is not there may be unmapped again */
	assert_int_equal(munmap(p, 8 * PAGE), 0);
	assert_int_equal(touch(p, false), SIGSEGV);
}

static void fixed_replaces_what_was_there(void **state)
{
	char *p = map(6 * PAGE, WRITE, MAP_PRIVATE);

	memset(p, 7, 6 * PAGE);
	assert_ptr_equal(
		mmap(p + 2 * PAGE, 2 * PAGE, READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		p + 2 * PAGE);
	assert_int_equal(p[2 * PAGE], 0);
	assert_int_equal(touch(p + 2 * PAGE, true), SIGSEGV);
	assert_int_equal(p[2 * PAGE - 1] + p[4 * PAGE], 14);
	assert_ptr_equal(
		mmap(p, PAGE, READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			0),
		MAP_FAILED);
	assert_int_equal(errno, EEXIST);
	munmap(p, PAGE);
	assert_ptr_equal(
		mmap(p, PAGE, READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			0),
		p);
	assert_ptr_equal(
		mmap(p + 1, PAGE, READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0),
		MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	munmap(p, 6 * PAGE);
}

static void a_hint_is_taken_where_it_is_free(void **state)
{
	char *p = map(4 * PAGE, READ, MAP_PRIVATE), *q;

	munmap(p, 4 * PAGE);
	q = mmap(p, PAGE, READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_equal(q, p);
	q = mmap(p, PAGE, READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_ptr_not_equal(q, p);
	munmap(p, PAGE);
	munmap(q, PAGE);
}

static void protection_over_several_regions(void **state)
{
	char *p = map(6 * PAGE, WRITE, MAP_PRIVATE);

	memset(p, 7, 6 * PAGE);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	mprotect(p + 3 * PAGE, PAGE, READ);
	assert_int_equal(touch(p + PAGE, false), SIGSEGV);
	assert_int_equal(touch(p + 3 * PAGE, true), SIGSEGV);
	assert_int_equal(mprotect(p, 6 * PAGE, WRITE), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(p[i * PAGE], 7);
	munmap(p + 2 * PAGE, PAGE);
	assert_fails(mprotect(p, 6 * PAGE, READ), ENOMEM);
	/* musl rounds the address down itself */
	assert_fails(syscall(SYS_mprotect, p + 1, PAGE, READ), EINVAL);
	munmap(p, 6 * PAGE);
}

static void code_runs_where_it_may(void **state)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *p = map(PAGE, WRITE | PROT_EXEC, MAP_PRIVATE);

	memcpy(p, code, sizeof code);
	assert_int_equal(((int (*)(void))p)(), 42);
	assert_int_equal(mprotect(p, PAGE, PROT_READ), 0);
	assert_int_equal(touch(p, true), SIGSEGV);
	if (!sigsetjmp(back, 1)) {
		((int (*)(void))p)();
		fail_msg("it ran");
	}
	munmap(p, PAGE);
}

static void moving_and_growing(void **state)
{
	char *p = map(16 * PAGE, WRITE, MAP_PRIVATE), *q;

	memset(p, 7, 16 * PAGE);
	/* shrinks in place */
	assert_ptr_equal(mremap(p, 16 * PAGE, 8 * PAGE, 0), p);
	assert_int_equal(touch(p + 8 * PAGE, false), SIGSEGV);
	/* grows into the hole */
	assert_ptr_equal(mremap(p, 8 * PAGE, 10 * PAGE, 0), p);
	assert_int_equal(p[8 * PAGE - 1], 7);
	assert_int_equal(p[8 * PAGE], 0);
	/* something in the way */
	assert_ptr_equal(
		mmap(p + 10 * PAGE, PAGE, READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		p + 10 * PAGE);
	assert_ptr_equal(mremap(p, 10 * PAGE, 20 * PAGE, 0), MAP_FAILED);
	assert_int_equal(errno, ENOMEM);
	q = mremap(p, 10 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_ptr_not_equal(q, p);
	assert_int_equal(q[0] + q[8 * PAGE - 1], 14);
	assert_int_equal(q[19 * PAGE], 0);
	assert_int_equal(touch(p, false), SIGSEGV);
	munmap(p + 10 * PAGE, PAGE);
	/* to a place of our choice */
	p = map(4 * PAGE, READ, MAP_PRIVATE);
	assert_ptr_equal(
		mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
		p + PAGE);
	assert_int_equal(p[PAGE], 7);
	assert_int_equal(touch(p, true), SIGSEGV);
	assert_int_equal(touch(q, false), SIGSEGV);
	/* the middle of a mapping */
	p[PAGE] = 9;
	q = mremap(p + PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	assert_int_equal(q[0], 9);
	munmap(q, 3 * PAGE);
	munmap(p, 4 * PAGE);
	assert_ptr_equal(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	assert_ptr_equal(mremap(p + 1, PAGE, PAGE, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
}

/* Linux moves one mapping only: man 2 mremap, EFAULT. */
static void moving_several_mappings_is_refused(void **state)
{
	char *p = map(4 * PAGE, WRITE, MAP_PRIVATE);

	mprotect(p + PAGE, PAGE, READ);
	assert_ptr_equal(
		mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	munmap(p, 4 * PAGE);
}

static void protection_goes_along_with_a_move(void **state)
{
	char *p = map(2 * PAGE, WRITE, MAP_PRIVATE), *q;

	memset(p, 7, 2 * PAGE);
	mprotect(p, 2 * PAGE, PROT_NONE);
	q = mremap(p, 2 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_int_equal(touch(q, false), SIGSEGV);
	mprotect(q, 400 * PAGE, READ);
	assert_int_equal(q[2 * PAGE - 1], 7);
	assert_int_equal(q[2 * PAGE], 0);
	munmap(q, 400 * PAGE);
}

static void large_reservations(void **state)
{
	size_t size = 1ul << 30;
	char *p = map(size, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);

	assert_int_equal(touch(p + size / 2, false), SIGSEGV);
	assert_int_equal(mprotect(p + size / 2, PAGE, WRITE), 0);
	p[size / 2] = 1;
	assert_int_equal(mprotect(p + (64ul << 20) - PAGE, 2 * PAGE, WRITE), 0);
	p[(64ul << 20) - 1] = p[64ul << 20] = 1;
	assert_int_equal(munmap(p, size), 0);
	assert_ptr_equal(
		mmap(NULL, 1ul << 60, READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		MAP_FAILED);
	assert_int_equal(errno, ENOMEM);
}

static void advice_is_checked(void **state)
{
	char *p = map(4 * PAGE, WRITE, MAP_PRIVATE);
	char *s = map(4 * PAGE, WRITE, MAP_SHARED);

	memset(p, 7, 4 * PAGE);
	memset(s, 7, 4 * PAGE);
	assert_int_equal(madvise(p, 4 * PAGE, MADV_SEQUENTIAL), 0);
	assert_int_equal(madvise(p, 4 * PAGE, MADV_WILLNEED), 0);
	assert_int_equal(p[PAGE], 7);
	assert_int_equal(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	assert_int_equal(p[PAGE] + p[2 * PAGE], 0);
	assert_int_equal(p[0] + p[3 * PAGE], 14);
	/* a shared mapping's contents are its object's */
	assert_int_equal(madvise(s, 4 * PAGE, MADV_DONTNEED), 0);
	assert_int_equal(s[0], 7);
	assert_fails(madvise(p, PAGE, 77), EINVAL);
	assert_fails(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	/* also what must not be read */
	memset(p, 7, PAGE);
	assert_int_equal(mprotect(p, PAGE, PROT_NONE), 0);
	assert_int_equal(madvise(p, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(mprotect(p, PAGE, PROT_READ), 0);
	assert_int_equal(p[0] | p[PAGE - 1], 0);
	munmap(p, 4 * PAGE);
	munmap(s, 4 * PAGE);
}

/* ---- files ---- */

static int make_file(const char *name, size_t size)
{
	char page[PAGE];
	int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_true(f >= 0);
	for (size_t i = 0; i < size / PAGE; i++) {
		memset(page, 'a' + (int)(i % 26), PAGE);
		assert_int_equal(write(f, page, PAGE), PAGE);
	}
	return f;
}

static void shared_file_at_any_page(void **state)
{
	int f = make_file("m", 40 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, WRITE, MAP_SHARED, f, 17 * PAGE), c;

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(p[0], 'a' + 17);
	assert_int_equal(p[2 * PAGE], 'a' + 19);
	p[PAGE] = '!';
	assert_int_equal(msync(p, 3 * PAGE, MS_SYNC), 0);
	assert_int_equal(pread(f, &c, 1, 18 * PAGE), 1);
	assert_int_equal(c, '!');
	/* and the other way */
	pwrite(f, "?", 1, 17 * PAGE);
	assert_int_equal(p[0], '?');
	close(f); /* the mapping stays */
	p[0] = 'x';
	munmap(p, 3 * PAGE);
	f = open("m", O_RDONLY);
	pread(f, &c, 1, 17 * PAGE);
	assert_int_equal(c, 'x');
	close(f);
}

static void shared_file_in_parts(void **state)
{
	int f = make_file("m", 64 * PAGE);
	char *p = mmap(NULL, 64 * PAGE, WRITE, MAP_SHARED, f, 0), *q;

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(munmap(p + 16 * PAGE, 32 * PAGE), 0);
	assert_int_equal(touch(p + 20 * PAGE, false), SIGSEGV);
	p[15 * PAGE] = '1';
	p[48 * PAGE] = '2';
	/* another mapping finds a place, there or elsewhere */
	q = mmap(NULL, 32 * PAGE, READ, MAP_SHARED, f, 0);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_int_equal(q[15 * PAGE], '1');
	munmap(q, 32 * PAGE);
	munmap(p, 16 * PAGE);
	assert_int_equal(p[48 * PAGE], '2');
	munmap(p + 48 * PAGE, 16 * PAGE);
	q = mmap(NULL, 64 * PAGE, READ, MAP_SHARED, f, 0);
	assert_int_equal(q[48 * PAGE], '2');
	munmap(q, 64 * PAGE);
	close(f);
}

static void shared_file_protection(void **state)
{
	int f = make_file("m", 4 * PAGE), r = open("m", O_RDONLY);
	char *p = mmap(NULL, 4 * PAGE, READ, MAP_SHARED, f, 0), c;

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(touch(p, true), SIGSEGV);
	assert_int_equal(mprotect(p, PAGE, WRITE), 0);
	p[0] = '#';
	pread(f, &c, 1, 0);
	assert_int_equal(c, '#');
	assert_int_equal(mprotect(p, 4 * PAGE, PROT_NONE), 0);
	assert_int_equal(touch(p + PAGE, false), SIGSEGV);
	assert_int_equal(mprotect(p, 4 * PAGE, READ), 0);
	assert_int_equal(p[0], '#');
	munmap(p, 4 * PAGE);
	p = mmap(NULL, PAGE, WRITE, MAP_SHARED, r, 0);
	assert_ptr_equal(p, MAP_FAILED);
	assert_int_equal(errno, EACCES);
	p = mmap(NULL, PAGE, READ, MAP_SHARED, r, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(p[0], '#');
	assert_fails(mprotect(p, PAGE, WRITE), EACCES);
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, WRITE, MAP_PRIVATE, r, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	p[0] = '%';
	pread(f, &c, 1, 0);
	assert_int_equal(c, '#');
	munmap(p, PAGE);
	close(f);
	close(r);
}

static void shared_file_grows(void **state)
{
	int f = make_file("m", 64 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, WRITE, MAP_SHARED, f, 0), *q, c;

	q = mremap(p, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(q, MAP_FAILED);
	q[40 * PAGE] = '+';
	pread(f, &c, 1, 40 * PAGE);
	assert_int_equal(c, '+');
	assert_ptr_equal(mremap(q, 64 * PAGE, 2 * PAGE, 0), q);
	munmap(q, 2 * PAGE);
	close(f);
}

/* The name goes at once, the bytes when nobody has them any more. */
static void mapped_files_can_be_unlinked(void **state)
{
	struct stat st;
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *p, *q;

	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	p = mmap(NULL, 2 * PAGE, WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	close(fd);
	strcpy(p + PAGE, "still here");
	assert_int_equal(unlink("mapped"), 0);
	assert_int_equal(stat("mapped", &st), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(p + PAGE, "still here");

	/* another one by that name, and a third renamed over it */
	fd = open("mapped", O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "second", 7), 7);
	q = mmap(NULL, PAGE, WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(q, MAP_FAILED);
	close(fd);
	fd = open("third", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, "third", 6), 6);
	close(fd);
	assert_int_equal(rename("third", "mapped"), 0);
	assert_string_equal(q, "second");
	assert_string_equal(p + PAGE, "still here");
	assert_int_equal(stat("mapped", &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(unlink("mapped"), 0);
	munmap(p, 2 * PAGE);
	munmap(q, PAGE);
}

static void private_file_at_any_page(void **state)
{
	int f = make_file("m", 8 * PAGE);
	char *p = map(8 * PAGE, PROT_NONE, MAP_PRIVATE);

	/* what a loader of programs does */
	assert_ptr_equal(mmap(p + 2 * PAGE, 2 * PAGE, WRITE,
				 MAP_PRIVATE | MAP_FIXED, f, 3 * PAGE),
		p + 2 * PAGE);
	assert_int_equal(p[2 * PAGE], 'd');
	assert_int_equal(p[3 * PAGE], 'e');
	assert_int_equal(touch(p + 4 * PAGE, false), SIGSEGV);
	munmap(p, 8 * PAGE);
	assert_ptr_equal(mmap(NULL, PAGE, READ, MAP_PRIVATE, f, 1), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	close(f);
}

static void zero_is_memory(void **state)
{
	int f = open("/dev/zero", O_RDWR), status;
	char *p = mmap(NULL, PAGE, WRITE, MAP_PRIVATE, f, 0);
	char *s = mmap(NULL, PAGE, WRITE, MAP_SHARED, f, 0);
	pid_t child;

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_ptr_not_equal(s, MAP_FAILED);
	assert_int_equal(p[0] + s[0], 0);
	child = fork();
	if (!child) {
		p[0] = s[0] = 3;
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(p[0], 0);
	assert_int_equal(s[0], 3);
	munmap(p, PAGE);
	munmap(s, PAGE);
	close(f);
}

static void wrong_arguments(void **state)
{
	int f = make_file("m", PAGE), w = open("m", O_WRONLY), fds[2];
	int d = open(".", O_RDONLY);

	pipe(fds);
	assert_ptr_equal(mmap(NULL, 0, READ, MAP_PRIVATE, f, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, PAGE, READ, 0, f, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, PAGE, READ, MAP_SHARED, w, 0), MAP_FAILED);
	assert_int_equal(errno, EACCES);
	assert_ptr_equal(
		mmap(NULL, PAGE, READ, MAP_SHARED, fds[0], 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	assert_ptr_equal(mmap(NULL, PAGE, READ, MAP_PRIVATE, d, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	assert_fails(
		msync(map(PAGE, READ, MAP_PRIVATE), PAGE, MS_SYNC | MS_ASYNC),
		EINVAL);
	assert_fails(msync((void *)0x312345678000, PAGE, MS_SYNC), ENOMEM);
	close(d);
	d = open("/dev/null", O_RDWR);
	assert_ptr_equal(mmap(NULL, PAGE, READ, MAP_PRIVATE, d, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	close(f);
	close(w);
	close(d);
	close(fds[0]);
	close(fds[1]);
}

/* ---- fork ---- */

static int in_child(int (*f)(char *), char *p)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(f(p));
	return waitpid(child, &status, 0) == child ? status : -1;
}

static int check_all(char *p)
{
	/* private, with a hole, no access and read-only parts */
	if (p[0] != 1 || p[6 * PAGE] != 1)
		return 1;
	if (touch(p + PAGE, false) != SIGSEGV ||
		touch(p + 3 * PAGE, false) != SIGSEGV ||
		touch(p + 5 * PAGE, true) != SIGSEGV || p[5 * PAGE] != 1)
		return 2;
	if (mprotect(p + 3 * PAGE, PAGE, READ) || p[3 * PAGE] != 1)
		return 3;
	p[0] = 2;
	return 0;
}

static void fork_copies_private_memory(void **state)
{
	char *p = map(8 * PAGE, WRITE, MAP_PRIVATE);

	memset(p, 1, 8 * PAGE);
	munmap(p + PAGE, PAGE);
	mprotect(p + 3 * PAGE, PAGE, PROT_NONE);
	mprotect(p + 5 * PAGE, PAGE, READ);
	assert_int_equal(in_child(check_all, p), 0);
	assert_int_equal(p[0], 1);
	munmap(p, 8 * PAGE);
}

static int write_shared(char *p)
{
	if (touch(p + PAGE, false) != SIGSEGV)
		return 1;
	if (touch(p + 3 * PAGE, true) != SIGSEGV || p[3 * PAGE] != 1)
		return 2;
	p[0] = p[20 * PAGE] = 2;
	return 0;
}

static void fork_shares_shared_memory(void **state)
{
	char *p = map(32 * PAGE, WRITE, MAP_SHARED);

	memset(p, 1, 32 * PAGE);
	munmap(p + PAGE, PAGE);
	mprotect(p + 3 * PAGE, PAGE, READ);
	assert_int_equal(in_child(write_shared, p), 0);
	assert_int_equal(p[0] + p[20 * PAGE], 4);
	munmap(p, 32 * PAGE);
}

static int write_file_view(char *p)
{
	p[0] = '*';
	p[2 * PAGE] = '*';
	return touch(p + PAGE, false) != SIGSEGV;
}

static void fork_shares_mapped_files(void **state)
{
	int f = make_file("m", 40 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, WRITE, MAP_SHARED, f, 5 * PAGE), c;

	close(f);
	munmap(p + PAGE, PAGE);
	assert_int_equal(in_child(write_file_view, p), 0);
	assert_int_equal(p[0], '*');
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	f = open("m", O_RDONLY);
	pread(f, &c, 1, 7 * PAGE);
	assert_int_equal(c, '*');
	close(f);
}

static int grandchild(char *p)
{
	return WEXITSTATUS(in_child(write_shared, p));
}

static void shared_through_two_forks(void **state)
{
	char *p = map(32 * PAGE, WRITE, MAP_SHARED);

	memset(p, 1, 32 * PAGE);
	munmap(p + PAGE, PAGE);
	mprotect(p + 3 * PAGE, PAGE, READ);
	assert_int_equal(in_child(grandchild, p), 0);
	assert_int_equal(p[0] + p[20 * PAGE], 4);
	munmap(p, 32 * PAGE);
}

static void what_is_in_memory(void **state)
{
	unsigned char in[8];
	char *p = map(8 * PAGE, WRITE, MAP_PRIVATE);

	p[2 * PAGE] = p[3 * PAGE] = 1;
	assert_int_equal(mincore(p, 7 * PAGE + 1, in), 0);
	assert_int_equal(in[2] & in[3] & 1, 1);
	assert_int_equal(in[7] & 1, 0);
	assert_fails(mincore(p + 1, PAGE, in), EINVAL);
	munmap(p + 4 * PAGE, PAGE);
	assert_fails(mincore(p, 8 * PAGE, in), ENOMEM);
	munmap(p, 8 * PAGE);
}

static void the_break(void **state)
{
#ifdef __libposix__
	/* musl's sbrk() only asks: the call itself, then */
	char *start = (char *)syscall(12, 0);

	assert_ptr_equal((char *)syscall(12, start + 10000), start + 10000);
	start[9999] = 1;
	assert_ptr_equal((char *)syscall(12, start + 5000), start + 5000);
	start[4999] = 1;
	assert_int_equal(touch(start + 2 * PAGE, false), SIGSEGV);
	assert_ptr_equal((char *)syscall(12, start + 10000), start + 10000);
	assert_int_equal(start[9999], 0);
	assert_ptr_equal((char *)syscall(12, 1), start + 10000);
	syscall(12, start);
#else
	assert_ptr_not_equal(sbrk(0), (void *)-1);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(used_again),
		cmocka_unit_test(unmapping_inside_leaves_a_hole),
		cmocka_unit_test(fixed_replaces_what_was_there),
		cmocka_unit_test(a_hint_is_taken_where_it_is_free),
		cmocka_unit_test(protection_over_several_regions),
		cmocka_unit_test(code_runs_where_it_may),
		cmocka_unit_test(moving_and_growing),
		cmocka_unit_test(moving_several_mappings_is_refused),
		cmocka_unit_test(protection_goes_along_with_a_move),
		cmocka_unit_test(large_reservations),
		cmocka_unit_test(advice_is_checked),
		cmocka_unit_test(shared_file_at_any_page),
		cmocka_unit_test(shared_file_in_parts),
		cmocka_unit_test(shared_file_protection),
		cmocka_unit_test(shared_file_grows),
		cmocka_unit_test(mapped_files_can_be_unlinked),
		cmocka_unit_test(private_file_at_any_page),
		cmocka_unit_test(zero_is_memory),
		cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(fork_copies_private_memory),
		cmocka_unit_test(fork_shares_shared_memory),
		cmocka_unit_test(fork_shares_mapped_files),
		cmocka_unit_test(shared_through_two_forks),
		cmocka_unit_test(what_is_in_memory),
		cmocka_unit_test(the_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
