/*
 * bench_internal.h - what the words of tok bench share.
 *
 * bench_texts.c holds what is encoded, bench_check.c proves the ids before anything is
 * timed, bench_pass.c goes through the items, with one thread or with several,
 * bench_run.c times that and bench_report.c writes it down.
 */
#ifndef CMD_BENCH_INTERNAL_H
#define CMD_BENCH_INTERNAL_H

#include "cmd/cli.h"
#include "cmd/cli_documents.h"
#include "cmd/cli_load.h"
#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"

struct bench_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	uint64_t runs, threads; /* threads 0: one a core */
	const char *expect, *check;
	bool json;
};

/* ---- bench_texts.c -------------------------------------------------------- */

/* A document, or what a cut left of one that is long. */
struct bench_part {
	size_t begin, end; /* in bench_texts.bytes */
	bool last;         /* of its document */
};

/* All texts, in memory before anything is timed. */
struct bench_texts {
	struct tok_buffer bytes;
	struct bench_part *parts;
	size_t count, capacity;
	size_t documents, distinct;
};

TOK_MUST_USE enum tok_status bench_texts_read(struct bench_texts *out, int argc, char **argv,
					      const struct cli_split *split,
					      const struct cli_cut *cut, struct tok_error *err);
void bench_texts_release(struct bench_texts *texts);

static inline struct tok_span bench_texts_part(const struct bench_texts *texts, size_t i)
{
	return tok_span_slice(tok_buffer_span(&texts->bytes), texts->parts[i].begin,
			      texts->parts[i].end);
}

/* How part `i` is encoded: one that is not the first of its document continues. */
static inline struct tok_encode_options bench_texts_how(const struct bench_texts *texts, size_t i,
							const struct tok_encode_options *how)
{
	struct tok_encode_options of_part = *how;
	of_part.continues = i > 0 && !texts->parts[i - 1].last;
	return of_part;
}

/* ---- what is timed -------------------------------------------------------- */

/* Ids of one document, in bench_run.ids. */
struct bench_ids {
	size_t begin, end;
};

struct bench_word;

struct bench_run {
	const struct bench_options *opts;
	const struct bench_word *word;
	struct tok_encode_options how;
	struct bench_texts texts;
	struct tok_span first;         /* a short text, for the first id */
	const char *splitter, *kernel; /* how pieces are found; NULL: by no kernel */
	uint64_t tokens, ids_hash;
	bool checked;     /* the ids are those that were expected */
	uint64_t decoded; /* bytes; only where decoding is timed, as what follows */
	bool lossless;    /* the decoded texts are the texts */
	tok_id *ids;
	size_t id_capacity;
	struct bench_ids *documents;
	size_t document_capacity;
};

/* What a word of tok bench goes through, item by item.  A worker is an encoder or a
 * decoder; each thread has its own. */
struct bench_word {
	const char *name;
	bool starts; /* start-up is measured too: the process, the first id */
	bool (*open)(const struct tok_tokenizer *tokenizer, void **worker);
	void (*close)(void *worker);
	size_t (*items)(const struct bench_run *run);
	/* Bytes of one item, to share the work out. */
	size_t (*weigh)(const struct bench_run *run, size_t item);
	/* Adds the tokens or bytes that came out to *made. */
	enum tok_status (*step)(const struct bench_run *run, void *worker, size_t item,
				uint64_t *made, struct tok_error *err);
	/* What *made is after all items, and the bytes that rates are of. */
	uint64_t (*made)(const struct bench_run *run);
	uint64_t (*bytes)(const struct bench_run *run);
};

extern const struct bench_word bench_word_encode;
extern const struct bench_word bench_word_decode;

/* Decode everything once: sets `decoded` and `lossless`. */
TOK_MUST_USE enum tok_status bench_decode_once(struct bench_run *run,
					       const struct tok_tokenizer *tokenizer,
					       struct tok_error *err);

/* ---- bench_check.c -------------------------------------------------------- */

/* Encode everything once: sets `tokens`, `ids_hash`, `checked`, and with `keep` the ids
 * of each document.  *refusal is empty, or says why the ids are not those of --expect
 * or --check. */
TOK_MUST_USE enum tok_status bench_check(struct bench_run *run,
					 const struct tok_tokenizer *tokenizer, bool keep,
					 struct tok_error *refusal, struct tok_error *err);

/* ---- bench_pass.c --------------------------------------------------------- */

/* Every item once, by this worker, or by `threads` new ones that share them out.  Fails
 * if what comes out is not as much as it was when the ids were checked. */
TOK_MUST_USE enum tok_status bench_pass(const struct bench_run *run, void *worker,
					struct tok_error *err);
TOK_MUST_USE enum tok_status bench_pass_threads(const struct bench_run *run,
						const struct tok_tokenizer *tokenizer,
						size_t threads, struct tok_error *err);

/* ---- bench_run.c ---------------------------------------------------------- */

struct bench_time {
	double cpu, wall; /* seconds; cpu: of all threads */
};

/* One row of the report: the same thing, measured once a run. */
struct bench_series {
	const char *name;  /* for programs */
	const char *label; /* for people */
	size_t threads;
	bool rated;   /* all texts went through: rates can be told */
	bool scaling; /* one of those that show what threads bring */
	struct bench_time *times;
	size_t count;
};

enum { BENCH_SERIES_MAX = 32 };

struct bench_results {
	struct bench_series series[BENCH_SERIES_MAX];
	size_t count;
	uint64_t peak_bytes; /* of the whole process */
};

TOK_MUST_USE enum tok_status bench_measure(const struct bench_run *run, struct bench_results *out,
					   struct tok_error *err);
void bench_results_release(struct bench_results *results);

/* ---- bench_start.c -------------------------------------------------------- */

/* `tok encode` of the first text as a process of its own, from its start to its end. */
TOK_MUST_USE enum tok_status bench_start_process(const struct bench_run *run,
						 struct bench_time *out, struct tok_error *err);

/* ---- bench_report.c ------------------------------------------------------- */

enum cli_exit bench_report_text(const struct bench_run *run, const struct bench_results *results);
enum cli_exit bench_report_json(const struct bench_run *run, const struct bench_results *results);

#endif
