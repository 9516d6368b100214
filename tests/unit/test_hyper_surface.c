/*
 * New tokens in the pieces of an old tokenizer: what is cut, has no piece, is a special token.
 * Real tokenizers are compared in conformance.hypernet_surfaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hypernet/net/surface.h"
#include "vocab/format/read.h"

/* Bytes a, b and the space, and no others; ids 5 and 6 are special, 7 is not. */
static const char bytes_file[] =
    "{\"added_tokens\":["
    "{\"id\":5,\"content\":\"<s>\",\"special\":true,\"single_word\":false,\"lstrip\":false,"
    "\"rstrip\":false,\"normalized\":false},"
    "{\"id\":6,\"content\":\"a b\",\"special\":true,\"single_word\":false,\"lstrip\":false,"
    "\"rstrip\":false,\"normalized\":false},"
    "{\"id\":7,\"content\":\"ba\",\"special\":false,\"single_word\":false,\"lstrip\":false,"
    "\"rstrip\":false,\"normalized\":false}],"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,"
    "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,"
    "\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4},\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}";

/* Characters that are not the alphabet's. */
static const char text_file[] =
    "{\"pre_tokenizer\":null,\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"?\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":9,\"vocab\":{\"?\":0,"
    "\"a\":1,\"##\xC3\xA9\":2,\" b\":3}}}";

/* It names an unknown token that it does not have. */
static const char lacking_file[] =
    "{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}";

enum { PAD = 9 };

static const struct {
	const char *file, *bytes;
	size_t count;
	const char *ids; /* of 3 places */
	bool truncated, fallback, unknown;
} rows[] = {
	{ bytes_file, "ab", 2, "2 9 9", 0, 0, 0 },
	{ bytes_file, " ab", 3, "4 9 9", 0, 1, 0 },
	{ bytes_file, "aba", 3, "2 0 9", 0, 0, 0 },
	{ bytes_file, "aabb", 4, "0 2 1", 0, 0, 0 },
	{ bytes_file, "bbbb", 4, "1 1 1", 1, 0, 0 },
	{ bytes_file, "bbb ab", 6, "1 1 1", 1, 0, 0 }, /* what is cut off counts for nothing */
	{ bytes_file, "<s>", 3, "5 9 9", 0, 1, 0 },
	{ bytes_file, "a b", 3, "6 9 9", 0, 1, 0 },
	{ bytes_file, "ba", 2, "1 0 9", 0, 0, 0 }, /* added, but not special */
	{ bytes_file, "", 0, "9 9 9", 0, 0, 1 },
	{ bytes_file, "\0", 1, "9 9 9", 0, 0, 1 }, /* vanishes: there is no unknown token */
	{ bytes_file, "a\xFF", 2, "0 9 9", 0, 0, 0 },
	{ bytes_file, "\xC4\xA0", 2, "9 9 9", 0, 0, 1 }, /* bytes, not the character for a space */
	{ text_file, "a\xC3\xA9", 3, "1 2 9", 0, 0, 0 },
	{ text_file, " b", 2, "3 9 9", 0, 0, 0 },
	{ text_file, "x", 1, "0 9 9", 0, 0, 0 },
	{ lacking_file, "ab", 2, "0 1 9", 0, 0, 0 },
	{ lacking_file, "ax", 2, "9 9 9", 0, 0, 1 },
};

static struct tok_tokenizer *open_text(const char *file)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return t;
}

static void tokens_have_their_pieces(void **state)
{
	const struct hyper_config config = {
		.surface = 3, .vocabulary = 4, .extra = 6, .pad = PAD
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_tokenizer *t = open_text(rows[i].file);
		const struct tok_span token = { (const uint8_t *)rows[i].bytes, rows[i].count };
		struct hyper_surfaces s = { 0 };
		struct tok_error err = { 0 };
		char ids[64];
		assert_int_equal(hyper_surfaces_make(t, &config, &token, 1, &s, &err), TOK_OK);
		snprintf(ids, sizeof ids, "%u %u %u", s.ids[0], s.ids[1], s.ids[2]);
		if (strcmp(ids, rows[i].ids) != 0)
			fail_msg("row %zu: %s, not %s", i, ids, rows[i].ids);
		size_t pieces = 0;
		while (pieces < 3 && s.ids[pieces] != PAD)
			pieces++;
		assert_int_equal(s.counts[0], pieces);
		assert_int_equal(s.truncated, rows[i].truncated);
		assert_int_equal(s.fallback, rows[i].fallback);
		assert_int_equal(s.unknown, rows[i].unknown);
		hyper_surfaces_release(&s);
		tok_tokenizer_free(t);
	}
}

static void none_are_none(void **state)
{
	const struct hyper_config config = {
		.surface = 3, .vocabulary = 4, .extra = 6, .pad = PAD
	};
	struct tok_tokenizer *t = open_text(bytes_file);
	struct hyper_surfaces s = { .count = 5 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_surfaces_make(t, &config, NULL, 0, &s, &err), TOK_OK);
	assert_int_equal(s.count, 0);
	hyper_surfaces_release(&s);
	tok_tokenizer_free(t);
}

static void another_networks_tokenizer_is_refused(void **state)
{
	struct hyper_config config = { .surface = 3, .vocabulary = 4, .extra = 3, .pad = 0 };
	struct tok_tokenizer *t = open_text(bytes_file);
	struct hyper_surfaces s = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_surfaces_make(t, &config, NULL, 0, &s, &err), TOK_EFORMAT);
	assert_string_equal(err.message, "the tokenizer has ids to 7, the network only to 6");
	config.extra = 4;
	assert_int_equal(hyper_surfaces_make(t, &config, NULL, 0, &s, &err), TOK_OK);
	hyper_surfaces_release(&s);
	tok_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_have_their_pieces),
		cmocka_unit_test(none_are_none),
		cmocka_unit_test(another_networks_tokenizer_is_refused),
	};
	return cmocka_run_group_tests_name("hyper_surface", tests, NULL, NULL);
}
