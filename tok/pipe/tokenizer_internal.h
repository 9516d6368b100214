/*
 * tokenizer_internal.h - the tables that encoder and decoder walk.
 */
#ifndef TOK_PIPE_TOKENIZER_INTERNAL_H
#define TOK_PIPE_TOKENIZER_INTERNAL_H

#include "tok/pipe/added_internal.h"
#include "tok/pipe/names_internal.h"
#include "tok/pipe/byte_level.h"
#include "tok/pipe/tokenizer.h"

/* Where texts may be cut: see cut.c. */
struct tok_cuts {
	bool anywhere, words, lines, newline_tokens, chars;
	bool norm_fronts, pretok_fronts; /* something is done at the beginning of a text */
	uint32_t space;                  /* what the model or splitter sees of one */
	struct tok_added_reach reach;    /* of the tokens in the text as it came */
};

struct tok_tokenizer {
	struct tok_spec spec;
	struct tok_arena arena; /* everything below that is not a handle */
	struct tok_normalizer *normalizer;
	struct tok_pretokenizer *pretokenizer;
	struct tok_model *model;

	struct tok_names names;

	struct tok_span *added_contents;       /* of spec.added, what is looked for */
	struct tok_added_set added;            /* matched in the text as it came */
	struct tok_added_set added_normalized; /* matched after normalisation */
	/* Of one over an image: indices into spec.added in the order of the two sets, as sorting
	 * thousands takes longer than all else; NULL: in the order of the file. */
	const uint32_t *added_order;
	size_t added_order_count;

	struct tok_regex **decode_regexes; /* one a decoder step; NULL where none */
	size_t decode_regex_count;
	struct tok_cuts cuts[2]; /* by whether special tokens in the text are matched */
	struct tok_cuts word_cuts[2];
	bool single_bytes; /* no token has more than one byte */
	bool byte_model;   /* the model's symbols are bytes: text reaches it as it is */
	bool byte_decoder; /* decoding is joining the names' decodes, which hold bytes */
	bool needs_origin; /* origins are tracked even if nobody wants offsets */
	bool tiles;        /* pieces tile the text: tok_pretokenizer_ends */
	enum tok_kernel kernel;

	/* Of one that is a view over an image: what to do when it is let go. */
	void (*release_image)(void *owner);
	void *image_owner;
};

/* names_build.c: t->names of t->spec and t->added_contents. */
TOK_MUST_USE enum tok_status tok_names_build(struct tok_tokenizer *t, struct tok_error *err);

/* What does not depend on the vocabulary and is made anew for an image: the
 * normalizer, the pre-tokenizer, the decoder's patterns, the sets of added tokens. */
TOK_MUST_USE enum tok_status tok_tokenizer_equip(struct tok_tokenizer *t, struct tok_error *err);

/* t->cuts and t->word_cuts, once all else is there. */
void tok_cuts_init(struct tok_tokenizer *t);

#endif
