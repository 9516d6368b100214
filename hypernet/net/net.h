/*
 * net.h - the hypernetwork: rows for tokens that a model has never seen.
 *
 *	struct hyper_net_options o = { .kernel = k, .mode = HYPER_MODE_F32, .threads = 2 };
 *	status = hyper_net_open(tensors, &config, &o, &net, &err);  // packs the weights
 *	struct hyper_source source = { .in = in, .out = out };      // tensors of the old model
 *	struct hyper_predict_job job = { .end = surfaces.count, .sink = write, .context = file };
 *	status = hyper_predict(net, &source, &surfaces, &job, &err);
 *	hyper_net_free(net);
 *
 * Immutable once open, so that several hyper_predict at once may share one.
 *
 * Three savings give the numbers of the plain computation, to rounding: positions of padding are
 * not computed; of the last layer only what the first position needs; what depends on a piece's
 * id alone is computed once for each id.  Tokens with the same pieces are computed once.  A token
 * without a piece attends to all L positions of padding alike (as masked softmax does there),
 * unless there is a language.
 *
 * A token's numbers are the same bits whatever tokens, blocks and threads there are beside it.
 *
 * Source: the paper in config.h and its program (hf_hypernet/modeling_hypernet.py), checked in
 * tests against a float64 reference and against that architecture in torch.  Tensor names are
 * those of its checkpoints.
 */
#ifndef HYPER_NET_NET_H
#define HYPER_NET_NET_H

#include "hypernet/kernel/kernel.h"
#include "hypernet/net/surface.h"
#include "hypernet/tensor/tensors.h"

struct hyper_net;

struct hyper_net_options {
	const struct hyper_kernel *kernel;
	enum hyper_mode mode; /* of all products but the bias's, which is F32 */
	size_t threads;       /* 1 to TOK_THREADS_MAX */
	size_t memo_bytes;    /* at most, of what is known of pieces, and as much of pieces at
				 their places in the first layer; 0: HYPER_MEMO_BYTES */
	bool plain;           /* without the savings: for their test */
};

/* Enough for all pieces of most vocabularies; with less, some are computed again. */
#define HYPER_MEMO_BYTES ((size_t)256 << 20)

/* Takes what it needs of `tensors` (which may be closed then) and copies `config`'s numbers.
 * TOK_EFORMAT: a tensor is missing or has another shape than config says (naming it, with both
 * shapes).  Tensors that it does not know are told by hyper_net_unused, not refused;
 * word_embeddings is never read.  TOK_EARG where a tensor's dtype cannot be read; TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_net_open(const struct hyper_tensors *tensors,
						    const struct hyper_config *config,
						    const struct hyper_net_options *options,
						    struct hyper_net **out, struct tok_error *err);
TOK_API void hyper_net_free(struct hyper_net *net); /* NULL is fine */

/* Bytes of the weights as they are held; the first tensor that was not known, or NULL; and the
 * configuration, without its languages' names. */
TOK_API size_t hyper_net_bytes(const struct hyper_net *net);
TOK_API const char *hyper_net_unused(const struct hyper_net *net);
TOK_API const struct hyper_config *hyper_net_config(const struct hyper_net *net);

/* The old model's rows, V or more of them, E numbers each; `out` only of an untied one. */
struct hyper_source {
	const struct hyper_tensor *in, *out;
};

/* What one block of tokens became.  Rows are those of tokens [first, first + count). */
struct hyper_predicted {
	size_t first, count;
	float *in,
	    *out;    /* count x E, for the sink to change; out NULL where the network has none */
	float *bias; /* count; NULL likewise */
};

struct hyper_predict_job {
	size_t language;   /* of hyper_config_language; only where the network takes one */
	size_t begin, end; /* tokens; a run that goes on starts where it stopped */
	/* Called on the caller's thread, in the order of the tokens; TOK_OK to go on: any other
	 * status ends the run and is what hyper_predict returns.  What it is given lives until it
	 * returns. */
	enum tok_status (*sink)(void *context, const struct hyper_predicted *block,
				struct tok_error *err);
	void *context;
	size_t block; /* tokens in a block, at most; 0: HYPER_BLOCK */
};

enum { HYPER_BLOCK = 4096 };

/* Memory while it runs, whatever the number of tokens: the rows of a block; what is known of
 * pieces and of the first layer, each as bounded above; 512 rows of activations a thread, of
 * (5 H + I + the larger of 3 H and the source's width) numbers.
 * TOK_EARG where source or surfaces are another model's than the network was made for: too few
 * rows, another width, a type that cannot be read, `out` missing, more pieces a token than there
 * are positions, an id beyond V + X; and for a language that is none.  TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_predict(const struct hyper_net *net,
						   const struct hyper_source *source,
						   const struct hyper_surfaces *surfaces,
						   const struct hyper_predict_job *job,
						   struct tok_error *err);

#endif
