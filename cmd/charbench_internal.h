/*
 * charbench_internal.h - what the words of tok charbench share.
 *
 * charbench.c has the options.  charbench_lines.c: files by lines; charbench_data.c: items and
 * what models answered; charbench_put.c: numbers in text and JSON.  Then a file a word:
 * charbench_make.c, charbench_score.c, charbench_analyse.c, the last with charbench_segments.c
 * (what a tokenizer makes of the words), charbench_tell.c and charbench_page.c (how it
 * is told).
 */
#ifndef CMD_CHARBENCH_INTERNAL_H
#define CMD_CHARBENCH_INTERNAL_H

#include "cmd/cli.h"
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
	/* score, analyse */
	int parser, missing; /* enum vocab_parser, enum charbench_missing */
	bool case_fold;
	/* analyse */
	struct cli_texts tokenizer;
	const char *pattern;
	int context; /* enum charbench_context */
	uint64_t boot;
	bool json;
	const char *html;
	uint64_t threads;
};

enum cli_exit charbench_make(const void *options, int argc, char **argv);
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

/* argv: a file of items, then at least one of answers. */
TOK_MUST_USE enum tok_status charbench_read(const struct charbench_options *options, int argc,
					    char **argv, struct charbench_data *out,
					    struct tok_error *err);
void charbench_release(struct charbench_data *data);

/* Does an answer take part, as --missing says? */
static inline bool charbench_counts(const struct charbench_options *o,
				    const struct charbench_answer *a)
{
	return a->state != CHARBENCH_MISSING || o->missing == CHARBENCH_MISSING_WRONG;
}

/* What models left out, on standard error. */
void charbench_tell_missing(const struct charbench_data *data);

/* ---- charbench_put.c -------------------------------------------------------------------- */

/* ,"name":number; null where it is not finite. */
void charbench_put_field(struct cli_put *out, const char *name, double number);
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
					       enum charbench_context context,
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

/* What is undefined is NAN. */
struct charbench_found {
	double pearson, low, high, t, p, holm, bh, spearman, auc, partial;
	double coefficient, error, inflation; /* of standardised columns, all at once */
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
	struct charbench_analysis *analyses;
	size_t analysis_count;
	struct charbench_pair *pairs;
	size_t pair_count;
};

extern const char *const charbench_feature_names[CHARBENCH_FEATURES];

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
