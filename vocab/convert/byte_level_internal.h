/*
 * byte_level_internal.h - between the files of the conversion: the tokens on their way.
 *
 * Tokens lie in the order of the ids that they had, then in that in which they were added; who
 * refers to one says its place.  Forms live in the arena of what is made.
 */
#ifndef VOCAB_CONVERT_BYTE_LEVEL_INTERNAL_H
#define VOCAB_CONVERT_BYTE_LEVEL_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/base/hash.h"
#include "vocab/convert/byte_level.h"
#include "vocab/convert/token_bytes.h"

#define LEVEL_NONE ((uint32_t)TOK_NO_ID)

struct level_token {
	struct tok_span text; /* as it was; of new ones nothing */
	struct tok_span form;
	const struct tok_added_token *added; /* how it was added, or of a special one is */
	tok_id was, id;                      /* TOK_NO_ID: it is new; it is gone */
	double score;
	bool is_entry; /* of the model that was */
	bool special;
	bool written; /* its form is to be made of bytes */
};

struct level {
	const struct tok_spec *spec;
	const struct vocab_byte_level_options *options;
	struct vocab_byte_level_report report;
	struct tok_spec *out;
	struct tok_arena scratch;
	struct level_token *tokens;
	size_t count, old_count; /* the old ones come first */
	size_t capacity;
	tok_id next_id;
	uint32_t space;           /* stood for a space in texts; 0: nothing did */
	struct tok_strings forms; /* places of tokens */
	struct tok_error *err;
};

/* ---- how texts are written (byte_level_text.c) ------------------------------------ */

TOK_MUST_USE enum tok_status level_find_script(struct level *l, struct vocab_spelling *out);
TOK_MUST_USE bool level_write(struct level *l, const struct vocab_spelling *script,
			      struct tok_span text, struct tok_span *out);

/* Characters of white space in a form: space, newline, tab. */
size_t level_spaces(struct tok_span form);

/* ---- tokens (byte_level_tokens.c) --------------------------------------------------- */

/* Steps 1 to 5. */
TOK_MUST_USE enum tok_status level_collect(struct level *l);
TOK_MUST_USE enum tok_status level_write_all(struct level *l);

/* A token that is there, or LEVEL_NONE. */
uint32_t level_find(const struct level *l, struct tok_span form);
/* Among those that the specification had. */
uint32_t level_find_id(const struct level *l, tok_id id);
/* Put one behind all; `form` lives as long as what is made. */
TOK_MUST_USE enum tok_status level_append(struct level *l, struct tok_span form, double score);

/* Runs of white space that step 5 wants: `second` times `many` behind `first`, each a place in
 * level_whites. */
enum { LEVEL_WHITES = 3, LEVEL_RUN_LONGEST = 15 };
extern const char *const level_whites[LEVEL_WHITES];
TOK_MUST_USE bool level_run(struct level *l, unsigned first, unsigned second, unsigned many,
			    struct tok_span *out);

/* ---- ids, special tokens and the template (byte_level_specials.c) ------------------- */

TOK_MUST_USE enum tok_status level_set_ids(struct level *l);
TOK_MUST_USE enum tok_status level_set_specials(struct level *l);

/* ---- merges (byte_level_merges.c, byte_level_chains.c) -------------------------------- */

/* Those of the model that was, as places of tokens, which are what they make. */
struct level_merges {
	struct tok_merge *items;
	size_t count, total;
};
TOK_MUST_USE enum tok_status level_merges(struct level *l, struct level_merges *out);

/* Merges and the tokens on their way, into l->out. */
TOK_MUST_USE enum tok_status level_chain(struct level *l, const struct level_merges *merges);

/* ---- normaliser, pre-tokenizer, decoder (byte_level_pipeline.c) ------------------------ */

TOK_MUST_USE enum tok_status level_set_pipeline(struct level *l);

#endif
