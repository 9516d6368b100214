/*
 * byte_level.h - any tokenizer as one whose vocabulary is written in the byte-level alphabet: what
 * the hypernetwork's tokenizers are, and what a vocabulary must be for it.
 *
 *	struct vocab_byte_level_options o = { .whitespace = true, .match = &base };
 *	status = vocab_byte_level(&spec, &o, &out, &report, &err);
 *	...
 *	tok_spec_release(&out);
 *
 * After the program of Minixhofer et al. (arXiv 2405.07883), in its nine steps:
 *
 *  1. Added tokens become entries; the special ones stay added as well.
 *  2. Texts are written in the alphabet: what stands for a space in them (found by what the
 *     pipeline makes of " test") as a space, WordPiece's prefix taken away and a space put in
 *     front of what has none.  Special tokens stay as they are, and so do the entries of a
 *     tokenizer that is in the alphabet already.
 *  3. With byte fallback <0xNN> becomes its byte, where no entry is that byte; else it keeps
 *     its name.  As there <0xFF> always keeps it: ids of published networks depend on that.
 *  4. Bytes that are no entry yet are appended, rising.
 *  5. `whitespace`: of entries with two or more of space, newline and tab those stay that are
 *     one of the three followed by 1 to 15 of one of them; others are <unused_whitespace__ID>.
 *     Of these 135 runs, those that are missing are appended.
 *  6. `match`: the special tokens are those of the other tokenizer, under its ids; all that is
 *     no special token moves up or down, and ids have no holes then.
 *  7. A space in front of each text, GPT-2's words (a letter's marks belong to it), ByteLevel.
 *  8. Merges are written as entries are.  What has none and is more than a byte gets a tree of
 *     them - neighbours two by two, then these two by two - before all others, or behind them if
 *     it has two characters of white space.  Strings on the way that are no entries are appended,
 *     sorted.  Unigram's scores stay; 0 for what had none, -100000 for bytes that were missing.
 *     WordPiece has an empty prefix, and four times the characters and one in its longest word.
 *  9. The template is that of the other tokenizer; the decoder is ByteLevel.
 *
 * Converting again what came out changes nothing, unless special tokens of the other tokenizer
 * went behind all others, where those of step 8 have come since.
 *
 * Where that program loses a token, because two are written alike, here the one with the higher
 * id is renamed <unused_duplicate__ID>.
 */
#ifndef VOCAB_CONVERT_BYTE_LEVEL_H
#define VOCAB_CONVERT_BYTE_LEVEL_H

#include "tok/pipe/spec.h"

/* Longer tokens, in characters, get no merges of their own. */
enum { VOCAB_BYTE_LEVEL_LONGEST = 4096 };

struct vocab_byte_level_options {
	/* Before the space that is put in front: the steps that it had, but for writing spaces
	 * otherwise.  Of one that is in the alphabet already: its steps only. */
	bool keep_normalizer;
	bool keep_pretokenizer; /* only of one that is in the alphabet already */
	bool whitespace;        /* step 5: for vocabularies that embeddings are predicted for */
	const struct tok_spec *match; /* steps 6 and 9; NULL: special tokens and template stay */
};

struct vocab_byte_level_report {
	bool was_byte_level; /* in the alphabet already */
	size_t tokens;       /* that there were */
	size_t bytes_added;  /* steps 4 and 3 */
	size_t runs_added;   /* of white space, step 5 */
	size_t tokens_made;  /* on the way of merges, step 8 */
	size_t renamed;      /* <unused_whitespace__N> */
	size_t duplicates;   /* <unused_duplicate__N> */
	size_t specials_put; /* of the other tokenizer */
	size_t specials_dropped;
	size_t merges_added, merges_dropped;
};

/* `out` is a specification of its own: nothing of `spec` or of options->match is used by it.
 * TOK_EARG for what has no such form: WordLevel, BPE with a prefix or suffix, what cannot be kept;
 * TOK_EFORMAT where a name that is to be given is taken; TOK_ELIMIT for ids above TOK_ID_MAX;
 * TOK_ENOMEM.  `report` is written on success only. */
TOK_API TOK_MUST_USE enum tok_status
vocab_byte_level(const struct tok_spec *spec, const struct vocab_byte_level_options *options,
		 struct tok_spec *out, struct vocab_byte_level_report *report,
		 struct tok_error *err);

#endif
