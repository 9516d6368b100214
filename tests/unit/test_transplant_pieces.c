/* New tokens as old tokenizers spell them, what their own tokens stand for, and rows of pieces. */
#include "hypernet/transplant/subword.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sample_toys.h"
#include "vocab/convert/token_bytes.h"

/* ---- old tokenizers ---------------------------------------------------------------------- */

/* Llama's way: a blank in front of all, bytes where there is no piece. */
static const char llama[] =
    "{\"added_tokens\":[{\"id\":1,\"content\":\"<s>\",\"single_word\":false,\"lstrip\":false,"
    "\"rstrip\":false,\"normalized\":false,\"special\":true},{\"id\":11,\"content\":\"\\u2581"
    "\\u2581\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
    "\"special\":false},{\"id\":12,\"content\":\"\\u2581x\",\"single_word\":false,\"lstrip\":"
    "false,\"rstrip\":false,\"normalized\":false,\"special\":false}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":"
    "\"\\u2581\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"vocab\":{"
    "\"<unk>\":0,\"<s>\":1,\"<0x0A>\":2,\"<0xC3>\":3,\"<0xA9>\":4,\"\\u2581\":5,\"a\":6,\"b\":7,"
    "\"\\u2581a\":8,\"ab\":9,\"\\u2581ab\":10,\"\\u2581\\u2581\":11},\"merges\":[[\"\\u2581\","
    "\"a\"],[\"a\",\"b\"],[\"\\u2581a\",\"b\"],[\"\\u2581\",\"\\u2581\"]]}}";

/* T5's: a blank in front of every word, and blanks that are no word's are dropped. */
static const char unigram[] =
    "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},"
    "{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\",\"prepend_scheme\":\"always\",\"split\":"
    "true}]},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"\\u2581\","
    "-3],[\"a\",-4],[\"\\u2581ab\",-1],[\"b\",-4],[\"\\u2581c\",-1],[\"\\u2581cb\",-1]]}}";

static const char wordpiece[] =
    "{\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":"
    "true,\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":"
    "\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,\"vocab\":{"
    "\"[UNK]\":0,\"the\":1,\"##the\":2,\"##s\":3,\"s\":4,\".\":5,\"##\":6}}}";

/* CLIP's: the alphabet of bytes, and a mark where a word ends. */
static const char suffix[] =
    "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"
    "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{"
    "\"a\":0,\"a</w>\":1,\"\\u00c3\":2,\"\\u0120\":3},\"merges\":[]}}";

struct old {
	struct tok_tokenizer *tokenizer;
	struct vocab_token_bytes tokens;
	struct hyper_vocab vocab;
};

