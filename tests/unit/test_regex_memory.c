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

#include "tests/unit/heap.h"
#include "tok/text/regex.h"

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
			const long before = heap.live;
			heap.asked = 0;
			heap.fails_at = n;
			status = tok_regex_new(tok_span_of(rows[i].pattern), rows[i].dialect,
					       &regex, &err);
			const bool failed = heap.asked >= n;
			heap.fails_at = 0;
			if (status == TOK_OK)
				tok_regex_free(regex);
			if (status != (failed ? TOK_ENOMEM : TOK_OK))
				fail_msg("%s, allocation %zu: %d %s", rows[i].pattern, n,
					 (int)status, err.message);
			if (heap.live != before)
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
