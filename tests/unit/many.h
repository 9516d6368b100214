/* many.h - tokenizers of every kind, small but real-looking, and text that loves
 * trouble; for laws that all of them must obey. */
#ifndef TESTS_UNIT_MANY_H
#define TESTS_UNIT_MANY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixture.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

enum { MANY_MOST = 40 };

struct many {
	struct tok_tokenizer *tokenizers[MANY_MOST];
	const char *names[MANY_MOST];
	size_t count;
};

/* ---- tokenizers ------------------------------------------------------------ */

/* GPT-2's pre-tokenizer and a few merges; %s are the added tokens, the normalizer
 * and further pre-tokenizers in front. */
#define MANY_BYTE_LEVEL(added, normalizer, pretokenizers)                                          \
	"{\"added_tokens\":[" added "],\"normalizer\":" normalizer                                 \
	",\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[" pretokenizers              \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":"   \
	"true}]},\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_"        \
	"space\":true,\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\","      \
	"\"unk_token\":\"?\",\"fuse_unk\":true,\"vocab\":{\"?\":0,\"a\":1,\"b\":2,\"ab\":3,"       \
	"\"\xC4\xA0\":4,\"\xC4\xA0"                                                                \
	"a\":5,\"1\":6,\"h\":7,\"e\":8,\"he\":9},\"merges\":[\"a b\",\"\xC4\xA0 a\",\"h e\"]}}"

#define MANY_ADDED(id, content, single_word, lstrip, rstrip, normalized, special)                  \
	"{\"id\":" #id ",\"content\":\"" content "\",\"single_word\":" #single_word                \
	",\"lstrip\":" #lstrip ",\"rstrip\":" #rstrip ",\"normalized\":" #normalized               \
	",\"special\":" #special "}"

static const struct {
	const char *name, *json;
} many_json[] = {
	{ "lstrip",
	  MANY_BYTE_LEVEL(MANY_ADDED(10, "<s>", false, true, false, false, true) "," MANY_ADDED(
			      11, "hey", false, true, false, true, false),
			  "{\"type\":\"NFC\"}", "") },
	{ "rstrip",
	  MANY_BYTE_LEVEL(MANY_ADDED(10, "<s>", false, false, true, false, true), "null", "") },
	{ "single word", MANY_BYTE_LEVEL(MANY_ADDED(10, "a", true, false, false, true, false),
					 "{\"type\":\"Lowercase\"}", "") },
	{ "inside words",
	  MANY_BYTE_LEVEL(MANY_ADDED(10, "dog a", false, false, false, false, true), "null", "") },
	{ "digits", MANY_BYTE_LEVEL("", "{\"type\":\"NFKC\"}",
				    "{\"type\":\"Digits\",\"individual_digits\":true},") },
	{ "unknown vanishes", "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{"
			      "\"type\":\"BPE\",\"vocab\":{"
			      "\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}" },
	{ "word level",
	  "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"WordLevel\","
	  "\"unk_token\":\"?\",\"vocab\":{\"a\":0,\"the\":1,\"dog\":2,\"don't\":3,\"hey\":4}}}" },
};

static const struct {
	const char *folder, *name;
} many_files[] = {
	{ "gguf", "bert.gguf" },
	{ "gguf", "gpt2.gguf" },
	{ "gguf", "llama.gguf" },
	{ "gguf", "t5.gguf" },
	{ "fuzz/hf", "sequences.json" },
	{ "fuzz/hf", "unigram.json" },
	{ "spm", "bpe.model" },
	{ "spm", "unigram_bytes.model" },
	{ "spm", "unigram_suffix.model" },
	{ "spm", "word.model" },
};

