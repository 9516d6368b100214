/*
 * Many short pieces merged at once.  One merge loop waits for memory at each merge,
 * since which pairs are asked for next hangs on it; two dozen that take their merges
 * in turn wait together, each for the pairs that it asked for a turn ago.
 *
 * A lane is one piece.  Its units, bytes or characters, stand at places from 1 on; 0 and
 * the one behind the last are borders.  A key is the rank of the pair that begins at a
 * place and, in the lowest bits, that place: the least key is the pair to merge, the
 * leftmost of equals.  Nothing in a turn is decided by a branch but whether the lane
 * is done.  Most pieces need half of the places, and are merged with each other.
 */
#include "tok/model/bpe_internal.h"

enum { LANES = 24, PLACE_BITS = 5, PLACES = 1 << PLACE_BITS, QUADS = PLACES / 4 };

_Static_assert((int)TOK_MERGE_MOST + 1 < (int)PLACES, "every unit and the border has a place");
_Static_assert((int)TOK_MERGE_FEW < (int)PLACES / 2, "every unit has one in half of them");

struct lane {
	union {
		tok_quad quads[QUADS];
		int32_t at[PLACES];
	} keys;
	uint32_t symbols[PLACES];
	uint32_t alive;      /* a bit for each place where a symbol begins, and the borders */
	uint32_t at, before; /* of what was merged last and of the symbol before it */
	struct tok_join_place with_before, with_after; /* the pairs that it makes */
	uint32_t end;                                  /* the border behind the last unit */
	uint32_t stretch;
};

static const struct tok_join_place no_place = { 0, UINT32_MAX };

static inline int32_t make_key(uint32_t rank, uint32_t place)
{
	return (int32_t)(rank << PLACE_BITS | place);
}

static inline tok_quad lesser(tok_quad a, tok_quad b)
{
	const tok_quad mask = a < b;
	return (a & mask) | (b & ~mask);
}

/* Of the first `quads`, which is a constant where this is inlined. */
static inline int32_t least_of(const tok_quad keys[QUADS], size_t quads)
{
	tok_quad least = keys[0];
	for (size_t i = 1; i < quads; i++)
		least = lesser(least, keys[i]);
	const int32_t a = least[0] < least[1] ? least[0] : least[1];
	const int32_t b = least[2] < least[3] ? least[2] : least[3];
	return a < b ? a : b;
}

/* ---- a piece takes a lane ---- */

static inline uint32_t rank_first(const struct tok_bpe *bpe, uint32_t left, uint32_t right)
{
	return tok_pairs_get(&bpe->pairs, left, right).rank & TOK_JOIN_NONE;
}

/* The symbols and keys of the text's bytes.  False: some byte has no symbol. */
static bool take_bytes(const struct tok_bpe *bpe, struct lane *lane, struct tok_span text)
{
	const uint32_t count = (uint32_t)text.count;
	const uint32_t *ranks = bpe->joins.firsts;
	uint32_t symbols = 0;
	for (uint32_t i = 0; i < count; i++) {
		lane->symbols[i + 1] = tok_charmap_get(&bpe->chars[0][0], text.bytes[i]);
		symbols |= lane->symbols[i + 1];
	}
	for (uint32_t i = 1; i < count; i++)
		lane->keys.at[i] =
		    make_key(ranks[(uint32_t)text.bytes[i - 1] * TOK_BYTE_ROWS + text.bytes[i]], i);
	lane->end = count + 1;
	return symbols != TOK_SYMBOL_NONE;
}

/* The same of its characters, of which bytes that are none may be more than `most`. */
static bool take_characters(const struct tok_bpe *bpe, struct lane *lane, struct tok_span text,
			    uint32_t most)
{
	uint32_t count = 0, before = TOK_NEAR;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const uint32_t symbol = tok_charmap_get(&bpe->chars[0][0], c.code);
		const uint32_t row = tok_near(c.code);
		if (symbol == TOK_SYMBOL_NONE || count == most)
			return false;
		if (count > 0)
			lane->keys.at[count] =
			    make_key(before < TOK_NEAR && row < TOK_NEAR
					 ? bpe->joins.firsts[before * TOK_NEAR + row]
					 : rank_first(bpe, lane->symbols[count], symbol),
				     count);
		lane->symbols[++count] = symbol;
		before = row;
		at += c.length;
	}
	lane->end = count + 1;
	return true;
}

static bool start_lane(const struct tok_bpe *bpe, struct lane *lane, struct tok_span text,
		       uint32_t most, size_t quads)
{
	for (size_t i = 0; i < quads; i++)
		lane->keys.quads[i] = tok_quad_all(INT32_MAX);
	if (bpe->raw_bytes ? !take_bytes(bpe, lane, text) : !take_characters(bpe, lane, text, most))
		return false;
	lane->symbols[0] = lane->symbols[lane->end] = 0;
	lane->alive = (2u << lane->end) - 1;
	lane->at = lane->before = 0;
	lane->with_before = lane->with_after = no_place;
	return true;
}

/* ---- turns ---- */

/* The keys, with those of the pairs asked for in the turn before. */
static inline void rate_pairs(const struct tok_joins *joins, const struct lane *lane,
			      const tok_quad places[QUADS], tok_quad keys[QUADS], size_t quads)
{
	const tok_quad at = tok_quad_all(lane->at), before = tok_quad_all(lane->before);
	const uint32_t left = tok_joins_rank(joins, lane->with_before);
	const uint32_t right = tok_joins_rank(joins, lane->with_after);
	const tok_quad left_key = tok_quad_all((uint32_t)make_key(left, lane->before));
	const tok_quad right_key = tok_quad_all((uint32_t)make_key(right, lane->at));
	for (size_t i = 0; i < quads; i++)
		keys[i] = lane->keys.quads[i] & (left_key | (places[i] != before)) &
			  (right_key | (places[i] != at));
}

