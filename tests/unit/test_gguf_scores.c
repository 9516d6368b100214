/* Merges told by scores: the ids that Hugging Face tokenizers 0.23 has of the merges, from a file
 * that has none; and what scores do not do is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/pipeline.h"
#include "tests/unit/spaced_json.h"
#include "tests/unit/tensor_files.h"
#include "tok/text/gguf.h"
#include "vocab/format/gguf_write.h"
#include "vocab/format/read.h"

#define SPLIT                                                                                      \
	"{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\","  \
	"\"invert\":false}"
#define METASPACE(scheme, split)                                                                   \
	"{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"" scheme "\","    \
	"\"split\":" split "}"
#define TOOL "," SPACED_ADDED(269, "<tool>", false)
#define RUN  "," SPACED_ADDED(267, "\u2581\u2581", false)

static void read_spec(struct tok_span file, struct tok_spec *out)
{
	const struct vocab_read_options options = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, out, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static enum tok_status write_json(const struct spaced *s, struct tok_buffer *pairs, uint64_t *count,
				  struct tok_error *err)
{
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_buffer json = spaced_json(s);
	struct tok_spec spec = { 0 };
	read_spec(tok_buffer_span(&json), &spec);
	const enum tok_status status = vocab_gguf_write(&spec, &options, pairs, count, err);
	tok_spec_release(&spec);
	tok_buffer_release(&json);
	return status;
}

/* What is read of the file that is written. */
static void there_and_back(const struct spaced *s, struct tok_spec *out)
{
	struct tok_buffer pairs = { 0 };
	struct tok_error err = { 0 };
	uint64_t count;
	if (write_json(s, &pairs, &count, &err) != TOK_OK)
		fail_msg("%s", err.message);
	struct tok_buffer file = tensor_gguf(0, count);
	tensor_put(&file, pairs.bytes, pairs.count);
	read_spec(tok_buffer_span(&file), out);
	tok_buffer_release(&file);
	tok_buffer_release(&pairs);
}

/* ---- ids --------------------------------------------------------------------------------- */

struct row {
	const char *text, *ids;
};

static const struct row prefix[] = {
	{ "", "" },
	{ " ", "267" },
	{ "abc", "259 265" }, /* _ab comes later */
	{ " abc", "267 265" },
	{ "  ab cab", "267 266 259 262 263" },
	{ "cba", "259 262 261 260" }, /* a token that nothing makes */
	{ "a\tb", "264 12 261" },
	{ "abcabab   c", "259 265 263 263 267 259 262" },
	{ "x\u00E9", "259 123 198 172" },
	{ "<tool>ab", "259 63 119 114 114 111 65 263" },
};
static const struct row bare[] = {
	{ "", "" },
	{ " ", "259" },
	{ "abc", "265" },
	{ " abc", "259 265" },
	{ "  ab cab", "259 266 259 262 263" },
	{ "cba", "262 261 260" },
	{ "abcabab   c", "265 263 263 267 259 262" },
	{ "x\u00E9", "123 198 172" },
	{ "<tool>ab", "269 263" },
	{ "ab<tool> ab", "263 269 266" },
	{ "   <tool>  ", "267 259 269 267" },
};

static void check_ids(struct tok_spec *spec, const struct row *rows, size_t count)
{
	struct pipeline p = pipeline_new(spec);
	for (size_t i = 0; i < count; i++) {
		const struct tok_encode_options options = { .special_text = TOK_SPECIAL_MATCH };
		struct tok_encoding r;
		char ids[256] = "";
		size_t at = 0;
		assert_int_equal(
		    tok_encode(p.encoder, tok_span_of(rows[i].text), &options, &r, NULL), TOK_OK);
		for (size_t k = 0; k < r.count; k++)
			at += (size_t)snprintf(ids + at, sizeof ids - at, "%s%u", k ? " " : "",
					       r.ids[k]);
		if (strcmp(ids, rows[i].ids) != 0)
			fail_msg("'%s': %s and not %s", rows[i].text, ids, rows[i].ids);
	}
	pipeline_release(&p);
}

static void scores_do_what_merges_do(void **state)
{
	(void)state;
	static const struct {
		struct spaced json;
		const struct row *rows;
		size_t count;
	} cases[] = {
		{ { SPACED_PREPEND, "null", SPACED_UNK, "", "", "", -1 }, prefix, 10 },
		{ { SPACED_REPLACE, SPLIT, SPACED_UNK, "", "", TOOL RUN, -1 }, bare, 11 },
		{ { "null", METASPACE("never", "false"), SPACED_UNK, "", "", "", -1 }, bare, 8 },
		{ { SPACED_REPLACE, "null", SPACED_UNK, "", "", "", 'a' }, bare, 8 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tok_buffer json = spaced_json(&cases[i].json);
		struct tok_spec spec = { 0 }, again = { 0 };
		read_spec(tok_buffer_span(&json), &spec);
		there_and_back(&cases[i].json, &again);
		assert_int_equal(again.model.as.bpe.order, TOK_BPE_SCORES);
		check_ids(&spec, cases[i].rows, cases[i].count);
		check_ids(&again, cases[i].rows, cases[i].count);
		tok_buffer_release(&json);
	}
}

/* ---- types and scores ---------------------------------------------------------------------- */

/* As SentencePiece has them: what is made in the order of making, then the rest. */
static void tokens_have_types_and_scores(void **state)
{
	(void)state;
	static const struct {
		tok_id id;
		enum tok_piece_type type;
		double score;
	} wanted[] = {
		{ 0, TOK_PIECE_UNKNOWN, 0 },        { 1, TOK_PIECE_CONTROL, 0 },
		{ 3, TOK_PIECE_BYTE, 0 },           { 258, TOK_PIECE_BYTE, 0 },
		{ 263, TOK_PIECE_NORMAL, 0 },       { 264, TOK_PIECE_NORMAL, -1 },
		{ 265, TOK_PIECE_NORMAL, -2 },      { 266, TOK_PIECE_NORMAL, -3 },
		{ 267, TOK_PIECE_NORMAL, -4 },      { 259, TOK_PIECE_NORMAL, -5 },
		{ 262, TOK_PIECE_NORMAL, -8 },      { 268, TOK_PIECE_NORMAL, -9 },
		{ 269, TOK_PIECE_USER_DEFINED, 0 }, { 270, TOK_PIECE_UNUSED, 0 },
		{ 271, TOK_PIECE_NORMAL, -10 },
	};
	const struct spaced json = {
		SPACED_REPLACE, "null", SPACED_UNK, ",\"<tool>\":269,\"d\":271", "", TOOL RUN, -1
	};
	struct tok_spec spec = { 0 };
	there_and_back(&json, &spec);
	assert_int_equal(spec.model.entry_count, 272);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const struct tok_vocab_entry *entry = &spec.model.entries[wanted[i].id];
		if (entry->type != wanted[i].type || entry->score != wanted[i].score)
			fail_msg("%u: type %d, score %g", entry->id, entry->type, entry->score);
	}
	tok_spec_release(&spec);
}