static struct old open_old(const char *json)
{
	struct old old = { .tokenizer = toy_new(json) };
	struct tok_error err = { 0 };
	if (vocab_token_bytes(old.tokenizer, &old.tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	old.vocab = (struct hyper_vocab){ .bytes = old.tokens.bytes,
					  .kinds = old.tokens.kinds,
					  .count = old.tokens.count,
					  .tokenizer = old.tokenizer };
	return old;
}

static void close_old(struct old *old)
{
	vocab_token_bytes_release(&old->tokens);
	assert_null(old->tokens.bytes);
	tok_tokenizer_free(old->tokenizer);
}

/* ---- what their tokens stand for --------------------------------------------------------- */

struct token {
	enum vocab_token_kind kind;
	const char *bytes;
};

static void check_tokens(const char *json, const struct token *wanted, size_t count)
{
	struct old old = open_old(json);
	assert_int_equal(old.tokens.count, count);
	for (size_t id = 0; id < count; id++) {
		const struct tok_span bytes = old.tokens.bytes[id];
		if (old.tokens.kinds[id] != wanted[id].kind ||
		    !tok_span_equal(bytes, tok_span_of(wanted[id].bytes)))
			fail_msg("token %zu is %d '%.*s'", id, old.tokens.kinds[id],
				 (int)bytes.count, (const char *)bytes.bytes);
	}
	close_old(&old);
}

static void tokens_stand_for_bytes(void **state)
{
	(void)state;
	static const struct token of_llama[] = {
		{ VOCAB_TOKEN_SPECIAL, "<unk>" },
		{ VOCAB_TOKEN_SPECIAL, "<s>" },
		{ VOCAB_TOKEN_BYTE, "\n" },
		{ VOCAB_TOKEN_BYTE, "\xC3" },
		{ VOCAB_TOKEN_BYTE, "\xA9" },
		{ VOCAB_TOKEN_TEXT, " " },
		{ VOCAB_TOKEN_TEXT, "a" },
		{ VOCAB_TOKEN_TEXT, "b" },
		{ VOCAB_TOKEN_TEXT, " a" },
		{ VOCAB_TOKEN_TEXT, "ab" },
		{ VOCAB_TOKEN_TEXT, " ab" },
		{ VOCAB_TOKEN_TEXT, "  " },
		{ VOCAB_TOKEN_TEXT, "\xE2\x96\x81x" }, /* added only: as it is */
	};
	static const struct token of_unigram[] = {
		{ VOCAB_TOKEN_SPECIAL, "<unk>" }, { VOCAB_TOKEN_TEXT, " " },
		{ VOCAB_TOKEN_TEXT, "a" },        { VOCAB_TOKEN_TEXT, " ab" },
		{ VOCAB_TOKEN_TEXT, "b" },        { VOCAB_TOKEN_TEXT, " c" },
		{ VOCAB_TOKEN_TEXT, " cb" },
	};
	static const struct token of_wordpiece[] = {
		{ VOCAB_TOKEN_SPECIAL, "[UNK]" }, { VOCAB_TOKEN_TEXT, " the" },
		{ VOCAB_TOKEN_TEXT, "the" },      { VOCAB_TOKEN_TEXT, "s" },
		{ VOCAB_TOKEN_TEXT, " s" },       { VOCAB_TOKEN_TEXT, " ." },
		{ VOCAB_TOKEN_TEXT, " ##" },
	};
	static const struct token of_suffix[] = {
		{ VOCAB_TOKEN_TEXT, "a" },
		{ VOCAB_TOKEN_TEXT, "a " },
		{ VOCAB_TOKEN_TEXT, "\xC3" },
		{ VOCAB_TOKEN_TEXT, " " },
	};
	check_tokens(llama, of_llama, 13);
	check_tokens(unigram, of_unigram, 7);
	check_tokens(wordpiece, of_wordpiece, 7);
	check_tokens(suffix, of_suffix, 4);
}

/* ---- pieces -------------------------------------------------------------------------------- */

struct spelling {
	const char *token, *pieces; /* "id:length id:length" */
};

enum { MOST = 16 };

static void check_pieces(const char *json, const struct spelling *rows, size_t count,
			 size_t source_rows, const size_t counts[3])
{
	struct old old = open_old(json);
	struct tok_span bytes[MOST];
	uint8_t kinds[MOST];
	tok_id wanted[MOST];
	struct hyper_pieces pieces;
	struct tok_error err = { 0 };
	for (size_t i = 0; i < count; i++) {
		bytes[i] = tok_span_of(rows[i].token);
		kinds[i] = HYPER_TOKEN_TEXT;
		wanted[count - 1 - i] = (tok_id)i; /* in any order */
	}
	const struct hyper_vocab target = { .bytes = bytes, .kinds = kinds, .count = count };
	if (hyper_pieces_make(&old.vocab, &target, wanted, count, source_rows, 2, &pieces, &err) !=
	    TOK_OK)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < count; i++) {
		char text[128] = "";
		size_t used = 0;
		for (uint64_t p = i ? pieces.ends[i - 1] : 0; p < pieces.ends[i]; p++)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%u:%u",
						 used ? " " : "", pieces.ids[p], pieces.lengths[p]);
		if (strcmp(text, rows[wanted[i]].pieces) != 0)
			fail_msg("'%s' is spelt '%s'", rows[wanted[i]].token, text);
	}
	assert_int_equal(pieces.count, count);
	assert_int_equal(pieces.unspelt, counts[0]);
	assert_int_equal(pieces.cut, counts[1]);
	assert_int_equal(pieces.by_bytes, counts[2]);
	hyper_pieces_release(&pieces);
	assert_null(pieces.ids);
	close_old(&old);
}

