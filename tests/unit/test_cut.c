/*
 * Where tok_tokenizer_cut() cuts, the ids of the two parts are those of the
 * whole, their ranges too.
 *
 *	test_cut [FILE...]
 *
 * FILEs are tokenizers to ask instead of the fixtures and the ones made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "vocab/format/read.h"

static char **given;
static int given_count;

struct bench {
	const char *name;
	struct pipeline pipeline;
	struct tok_encoder *second, *third;
	uint64_t seed;
	size_t places;
};

static uint32_t roll(struct bench *b, uint32_t sides)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33) % sides;
}

/* Most kinds of places, and what might spoil each. */
static const char *const pieces[] = { "a",           "b",        " ",
				      " a",          "ab b",     "\n",
				      "\n\n",        "a\nb",     "1",
				      ".",           "\u4F60",   "\u597D",
				      "\u3002",      "\u3002\n", "\n\u4E16",
				      "e\u0301",     "\u0301",   "\u2581",
				      "  ",          "<s>",      "<x>",
				      "A",           " Z9",      "\u0436",
				      "\n\u0436",    "/",        "'s",
				      "\xFF",        "\r\n",     "\u3000",
				      "\uAC00",      "\t",       "the world and all ",
				      "\u00B4",      "</s>",     "-",
				      "\u4F60\u597D" };

static size_t make_text(struct bench *b, uint8_t *out, size_t room)
{
	size_t count = 0;
	for (uint32_t left = 1 + roll(b, 16); left > 0; left--) {
		const char *piece = pieces[roll(b, sizeof pieces / sizeof *pieces)];
		const size_t length = strlen(piece);
		if (count + length <= room)
			memcpy(out + count, piece, length), count += length;
	}
	return count;
}

/* False where the text is refused. */
static bool encode(struct tok_encoder *encoder, struct tok_span text, bool match, bool continues,
		   bool offsets, struct tok_encoding *out)
{
	const struct tok_encode_options options = {
		.special_text = match ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
		.offsets = offsets,
		.continues = continues,
	};
	struct tok_error err = { 0 };
	return tok_encode(encoder, text, &options, out, &err) == TOK_OK;
}

static void fail_at(const struct bench *b, struct tok_span text, size_t at, bool match,
		    bool continues)
{
	print_error("%s cut at %zu (match %d, continues %d):", b->name, at, match, continues);
	for (size_t i = 0; i < text.count; i++)
		print_error("%s%02x", i == at ? "|" : "", text.bytes[i]);
	fail_msg("the ids of the parts are not those of the whole");
}

static void check_place(struct bench *b, struct tok_span text, size_t at, bool match,
			bool continues, bool offsets)
{
	struct tok_encoding whole, left, right;
	if (!encode(b->pipeline.encoder, text, match, continues, offsets, &whole))
		return;
	if (!encode(b->second, tok_span_slice(text, 0, at), match, continues, offsets, &left) ||
	    !encode(b->third, tok_span_slice(text, at, text.count), match, true, offsets, &right) ||
	    left.count + right.count != whole.count)
		fail_at(b, text, at, match, continues);
	for (size_t i = 0; i < whole.count; i++) {
		const bool first = i < left.count;
		const struct tok_encoding *part = first ? &left : &right;
		const size_t k = first ? i : i - left.count, base = first ? 0 : at;
		if (part->ids[k] != whole.ids[i])
			fail_at(b, text, at, match, continues);
		if (offsets && (part->ranges[k].begin + base != whole.ranges[i].begin ||
				part->ranges[k].end + base != whole.ranges[i].end))
			fail_at(b, text, at, match, continues);
	}
	b->places++;
}

/* Every place that is found in some beginning of the text, in all of it. */
static void check_text(struct bench *b, struct tok_span text)
{
	const bool match = roll(b, 2), continues = roll(b, 3) == 0, offsets = roll(b, 4) == 0;
	for (size_t count = 1, last = 0; count <= text.count; count++) {
		const size_t at =
		    tok_tokenizer_cut(b->pipeline.tokenizer, tok_span_slice(text, 0, count), match);
		if (at > 0 && at != last && at < text.count)
			check_place(b, text, at, match, continues, offsets);
		last = at;
	}
}

