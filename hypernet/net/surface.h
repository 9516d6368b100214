/*
 * surface.h - how the old tokenizer sees new tokens: each as at most L pieces.
 *
 *	struct hyper_surfaces s = { 0 };
 *	status = hyper_surfaces_make(tokenizer, &config, tokens, count, &s, &err);
 *	// token i: s.ids[i * s.length .. + s.counts[i]]
 *	hyper_surfaces_release(&s);
 *
 * The tokenizer is the one that lies beside the hypernetwork's weights; its model alone is asked
 *(no normalizer, no pre-tokenizer, no added tokens, nothing in front or behind) about the token's
 * bytes, written in the byte-level alphabet where its vocabulary is.  A token whose text is a
 * special token of that tokenizer is that piece.  More than L pieces are cut to the first L.  One
 *piece that is the padding's id counts as no piece (the published network masks it). Source: the
 *program of the paper in config.h, get_surface_form_matrix.
 */
#ifndef HYPER_NET_SURFACE_H
#define HYPER_NET_SURFACE_H

#include "hypernet/net/config.h"
#include "tok/pipe/tokenizer.h"

/* A token of the new vocabulary: raw bytes, or the name of a special one. */
struct hyper_new_token {
	struct tok_span bytes;
	bool special;
};

struct hyper_surfaces {
	tok_id *ids;     /* count x length; behind a token's pieces the padding's id */
	uint8_t *counts; /* pieces of each token, 0 to L */
	size_t count, length;
	size_t truncated; /* tokens that had more than L */
	size_t fallback;  /* tokens with at least one extra piece */
	size_t
	    unknown; /* tokens that the model does not spell: TOK_ETEXT there; they have no piece */
};

/* TOK_EFORMAT where the tokenizer has ids beyond V + X; TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_surfaces_make(const struct tok_tokenizer *tokenizer,
							 const struct hyper_config *config,
							 const struct hyper_new_token *tokens,
							 size_t count, struct hyper_surfaces *out,
							 struct tok_error *err);
TOK_API void hyper_surfaces_release(struct hyper_surfaces *surfaces);

#endif
