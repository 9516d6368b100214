/*
 * A coder that asks the tokenizer's own model makes of tok_encode_with what tok_encode is:
 * ids, ranges and names, with every option; and it sees the tokens before each piece.  Pieces
 * given as a run are encoded as one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/pipe/tokenizer_internal.h"

struct coder {
	const struct tok_model *model;
	struct tok_model_scratch *scratch;
	size_t calls, tokens; /* tokens: after the last call */
	bool fuses;
};

static enum tok_status ask_model(void *context, struct tok_span text, struct tok_range piece,
				 struct tok_tokens *out, struct tok_error *err)
{
	struct coder *c = context;
	assert_true(piece.begin < piece.end && piece.end <= text.count);
	/* Unknown words are made one behind our back. */
	assert_true(c->calls++ == 0 || c->fuses || out->count >= c->tokens);
	const enum tok_status status =
	    tok_model_encode(c->model, c->scratch, text, piece, out, err);
	c->tokens = out->count;
	return status;
}

static void assert_same(const char *name, const struct tok_encoding *a,
			const struct tok_encoding *b)
{
	if (a->count != b->count || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) != 0)
		fail_msg("%s: other ids", name);
	for (size_t i = 0; a->ranges && i < a->count; i++)
		assert_true(a->ranges[i].begin == b->ranges[i].begin &&
			    a->ranges[i].end == b->ranges[i].end);
	for (size_t i = 0; a->tokens && i < a->count; i++)
		assert_true(tok_span_equal(a->tokens[i], b->tokens[i]));
}

/* Two encoders: what one gives lives until its next call. */
static void check(const char *name, struct tok_encoder *a, struct tok_encoder *b, struct coder *c,
		  struct tok_span text, unsigned options)
{
	const struct tok_encode_options how = {
		.special_text = options & 1 ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
		.add_special = options & 2,
		.truncate = options & 4,
		.offsets = options & 8,
		.tokens = options & 16,
	};
	struct tok_encoding wanted = { 0 }, got = { 0 };
	struct tok_error err = { 0 };
	c->calls = 0;
	const enum tok_status x = tok_encode(a, text, &how, &wanted, &err);
	const enum tok_status y = tok_encode_with(b, text, &how, ask_model, c, &got, &err);
	assert_int_equal(x, y);
	if (x == TOK_OK)
		assert_same(name, &wanted, &got);
}

static void the_models_own_coder_changes_nothing(void **state)
{
	enum { ROUNDS = 60, BYTES = 300 };
	struct many all = many_new();
	(void)state;
	for (size_t i = 0; i < all.count; i++) {
		struct tok_encoder *a = tok_encoder_new(all.tokenizers[i]);
		struct tok_encoder *b = tok_encoder_new(all.tokenizers[i]);
		struct coder c = { all.tokenizers[i]->model, tok_model_scratch_new(), 0, 0,
				   all.tokenizers[i]->spec.model.kind == TOK_MODEL_WORDLEVEL };
		uint64_t seed = i + 1;
		for (unsigned round = 0; round < ROUNDS; round++) {
			uint8_t bytes[BYTES];
			const struct tok_span text = { bytes, many_text(&seed, bytes, BYTES) };
			check(all.names[i], a, b, &c, text, round % 32);
		}
		tok_model_scratch_free(c.scratch);
		tok_encoder_free(a);
		tok_encoder_free(b);
	}
	many_release(&all);
}

static void a_run_is_its_pieces(void **state)
{
	static const uint32_t ends[] = { 1, 3, 4, 9, 14, 15, 30 };
	static const char text[] = "a ab cd, abcd, xxabababcdef abc";
	const struct tok_span span = tok_span_of(text);
	struct many all = many_new();
	(void)state;
	for (size_t i = 0; i < all.count; i++) {
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[i]);
		struct tok_tokens wanted = { 0 }, got = { 0 };
		struct tok_error err = { 0 };
		enum tok_status one = TOK_OK;
		for (size_t k = 0; k < sizeof ends / sizeof *ends && one == TOK_OK; k++) {
			const struct tok_range piece = { k ? ends[k - 1] : 0, ends[k] };
			one = tok_encoder_piece(e, span, piece, &wanted, &err);
		}
		const enum tok_status run =
		    tok_encoder_run(e, span, ends, sizeof ends / sizeof *ends, &got, &err);
		assert_int_equal(one, run);
		if (one == TOK_OK) {
			assert_true(got.count > 0);
			assert_int_equal(got.count, wanted.count);
			assert_memory_equal(got.ids, wanted.ids, got.count * sizeof *got.ids);
		}
		tok_tokens_release(&wanted);
		tok_tokens_release(&got);
		tok_encoder_free(e);
	}
	many_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_models_own_coder_changes_nothing),
		cmocka_unit_test(a_run_is_its_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
