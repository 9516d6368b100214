/* fail_alloc.c - preloaded: the allocation whose number is in TOK_FAIL_ALLOC fails,
 * and a mark on descriptor 9 says that it was reached.  What libraries allocate while they are
 * loaded, more than a thousand times behind libcurl, does not count: it is not ours. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_long asked;
static atomic_bool running;

static bool fails(void)
{
	static atomic_long wanted = -1;
	if (!running)
		return false;
	if (wanted < 0) {
		const char *text = getenv("TOK_FAIL_ALLOC");
		wanted = text ? strtol(text, NULL, 10) : 0;
	}
	if (wanted == 0 || atomic_fetch_add(&asked, 1) + 1 != wanted)
		return false;
	(void)!write(9, "!", 1);
	errno = ENOMEM; /* the C library relies on it */
	return true;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

/* Called by the program when all libraries are there. */
typedef int start(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		  void (*fini)(void), void (*end)(void), void *stack);

__attribute__((visibility("default"))) start __libc_start_main;

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*end)(void), void *stack)
{
	start *usual;
	*(void **)&usual = dlsym(RTLD_NEXT, "__libc_start_main");
	running = true;
	return usual(main, argc, argv, init, fini, end, stack);
}
