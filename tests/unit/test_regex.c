/* test_regex.c - patterns match where Oniguruma and fancy-regex match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tok/text/regex.h"
#include "tok/text/utf8.h"

#include "tests/unit/regex_table.inc"

/* All matches that are not empty, as "begin-end begin-end". */
static void show_matches(const struct tok_regex *regex, struct tok_regex_scratch *scratch,
			 struct tok_span text, char *out, size_t room)
{
	struct tok_error err = { 0 };
	size_t from = 0, used = 0;
	out[0] = '\0';
	while (from <= text.count) {
		struct tok_range hit;
		bool found;
		if (tok_regex_find(regex, scratch, text, from, &found, &hit, &err) != TOK_OK)
			fail_msg("%s", err.message);
		if (!found)
			break;
		if (hit.end > hit.begin)
			used += (size_t)snprintf(out + used, room - used, "%s%u-%u",
						 used ? " " : "", hit.begin, hit.end);
		from = hit.end;
		if (hit.begin == hit.end)
			from += from < text.count ? tok_utf8_at(text, from).length : 1;
	}
}

static void matches_as_the_references(void **state)
{
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	size_t wrong = 0;
	assert_non_null(scratch);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_regex *regex = NULL;
		if (tok_regex_new(tok_span_of(rows[i].pattern), rows[i].dialect, &regex, &err) !=
		    TOK_OK) {
			printf("%s\n", err.message);
			wrong++;
			continue;
		}
		for (size_t k = 0; k < TEXTS; k++) {
			char got[4096];
			const struct tok_span text = { (const uint8_t *)texts[k].bytes,
						       texts[k].count };
			show_matches(regex, scratch, text, got, sizeof got);
			if (strcmp(got, rows[i].matches[k]) != 0) {
				printf("dialect %d, %s on \"%s\": %s, want %s\n",
				       (int)rows[i].dialect, rows[i].pattern, texts[k].bytes, got,
				       rows[i].matches[k]);
				wrong++;
			}
		}
		tok_regex_free(regex);
	}
	tok_regex_scratch_free(scratch);
	assert_int_equal(wrong, 0);
}

static void refuses_what_is_no_pattern(void **state)
{
	static const char *const patterns[] = {
		"(",     ")",   "[",     "[a",   "a{2,1}", "\\",    "\\p{Nonsense}",
		"\\p{L", "\\p", "[b-a]", "(?<n", "(?~a)",  "\\xZZ", "\\x{110000}",
		"*",     "(?P", "\\k<",  "\\q",  "\xFF",
	};
	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_regex *regex = NULL;
		if (tok_regex_new(tok_span_of(patterns[i]), TOK_REGEX_ONIGURUMA, &regex, &err) !=
		    TOK_EFORMAT)
			fail_msg("'%s' was taken", patterns[i]);
		assert_true(err.message[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_the_references),
		cmocka_unit_test(refuses_what_is_no_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
