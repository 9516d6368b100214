/*
 * test_byte_level.c - tokenizers in the alphabet of bytes: which token comes to be which, what is
 * refused; conformance.byte_level has real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/byte_level_toys.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/convert/byte_level.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

static struct tok_spec read_toy(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return spec;
}

static struct tok_spec convert(const char *json, const struct vocab_byte_level_options *options,
			       struct vocab_byte_level_report *report)
{
	struct tok_spec spec = read_toy(json), out = { 0 };
	struct tok_error err = { 0 };
	if (vocab_byte_level(&spec, options, &out, report, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return out;
}

static const struct tok_vocab_entry *find_entry(const struct tok_spec *spec, tok_id id)
{
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id == id)
			return &spec->model.entries[i];
	return NULL;
}

static tok_id find_id(const struct tok_spec *spec, const char *text)
{
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (tok_span_equal(spec->model.entries[i].text, tok_span_of(text)))
			return spec->model.entries[i].id;
	return TOK_NO_ID;
}

/* ---- which token comes to be which --------------------------------------------------------- */

struct expected {
	tok_id id;
	const char *text;
};

static void expect_tokens(const struct tok_spec *spec, const struct expected *expected,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tok_vocab_entry *entry = find_entry(spec, expected[i].id);
		if (!entry || !tok_span_equal(entry->text, tok_span_of(expected[i].text)))
			fail_msg("id %u is not '%s' but '%.*s'", expected[i].id, expected[i].text,
				 entry ? (int)entry->text.count : 0,
				 entry ? (const char *)entry->text.bytes : "");
	}
}
#define EXPECT(spec, ...)                                                                          \
	do {                                                                                       \
		static const struct expected rows[] = { __VA_ARGS__ };                             \
		expect_tokens(spec, rows, sizeof rows / sizeof rows[0]);                           \
	} while (0)

/* "a+b ab+c": by rank */
static void expect_merges(const struct tok_spec *spec, const char *expected)
{
	char text[2048];
	size_t used = 0;
	for (size_t i = 0; i < spec->model.as.bpe.merge_count; i++) {
		const struct tok_merge *merge = &spec->model.as.bpe.merges[i];
		const struct tok_span left = find_entry(spec, merge->left)->text;
		const struct tok_span right = find_entry(spec, merge->right)->text;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s+%.*s",
					 i ? " " : "", (int)left.count, (const char *)left.bytes,
					 (int)right.count, (const char *)right.bytes);
		assert_true(used < sizeof text);
	}
	assert_string_equal(text, expected);
}

static void characters_are_made_of_bytes(void **state)
{
	const struct vocab_byte_level_options options = { 0 };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_FALLBACK, &options, &report);
	(void)state;
	EXPECT(&spec, { 0, "<s>" }, { 1, "<0x41>" }, { 2, "B" }, { 3, "<0xFF>" }, { 4, "A" },
	       { 5, "\u0120" }, { 6, "\u0120A" }, { 7, "\u00c3\u00a9" },
	       { 8, "\u00e4\u00bd\u0142" }, { 9, "\u00f0\u0141\u013a\u0122" },
	       { 10, "\u0120\u0120" }, { 11, "\u0120A\u0120A" }, { 12, "\u0100" },
	       { 264, "\u00ff" }, { 265, "<0" }, { 266, "<0xF" }, { 267, "F>" }, { 268, "xF" },
	       { 269, "\u00e4\u00bd" }, { 270, "\u00f0\u0141" }, { 271, "\u013a\u0122" });
	assert_int_equal(spec.model.entry_count, 272);
	assert_int_equal(report.tokens, 12);
	assert_int_equal(report.bytes_added, 253);
	assert_int_equal(report.tokens_made, 7);
	assert_int_equal(report.merges_added, 11);
	assert_false(report.was_byte_level);
	/* First the first two bytes of all, then those behind; one that was behind all stays. */
	expect_merges(&spec, "<+0 \u00c3+\u00a9 \u00e4+\u00bd \u00f0+\u0141 x+F \u013a+\u0122 "
			     "F+> <0+xF \u00f0\u0141+\u013a\u0122 \u00e4\u00bd+\u0142 "
			     "<0xF+F> \u0120+A \u0120+\u0120 \u0120A+\u0120A");
	assert_false(spec.model.byte_fallback);
	tok_spec_release(&spec);
}