/* Our reader knows the unknown token by its id, llama.cpp by its type. */
static void the_unknown_token_has_its_type(void **state)
{
	(void)state;
	const struct spaced json = { SPACED_REPLACE, "null", SPACED_UNK, "", "", "", -1 };
	struct tok_buffer pairs = { 0 };
	struct tok_gguf_pair pair = { 0 };
	struct tok_error err = { 0 };
	uint64_t count, at = 0;
	assert_int_equal(write_json(&json, &pairs, &count, &err), TOK_OK);
	struct tok_gguf file = { .rest = { .bytes = tok_buffer_span(&pairs) }, .pairs = count };
	while (at++ < count && !tok_span_equal(pair.key, tok_span_of("tokenizer.ggml.token_type")))
		assert_int_equal(tok_gguf_next(&file, &pair, NULL), TOK_OK);
	assert_int_equal(pair.value.count, 269);
	assert_int_equal(pair.value.bytes.bytes[0], 2);
	assert_int_equal(pair.value.bytes.bytes[4], 3);
	tok_buffer_release(&pairs);
}

/* ---- what scores do not say ------------------------------------------------------------------ */

static void what_scores_do_not_do_is_refused(void **state)
{
	(void)state;
	static const char made[] = "by a GGUF file's scores";
	static const struct {
		struct spaced json;
		const char *why;
	} cases[] = {
		{ { "null", METASPACE("first", "false"), SPACED_UNK, "", "", "", -1 },
		  "a Prepend" },
		{ { "null", METASPACE("never", "true"), SPACED_UNK, "", "", "", -1 },
		  "normalizer" },
		{ { "{\"type\":\"NFC\"}", "null", SPACED_UNK, "", "", "", -1 }, "normalizer" },
		{ { SPACED_REPLACE, "{\"type\":\"Whitespace\"}", SPACED_UNK, "", "", "", -1 },
		  "pre_tokenizer" },
		{ { SPACED_REPLACE, "null", "", "", "", "", -1 }, "with an unknown token" },
		{ { SPACED_REPLACE, "null", SPACED_UNK "\"end_of_word_suffix\":\"</w>\",", "", "",
		    "", -1 },
		  "marks of words" },
		{ { SPACED_REPLACE, "null", SPACED_UNK, "", "", "", 65 }, "no piece <0x41>" },
		/* c and ab: two that no merge joins, and scores would. */
		{ { SPACED_REPLACE, "null", SPACED_UNK, ",\"cab\":269", "", "", -1 }, made },
		{ { SPACED_REPLACE, "null", SPACED_UNK, ",\"a\u00E9\":269", "", "", -1 }, made },
		{ { SPACED_REPLACE, "null", SPACED_UNK "\"ignore_merges\":true,", "", "", "", -1 },
		  made },
		{ { SPACED_REPLACE, "null", SPACED_UNK, ",\"<0xC3><0xA9>\":269",
		    ",[\"<0xC3>\",\"<0xA9>\"]", "", -1 },
		  "is made of bytes" },
		{ { SPACED_REPLACE, "null", SPACED_UNK, "", "", "," SPACED_ADDED(265, "abc", true),
		    -1 },
		  "neither special nor bytes" },
		{ { SPACED_PREPEND, "null", SPACED_UNK, "", "", TOOL, -1 }, "text behind it" },
		{ { SPACED_REPLACE, "null", SPACED_UNK, "", "",
		    "," SPACED_ADDED(269, "<a\u2581b>", false), -1 },
		  "takes for a space" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tok_buffer pairs = { 0 };
		struct tok_error err = { 0 };
		uint64_t count;
		const enum tok_status status = write_json(&cases[i].json, &pairs, &count, &err);
		if (status != TOK_EARG || err.status != TOK_EARG ||
		    !strstr(err.message, cases[i].why) || pairs.count)
			fail_msg("%zu: %d %s", i, status, err.message);
		tok_buffer_release(&pairs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_do_what_merges_do),
		cmocka_unit_test(tokens_have_types_and_scores),
		cmocka_unit_test(the_unknown_token_has_its_type),
		cmocka_unit_test(what_scores_do_not_do_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
