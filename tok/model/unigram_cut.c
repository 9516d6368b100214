/*
 * Where no token crosses.  A token that crosses the border between two
 * characters of the text holds both, side by side; so where no token of the
 * vocabulary has the second behind the first, every path goes through the
 * border, and the best path is the best of each side.  (A token may end in the
 * middle of a character of the text.  No path goes on from there.)
 *
 * Pairs of ASCII characters are told apart one by one; of others it is known
 * only whether anything follows them, and whether they follow anything.
 */
#include "tok/model/unigram_internal.h"

static void note_token(struct tok_unigram_cuts *cuts, struct tok_span token)
{
	uint32_t before = TOK_BAD_BYTE;
	for (size_t at = 0; at < token.count;) {
		const struct tok_char c = tok_utf8_at(token, at);
		uint8_t *class =
		    &cuts->classes[(size_t)cuts->pages[c.code >> 8] << 8 | (c.code & 0xFF)];
		if (at > 0)
			*class |= TOK_CHAR_FOLLOWS;
		if (at > 0 && before < 128 && c.code < 128)
			cuts->ascii[before][c.code] = 1;
		at += c.length;
		if (at < token.count)
			*class |= TOK_CHAR_LEADS;
		*class |= TOK_CHAR_ALONE;
		before = c.code;
	}
}

/* Give every character of a token a page; returns the number of pages. */
static uint16_t add_pages(struct tok_unigram_cuts *cuts, struct tok_span token, uint16_t pages)
{
	for (size_t at = 0; at < token.count;) {
		const struct tok_char c = tok_utf8_at(token, at);
		if (cuts->pages[c.code >> 8] == 0)
			cuts->pages[c.code >> 8] = pages++;
		at += c.length;
	}
	return pages;
}

bool tok_unigram_cuts_build(struct tok_unigram_cuts *cuts, struct tok_arena *arena,
			    const struct tok_lexicon *lexicon, unsigned types)
{
	uint16_t pages = 1;
	for (size_t i = 0; i < lexicon->count; i++) {
		if (types & TOK_TYPE_BIT(lexicon->types[i]))
			pages = add_pages(cuts, tok_lexicon_text(lexicon, i), pages);
	}
	cuts->page_count = pages;
	cuts->classes = tok_arena_array(arena, pages, 256);
	if (!cuts->classes)
		return false;
	for (size_t i = 0; i < lexicon->count; i++) {
		if (types & TOK_TYPE_BIT(lexicon->types[i]))
			note_token(cuts, tok_lexicon_text(lexicon, i));
	}
	return true;
}

/* The first place from `at` on that no token crosses, or the end of the text.
 * `*c` is the character before `at`, and then the one at the place found. */
static uint32_t find_cut(const struct tok_unigram_cuts *cuts, struct tok_span text, uint32_t at,
			 struct tok_char *c)
{
	while (at < text.count) {
		const struct tok_char before = *c;
		*c = tok_unigram_char(text, at);
		if (before.code < 128 && c->code < 128) {
			if (!cuts->ascii[before.code][c->code])
				return at;
		} else if (!(tok_unigram_class(cuts, before.code) & TOK_CHAR_LEADS) ||
			   !(tok_unigram_class(cuts, c->code) & TOK_CHAR_FOLLOWS)) {
			return at;
		}
		at += c->length;
	}
	return at;
}

size_t tok_unigram_cut(const struct tok_unigram *u, const struct tok_words *memory,
		       struct tok_span text, uint32_t *at, struct tok_unigram_word *words)
{
	struct tok_unigram_word *word = words;
	uint32_t end = *at;
	struct tok_char c = tok_unigram_char(text, end);
	for (; word < words + TOK_UNIGRAM_BATCH && end < text.count; word++) {
		const uint32_t begin = end;
		const bool is_held = c.code < 128 || tok_unigram_class(u->cuts, c.code) != 0;
		end = find_cut(u->cuts, text, end + c.length, &c);
		const uint32_t length = end - begin;
		word->begin = begin;
		word->end = end;
		word->place = length == 1 ? u->bytes[text.bytes[begin]]
			      : is_held   ? TOK_NO_ID
					  : u->unk_place;
		word->pair = NULL;
		if (word->place == TOK_NO_ID && length <= TOK_WORD_BYTES) {
			word->key = tok_word_key(text, begin, length);
			word->pair = tok_words_pair(memory, &word->key);
			__builtin_prefetch(word->pair);
			__builtin_prefetch(word->pair + 1);
		}
	}
	*at = end;
	return (size_t)(word - words);
}
