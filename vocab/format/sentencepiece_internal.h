/*
 * sentencepiece_internal.h - a SentencePiece ModelProto as plain data.
 *
 * Spans point into the file.  Field numbers and defaults are those of
 * sentencepiece_model.proto, version 0.2.
 */
#ifndef VOCAB_FORMAT_SENTENCEPIECE_INTERNAL_H
#define VOCAB_FORMAT_SENTENCEPIECE_INTERNAL_H

#include "tok/pipe/spec.h"

enum spm_kind { SPM_UNIGRAM = 1, SPM_BPE = 2, SPM_WORD = 3, SPM_CHAR = 4 };

struct spm_model {
	struct tok_vocab_entry *entries; /* in the arena of the spec; ids are places */
	size_t count;

	enum spm_kind kind;
	bool byte_fallback, whitespace_as_suffix;
	/* A byte that is a character, which is a piece, needs no piece of its own: the library
	 * wants it, llama.cpp does not, and in Gemma's tokenizer.json <0x09> became a tab. */
	bool characters_serve;
	struct tok_span bos_piece, eos_piece, pad_piece;
	struct tok_span unk_surface;

	struct tok_span charsmap;
	bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
	struct tok_span denormalizer_charsmap;
};

/* What a model says that does not say it. */
struct spm_model spm_defaults(void);

/* Fill `model` from the bytes of a ModelProto. */
TOK_MUST_USE enum tok_status spm_parse(struct tok_span file, struct spm_model *model,
				       struct tok_arena *arena, struct tok_error *err);

/* Refuse what the library refuses on loading, and set aside what it does. */
TOK_MUST_USE enum tok_status spm_check(struct spm_model *model, struct tok_error *err);

/* The byte that "<0x0A>" stands for, or -1. */
int spm_byte_of_name(struct tok_span name);

/* Make `out` a tokenizer that does what the library does with `model`, which
 * spm_check() let pass.  All texts are copied to its arena. */
TOK_MUST_USE enum tok_status spm_build(const struct spm_model *model, struct tok_spec *out,
				       struct tok_error *err);

/* ---- for GGUF files, which hold the same things in another order ---- */

/* One template step: `first` or `last` may be TOK_NO_ID. */
TOK_MUST_USE enum tok_status spm_add_template(struct tok_spec *out, tok_id first, tok_id last,
					      struct tok_error *err);

/* Does `file` begin with a piece, as every ModelProto does? */
bool spm_detect(struct tok_span file);

#endif
