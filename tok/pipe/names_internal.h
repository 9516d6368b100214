/*
 * names_internal.h - what each id is called, and what decoding makes of it.
 *
 * Texts are as the file writes them; those of raw vocabularies in the byte-level
 * alphabet.  The vocabulary comes first, the added tokens lie over it.
 */
#ifndef TOK_PIPE_NAMES_INTERNAL_H
#define TOK_PIPE_NAMES_INTERNAL_H

#include "tok/base/image.h"
#include "tok/base/texts.h"
#include "tok/model/model.h"

/* Of an id.  The lowest three bits are its enum tok_piece_type. */
enum {
	TOK_NAME_TYPE = 7,
	TOK_NAME_ENTRY = 8,  /* the model knows it */
	TOK_NAME_ADDED = 16, /* it is an added token */
	TOK_NAME_SPECIAL = 32,
	TOK_NAME_SKIPPED = 64 /* by a decoder told to skip special tokens */
};

struct tok_names {
	struct tok_texts texts; /* by number: the entries' and then the added tokens' */
	const tok_id *ids;      /* by number */
	struct tok_index by_text;
	size_t size;             /* one more than the largest id; what follows is by id */
	const uint32_t *numbers; /* TOK_NO_ID: a hole */
	const uint8_t *flags;
	const double *scores;     /* NULL where the model has none */
	struct tok_texts decodes; /* what decoding starts from: of an added token that is
				   * matched normalised, the normalised content */
};

static inline bool tok_names_has(const struct tok_names *names, tok_id id)
{
	return id < names->size && names->numbers[id] != TOK_NO_ID;
}

/* The caller keeps tok_names_has. */
static inline struct tok_span tok_names_text(const struct tok_names *names, tok_id id)
{
	return tok_texts_at(&names->texts, names->numbers[id]);
}

/* The id called `text`, added tokens first; or TOK_NO_ID. */
tok_id tok_names_find(const struct tok_names *names, struct tok_span text);

void tok_names_save(const struct tok_names *names, struct tok_image_writer *writer);

/* TOK_EFORMAT where a number points outside of its table. */
TOK_MUST_USE enum tok_status tok_names_open(struct tok_names *names, const struct tok_image *image,
					    struct tok_error *err);

#endif
