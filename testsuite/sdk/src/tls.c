/* Thread-local variables across shared objects. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

extern __thread int tls_count;
extern __thread char tls_room[100];
extern __thread long double tls_aligned;
extern __thread struct {
	char c;
	const char *text;
} tls_record;
int *tls_address(void), tls_bump(void);

static __thread int own = 3;
_Thread_local int exported = 4;
static pthread_key_t key;

static void at_end(void *p)
{
	/* still there while other keys' destructors run */
	printf("destructor %d %d\n", own, tls_count);
}

static void show(const char *who)
{
	printf("%s %d %d %s %d %.2Lf %c %s aligned %d same %d\n", who, own,
		tls_count, tls_room, exported, tls_aligned, tls_record.c,
		tls_record.text, (int)((uintptr_t)&tls_aligned % 64),
		&tls_count == tls_address());
}

static void *thread(void *n)
{
	char name[20];
	int bumped;

	snprintf(name, sizeof name, "thread %d", *(int *)n);
	show(name);
	own += *(int *)n;
	exported = own;
	tls_count *= *(int *)n;
	strcpy(tls_room, "changed");
	tls_record.text = "changed";
	tls_aligned++;
	bumped = tls_bump();
	printf("bumped %d\n", bumped);
	show(name);
	pthread_setspecific(key, n);
	return &tls_count;
}

int main(void)
{
	int numbers[] = { 2, 3 };
	pthread_t t;
	void *h, *address;
	int (*plugin)(int);

	pthread_key_create(&key, at_end);
	strcpy(tls_room, "main");
	show("main");
	for (int i = 0; i < 2; i++) {
		pthread_create(&t, NULL, thread, &numbers[i]);
		pthread_join(t, &address);
		printf("other %d\n", address != &tls_count);
	}
	show("main");
	h = dlopen("./libtlsplugin.so", RTLD_NOW);
	if (!h)
		puts(dlerror());
	*(void **)&plugin = dlsym(h, "plugin");
	printf("plugin %d\n", plugin(1));
	printf("plugin %d\n", plugin(1));
	show("main");
	tls_count = 77;
	fflush(stdout);
	if (!fork()) {
		show("child");
		printf("plugin %d\n", plugin(1));
		pthread_create(&t, NULL, thread, &numbers[0]);
		pthread_join(t, NULL);
		fflush(stdout);
		_exit(0);
	}
	sleep(1);
	return 0;
}
