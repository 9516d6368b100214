#include "tok/model/symbols.h"

#include "tok/model/bpe_internal.h"

enum tok_status tok_symbols_begin(const struct tok_model *model, struct tok_model_scratch *scratch,
				  struct tok_span text, struct tok_range piece,
				  struct tok_symbols *out, struct tok_error *err)
{
	if (model->kind != TOK_MODEL_BPE)
		return tok_fail(err, TOK_EARG, "only models of kind BPE join symbols");
	if (!scratch->bpe)
		scratch->bpe = tok_bpe_scratch_new();
	struct tok_bpe_scratch *bpe = scratch->bpe;
	if (!bpe || !tok_bpe_reserve_splits(model->bpe, bpe))
		return tok_fail_memory(err);
	const struct tok_span head = { text.bytes, piece.end };
	const enum tok_status status = tok_bpe_begin(model, bpe, head, piece, piece, err);
	if (status == TOK_OK)
		*out = (struct tok_symbols){ bpe->symbols, bpe->lengths, bpe->count };
	return status;
}

bool tok_symbols_join(const struct tok_model *model, struct tok_model_scratch *scratch,
		      uint32_t left, uint32_t right, struct tok_join *out)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_pair pair = tok_bpe_rate_pair(bpe, scratch->bpe, left, right);
	const bool joins = pair.rank != TOK_RANK_NONE;
	*out = (struct tok_join){
		.rank = pair.rank,
		.result = pair.result,
		.unused = joins && bpe->has_split && bpe->roles[pair.result] == TOK_ROLE_SPLIT,
	};
	return joins;
}

enum tok_status tok_symbols_write(const struct tok_model *model, struct tok_model_scratch *scratch,
				  struct tok_span text, struct tok_range piece, size_t count,
				  struct tok_tokens *out, struct tok_error *err)
{
	const struct tok_span head = { text.bytes, piece.end };
	const size_t before = out->count;
	tok_bpe_start(scratch->bpe, piece.begin);
	scratch->bpe->count = count;
	const enum tok_status status =
	    tok_bpe_write(model, scratch->bpe, head, piece.end, out, err);
	if (status != TOK_OK)
		out->count = before;
	return status;
}