static void white_space_is_made_the_same(void **state)
{
	const struct vocab_byte_level_options options = { .whitespace = true };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_FALLBACK, &options, &report);
	(void)state;
	EXPECT(&spec, { 6, "\u0120A" }, { 10, "\u0120\u0120" }, { 11, "<unused_whitespace__11>" });
	assert_int_equal(report.renamed, 1);
	assert_int_equal(report.runs_added, 134);
	assert_int_equal(report.merges_dropped, 2);
	assert_int_not_equal(find_id(&spec, "\u010a\u0120\u0120\u0120"), TOK_NO_ID);
	tok_spec_release(&spec);
}

static void words_begin_with_a_space(void **state)
{
	const struct vocab_byte_level_options options = { 0 };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_WORDPIECE, &options, &report);
	(void)state;
	/* "##[CLS]" would be what the special token is called, "##" nothing. */
	EXPECT(&spec, { 0, "[UNK]" }, { 1, "[CLS]" }, { 2, "\u0120the" }, { 3, "re" },
	       { 4, "<unused_duplicate__4>" }, { 5, "\u0120##" }, { 6, "\u0120x" },
	       { 7, "\u0100" });
	assert_int_equal(report.duplicates, 1);
	assert_int_equal(spec.model.as.wordpiece.prefix.count, 0);
	assert_int_equal(spec.model.as.wordpiece.max_chars, 401);
	assert_int_equal(spec.model.unk, 0);
	tok_spec_release(&spec);
}

static void scores_stay(void **state)
{
	struct vocab_byte_level_options options = { 0 };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_UNIGRAM, &options, &report);
	(void)state;
	EXPECT(&spec, { 0, "<unk>" }, { 1, "\u0120the" }, { 2, "\u0120\u0120" },
	       { 3, "\u0120a\u0120b" }, { 4, "\u0120" }, { 5, "\u0100" });
	assert_true(find_entry(&spec, 1)->score == -1.5);
	assert_true(find_entry(&spec, 2)->score == -2);
	assert_true(find_entry(&spec, 5)->score == -100000);
	tok_spec_release(&spec);

	options.whitespace = true;
	spec = convert(TOY_UNIGRAM, &options, &report);
	EXPECT(&spec, { 2, "\u0120\u0120" }, { 3, "<unused_whitespace__3>" });
	assert_true(find_entry(&spec, 2)->score == 0);
	assert_true(find_entry(&spec, 4)->score == -4);
	tok_spec_release(&spec);
}

static void the_alphabet_stays(void **state)
{
	const struct vocab_byte_level_options options = { 0 };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_BYTES, &options, &report);
	(void)state;
	assert_true(report.was_byte_level);
	EXPECT(&spec, { 0, "a" }, { 2, "\u0120a" }, { 3, "<|end|>" }, { 4, "a\u0120b" },
	       { 5, "\u0100" });
	assert_int_equal(report.bytes_added, 254);
	assert_int_equal(report.tokens_made, 0);
	assert_int_equal(spec.added_count, 1);
	expect_merges(&spec, "\u0120+a");
	tok_spec_release(&spec);
}

/* ---- special tokens of another ----------------------------------------------------------------
 */

static void special_tokens_take_their_places(void **state)
{
	struct tok_spec base = read_toy(TOY_BASE);
	const struct vocab_byte_level_options options = { .match = &base };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_WORDPIECE, &options, &report);
	(void)state;
	tok_spec_release(&base); /* nothing of it is used */
	EXPECT(&spec, { 0, "\u0120the" }, { 1, "<pad>" }, { 2, "re" }, { 3, "<s>" },
	       { 4, "<unused_duplicate__4>" }, { 5, "\u0120##" }, { 6, "\u0120x" },
	       { 7, "\u0100" });
	const tok_id last = (tok_id)spec.model.entry_count - 1;
	assert_int_equal(find_id(&spec, "<end>"), last);
	assert_int_equal(find_id(&spec, "[CLS]"), TOK_NO_ID);
	assert_int_equal(spec.model.unk, TOK_NO_ID);
	assert_int_equal(spec.added_count, 3);
	assert_int_equal(report.specials_put, 3);
	assert_int_equal(report.specials_dropped, 2);
	tok_spec_release(&spec);
}

