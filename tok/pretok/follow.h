/*
 * follow.h - where the pieces of a pre-tokenizer may end, told byte by byte, without the
 * text that follows.
 *
 *	const struct tok_follow *f = tok_pretokenizer_follow(p);      // NULL: cannot be told
 *	struct tok_follow_state s = { 0 }, closed;
 *	alive = tok_follow_byte(f, &s, 'a');                          // the piece goes on
 *	closed = s;
 *	alive = tok_follow_close(f, &closed);                         // or ends here
 *
 * Whether a piece ends at a place often depends on what follows: "x" before "'s", the last
 * blank before a word.  So a place is guessed to be an end or not, and a state that
 * turns out to have guessed wrong dies.  A state holds what the piece has been so far and a
 * debt: what the text behind its ends must not be.  For every text exactly one row of
 * guesses lives on to its end, and its ends are those of tok_pretokenize (the law that
 * tests/unit/test_follow.c checks).  A state that lives may still owe what no text pays
 * inside one character; never for longer.
 *
 * Characters in the text may be ill formed; bytes of one that is not complete yet are held, and
 * guessed ends between them remembered.
 */
#ifndef TOK_PRETOK_FOLLOW_H
#define TOK_PRETOK_FOLLOW_H

#include "tok/pretok/pretok.h"

struct tok_follow;

/* Compared and copied as it is; all zero at the beginning of a text. */
struct tok_follow_state {
	uint16_t forbidden; /* kinds of characters that may not come next */
	uint16_t debts;     /* longer promises */
	uint8_t piece;      /* what it has been so far; 0: it is empty */
	uint8_t held : 2;   /* bytes of a character that may go on */
	uint8_t cuts : 3;   /* behind which of them a piece was closed: bit 0 the first */
	uint8_t closed : 2; /* which steps may have ended the piece that ended here */
	uint8_t spare : 1;
	uint8_t run; /* numbers under way */
	uint8_t bytes[3];
};

/* Borrowed; NULL where it cannot be told.  Known are, as the last step or alone, GPT-2's
 * pattern, cl100k's, Qwen's, o200k's, Tekken's, DeepSeek's, or none; before it numbers one by one,
 * in runs or in threes (Digits, \p{N}, \p{N}+, \p{N}{1,3}), han and kana, and digits in threes
 * from the right: (?=(\d{3})+(?!\d)) and \d{1,3}(?=(?:\d{3})*\b). */
TOK_API const struct tok_follow *
tok_pretokenizer_follow(const struct tok_pretokenizer *pretokenizer);

/* The one that never ends a piece, of texts that are UTF-8 throughout. */
TOK_API const struct tok_follow *tok_follow_whole_text(void);

/* The one that begins a piece at every space, of such texts. */
TOK_API const struct tok_follow *tok_follow_spaces(void);

/* False: these guesses were wrong; *state is then of no use. */
TOK_API bool tok_follow_byte(const struct tok_follow *follow, struct tok_follow_state *state,
			     uint8_t byte);
TOK_API bool tok_follow_close(const struct tok_follow *follow, struct tok_follow_state *state);

/* Has the piece no byte yet? */
static inline bool tok_follow_is_empty(const struct tok_follow_state *state)
{
	return state->held ? (state->cuts >> (state->held - 1) & 1) != 0 : state->piece == 0;
}

/* May any byte more join the piece? */
TOK_API bool tok_follow_may_go_on(const struct tok_follow *follow,
				  const struct tok_follow_state *state);

/* Where the piece is one that cannot be left as it is - the beginning of a contraction that is
 * taken for one -, what it must go on with to its end: one of these texts.  Returns how many; 0:
 * it may end here, or go on in too many ways to list. */
TOK_API size_t tok_follow_forced(const struct tok_follow *follow,
				 const struct tok_follow_state *state, const char *const **out);

/* May the text end here, and with it the piece? */
TOK_API bool tok_follow_may_end(const struct tok_follow *follow,
				const struct tok_follow_state *state);

#endif
