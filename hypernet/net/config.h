/*
 * config.h - what a hypernetwork's config.json says.
 *
 *	struct hyper_config config = { 0 };
 *	status = hyper_config_read(json, &config, &err);
 *	hyper_config_release(&config);
 *
 * The network of B. Minixhofer, E. Ponti, I. Vulic, "Zero-Shot Tokenizer Transfer" (arXiv
 * 2405.07883), as its checkpoints on Hugging Face describe it.  Keys of the base model are
 * ignored, max_position_embeddings and layer_norm_eps among them: the file does not say which
 * RoBERTa the network is, its epsilons and positions are those of roberta-base.
 *
 * What no published checkpoint has is refused by the name of its key (TOK_EARG): inter-token
 * attention, target priors, language adapters, another model than roberta-base, embeddings
 * that do not come of the source's, several positions' states joined.
 */
#ifndef HYPER_NET_CONFIG_H
#define HYPER_NET_CONFIG_H

#include "tok/base/arena.h"
#include "tok/base/status.h"

enum {
	HYPER_SIZE_MAX = 1 << 24, /* of every number below but these: */
	HYPER_LAYERS_MAX = 256,   /* of layers, */
	HYPER_SURFACE_MAX = 63    /* and of the pieces of a token: with a language they are 64 */
};

struct hyper_config {
	struct tok_arena arena; /* private: the codes' */
	size_t embedding;       /* n_embd, E: width of the embeddings that it makes */
	size_t hidden;          /* hn_hidden_size, H */
	size_t intermediate;    /* hn_intermediate_size, I; null: 2 H */
	size_t layers;          /* hn_n_layers */
	size_t heads;           /* hn_num_attention_heads; null: H / 64; divides H */
	size_t surface;         /* hn_surface_maxlen, L: pieces of a token, at most */
	size_t extra;           /* hn_n_extra_tokens, X: pieces with embeddings of their own */
	size_t vocabulary; /* original_vocab_size, V: rows of the source; ids from V on are extra */
	tok_id pad;        /* pad_token_id: less than V + X */
	bool untied;       /* separate_out_embeddings; null: false */
	bool single_head;  /* hn_single_head: both outputs from one matrix; null: false */
	bool predicts_bias;    /* hn_predict_bias; null: true */
	bool rescales;         /* hn_rescale_embeddings; null: false */
	bool takes_language;   /* hn_embed_lang_id; null: false */
	size_t language_count; /* n_langs; 0 where it takes no language */
	/* langs: codes in order; the first of the language_count, or NULL where they are not told.
	 */
	const struct tok_span *languages;
	size_t language_names;
};

/* Numbers of the source that belong to one id: E, or 2 E of an untied model, input before
 * output. */
static inline size_t hyper_config_source_width(const struct hyper_config *config)
{
	return config->untied ? 2 * config->embedding : config->embedding;
}

/* `json` is borrowed during the call.  TOK_EFORMAT where a key that is needed is missing or has
 * no such value (naming it), where sizes do not fit each other or are beyond the limits above;
 * TOK_EARG as above; TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status
hyper_config_read(struct tok_span json, struct hyper_config *out, struct tok_error *err);
TOK_API void hyper_config_release(struct hyper_config *config);

/* The place of a language's code ("en").  TOK_EARG where there is none, naming those there are,
 * and where the network takes no language or does not name them. */
TOK_API TOK_MUST_USE enum tok_status hyper_config_language(const struct hyper_config *config,
							   const char *code, size_t *out,
							   struct tok_error *err);

#endif
