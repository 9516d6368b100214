/*
 * charbench_internal.h - what the words of tok charbench share.
 *
 * charbench.c has the options.  charbench_lines.c: files by lines; charbench_data.c: items and
 * what models answered; charbench_put.c: numbers in text and JSON.  Then a file a word:
 * charbench_make.c; charbench_run.c, with charbench_ask_file.c (the file that answers go to);
 * charbench_score.c; charbench_analyse.c, with charbench_segments.c (what a tokenizer makes of the
 * words), charbench_bins.c (accuracy by feature, means over models), charbench_tell.c and
 * charbench_page.c (how it is told) and charbench_why.c (why there is no number).
 */
#ifndef CMD_CHARBENCH_INTERNAL_H
#define CMD_CHARBENCH_INTERNAL_H

#include "cmd/cli.h"
#include "cmd/cli_hash.h"
#include "cmd/cli_input.h"
#include "cmd/cli_put.h"
#include "tok/base/arena.h"
#include "tok/pipe/encoder.h"
#include "vocab/audit/items.h"

enum charbench_missing { CHARBENCH_MISSING_WRONG, CHARBENCH_MISSING_SKIP };
enum charbench_context { CHARBENCH_BARE, CHARBENCH_SPACE, CHARBENCH_PROMPT, CHARBENCH_CONTEXTS };
#define CHARBENCH_CONTEXT_WORDS "bare|space|prompt"

struct charbench_options {
	/* make */
	int suite, unit; /* enum vocab_suite, -1: not said; enum vocab_unit */
	struct cli_texts words;
	const char *lengths, *tasks, *prompt_file, *output;
	uint64_t per_bucket, seed;
	/* run */
	const char *endpoint, *exec, *model, *key_env, *system;
	uint64_t max_tokens, concurrency, tries, timeout; /* of a question; seconds */
	double rate;                                      /* questions a second; 0: any */
	int progress;                                     /* enum cli_progress_when */
	/* score, analyse */
	int parser, missing; /* enum vocab_parser, enum charbench_missing */
	bool case_fold;
	/* analyse */
	struct cli_texts tokenizer;
	const char *pattern;
	int context; /* enum charbench_context */
	uint64_t boot;
	bool bins, json;
	const char *html;
	uint64_t threads;
};

enum cli_exit charbench_make(const void *options, int argc, char **argv);
enum cli_exit charbench_run(const void *options, int argc, char **argv);
enum cli_exit charbench_score(const void *options, int argc, char **argv);
enum cli_exit charbench_analyse(const void *options, int argc, char **argv);

/* ---- charbench_lines.c ---------------------------------------------------------------- */

/* A file, whole in memory; gzip and Zstandard are expanded. */
struct charbench_lines {
	const char *name;
	struct cli_input input;
	size_t number; /* of the line that was had last, from 1 */
};

TOK_MUST_USE enum tok_status charbench_lines_open(struct charbench_lines *lines, const char *path,
						  struct tok_error *err);
/* The next line without its end, LF or CRLF; a byte order mark at the beginning is none of it.
 * False: there is none.  It lives until the release. */
bool charbench_lines_next(struct charbench_lines *lines, struct tok_span *line);
void charbench_lines_release(struct charbench_lines *lines);

/* ---- charbench_data.c ------------------------------------------------------------------- */

/* Names are looked for one by one. */
enum { CHARBENCH_TASKS_MAX = 1024, CHARBENCH_MODELS_MAX = 256 };

struct charbench_item {
	uint64_t id;
	uint32_t task;
	uint8_t unit; /* enum vocab_unit */
	bool is_number;
	struct tok_span word, prompt, answer; /* prompt.bytes NULL: there is none */
	int64_t number;
	uint64_t length;
};

enum charbench_state {
	CHARBENCH_MISSING,
	CHARBENCH_INVALID, /* the parser found nothing */
	CHARBENCH_WRONG,
	CHARBENCH_RIGHT
};

struct charbench_answer {
	uint8_t state;  /* enum charbench_state */
	int64_t number; /* of a number that was found */
};

struct charbench_model {
	struct tok_span name;
	struct charbench_answer *answers; /* of each item */
	size_t answered;
};