static inline struct tok_join_place ask(const struct tok_joins *joins, uint32_t left,
					uint32_t right, bool exists)
{
	struct tok_join_place place = tok_joins_place(joins, left, right);
	place.line = exists ? place.line : no_place.line;
	place.tag = exists ? place.tag : no_place.tag;
	__builtin_prefetch(&joins->lines[place.line]);
	return place;
}

/* One merge.  False: nothing merges any more. */
static inline __attribute__((always_inline)) bool
take_turn(const struct tok_bpe *bpe, const struct tok_joins *joins, struct lane *lane, size_t quads)
{
	static const tok_quad places[QUADS] = {
		{ 0, 1, 2, 3 },     { 4, 5, 6, 7 },     { 8, 9, 10, 11 },   { 12, 13, 14, 15 },
		{ 16, 17, 18, 19 }, { 20, 21, 22, 23 }, { 24, 25, 26, 27 }, { 28, 29, 30, 31 },
	};
	tok_quad keys[QUADS];
	rate_pairs(joins, lane, places, keys, quads);
	const uint32_t least = (uint32_t)least_of(keys, quads), rank = least >> PLACE_BITS;
	if (rank >= TOK_JOIN_NONE)
		return false;

	const uint32_t at = least & (PLACES - 1);
	const uint32_t above = lane->alive & ~((2u << at) - 1);
	const uint32_t joined = (uint32_t)__builtin_ctz(above);
	uint32_t symbol = tok_joins_result(joins, rank);
	if (__builtin_expect(symbol == TOK_JOIN_UNCLEAR, 0))
		symbol =
		    tok_pairs_get(&bpe->pairs, lane->symbols[at], lane->symbols[joined]).result;
	const uint32_t after = (uint32_t)__builtin_ctz(above & (above - 1));
	const uint32_t before = 31 - (uint32_t)__builtin_clz(lane->alive & ((1u << at) - 1));
	/* All ones where a key is wanted or none is any more. */
	for (size_t i = 0; i < quads; i++)
		lane->keys.quads[i] = keys[i] | (((places[i] == tok_quad_all(at)) |
						  (places[i] == tok_quad_all(before)) |
						  (places[i] == tok_quad_all(joined))) &
						 tok_quad_all(INT32_MAX));
	lane->alive ^= 1u << joined;
	lane->symbols[at] = symbol;
	lane->at = at;
	lane->before = before;
	lane->with_before = ask(joins, lane->symbols[before], symbol, before != 0);
	lane->with_after = ask(joins, symbol, lane->symbols[after], after != lane->end);
	return true;
}

static void end_lane(const struct lane *lane, struct tok_stretch *stretch, size_t token_count)
{
	/* Without the borders. */
	uint32_t alive = lane->alive & ((1u << lane->end) - 2), count = 0;
	bool are_tokens = true;
	for (; alive; alive &= alive - 1) {
		const uint32_t symbol = lane->symbols[__builtin_ctz(alive)];
		are_tokens = are_tokens && symbol < token_count;
		stretch->tokens[count++] = symbol;
	}
	stretch->count = count;
	stretch->state = are_tokens ? TOK_STRETCH_DONE : TOK_STRETCH_LOST;
}

/* The next stretch that has symbols takes the lane. */
static bool refill(const struct tok_bpe *bpe, struct lane *lane, struct tok_stretch *stretches,
		   size_t count, size_t *next, uint32_t most, size_t quads)
{
	while (*next < count) {
		const size_t s = (*next)++;
		lane->stretch = (uint32_t)s;
		if (start_lane(bpe, lane, stretches[s].text, most, quads))
			return true;
		stretches[s].state = TOK_STRETCH_LOST;
	}
	return false;
}

static inline __attribute__((always_inline)) void merge_lanes(const struct tok_model *model,
							      struct tok_stretch *stretches,
							      size_t count, uint32_t most,
							      size_t quads)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_joins joins = bpe->joins;
	struct lane lanes[LANES];
	uint8_t which[LANES]; /* the lanes under way */
	size_t active = 0, next = 0;
	while (active < LANES &&
	       refill(bpe, &lanes[active], stretches, count, &next, most, quads)) {
		which[active] = (uint8_t)active;
		active++;
	}
	while (active > 0) {
		size_t kept = 0;
		for (size_t i = 0; i < active; i++) {
			struct lane *lane = &lanes[which[i]];
			bool goes_on = take_turn(bpe, &joins, lane, quads);
			if (!goes_on) {
				end_lane(lane, &stretches[lane->stretch], model->lexicon.count);
				goes_on = refill(bpe, lane, stretches, count, &next, most, quads);
			}
			which[kept] = which[i];
			kept += goes_on;
		}
		active = kept;
	}
}

void tok_bpe_merge_many(const struct tok_model *model, struct tok_stretch *stretches, size_t count,
			bool few)
{
	if (few)
		merge_lanes(model, stretches, count, TOK_MERGE_FEW, QUADS / 2);
	else
		merge_lanes(model, stretches, count, TOK_MERGE_MOST, QUADS);
}
