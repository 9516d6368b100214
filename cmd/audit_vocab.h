/*
 * audit_vocab.h - what tok audit --vocab found of a tokenizer, and how it is told.
 */
#ifndef CMD_AUDIT_VOCAB_H
#define CMD_AUDIT_VOCAB_H

#include "cmd/audit_internal.h"
#include "cmd/audit_rows.h"
#include "cmd/cli_put.h"

struct audit_vocab {
	const char *name; /* as given with -t */
	const struct tok_tokenizer *tokenizer;
	struct cli_hash hash;
	struct vocab_health health;
	/* The findings, the gravest first, those of a group together. */
	const struct vocab_health_finding **findings;
	const struct audit_rows *rows; /* of --embeddings, or NULL */
};

/* Findings of a group, and suspects, that are listed as text; a page has more, JSON has all. */
enum { AUDIT_VOCAB_LISTED = 12, AUDIT_VOCAB_PAGE = 2000 };

/* What a finding is listed with: those of its category, or, where that is fine, of its first
 * defect. */
unsigned audit_vocab_group(const struct vocab_health_finding *f);

/* Append to p->out; whether memory was out is kept in `p`. */
void audit_vocab_tell(struct cli_put *p, const struct audit_vocab *v);
void audit_vocab_page(struct cli_put *p, const struct audit_vocab *vocabs, size_t count);

/* One object on one line:
 *
 *	{"schema":"tok.audit.vocab.1","tok":VERSION,"vocabularies":[
 *	 {"name","hash","size","tokens","verdict",
 *	  "categories":{NAME:COUNT...},"defects":{NAME:COUNT...},
 *	  "merges":{"listed","dead","first_dead":[[RANK,LEFT,RIGHT,RESULT]...]},
 *	  "bytes":{"alone","missing":[BYTE...]},
 *	  "lengths":[COUNT...],"digits":[COUNT...],"blanks","longest_blank","scripts":{NAME:COUNT...},
 *	  "findings":[{"id","run","text","bytes","category","defects":[NAME...],"level",
 *		"witness":TEXT or null}...],
 *	  "embeddings":null or {"file","tensor","rows","width","tokens","unused","part",
 *		"norm_median","norm_threshold","cosine_median","cosine_threshold",
 *		"suspects":[{"id","text","bytes","norm","cosine","short","alike"}...]}}...]}
 *
 * `first_dead` has AUDIT_VOCAB_PAGE at most. */
void audit_vocab_json(struct cli_put *p, const struct audit_vocab *vocabs, size_t count);

/* A token so that all of it is seen. */
void audit_vocab_put_token(struct cli_put *p, const struct tok_tokenizer *tokenizer, tok_id id);

/* "context-only", or "ok; long, duplicate". */
void audit_vocab_put_what(struct cli_put *p, const struct vocab_health_finding *f);

#endif