struct charbench_data {
	struct tok_arena arena;
	struct charbench_item *items; /* by task, length, id */
	size_t count, capacity;
	uint32_t *by_id; /* items by their id */
	struct tok_span tasks[CHARBENCH_TASKS_MAX];
	size_t task_count;
	size_t task_starts[CHARBENCH_TASKS_MAX + 1]; /* in `items` */
	struct charbench_model models[CHARBENCH_MODELS_MAX];
	size_t model_count;
};

/* argv: a file of items, then those of answers. */
TOK_MUST_USE enum tok_status charbench_read(const struct charbench_options *options, int argc,
					    char **argv, struct charbench_data *out,
					    struct tok_error *err);
void charbench_release(struct charbench_data *data);

/* The item's place in `items`; data->count if there is none. */
size_t charbench_find(const struct charbench_data *data, uint64_t id);

/* Does an answer take part, as --missing says? */
static inline bool charbench_counts(const struct charbench_options *o,
				    const struct charbench_answer *a)
{
	return a->state != CHARBENCH_MISSING || o->missing == CHARBENCH_MISSING_WRONG;
}

/* What models left out, on standard error. */
void charbench_tell_missing(const struct charbench_data *data);

/* ---- charbench_ask_file.c -------------------------------------------------------------- */

/* Answers as they come, whole line by whole line; of one process at a time. */
struct charbench_ask_file {
	const char *name; /* NULL: standard output */
	int fd;
	bool regular;  /* else nothing is read, locked or stored */
	bool dirty;    /* the disk has not all of it */
	double stored; /* when that was asked for last */
	uint64_t end;  /* of the last whole line */
};

/* `path`: NULL or "-" is standard output.  Locks the file and gives take() each line that it has,
 * without the newline; one at its end that is not whole and begins as records of run do, which a
 * run that was killed leaves, is dropped, and said, if take() had no objection to the others.  Any
 * other end is TOK_EFORMAT, and the file stays as it was.  TOK_EIO if another process has it. */
TOK_MUST_USE enum tok_status charbench_ask_file_open(
    const char *path,
    enum tok_status (*take)(void *context, struct tok_span line, struct tok_error *err),
    void *context, struct charbench_ask_file *out, struct tok_error *err);

/* A line with its newline, all of it or, on failure, nothing. */
TOK_MUST_USE enum tok_status charbench_ask_file_add(struct charbench_ask_file *file,
						    struct tok_span line, struct tok_error *err);

/* Onto the disk what was added a second ago and more; `all`: whatever was added. */
TOK_MUST_USE enum tok_status charbench_ask_file_store(struct charbench_ask_file *file, double now,
						      bool all, struct tok_error *err);
void charbench_ask_file_close(struct charbench_ask_file *file);

/* ---- charbench_put.c -------------------------------------------------------------------- */

/* ,"name":number; null where it is not finite. */
void charbench_put_field(struct cli_put *out, const char *name, double number);
/* ,"NAME_why":"...": why a field of that name is null. */
void charbench_put_why(struct cli_put *out, const char *name, const char *why);
/* A number in so many columns, or a dash. */
void charbench_put_cell(struct cli_put *out, int columns, int digits, double number);
/* All of it to standard output; releases what `out` was put into. */
TOK_MUST_USE enum tok_status charbench_put_all(struct cli_put *out, struct tok_error *err);

/* ---- charbench_segments.c --------------------------------------------------------------- */

/* What a tokenizer makes of an item's word. */
struct charbench_segment {
	uint32_t tokens;       /* that have a part of it; 0: the prompt does not hold the word */
	uint32_t target_units; /* of the token at the answer's index; 0: it is no index */
};

struct charbench_segments {
	struct charbench_segment *items;
	/* Items whose word is cut at the same places bare and there, and those that could be
	 * compared; of CHARBENCH_BARE nothing. */
	size_t same[CHARBENCH_CONTEXTS], compared[CHARBENCH_CONTEXTS];
};

TOK_MUST_USE enum tok_status charbench_segment(const struct charbench_data *data,
					       const struct tok_tokenizer *tokenizer,
					       enum charbench_context context, size_t threads,
					       struct charbench_segments *out,
					       struct tok_error *err);
void charbench_segments_release(struct charbench_segments *segments);

/* ---- charbench_analyse.c, charbench_tell.c ------------------------------------------------ */

