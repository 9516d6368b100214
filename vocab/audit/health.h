/*
 * health.h - is every token of a vocabulary of use, and does the tokenizer keep its word?
 *
 *	struct vocab_health h = { 0 };
 *	const struct vocab_health_options o = { .threads = 2 };
 *	status = vocab_health_check(tokenizer, &o, &h, &err);
 *	for (size_t i = 0; i < h.finding_count; i++)
 *		use(&h.findings[i]);
 *	vocab_health_release(&h);
 *
 * Every token is decoded alone (read as it is spelled, where the file has no decoder), and what
 * comes out is encoded: special tokens are matched for special tokens, and are ordinary text for
 * the others.  A token that does not come back is looked for in contexts: behind, in front of and
 * between "a", "0", ".", a space, a newline; behind a "\u00AB"; in front of what English contracts
 * ('s, 't, 're, ...); behind a letter that begins no longer token (WordPiece); and, of a run of one
 * character, itself twice.  What is no UTF-8 is completed to characters first.  A text that has the
 * token is its witness.  Not to have found one proves nothing: some other text may have it.  Of
 * tokens above VOCAB_HEALTH_PROBE_MAX bytes contexts are not tried.
 *
 * The same for any number of threads.  Sources: Land and Bartolo 2024 (magikarp) for the categories
 * of encode(decode(t)); TokEval (1e6a307) for contexts.
 */
#ifndef VOCAB_AUDIT_HEALTH_H
#define VOCAB_AUDIT_HEALTH_H

#include "tok/base/arena.h"
#include "tok/pipe/tokenizer.h"

enum vocab_health_category {
	VOCAB_HEALTH_OK,         /* encode(decode(t)) = t */
	VOCAB_HEALTH_OK_SPECIAL, /* so if special tokens are matched */
	/* It is spelled as what goes on: ## of WordPiece, no blank in front where every text gets
	 * one; and a context has it. */
	VOCAB_HEALTH_INSIDE,
	/* Declared never to come of text: control, unknown and unused pieces. */
	VOCAB_HEALTH_CONTROL,
	VOCAB_HEALTH_PARTIAL,      /* its bytes are no UTF-8; completed, a text has it */
	VOCAB_HEALTH_PARTIAL_DEAD, /* its bytes are no UTF-8, and nothing was found that has it */
	VOCAB_HEALTH_CONTEXT_ONLY, /* only beside other text */
	VOCAB_HEALTH_BYTE_SPARE,   /* byte fallback of a byte that other tokens always have */
	VOCAB_HEALTH_SPLIT,        /* the pre-tokenizer, or an added token, cuts it always */
	VOCAB_HEALTH_NORMALIZED,   /* the normaliser changes it always */
	VOCAB_HEALTH_UNREACHABLE,  /* merges or scores never make it */
	VOCAB_HEALTH_SPECIAL_DEAD, /* looks like a special token, <...> or [...], and no text has it
				    */
	VOCAB_HEALTH_FAILED,       /* its text cannot be encoded at all */
	VOCAB_HEALTH_HOLE,         /* no token has this id */
	VOCAB_HEALTH_CATEGORIES
};

enum vocab_health_defect {
	/* BPE: its merges, on its own text, do not make it; it is met only as a whole piece, where
	 * merges are ignored. */
	VOCAB_HEALTH_NO_MERGES,
	VOCAB_HEALTH_ORPHAN,     /* BPE: nor do any two tokens make it up */
	VOCAB_HEALTH_DUPLICATE,  /* stands for the bytes of a lower id */
	VOCAB_HEALTH_LONG,       /* more than 64 characters */
	VOCAB_HEALTH_CROSSING,   /* bytes of two characters or more, one of them incomplete */
	VOCAB_HEALTH_MARK_FIRST, /* begins with a combining mark */
	VOCAB_HEALTH_BEYOND,     /* the model has no row for this id */
	VOCAB_HEALTH_SHARED,     /* another token, which is not looked at, has this id too */
	VOCAB_HEALTH_DEFECTS
};

