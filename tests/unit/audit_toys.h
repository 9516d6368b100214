/* audit_toys.h - small tokenizers whose cuts can be told by looking at them. */
#ifndef TESTS_UNIT_AUDIT_TOYS_H
#define TESTS_UNIT_AUDIT_TOYS_H

#include <math.h>

#include "tests/unit/byte_level_toys.h"
#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

/* "ab" and "cd" are tokens, other letters are alone; a space is of what follows. */
#define TOY_LETTERS "\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"\u0120\":4,\"ab\":5,\"cd\":6,\"\u0120ab\":7"
#define TOY_PAIRS                                                                                  \
	TOY(TOY_SPECIAL(8, "<|end|>"), "null", TOY_BYTE_PRETOK,                                    \
	    TOY_BPE("false", TOY_LETTERS, "[\"a\",\"b\"],[\"c\",\"d\"],[\"\u0120\",\"ab\"]"))
/* The same tokens otherwise written, with other ids, and one more. */
#define TOY_MARKED                                                                                 \
	TOY(TOY_SPECIAL(0, "<s>"), TOY_META_NORM, "null",                                          \
	    TOY_BPE("false",                                                                       \
		    "\"<s>\":9,\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"\u2581\":4,\"ab\":5,"             \
		    "\"\u2581ab\":6,\"cd\":7,\"abc\":8",                                           \
		    "[\"a\",\"b\"],[\"\u2581\",\"ab\"],[\"c\",\"d\"]"))
/* A space is of what stands before it. */
#define TOY_BEHIND                                                                                 \
	TOY(TOY_SPECIAL(8, "<s>"),                                                                 \
	    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}",        \
	    "null",                                                                                \
	    TOY_BPE("false", "\"a\":0,\"b\":1,\"\u2581\":4,\"ab\":5,\"ab\u2581\":6,\"<s>\":8",     \
		    "[\"a\",\"b\"],[\"ab\",\"\u2581\"]"))
/* Words as they stand, without the spaces between them. */
#define TOY_BERT                                                                                   \
	TOY(TOY_SPECIAL(0, "[UNK]"), "{\"type\":\"Lowercase\"}",                                   \
	    "{\"type\":\"BertPreTokenizer\"}",                                                     \
	    "\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\"," \
	    "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"ab\":1,\"##cd\":2,"         \
	    "\"cd\":3}")

static inline struct tok_tokenizer *toy_tokenizer(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

static inline struct tok_tokenizer *toy_bytes(void)
{
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (tok_tokenizer_bytes(&tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return tokenizer;
}

static inline void assert_about(double is, double wanted, const char *what)
{
	if (isnan(wanted) ? !isnan(is) : !(fabs(is - wanted) < 1e-12))
		fail_msg("%s: %.17g, not %.17g", what, is, wanted);
}

#endif
