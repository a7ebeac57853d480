/* __thread variables: clang calls this for the address of each.  A thread's
 * copies hang on the word of struct thread that is the upper half's; they are
 * user memory, so fork copies them and pointers to them stay good. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include "pthread_impl.h"
#include "atomic.h"

/* a program's own malloc() may have __thread variables */
#define malloc	__libc_malloc
#define realloc __libc_realloc
#define free	__libc_free

/* What the compiler emits for a variable, __emutls_v.NAME. */
struct variable {
	size_t size, align;
	volatile uintptr_t index; /* from 1; 0: not used yet */
	const void *initial;	  /* NULL: zeros */
};

struct copies {
	uintptr_t room;
	void *memory[]; /* by index - 1; each block's start is just before it */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t last;
static pthread_key_t key;

static struct copies **own(void)
{
	struct copies **word;

	__asm__("mov %%gs:(%1),%0" : "=r"(word) : "r"((uintptr_t)__posix_tls));
	return word + 1;
}

/* Destructors of other keys may use __thread variables; should one do so
 * after this, grow() makes new copies and the next round frees those
 * (POSIX.1-2024 pthread_key_create(): rounds go on while values appear). */
static void release(void *p)
{
	struct copies *c = p;

	for (uintptr_t i = 0; i < c->room; i++)
		if (c->memory[i])
			free(((void **)c->memory[i])[-1]);
	*own() = 0;
	free(c);
}

static uintptr_t index_of(struct variable *v)
{
	pthread_mutex_lock(&lock);
	if (!v->index) {
		if (!last)
			pthread_key_create(&key, release);
		a_barrier();
		v->index = ++last;
	}
	pthread_mutex_unlock(&lock);
	return v->index;
}

static struct copies *grow(struct copies *old, uintptr_t index)
{
	uintptr_t room = (index + 31) & ~31ul;
	struct copies *c = realloc(old, sizeof *c + room * sizeof(void *));

	if (!c)
		abort();
	if (!old)
		c->room = 0;
	memset(c->memory + c->room, 0, (room - c->room) * sizeof(void *));
	c->room = room;
	*own() = c;
	pthread_setspecific(key, c);
	return c;
}

static void *make(const struct variable *v)
{
	size_t align = v->align < sizeof(void *) ? sizeof(void *) : v->align;
	char *block = malloc(v->size + align - 1 + sizeof(void *));
	char *p;

	if (!block)
		abort();
	p = (char *)(((uintptr_t)block + sizeof(void *) + align - 1) & -align);
	((void **)p)[-1] = block;
	if (v->initial)
		memcpy(p, v->initial, v->size);
	else
		memset(p, 0, v->size);
	return p;
}

void *__emutls_get_address(struct variable *v)
{
	uintptr_t index = v->index;
	struct copies *c;

	if (!index)
		index = index_of(v);
	c = *own();
	if (!c || c->room < index)
		c = grow(c, index);
	if (!c->memory[index - 1])
		c->memory[index - 1] = make(v);
	return c->memory[index - 1];
}
