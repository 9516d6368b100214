/* health_toys.h - small vocabularies of each kind, with something wrong in each. */
#ifndef TESTS_UNIT_HEALTH_TOYS_H
#define TESTS_UNIT_HEALTH_TOYS_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

#define HEALTH_ADDED(id, name, special)                                                            \
	"{\"id\":" #id ",\"content\":\"" name                                                      \
	"\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"         \
	"\"special\":" #special "}"
#define HEALTH_TOY(added, normalizer, pretokenizer, decoder, model)                                \
	"{\"added_tokens\":[" added "],\"normalizer\":" normalizer                                 \
	",\"pre_tokenizer\":" pretokenizer ",\"post_processor\":null,\"decoder\":" decoder         \
	",\"model\":{" model "}}"
#define HEALTH_BYTE_LEVEL                                                                          \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"                \
	"\"use_regex\":true}"
#define HEALTH_A8  "aaaaaaaa"
#define HEALTH_A64 HEALTH_A8 HEALTH_A8 HEALTH_A8 HEALTH_A8 HEALTH_A8 HEALTH_A8 HEALTH_A8 HEALTH_A8

/* In the alphabet of bytes: U+0120 is a space, U+010A a newline, U+00C3 U+00A9 an e with an acute,
 * U+00CC U+0123 the combining acute. */
static const char toy_bytes[] = HEALTH_TOY(
    HEALTH_ADDED(24, "\\n", false) "," HEALTH_ADDED(25, "<|end|>", true), "{\"type\":\"NFC\"}",
    HEALTH_BYTE_LEVEL, HEALTH_BYTE_LEVEL,
    "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"\u0120\":3,\"\u00c3\":4,\"\u00a9\":5,"
    "\"\u00c3\u00a9\":6,\"ab\":7,\"abc\":8,\"bc\":9,\"a\u0120\":10,\"e\":11,\"\u00cc\":12,"
    "\"\u00cc\u0123\":13,\"\u0123\":14,\"e\u00cc\u0123\":15,\"bca\":16,\"cca\":17,\"\u010a\":19,"
    "\"" HEALTH_A64 "a\":20,\"a\u00c3\":21,\"\u00c0\":22,\"d\":30,\"<x>\":31},"
    "\"merges\":[[\"a\",\"b\"],[\"ab\",\"c\"],[\"b\",\"c\"],[\"\u00c3\",\"\u00a9\"],"
    "[\"a\",\"\u0120\"],[\"\u00cc\",\"\u0123\"],[\"e\",\"\u00cc\u0123\"],[\"a\",\"\u00c3\"],"
    "[\"a\",\"bc\"]]");

/* Blanks at both ends of a text are taken away; aa has no merges and needs none. */
static const char toy_strip[] = HEALTH_TOY(
    HEALTH_ADDED(3, "aa", false), "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
    HEALTH_BYTE_LEVEL, HEALTH_BYTE_LEVEL,
    "\"type\":\"BPE\",\"vocab\":{\"\u0120\":0,\"a\":1,\"\u0120a\":2,\"aa\":3},\"merges\":[["
    "\"\u0120\",\"a\"]]");

/* Three entries with a hole between them: an added token is counted on to the id of the last. */
static const char toy_shared[] = HEALTH_TOY(
    HEALTH_ADDED(9, "<s>", true) "," HEALTH_ADDED(0, "a", false), "null", "null",
    "{\"type\":\"Fuse\"}", "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":2,\"c\":3},\"merges\":[]");

/* Text that it does not know it cannot encode. */
static const char toy_unknown[] = HEALTH_TOY(
    "", "null", "null", "{\"type\":\"Fuse\"}",
    "\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"vocab\":{\"a\":0,\"ab\":1},\"merges\":[]");

static const char toy_wordpiece[] = HEALTH_TOY(
    HEALTH_ADDED(0, "[UNK]", true) "," HEALTH_ADDED(1, "[CLS]", true),
    "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
    "\"strip_accents\":null,\"lowercase\":true}",
    "{\"type\":\"BertPreTokenizer\"}",
    "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}",
    "\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
    "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"the\":2,\"##re\":3,"
    "\"##!\":4,\"x\":5,\"[unused0]\":6,\"\u00c9\":7,\"a\":8,\"##\u0301\":9,\"12\":10}");

