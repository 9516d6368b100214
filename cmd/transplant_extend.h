/*
 * transplant_extend.h - a tokenizer with more tokens, in a folder of its own, as tok transplant
 * extend hands it on.
 *
 *	struct transplant_extended e = { 0 };
 *	result = transplant_extended_make(&e, "model", &options);
 *	use(e.folder);       // tokenizer.json or tokenizer.model, and what lay beside the old
 *	transplant_extended_remove(&e);             // the folder too
 *
 * No id moves, and no merge changes: what is new comes behind, and is made of what the old merges
 * make, so that text becomes it (vocab/train/grow.h).
 */
#ifndef CMD_TRANSPLANT_EXTEND_H
#define CMD_TRANSPLANT_EXTEND_H

#include "cmd/cli_vocab_words.h"
#include "cmd/transplant_internal.h"
#include "vocab/train/grow.h"

/* Files that say something of a tokenizer beside its own. */
enum { TRANSPLANT_BESIDE = 5 };

/* A zeroed struct is empty. */
struct transplant_extended {
	char *folder;
	struct vocab_grown grown;
	size_t lines, whole;          /* of --add: how many there are, how many are one token now */
	struct cli_vocab_words known; /* private, as the rest */
	char *tokenizer, *path;       /* the old file or its name, the new file */
	bool is_name;                 /* it lies in no folder, and nothing beside it */
	char *beside[TRANSPLANT_BESIDE]; /* what may stand beside the new one */
};

/* `model`'s own tokenizer and the words of --add's lines, or the words and what lies between them
 * in --text (--superwords).  Says what is wrong. */
enum cli_exit transplant_extended_make(struct transplant_extended *out, const char *model,
				       const struct transplant_options *options);
void transplant_extended_remove(struct transplant_extended *extended);

#endif
