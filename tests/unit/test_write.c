/*
 * test_write.c - tokenizer files written: what the reference saved is read and written
 * the same (write_table.inc); everything that is read is written so that it is read as the
 * same; what a kind of file cannot say is refused by the name of the part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "spec_text.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/write.h"

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

struct row {
	const char *name;
	struct tok_span text;
};
#include "write_table.inc"

struct again_row {
	const char *name;
	struct tok_span text, again, tokens;
};
#define row  again_row
#define rows again_rows
#include "hf_table.inc"
#undef row
#undef rows

static struct tok_span write_spec(enum vocab_file_kind kind, const struct tok_spec *spec,
				  struct tok_buffer *out, const char *name)
{
	struct tok_error err = { 0 };
	tok_buffer_clear(out);
	if (vocab_write(kind, spec, out, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	return tok_buffer_span(out);
}

static void read_file(struct tok_span file, const char *pattern, struct tok_spec *out,
		      const char *name)
{
	const struct vocab_read_options options = { .pattern = pattern };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, out, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
}

static void check_equal(struct tok_span a, struct tok_span b, const char *name)
{
	size_t at = 0;
	while (at < a.count && at < b.count && a.bytes[at] == b.bytes[at])
		at++;
	if (at == a.count && at == b.count)
		return;
	const size_t from = at < 100 ? 0 : at - 100;
	fail_msg("%s, byte %zu: '%.*s'\nis not '%.*s'", name, at,
		 (int)(a.count - from < 200 ? a.count - from : 200), (const char *)a.bytes + from,
		 (int)(b.count - from < 200 ? b.count - from : 200), (const char *)b.bytes + from);
}

static void the_reference_would_save_the_same(void **state)
{
	struct tok_buffer file = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		read_file(rows[i].text, NULL, &spec, rows[i].name);
		check_equal(write_spec(VOCAB_TOKENIZER_JSON, &spec, &file, rows[i].name),
			    rows[i].text, rows[i].name);
		tok_spec_release(&spec);
	}
	tok_buffer_release(&file);
}

/* All that a specification says, scores too. */
static void say_all(struct tok_buffer *out, const struct tok_spec *spec)
{
	tok_buffer_clear(out);
	say_tokens(out, spec);
	say_pipeline(out, spec);
	for (size_t i = 0; i < spec->model.entry_count; i++)
		say(out, " %d:%.17g", spec->model.entries[i].type, spec->model.entries[i].score);
}

/* Written and read it says the same, and is then written the same. */
static void check_round_trip(enum vocab_file_kind kind, const struct tok_spec *spec,
			     const char *pattern, const char *name)
{
	struct tok_buffer file = { 0 }, again = { 0 }, said = { 0 }, other = { 0 };
	struct tok_spec back = { 0 };
	read_file(write_spec(kind, spec, &file, name), pattern, &back, name);
	say_all(&said, spec);
	say_all(&other, &back);
	check_equal(tok_buffer_span(&other), tok_buffer_span(&said), name);
	check_equal(write_spec(kind, &back, &again, name), tok_buffer_span(&file), name);
	tok_spec_release(&back);
	tok_buffer_release(&file);
	tok_buffer_release(&again);
	tok_buffer_release(&said);
	tok_buffer_release(&other);
}

/* The reference gives two tokens one id and forgets the first: there is then no file
 * from which it would find the other ids. */
static bool loses_ids(const struct tok_spec *spec)
{
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	const bool lost = vocab_write(VOCAB_TOKENIZER_JSON, spec, &out, &err) == TOK_EARG &&
			  strstr(err.message, "cannot keep its id");
	tok_buffer_release(&out);
	return lost;
}

static void what_is_read_is_written(void **state)
{
	size_t count = 0, lost = 0;
	(void)state;
	for (size_t i = 0; i < sizeof again_rows / sizeof again_rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (vocab_read_hf(again_rows[i].text, &spec, &err) != TOK_OK) {
			/* as the reference does */
		} else if (loses_ids(&spec)) {
			lost++;
		} else {
			check_round_trip(VOCAB_TOKENIZER_JSON, &spec, NULL, again_rows[i].name);
			count++;
		}
		tok_spec_release(&spec);
	}
	assert_true(count > 150 && lost < 5);
}