static void the_pipeline_without_its_blank(void **state)
{
	(void)state;
	static const struct spelling rows[] = {
		{ "ab", "9:2" },
		{ " ab", "10:3" },
		{ "ba", "7:1 6:1" },
		{ "\n", "2:1" },
		{ "\xC3\xA9", "3:1 4:1" }, /* both cover the one character */
		{ "\xC3", "3:1" },
		{ "a\xC3"
		  "b\xFF",
		  "6:1 3:1 7:1" },
		{ "", "" },
		{ "\xFF", "" },
		{ "  ", "11:2" },
		{ "<s>", "0:1 0:1 0:1" }, /* as ordinary text */
	};
	check_pieces(llama, rows, 11, SIZE_MAX, (const size_t[]){ 2, 0, 3 });
}

static void pieces_without_a_row_are_left_out(void **state)
{
	(void)state;
	static const struct spelling rows[] = {
		{ "ab", "6:1 7:1" }, /* what is left has its bytes */
		{ "aba", "6:1" },
	};
	check_pieces(llama, rows, 2, 9, (const size_t[]){ 0, 0, 0 });
}

static void blanks_that_cannot_be_helped_are_cut(void **state)
{
	(void)state;
	static const struct spelling words[] = {
		{ "ab", "2:1 4:1" }, /* "\u2581ab" is more than it */
		{ " ab", "3:2" },
		/* its offsets leave the blank out */ { "b", "4:1" }, /* a blank of its own is
									 dropped */
		{ "c", "5:1" },                                       /* nothing else is there */
		{ "cb", "6:2" },                                      /* not all of it is there */
		{ " ", "1:1" },                                       /* the pipeline drops it */
	};
	static const struct spelling parts[] = {
		{ "the", "2:3" },      { " the", "1:3" }, { "The", "2:3" },
		{ "thes", "2:3 3:1" }, { "x", "0:1" },    { "\tthe", "1:3" },
	};
	check_pieces(unigram, words, 6, SIZE_MAX, (const size_t[]){ 0, 4, 0 });
	check_pieces(wordpiece, parts, 6, SIZE_MAX, (const size_t[]){ 0, 3, 0 });
}

static void unknown_ids(void **state)
{
	(void)state;
	struct old old = open_old(llama);
	struct hyper_pieces pieces;
	struct tok_error err = { 0 };
	assert_int_equal(hyper_pieces_make(&old.vocab, &old.vocab, (const tok_id[]){ 13 }, 1,
					   SIZE_MAX, 1, &pieces, &err),
			 TOK_EARG);
	assert_string_equal(err.message, "the new vocabulary has no id 13");
	assert_int_equal(
	    hyper_pieces_make(&old.vocab, &old.vocab, NULL, 0, SIZE_MAX, 1, &pieces, NULL), TOK_OK);
	assert_int_equal(pieces.count, 0);
	hyper_pieces_release(&pieces);
	close_old(&old);
}

/* ---- rows of pieces ------------------------------------------------------------------------ */

static tok_id ids[] = { 4, 2, 4, 7, 0, 1 };
static uint32_t lengths[] = { 1, 2, 5, 3, 0, 0 };
static uint64_t ends[] = { 3, 3, 4, 6 };
static const struct hyper_pieces some = { ids, ends, lengths, 4, 1, 0, 0 };

static void check_weights(enum hyper_subword rule, const char *wanted)
{
	static const tok_id ids_of[] = { 0, 1, 2, 3 };
	const struct hyper_subword_job job = { .wanted = ids_of, .pieces = &some };
	struct hyper_weights w;
	char text[256] = "";
	size_t used = 0;
	assert_int_equal(hyper_subword(&job, rule, &w, NULL), TOK_OK);
	assert_int_equal(w.rows, 4);
	for (size_t row = 0; row < w.rows; row++) {
		double sum = 0;
		for (uint64_t e = hyper_weights_begin(&w, row); e < w.ends[row]; e++) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%u:%.4g ",
						 w.sources[e], (double)w.weights[e]);
			assert_true(w.weights[e] >= 0);
			sum += (double)w.weights[e];
		}
		if (rule != HYPER_SUBWORD_SUM && row != 1)
			assert_true(fabs(sum - 1) < 1e-6);
		used += (size_t)snprintf(text + used, sizeof text - used, "| ");
	}
	assert_string_equal(text, wanted);
	hyper_weights_release(&w);
}

