/*
 * Where a text may be cut so that no merge crosses.
 *
 * A merge across the border of two characters makes a token that holds both, side
 * by side; so none crosses where no token of the vocabulary has the second behind
 * the first.  Nor does one cross where a known character meets an unknown one, if
 * no merge takes what unknown text is written as.
 *
 * Not where unused pieces are, because how one is taken apart depends on the whole
 * piece of text, and not where whole pieces are looked up, because parts would then
 * be taken for them.
 */
#include "tok/model/bpe_internal.h"

/* Is unknown text written as tokens at all?  (It may vanish, and what stands around it
 * then joins.) */
static bool is_written(const struct tok_model *model)
{
	const struct tok_bpe *bpe = model->bpe;
	if (bpe->order != TOK_BPE_MERGES || bpe->unk_symbol != TOK_SYMBOL_NONE)
		return true;
	if (!model->lexicon.byte_fallback)
		return false;
	for (size_t byte = 0; byte < 256; byte++)
		if (bpe->byte_symbols[byte] == TOK_SYMBOL_NONE)
			return false;
	return true;
}

/* Does no merge take them?  `marks`: zeros, one a symbol. */
static bool never_merges(const struct tok_bpe *bpe, uint8_t *marks)
{
	if (bpe->unk_symbol != TOK_SYMBOL_NONE)
		marks[bpe->unk_symbol] = 1;
	for (size_t byte = 0; byte < 256; byte++)
		if (bpe->byte_symbols[byte] != TOK_SYMBOL_NONE)
			marks[bpe->byte_symbols[byte]] = 1;
	for (uint32_t i = 0; i < bpe->pairs.count; i++) {
		const struct tok_pair *pair = &bpe->pairs.slots[i];
		if (pair->rank != TOK_RANK_NONE && (marks[pair->left] || marks[pair->right]))
			return false;
	}
	return true;
}

static bool find_unknown_breaks(const struct tok_model *model, bool *out)
{
	struct tok_arena scratch = { 0 };
	*out = false;
	if (model->bpe->user.cells || !is_written(model))
		return true; /* user-defined pieces may hold known and unknown characters */
	uint8_t *marks = tok_arena_array(&scratch, model->bpe->symbol_count, 1);
	if (marks)
		*out = never_merges(model->bpe, marks);
	tok_arena_release(&scratch);
	return marks != NULL;
}

static bool is_known(const struct tok_bpe *bpe, uint32_t code)
{
	return tok_charmap_get(&bpe->chars[0][0], code) != TOK_SYMBOL_NONE;
}

/* May a text be cut between the two if no token holds them side by side? */
static bool breaks_known(const struct tok_bpe *bpe, uint32_t before, uint32_t code)
{
	const bool first = is_known(bpe, before), second = is_known(bpe, code);
	return first == second ? first : bpe->unknown_breaks;
}

/* So that of two characters that have rows, the bit says all. */
static void heed_unknown(struct tok_bpe *bpe)
{
	for (uint32_t a = 0; a < TOK_NEAR; a++)
		for (uint32_t b = 0; b < TOK_NEAR; b++) {
			const uint32_t before = a < TOK_NEAR - 1 ? a : TOK_SPACE_MARK;
			const uint32_t code = b < TOK_NEAR - 1 ? b : TOK_SPACE_MARK;
			if (!breaks_known(bpe, before, code))
				bpe->borders.near[a][b / 64] &= ~(UINT64_C(1) << b % 64);
		}
}

enum tok_status tok_bpe_build_cuts(struct tok_model *model, struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	if (!bpe->exact || bpe->has_split || bpe->ignore_merges || bpe->prefix.count ||
	    bpe->suffix.count)
		return TOK_OK;

	if (!find_unknown_breaks(model, &bpe->unknown_breaks))
		return tok_fail_memory(err);
	const enum tok_status status = tok_borders_build(&bpe->borders, &model->arena,
							 &model->lexicon, ~0u, bpe->raw_bytes, err);
	if (status == TOK_OK)
		heed_unknown(bpe);
	return status;
}

/* ---- cutting ------------------------------------------------------------------------ */

static inline bool is_cut(const struct tok_bpe *bpe, uint32_t before, uint32_t code)
{
	if (!tok_borders_between(&bpe->borders, before, code))
		return false;
	return tok_has_row(before, code) || breaks_known(bpe, before, code);
}

static inline bool is_border(const struct tok_cutter *cutter, uint32_t before, uint32_t code)
{
	return is_cut(cutter->model, before, code);
}

static inline void put_end(struct tok_cutter *cutter, uint32_t begin, uint32_t end,
			   struct tok_char first)
{
	(void)begin, (void)first;
	((uint32_t *)cutter->parts)[cutter->count] = end;
}

static size_t cut_bytes(const struct tok_bpe *bpe, struct tok_span text, size_t at, uint32_t *ends,
			size_t capacity)
{
	size_t count = 0;
	while (++at < text.count) {
		if (!is_cut(bpe, text.bytes[at - 1], text.bytes[at]))
			continue;
		if (count == capacity)
			return count;
		ends[count++] = (uint32_t)at;
	}
	if (count < capacity)
		ends[count++] = (uint32_t)text.count;
	return count;
}

size_t tok_bpe_cut(const struct tok_model *model, struct tok_span text, uint32_t begin,
		   uint32_t *ends, size_t capacity)
{
	const struct tok_bpe *bpe = model->bpe;
	struct tok_cutter cutter = {
		.model = bpe,
		.find = tok_places_of(TOK_PLACES_WORDS, model->kernel),
		.text = text,
		.long_bytes = TOK_MEMO_TEXT,
		.capacity = capacity,
		.parts = ends,
	};
	if (!bpe->borders.near) {
		ends[0] = (uint32_t)text.count;
		return 1;
	}
	if (bpe->raw_bytes)
		return cut_bytes(bpe, text, begin, ends, capacity);
	tok_cutter_run(&cutter, is_border, put_end, begin);
	return cutter.count;
}

static bool is_token(const struct tok_model *model, uint32_t code)
{
	const uint32_t symbol = tok_charmap_get(&model->bpe->chars[0][0], code);
	return symbol < model->lexicon.count &&
	       (!model->bpe->roles || model->bpe->roles[symbol] == TOK_ROLE_TOKEN);
}

/* BPE: no token has `code` behind `before`, so no merge crosses.  Both are tokens by
 * themselves, so that no unknown run and no run of bytes does.  Unigram adds scores
 * from the beginning of the text on, and rounds. */
bool tok_model_breaks_before(const struct tok_model *model, uint32_t before, uint32_t code)
{
	if (model->kind != TOK_MODEL_BPE || !model->bpe->borders.near || model->bpe->raw_bytes ||
	    before >= TOK_BAD_BYTE || code >= TOK_BAD_BYTE)
		return false;
	return is_token(model, before) && is_token(model, code) && is_cut(model->bpe, before, code);
}
