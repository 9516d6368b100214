/*
 * transplant_lab.h - what the parts of tok transplant lab share: texts, tokenizers of them, and
 * small models that learn with these.
 *
 *	struct lab_bench bench = { 0 };
 *	result = transplant_lab_prepare(&bench, &options, paths, count);
 *	status = transplant_lab_learn(&bench, LAB_SOURCE, seed, watch, context, &model, &err);
 *	transplant_lab_release(&bench);
 *
 * All that is trained lies in a folder of its own in TMPDIR, as models and tokenizers do anywhere,
 * so that transplants go the way that tok transplant run goes.
 */
#ifndef CMD_TRANSPLANT_LAB_H
#define CMD_TRANSPLANT_LAB_H

#include "cmd/transplant_recipes.h"
#include "hypernet/lab/lab.h"
#include "tok/base/buffer.h"

/* The source is trained on all texts, the targets on the last one: it is for its sake that the
 * tokenizer is replaced. */
enum lab_tokenizer_name { LAB_SOURCE, LAB_TARGET, LAB_SUPER, LAB_TOKENIZERS };

/* A domain. */
struct lab_text {
	const char *path;
	char *file; /* in the folder, of what is learnt from */
	struct tok_buffer bytes;
	struct tok_span train, held;
};

struct lab_ids {
	tok_id *items;
	size_t count;
};

struct lab_tokenizer {
	char *folder;  /* tokenizer.json, and of a model, once it has learnt, the rest */
	size_t tokens; /* one more than the largest id */
	struct lab_ids train;
	struct lab_ids *held; /* one a text */
};

/* A zeroed struct is empty. */
struct lab_bench {
	const struct transplant_options *options;
	const struct hyper_kernel *kernel;
	size_t threads;
	char *folder;
	struct lab_text *texts;
	size_t text_count;
	struct lab_tokenizer tokenizers[LAB_TOKENIZERS];
};

/* "A", "B", "S" */
const char *transplant_lab_name(enum lab_tokenizer_name name);

/* Reads texts, puts the last tenth of each aside (at most 50,000 bytes), trains the tokenizers and
 * encodes with each.  Says what is wrong. */
enum cli_exit transplant_lab_prepare(struct lab_bench *out,
				     const struct transplant_options *options,
				     const char *const *paths, size_t count);
/* The folder goes, too. */
void transplant_lab_release(struct lab_bench *bench);

/* A model that has learnt with this tokenizer, in memory and in its folder. */
TOK_MUST_USE enum tok_status transplant_lab_learn(const struct lab_bench *bench,
						  enum lab_tokenizer_name name, uint64_t seed,
						  hyper_lab_watch *watch, void *context,
						  struct hyper_lab **out, struct tok_error *err);

/* `source` with that tokenizer, its rows by `choice`; c is of both folders. */
TOK_MUST_USE enum tok_status transplant_lab_graft(struct transplant_case *c,
						  const struct transplant_choice *choice,
						  const struct hyper_lab *source,
						  struct hyper_lab **out, struct tok_error *err);

/* Bits per byte of each text's held-out part into bits[0 .. text_count); and, of `marked` tokens (a
 * byte each; NULL: none) how probable they are there, into shares. */
TOK_MUST_USE enum tok_status transplant_lab_bits(const struct lab_bench *bench,
						 enum lab_tokenizer_name name,
						 const struct hyper_lab *model,
						 const uint8_t *marked, double *bits,
						 double *shares, struct tok_error *err);

/* ---- what came out ----------------------------------------------------------------- */

/* Before training, or without; after the probe. */
enum { LAB_BEFORE, LAB_AFTER, LAB_STAGES };

/* Bits per byte; how probable all new tokens together are, the mean over the text. */
enum { LAB_BITS, LAB_SHARE, LAB_NUMBERS };

/* One line of a table: a model. */
struct lab_row {
	const char *name;
	bool shares, probed; /* has LAB_SHARE; has LAB_AFTER */
	double *cells;       /* [number][stage][text][seed] */
};

struct lab_table {
	enum lab_tokenizer_name target;
	size_t shared, made;  /* tokens of the target */
	uint8_t *marks;       /* which of them are new, a byte each */
	double *made_shares;  /* and what share of each text's held-out tokens they are */
	struct lab_row *rows; /* the source itself, a model of the target, then a method each */
	size_t row_count;
};

static inline double *lab_cell(const struct lab_bench *bench, const struct lab_row *row,
			       size_t number, size_t stage, size_t text)
{
	const size_t at = (number * LAB_STAGES + stage) * bench->text_count + text;
	return row->cells + at * bench->options->seeds;
}

void transplant_lab_tell(const struct lab_bench *bench, const struct lab_table *tables,
			 size_t count);
TOK_MUST_USE enum tok_status transplant_lab_tell_json(const struct lab_bench *bench,
						      const struct lab_table *tables, size_t count,
						      struct tok_error *err);

#endif
