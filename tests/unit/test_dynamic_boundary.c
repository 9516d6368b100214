/*
 * Which tokens may join, by hand; and that all merges within pre-tokens give the
 * pre-tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dynamic_steps.h"
#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"

#define G       "\xC4\xA0"
#define FULL    "\xC3\xA3\xC4\xA2\xC4\xA4" /* U+3002, the full stop */
#define BRACKET "\xC3\xA3\xC4\xA2\xC4\xAF" /* U+300D, a bracket that closes */

static void boundaries_by_hand(void **state)
{
	static const char byte_level[] =
	    MANY_BYTE_LEVEL(MANY_ADDED(10, "<s>", false, false, false, false, true), "null", "");
	static const struct {
		const char *left, *right;
		const char *allowed; /* by kind: y or n */
	} rows[] = {
		{ "a", "b", "yyyyy" },
		{ G "a", "b", "yyyyy" },
		{ "a", G "b", "nnnyy" },
		{ "don", "'", "nyyyy" }, /* "'" is not in this vocabulary: no punctuation */
		{ "a", "1", "nyyyy" },
		{ "'", "s", "yyyyy" }, /* not " 's", though the step puts a space in front */
		{ G, G, "ynnyy" },
		{ G, G "a", "nnnyy" },
		{ "\xC4\x8A", "\xC4\x8A", "nnnyy" }, /* two newlines */
		{ "\xC4\x8A", "a", "nyyny" },
		{ "\xC4\x8A\xC4\x8A", "\xC4\x8A", "ynnyy" },
		{ "a.", G "B", "nnnny" },
		{ "a.", "B", "nyyyy" },
		{ "\xC3\xA4\xC2\xBD", "a", "yyyyy" }, /* the first two bytes of three, and a */
		{ "\xC3\xA4\xC2\xBD", G "a", "nnnyy" },
		{ "\xC3\xA3\xC4\xA2\xC4\xA4", "a", "nyyny" }, /* U+3002 */
		{ FULL, BRACKET, "yyyyy" },
		{ FULL BRACKET, "a", "nyyny" }, /* what closes is of the sentence, no more */
		{ FULL, FULL, "yyyyy" },
		{ FULL, G "a", "nnnny" },
		{ "a" BRACKET, "a", "nyyyy" },
		{ "a.\"", G "B", "nnnny" },
		{ "a.\"", "B", "nyyyy" }, /* no white space behind it */
		{ "a.'\"", G "B", "nnnny" },
		{ "a.)", G "B", "nnnny" },
		{ "a)", G "B", "nnnyy" },
		{ "a\".", G "B", "nnnny" },
		{ "a.)", G, "nnnyy" },
		{ "a.)b", G "B", "nnnyy" },
		{ "a...", G "B", "nnnny" },
		{ "a\xC3\xA2\xC4\xA2\xC2\xA6", G "B", "nnnny" }, /* U+2026 */
		{ "a.", "\xC4\x8A", "nnnyy" },
		{ "a.\xC4\x8A", "\xC4\x8A", "nnnyy" },
		{ "a.\xC4\x8A", "B", "nnnny" },
		{ "a!?", G "B", "nnnny" },
		{ "a,", G "B", "nnnyy" },
	};
	struct tok_tokenizer *t = read_tokenizer(byte_level);
	(void)state;
	for (size_t kind = 0; kind < BOUNDARIES; kind++) {
		struct tok_boundary *b = new_boundary(t, kind);
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			bool allowed;
			struct tok_error err = { 0 };
			assert_int_equal(tok_boundary_allows(b, tok_span_of(rows[i].left),
							     tok_span_of(rows[i].right), &allowed,
							     &err),
					 TOK_OK);
			if (allowed != (rows[i].allowed[kind] == 'y'))
				fail_msg("%s: '%s' + '%s': %d", boundary_names[kind], rows[i].left,
					 rows[i].right, allowed);
		}
		tok_boundary_free(b);
	}
	tok_tokenizer_free(t);
}

