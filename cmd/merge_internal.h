/*
 * merge_internal.h - tok merge: documents to batches of ids (merge_read.c), those merged
 * by threads (merge_run.c), what comes of it as lines (merge_write.c) and as a curve
 * (merge_curve.c).
 */
#ifndef CMD_MERGE_INTERNAL_H
#define CMD_MERGE_INTERNAL_H

#include <stdatomic.h>

#include "cmd/cli_encoder.h"
#include "cmd/cli_files.h"
#include "cmd/cli_ids.h"
#include "cmd/cli_load.h"
#include "cmd/cli_output.h"
#include "cmd/cli_progress.h"
#include "cmd/merge_embed.h"
#include "tok/dynamic/merger.h"

enum merge_curve { MERGE_CURVE_TSV, MERGE_CURVE_JSON };
#define MERGE_CURVE_WORDS "tsv|json"

enum merge_stats { MERGE_STATS_TEXT, MERGE_STATS_JSON, MERGE_STATS_NONE };
#define MERGE_STATS_WORDS "text|json|none"

/* In the order of enum tok_boundary_kind. */
#define MERGE_BOUNDARY_WORDS "pretokens|word|word-hyphen|sentence|none"

struct merge_options {
	struct cli_load load;
	bool encode;
	int input; /* enum cli_format; -1: text */
	struct cli_split split;
	bool raw;
	struct cli_specials specials;
	uint64_t merges; /* UINT64_MAX: all */
	double reduce;   /* percent; below 0: not asked for */
	int boundary;    /* enum tok_boundary_kind */
	const char *batch;
	uint64_t batch_bytes, max_ids;
	bool ids, steps, parts;
	int curve; /* enum merge_curve; -1: not asked for */
	int stats; /* enum merge_stats */
	struct merge_embed_options embed;
	const char *output;
	uint64_t threads;
	int progress;
};

/* ---- reading ----------------------------------------------------------------
 *
 * Not cli_source.h: that hands out parts of documents as their bytes come, for threads to
 * encode.  Here one thread encodes, because only the number of ids, and of the bytes
 * that they spell, says where a batch ends.
 */

/* Documents, whole, and what was wrong on the way.  A zeroed struct is empty. */
struct merge_batch {
	tok_id *ids;
	size_t count, capacity;
	size_t *offsets; /* of `documents` + 1 */
	size_t documents, offset_capacity;
	uint64_t bytes;            /* that its tokens spell */
	struct tok_buffer trouble; /* messages, each ending with NUL */
	bool memory_out;           /* also for a message */
	uint64_t bytes_read;       /* of the files, up to here */
};

void merge_batch_release(struct merge_batch *batch);

/* The caller fills in the first part. */
struct merge_reader {
	const struct merge_options *opts;
	const struct tok_tokenizer *tokenizer;
	const struct cli_files *files;
	size_t documents; /* of a batch, at most */

	struct tok_encode_options how;
	struct cli_cut cut;
	struct cli_encoder encoder;
	uint32_t *lengths; /* of tok_dynamic_lengths */

	int wake; /* ends a wait for bytes; 0: none */
	atomic_bool stopped;

	size_t next; /* the operand to be opened next */
	bool open;
	struct cli_ids ids; /* without --encode */
	struct cli_documents texts;
	struct tok_span rest; /* documents of the part that is being read */
	uint64_t number;      /* documents of the operand that went out */
	uint64_t bytes_read;  /* of the operands before */
};

/* Released even where this fails. */
TOK_MUST_USE enum tok_status merge_reader_begin(struct merge_reader *reader, struct tok_error *err);
void merge_reader_end(struct merge_reader *reader);

/* The next batch; false: nothing is left.  An operand that is bad ends there: what came
 * before it stays, the others are read. */
bool merge_read(struct merge_reader *reader, struct merge_batch *out);

/* Nothing more is wanted: from any thread, also while another one waits in merge_read, which
 * then returns at once. */
void merge_reader_stop(struct merge_reader *reader);

/* ---- writing ---------------------------------------------------------------- */

/* A token's text as a string of JSON: bytes of merge_lines.names. */
struct merge_name {
	size_t begin, end;
};

/* What a thread puts lines together with; the caller fills in the first part. */
struct merge_lines {
	const struct tok_tokenizer *tokenizer;
	const struct merge_options *opts;
	const uint64_t *rows; /* of new tokens, by their numbers; NULL: not asked for */

	struct merge_name *spans; /* of new tokens that documents have, by their numbers */
	size_t capacity;
	struct tok_buffer names; /* one behind the other */
	struct tok_buffer text;
};

void merge_lines_release(struct merge_lines *lines);

/* What the documents of batch `number`, from 1 on, became: appends what the options ask for.
 * It is of the order of the batch: a text that is repeated may have MERGE_TEXT_MOST bytes.
 * False if memory is out. */
enum { MERGE_TEXT_MOST = 64 };
TOK_MUST_USE bool merge_put_batch(struct merge_lines *lines, uint64_t number,
				  const struct merge_batch *batch,
				  const struct tok_merged_batch *merged, struct tok_buffer *out);

/* ---- curves ----------------------------------------------------------------- */

struct merge_curve_data {
	uint64_t *saved; /* ids that merge m of all batches took away: saved[m - 1] */
	size_t count, capacity;
	uint64_t documents, batches, ids, shortest;
};

/* Ids of a batch before its merges and after each. */
TOK_MUST_USE bool merge_curve_add(struct merge_curve_data *curve, size_t before,
				  const size_t *lengths, size_t count);

/* The merges after which at least `percent` of what all merges save is saved. */
size_t merge_curve_reach(const struct merge_curve_data *curve, unsigned percent);
extern const unsigned merge_curve_percents[6];

TOK_MUST_USE enum tok_status merge_curve_write(const struct merge_curve_data *curve,
					       enum merge_curve form, struct cli_output *out,
					       struct tok_error *err);

/* ---- running ---------------------------------------------------------------- */

struct merge_totals {
	uint64_t documents, batches, ids, merged, merges, new_tokens;
};

/* The caller fills in the first part. */
struct merge_run {
	const struct merge_options *opts;
	const struct tok_tokenizer *tokenizer;
	struct merge_reader reader;
	struct merge_embed *embed; /* NULL: no rows; then one batch is merged at a time */
	struct cli_output out;
	struct cli_progress progress;

	struct merge_item *items; /* one a slot of the pool */
	uint64_t batches_read;
	struct merge_totals totals;
	struct merge_curve_data curve;
	struct cli_done done;
	bool output_lost; /* and said so */
	bool trouble;     /* something was bad, and said so */
};

/* All batches, through to the output; false: something went wrong, and was said. */
bool merge_run(struct merge_run *run);

/* What was done, on standard error. */
void merge_tell(const struct merge_run *run);

#endif
