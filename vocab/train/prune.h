/*
 * prune.h - a smaller vocabulary: the tokens that a text has most use for.
 *
 *	struct vocab_pruned pruned;
 *	status = vocab_prune(&spec, words, 32000, &control, &pruned, &err);
 *	... pruned.map[old id] is the new one, or TOK_NO_ID ...
 *	vocab_pruned_release(&pruned);
 *
 * Tokens go one after the other, the least used first, of equally used ones that with the
 * highest id.  BPE: one that others are made of stays as long as they do; when a token
 * goes, its uses are its parts'.  Now and then, when a quarter is gone, uses are counted
 * anew.  What stays is encoded as before where no token that went is in it, and decodes to
 * the same.
 *
 * Never gone are added tokens, the unknown token, bytes, single characters (with WordPiece
 * those behind its prefix too), and what could not be written with those.
 */
#ifndef VOCAB_TRAIN_PRUNE_H
#define VOCAB_TRAIN_PRUNE_H

#include "tok/pipe/spec.h"
#include "vocab/train/learned.h"
#include "vocab/train/words_kept.h"

struct vocab_pruned {
	tok_id *map; /* by old id: the new one, in the same order without holes */
	size_t id_count;
	size_t kept;
};

/* TOK_EARG for what cannot be pruned: a model of whole words, Unigram over bytes. */
TOK_API TOK_MUST_USE enum tok_status vocab_prune_accepts(const struct tok_spec *spec,
							 struct tok_error *err);

/* Until `spec` has `keep` tokens, or where it has no more as it is.  `words` were made by
 * its recipe.  TOK_EARG also where more than `keep` are never gone.  On failure `spec` is only to
 * be released. */
TOK_API TOK_MUST_USE enum tok_status vocab_prune(struct tok_spec *spec,
						 struct vocab_words_kept *words, size_t keep,
						 struct vocab_train_control *control,
						 struct vocab_pruned *out, struct tok_error *err);
TOK_API void vocab_pruned_release(struct vocab_pruned *pruned);

#endif
