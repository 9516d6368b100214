/* model_cases.h - the small models of model_table.inc, ready to be built: each with
 * texts and what the reference programs make of them. */
#ifndef TESTS_UNIT_MODEL_CASES_H
#define TESTS_UNIT_MODEL_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/model/model.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define N TOK_PIECE_NORMAL
#define K TOK_PIECE_UNKNOWN
#define C TOK_PIECE_CONTROL
#define D TOK_PIECE_USER_DEFINED
#define U TOK_PIECE_UNUSED
#define B TOK_PIECE_BYTE
#define E(text, id, t, score)                                                                      \
	{                                                                                          \
		SPAN(text), id, t, score                                                           \
	}
#define R(text, tokens) { SPAN(text), tokens },

struct row {
	struct tok_span text;
	const char *tokens; /* NULL: the reference fails */
};

struct model_case {
	const char *name;
	struct tok_model_spec spec;
	const struct row *rows;
	size_t row_count;
	int first_byte; /* id of <0x00>, the others follow; -1: not all are there */
};

#include "model_table.inc"

enum { BYTE_NAME = 6, NAMES = 256 * BYTE_NAME, ENTRIES_MAX = 1024 };

struct fixture {
	struct tok_model_spec spec;
	struct tok_vocab_entry entries[ENTRIES_MAX];
	char names[NAMES + 1];
};

/* What a reader does: all entries, and where the byte tokens are. */
static inline void fill_fixture(struct fixture *f, const struct model_case *c)
{
	f->spec = c->spec;
	f->spec.entries = f->entries;
	assert_true(c->spec.entry_count + 256 <= ENTRIES_MAX);
	memcpy(f->entries, c->spec.entries, c->spec.entry_count * sizeof *f->entries);
	const bool is_sentencepiece = strncmp(c->name, "sentencepiece", 13) == 0;
	for (unsigned b = 0; b < 256; b++) {
		char *name = f->names + b * BYTE_NAME;
		snprintf(name, BYTE_NAME + 1, "<0x%02X>", b);
		f->spec.byte_ids[b] = TOK_NO_ID;
		if (c->first_byte >= 0)
			f->entries[f->spec.entry_count++] = (struct tok_vocab_entry){
				{ (const uint8_t *)name, BYTE_NAME },
				(tok_id)c->first_byte + b,
				is_sentencepiece ? TOK_PIECE_BYTE : TOK_PIECE_NORMAL,
				0.0,
			};
	}
	for (size_t i = 0; i < f->spec.entry_count; i++) {
		const struct tok_span text = f->entries[i].text;
		for (unsigned b = 0; b < 256 && text.count == BYTE_NAME; b++) {
			if (memcmp(text.bytes, f->names + b * BYTE_NAME, BYTE_NAME) == 0)
				f->spec.byte_ids[b] = f->entries[i].id;
		}
	}
}

#endif
