/*
 * Where no token crosses.  A token that crosses the border between two
 * characters of the text holds both, side by side; so where no token of the
 * vocabulary has the second behind the first, every path goes through the
 * border, and the best path is the best of each side.  (A token may end in the
 * middle of a character of the text.  No path goes on from there.)
 */
#include "tok/model/unigram_internal.h"

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

static void hold_token(struct tok_unigram_cuts *cuts, struct tok_span token)
{
	for (size_t at = 0; at < token.count;) {
		const struct tok_char c = tok_utf8_at(token, at);
		cuts->held[(size_t)cuts->pages[c.code >> 8] << 8 | (c.code & 0xFF)] = 1;
		at += c.length;
	}
}

enum tok_status tok_unigram_cuts_build(struct tok_unigram_cuts *cuts, struct tok_arena *arena,
				       const struct tok_lexicon *lexicon, unsigned types,
				       struct tok_error *err)
{
	uint16_t pages = 1;
	for (size_t i = 0; i < lexicon->count; i++)
		if (types & TOK_TYPE_BIT(lexicon->types[i]))
			pages = add_pages(cuts, tok_lexicon_text(lexicon, i), pages);
	cuts->page_count = pages;
	cuts->held = tok_arena_array(arena, pages, 256);
	if (!cuts->held)
		return tok_fail_memory(err);
	for (size_t i = 0; i < lexicon->count; i++)
		if (types & TOK_TYPE_BIT(lexicon->types[i]))
			hold_token(cuts, tok_lexicon_text(lexicon, i));
	return tok_borders_build(&cuts->borders, arena, lexicon, types, false, err);
}

struct parts {
	const struct tok_words *memory;
	struct tok_unigram_word *words;
};

static inline bool is_border(const struct tok_cutter *cutter, uint32_t before, uint32_t code)
{
	const struct tok_unigram *u = cutter->model;
	return tok_borders_between(&u->cuts->borders, before, code);
}

static inline void put_word(struct tok_cutter *cutter, uint32_t begin, uint32_t end,
			    struct tok_char first)
{
	const struct tok_unigram *u = cutter->model;
	const struct parts *parts = cutter->parts;
	struct tok_unigram_word *word = &parts->words[cutter->count];
	const uint32_t length = end - begin;
	word->begin = begin;
	word->end = end;
	word->place = TOK_NO_ID;
	word->pair = NULL;
	if (length == first.length) {
		if (length == 1)
			word->place = u->bytes[cutter->text.bytes[begin]];
		else if (!tok_unigram_holds(u->cuts, first.code))
			word->place = u->unk_place;
	}
	if (word->place == TOK_NO_ID && length <= TOK_WORD_BYTES) {
		word->key = tok_word_key(cutter->text, begin, length);
		word->pair = tok_words_pair(parts->memory, &word->key);
		__builtin_prefetch(word->pair);
		__builtin_prefetch(word->pair + 1);
	}
}

size_t tok_unigram_cut(const struct tok_model *model, const struct tok_words *memory,
		       struct tok_span text, uint32_t begin, struct tok_unigram_word *words)
{
	struct parts parts = { memory, words };
	struct tok_cutter cutter = {
		.model = model->unigram,
		.find = tok_places_of(TOK_PLACES_WORDS, model->kernel),
		.text = text,
		.long_bytes = TOK_WORD_BYTES,
		.capacity = TOK_UNIGRAM_BATCH,
		.parts = &parts,
	};
	tok_cutter_run(&cutter, is_border, put_word, begin);
	return cutter.count;
}
