/* Threads, locks and signals: see posix.c. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- locks ---- */

/* Two sides take turns: what a ping-pong through a condition needs. */
struct turns {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	int turn;
};

static struct turns own = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
	0 };
static struct turns *shared;

static void lock(pthread_mutex_t *m, long n)
{
	while (n--) {
		pthread_mutex_lock(m);
		pthread_mutex_unlock(m);
	}
}

void do_mutex(long n)
{
	lock(&own.mutex, n);
}

static void share(void)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	check(!pthread_mutex_init(&shared->mutex, &m) &&
			!pthread_cond_init(&shared->condition, &c),
		"shared mutex");
}

void do_shared_mutex(long n)
{
	if (!shared)
		share();
	lock(&shared->mutex, n);
}

/* Waits for one's turn and gives it to the other. */
static void take_turn(struct turns *t, int mine)
{
	pthread_mutex_lock(&t->mutex);
	while (t->turn != mine)
		pthread_cond_wait(&t->condition, &t->mutex);
	t->turn = !mine;
	pthread_cond_signal(&t->condition);
	pthread_mutex_unlock(&t->mutex);
}

static void answer_shared(void)
{
	for (;;)
		take_turn(shared, 1);
}

void start_shared_mutex(void)
{
	share();
	start_helper(answer_shared);
}

void do_shared_mutex_ping(long n)
{
	while (n--)
		take_turn(shared, 0);
}

static void *answer(void *unused)
{
	for (;;)
		take_turn(&own, 1);
	return unused;
}

void start_condition(void)
{
	pthread_t t;

	check(!pthread_create(&t, NULL, answer, NULL), "pthread_create");
}

void do_condition(long n)
{
	while (n--)
		take_turn(&own, 0);
}

static void *nothing(void *unused)
{
	return unused;
}

void do_threads(long n)
{
	pthread_t t;

	while (n--)
		check(!pthread_create(&t, NULL, nothing, NULL) &&
				!pthread_join(t, NULL),
			"thread");
}

/* ---- signals ---- */

static volatile sig_atomic_t heard;

static void hear(int signal)
{
	heard = signal;
}

void with_handler(void)
{
	struct sigaction a = { .sa_handler = hear };

	sigaction(SIGUSR1, &a, NULL);
}

void do_raise(long n)
{
	while (n--)
		raise(SIGUSR1);
}

void do_kill_self(long n)
{
	pid_t pid = getpid();

	while (n--)
		kill(pid, SIGUSR1);
}

void do_sigaction(long n)
{
	struct sigaction a;

	while (n--)
		sigaction(SIGUSR1, NULL, &a);
}

void do_sigprocmask(long n)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (n--)
		sigprocmask(n & 1 ? SIG_BLOCK : SIG_UNBLOCK, &set, &old);
}

static pid_t parent, child;
static sigset_t awaited;

static void answer_signals(void)
{
	for (;;) {
		sigwaitinfo(&awaited, NULL);
		kill(parent, SIGUSR1);
	}
}

void start_signals(void)
{
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGUSR1);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	parent = getpid();
	child = start_helper(answer_signals);
}

void do_signals(long n)
{
	while (n--) {
		kill(child, SIGUSR1);
		sigwaitinfo(&awaited, NULL);
	}
}
