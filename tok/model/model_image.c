/*
 * A model in an image: the entries here, the tables of each kind in its own file.
 */
#include <stdlib.h>

#include "tok/model/model_internal.h"

enum {
	FACTS = TOK_IMAGE_TAG('m', 'f', 'c', 't'),
	TEXT_BYTES = TOK_IMAGE_TAG('m', 'b', 'y', 't'),
	TEXT_STARTS = TOK_IMAGE_TAG('m', 's', 't', 'a'),
	IDS = TOK_IMAGE_TAG('m', 'i', 'd', 's'),
	TYPES = TOK_IMAGE_TAG('m', 't', 'y', 'p'),
	BY_TEXT = TOK_IMAGE_TAG('m', 't', 'x', 't'),
	BY_ID = TOK_IMAGE_TAG('m', 'p', 'l', 'c')
};

struct facts {
	uint64_t fingerprint;
	uint32_t kind, unk, byte_fallback, all_bytes;
	uint32_t byte_ids[256];
};

/* Does anybody look whole texts up other than in a trie? */
static bool needs_by_text(const struct tok_model *model)
{
	switch (model->kind) {
	case TOK_MODEL_BPE:
		return !tok_bpe_walks(model);
	case TOK_MODEL_UNIGRAM:
	case TOK_MODEL_WORDLEVEL:
		return true;
	case TOK_MODEL_WORDPIECE:
		break;
	}
	return false;
}

static void save_lexicon(const struct tok_model *model, struct tok_image_writer *w)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	struct facts facts = {
		.fingerprint = lexicon->fingerprint,
		.kind = (uint32_t)model->kind,
		.unk = lexicon->unk,
		.byte_fallback = lexicon->byte_fallback,
		.all_bytes = lexicon->all_bytes,
	};
	memcpy(facts.byte_ids, lexicon->byte_ids, sizeof facts.byte_ids);
	tok_image_put(w, FACTS, &facts, sizeof facts);
	tok_texts_save(&lexicon->texts, TEXT_BYTES, TEXT_STARTS, w);
	tok_image_put(w, IDS, lexicon->ids, lexicon->count * sizeof *lexicon->ids);
	tok_image_put(w, TYPES, lexicon->types, lexicon->count);
	if (needs_by_text(model))
		tok_index_save(&lexicon->by_text, BY_TEXT, w);
	if (lexicon->slots)
		tok_image_put(w, BY_ID, lexicon->slots,
			      (lexicon->mask + 1) * sizeof *lexicon->slots);
}

/* Places by id: a power of two of them, all of which lead to entries but some. */
static bool open_places(struct tok_lexicon *lexicon, const struct tok_image *image)
{
	size_t slots, free_slots = 0, wild = 0;
	lexicon->slots = tok_image_array(image, BY_ID, sizeof *lexicon->slots, &slots);
	if (slots == 0) {
		lexicon->slots = NULL;
		return true;
	}
	lexicon->mask = slots - 1;
	for (size_t i = 0; i < slots && !image->trusted; i++) {
		free_slots += lexicon->slots[i] == TOK_NO_ID;
		wild += lexicon->slots[i] != TOK_NO_ID && lexicon->slots[i] >= lexicon->count;
	}
	return (slots & (slots - 1)) == 0 && (image->trusted || (free_slots > 0 && wild == 0));
}

static bool open_lexicon(struct tok_model *model, const struct tok_image *image)
{
	struct tok_lexicon *lexicon = &model->lexicon;
	size_t ids, types, count;
	const struct facts *facts = tok_image_array(image, FACTS, sizeof *facts, &count);
	if (count != 1 || facts->kind > TOK_MODEL_WORDLEVEL ||
	    !tok_texts_open(&lexicon->texts, image, TEXT_BYTES, TEXT_STARTS))
		return false;
	model->kind = (enum tok_model_kind)facts->kind;
	lexicon->fingerprint = facts->fingerprint;
	lexicon->unk = facts->unk;
	lexicon->byte_fallback = facts->byte_fallback != 0;
	lexicon->all_bytes = facts->all_bytes != 0;
	memcpy(lexicon->byte_ids, facts->byte_ids, sizeof lexicon->byte_ids);
	lexicon->count = lexicon->texts.count;
	lexicon->ids = tok_image_array(image, IDS, sizeof *lexicon->ids, &ids);
	lexicon->types = tok_image_array(image, TYPES, 1, &types);
	return ids == lexicon->count && types == lexicon->count && open_places(lexicon, image);
}

void tok_model_save(const struct tok_model *model, struct tok_image_writer *writer)
{
	save_lexicon(model, writer);
	switch (model->kind) {
	case TOK_MODEL_BPE:
		tok_bpe_save(model, writer);
		break;
	case TOK_MODEL_UNIGRAM:
		tok_unigram_save(model, writer);
		break;
	case TOK_MODEL_WORDPIECE:
		tok_wordpiece_save(model, writer);
		break;
	case TOK_MODEL_WORDLEVEL:
		break;
	}
}

static enum tok_status open_kind(struct tok_model *model, const struct tok_image *image,
				 bool *sound, struct tok_error *err)
{
	switch (model->kind) {
	case TOK_MODEL_BPE:
		return tok_bpe_open(model, image, sound, err);
	case TOK_MODEL_UNIGRAM:
		return tok_unigram_open(model, image, sound, err);
	case TOK_MODEL_WORDPIECE:
		return tok_wordpiece_open(model, image, sound, err);
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	return TOK_OK;
}

enum tok_status tok_model_open(const struct tok_image *image, struct tok_model **out,
			       struct tok_error *err)
{
	struct tok_model *model = calloc(1, sizeof *model);
	if (!model)
		return tok_fail_memory(err);
	model->kernel = tok_kernel_best();
	bool sound = open_lexicon(model, image);
	enum tok_status status = TOK_OK;
	if (sound)
		status = open_kind(model, image, &sound, err);
	if (status == TOK_OK && sound && needs_by_text(model))
		sound =
		    tok_index_open(&model->lexicon.by_text, image, BY_TEXT, model->lexicon.count);
	if (status == TOK_OK && !sound)
		status =
		    tok_fail(err, TOK_EFORMAT, "the image's model points outside of its tables");
	if (status == TOK_OK)
		*out = model;
	else
		tok_model_free(model);
	return status;
}