static void sentencepiece_models_are_written(void **state)
{
	static const char *const names[] = {
		"bpe.model",           "bpe_bytes.model",      "bpe_fallback.model",
		"bpe_plain.model",     "char.model",           "unigram.model",
		"unigram_bytes.model", "unigram_spaces.model", "unigram_suffix.model",
		"word.model",
	};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct tok_span file = fixture_read("spm", names[i]);
		struct tok_spec spec = { 0 };
		read_file(file, NULL, &spec, names[i]);
		check_round_trip(VOCAB_SENTENCEPIECE, &spec, NULL, names[i]);
		tok_spec_release(&spec);
		free((void *)(uintptr_t)file.bytes);
	}
}

static void lines_are_written(void **state)
{
	static const struct {
		enum vocab_file_kind kind;
		const char *pattern, *file;
	} files[] = {
		{ VOCAB_WORDPIECE_TXT, NULL, "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n##s\n\xC3\xA9\n" },
		{ VOCAB_WORDPIECE_TXT, NULL, "[UNK]\nThe\n\n[CLS]\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_buffer out = { 0 };
		read_file(tok_span_of(files[i].file), files[i].pattern, &spec, files[i].file);
		check_equal(write_spec(files[i].kind, &spec, &out, files[i].file),
			    tok_span_of(files[i].file), files[i].file);
		check_round_trip(files[i].kind, &spec, files[i].pattern, files[i].file);
		check_round_trip(VOCAB_TOKENIZER_JSON, &spec, NULL, files[i].file);
		tok_spec_release(&spec);
		tok_buffer_release(&out);
	}
}

/* ---- refusals -------------------------------------------------------------------------- */

#define JSON(parts, model) "{\"added_tokens\":[]," parts "\"model\":" model "}"
#define ADDED(id, text, special)                                                                   \
	"{\"added_tokens\":[{\"id\":" #id ",\"content\":\"" text                                   \
	"\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"         \
	"\"special\":" #special "}],"
#define WORDPIECE(fields, vocab) "{\"type\":\"WordPiece\"," fields "\"vocab\":{" vocab "}}"
#define USUAL                                                                                      \
	"\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","                            \
	"\"max_input_chars_per_word\":100,"
#define BERT_NORM(lower)                                                                           \
	"\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"                         \
	"\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":" #lower "},"
#define BERT_PRE   "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
#define BPE        "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[[\"a\",\"b\"]]}"
#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true}"

