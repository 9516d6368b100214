/*
 * sample_internal.h - what the files of tok sample share.
 *
 * sample.c has the options; sample_method.c draws, by any method; sample_list.c writes
 * segmentations with their probabilities, sample_compare.c sets methods side by side, and
 * sample_report.c and sample_svg.c show that.
 */
#ifndef CMD_SAMPLE_INTERNAL_H
#define CMD_SAMPLE_INTERNAL_H

#include "cmd/cli_put.h"
#include "cmd/cli_files.h"
#include "cmd/cli_load.h"
#include "cmd/cli_source.h"
#include "tok/sample/exact_split.h"
#include "tok/sample/sampler.h"

/* Those of enum tok_sample_method, and StochasTok. */
enum { SAMPLE_SPLIT = TOK_SAMPLE_METHOD_COUNT, SAMPLE_METHODS };
#define SAMPLE_METHOD_WORDS                                                                        \
	"bpe-dropout|bpe-dropout-hf|bpe-dropout-sp|maxmatch|unigram|uniform|split"

const char *sample_method_name(int method);

/* Do the models of this kind go with the method? */
bool sample_method_suits(int method, enum tok_model_kind model);

/* Segmentations that may be asked for. */
enum { SAMPLE_MOST_LISTED = 1 << 20 };

/* ---- a method, ready (sample_method.c) ------------------------------------- */

struct sample_numbers {
	double p, alpha;
	int nbest;
};

struct sample_method {
	int method;
	const struct tok_tokenizer *tokenizer;
	struct tok_sampler *sampler; /* of all but StochasTok */
	struct tok_splits *splits;   /* of StochasTok */
	double p;
};

/* Shared by threads.  TOK_EARG where the tokenizer's model or a number does not suit. */
TOK_MUST_USE enum tok_status sample_method_open(struct sample_method *out,
						const struct tok_tokenizer *tokenizer, int method,
						const struct sample_numbers *numbers,
						struct tok_error *err);
void sample_method_close(struct sample_method *method);

/* What a thread draws with.  What a call gives lives until the next one. */
struct sample_drawer {
	const struct sample_method *method;
	struct tok_sampling *sampling;
	struct tok_encoder *encoder; /* these are StochasTok's */
	struct tok_splitter *splitter;
	struct tok_span *names;
	size_t name_capacity;
	struct tok_split_outcomes outcomes;
	struct tok_draw *items;
};

TOK_MUST_USE bool sample_drawer_init(struct sample_drawer *out, const struct sample_method *method);
void sample_drawer_release(struct sample_drawer *drawer);

/* One segmentation. */
TOK_MUST_USE enum tok_status sample_draw(struct sample_drawer *drawer, struct tok_span text,
					 const struct tok_encode_options *how, uint64_t seed,
					 uint64_t stream, struct tok_encoding *out,
					 struct tok_error *err);

/* All of them, most probable first.  TOK_ELIMIT where a larger `limit` may help. */
TOK_MUST_USE enum tok_status sample_draw_all(struct sample_drawer *drawer, struct tok_span text,
					     const struct tok_encode_options *how, size_t limit,
					     struct tok_draws *out, struct tok_error *err);

/* ---- text that is put together (sample_put.c) ------------------------------ */

/* For people: tokens, a blank between two, or `text`, at most `columns` of it. */
void sample_put_tokens(struct cli_put *out, const struct tok_tokenizer *tokenizer,
		       const tok_id *ids, size_t count);
void sample_put_visible(struct cli_put *out, struct tok_span text, size_t columns);

/* For programs: "ids":[...],"tokens":[...]. */
void sample_put_json_ids(struct cli_put *out, const struct tok_tokenizer *tokenizer,
			 const tok_id *ids, size_t count);

/* ---- short texts, one by one (sample_texts.c) ------------------------------ */

struct sample_texts {
	const struct cli_files *files; /* borrowed, as `split` is */
	const struct cli_split *split;
	bool raw;
};

typedef enum tok_status sample_taker(void *context, struct tok_span text, uint64_t number,
				     struct tok_error *err);

/* Give each document to `take`; one that it refuses is said, and its operand left.
 * Ends at once where `take` fails with TOK_EIO or TOK_ENOMEM, and then *whole is false:
 * what was made is good for nothing. */
enum cli_exit sample_each_text(const struct sample_texts *texts, sample_taker *take, void *context,
			       bool *whole);

#endif
