/*
 * byte_level.h - any tokenizer as one whose vocabulary is written in the byte-level alphabet: what
 * the hypernetwork's tokenizers are, and what a vocabulary must be for it.
 *
 *	struct vocab_byte_level_options o = { .whitespace = true, .match = &base };
 *	status = vocab_byte_level(&spec, &o, &out, &report, &err);
 *
 * In nine steps, of the program of Minixhofer et al. (arXiv 2405.07883, convert_to_byte_level):
 *added tokens become entries; texts are written in the alphabet (metaspace to a space, "##" away
 *and a space before what has none, <0xNN> to its byte); bytes that are missing are appended in the
 *alphabet's order; runs of white space are made consistent; special tokens are put where the other
 *model has them; the pipeline is one pattern and ByteLevel; merges are mapped, and chains of merges
 *made for tokens that no merge reaches; the template follows the reference's.  Where that program
 *errs (it skips <0xFF>) this does not, and says so in tok-embed(1).
 */
#ifndef VOCAB_CONVERT_BYTE_LEVEL_H
#define VOCAB_CONVERT_BYTE_LEVEL_H

#include "tok/pipe/spec.h"

struct vocab_byte_level_options {
	bool keep_normalizer, keep_pretokenizer;
	bool whitespace;              /* make runs of white space consistent: for targets */
	const struct tok_spec *match; /* special tokens and template as this one has; NULL: keep */
};

struct vocab_byte_level_report {
	bool was_byte_level;   /* nothing had to be written anew */
	size_t bytes_added;    /* of the 256 */
	size_t merges_dropped; /* of white space */
	size_t tokens_made;    /* on the way of chains: the "extra" tokens, with bytes_added */
	size_t renamed;        /* <unused_whitespace__N> */
	size_t specials_moved;
};

/* `out` is a specification of its own (nothing of `spec` is used by it).  TOK_EARG for a model that
 * has no such form (WordLevel); TOK_EFORMAT, TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status
vocab_byte_level(const struct tok_spec *spec, const struct vocab_byte_level_options *options,
		 struct tok_spec *out, struct vocab_byte_level_report *report,
		 struct tok_error *err);

#endif
