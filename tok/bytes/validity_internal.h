/*
 * validity_internal.h - a state is a few guesses about borders of pieces; what each kind of
 * model knows about the piece under way.
 */
#ifndef TOK_BYTES_VALIDITY_INTERNAL_H
#define TOK_BYTES_VALIDITY_INTERNAL_H

#include "tok/bytes/validity.h"
#include "tok/pretok/follow.h"

enum {
	VALID_GUESSES = 8,
	VALID_SLOTS = 1 << 15 /* pairs remembered */
};

#define VALID_NONE UINT32_MAX       /* no token yet */
#define VALID_FREE (UINT32_MAX - 1) /* a token that nothing joins */
#define VALID_DEAD UINT32_MAX       /* no node */

/* One guess.  Which borders it has made is in `follow`; the rest is the model's. */
struct valid_guess {
	uint32_t last; /* BPE: the last token of the piece.  Longest match: bytes since it ended */
	uint32_t node; /* BPE: where the bytes of the piece lead to.  Longest match: the open one */
	struct tok_follow_state follow;
	uint8_t many;    /* the piece has more than one token */
	uint8_t spelled; /* bytes of a character that byte tokens have spelled so far */
};

struct valid_guesses {
	uint32_t count;
	struct valid_guess at[VALID_GUESSES];
};

enum valid_fact {
	VALID_IN_MODEL = 1, /* text can become this token */
	VALID_STANDS = 2,   /* ... by merging */
	VALID_BYTE = 4,     /* byte fallback */
	VALID_ADDED = 8     /* cut out of the text wherever it stands */
};

/* Tokens that are cut out of the text before it is encoded (validity_added.c), and what a
 * state knows of them: the last words of it, where any are. */
struct valid_added;

struct valid_cut {
	uint32_t open;       /* longest match under way; VALID_DEAD: the text is none without
			      * the token under way being one of these */
	uint32_t claim;      /* where the bytes since the last token lead to; VALID_DEAD: to none */
	uint32_t claim_open; /* as .open, where the token under way is one of these */
};

/* What a kind of model says of the piece of a guess. */
struct valid_model {
	/* The text goes on by a byte, inside the piece; false: not with these tokens. */
	bool (*byte)(const struct tok_validity *v, struct valid_guess *guess, uint8_t byte);
	/* A token ends here, inside the piece. */
	bool (*token)(const struct tok_validity *v, struct valid_guess *guess, tok_id id);
	/* May it have more tokens? */
	bool (*open)(const struct tok_validity *v, const struct valid_guess *guess);
	/* May the piece end here? */
	bool (*whole)(const struct tok_validity *v, const struct valid_guess *guess);
};

/* What a kind of state is, and does. */
struct valid_kind {
	struct tok_valid_state (*start)(const struct tok_validity *v);
	bool (*byte)(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte);
	bool (*token)(const struct tok_validity *v, const struct tok_valid_state *state, tok_id id,
		      struct tok_valid_state *next);
	bool (*end)(const struct tok_validity *v, const struct tok_valid_state *state);
};

struct tok_validity {
	const struct valid_kind *kind;
	const struct tok_tokenizer *tokenizer;
	const struct tok_byte_tokens *tokens;
	const struct tok_model *model;
	const struct tok_follow *follow;
	const struct valid_model *rules; /* of states that are guesses */
	size_t size;
	uint8_t *facts; /* by id */
	bool marks;     /* what the model sees holds no space */

	struct valid_added *added; /* NULL: none */

	/* BPE */
	bool ignore_merges;
	struct tok_model_scratch *scratch;
	uint64_t *pairs; /* asked before: left, right and the answer */

	/* Longest match: a token that a node's text begins, and how long that is. */
	uint32_t *owners, *depths;

	/* Unigram */
	struct tok_tokens *path;
	size_t longest; /* bytes of a token */
	bool splits_words;
};

/* ---- tokens that are cut out (validity_added.c) ---- */

/* Find them, or refuse them by name; v->added and v->facts are set. */
TOK_MUST_USE enum tok_status valid_added_init(struct tok_validity *v, struct tok_error *err);
void valid_added_free(struct valid_added *added);

/* What tok_validity_... do where there are some. */
bool valid_added_byte(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte);
bool valid_added_token(const struct tok_validity *v, const struct tok_valid_state *state, tok_id id,
		       struct tok_valid_state *next);
bool valid_added_end(const struct tok_validity *v, const struct tok_valid_state *state);

/* Of a state behind a token: what is known if the next one is cut out - false: it may not be - and
 * what if it is not, guesses apart. */
bool valid_added_claim(const struct tok_valid_state *state, struct tok_valid_state *out);
void valid_added_unclaim(const struct tok_valid_state *state, struct tok_valid_state *out);

/* Is it one of the tokens that spell characters without token? */
static inline bool valid_is_byte_id(const struct tok_model_spec *model, tok_id id)
{
	for (size_t i = 0; model->byte_fallback && i < 256; i++)
		if (model->byte_ids[i] == id)
			return true;
	return false;
}

/* Does a token that text can become end at this node? */
static inline bool valid_is_token_text(const struct tok_validity *v, uint32_t node)
{
	const tok_id *ids;
	const size_t count = tok_byte_tokens_ends(v->tokens, node, &ids);
	for (size_t i = 0; i < count; i++)
		if (ids[i] < v->size && (v->facts[ids[i]] & VALID_IN_MODEL))
			return true;
	return false;
}

/* Fill what is the model's; `out` has tokenizer, tokens, model, size and facts. */
TOK_MUST_USE enum tok_status valid_bpe_init(struct tok_validity *out, struct tok_error *err);
TOK_MUST_USE enum tok_status valid_unigram_init(struct tok_validity *out, struct tok_error *err);
TOK_MUST_USE enum tok_status valid_longest_init(struct tok_validity *out, struct tok_error *err);

#endif
