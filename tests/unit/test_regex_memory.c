/*
 * test_regex_memory.c - the n-th allocation fails, for every n, while a pattern is
 * compiled: TOK_ENOMEM comes back and nothing stays allocated.
 *
 * Linked with --wrap, so that only our own allocations are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tok/text/regex.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

static size_t asked, fails_at; /* fails_at 0: none fails */
static long live;

static bool fails(void)
{
	return ++asked == fails_at;
}

void *__wrap_malloc(size_t size)
{
	void *p = fails() ? NULL : __real_malloc(size);
	live += p != NULL;
	return p;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = fails() ? NULL : __real_calloc(count, size);
	live += p != NULL;
	return p;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *p = fails() ? NULL : __real_realloc(old, size);
	live += !old && p;
	return p;
}

void __wrap_free(void *old)
{
	live -= old != NULL;
	__real_free(old);
}

static void every_allocation_may_fail(void **state)
{
	static const struct {
		enum tok_regex_dialect dialect;
		const char *pattern;
	} rows[] = {
		{ TOK_REGEX_ONIGURUMA,
		  "(?i:'s|ss|\xC3\x9F)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|[a-z&&[^b]\\w]{1,3}+|"
		  "(?<n>a)\\b|[[:graph:]]|\\p{Han}" },
		{ TOK_REGEX_RUST, "(?i)[\\w--\\d~~\\p{Lu}]++|\\b{start}x{2}" },
		{ TOK_REGEX_LITERAL, "a" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum tok_status status = TOK_ENOMEM;
		for (size_t n = 1; status != TOK_OK; n++) {
			struct tok_error err = { 0 };
			struct tok_regex *regex = NULL;
			const long before = live;
			asked = 0;
			fails_at = n;
			status = tok_regex_new(tok_span_of(rows[i].pattern), rows[i].dialect,
					       &regex, &err);
			const bool failed = asked >= n;
			fails_at = 0;
			if (status == TOK_OK)
				tok_regex_free(regex);
			if (status != (failed ? TOK_ENOMEM : TOK_OK))
				fail_msg("%s, allocation %zu: %d %s", rows[i].pattern, n,
					 (int)status, err.message);
			if (live != before)
				fail_msg("%s, allocation %zu: leaks", rows[i].pattern, n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
