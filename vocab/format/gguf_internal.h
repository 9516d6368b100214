/*
 * gguf_internal.h - what a GGUF file says about its tokenizer.
 */
#ifndef VOCAB_FORMAT_GGUF_INTERNAL_H
#define VOCAB_FORMAT_GGUF_INTERNAL_H

#include "tok/pipe/spec.h"
#include "tok/text/gguf.h"

/* ---- gguf.c: the metadata ---- */

enum gguf_key {
	GGUF_MODEL,
	GGUF_PRE,
	GGUF_TOKENS,
	GGUF_TYPES,
	GGUF_SCORES,
	GGUF_MERGES,
	GGUF_BOS_ID,
	GGUF_EOS_ID,
	GGUF_UNK_ID,
	GGUF_ADD_BOS,
	GGUF_ADD_EOS,
	GGUF_ADD_SPACE_PREFIX,
	GGUF_REMOVE_EXTRA_WHITESPACES,
	GGUF_CHARSMAP,
	GGUF_LOWERCASE,
	GGUF_STRIP_ACCENTS,
	GGUF_HF_JSON,
	GGUF_KEYS
};

struct gguf_metadata {
	struct tok_gguf_value values[GGUF_KEYS];
};

/* Find the values, each of the type it must have.  Spans point into the file. */
TOK_MUST_USE enum tok_status gguf_parse(struct tok_span file, struct gguf_metadata *out,
					struct tok_error *err);

const char *gguf_key_name(enum gguf_key key);
bool gguf_flag(const struct gguf_metadata *meta, enum gguf_key key, bool otherwise);
/* Also `otherwise` if the number is no id. */
tok_id gguf_id(const struct gguf_metadata *meta, enum gguf_key key, tok_id otherwise);

/* ---- gguf_pre.c: tokenizer.ggml.pre ---- */

enum { GGUF_SPLITS = 6 };

struct gguf_pre {
	const char *name;
	const char *const *splits; /* up to GGUF_SPLITS patterns, then NULL */
	bool ignore_merges, add_bos;
	bool respelled; /* llama.cpp splits otherwise where letters are not ASCII */
};

/* One name of each kind, for messages. */
#define GGUF_PRE_EXAMPLES                                                                          \
	"default, gpt-2, llama-bpe, smaug-bpe, qwen2, qwen35, starcoder, gpt-4o, tekken, "         \
	"deepseek-llm, deepseek-coder, deepseek-v3, falcon, bloom, viking, bailingmoe, "           \
	"seed-coder, tiny_aya, exaone-moe, minicpm5, ufakzeka and their kin"

/* By name, or NULL.  An empty name is "default". */
const struct gguf_pre *gguf_find_pre(struct tok_span name);

/* Of those that split by these patterns, one after the other, and treat merges so, the one that is
 * called `usual`, else the first; or NULL. */
const struct gguf_pre *gguf_match_pre(const struct tok_span *splits, size_t count,
				      bool ignore_merges, struct tok_span usual);

/* ---- gguf_bpe.c: byte-level BPE, whose entries are already in `out` ---- */

TOK_MUST_USE enum tok_status gguf_build_bpe(const struct gguf_metadata *meta, struct tok_spec *out,
					    struct tok_vocab_entry *entries, struct tok_error *err);

#endif