static const struct {
	enum vocab_file_kind kind;
	const char *file, *message;
} refused[] = {
	{ VOCAB_TIKTOKEN, JSON("", WORDPIECE(USUAL, "\"[UNK]\":0")),
	  "model: ranks are those of a BPE of bytes" },
	{ VOCAB_TIKTOKEN, JSON("\"normalizer\":{\"type\":\"NFC\"},", BPE),
	  "normalizer: ranks are of the text as it is" },
	{ VOCAB_TIKTOKEN, JSON("", BPE),
	  "pre_tokenizer: there must be one expression that splits, and no more" },
	{ VOCAB_TIKTOKEN, JSON("\"pre_tokenizer\":" BYTE_LEVEL ",", BPE),
	  "model: the byte 0x00 is no token" },
	{ VOCAB_TIKTOKEN,
	  ADDED(3, "new", false) "\"pre_tokenizer\":" BYTE_LEVEL ",\"model\":" BPE "}",
	  "added_tokens: 'new' is no special token: there are no others beside ranks" },
	{ VOCAB_TIKTOKEN,
	  JSON("\"pre_tokenizer\":" BYTE_LEVEL ",",
	       "{\"type\":\"BPE\",\"vocab\":{\"\xE4\xBD\xA0\":0},\"merges\":[]}"),
	  "model: the token '\xE4\xBD\xA0' is not in the byte-level alphabet" },
	{ VOCAB_TIKTOKEN,
	  JSON("\"pre_tokenizer\":" BYTE_LEVEL ",",
	       "{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{},\"merges\":[]}"),
	  "model: ranks have no mark for the beginning or end of words" },
	{ VOCAB_SENTENCEPIECE, JSON("", BPE),
	  "model: a SentencePiece model is written from one that SentencePiece made or tok learned "
	  "as such" },
	{ VOCAB_WORDPIECE_TXT, JSON("", BPE), "model: a vocab.txt is read as a WordPiece" },
	{ VOCAB_WORDPIECE_TXT,
	  JSON("", WORDPIECE("\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"@@\","
			     "\"max_input_chars_per_word\":100,",
			     "\"[UNK]\":0")),
	  "model: a vocab.txt is read as a WordPiece that continues words of up to 100 characters "
	  "with ##" },
	{ VOCAB_WORDPIECE_TXT, JSON("", WORDPIECE(USUAL, "\"[UNK]\":0")),
	  "normalizer: a vocab.txt is read as one with BERT's own normalizer" },
	{ VOCAB_WORDPIECE_TXT,
	  JSON(BERT_NORM(false) BERT_PRE, WORDPIECE(USUAL, "\"[UNK]\":0,\"a\":1")),
	  "normalizer: a vocab.txt is read as one of lower-case letters where no token has an "
	  "upper-case one" },
	{ VOCAB_WORDPIECE_TXT, JSON(BERT_NORM(true), WORDPIECE(USUAL, "\"[UNK]\":0")),
	  "pre_tokenizer: a vocab.txt is read as one with BERT's own pre-tokenizer" },
	{ VOCAB_WORDPIECE_TXT,
	  JSON(BERT_NORM(true) BERT_PRE, WORDPIECE(USUAL, "\"[UNK]\":0,\"a\":2")),
	  "model: the ids must be 0 to 1, the numbers of the lines" },
	{ VOCAB_WORDPIECE_TXT,
	  JSON(BERT_NORM(true) BERT_PRE, WORDPIECE(USUAL, "\"[UNK]\":0,\"a\\nb\":1")),
	  "model: the token 'a?b' is no line of text" },
	{ VOCAB_WORDPIECE_TXT,
	  ADDED(1, "x", true) BERT_NORM(true) BERT_PRE
	  "\"model\":" WORDPIECE(USUAL, "\"[UNK]\":0,\"x\":1") "}",
	  "added_tokens: 'x' is none of the special tokens that a vocab.txt is read with" },
	{ VOCAB_WORDPIECE_TXT,
	  JSON(BERT_NORM(true) BERT_PRE, WORDPIECE(USUAL, "\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2")),
	  "post_processor: a vocab.txt is read as one that puts text between [CLS] and [SEP]" },
	{ VOCAB_TEKKEN, JSON("\"pre_tokenizer\":" BYTE_LEVEL ",", BPE),
	  "model: the byte 0x00 is no token" },
	{ VOCAB_GGUF, JSON("", "{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"a\"}"),
	  "model: a GGUF file says it only of BPE, unigram and WordPiece" },
	{ VOCAB_GGUF, JSON("\"pre_tokenizer\":" BYTE_LEVEL ",", BPE),
	  "model: llama.cpp passes over bytes that are no token, of which there are 254" },
};

static void what_there_is_no_saying_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		struct tok_buffer out = { 0 };
		assert_true(tok_buffer_add_byte(&out, 'x'));
		read_file(tok_span_of(refused[i].file), NULL, &spec, refused[i].message);
		assert_int_equal(vocab_write(refused[i].kind, &spec, &out, &err), TOK_EARG);
		assert_string_equal(err.message, refused[i].message);
		assert_int_equal(out.count, 1);
		tok_spec_release(&spec);
		tok_buffer_release(&out);
	}
}

/* All that stands in the way of a kind is listed, and what else there is is written. */
static void losses_are_listed(void **state)
{
	static const char file[] =
	    ADDED(3, "new", false) "\"normalizer\":{\"type\":\"NFC\"},\"model\":" BPE "}";
	static const char lines[] = "normalizer: text is taken as it is\n"
				    "pre_tokenizer: text is split as GPT-2 does\n"
				    "added_tokens: 1 are tokens like others there, as 'new'\n";
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_buffer vocab = { 0 }, merges = { 0 };
	struct vocab_losses losses = { 0 };
	(void)state;
	read_file(tok_span_of(file), NULL, &spec, "merges");
	assert_int_equal(vocab_write_merges(&spec, &vocab, &merges, &losses, &err), TOK_OK);
	check_equal(tok_buffer_span(&losses.lines), tok_span_of(lines), "losses");
	check_equal(tok_buffer_span(&vocab),
		    tok_span_of("{\"a\": 0, \"b\": 1, \"ab\": 2, \"new\": 3}\n"), "vocab.json");
	check_equal(tok_buffer_span(&merges), tok_span_of("#version: 0.2\na b\n"), "merges.txt");
	assert_int_equal(losses.count, 3);
	tok_buffer_release(&vocab);
	tok_buffer_release(&merges);
	vocab_losses_release(&losses);
	tok_spec_release(&spec);
}

