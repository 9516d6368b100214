#include "vocab/format/ranks_internal.h"

static void check_unique(struct hf_reader *r)
{
	const struct tok_model_spec *model = &r->out->model;
	struct tok_strings seen;
	tok_id top = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		top = model->entries[i].id > top ? model->entries[i].id : top;
	uint8_t *taken = tok_arena_array(&r->scratch, (size_t)top + 1, 1);
	if (!taken || !tok_strings_init(&seen, &r->scratch, model->entry_count)) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	for (size_t i = 0; i < model->entry_count && r->status == TOK_OK; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		if (taken[entry->id]++)
			r->status =
			    tok_fail(r->err, TOK_EFORMAT,
				     "the rank %u is there twice: ranks must be unique", entry->id);
		else if (!tok_strings_add(&seen, entry->text, entry->id))
			r->status = tok_fail(r->err, TOK_EFORMAT,
					     "the tokens %u and %u have the same bytes '%s'",
					     tok_strings_find(&seen, entry->text), entry->id,
					     tok_show(entry->text).text);
	}
}

void ranks_finish(struct hf_reader *r, struct tok_span pattern)
{
	struct tok_model_spec *model = &r->out->model;
	struct tok_pretok_step *split = hf_array(r, 1, sizeof *split);
	struct tok_decode_step *join = hf_array(r, 1, sizeof *join);
	if (!split || !join)
		return;
	check_unique(r);

	r->out->raw_vocabulary = true;
	model->kind = TOK_MODEL_BPE;
	model->unk = TOK_NO_ID;
	memset(model->byte_ids, 0xFF, sizeof model->byte_ids);
	model->as.bpe.order = TOK_BPE_RANKS;
	model->as.bpe.raw_bytes = true;
	model->as.bpe.ignore_merges = true;

	split->kind = TOK_PRETOK_SPLIT;
	split->as.split.pattern = pattern;
	split->as.split.dialect = TOK_REGEX_RUST;
	split->as.split.behavior = TOK_REMOVED;
	split->as.split.invert = true;
	r->out->pretokenizers = split;
	r->out->pretokenizer_count = 1;

	join->kind = TOK_DECODE_BYTE_LEVEL;
	r->out->decoders = join;
	r->out->decoder_count = 1;
	r->out->has_decoder = true;
}
