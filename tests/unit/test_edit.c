/* test_edit.c - special tokens, names and templates changed: what may be, what may not, and what
 * else is changed with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/convert/edit.h"
#include "vocab/format/read.h"

/* ---- tokenizers ---------------------------------------------------------------------------- */

#define ADDED(id, text)                                                                            \
	"{\"id\":" #id ",\"content\":\"" text                                                      \
	"\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"         \
	"\"special\":true}"

static const char bpe[] = "{\"added_tokens\":[" ADDED(3, "<s>") "," ADDED(
    2, "ab") "],\"decoder\":{\"type\":\"CTC\",\"pad_token\":\"<s>\",\"word_delimiter_token\":"
	     "\"|\",\"cleanup\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
	     "\"ab\":2,\"<s>\":3},\"merges\":[\"a b\"]}}";
static const char whole[] =
    "{\"added_tokens\":[" ADDED(257, "<|e|>") "],\"pre_tokenizer\":{\"type\":\"ByteLevel\","
					      "\"add_prefix_space\":false,\"trim_offsets\":true,"
					      "\"use_regex\":true},\"model\":{\"type\":\"BPE\","
					      "\"ignore_merges\":true,\"vocab\":{\"a\":0,"
					      "\"<|e|>\":257},\"merges\":[]}}";
static const char bert[] = "{\"added_tokens\":[" ADDED(0, "[UNK]") "," ADDED(
    1, "[MASK]") "],\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":"
		 "\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
		 "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"[MASK]\":1,"
		 "\"face\":2}}}";
static const char unigram[] =
    "{\"added_tokens\":[" ADDED(0, "<unk>") "],\"pre_tokenizer\":{\"type\":\"Metaspace\","
					    "\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":"
					    "\"always\",\"split\":true},\"model\":{\"type\":"
					    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],"
					    "[\"\xE2\x96\x81\",-1],[\"a\",-2]]}}";
static const char bytes[] = "{\"added_tokens\":[" ADDED(1, "<0x41>") "," ADDED(
    2, "<s>") "],\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"a\":0,"
	      "\"<0x41>\":1,\"<s>\":2},\"merges\":[]}}";

static struct tok_spec read_json(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK)
		fail_msg("%s: %s", json, err.message);
	return spec;
}

static bool has_added(const struct tok_spec *spec, const char *text)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, tok_span_of(text)))
			return true;
	return false;
}

/* ---- names --------------------------------------------------------------------------------- */

static void names(void **state)
{
	static const struct {
		const char *json, *from, *to;
		enum tok_status wanted;
	} rows[] = {
		{ bpe, "<s>", "<t>", TOK_OK },
		{ bpe, "<s>", "ba", TOK_OK },  /* no merge makes it */
		{ bpe, "<s>", "c", TOK_EARG }, /* a character needs no merge */
		{ bpe, "<s>", "\xE3\x8D\xBF", TOK_EARG },
		{ bpe, "ab", "<q>", TOK_EARG }, /* made by a merge */
		{ bpe, "<s>", "  ", TOK_EARG }, /* blank */
		{ bpe, "<s>", " \xE3\x80\x80", TOK_EARG },
		{ bpe, "<s>", "", TOK_EARG },
		{ bpe, "<s>", "a", TOK_EARG }, /* there is one */
		{ bpe, "b", "q", TOK_EARG },   /* no added token */
		{ whole, "<|e|>", "<|f|>", TOK_OK },
		{ whole, "<|e|>", "word", TOK_EARG }, /* a piece that is a token is that token */
		{ whole, "<|e|>", "\xC4\xA0!!", TOK_EARG }, /* " !!" in the alphabet of bytes */
		{ bert, "[MASK]", "<mask>", TOK_OK },
		{ bert, "[MASK]", "qwzx", TOK_EARG },
		{ bert, "[MASK]", "##mask", TOK_EARG }, /* "facemask" */
		{ bert, "[MASK]", "##[", TOK_EARG },
		{ unigram, "<unk>", "<u>", TOK_OK }, /* text that spells either is the token */
		{ unigram, "<unk>", "\xE2\x96\x81qwzx", TOK_EARG }, /* "qwzx" is it */
		{ bytes, "<s>", "<t>", TOK_OK },
		{ bytes, "<s>", "<0x42>", TOK_EARG },
		{ bytes, "<0x41>", "<t>", TOK_EARG },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_spec spec = read_json(rows[i].json);
		struct tok_error err = { 0 };
		const enum tok_status status = vocab_edit_rename(&spec, tok_span_of(rows[i].from),
								 tok_span_of(rows[i].to), &err);
		if (status != rows[i].wanted)
			fail_msg("%s as '%s': %s", rows[i].from, rows[i].to, err.message);
		if (has_added(&spec, rows[i].to) != (status == TOK_OK))
			fail_msg("%s as '%s': what is called so?", rows[i].from, rows[i].to);
		tok_spec_release(&spec);
	}
}

/* Decoders look for names. */
static void names_in_decoders(void **state)
{
	struct tok_spec spec = read_json(bpe);
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_edit_rename(&spec, tok_span_of("<s>"), tok_span_of("<t>"), &err),
			 TOK_OK);
	assert_int_equal(spec.decoder_count, 1);
	assert_true(tok_span_equal(spec.decoders->as.ctc.pad, tok_span_of("<t>")));
	assert_true(tok_span_equal(spec.decoders->as.ctc.word_delimiter, tok_span_of("|")));
	tok_spec_release(&spec);
}

/* What a SentencePiece model says that a piece is for goes with the piece; what text becomes may
 * not be called otherwise. */
static void names_of_pieces(void **state)
{
	struct tok_span file = fixture_read("spm", "bpe.model");
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_read_bytes(file, NULL, &spec, &err), TOK_OK);
	assert_true(tok_span_equal(spec.eos_name, tok_span_of("</s>")));
	assert_int_equal(vocab_edit_rename(&spec, tok_span_of("</s>"), tok_span_of("<e>"), &err),
			 TOK_OK);
	assert_true(tok_span_equal(spec.eos_name, tok_span_of("<e>")));
	assert_true(tok_span_equal(spec.bos_name, tok_span_of("<s>")));
	tok_spec_release(&spec);
	free((void *)(uintptr_t)file.bytes);
}

/* ---- ids ----------------------------------------------------------------------------------- */

static void ids_end(void **state)
{
	struct tok_spec spec = read_json(bpe);
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_edit_add_special(&spec, tok_span_of("<x>"), TOK_ID_MAX, &err),
			 TOK_OK);
	const size_t count = spec.added_count;
	assert_int_equal(vocab_edit_add_special(&spec, tok_span_of("<y>"), TOK_NO_ID, &err),
			 TOK_EARG);
	assert_int_equal(spec.added_count, count);
	assert_int_equal(vocab_edit_add_special(&spec, tok_span_of("<y>"), 7, &err), TOK_OK);
	tok_spec_release(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(names_in_decoders),
		cmocka_unit_test(names_of_pieces),
		cmocka_unit_test(ids_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
