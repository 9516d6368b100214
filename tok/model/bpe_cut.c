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

/* What a character is behind: nothing, one other character, or several.  Behind
 * itself does not count: runs are not cut. */
enum { SEVERAL = 0x7FFFFFFF };

static bool note_token(struct tok_bpe *bpe, struct tok_span text)
{
	uint32_t before = UINT32_MAX;
	bool room = true;
	for (size_t at = 0; room && at < text.count;) {
		const struct tok_char c = tok_bpe_unit(bpe, text, at);
		const uint32_t known = tok_charmap_get(&bpe->inner, c.code);
		if (at > 0 && c.code != before && known != before)
			room = tok_charmap_set(&bpe->inner, c.code,
					       known == TOK_SYMBOL_NONE ? before : SEVERAL);
		before = c.code;
		at += c.length;
	}
	return room;
}

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

enum tok_status tok_bpe_build_cuts(struct tok_model *model, struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	if (!bpe->exact || bpe->has_split || bpe->ignore_merges || bpe->prefix.count ||
	    bpe->suffix.count)
		return TOK_OK;

	bool room = find_unknown_breaks(model, &bpe->unknown_breaks) &&
		    tok_charmap_init(&bpe->inner, &model->arena);
	for (size_t i = 0; room && i < model->lexicon.count; i++)
		room = note_token(bpe, tok_lexicon_text(&model->lexicon, i));
	if (room && tok_charmap_freeze(&bpe->inner, &model->arena))
		return TOK_OK;
	tok_charmap_discard(&bpe->inner);
	return tok_fail_memory(err);
}

void tok_bpe_claim_cuts(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	memset(scratch->plain, 0, sizeof scratch->plain);
	for (uint32_t byte = 0; byte < (bpe->raw_bytes ? 256 : 128) && bpe->inner.pages; byte++)
		scratch->plain[byte] =
		    tok_charmap_get(&bpe->chars[0][0], byte) != TOK_SYMBOL_NONE &&
		    tok_charmap_get(&bpe->inner, byte) == SEVERAL;
}

/* Has no token `code` behind `before`? */
static bool is_border(const struct tok_bpe *bpe, uint32_t before, uint32_t code)
{
	const uint32_t behind = tok_charmap_get(&bpe->inner, code);
	return before != code &&
	       (behind == TOK_SYMBOL_NONE || (behind != SEVERAL && behind != before));
}

/* The end of the part that begins at `at`. */
static uint32_t find_cut(const struct tok_bpe *bpe, const uint8_t plain[256], struct tok_span text,
			 uint32_t at)
{
	const struct tok_charmap *units = &bpe->chars[0][0];
	const uint32_t limit = (uint32_t)text.count;
	struct tok_char before = tok_bpe_unit(bpe, text, at);
	bool known = tok_charmap_get(units, before.code) != TOK_SYMBOL_NONE;
	for (at += before.length; at < limit;) {
		if (known && plain[text.bytes[at]]) {
			do
				at++;
			while (at < limit && plain[text.bytes[at]]);
			if (at == limit)
				break;
			before.code = text.bytes[at - 1];
		}
		const struct tok_char unit = tok_bpe_unit(bpe, text, at);
		const bool was_known = known;
		known = tok_charmap_get(units, unit.code) != TOK_SYMBOL_NONE;
		if (known != was_known && bpe->unknown_breaks)
			return at;
		if (known && was_known && is_border(bpe, before.code, unit.code))
			return at;
		before = unit;
		at += unit.length;
	}
	return limit;
}

size_t tok_bpe_cut(const struct tok_bpe *bpe, const struct tok_bpe_scratch *scratch,
		   struct tok_span text, uint32_t at, uint32_t *ends, size_t capacity)
{
	size_t count = 0;
	if (!bpe->inner.pages) {
		ends[0] = (uint32_t)text.count;
		return 1;
	}
	while (count < capacity && at < text.count) {
		at = find_cut(bpe, scratch->plain, text, at);
		ends[count++] = at;
	}
	return count;
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
	if (model->kind != TOK_MODEL_BPE || !model->bpe->inner.pages || model->bpe->raw_bytes ||
	    before == code || before >= TOK_BAD_BYTE || code >= TOK_BAD_BYTE)
		return false;
	return is_token(model, before) && is_token(model, code) &&
	       is_border(model->bpe, before, code);
}
