/*
 * health.h - is every token of a vocabulary of use, and does the tokenizer keep its word?
 *
 *	struct vocab_health h = { 0 };
 *	status = vocab_health_check(tokenizer, threads, &h, &err);
 *	for (size_t i = 0; i < h.finding_count; i++)
 *		use(&h.findings[i]);
 *	vocab_health_release(&h);
 *
 * A token that does not come out when its own text is encoded is looked for in contexts: "a", "0",
 * ".", a space or a newline before it, behind it, both, and, of a run of one character, itself
 * twice.  Where one of these has it, that is its witness.
 *
 * Sources: Land and Bartolo 2024 (magikarp) for the categories of encode(decode(t)); TokEval
 * (1e6a307) for contexts.
 */
#ifndef VOCAB_AUDIT_HEALTH_H
#define VOCAB_AUDIT_HEALTH_H

#include "tok/base/arena.h"
#include "tok/pipe/tokenizer.h"

enum vocab_health_category {
	VOCAB_HEALTH_OK,           /* encode(decode(t)) = t */
	VOCAB_HEALTH_OK_SPECIAL,   /* so if special tokens are matched */
	VOCAB_HEALTH_PARTIAL,      /* its bytes are no UTF-8 by themselves */
	VOCAB_HEALTH_CONTEXT_ONLY, /* only beside other text: the witness */
	VOCAB_HEALTH_SPLIT,        /* the pre-tokenizer cuts it always */
	VOCAB_HEALTH_NORMALIZED,   /* the normaliser changes it always */
	VOCAB_HEALTH_UNREACHABLE,  /* merges or scores never make it */
	VOCAB_HEALTH_SPECIAL_DEAD, /* looks like a special token and is none */
	VOCAB_HEALTH_HOLE,         /* no token has this id */
	VOCAB_HEALTH_CATEGORIES
};

enum vocab_health_defect {
	VOCAB_HEALTH_ORPHAN,     /* no two tokens make it up */
	VOCAB_HEALTH_NO_MERGES,  /* it has no merges that make it */
	VOCAB_HEALTH_DEAD_MERGE, /* a merge that never happens, or whose token is none */
	VOCAB_HEALTH_DUPLICATE,  /* the bytes of a lower id */
	VOCAB_HEALTH_LONG,       /* more than 64 characters */
	VOCAB_HEALTH_CROSSING,   /* bytes of two characters or more, one of them incomplete */
	VOCAB_HEALTH_MARK_FIRST, /* begins with a combining mark */
	VOCAB_HEALTH_DEFECTS
};

struct vocab_health_finding {
	tok_id id;
	uint8_t category; /* enum vocab_health_category; VOCAB_HEALTH_OK where a defect is all there
			     is to say */
	uint32_t defects; /* 1 << enum vocab_health_defect */
	struct tok_span witness; /* a text that has the token; of a duplicate nothing */
};

struct vocab_health {
	struct tok_arena arena;
	struct vocab_health_finding *findings; /* by id; what is OK and has no defect is left out */
	size_t finding_count, finding_capacity;
	size_t categories[VOCAB_HEALTH_CATEGORIES], defects[VOCAB_HEALTH_DEFECTS], tokens;
	size_t bytes_missing; /* of the 256, bytes that do not come back */
	size_t bytes_alone;   /* bytes that are a token of their own */
	size_t lengths[65];   /* tokens by their characters; the last: longer */
};

TOK_API TOK_MUST_USE enum tok_status vocab_health_check(const struct tok_tokenizer *tokenizer,
							size_t threads, struct vocab_health *out,
							struct tok_error *err);
TOK_API void vocab_health_release(struct vocab_health *health);
TOK_API const char *vocab_health_category_name(enum vocab_health_category category);
TOK_API const char *vocab_health_defect_name(enum vocab_health_defect defect);

#endif