static void weights_of_pieces(void **state)
{
	(void)state;
	check_weights(HYPER_SUBWORD_MEAN, "4:0.3333 2:0.3333 4:0.3333 | | 7:1 | 0:0.5 1:0.5 | ");
	check_weights(HYPER_SUBWORD_SUM, "4:1 2:1 4:1 | | 7:1 | 0:1 1:1 | ");
	check_weights(HYPER_SUBWORD_LENGTH, "4:0.125 2:0.25 4:0.625 | | 7:1 | 0:0.5 1:0.5 | ");
	check_weights(HYPER_SUBWORD_LINEAR,
		      "4:0.1667 2:0.3333 4:0.5 | | 7:1 | 0:0.3333 1:0.6667 | ");
	check_weights(HYPER_SUBWORD_FIRST, "4:1 | | 7:1 | 0:1 | ");
	check_weights(HYPER_SUBWORD_LAST, "4:1 | | 7:1 | 1:1 | ");
}

/* Rows of the same direction: Latin ones are 1, 3 and 5 long, Greek ones 10 and 14, others 6 and 8.
 */
static void rows_are_as_long_as_those_of_their_script(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		float length;
	} old[] = { { "a", 1 }, { " \xCE\xB1", 10 }, { "7b", 5 },      { "12", 6 },
		    { "Z", 3 }, { "\xCE\xB2", 14 },  { "padding", 0 }, { "?", 8 } };
	static const char *const new[] = { "\xCC\x81q", "\xCE\xB3", "\xD0\x96", "99", "none" };
	static const float wanted_lengths[] = { 3, 12, 6, 7, 0 }; /* Cyrillic: of all seven */
	enum { OLD = sizeof old / sizeof *old, NEW = sizeof new / sizeof *new };
	struct tok_span old_bytes[OLD], new_bytes[NEW];
	uint8_t kinds[OLD];
	float rows[OLD * 2], out[NEW * 2];
	for (size_t i = 0; i < OLD; i++) {
		old_bytes[i] = tok_span_of(old[i].text);
		kinds[i] = HYPER_TOKEN_TEXT;
		rows[2 * i] = .6F * old[i].length;
		rows[2 * i + 1] = -.8F * old[i].length;
	}
	for (size_t i = 0; i < NEW; i++)
		new_bytes[i] = tok_span_of(new[i]);
	static tok_id pieces_ids[] = { 0, 4, 1, 2, 5, 3, 6 };
	static uint32_t pieces_lengths[] = { 1, 1, 1, 1, 1, 1, 1 };
	static uint64_t pieces_ends[] = { 2, 3, 5, 6, 7 }; /* "none" is spelt by padding */
	static const tok_id wanted[] = { 0, 1, 2, 3, 4 };
	const struct hyper_pieces pieces = {
		pieces_ids, pieces_ends, pieces_lengths, NEW, 0, 0, 0
	};
	const struct hyper_vocab source = { .bytes = old_bytes, .kinds = kinds, .count = OLD };
	const struct hyper_vocab target = { .bytes = new_bytes, .kinds = kinds, .count = NEW };
	const struct hyper_rows_view view = { .floats = rows, .count = OLD, .width = 2 };
	const struct hyper_subword_job job = { &source, &target, wanted, &pieces, &view };
	struct hyper_weights w;
	assert_int_equal(hyper_subword(&job, HYPER_SUBWORD_SCRIPT, &w, NULL), TOK_OK);
	assert_int_equal(hyper_weights_apply(&w, &view, 0, NEW, out, 1, NULL), TOK_OK);
	for (size_t i = 0; i < NEW; i++) {
		const float length = hypotf(out[2 * i], out[2 * i + 1]);
		if (fabsf(length - wanted_lengths[i]) > 1e-5F)
			fail_msg("%zu: %g", i, (double)length);
	}
	hyper_weights_release(&w);
	const struct hyper_rows_view few = { .floats = rows, .count = 4, .width = 2 };
	const struct hyper_subword_job beyond = { &source, &target, wanted, &pieces, &few };
	assert_int_equal(hyper_subword(&beyond, HYPER_SUBWORD_SCRIPT, &w, NULL), TOK_EARG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_stand_for_bytes),
		cmocka_unit_test(the_pipeline_without_its_blank),
		cmocka_unit_test(pieces_without_a_row_are_left_out),
		cmocka_unit_test(blanks_that_cannot_be_helped_are_cut),
		cmocka_unit_test(unknown_ids),
		cmocka_unit_test(weights_of_pieces),
		cmocka_unit_test(rows_are_as_long_as_those_of_their_script),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
