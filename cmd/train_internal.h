/* train_internal.h - what train.c asks for and train_*.c do. */
#ifndef CMD_TRAIN_INTERNAL_H
#define CMD_TRAIN_INTERNAL_H

#include "cmd/cli_chunks.h"
#include "cmd/cli_documents.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_recipe.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/cli_words.h"
#include "vocab/train/finish.h"

struct train_options {
	struct cli_recipe recipe;
	struct cli_split split;
	bool raw, counts; /* counts: the operands are files of words */

	int model; /* enum vocab_train_model */
	const char *vocab_size, *sizes;
	uint64_t min_frequency, max_token_length, limit_alphabet;
	const char *initial_alphabet;
	int tie; /* enum vocab_tie; -1: hf */
	const char *prefix, *suffix, *unk;
	bool byte_fallback, split_digits;

	/* Unigram.  0 and NULL: not said; below 0 for reals. */
	uint64_t seed_size, num_sub_iterations, max_piece_length;
	double shrinking_factor, character_coverage;
	const char *required_chars;

	int super; /* enum vocab_super */
	const char *transition;
	struct cli_chunks chunks;
	uint64_t max_words; /* of a supertoken; UINT64_MAX: as `super` has it */
	struct cli_texts forbid;
	const char *super_pattern;

	const char *report;
	struct cli_texts report_on;
	bool report_json;

	const char *output;
	int format; /* enum cli_vocab_kind; -1: by name */
	const char *resume, *checkpoint;
	uint64_t memory, threads;
	int progress;
};

/* train_size.c: "32000", "32k", "1M"; and lists of them, at most TRAIN_SIZES_MAX, which
 * are put in order.  CLI_OK, or what is wrong, said. */
enum { TRAIN_SIZES_MAX = 64 };
struct train_sizes {
	size_t items[TRAIN_SIZES_MAX];
	size_t count;
};
enum cli_exit train_size_parse(const char *text, size_t *out);
enum cli_exit train_sizes_parse(const struct train_options *opts, struct train_sizes *out);
/* The name of the file for a size: {} in `pattern` replaced by it.  False: memory. */
TOK_MUST_USE bool train_name(const char *pattern, size_t size, struct tok_buffer *out);

/* train_learn.c: from a stream of words to files. */
struct train_run {
	const struct train_options *opts;
	struct train_sizes sizes;
	enum cli_vocab_kind kind;
	struct cli_progress progress;
	const struct cli_files *files;
	const struct vocab_units *units;         /* instead of words; NULL: words */
	const struct vocab_super_filter *filter; /* of tokens; NULL: none */
	struct tok_buffer report;                /* text of it so far */
};
enum cli_exit train_learn(struct train_run *run, struct vocab_word_stream *stream);
/* Before text is read: can the kind of file hold what is learned of words made by `recipe`? */
TOK_MUST_USE enum tok_status train_fits(const struct train_run *run, struct tok_span recipe,
					struct tok_error *err);
TOK_MUST_USE enum tok_status train_fits_spec(const struct train_run *run, struct tok_spec *spec,
					     struct tok_error *err);
enum cli_exit train_tell_size(const struct train_run *run, size_t size, bool stopped);

/* train.c: the same from text. */
enum cli_exit train_from_text(struct train_run *run);

/* train_super.c: with --super.  train_stages.c: in two stages. */
enum cli_exit train_super(struct train_run *run);
enum cli_exit train_stages(struct train_run *run);

/* train_texts.c: the texts of files once more, for measuring, about `bytes` of each file at
 * most; a document comes in pieces where `cut` allows it.  Bad lines of JSON are left out.
 * Fails as `use` does, or where a file cannot be read. */
struct train_texts {
	const struct cli_files *files;
	const struct cli_split *split;
	bool raw;
	struct cli_cut cut;
	uint64_t bytes;
	/* Of file number `file`; *enough is set where no more is wanted. */
	enum tok_status (*use)(void *context, size_t file, struct tok_span text, bool first,
			       bool *enough, struct tok_error *err);
	void *context;
};
TOK_MUST_USE enum tok_status train_each_text(const struct train_texts *texts,
					     struct tok_error *err);

/* train_report.c: how a tokenizer does, appended to run->report; it may take over what
 * `spec` holds. */
enum cli_exit train_report(struct train_run *run, struct tok_spec *spec);
/* Before hours of work: is there something to be told on? */
enum cli_exit train_report_check(const struct train_run *run);
enum cli_exit train_report_write(struct train_run *run);

/* train_text.c: which text may become a token. */
struct train_rules {
	const struct tok_spec *spec;             /* its special tokens never come about in text */
	bool split_digits;                       /* a digit is a token of its own */
	bool no_nul;                             /* SentencePiece has none */
	bool no_byte_names;                      /* <0x00> and its like are bytes */
	const struct vocab_super_filter *filter; /* NULL: none */
};
bool train_text_allowed(void *context, struct tok_span text);
/* The characters of `text`, which may be NULL; to be freed.  NULL: out of memory. */
uint32_t *train_characters(const char *text, size_t *count);

/* train_unigram.c: CLI_OK, or what is wrong with the options, said. */
enum cli_exit train_unigram_check(const struct train_options *opts);
/* What vocab_train_unigram gives. */
enum tok_status train_unigram(const struct train_run *run, struct train_rules *rules,
			      tok_id first_id, struct vocab_word_stream *stream,
			      struct vocab_train_control *control, struct vocab_learned *out,
			      struct tok_error *err);

/* Whose defaults others who train go by. */
extern const struct cli_tool tool_train;

#endif
