#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

enum tok_status bpe_words_add(struct bpe_words *words, const uint32_t *symbols, size_t count,
			      uint64_t weight, struct tok_error *err)
{
	if (count < 2)
		return TOK_OK;
	const size_t width = words->wide ? sizeof(uint32_t) : sizeof(uint16_t);
	const size_t units = (BPE_ROW_HEAD + (count + 1) * width + BPE_ROW_UNIT - 1) / BPE_ROW_UNIT;
	if (words->bytes / BPE_ROW_UNIT + units >= UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"all words take more than 32 GB: leave out rare ones, or cut texts "
				"into shorter words");
	if (!tok_grow(&words->rows, &words->capacity, words->bytes + units * BPE_ROW_UNIT, 1))
		return tok_fail_memory(err);
	struct bpe_row *row = bpe_row(words, bpe_words_end(words));
	row->count = weight;
	row->units = (uint32_t)units;
	for (size_t i = 0; i < count; i++)
		bpe_symbol_set(bpe_row_symbols(row), words->wide, i, symbols[i]);
	bpe_symbol_set(bpe_row_symbols(row), words->wide, count, BPE_END);
	words->bytes += units * BPE_ROW_UNIT;
	return TOK_OK;
}

void bpe_words_release(struct bpe_words *words)
{
	free(words->rows);
	*words = (struct bpe_words){ 0 };
}
