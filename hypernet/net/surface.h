/*
 * surface.h - how the old tokenizer sees new tokens: each as at most L pieces.
 *
 *	struct hyper_surfaces s = { 0 };
 *	status = hyper_surfaces_make(tokenizer, &config, tokens, count, &s, &err);
 *	// token i: s.ids[i * s.length] and s.counts[i] - 1 behind it
 *	hyper_surfaces_release(&s);
 *
 * The tokenizer is the one that lies beside the hypernetwork's weights.  Its model alone is asked
 * (no normalizer, no pre-tokenizer, no added tokens, nothing in front or behind) about the
 * token's bytes; a model of characters, which no published network has, reads them as UTF-8.  A
 * token whose text is that of a special token of the tokenizer is that piece.  More than L pieces
 * are cut to the first L.
 *
 * Source: the program of the paper in config.h, get_surface_form_matrix.
 */
#ifndef HYPER_NET_SURFACE_H
#define HYPER_NET_SURFACE_H

#include "hypernet/net/config.h"
#include "tok/pipe/tokenizer.h"

/* What net.h takes: made here, or by hand. */
struct hyper_surfaces {
	/* count x length; behind a token's pieces the padding's id.  (The network masks that id
	 * wherever it stands: a piece that has it is none to it.) */
	tok_id *ids;
	uint8_t *counts; /* pieces of each token, 0 to length */
	size_t count, length;
	size_t truncated; /* tokens that had more than L */
	size_t fallback;  /* tokens with at least one extra piece */
	size_t unknown;   /* tokens without a piece: the model cannot spell them */
};

/* `tokens`: the raw bytes of each; special ones by their names.  TOK_EFORMAT where the tokenizer
 * has ids beyond V + X; TOK_ENOMEM, TOK_ELIMIT of the model. */
TOK_API TOK_MUST_USE enum tok_status hyper_surfaces_make(const struct tok_tokenizer *tokenizer,
							 const struct hyper_config *config,
							 const struct tok_span *tokens,
							 size_t count, struct hyper_surfaces *out,
							 struct tok_error *err);
TOK_API void hyper_surfaces_release(struct hyper_surfaces *surfaces);

#endif
