/*
 * config.h - the JSON files beside a model's weights, rewritten for another tokenizer.
 *
 *	status = hyper_config_rewrite(config, &change, &buffer, &notes, &err);
 *
 * config.json: vocab_size (also of text_config and the like, and padded_vocab_size; one that is
 * nowhere is put there if the rows are others), ids of special tokens by role, also where they are
 * lists, tie_word_embeddings if asked.  generation_config.json: the same ids; lists of token ids
 * that mean nothing any more (suppress_tokens, begin_suppress_tokens, bad_words_ids,
 * forced_decoder_ids, sequence_bias) are dropped, with a note.  Other ids of tokens by name
 * (image_token_index and its like: *_token_id, *_token_ids, *_token_index) are mapped where the
 * token matches, exactly or by role, and refused, by name, where it does not.  All else stays as it
 * is written, white space and numbers too; where no id changes, byte for byte.
 *
 * An id of a role becomes that of the new token of the role, else of the token that it matches,
 * else null (of a list: is left out), with a note.  Objects of what sees and hears (vision_config,
 * audio_config) have vocabularies of their own and stay.
 */
#ifndef HYPER_TRANSPLANT_CONFIG_H
#define HYPER_TRANSPLANT_CONFIG_H

#include "hypernet/transplant/match.h"
#include "tok/base/buffer.h"

struct hyper_config_change {
	size_t rows; /* of the new embeddings */
	size_t source_rows;
	const struct hyper_vocab *source, *target;
	const struct hyper_matches *matches;
	int tied; /* -1: tie_word_embeddings stays */
};

/* `notes` gets a line for each thing that its reader should know.  TOK_EFORMAT of what is no JSON
 * object, TOK_EARG for an id that cannot be mapped. */
TOK_API TOK_MUST_USE enum tok_status
hyper_config_rewrite(struct tok_span config, const struct hyper_config_change *change,
		     struct tok_buffer *out, struct tok_buffer *notes, struct tok_error *err);

/* The new token of a role: the target's own, else what the source's matches; TOK_NO_ID of none. */
TOK_API tok_id hyper_config_role(const struct hyper_config_change *change, enum hyper_role role);

/* What does not fit a vocabulary and so many rows: sizes, ids beyond the rows or of no token; a
 * line each.  TOK_EFORMAT of what is no JSON object. */
TOK_API TOK_MUST_USE enum tok_status hyper_config_check(struct tok_span config,
							const struct hyper_vocab *vocab,
							size_t rows, struct tok_buffer *out,
							struct tok_error *err);

/* Texts of `template` (a chat template of Jinja) that look like special tokens, are some of
 * `source` and no token of the target: their names, one a line.  What was plain text before is not
 * missing.  NULL of a source that is not known: all that look like it. */
TOK_API TOK_MUST_USE enum tok_status hyper_template_audit(struct tok_span template,
							  const struct hyper_vocab *source,
							  const struct hyper_vocab *target,
							  struct tok_buffer *out,
							  struct tok_error *err);

#endif