enum charbench_feature {
	CHARBENCH_WORD_LENGTH,
	CHARBENCH_GOLD,       /* the answer */
	CHARBENCH_GOLD_SHARE, /* of the length */
	CHARBENCH_TOKENS,
	CHARBENCH_COMPRESSION, /* length / tokens */
	CHARBENCH_TARGET_LENGTH,
	CHARBENCH_UNIQUE, /* distinct units of the word */
	CHARBENCH_FEATURES
};

/* Items whose feature is from `from` to `to`; none is without items. */
struct charbench_bin {
	double from, to;
	uint64_t n, right;
};

/* What is undefined is NAN. */
struct charbench_found {
	double pearson, low, high, t, p, holm, bh, spearman, auc, partial;
	double coefficient, error, inflation; /* of standardised columns, all at once */
	bool whole, constant;                 /* the column: every item has it; it is one number */
	struct charbench_bin *bins;           /* rising; --bins */
	size_t bin_count;
};

/* Of one tokenizer, model and task. */
struct charbench_analysis {
	size_t tokenizer, model, task, n, right;
	struct charbench_found features[CHARBENCH_FEATURES];
	double trend_z, trend_p; /* of right answers over the length */
};

/* Two models on one task, items that both were counted on. */
struct charbench_pair {
	size_t a, b, task;
	uint64_t n, only_a, only_b; /* right */
	double p, holm, bh, chi_square, jaccard;
};

struct charbench_report {
	const struct charbench_options *options;
	const struct charbench_data *data;
	const char *const *tokenizers; /* names */
	size_t tokenizer_count;
	double agree[CLI_TEXTS_MAX][CHARBENCH_CONTEXTS];
	size_t unplaced[CLI_TEXTS_MAX]; /* items left out: see charbench_segment */
	struct cli_hash hashes[CLI_TEXTS_MAX];
	struct charbench_analysis *analyses; /* by tokenizer, model, task */
	size_t analysis_count;
	struct charbench_pair *pairs;
	size_t pair_count;
};

extern const char *const charbench_feature_names[CHARBENCH_FEATURES];

/* ---- charbench_bins.c */

/* Accuracy by feature: a bin a number, or where these are more than CHARBENCH_BINS as many of equal
 * width.  Bins live in the arena. */
enum { CHARBENCH_BINS = 20 };
TOK_MUST_USE enum tok_status charbench_bin(const double *x, const double *right, size_t n,
					   struct tok_arena *arena, struct charbench_found *out,
					   struct tok_error *err);

/* The unweighted mean over the models in which r is defined, of which *models get the number;
 * NAN: in none. */
double charbench_mean_r(const struct charbench_report *report, size_t tokenizer, size_t task,
			enum charbench_feature feature, size_t *models);

void charbench_put_bins(const struct charbench_analysis *a, struct cli_put *out);
void charbench_put_json_bins(const struct charbench_found *f, struct cli_put *out);
/* Of all tasks; nothing where there is one model only. */
void charbench_put_means(const struct charbench_report *r, size_t tokenizer, struct cli_put *out);
void charbench_put_json_means(const struct charbench_report *r, struct cli_put *out);

/* ---- charbench_why.c */

/* Of one feature: each number that is told, by its name in JSON. */
struct charbench_number {
	const char *name;
	size_t offset; /* in struct charbench_found */
};
enum { CHARBENCH_NUMBERS = 13 };
extern const struct charbench_number charbench_numbers[CHARBENCH_NUMBERS];
double charbench_number(const struct charbench_found *f, size_t which);

/* Why it is none: a sentence. */
const char *charbench_why(const struct charbench_report *r, const struct charbench_analysis *a,
			  enum charbench_feature feature, size_t which);
const char *charbench_why_trend(const struct charbench_analysis *a);

/* ---- charbench_tell.c */
void charbench_tell(const struct charbench_report *report, struct cli_put *out);
void charbench_tell_json(const struct charbench_report *report, struct cli_put *out);

/* ---- charbench_page.c -------------------------------------------------------------------- */

/* The page that --html asks for. */
TOK_MUST_USE enum tok_status charbench_page_analysis(const struct charbench_report *report,
						     struct tok_error *err);
/* A picture a task: accuracy of each model against length. */
void charbench_page_lengths(struct cli_put *page, const struct charbench_data *data,
			    const struct charbench_options *options);
/* A page that has ended to its file; releases what it was put into. */
TOK_MUST_USE enum tok_status charbench_page_finish(struct cli_put *page,
						   const struct charbench_options *options,
						   struct tok_error *err);

#endif
