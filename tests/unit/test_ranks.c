/*
 * test_ranks.c - ranks in JSON, tekken, vocab.json with merges.txt: what they
 * become, what is refused, damage.  Real files: tests/conformance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "spec_text.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/format_internal.h"

typedef enum tok_status reader(struct tok_span file, struct tok_spec *out, struct tok_error *err);

/* The file is vocab.json, a NUL, merges.txt. */
static enum tok_status read_pair(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	const uint8_t *nul = file.count ? memchr(file.bytes, 0, file.count) : NULL;
	const size_t cut = nul ? (size_t)(nul - file.bytes) : file.count;
	return vocab_read_vocab_merges(tok_span_slice(file, 0, cut),
				       tok_span_slice(file, nul ? cut + 1 : cut, file.count), out,
				       err);
}

static enum tok_status read_exact(reader *read, struct tok_span text, struct tok_spec *spec,
				  struct tok_error *err)
{
	uint8_t *copy = malloc(text.count ? text.count : 1);
	assert_non_null(copy);
	memcpy(copy, text.bytes, text.count);
	const enum tok_status status = read((struct tok_span){ copy, text.count }, spec, err);
	free(copy);
	if (status != TOK_OK)
		assert_true(strlen(err->message) > 10);
	return status;
}

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define TEKKEN(size, special, rest)                                                                \
	"{\"config\":{\"pattern\":\".\",\"default_vocab_size\":" #size                             \
	",\"default_num_special_tokens\":" #special "}," rest "}"
#define ENTRY(rank, bytes) "{\"rank\":" #rank ",\"token_bytes\":\"" bytes "\",\"token_str\":null}"
#define RANKS(ranks)       "{\"pat_str\":\".\",\"special_tokens\":{},\"bpe_ranks\":\"" ranks "\"}"

static void check_tokens(reader *read, struct tok_span text, const char *tokens)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_buffer said = { 0 };
	if (read_exact(read, text, &spec, &err) != TOK_OK)
		fail_msg("%s: %s", (const char *)text.bytes, err.message);
	say_tokens(&said, &spec);
	if (!tok_span_equal(tok_buffer_span(&said), tok_span_of(tokens)))
		fail_msg("%.*s\nnot %s", (int)said.count, (const char *)said.bytes, tokens);
	tok_buffer_release(&said);
	tok_spec_release(&spec);
}

/* Ids by the rules of tiktoken's and Mistral's own loaders. */
static void test_ids(void **state)
{
	static const struct tok_span packed =
	    SPAN("{\"pat_str\":\".\",\"special_tokens\":{\"<x>\":9},\"bpe_ranks\":\"! 3 YQ== "
		 "Yg==\\n! 1 YWI=\\n\",\"explicit_n_vocab\":4}");
	static const struct tok_span claude =
	    SPAN("{\"pat_str\":\".\",\"special_tokens\":{\"<META_START>\":0,\"<SOS>\":1},"
		 "\"bpe_ranks\":\"! 2 YQ==\"}");
	static const struct tok_span listed =
	    SPAN(TEKKEN(5, 3,
			"\"special_tokens\":[{\"rank\":1,\"token_str\":\"<s>\"}],\"vocab\":[" ENTRY(
			    0, "YQ==") "," ENTRY(1, "Yg==") "," ENTRY(2, "Yw==") "]"));
	static const struct tok_span unlisted =
	    SPAN(TEKKEN(3, 2, "\"bpe_ranks\":\"! 0 YQ== Yg==\""));
	(void)state;
	check_tokens(vocab_read_packed_ranks, packed, "1=ab 3=a 4=b +9=<x>/s");
	check_tokens(vocab_read_packed_ranks, claude, "2=a +0=<META_START>/ns +1=<SOS>/ns");
	check_tokens(vocab_read_tekken, listed,
		     "3=a 4=b +0=<SPECIAL_0>/s +1=<s>/s +2=<SPECIAL_2>/s");
	check_tokens(vocab_read_tekken, unlisted, "2=a +0=<unk>/s +1=<s>/s");
}

