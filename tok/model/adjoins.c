/*
 * adjoins.c - for those who walk rows of tokens one by one: may these two stand side by side?
 *
 * Spines (spine.c) tell it of most tokens.  The others - all of a vocabulary that only merges, and
 * tokens that merges of falling rank make - are merged.
 */
#include "tok/model/bpe_internal.h"

#include <stdlib.h>

bool tok_model_pairs_decide(const struct tok_model *model)
{
	const struct tok_bpe *bpe = model->bpe;
	return model->kind == TOK_MODEL_BPE && bpe->exact && !bpe->has_split &&
	       bpe->prefix.count == 0 && bpe->suffix.count == 0;
}

bool tok_model_cuts_pieces(const struct tok_model *model)
{
	return model->kind == TOK_MODEL_BPE && model->bpe->user.cells;
}

/* Are the symbols that `text` is merged to these places? */
static enum tok_status merge_and_compare(const struct tok_model *model,
					 struct tok_bpe_scratch *scratch, struct tok_span text,
					 const uint32_t *places, size_t count, bool *out,
					 struct tok_error *err)
{
	const struct tok_range all = { 0, (uint32_t)text.count };
	const enum tok_status status = tok_bpe_begin(model, scratch, text, all, all, err);
	if (status == TOK_ETEXT) {
		*out = false;
		return TOK_OK;
	}
	if (status != TOK_OK)
		return status;
	if (!tok_bpe_merge(model->bpe, scratch))
		return tok_fail_memory(err);
	*out = scratch->count == count &&
	       memcmp(scratch->symbols, places, count * sizeof *places) == 0;
	return TOK_OK;
}

static enum tok_status merge_texts(const struct tok_model *model, struct tok_model_scratch *scratch,
				   const uint32_t *places, size_t count, bool *out,
				   struct tok_error *err)
{
	struct tok_span texts[2] = { { 0 } };
	uint8_t near[256], *bytes = near;
	for (size_t i = 0; i < count; i++)
		texts[i] = tok_lexicon_text(&model->lexicon, places[i]);
	const size_t length = texts[0].count + texts[1].count;
	if (length == 0 || length > TOK_STRETCH_MAX) {
		*out = false;
		return TOK_OK;
	}
	if (!scratch->bpe)
		scratch->bpe = tok_bpe_scratch_new();
	if (length > sizeof near)
		bytes = malloc(length);
	enum tok_status status = TOK_OK;
	if (!scratch->bpe || !bytes) {
		status = tok_fail_memory(err);
	} else {
		for (size_t i = 0, at = 0; i < count; at += texts[i++].count)
			memcpy(bytes + at, texts[i].bytes, texts[i].count);
		status = merge_and_compare(model, scratch->bpe, (struct tok_span){ bytes, length },
					   places, count, out, err);
	}
	if (bytes != near)
		free(bytes);
	return status;
}

enum tok_status tok_model_adjoins(const struct tok_model *model, struct tok_model_scratch *scratch,
				  tok_id left, tok_id right, bool *out, struct tok_error *err)
{
	const struct tok_spine *spines = model->bpe->walk.spines;
	const tok_id ids[2] = { left, right };
	uint32_t places[2];
	size_t count = 0;
	bool told = spines != NULL;
	for (size_t i = left == TOK_NO_ID; i < 2; i++) {
		const uint32_t place = tok_lexicon_place(&model->lexicon, ids[i]);
		if (place == TOK_NO_ID ||
		    !tok_piece_matches((enum tok_piece_type)model->lexicon.types[place])) {
			*out = false;
			return TOK_OK;
		}
		told = told && spines[place].birth != TOK_BIRTH_NEVER;
		places[count++] = place;
	}
	if (!told)
		return merge_texts(model, scratch, places, count, out, err);
	*out = count == 1 || tok_bpe_adjoins(model->bpe, places[0], places[1]);
	return TOK_OK;
}
