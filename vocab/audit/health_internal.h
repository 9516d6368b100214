/*
 * health_internal.h - the parts of health.h.
 *
 * health.c runs them by threads and puts together what they found.  health_probe.c: which category
 * a token has; health_reason.c: why no text has one; health_partial.c: tokens that are no UTF-8;
 * health_merges.c: what BPE's merges make; health_surface.c: what bytes alone say; health_levels.c:
 * names and levels.
 */
#ifndef VOCAB_AUDIT_HEALTH_INTERNAL_H
#define VOCAB_AUDIT_HEALTH_INTERNAL_H

#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "vocab/audit/health.h"
#include "vocab/convert/token_bytes.h"

/* What all parts know of the tokenizer; nothing of it changes while they run. */
struct health_facts {
	const struct tok_tokenizer *tokenizer;
	const struct tok_spec *spec;
	const struct vocab_token_bytes *tokens;
	struct vocab_spelling spelling;
	struct tok_normalizer *normalizer;
	bool front;           /* every text gets a blank in front */
	uint8_t rare[4];      /* a letter that is a word by itself and begins no longer token */
	size_t rare_count;    /* 0: there is none, or none is needed */
	const uint8_t *added; /* by id: 1 of added tokens, which no merges need to make */
};

/* ---- health_probe.c: one a thread ------------------------------------------------------- */

struct health_prober {
	const struct health_facts *facts;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
	struct tok_buffer whole; /* what the token reads as alone */
	struct tok_buffer text;  /* what is tried */
	struct tok_norm_scratch *norm;
	struct tok_text normal; /* a text, normalised */
	bool failed;            /* the last text could not be encoded */
};

TOK_MUST_USE enum tok_status health_prober_init(struct health_prober *p,
						const struct health_facts *facts,
						struct tok_error *err);
void health_prober_release(struct health_prober *p);

/* The category of a token, and its witness in p->text if *witnessed. */
TOK_MUST_USE enum tok_status health_probe(struct health_prober *p, tok_id id,
					  enum vocab_health_category *category, bool *witnessed,
					  struct tok_error *err);

/* What a token stands for, by its spelling, but for a blank that every text gets. */
struct tok_span health_spelled(const struct health_facts *facts, tok_id id);

/* Does p->text have the token?  Special tokens in it are ordinary text.  TOK_ENOMEM only. */
TOK_MUST_USE enum tok_status health_try(struct health_prober *p, tok_id id, bool *has,
					struct tok_error *err);

/* Which bytes come back; those whose texts may not stay small do not. */
TOK_MUST_USE enum tok_status health_probe_bytes(struct health_prober *p, bool returns[256],
						struct tok_error *err);

/* facts->front and facts->rare: how words begin. */
TOK_MUST_USE enum tok_status health_find_front(struct health_facts *facts, struct tok_error *err);

/* ---- health_reason.c ---------------------------------------------------------------------- */

/* Has it the prefix of what goes on a word (##)? */
bool health_is_continuing(const struct health_facts *facts, tok_id id);

/* Why none of the texts has it: of `text`, the token as it should have stood. */
TOK_MUST_USE enum tok_status health_find_reason(struct health_prober *p, tok_id id,
						struct tok_span text,
						enum vocab_health_category *category,
						struct tok_error *err);

/* ---- health_partial.c -------------------------------------------------------------------- */

/* Bytes of one character that lack others: the end of one, the beginning of one. */
struct health_fragments {
	size_t head;  /* tail bytes in front of the first whole character */
	size_t tail;  /* bytes of a character that is cut short, at the end */
	size_t whole; /* characters between them */
	bool regular; /* nothing else is wrong */
};

struct health_fragments health_fragments_of(struct tok_span text);

/* Whole characters made of `text`, put into p->text, until the tokenizer makes `id` of them. */
TOK_MUST_USE enum tok_status health_complete(struct health_prober *p, tok_id id,
					     struct tok_span text, bool *found,
					     struct tok_error *err);

/* The first of them, whatever is made of it; false if memory is out.  Of bytes that are no part of
 * characters nothing changes. */
TOK_MUST_USE bool health_complete_first(struct tok_span text, struct tok_buffer *out);

/* May a text in UTF-8 have this byte?  243 of them. */
bool health_is_in_utf8(uint8_t byte);

/* ---- health_merges.c, health_surface.c: all tokens -------------------------------------- */

/* `defects`: by id.  Dead merges lie in health->arena. */
TOK_MUST_USE enum tok_status health_find_merges(const struct health_facts *facts,
						struct vocab_health *health, uint32_t *defects,
						struct tok_error *err);
TOK_MUST_USE enum tok_status health_find_surfaces(const struct health_facts *facts,
						  struct vocab_health *health, uint32_t *defects,
						  struct tok_error *err);

#endif