static size_t check_tokenizer(const char *name, struct tok_spec *spec, size_t rounds)
{
	struct bench b = { .name = name, .seed = 3, .pipeline = pipeline_new(spec) };
	b.second = tok_encoder_new(b.pipeline.tokenizer);
	b.third = tok_encoder_new(b.pipeline.tokenizer);
	assert_true(b.second && b.third);
	for (size_t i = 0; i < rounds; i++) {
		uint8_t bytes[256];
		const size_t count = make_text(&b, bytes, sizeof bytes);
		check_text(&b, (struct tok_span){ bytes, count });
	}
	tok_encoder_free(b.second);
	tok_encoder_free(b.third);
	pipeline_release(&b.pipeline);
	return b.places;
}

static void test_given(void **state)
{
	(void)state;
	for (int i = 0; i < given_count; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (vocab_read_path(given[i], NULL, &spec, &err) != TOK_OK)
			fail_msg("%s: %s", given[i], err.message);
		print_message("%s: %zu places\n", given[i],
			      check_tokenizer(given[i], &spec, 40000));
	}
}

/* ---- tokenizers made here ---- */

#define ADDED(id, content, single, left, right, normalized, special)                               \
	"{\"id\":" #id ",\"content\":\"" content "\",\"single_word\":" #single                     \
	",\"lstrip\":" #left ",\"rstrip\":" #right ",\"normalized\":" #normalized                  \
	",\"special\":" #special "}"
#define PLAIN(id, content) ADDED(id, content, false, false, false, false, false)
#define SPECIAL_S          ADDED(900, "<s>", false, false, false, false, true)
#define NEWLINES           PLAIN(901, "\\n") "," PLAIN(902, "\\n\\n")
#define REPLACE            "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}"
#define PREPEND            "{\"type\":\"Prepend\",\"prepend\":\"\u2581\"}"
#define SEQUENCE(a, b)     "{\"type\":\"Sequence\",\"normalizers\":[" a "," b "]}"
#define BERT_NORMALIZER                                                                            \
	"{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"          \
	"\"strip_accents\":null,\"lowercase\":true}"
#define METASPACE(scheme, split)                                                                   \
	"{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"" scheme          \
	"\",\"split\":" split "}"
#define BYTE_LEVEL(prefix)                                                                         \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":" prefix                                     \
	",\"trim_offsets\":true,\"use_regex\":true}"

static const struct {
	const char *name, *normalizer, *pre_tokenizer, *added;
	bool cuts;
} made[] = {
	{ "Llama 2", SEQUENCE(PREPEND, REPLACE), "null", SPECIAL_S, true },
	{ "Gemma 3", REPLACE, "null", SPECIAL_S "," NEWLINES, true },
	{ "newlines, prepended", SEQUENCE(PREPEND, REPLACE), "null", NEWLINES, true },
	{ "special token with a space", "null", BYTE_LEVEL("false"),
	  ADDED(900, "b a", false, false, false, false, true), true },
	{ "token before a space", SEQUENCE(PREPEND, REPLACE), "null", PLAIN(900, "ab"), true },
	{ "Metaspace always", "null", METASPACE("always", "false"), SPECIAL_S, true },
	{ "Metaspace first", "null", METASPACE("first", "false"), SPECIAL_S, true },
	{ "Metaspace split", "null", METASPACE("first", "true"), SPECIAL_S, true },
	{ "ByteLevel", "{\"type\":\"NFC\"}", BYTE_LEVEL("false"), SPECIAL_S, true },
	{ "ByteLevel, prefix", "{\"type\":\"NFKC\"}", BYTE_LEVEL("true"), SPECIAL_S, true },
	{ "BERT", BERT_NORMALIZER, "{\"type\":\"BertPreTokenizer\"}", SPECIAL_S, true },
	{ "Strip", "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
	  "{\"type\":\"WhitespaceSplit\"}", SPECIAL_S, true },
	{ "NMT", "{\"type\":\"Nmt\"}", "{\"type\":\"WhitespaceSplit\"}", SPECIAL_S, true },
	{ "NMT and ByteLevel", "{\"type\":\"Nmt\"}", BYTE_LEVEL("false"), SPECIAL_S, true },
	{ "BERT and ByteLevel", BERT_NORMALIZER, BYTE_LEVEL("false"), SPECIAL_S, true },
	{ "lstrip", "null", BYTE_LEVEL("false"),
	  ADDED(900, "<s>", false, true, false, false, false), true },
	{ "lstrip before letters", "null", BYTE_LEVEL("false"),
	  ADDED(900, "ab", false, true, false, false, false), true },
	{ "rstrip", "null", BYTE_LEVEL("false"),
	  ADDED(900, "<s>", false, false, true, false, false), false },
	{ "single", "null", BYTE_LEVEL("false"), ADDED(900, "a", true, false, false, false, false),
	  false },
	{ "across a space", "null", BYTE_LEVEL("false"), PLAIN(900, "b a"), true },
	{ "across a newline", "null", BYTE_LEVEL("false"), PLAIN(900, "a\\nb"), true },
	{ "normalized", "{\"type\":\"Lowercase\"}", BYTE_LEVEL("false"),
	  ADDED(900, "AB B", false, false, false, true, false), false },
	{ "normalized, elsewhere", REPLACE, "null",
	  ADDED(900, "<x>", false, false, false, true, false), true },
	{ "regular expression",
	  "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" +\"},\"content\":\"_\"}",
	  BYTE_LEVEL("false"), SPECIAL_S, false },
	{ "length", "null", "{\"type\":\"FixedLength\",\"length\":5}", SPECIAL_S, false },
};

