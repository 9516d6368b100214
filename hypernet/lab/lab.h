/*
 * lab.h - a small causal language model, trained in seconds, to try transplants on: what a method
 * does to bits per byte, without downloading anything.
 *
 *	struct hyper_lab_options o = HYPER_LAB_DEFAULTS;
 *	status = hyper_kernel_choose(NULL, &o.kernel, &err);
 *	struct hyper_lab *model;
 *	status = hyper_lab_new(vocab_size, &o, &model, &err);
 *	status = hyper_lab_train(model, ids, count, samples, false, watch, context, &err);
 *	status = hyper_lab_bits(model, ids, count, NULL, &bits, NULL, &err);	// of all the ids
 *	...
 *	hyper_lab_free(model);
 *
 * A feed-forward model (Bengio et al. 2003): the input rows of the last `context` tokens side by
 * side, a hidden layer (tanh), a projection to `width`, the output rows, softmax.  Or one block of
 * a transformer over the same context: attention of four heads and a layer of 4 x width (GELU),
 * both with a norm before and a sum around them, a norm at the end, positions learnt; only what
 * stands behind the last token is asked for, so only that one attends, to all before it.  Trained
 * by Adam on samples drawn from the text by the seed, softmax over the whole vocabulary.  Sums are
 * F32 by a kernel of kernel.h; the same seed and kernel give the same bits whatever the number of
 * threads.
 *
 * The input and output rows are rows as any model's: they are read and set as matrices, which is
 * all that a transplant needs.  As in today's language models the output has no bias.  A model is
 * used by one thread at a time; hyper_lab_bits only reads.
 */
#ifndef HYPER_LAB_LAB_H
#define HYPER_LAB_LAB_H

#include "hypernet/kernel/kernel.h"
#include "tok/pipe/tokenizer.h"

enum hyper_lab_kind { HYPER_LAB_FEED_FORWARD, HYPER_LAB_TRANSFORMER };
#define HYPER_LAB_KIND_WORDS "feed-forward|transformer"

/* Of the sizes: rows of the vocabulary, numbers a row, of the hidden layer, tokens of the context,
 * samples a step. */
enum {
	HYPER_LAB_ROWS = 1 << 24,
	HYPER_LAB_WIDEST = 4096,
	HYPER_LAB_LONGEST = 64,
	HYPER_LAB_BATCH = 1 << 16
};

struct hyper_lab_options {
	enum hyper_lab_kind kind;
	size_t width, hidden, context; /* 64, 192, 6; a transformer has no use for hidden */
	bool tied;
	size_t batch;       /* samples a step */
	size_t probe_batch; /* the same where rows alone are trained: see hyper_lab_train */
	double rate; /* of Adam, warmed up for a twentieth, then cooled down by a cosine to 0 */
	uint64_t seed;
	size_t threads;                    /* 0: one */
	const struct hyper_kernel *kernel; /* must be given */
};
#define HYPER_LAB_DEFAULTS                                                                         \
	{                                                                                          \
		.width = 64, .hidden = 192, .context = 6, .batch = 256, .probe_batch = 1024,       \
		.rate = 3e-3, .seed = 1                                                            \
	}

struct hyper_lab;

/* Numbers drawn by the seed; biases are zero.  TOK_EARG for sizes that make no model (the limits
 * above) and a kernel of a device, TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_lab_new(size_t vocabulary,
						   const struct hyper_lab_options *options,
						   struct hyper_lab **out, struct tok_error *err);
TOK_API void hyper_lab_free(struct hyper_lab *model);

TOK_API size_t hyper_lab_vocabulary(const struct hyper_lab *model);
/* vocabulary x width, row by row; the same matrix where the model is tied. */
TOK_API float *hyper_lab_input(struct hyper_lab *model);
TOK_API float *hyper_lab_output(struct hyper_lab *model);

/* The body of `from` (all but the rows) and a vocabulary of another size, whose rows are zero: what
 * a transplanted model starts as. */
TOK_API TOK_MUST_USE enum tok_status hyper_lab_graft(const struct hyper_lab *from,
						     size_t vocabulary, struct hyper_lab **out,
						     struct tok_error *err);

/* Before each step: false stops.  `loss` is that of the step before, in nats a token; 0 before
 * the first. */
typedef bool hyper_lab_watch(void *context, size_t step, size_t steps, double loss);

/* `samples` places of `ids` drawn by the seed, in steps of `batch`, the last one of what is left;
 * `rows_only`: the body stays as it is (a probe), and a step has `probe_batch`: a row's first steps
 * by Adam are as long as the rate whatever the gradient, and by few samples most of that is noise,
 * which does good rows harm.  Ids are those of one stream; what lies before its beginning is a row
 * of zeros.  `watch` may be NULL.  TOK_EARG for an id beyond the vocabulary, for no ids, and where
 * the loss stops being a number, which a lower rate would mend. */
TOK_API TOK_MUST_USE enum tok_status hyper_lab_train(struct hyper_lab *model, const tok_id *ids,
						     size_t count, size_t samples, bool rows_only,
						     hyper_lab_watch *watch, void *context,
						     struct tok_error *err);

/* -log2 P of all the ids, one after the other; over the bytes of their text it is bits per byte.
 * `marked` is NULL, as `share` may be then, or a byte a token of the vocabulary: *share is the
 * probability of those whose byte is not zero, the mean over all ids, 0 of none.  TOK_EARG for an
 * id beyond the vocabulary. */
TOK_API TOK_MUST_USE enum tok_status hyper_lab_bits(const struct hyper_lab *model,
						    const tok_id *ids, size_t count,
						    const uint8_t *marked, double *bits,
						    double *share, struct tok_error *err);

#endif
