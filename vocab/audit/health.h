/*
 * health.h - is every token of a vocabulary of use, and does the tokenizer keep its word?
 *
 *	struct audit_health h = { 0 };
 *	status = audit_health_check(tokenizer, threads, &h, &err);
 *	for (size_t i = 0; i < h.finding_count; i++)
 *		use(&h.findings[i]);
 *	audit_health_release(&h);
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

enum audit_category {
	AUDIT_OK,           /* encode(decode(t)) = t */
	AUDIT_OK_SPECIAL,   /* so if special tokens are matched */
	AUDIT_PARTIAL,      /* its bytes are no UTF-8 by themselves */
	AUDIT_CONTEXT_ONLY, /* only beside other text: the witness */
	AUDIT_SPLIT,        /* the pre-tokenizer cuts it always */
	AUDIT_NORMALIZED,   /* the normaliser changes it always */
	AUDIT_UNREACHABLE,  /* merges or scores never make it */
	AUDIT_SPECIAL_DEAD, /* looks like a special token and is none */
	AUDIT_HOLE,         /* no token has this id */
	AUDIT_CATEGORIES
};

enum audit_defect {
	AUDIT_ORPHAN,     /* no two tokens make it up */
	AUDIT_NO_MERGES,  /* it has no merges that make it */
	AUDIT_DEAD_MERGE, /* a merge that never happens, or whose token is none */
	AUDIT_DUPLICATE,  /* the bytes of a lower id */
	AUDIT_LONG,       /* more than 64 characters */
	AUDIT_CROSSING,   /* bytes of two characters or more, one of them incomplete */
	AUDIT_MARK_FIRST, /* begins with a combining mark */
	AUDIT_DEFECTS
};

struct audit_finding {
	tok_id id;
	uint8_t category; /* enum audit_category; AUDIT_OK where a defect is all there is to say */
	uint32_t defects; /* 1 << enum audit_defect */
	struct tok_span witness; /* a text that has the token; of a duplicate nothing */
};

struct audit_health {
	struct tok_arena arena;
	struct audit_finding *findings; /* by id; what is OK and has no defect is left out */
	size_t finding_count, finding_capacity;
	size_t categories[AUDIT_CATEGORIES], defects[AUDIT_DEFECTS], tokens;
	size_t bytes_missing; /* of the 256, bytes that do not come back */
	size_t bytes_alone;   /* bytes that are a token of their own */
	size_t lengths[65];   /* tokens by their characters; the last: longer */
};

TOK_API TOK_MUST_USE enum tok_status audit_health_check(const struct tok_tokenizer *tokenizer,
							size_t threads, struct audit_health *out,
							struct tok_error *err);
TOK_API void audit_health_release(struct audit_health *health);
TOK_API const char *audit_category_name(enum audit_category category);
TOK_API const char *audit_defect_name(enum audit_defect defect);

#endif
