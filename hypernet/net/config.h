/*
 * config.h - what a hypernetwork's config.json says.
 *
 *	struct hyper_config config = { 0 };
 *	status = hyper_config_read(json, &config, &err);
 *	hyper_config_release(&config);
 *
 * The network of B. Minixhofer, E. Ponti, I. Vulic, "Zero-Shot Tokenizer Transfer" (arXiv
 * 2405.07883), as its checkpoints on Hugging Face describe it.  Keys of the base model are ignored.
 *What no published checkpoint has is refused by the name of its key (TOK_EARG): inter-token
 *attention, target priors, language adapters, another model type than roberta, embeddings that do
 *not come of the source's, several layers' states.
 */
#ifndef HYPER_NET_CONFIG_H
#define HYPER_NET_CONFIG_H

#include "tok/base/arena.h"
#include "tok/base/status.h"

struct hyper_config {
	struct tok_arena arena;
	size_t embedding;    /* n_embd, E: width of the embeddings that it makes */
	size_t hidden;       /* hn_hidden_size, H */
	size_t intermediate; /* hn_intermediate_size, I; null: 2 H */
	size_t layers;       /* hn_n_layers */
	size_t heads;        /* hn_num_attention_heads; null: H / 64 */
	size_t surface;      /* hn_surface_maxlen, L: pieces of a token, at most */
	size_t extra;        /* hn_n_extra_tokens, X: pieces with embeddings of their own */
	size_t vocabulary; /* original_vocab_size, V: rows of the source; ids from V on are extra */
	tok_id pad;        /* pad_token_id */
	size_t positions;  /* max_position_embeddings; 514 where it is not told */
	bool untied;       /* separate_out_embeddings */
	bool single_head;  /* hn_single_head: both outputs from one matrix */
	bool predicts_bias;    /* hn_predict_bias */
	bool rescales;         /* hn_rescale_embeddings */
	bool takes_language;   /* hn_embed_lang_id */
	size_t language_count; /* n_langs */
	const struct tok_span
	    *languages; /* langs: codes in order; may be fewer than the count, none */
	size_t language_names;
};

/* Numbers of the source that belong to one id: E, or 2 E of an untied model, input before output.
 */
static inline size_t hyper_config_source_width(const struct hyper_config *config)
{
	return config->untied ? 2 * config->embedding : config->embedding;
}

/* TOK_EFORMAT where a key that is needed is missing or no such value (naming it), where sizes do
 * not fit each other or are beyond 2^24; TOK_EARG as above. */
TOK_API TOK_MUST_USE enum tok_status
hyper_config_read(struct tok_span json, struct hyper_config *out, struct tok_error *err);
TOK_API void hyper_config_release(struct hyper_config *config);

/* The place of a language's code ("en"); TOK_EARG where there is none, naming those there are. */
TOK_API TOK_MUST_USE enum tok_status hyper_config_language(const struct hyper_config *config,
							   const char *code, size_t *out,
							   struct tok_error *err);

#endif