/* What a finding means for somebody who gates on it, from harmless to grave. */
enum vocab_health_level {
	VOCAB_HEALTH_FINE,
	VOCAB_HEALTH_NOTE,
	VOCAB_HEALTH_WARN,
	VOCAB_HEALTH_UNVERIFIABLE, /* it could not be found out: no better than a warning */
	VOCAB_HEALTH_FAIL
};

enum {
	VOCAB_HEALTH_PROBE_MAX = 4096, /* bytes */
	VOCAB_HEALTH_LENGTHS = 66,     /* 0 to 64 characters, and more */
	VOCAB_HEALTH_DIGITS = 9        /* 0 to 7 digits, and more */
};

struct vocab_health_options {
	size_t threads; /* 0 is one */
	size_t rows;    /* ids that the model has rows for; 0: not known */
};

struct vocab_health_finding {
	tok_id id;
	uint32_t run;     /* ids from this one on: 1, of holes those that follow each other */
	uint8_t category; /* enum vocab_health_category; one that is fine if a defect is all */
	uint32_t defects; /* 1 << enum vocab_health_defect */
	struct tok_span
	    witness; /* a text that has the token; .bytes NULL: none is needed or known */
};

/* A merge that never happens: on the text of its result others come first. */
struct vocab_health_merge {
	uint32_t rank;
	tok_id left, right, result;
};

struct vocab_health_script {
	char name[5]; /* ISO 15924: "Latn"; "Zyyy" where no character has a script of its own */
	size_t tokens;
};

struct vocab_health {
	struct tok_arena arena;
	size_t size;                /* ids: one more than the largest */
	size_t tokens;              /* that are a token */
	const uint8_t *category_of; /* by id */
	/* By id; what is fine and has no defect is left out. */
	const struct vocab_health_finding *findings;
	size_t finding_count;
	size_t categories[VOCAB_HEALTH_CATEGORIES], defects[VOCAB_HEALTH_DEFECTS];

	/* Of an explicit list of merges; by rank. */
	const struct vocab_health_merge *dead_merges;
	size_t dead_merge_count, merge_count;

	/* Bytes: which come back - alone, between two letters, or in a character - and which are a
	 * token by themselves. */
	bool byte_returns[256], byte_alone[256];
	size_t bytes_missing; /* that do not come back, of the 243 that UTF-8 has */
	size_t bytes_alone;   /* that are a token, of all 256 */
	bool claims_bytes;    /* byte-level, or with a fallback: none should be missing */

	/* Of tokens that stand for text: */
	size_t lengths[VOCAB_HEALTH_LENGTHS]; /* by their characters, a broken one's bytes each */
	size_t digits[VOCAB_HEALTH_DIGITS];   /* those of ASCII digits only, by their number */
	size_t blanks, longest_blank;         /* of White_Space only; characters of the longest */
	/* By the script of the first character that has one; the most frequent first. */
	const struct vocab_health_script *scripts;
	size_t script_count;
};

/* Into a zeroed `out`, which is as it was on failure: TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status vocab_health_check(const struct tok_tokenizer *tokenizer,
							const struct vocab_health_options *options,
							struct vocab_health *out,
							struct tok_error *err);
TOK_API void vocab_health_release(struct vocab_health *health);

/* As they are told in JSON: "context-only", "no-merges", "warn". */
TOK_API const char *vocab_health_category_name(enum vocab_health_category category);
TOK_API const char *vocab_health_defect_name(enum vocab_health_defect defect);
TOK_API const char *vocab_health_level_name(enum vocab_health_level level);

/* The same for people, in a few words. */
TOK_API const char *vocab_health_category_text(enum vocab_health_category category);
TOK_API const char *vocab_health_defect_text(enum vocab_health_defect defect);

TOK_API enum vocab_health_level vocab_health_category_level(enum vocab_health_category category);
TOK_API enum vocab_health_level vocab_health_defect_level(enum vocab_health_defect defect);

/* The gravest of a finding, and of all that was found: bytes that should come back and do not are a
 * failure. */
TOK_API enum vocab_health_level
vocab_health_finding_level(const struct vocab_health_finding *finding);
TOK_API enum vocab_health_level vocab_health_verdict(const struct vocab_health *health);

/* Tokens of this category have never been seen in any text. */
TOK_API bool vocab_health_is_unused(enum vocab_health_category category);

#endif
