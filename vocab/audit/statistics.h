/*
 * statistics.h - a vocabulary in numbers, without any text encoded with it.
 *
 *	struct vocab_statistics s;
 *	status = vocab_statistics_find(tokenizer, &arena, &s, &err);
 *	for (size_t i = 0; i < VOCAB_STATISTICS; i++)
 *		use(vocab_statistics_names[i], s.numbers[i]);
 *
 * Tokens are the bytes that they stand for, as vocab/convert/token_bytes.h reads them; scripts, and
 * which bytes come back, are as in health.h.
 */
#ifndef VOCAB_AUDIT_STATISTICS_H
#define VOCAB_AUDIT_STATISTICS_H

#include "tok/base/arena.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/audit/health.h"

enum vocab_statistic {
	VOCAB_STATISTIC_TOKENS,         /* ids that are a token: the next three, added up */
	VOCAB_STATISTIC_TEXT_TOKENS,    /* that stand for bytes of a text */
	VOCAB_STATISTIC_BYTE_TOKENS,    /* that bytes fall back to: <0xNN> */
	VOCAB_STATISTIC_SPECIAL_TOKENS, /* special, control and unknown ones */
	VOCAB_STATISTIC_ADDED_TOKENS,   /* that are looked for before all else, special or not */
	VOCAB_STATISTIC_MERGES,         /* of an explicit list; ranks and scores list none */
	VOCAB_STATISTIC_TEXT_BYTES,     /* of all text tokens */
	VOCAB_STATISTIC_LONGEST_BYTES,  /* of the longest text token */
	VOCAB_STATISTIC_BYTES_ALONE,    /* of all 256, those that are a token by themselves */
	/* Of all 256, those that are decoded from what they were encoded as: alone, between
	 * letters, or in a character. */
	VOCAB_STATISTIC_BYTES_RETURNED,
	VOCAB_STATISTIC_BYTE_LEVEL,    /* 1: text reaches the model as the bytes that it is */
	VOCAB_STATISTIC_BYTE_FALLBACK, /* 1: what it has no token for becomes byte tokens */
	VOCAB_STATISTICS
};

/* As columns and keys have them: "text_tokens". */
TOK_API extern const char *const vocab_statistics_names[VOCAB_STATISTICS];

/* Bytes of each of the texts below, with the NUL. */
enum { VOCAB_STATISTICS_WORDS = 4096 };

/* Texts are UTF-8, without a NUL; NULL: there is none. */
struct vocab_statistics {
	uint64_t numbers[VOCAB_STATISTICS];
	const char *unknown; /* the token of what it does not know, as describe.h shows texts,
				without quotes */
	const char *normalizer, *pre_tokenizer;    /* their steps in words, with "; " between */
	const struct vocab_health_script *scripts; /* of text tokens; most frequent first */
	size_t script_count;
};

/* What `out` points to lies in `arena`.  Fails with TOK_ENOMEM only. */
TOK_API TOK_MUST_USE enum tok_status vocab_statistics_find(const struct tok_tokenizer *tokenizer,
							   struct tok_arena *arena,
							   struct vocab_statistics *out,
							   struct tok_error *err);

/* Bytes of a text token on average; 0 if there is none. */
static inline double vocab_statistics_mean(const struct vocab_statistics *s)
{
	const uint64_t tokens = s->numbers[VOCAB_STATISTIC_TEXT_TOKENS];
	return tokens ? (double)s->numbers[VOCAB_STATISTIC_TEXT_BYTES] / (double)tokens : 0;
}

#endif
