/*
 * Encoding by walking the trie: take the longest token that may stand behind the
 * one before, and where none may, go back and take a shorter one before.
 *
 * The tokens of a prefix are the only ones that spell it and adjoin (spine.c), so
 * a place from which no way leads on is dead for good: each place is left once
 * forwards and once backwards, and the work is linear in the text.
 */
#include "tok/model/bpe_internal.h"

#include <stdlib.h>

static bool adjoins(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch, uint32_t left,
		    uint32_t right)
{
	bool answer;
	if (tok_walk_recall(scratch, left, right, &answer))
		return answer;
	answer = tok_bpe_adjoins(bpe, left, right);
	tok_walk_remember(scratch, left, right, answer);
	return answer;
}

bool tok_walk_claim(struct tok_bpe_scratch *scratch)
{
	free(scratch->adjoins);
	scratch->adjoins = calloc((size_t)1 << TOK_ADJOINS_BITS, sizeof *scratch->adjoins);
	return scratch->adjoins != NULL;
}

/* The longest token that begins at `at` and may be walked; TOK_NO_ID: none. */
static uint32_t match_longest(const struct tok_walk *walk, struct tok_span part, size_t at,
			      uint32_t *length)
{
	const uint64_t *cells = walk->trie.cells;
	uint64_t cell = cells[TOK_TRIE_ROOT];
	uint32_t best = TOK_TRIE_NO_VALUE;
	size_t end = at;
	for (size_t i = at; i < part.count; i++) {
		const uint8_t byte = part.bytes[i];
		cell = cells[(uint32_t)(cell >> 8) ^ byte];
		if ((cell & 0xFF) != byte)
			break;
		if (cell >> 40 != TOK_TRIE_NO_VALUE) {
			best = (uint32_t)(cell >> 40);
			end = i + 1;
		}
	}
	*length = (uint32_t)(end - at);
	return best == TOK_TRIE_NO_VALUE ? TOK_NO_ID : best;
}

static uint32_t length_of(const struct tok_model *model, uint32_t token)
{
	const uint32_t *starts = model->lexicon.texts.starts + token;
	return starts[1] - starts[0];
}

bool tok_bpe_walks(const struct tok_model *model)
{
	return model->bpe->walk.spines != NULL;
}

/* The next shorter token than `token`, which was met with *length bytes.  In the trie
 * of a hostile image that need not be the length of its text. */
static uint32_t shorten(const struct tok_model *model, uint32_t token, uint32_t *length)
{
	const uint32_t shorter = model->bpe->walk.shorter[token];
	const uint32_t before = *length;
	*length = shorter == TOK_NO_ID ? 0 : length_of(model, shorter);
	return *length < before ? shorter : TOK_NO_ID;
}

uint32_t tok_bpe_find_whole(const struct tok_model *model, struct tok_span part)
{
	const struct tok_walk *walk = &model->bpe->walk;
	if (!walk->spines)
		return tok_lexicon_find(&model->lexicon, part);
	uint32_t length;
	const uint32_t place = match_longest(walk, part, 0, &length);
	return length == part.count ? place : TOK_NO_ID;
}

static bool is_dead(const struct tok_bpe_scratch *scratch, size_t at)
{
	return scratch->dead[at >> 6] >> (at & 63) & 1;
}

/* The bits of a part are cleared when the first of its places dies. */
static bool mark_dead(struct tok_bpe_scratch *scratch, size_t at, size_t count, bool *any)
{
	const size_t words = count / 64 + 1;
	if (!*any) {
		if (!tok_grow(&scratch->dead, &scratch->dead_capacity, words,
			      sizeof *scratch->dead))
			return false;
		memset(scratch->dead, 0, words * sizeof *scratch->dead);
		*any = true;
	}
	scratch->dead[at >> 6] |= UINT64_C(1) << (at & 63);
	return true;
}

enum tok_walk_result tok_bpe_walk(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				  struct tok_span part)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_walk *walk = &bpe->walk;
	uint32_t *symbols = scratch->symbols, *lengths = scratch->lengths;
	size_t count = 0, at = 0;
	uint32_t length, token = match_longest(walk, part, 0, &length);
	bool any_dead = false;

	for (;;) {
		while (token != TOK_NO_ID) {
			if (walk->spines[token].birth != TOK_BIRTH_NEVER &&
			    !(any_dead && is_dead(scratch, at + length)) &&
			    (count == 0 || adjoins(bpe, scratch, symbols[count - 1], token)))
				break;
			token = shorten(model, token, &length);
		}
		if (token != TOK_NO_ID) {
			symbols[count] = token;
			lengths[count++] = length;
			at += length;
			if (at == part.count)
				break;
			token = match_longest(walk, part, at, &length);
			continue;
		}
		if (count == 0)
			return TOK_WALK_LOST;
		if (!mark_dead(scratch, at, part.count, &any_dead))
			return TOK_WALK_NOMEM;
		count--;
		length = lengths[count];
		at -= length;
		token = shorten(model, symbols[count], &length);
	}
	scratch->count = count;
	return TOK_WALK_DONE;
}