static void a_byte_that_was_special_stays(void **state)
{
	struct tok_spec base = read_toy(TOY_BASE);
	const struct vocab_byte_level_options options = { .match = &base };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY(TOY_SPECIAL(0, "A"), TOY_META_NORM, "null",
					   TOY_BPE("false", "\"A\":0,\"AB\":1", "")),
				       &options, &report);
	(void)state;
	EXPECT(&spec, { 0, "A" }, { 1, "<pad>" }, { 2, "AB" }, { 3, "<s>" });
	expect_merges(&spec, "A+B");
	assert_int_equal(spec.added_count, 3);
	tok_spec_release(&spec);
	tok_spec_release(&base);
}

/* ---- what is kept -------------------------------------------------------------------------------
 */

static void pipelines(void **state)
{
	static const struct {
		const char *json;
		bool keep;
		const char *kinds; /* of the normaliser's steps */
	} cases[] = {
		{ TOY_FALLBACK, false, "P" },
		{ TOY_FALLBACK, true, "P" },
		{ TOY_BYTES, false, "P" },
		{ TOY_BYTES, true, "C" },
		{ TOY("", "{\"type\":\"Lowercase\"}", "{\"type\":\"BertPreTokenizer\"}",
		      TOY_BPE("false", "\"a\":0", "")),
		  true, "LP" },
		{ TOY("", "{\"type\":\"Prepend\",\"prepend\":\"x\"}", "null",
		      TOY_BPE("false", "\"a\":0", "")),
		  true, "PP" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct vocab_byte_level_options options = { .keep_normalizer =
								      cases[i].keep };
		struct vocab_byte_level_report report;
		struct tok_spec spec = convert(cases[i].json, &options, &report);
		char kinds[8] = "";
		assert_true(spec.normalizer_count < sizeof kinds);
		for (size_t k = 0; k < spec.normalizer_count && k < sizeof kinds - 1; k++) {
			const enum tok_norm_kind kind = spec.normalizers[k].kind;
			kinds[k] = kind == TOK_NORM_PREPEND ? 'P'
				   : kind == TOK_NORM_NFC   ? 'C'
							    : 'L';
		}
		assert_string_equal(kinds, cases[i].kinds);
		assert_int_equal(spec.pretokenizer_count, 2);
		tok_spec_release(&spec);
	}
	const struct vocab_byte_level_options options = { .keep_pretokenizer = true };
	struct vocab_byte_level_report report;
	struct tok_spec spec = convert(TOY_BYTES, &options, &report);
	assert_int_equal(spec.pretokenizer_count, 1);
	tok_spec_release(&spec);
}

/* ---- again
 * --------------------------------------------------------------------------------------- */

static void write_spec(const struct tok_spec *spec, struct tok_buffer *out)
{
	struct tok_error err = { 0 };
	if (vocab_write(VOCAB_TOKENIZER_JSON, spec, out, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_true(tok_buffer_add_byte(out, 0));
}

static void again_changes_nothing(void **state)
{
	static const char *const toys[] = { TOY_FALLBACK, TOY_WORDPIECE, TOY_UNIGRAM, TOY_BYTES };
	struct tok_spec base = read_toy(TOY_BASE_INSIDE);
	(void)state;
	for (size_t i = 0; i < 4 * sizeof toys / sizeof toys[0]; i++) {
		const struct vocab_byte_level_options options = { .whitespace = i & 1,
								  .match = i & 2 ? &base : NULL };
		struct vocab_byte_level_report report;
		struct tok_buffer once = { 0 }, twice = { 0 };
		struct tok_spec first = convert(toys[i / 4], &options, &report);
		write_spec(&first, &once);
		struct tok_spec second = convert((const char *)once.bytes, &options, &report);
		write_spec(&second, &twice);
		assert_string_equal((const char *)once.bytes, (const char *)twice.bytes);
		assert_int_equal(report.tokens_made + report.bytes_added + report.runs_added, 0);
		tok_buffer_release(&twice);
		tok_buffer_release(&once);
		tok_spec_release(&second);
		tok_spec_release(&first);
	}
	tok_spec_release(&base);
}

/* ---- what is odd, what is refused
 * ------------------------------------------------------------------ */

static void ids_may_have_holes(void **state)
{
	const struct vocab_byte_level_options options = { 0 };
	struct vocab_byte_level_report report;
	struct tok_spec spec =
	    convert(TOY("", "null", "null", TOY_BPE("false", "\"a\":0,\"b\":16776900", "")),
		    &options, &report);
	(void)state;
	EXPECT(&spec, { 0, "a" }, { 16776900, "b" }, { 16776901, "\u0100" });
	assert_int_equal(spec.model.entry_count, 256);
	tok_spec_release(&spec);
}

static void refused(void **state)
{
	static const struct {
		const char *json;
		struct vocab_byte_level_options options;
		enum tok_status status;
		const char *message;
	} cases[] = {
		{ TOY("", "null", "null",
		      "\"type\":\"WordLevel\",\"unk_token\":\"a\",\"vocab\":{\"a\":0}"),
		  { 0 },
		  TOK_EARG,
		  "a model of whole words has no form in the alphabet of bytes" },
		{ TOY("", "null", "null",
		      "\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"a</w>\":0},"
		      "\"merges\":[]"),
		  { 0 },
		  TOK_EARG,
		  "a BPE that puts a prefix or a suffix on what it merges has no form in the "
		  "alphabet of bytes" },
		{ TOY("", "{\"type\":\"ByteLevel\"}", "null", TOY_BPE("false", "\"a\":0", "")),
		  { .keep_normalizer = true },
		  TOK_EARG,
		  "SentencePiece's normaliser, and one that makes bytes, cannot be kept" },
		{ TOY("", "{\"type\":\"ByteLevel\"}", "null", TOY_BPE("false", "\"a\":0", "")),
		  { .keep_pretokenizer = true },
		  TOK_EARG,
		  "a pre-tokenizer that makes no bytes cannot be kept" },
		{ TOY_WORDPIECE,
		  { .keep_pretokenizer = true },
		  TOK_EARG,
		  "a pre-tokenizer that makes no bytes cannot be kept" },
		{ TOY("", "null", "null", TOY_BPE("false", "\"a\":0,\"b\":16777200", "")),
		  { 0 },
		  TOK_ELIMIT,
		  "there is no id left for '\u010f': the largest is 16777215" },
		{ TOY("", TOY_META_NORM, "null",
		      TOY_BPE("false", "\"<unused_duplicate__2>\":0,\"\u2581\":1,\" \":2", "")),
		  { 0 },
		  TOK_EFORMAT,
		  "the token '<unused_duplicate__2>' is there already, and another is to be "
		  "called so" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tok_spec spec = read_toy(cases[i].json), out = { .added_count = 77 };
		struct vocab_byte_level_report report = { .tokens = 77 };
		struct tok_error err = { 0 };
		assert_int_equal(vocab_byte_level(&spec, &cases[i].options, &out, &report, &err),
				 cases[i].status);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(report.tokens, 77);
		assert_int_equal(out.added_count, 77);
		tok_spec_release(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_made_of_bytes),
		cmocka_unit_test(white_space_is_made_the_same),
		cmocka_unit_test(words_begin_with_a_space),
		cmocka_unit_test(scores_stay),
		cmocka_unit_test(the_alphabet_stays),
		cmocka_unit_test(special_tokens_take_their_places),
		cmocka_unit_test(a_byte_that_was_special_stays),
		cmocka_unit_test(pipelines),
		cmocka_unit_test(again_changes_nothing),
		cmocka_unit_test(ids_may_have_holes),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
