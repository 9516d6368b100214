/*
 * audit_internal.h - what the parts of tok audit share.
 *
 * audit.c has the options.  audit_corpus.c: languages and their lines; audit_text.c: what
 * tokenizers make of them, by threads; audit_compare.c: between languages and tokenizers;
 * audit_vocab.c: --vocab; audit_tell.c, audit_page.c, audit_db.c, audit_baseline.c: how it is told,
 * kept, and compared with an earlier one.
 */
#ifndef CMD_AUDIT_INTERNAL_H
#define CMD_AUDIT_INTERNAL_H

#include "cmd/cli.h"
#include "tok/pipe/tokenizer.h"

enum audit_fail { AUDIT_FAIL_NEVER, AUDIT_FAIL_FAIL, AUDIT_FAIL_WARN };

struct audit_options {
	struct cli_texts tokenizers;
	const char *pattern;
	/* texts */
	struct cli_texts corpora; /* LANG=PATH */
	const char *flores, *udhr, *pivot, *morphology;
	int words; /* enum vocab_audit_words */
	/* vocabularies */
	bool vocab;
	const char *embeddings, *tensor;
	/* results */
	bool json;
	const char *html, *db, *baseline;
	int fail_on; /* enum audit_fail */
	uint64_t threads;
};

/* --vocab: of each tokenizer what vocab/audit/health.h finds, to standard output, and into the
 * page and database if asked.  `names` are as given with -t. */
enum cli_exit audit_vocab(const struct audit_options *options,
			  struct tok_tokenizer *const *tokenizers, const char *const *names,
			  size_t count);

#endif