static const char toy_unigram[] = HEALTH_TOY(
    "", "null",
    "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\","
    "\"split\":true}",
    "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\","
    "\"split\":true}",
    "\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"\u2581the\",-1.5],[\"\u2581\","
    "-2],[\"t\",-3],[\"h\",-3],[\"e\",-3],[\"th\",-20],[\"\u2581t\u2581h\",-1]]");

/* a, b, ab, abb, bab, bba; nothing is 6 and 7; c. */
static const char toy_ranks[] = "YQ== 0\nYg== 1\nYWI= 2\nYWJi 3\nYmFi 4\nYmJh 5\nYw== 8\n";

/* SentencePiece's kind: 256 bytes, a blank, A, a blank and A, two specials, AA. */
static inline char *toy_fallback_make(void)
{
	static const char head[] =
	    "{\"added_tokens\":[" HEALTH_ADDED(259, "<s>", true) "," HEALTH_ADDED(
		260, "<unk>",
		true) "],"
		      "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":"
		      "\"Prepend\",\"prepend\":\"\u2581\"},{\"type\":\"Replace\",\"pattern\":"
		      "{\"String\":\" \"},\"content\":\"\u2581\"}]},\"pre_tokenizer\":null,"
		      "\"post_processor\":null,\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
		      "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\u2581\"},\"content\":"
		      "\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
		      "\"content\":\" \",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"BPE\","
		      "\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true,"
		      "\"vocab\":{";
	static const char tail[] = "\"\u2581\":256,\"A\":257,\"\u2581A\":258,\"<s>\":259,"
				   "\"<unk>\":260,\"AA\":261},\"merges\":[[\"\u2581\",\"A\"],"
				   "[\"A\",\"A\"]]}}";
	const size_t room = sizeof head + sizeof tail + 256 * 16;
	char *text = malloc(room);
	if (!text)
		abort();
	size_t at = (size_t)snprintf(text, room, "%s", head);
	for (unsigned i = 0; i < 256; i++)
		at += (size_t)snprintf(text + at, room - at, "\"<0x%02X>\":%u,", i, i);
	snprintf(text + at, room - at, "%s", tail);
	return text;
}

/* A whole part of ids between two of which each has a witness: the bytes A9 and C3. */
static const char toy_far[] = "qQ== 0\nww== 5000\n";

/* No decoder: what the file writes for tokens is not what they stand for. */
static const char toy_bare[] =
    HEALTH_TOY("", "null",
	       "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\","
	       "\"split\":true}",
	       "null",
	       "\"type\":\"BPE\",\"vocab\":{\"\u2581\":0,\"a\":1,\"\u2581a\":2},\"merges\":[["
	       "\"\u2581\",\"a\"]]");

/* The pre-tokenizer drops blanks; the normaliser does not. */
static const char toy_dropped[] = HEALTH_TOY(
    "", "{\"type\":\"Lowercase\"}", "{\"type\":\"WhitespaceSplit\"}", "null",
    "\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{\"?\":0,\" \":1,\"B\":2,\"b\":3}");

/* The normaliser writes blanks otherwise, and digits are cut off. */
static const char toy_digits[] =
    HEALTH_TOY("", "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}",
	       "{\"type\":\"Digits\",\"individual_digits\":true}",
	       "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"}",
	       "\"type\":\"BPE\",\"vocab\":{\"\u2581\":0,\"1\":1,\"\u25811\":2},\"merges\":[["
	       "\"\u2581\",\"1\"]]");

/* Of all texts only "xx" is left. */
static const char toy_twice[] = HEALTH_TOY(
    "",
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\A(?!xx\\\\z)[\\\\s\\\\S]+\\\\z\"},"
    "\"content\":\"\"}",
    "null", "{\"type\":\"Fuse\"}", "\"type\":\"BPE\",\"vocab\":{\"x\":0},\"merges\":[]");

/* What ends a word has a mark. */
static const char toy_suffix[] = HEALTH_TOY(
    "", "null", "{\"type\":\"WhitespaceSplit\"}", "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}",
    "\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"t\":0,\"h\":1,\"t</w>\":2,"
    "\"h</w>\":3,\"th\":4,\"th</w>\":5,\"ht</w>\":6},\"merges\":[[\"t\",\"h\"],[\"t\",\"h</w>\"]]");

/* What the file `text` is; `pattern` of ranks, else NULL. */
static inline struct tok_tokenizer *toy_open(const char *text, const char *pattern)
{
	const struct vocab_read_options options = { .pattern = pattern };
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(text), &options, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	tok_spec_release(&spec);
	return t;
}

#endif