static inline void many_add(struct many *many, const char *name, struct tok_spec *spec)
{
	struct tok_error err = { 0 };
	if (many->count == MANY_MOST ||
	    tok_tokenizer_new(spec, &many->tokenizers[many->count], &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	many->names[many->count++] = name;
	tok_spec_release(spec);
}

static inline size_t many_put_rank(char *out, const char *token, size_t count, unsigned rank)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;
	for (size_t i = 0; i < count; i += 3) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < count ? (uint8_t)token[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			out[n++] = i + k <= count ? digits[bits >> (18 - 6 * k) & 63] : '=';
	}
	return n + (size_t)sprintf(out + n, " %u\n", rank);
}

/* A .tiktoken file: the bytes, and the beginnings of a few words. */
static inline size_t many_write_ranks(char *out)
{
	static const char *const words[] = { " the",  " dog",     "don't", "\xE4\xBD\xA0",
					     "    ",  "\xC3\xA9", "123",   " a",
					     "hello", "\n\n",     "'s",    "\xF0\x9F\x98\x80" };
	unsigned rank = 0;
	size_t n = 0;
	for (; rank < 256; rank++)
		n += many_put_rank(out + n, (const char[]){ (char)rank }, 1, rank);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (size_t length = 2; length <= strlen(words[i]); length++)
			n += many_put_rank(out + n, words[i], length, rank++);
	return n;
}

static inline struct many many_new(void)
{
	static const char *const patterns[] = { "gpt2", "cl100k", "o200k", "o200k_harmony" };
	struct many many = { 0 };
	struct tok_error err = { 0 };
	char ranks[8192];
	const struct tok_span file = { (const uint8_t *)ranks, many_write_ranks(ranks) };

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		struct tok_spec spec = { 0 };
		const struct vocab_read_options options = { .pattern = patterns[i] };
		if (vocab_read_bytes(file, &options, &spec, &err) != TOK_OK)
			fail_msg("%s: %s", patterns[i], err.message);
		many_add(&many, patterns[i], &spec);
	}
	for (size_t i = 0; i < sizeof many_json / sizeof many_json[0]; i++) {
		struct tok_spec spec = { 0 };
		if (vocab_read_bytes(tok_span_of(many_json[i].json), NULL, &spec, &err) != TOK_OK)
			fail_msg("%s: %s", many_json[i].name, err.message);
		many_add(&many, many_json[i].name, &spec);
	}
	for (size_t i = 0; i < sizeof many_files / sizeof many_files[0]; i++) {
		struct tok_spec spec = { 0 };
		char *path = fixture_path(many_files[i].folder, many_files[i].name);
		if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK)
			fail_msg("%s", err.message);
		free(path);
		many_add(&many, many_files[i].name, &spec);
	}
	if (tok_tokenizer_bytes(&many.tokenizers[many.count], &err) != TOK_OK)
		fail_msg("%s", err.message);
	many.names[many.count++] = "bytes";
	return many;
}

/* The tokenizers of files, instead.  One that is not there is skipped out loud;
 * with CI=true, as in all tests, that is a failure. */
static inline struct many many_of_files(char **paths, int count)
{
	const char *ci = getenv("CI");
	struct many many = { 0 };
	for (int i = 0; i < count; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		const enum tok_status status = vocab_read_path(paths[i], NULL, &spec, &err);
		if (status == TOK_OK) {
			many_add(&many, paths[i], &spec);
			continue;
		}
		fprintf(stderr, "SKIPPED: %s\n", err.message);
		if (status != TOK_EIO || (ci && strcmp(ci, "true") == 0))
			exit(1);
	}
	if (many.count == 0)
		exit(1);
	return many;
}

/* The one of that name; it is there. */
static inline const struct tok_tokenizer *many_find(const struct many *many, const char *name)
{
	for (size_t i = 0; i < many->count; i++)
		if (strcmp(many->names[i], name) == 0)
			return many->tokenizers[i];
	fail_msg("there is no tokenizer '%s'", name);
	return NULL;
}

static inline void many_release(struct many *many)
{
	for (size_t i = 0; i < many->count; i++)
		tok_tokenizer_free(many->tokenizers[i]);
}

/* ---- text ------------------------------------------------------------------ */

static inline uint32_t many_draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

/* `most` bytes at most, and close to it. */
static inline size_t many_text(uint64_t *state, uint8_t *out, size_t most)
{
	static const char *const pieces[] = {
		"the",
		" the",
		" dog",
		" a",
		" b",
		"a",
		"ab",
		" ",
		"  ",
		"   ",
		"\n",
		"\r\n",
		"\t",
		"1",
		" 12345",
		"don't",
		"'s",
		" hey",
		"hey",
		"HEY ",
		"<s>",
		" <s> ",
		"<",
		"</s>",
		"[CLS]",
		"[MASK]",
		"<|endoftext|>",
		"<|end",
		"oftext|>",
		"<|im_start|>",
		".",
		", ",
		"(x)",
		"\xC3\xA9",
		"e\xCC\x81",
		"\xCC\x81",
		"\xE4\xBD\xA0\xE5\xA5\xBD",
		"\xF0\x9F\x98\x80",
		"\xEF\xAC\x81",
		"\xE2\x96\x81",
		"\xC2\xA0",
		"\xE3\x80\x80",
		"\xC5\xBF",
		"\xE2\x84\xAA",
		"_",
	};
	const uint32_t count = sizeof pieces / sizeof pieces[0];
	const bool plain = many_draw(state, 3) == 0; /* mostly words */
	size_t n = 0;
	while (n + 16 < most) {
		if (many_draw(state, 30) == 0) { /* NUL, or what is not UTF-8 */
			out[n++] = (uint8_t)(many_draw(state, 2) ? many_draw(state, 256) : 0);
			continue;
		}
		const char *piece = pieces[many_draw(state, plain ? 7 : count)];
		memcpy(out + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return n;
}

#endif
