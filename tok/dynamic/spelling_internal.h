/*
 * spelling_internal.h - what tokens spell, one and two at a time.
 *
 * A token is written as its file writes it (tok_tokenizer_entry), but for the pieces of
 * byte fallback, <0xE2>, which are written as their byte.  Written tokens are joined
 * with what the vocabulary's marks say: "##b" loses its mark behind another token, and
 * a token that begins a word, where that is not seen from a mark for spaces, is parted
 * from what is before it by a space.  What is read is the text without marks of place:
 * in the byte-level alphabet's stead the bytes.
 */
#ifndef TOK_DYNAMIC_SPELLING_INTERNAL_H
#define TOK_DYNAMIC_SPELLING_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"

struct tok_spelling {
	const struct tok_tokenizer *tokenizer;
	struct tok_span prefix, suffix; /* of tokens inside of words, and at their end */
	struct tok_span mark;           /* what stands for a space; may be a space */
	uint8_t mark_bytes[4];
	bool mark_last; /* it ends a word and does not begin one */
	bool apart;     /* every token is a word of its own */
	bool alphabet;  /* written in the byte-level alphabet */
	bool raw;       /* written as bytes */
};

/* Borrows the tokenizer; points into itself: not to be copied. */
void tok_spelling_init(struct tok_spelling *spelling, const struct tok_tokenizer *tokenizer);

/* How `id` is written; .bytes NULL if it never joins: it is special, added, unknown,
 * unused, or spells nothing.  `byte` is where that of a byte piece is put. */
struct tok_span tok_spelling_of(const struct tok_spelling *spelling, tok_id id, uint8_t *byte);

/* The token of the vocabulary that is written so and may join; or TOK_NO_ID.  `room` is used
 * up.  False: memory is out. */
TOK_MUST_USE bool tok_spelling_find(const struct tok_spelling *spelling, struct tok_span written,
				    struct tok_buffer *room, tok_id *out);

/* `left` and `right` as one, in place of what `out` holds.  False: memory is out. */
TOK_MUST_USE bool tok_spelling_join(const struct tok_spelling *spelling, struct tok_span left,
				    struct tok_span right, struct tok_buffer *out);

/* Has the joined text no mark that neither of the two has?  "#" and "###b" would be "##b",
 * which is read without its mark, as "##" alone is by who decodes; the bytes of U+2581 would
 * be a space.  `room` is used up.  False: memory is out. */
TOK_MUST_USE bool tok_spelling_keeps_marks(const struct tok_spelling *spelling,
					   struct tok_span left, struct tok_span right,
					   struct tok_buffer *room, bool *out);

/* What `written` reads as, in place of what `out` holds; the mark for a space is left.
 * False: memory is out. */
TOK_MUST_USE bool tok_spelling_read(const struct tok_spelling *spelling, struct tok_span written,
				    struct tok_buffer *out);

/* `text`, which was read, with spaces for marks, in place of what `out` holds.  False: memory is
 * out. */
TOK_MUST_USE bool tok_spelling_space(const struct tok_spelling *spelling, struct tok_span text,
				     struct tok_buffer *out);

/* Does it stand behind another token of its word? */
bool tok_spelling_goes_on(const struct tok_spelling *spelling, struct tok_span written);

#endif