static void say(struct tok_buffer *out, const char *text)
{
	assert_true(tok_buffer_add(out, text, strlen(text)));
}

/* BPE in which "\u2581" and "\u4F60" stand at beginnings only. */
static void make_spec(size_t row, struct tok_spec *spec)
{
	static const char *const tokens[] = { "<unk>",        "\u2581",    "\u4F60", "\u597D",
					      "\u3002",       ".",         " ",      "\\n",
					      "\u0436",       "\u2581a",   "ab",     "\u2581ab",
					      "\u4F60\u597D", "\\n\u0436", "b\\n",   "\u0120",
					      "\u0120a" };
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	struct tok_buffer json = { 0 };
	struct tok_error err = { 0 };
	char item[32];
	say(&json, "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[");
	say(&json, made[row].added);
	say(&json, "],\"normalizer\":");
	say(&json, made[row].normalizer);
	say(&json, ",\"pre_tokenizer\":");
	say(&json, made[row].pre_tokenizer);
	say(&json,
	    ",\"post_processor\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":"
	    "null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,"
	    "\"end_of_word_suffix\":null,\"fuse_unk\":true,\"byte_fallback\":false,\"vocab\":{");
	size_t id = 0;
	for (; id < sizeof tokens / sizeof *tokens; id++) {
		(void)snprintf(item, sizeof item, "\"%s\":%zu,", tokens[id], id);
		say(&json, item);
	}
	for (const char *p = letters; *p; p++) {
		(void)snprintf(item, sizeof item, "\"%c\":%zu%s", *p, id++, p[1] ? "," : "");
		say(&json, item);
	}
	say(&json, "},\"merges\":[\"a b\"");
	say(&json,
	    strstr(made[row].pre_tokenizer, "ByteLevel")
		? ",\"\u0120 a\"]}}"
		: ",\"\u2581 a\",\"\u2581 ab\",\"\u4F60 \u597D\",\"\\n \u0436\",\"b \\n\"]}}");
	if (vocab_read_bytes(tok_buffer_span(&json), NULL, spec, &err) != TOK_OK)
		fail_msg("%s: %s", made[row].name, err.message);
	tok_buffer_release(&json);
}

static void test_made(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof made / sizeof *made; row++) {
		struct tok_spec spec = { 0 };
		make_spec(row, &spec);
		const size_t places = check_tokenizer(made[row].name, &spec, 3000);
		if (made[row].cuts != (places > 300))
			fail_msg("%s: %zu places", made[row].name, places);
	}
}

static void test_fixtures(void **state)
{
	(void)state;
	static const char *const names[][2] = {
		{ "spm", "bpe.model" },          { "spm", "bpe_bytes.model" },
		{ "spm", "bpe_fallback.model" }, { "spm", "bpe_plain.model" },
		{ "spm", "char.model" },         { "spm", "word.model" },
		{ "spm", "unigram.model" },      { "spm", "unigram_suffix.model" },
		{ "gguf", "bert.gguf" },         { "gguf", "gpt2.gguf" },
		{ "gguf", "llama.gguf" },        { "gguf", "t5.gguf" },
	};
	size_t places = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		char *path = fixture_path(names[i][0], names[i][1]);
		if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK)
			fail_msg("%s: %s", path, err.message);
		places += check_tokenizer(path, &spec, 1000);
		free(path);
	}
	assert_true(places > 1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest by_hand[] = { cmocka_unit_test(test_given) };
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_made),
					    cmocka_unit_test(test_fixtures) };
	given = argv + 1;
	given_count = argc - 1;
	return given_count > 0 ? cmocka_run_group_tests(by_hand, NULL, NULL)
			       : cmocka_run_group_tests(tests, NULL, NULL);
}
