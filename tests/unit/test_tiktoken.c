/* test_tiktoken.c - lines of ranks: what is read, what is refused.  The
 * published ranks and their ids are compared with tiktoken where the real files
 * are at hand (tests/oracles/check_tiktoken.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/pipeline.h"
#include "vocab/format/published_internal.h"
#include "vocab/format/read.h"

static enum tok_status read_text(const char *text, const char *pattern, struct tok_spec *spec,
				 struct tok_error *err)
{
	const struct vocab_read_options options = { .pattern = pattern };
	*spec = (struct tok_spec){ 0 };
	*err = (struct tok_error){ 0 };
	return vocab_read_bytes(tok_span_of(text), &options, spec, err);
}

static void lines_become_ranks(void **state)
{
	struct tok_spec spec;
	struct tok_error err;
	(void)state;
	/* Any order, gaps, empty lines, blanks and \r\n, no newline at the end. */
	assert_int_equal(read_text("\n Yg== 7 \r\n\nYQ== 0\r\nYWI= 3", "[a-z]+", &spec, &err),
			 TOK_OK);
	assert_int_equal(spec.model.entry_count, 3);
	assert_true(spec.raw_vocabulary);
	assert_int_equal(spec.model.entries[0].id, 7);
	assert_true(tok_span_equal(spec.model.entries[2].text, tok_span_of("ab")));
	assert_int_equal(spec.model.entries[2].id, 3);

	struct pipeline p = pipeline_new(&spec);
	pipeline_check(&p, "ranks", tok_span_of("abba"), "3 7 0", tok_span_of("abba"));
	/* What the pattern does not match is left out, as in tiktoken. */
	pipeline_check(&p, "ranks", tok_span_of("a b"), "0 7", tok_span_of("ab"));
	pipeline_release(&p);
}

static void bad_lines_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "YQ== 0\nYg==", "line 2: must be a token in base64 and a rank" },
		{ "YQ== 0\n\nYg== x", "line 3: the rank must be a whole number, not 'x'" },
		{ "YQ== 0\nYg== 1 2", "line 2: the rank must be a whole number, not '1 2'" },
		{ "YQ== 0\nYg== -1", "line 2: the rank must be a whole number, not '-1'" },
		{ "YQ== 0\nYg= 1", "line 2: the token must be base64, not 'Yg='" },
		{ "YQ== 0\nYh== 1", "line 2: the token must be base64, not 'Yh=='" },
		{ "YQ== 0\nY g== 1", "line 2: the token must be base64, not 'Y'" },
		{ "YQ== 0\nYg== 16777216", "line 2: the rank '16777216' is above 16777215" },
		{ "YQ== 0\nYg== 99999999999999999999999", "is above 16777215" },
		{ "YQ== 0\nYg== 0", "the rank 0 is there twice" },
		{ "YQ== 0\nYQ== 1", "the tokens 0 and 1 have the same bytes 'a'" },
	};
	struct tok_spec spec;
	struct tok_error err;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (read_text(rows[i].text, "gpt2", &spec, &err) == TOK_OK ||
		    !strstr(err.message, rows[i].why))
			fail_msg("wanted '%s', not '%s'", rows[i].why, err.message);
		assert_null(spec.arena.head);
	}
}

static void unknown_ranks_need_a_pattern(void **state)
{
	struct tok_spec spec;
	struct tok_error err;
	(void)state;
	assert_int_equal(read_text("YQ== 0\n", NULL, &spec, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "--pattern"));
	assert_non_null(strstr(err.message, VOCAB_PUBLISHED_NAMES));
}

static void names_bring_their_special_tokens(void **state)
{
	static const struct {
		const char *pattern, *token;
		size_t added;
		tok_id id;
	} rows[] = {
		{ "gpt2", "<|endoftext|>", 1, 50256 },
		{ "r50k_base", "<|endoftext|>", 1, 50256 },
		{ "p50k", "<|endoftext|>", 1, 50256 },
		{ "p50k_edit", "<|fim_suffix|>", 4, 50283 },
		{ "cl100k_base", "<|endofprompt|>", 5, 100276 },
		{ "o200k", "<|endofprompt|>", 2, 200018 },
		{ "o200k_harmony", "<|call|>", 1091, 200012 },
		{ "o200k_harmony", "<|reserved_201087|>", 1091, 201087 },
	};
	struct tok_spec spec;
	struct tok_error err;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(read_text("YQ== 0\n", rows[i].pattern, &spec, &err), TOK_OK);
		assert_int_equal(spec.added_count, rows[i].added);
		size_t hits = 0;
		for (size_t j = 0; j < spec.added_count; j++) {
			assert_true(spec.added[j].special && !spec.added[j].normalized);
			if (tok_span_equal(spec.added[j].content, tok_span_of(rows[i].token)))
				hits += spec.added[j].id == rows[i].id;
		}
		assert_int_equal(hits, 1);
		tok_spec_release(&spec);
	}
	/* Other ranks that have such an id keep it. */
	assert_int_equal(read_text("YQ== 50256\n", "gpt2", &spec, &err), TOK_OK);
	assert_int_equal(spec.added_count, 0);
	tok_spec_release(&spec);
}

static void other_ranks_and_names_are_not_known(void **state)
{
	struct tok_vocab_entry few[] = { { .text = tok_span_of("a"), .id = 0 } };
	(void)state;
	assert_null(vocab_published_by_ranks(few, 1));
	assert_null(vocab_published_by_name("cl100k_bas"));
	assert_null(vocab_published_by_name(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_ranks),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(unknown_ranks_need_a_pattern),
		cmocka_unit_test(names_bring_their_special_tokens),
		cmocka_unit_test(other_ranks_and_names_are_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
