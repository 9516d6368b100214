/* arpa_internal.h - words of ARPA files. */
#ifndef VOCAB_LM_ARPA_INTERNAL_H
#define VOCAB_LM_ARPA_INTERNAL_H

#include "vocab/lm/ngram_internal.h"

/* What <unk> is; no symbol of a model. */
#define ARPA_UNK (UINT32_MAX - 1)

struct arpa_words {
	const struct tok_tokenizer *tokenizer;
	uint32_t end; /* symbols: ids, the end, the beginning */
	bool texts;
};

/* Adds the word of a symbol; false if memory is out. */
TOK_MUST_USE bool arpa_write_word(const struct arpa_words *words, uint32_t symbol,
				  struct tok_buffer *out);

/* The symbol of a word.  TOK_EARG where there is none. */
TOK_MUST_USE enum tok_status arpa_read_word(const struct arpa_words *words, struct tok_span word,
					    uint32_t *symbol, struct tok_error *err);

#endif
