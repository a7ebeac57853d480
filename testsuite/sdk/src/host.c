/* dlopen(3) and relatives. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int host_number = 1;
const char *host_name = "host";

int host_function(int n)
{
	return n * 100;
}

static int not_exported(void)
{
	return 1;
}

static void *open_it(const char *name, int mode)
{
	void *h = dlopen(name, mode);
	const char *error = h ? NULL : dlerror();
	const char *because = strstr(name, "broken") ? "nobody_has_this"
			      : strstr(name, "half") ? "libgone.so"
						     : name;

	printf("open %s %s%s\n", name, h ? "ok" : "fails",
		error && strstr(error, because) ? ", and says so" : "");
	fflush(stdout);
	return h;
}

static int call(void *h, const char *name, int n)
{
	int (*f)(int);

	*(void **)&f = dlsym(h, name);
	if (!f) {
		const char *error = dlerror();

		printf("no %s: %d\n", name, error && strstr(error, name));
		return -99;
	}
	return f(n);
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "none";
}

static void describe(const char *what, const void *address)
{
	Dl_info info = { 0 };
	int r = dladdr(address, &info);

	printf("%s: %d %s %s %d\n", what, r != 0,
		r ? base_name(info.dli_fname) : "-",
		r && info.dli_sname ? info.dli_sname : "-",
		r && info.dli_sname && info.dli_saddr == address);
}

static int count_one(struct dl_phdr_info *info, size_t size, void *data)
{
	static const char *const wanted[] = { "plugina.so", "pluginb.so" };
	const char *name = base_name(info->dlpi_name);

	for (int i = 0; i < 2; i++)
		if (!strcmp(name, wanted[i]))
			++*(int *)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && (uintptr_t)count_one >= start &&
			(uintptr_t)count_one < start + p->p_memsz)
			*(int *)data += 100;
		if (p->p_type == PT_LOAD && (uintptr_t)printf >= start &&
			(uintptr_t)printf < start + p->p_memsz)
			*(int *)data += 10000;
	}
	return 0;
}

static int stop_at_first(struct dl_phdr_info *info, size_t size, void *data)
{
	++*(int *)data;
	return 77;
}

static void *in_thread(void *h)
{
	call(h, "plugin_run", 1);
	/* dlerror() is each thread's own */
	dlsym(h, "missing in thread");
	return NULL;
}

int main(void)
{
	void *self, *a, *b, *again, *n;
	char path[4096];
	int count = 0;
	pthread_t t;

	self = dlopen(NULL, RTLD_LAZY);
	printf("self %d\n", dlsym(self, "host_function") == host_function);
	printf("own data %d\n",
		dlsym(RTLD_DEFAULT, "host_number") == &host_number);
	printf("static %d\n", dlsym(self, "not_exported") != NULL);
	printf("libc by self %d\n", dlsym(self, "strlen") == (void *)strlen);
	open_it("./nothing.so", RTLD_NOW);
	printf("error once %d\n", dlerror() == NULL);
	open_it("nothing-by-name.so", RTLD_NOW);
	printf("not loaded %d\n",
		dlopen("./plugina.so", RTLD_NOW | RTLD_NOLOAD) == NULL);
	dlerror();
	a = open_it("./plugina.so", RTLD_NOW | RTLD_LOCAL);
	printf("value %d\n", *(int *)dlsym(a, "plugin_value"));
	printf("run %d\n", call(a, "plugin_run", 2));
	printf("host number %d\n", host_number);
	again = dlopen("./plugina.so", RTLD_NOW);
	printf("same handle %d\n", again == a);
	snprintf(path, sizeof path, "%s/plugina.so", getcwd(NULL, 0));
	printf("same by another path %d\n", dlopen(path, RTLD_NOW) == a);
	printf("same noload %d\n",
		dlopen("./plugina.so", RTLD_NOW | RTLD_NOLOAD) == a);
	printf("local hidden %d\n", dlsym(RTLD_DEFAULT, "which") == NULL);
	b = open_it("./pluginb.so", RTLD_LAZY | RTLD_LOCAL);
	printf("each its own %s, %s\n",
		((const char *(*)(void))dlsym(a, "which"))(),
		((const char *(*)(void))dlsym(b, "which"))());
	printf("values %d %d\n", call(a, "only_in", 0), call(b, "only_in", 0));
	printf("a sees which: %d\n", call(a, "has_neighbour", 0));
	/* dlsym of a handle looks at it and what it needs, and no further */
	printf("not through a handle %d\n", dlsym(a, "host_number") == NULL);
	printf("libc through a handle %d\n",
		dlsym(a, "strlen") == (void *)strlen);
	n = open_it("./libneighbour.so", RTLD_NOW | RTLD_LOCAL);
	printf("deep %d %d\n", call(n, "needs_deep", 0), call(n, "deep", 0));
	printf("deep is local %d\n", dlsym(RTLD_DEFAULT, "deep") == NULL);
	n = open_it("./libneighbour.so", RTLD_NOW | RTLD_GLOBAL);
	printf("promoted %d %d\n", dlsym(RTLD_DEFAULT, "neighbour") != NULL,
		dlsym(RTLD_DEFAULT, "deep") != NULL);
	printf("c finds it %d\n",
		call(open_it("./pluginc.so", RTLD_NOW), "has_neighbour", 0));
	open_it("./broken.so", RTLD_NOW);
	open_it("./broken.so", RTLD_NOW);
	open_it("./half.so", RTLD_NOW);
	printf("nothing of it stays %d\n",
		dlopen("./half.so", RTLD_NOW | RTLD_NOLOAD) == NULL);
	dlerror();
	describe("plugin function", dlsym(a, "plugin_run"));
	describe("plugin static function",
		((void *(*)(void))dlsym(a, "plugin_helper"))());
	describe("plugin data", dlsym(a, "plugin_value"));
	describe("own function", host_function);
	describe("nothing", (void *)16);
	describe("stack", &count);
	printf("libc function %d\n", dladdr((void *)strlen, &(Dl_info){ 0 }));
	dl_iterate_phdr(count_one, &count);
	printf("iterated %d\n", count);
	count = 0;
	printf("stops %d", dl_iterate_phdr(stop_at_first, &count));
	printf(" %d\n", count);
	dlsym(self, "in main");
	pthread_create(&t, NULL, in_thread, a);
	pthread_join(t, NULL);
	printf("error of main %d\n", strstr(dlerror(), "in main") != NULL);
	printf("invalid handle %d\n", dlsym((void *)&count, "x") == NULL);
	fflush(stdout);
	chdir("/");
	if (!fork()) {
		printf("child %d %d\n", call(a, "plugin_run", 3),
			call(n, "needs_deep", 0));
		printf("child local %d\n",
			dlsym(RTLD_DEFAULT, "which") == NULL);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	printf("close %d %d\n", dlclose(b), dlclose(a));
	printf("next %d\n", dlsym(RTLD_NEXT, "strlen") == (void *)strlen);
	return not_exported() - 1;
}
