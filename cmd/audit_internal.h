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
#include "cmd/cli_hash.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/audit/digits.h"
#include "vocab/audit/similarity.h"
#include "vocab/audit/text.h"

struct audit_morphology; /* a file's: audit_morphology.c */

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

/* ---- what is found -------------------------------------------------------------------- */

struct audit_language {
	const char *name;     /* "eng_Latn", "de" */
	struct cli_hash hash; /* of its lines */
	bool aligned;  /* line n says what line n of the pivot says; of UDHR only the whole */
	bool abridged; /* far shorter than the others: shown, not in maxima and Gini */
};

/* Of a tokenizer and a language. */
struct audit_cell {
	struct vocab_audit_measures measures;
	double premium; /* tokens over those of the pivot; NAN: no pivot, or it is left out (unknown
			   tokens above 10 %) */
};

struct audit_tokenizer {
	const char *name; /* as given with -t */
	struct cli_hash hash;
	size_t vocabulary;            /* entries */
	double gini;                  /* of tokens a parallel line; of UDHR a document */
	double utilization_variation; /* of used types over languages: deviation / mean */
	double premium_median, premium_max;
	size_t premium_worst; /* language */
	struct vocab_audit_digits digits;
};

/* Of two tokenizers on all texts. */
struct audit_pair {
	size_t a, b; /* tokenizers */
	struct vocab_audit_similarity similarity;
};

struct audit_report {
	const struct audit_options *options;
	const struct audit_language *languages;
	size_t language_count, pivot; /* pivot: SIZE_MAX if none */
	const struct audit_tokenizer *tokenizers;
	size_t tokenizer_count;
	const struct audit_cell *cells; /* [tokenizer][language] */
	const struct audit_pair *pairs;
	size_t pair_count;
	const struct audit_morphology *morphology; /* [tokenizer][file], files by name; or NULL */
	size_t morphology_count;                   /* files */
};

/* ---- audit_db.c, audit_baseline.c -------------------------------------------------------- */

/* Adds the report as one run to the SQLite file at options->db, which is made if there is none; all
 * of it or nothing. */
TOK_MUST_USE enum tok_status audit_db_add(const struct audit_report *report, struct tok_error *err);

/* Every number that became worse than in the JSON of an earlier audit by more than its tolerance is
 * told on standard error and counted; so is what cannot be compared. */
TOK_MUST_USE enum tok_status audit_baseline_compare(const struct audit_report *report,
						    size_t *worse, struct tok_error *err);

/* ---- audit_vocab.c ------------------------------------------------------------------------ */

/* --vocab: of each tokenizer what vocab/audit/health.h finds, to standard output, and into the
 * page and database if asked.  `names` are as given with -t. */
enum cli_exit audit_vocab(const struct audit_options *options,
			  struct tok_tokenizer *const *tokenizers, const char *const *names,
			  size_t count);

#endif