static void test_messages(void **state)
{
	static const struct {
		reader *read;
		struct tok_span text;
		enum tok_status status;
		const char *message;
	} rows[] = {
		{ vocab_read_packed_ranks, SPAN(RANKS("! 0 YQ== YR==")), TOK_EFORMAT,
		  "at bpe_ranks: the token of rank 1 must be base64, not 'YR=='" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! 0 YQ")), TOK_EFORMAT,
		  "at bpe_ranks: the token of rank 0 must be base64, not 'YQ'" },
		{ vocab_read_packed_ranks, SPAN(RANKS("? 0 YQ==")), TOK_EFORMAT,
		  "at bpe_ranks: a line of ranks must begin with '!' and a rank" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! -1 YQ==")), TOK_EFORMAT,
		  "at bpe_ranks: a line of ranks must begin with '!' and a rank" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! 99999999999 YQ==")), TOK_EFORMAT,
		  "at bpe_ranks: a line of ranks must begin with '!' and a rank" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! 16777215 YQ== Yg==")), TOK_ELIMIT,
		  "more than 16777215 ranks" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! 0 YQ==\\n! 0 Yg==")), TOK_EFORMAT,
		  "the rank 0 is there twice: ranks must be unique" },
		{ vocab_read_packed_ranks, SPAN(RANKS("! 0 YQ== YQ==")), TOK_EFORMAT,
		  "the tokens 0 and 1 have the same bytes 'a'" },
		{ vocab_read_packed_ranks, SPAN("{\"bpe_ranks\":\"\"}"), TOK_EFORMAT,
		  "'pat_str' is missing" },
		{ vocab_read_tekken, SPAN(TEKKEN(1, 2, "\"vocab\":[]")), TOK_EFORMAT,
		  "at config: default_vocab_size must count the special tokens too" },
		{ vocab_read_tekken, SPAN(TEKKEN(2, 1, "\"vocab\":[]")), TOK_EFORMAT,
		  "at vocab: 0 tokens where config asks for 1" },
		{ vocab_read_tekken, SPAN(TEKKEN(2, 1, "\"vocab\":[" ENTRY(1, "YQ==") "]")),
		  TOK_EFORMAT, "at vocab[0].rank: ranks must come in order: this must be 0" },
		{ vocab_read_tekken, SPAN(TEKKEN(2, 1, "\"vocab\":[" ENTRY(0, "YQ=") "]")),
		  TOK_EFORMAT, "at vocab[0].token_bytes: this must be base64" },
		{ vocab_read_tekken, SPAN(TEKKEN(9999999, 9999999, "\"vocab\":[]")), TOK_EFORMAT,
		  "at config.default_num_special_tokens: this must be a whole number from 0 to "
		  "65536, not 9999999" },
		{ vocab_read_tekken,
		  SPAN(TEKKEN(2, 2,
			      "\"vocab\":[],\"special_tokens\":[{\"rank\":0,\"token_str\":\"a\"},{"
			      "\"rank\":1,\"token_str\":\"a\"}]")),
		  TOK_EFORMAT, "at special_tokens: 'a' is there twice" },
		{ read_pair, SPAN("{\"a\":0,\"b\":1}\0#version: 0.2\na b\n"), TOK_EFORMAT,
		  "merges.txt line 2: the result 'ab' is not in the vocabulary" },
		{ read_pair, SPAN("{\"a\":0}\0a\n"), TOK_EFORMAT,
		  "merges.txt line 1: a merge must be two tokens with one space between, not 'a'" },
		{ read_pair, SPAN("{\"a\":\"b\"}\0"), TOK_EFORMAT,
		  "vocab.json: at a: an id must be a whole number from 0 to 16777215, not a "
		  "string" },
		{ read_pair, SPAN("[]"), TOK_EFORMAT,
		  "vocab.json: a vocabulary must be an object of tokens and ids, not an array" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		const enum tok_status status = read_exact(rows[i].read, rows[i].text, &spec, &err);
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(status, rows[i].status);
		tok_spec_release(&spec);
	}
}

/* ---- which pipeline stands around vocab.json and merges.txt ---------------------- */

static void check_pipeline(struct tok_span pair, size_t normalizers, size_t pretokenizers,
			   size_t posts, size_t decoders, const char *suffix)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(read_exact(read_pair, pair, &spec, &err), TOK_OK);
	assert_int_equal(spec.normalizer_count, normalizers);
	assert_int_equal(spec.pretokenizer_count, pretokenizers);
	assert_int_equal(spec.post_count, posts);
	assert_int_equal(spec.decoder_count, decoders);
	assert_true(tok_span_equal(spec.model.as.bpe.suffix, tok_span_of(suffix)));
	tok_spec_release(&spec);
}

static void test_pipelines(void **state)
{
	static const struct tok_span gpt2 =
	    SPAN("{\"a\":0,\"b\":1,\"ab\":2,\"<|endoftext|>\":3}\0#version: 0.2\r\na b\r\n\r\n");
	static const struct tok_span roberta =
	    SPAN("{\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"<mask>\":4}\0");
	static const struct tok_span clip =
	    SPAN("{\"a\":0,\"a</w>\":1,\"aa</w>\":2,\"<|startoftext|>\":3,\"<|endoftext|>\":4}\0a "
		 "a</w>");
	static const struct tok_span gpt1 =
	    SPAN("{\"<unk>\":0,\"a\":1,\"a</w>\":2,\"aa</w>\":3}\0a a</w>");
	(void)state;
	check_pipeline(gpt2, 0, 1, 0, 1, "");
	check_pipeline(roberta, 0, 1, 1, 1, "");
	check_pipeline(clip, 3, 2, 1, 3, "</w>");
	check_pipeline(gpt1, 1, 1, 0, 1, "</w>");
	check_tokens(read_pair, gpt2, "0=a 1=b 2=ab 3=<|endoftext|> +3=<|endoftext|>/s");
}

/* ---- damage ------------------------------------------------------------------------ */

static void read_damaged(reader *read, struct tok_span text)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	if (read_exact(read, text, &spec, &err) == TOK_OK &&
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		assert_true(strlen(err.message) > 10);
	tok_tokenizer_free(tokenizer);
	tok_spec_release(&spec);
}

static void test_damage(void **state)
{
	static const struct {
		reader *read;
		const char *folder, *name;
	} files[] = {
		{ vocab_read_packed_ranks, "fuzz/packed", "ranks.json" },
		{ vocab_read_tekken, "fuzz/tekken", "tekken.json" },
		{ read_pair, "fuzz/vocab_merges", "pair" },
	};
	enum { MOST_PLACES = 1500 };
	(void)state;
	for (size_t n = 0; n < sizeof files / sizeof files[0]; n++) {
		const struct tok_span file = fixture_read(files[n].folder, files[n].name);
		const size_t stride = file.count / MOST_PLACES + 1;
		uint8_t *broken = malloc(file.count);
		assert_non_null(broken);
		for (size_t at = 0; at < file.count; at += stride) {
			read_damaged(files[n].read, tok_span_slice(file, 0, at));
			memcpy(broken, file.bytes, file.count);
			broken[at] ^= (uint8_t)(1u << at % 8);
			read_damaged(files[n].read, (struct tok_span){ broken, file.count });
		}
		free(broken);
		free((void *)(uintptr_t)file.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_pipelines),
		cmocka_unit_test(test_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