/* What llama.cpp does otherwise, by models of pieces. */
static void losses_of_llama(void **state)
{
	static const char blanks[] =
	    "normalizer: in front of a BPE, llama.cpp takes no white space away\n";
	static const char ends[] = "model: llama.cpp comes to an end at a character that is no "
				   "piece, or has bytes for it\n";
	static const char users[] =
	    "model: llama.cpp parts text at user-defined pieces, of which there are 2\n";
	const struct {
		const char *name, *lines[3];
	} models[] = {
		{ "bpe.model", { blanks, ends } },
		{ "bpe_bytes.model", { users } },
		{ "bpe_fallback.model", { NULL } },
		{ "char.model", { blanks, ends, users } },
		{ "unigram.model", { NULL } },
		{ "unigram_bytes.model",
		  { "model: a Unigram of llama.cpp has no bytes for characters\n", users } },
		{ "unigram_spaces.model",
		  { "normalizer: in front of a Unigram, llama.cpp both puts a space in front and "
		    "takes others away, or neither\n" } },
	};
	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		struct tok_buffer out = { 0 }, lines = { 0 };
		struct vocab_losses losses = { 0 };
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		struct tok_span file = fixture_read("spm", models[i].name);
		read_file(file, NULL, &spec, models[i].name);
		assert_int_equal(vocab_write_lossy(VOCAB_GGUF, &spec, &out, &losses, &err), TOK_OK);
		for (size_t k = 0; k < 3 && models[i].lines[k]; k++)
			assert_true(
			    tok_buffer_add(&lines, models[i].lines[k], strlen(models[i].lines[k])));
		check_equal(tok_buffer_span(&losses.lines), tok_buffer_span(&lines),
			    models[i].name);
		tok_buffer_release(&out);
		tok_buffer_release(&lines);
		vocab_losses_release(&losses);
		tok_spec_release(&spec);
		free((void *)(uintptr_t)file.bytes);
	}
}

/* What no reader makes, a caller may. */
static void hand_made_specifications_are_refused(void **state)
{
	static const struct tok_vocab_entry twice[] = { { .text = SPAN("a") },
							{ .text = SPAN("b") } };
	static const struct tok_vocab_entry bad[] = { { .text = SPAN("\xFF") } };
	static const struct tok_pretok_step rust = {
		.kind = TOK_PRETOK_SPLIT,
		.as.split = { SPAN("a{1,2}+$"), TOK_REGEX_RUST, TOK_ISOLATED, false },
	};
	const struct {
		struct tok_spec spec;
		const char *message;
	} cases[] = {
		{ { .model = { .kind = TOK_MODEL_WORDLEVEL, .entries = twice, .entry_count = 2 } },
		  "model: the id 0 belongs to two tokens" },
		{ { .model = { .kind = TOK_MODEL_WORDLEVEL, .entries = bad, .entry_count = 1 } },
		  "model: '?' is not UTF-8, as text in JSON must be" },
		{ { .model = { .kind = TOK_MODEL_WORDLEVEL, .unk = 7 } },
		  "model: no token has the id 7" },
		{ { .pretokenizers = &rust, .pretokenizer_count = 1 },
		  "pre_tokenizer: the expression 'a{1,2}+$' is in Rust's dialect and may mean "
		  "something else here" },
		{ { .sentencepiece = true },
		  "a tokenizer.json cannot say what SentencePiece does with spaces, unknown text "
		  "and its own pieces" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_buffer out = { 0 };
		assert_int_equal(vocab_write(VOCAB_TOKENIZER_JSON, &cases[i].spec, &out, &err),
				 TOK_EARG);
		assert_string_equal(err.message, cases[i].message);
		tok_buffer_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_would_save_the_same),
		cmocka_unit_test(what_is_read_is_written),
		cmocka_unit_test(sentencepiece_models_are_written),
		cmocka_unit_test(lines_are_written),
		cmocka_unit_test(what_there_is_no_saying_is_refused),
		cmocka_unit_test(losses_are_listed),
		cmocka_unit_test(losses_of_llama),
		cmocka_unit_test(hand_made_specifications_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
