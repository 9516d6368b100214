/*
 * sample_toys.h - small tokenizers whose distributions are known.
 */
#ifndef TESTS_UNIT_SAMPLE_TOYS_H
#define TESTS_UNIT_SAMPLE_TOYS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/deviation.h"
#include "tok/sample/sampler.h"
#include "vocab/format/read.h"

/* p(a) = .2, p(b) = .2, p(ab) = .3, p(c) = .1, p(bc) = .2; ids 1 to 5. */
#define TOY_UNIGRAM                                                                                \
	"{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",-30],"                \
	"[\"a\",-1.6094379124341003],[\"b\",-1.6094379124341003],[\"ab\",-1.2039728043259361],"    \
	"[\"c\",-2.3025850929940455],[\"bc\",-1.6094379124341003]]}}"

/* a b c d ab bc cd abc bcd: ids 0 to 8. */
#define TOY_BPE                                                                                    \
	"{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"BPE\",\"vocab\":" \
	"{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"ab\":4,\"bc\":5,\"cd\":6,\"abc\":7,\"bcd\":8},"        \
	"\"merges\":[\"a b\",\"b c\",\"c d\",\"ab c\",\"bc d\"]}}"

/* ab < cd < ab+cd. */
#define TOY_MERGES                                                                                 \
	"{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"BPE\",\"vocab\":" \
	"{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"ab\":4,\"cd\":5,\"abcd\":6},\"merges\":[\"a b\","      \
	"\"c d\",\"ab cd\"]}}"

/* Places, a dead end ("ad" has none, "ac" is unknown behind "a"), added tokens and a
 * template. */
#define TOY_WORDPIECE                                                                              \
	"{\"added_tokens\":[{\"id\":0,\"content\":\"[UNK]\",\"single_word\":false,\"lstrip\":"     \
	"false,\"rstrip\":false,\"normalized\":false,\"special\":true},{\"id\":9,\"content\":"     \
	"\"[SEP]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"  \
	"\"special\":true}],\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"post_processor\":"  \
	"{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",9],\"cls\":[\"[UNK]\",0]},\"decoder\":{"  \
	"\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false},\"model\":{\"type\":"         \
	"\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","              \
	"\"max_input_chars_per_word\":20,\"vocab\":{\"[UNK]\":0,\"a\":1,\"##a\":2,\"##b\":3,"      \
	"\"ab\":4,\"##ab\":5,\"ac\":6,\"aba\":7,\"b\":8,\"[SEP]\":9}}}"

static inline struct tok_tokenizer *toy_new(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

/* A sampler and what a thread has of it. */
struct toy {
	struct tok_sampler *sampler;
	struct tok_sampling *sampling;
};

static inline struct toy toy_sampler(const struct tok_tokenizer *tokenizer,
				     struct tok_sample_options options)
{
	struct toy toy;
	struct tok_error err = { 0 };
	if (tok_sampler_new(tokenizer, &options, &toy.sampler, &err) != TOK_OK)
		fail_msg("%s", err.message);
	toy.sampling = tok_sampling_new(toy.sampler);
	assert_non_null(toy.sampling);
	return toy;
}

static inline void toy_release(struct toy *toy)
{
	tok_sampling_free(toy->sampling);
	tok_sampler_free(toy->sampler);
}

/* The longest token goes on to a dead end. */
#define TOY_DEAD_END                                                                               \
	"{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_"         \
	"prefix\":"                                                                                \
	"\"##\",\"max_input_chars_per_word\":20,\"vocab\":{\"[UNK]\":0,\"ab\":1,\"##cx\":2,"       \
	"\"abc\":3,"                                                                               \
	"\"a\":4,\"##b\":5,\"abcx\":6}}}"

/* Letters that no token is grow together to one unknown token; some are part of one. */
#define TOY_GROWING                                                                                \
	"{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"fuse_unk\":true,\"vocab\":{\"?\":0,"   \
	"\"a\":1,"                                                                                 \
	"\"b\":2,\"ab\":3,\"yz\":4},\"merges\":[\"a b\"]}}"

/* They are no token at all. */
#define TOY_VANISHING                                                                              \
	"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1,\"b\":2,\"ab\":3},\"merges\":[\"a b\"]}}"

/* One byte of a character has a token, the other is unknown: so is the character. */
#define TOY_PARTIAL                                                                                \
	"{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"byte_fallback\":true,\"vocab\":{\"?"   \
	"\":0,"                                                                                    \
	"\"<0xC3>\":1,\"a\":2,\"<0x78>\":3},\"merges\":[]}}"

/* The ids as "1 5", in a buffer of 256. */
static inline const char *toy_ids(const tok_id *ids, size_t count, char *out)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < count && n < 240; i++)
		n += (size_t)snprintf(out + n, 256 - n, i ? " %u" : "%u", ids[i]);
	return out;
}

/* The draw with these ids, or -1. */
static inline ptrdiff_t toy_find(const struct tok_draws *draws, const tok_id *ids, size_t count)
{
	for (size_t i = 0; i < draws->count; i++)
		if (draws->items[i].count == count &&
		    (count == 0 || memcmp(draws->items[i].ids, ids, count * sizeof *ids) == 0))
			return (ptrdiff_t)i;
	return -1;
}

#endif