static void only_hyphens_join_words(void **state)
{
	static const char json[] =
	    "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"BPE\","
	    "\"vocab\":{\"a\":0,\"b\":1,\"-\":2,\",\":3,\"#\":4,\".5\":5,\"'s\":6},\"merges\":[]}}";
	static const struct {
		const char *left, *right;
		bool allowed;
	} rows[] = {
		{ "a", "-", true },   { "-", "b", true },  { "a", ",", false },
		{ ",", "b", true },   { ",", "-", true },  { ",", ",", true },
		{ "a", "#", true },   { "a", ".5", true }, { "a", "'s", false },
		{ "a-", ",", false }, /* made of both, and no token of the vocabulary */
		{ "a", "-,", true },
	};
	struct tok_tokenizer *t = read_tokenizer(json);
	struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_WORD_HYPHEN);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool allowed;
		struct tok_error err = { 0 };
		assert_int_equal(tok_boundary_allows(b, tok_span_of(rows[i].left),
						     tok_span_of(rows[i].right), &allowed, &err),
				 TOK_OK);
		if (allowed != rows[i].allowed)
			fail_msg("'%s' + '%s': %d", rows[i].left, rows[i].right, allowed);
	}
	tok_boundary_free(b);
	tok_tokenizer_free(t);
}

/* Words of a text, one behind the other, each with a separator that no text has. */
static bool note_words(void *context, struct tok_span text, const struct tok_range *words,
		       size_t count)
{
	struct tok_buffer *out = context;
	for (size_t i = 0; i < count; i++)
		if (!tok_buffer_add(out, text.bytes + words[i].begin,
				    words[i].end - words[i].begin) ||
		    !tok_buffer_add_byte(out, 0xFF))
			return false;
	return true;
}

/* What a merged token is to the model. */
static void note_token(const struct tok_tokenizer *t, struct tok_span written,
		       struct tok_buffer *out)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(t)->model;
	if (model->kind == TOK_MODEL_WORDPIECE)
		assert_false(tok_span_starts(written, model->as.wordpiece.prefix));
	assert_true(tok_buffer_add(out, written.bytes, written.count));
	assert_true(tok_buffer_add_byte(out, 0xFF));
}

/* As long as anything may join, with nothing between the words that is not in a token. */
static void all_merges_give_the_words(void **state)
{
#define LINE " the dog a the ab hello dog hey don't the 123 the  a\n dog"
	static const char *const names[][2] = { { "gpt2", LINE },
						{ "cl100k", LINE },
						{ "o200k", LINE },
						{ "bert.gguf", "the dog walking the baker" } };
#undef LINE
	const struct tok_encode_options options = { 0 };
	struct many all = many_new();
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct tok_tokenizer *t = many_find(&all, names[i][0]);
		const struct tok_span text = tok_span_of(names[i][1]);
		struct tok_encoder *e = tok_encoder_new(t);
		struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_PRETOKENS);
		struct tok_merger *m = tok_merger_new(t, b);
		struct tok_buffer words = { 0 }, tokens = { 0 };
		struct tok_encoding r;
		struct tok_error err = { 0 };
		assert_true(e && m);
		assert_int_equal(tok_encode_words(e, text, &options, note_words, &words, &err),
				 TOK_OK);
		assert_int_equal(tok_encode(e, text, &options, &r, &err), TOK_OK);
		const size_t offsets[2] = { 0, r.count };
		const struct tok_sequences batch = { r.ids, offsets, 1 };
		const struct tok_merged_batch merged = merge_batch(m, TOK_MERGES_ALL, 0, &batch);
		for (size_t k = 0; k < merged.offsets[1]; k++) {
			const size_t size = tok_tokenizer_size(t);
			struct tok_vocab_entry entry = { 0 };
			if (merged.ids[k] < size)
				assert_true(tok_tokenizer_entry(t, merged.ids[k], &entry));
			note_token(t,
				   merged.ids[k] < size ? entry.text
							: merged.tokens[merged.ids[k] - size].text,
				   &tokens);
		}
		if (!tok_span_equal(tok_buffer_span(&words), tok_buffer_span(&tokens)))
			fail_msg("%s: '%.*s', not '%.*s'", names[i][0], (int)tokens.count,
				 tokens.bytes, (int)words.count, words.bytes);
		assert_true(merged.offsets[1] < r.count);
		tok_buffer_release(&words);
		tok_buffer_release(&tokens);
		tok_merger_free(m);
		tok_boundary_free(b);
		tok_encoder_free(e);
	}
	many_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_by_hand),
		cmocka_unit_test(only_hyphens_join_words),
		cmocka_unit_test(all_merges_give_the_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
