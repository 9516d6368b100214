/* test_pretok_marked.c - characters left out and set apart in one pass: the pieces
 * are those of the operations one by one, whatever the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/pretok/pretok_internal.h"

enum { ROUNDS = 200, MOST_BYTES = 700 };

static const struct tok_pretok_step bert = { .kind = TOK_PRETOK_BERT };
static const struct tok_pretok_step space = { .kind = TOK_PRETOK_WHITESPACE_SPLIT };
static const struct tok_pretok_step alone = { .kind = TOK_PRETOK_PUNCTUATION,
					      .as.punctuation = TOK_ISOLATED };
static const struct tok_pretok_step joined = { .kind = TOK_PRETOK_PUNCTUATION,
					       .as.punctuation = TOK_CONTIGUOUS };
static const struct tok_pretok_step gone = { .kind = TOK_PRETOK_PUNCTUATION,
					     .as.punctuation = TOK_REMOVED };
static const struct tok_pretok_step digits = { .kind = TOK_PRETOK_DIGITS,
					       .as.individual_digits = true };
static const struct tok_pretok_step letter = { .kind = TOK_PRETOK_CHAR_DELIMITER,
					       .as.delimiter = 'e' };
static const struct tok_pretok_step accent = { .kind = TOK_PRETOK_CHAR_DELIMITER,
					       .as.delimiter = 0xE9 };

#define MARKED "marked characters (block scanner)"
#define PLAIN  "character by character"

static const struct {
	const char *name;
	const struct tok_pretok_step *steps[4];
	uint32_t passes; /* of the first operation */
	const char *path;
} rows[] = {
	{ "bert", { &bert }, 2, "bert (block scanner)" },
	{ "space", { &space }, 1, MARKED },
	{ "punctuation alone", { &alone }, 1, MARKED },
	{ "punctuation joined", { &joined }, 0, PLAIN },
	{ "digits, space", { &digits, &space }, 1, MARKED },
	{ "space, digits, punctuation", { &space, &digits, &alone }, 2, MARKED },
	{ "punctuation gone, then alone", { &gone, &alone }, 2, MARKED },
	{ "letter, bert", { &letter, &bert }, 1, MARKED },
	{ "accent, digits", { &accent, &digits }, 2, MARKED },
	{ "joined, bert", { &joined, &bert }, 0, PLAIN },
};

static void cut(const struct tok_pretokenizer *p, enum tok_kernel kernel, struct tok_span bytes,
		struct tok_pieces *out)
{
	struct tok_pretok_scratch *scratch = tok_pretok_scratch_new();
	struct tok_text text = { 0 };
	struct tok_error err = { 0 };
	assert_non_null(scratch);
	assert_true(tok_text_set(&text, bytes, 0));
	assert_int_equal(tok_pretokenize(p, kernel, scratch, &text, true, out, &err), TOK_OK);
	tok_text_release(&text);
	tok_pretok_scratch_free(scratch);
}

static void check_text(const char *name, struct tok_pretokenizer *p, enum tok_kernel kernel,
		       struct tok_span text)
{
	struct tok_pieces got = { 0 }, want = { 0 };
	uint32_t passes[8];
	assert_true(p->count <= 8);
	cut(p, kernel, text, &got);
	for (size_t i = 0; i < p->count; i++) {
		passes[i] = p->ops[i].passes;
		p->ops[i].passes = 0;
	}
	cut(p, kernel, text, &want);
	for (size_t i = 0; i < p->count; i++)
		p->ops[i].passes = passes[i];
	for (size_t i = 0; i < got.count || i < want.count; i++)
		if (i >= got.count || i >= want.count ||
		    got.ranges[i].begin != want.ranges[i].begin ||
		    got.ranges[i].end != want.ranges[i].end)
			fail_msg("%s: piece %zu of '%.*s' is another", name, i, (int)text.count,
				 text.bytes);
	tok_pieces_release(&got);
	tok_pieces_release(&want);
}

/* Blocks of ASCII, and what is not between them. */
static size_t write_text(uint64_t *state, uint8_t *out, size_t most)
{
	static const char plain[] = "aebc  ,.1 \n\t-e0";
	if (many_draw(state, 2))
		return many_text(state, out, most);
	for (size_t i = 0; i < most; i++)
		out[i] = (uint8_t)(many_draw(state, 150) ? plain[many_draw(state, sizeof plain)]
							 : (int)many_draw(state, 256));
	return most;
}

static void test_rows(void **unused)
{
	(void)unused;
	uint64_t state = 11;
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		struct tok_pretok_step steps[4];
		struct tok_pretokenizer *p;
		struct tok_error err = { 0 };
		size_t count = 0;
		for (; count < 4 && rows[r].steps[count]; count++)
			steps[count] = *rows[r].steps[count];
		assert_int_equal(tok_pretokenizer_new(steps, count, &p, &err), TOK_OK);
		if (p->ops[0].passes != rows[r].passes)
			fail_msg("%s: %u operations at once", rows[r].name, p->ops[0].passes);
		assert_string_equal(tok_pretokenizer_path(p), rows[r].path);
		assert_int_equal(tok_pretokenizer_uses_kernel(p), rows[r].passes > 0);
		for (size_t i = 0; i < ROUNDS; i++) {
			uint8_t text[MOST_BYTES];
			const size_t most = many_draw(&state, MOST_BYTES);
			const struct tok_span span = { text, write_text(&state, text, most) };
			for (int k = 0; k < TOK_KERNEL_COUNT; k++)
				if (tok_kernel_runs((enum tok_kernel)k))
					check_text(rows[r].name, p, (enum tok_kernel)k, span);
		}
		tok_pretokenizer_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
