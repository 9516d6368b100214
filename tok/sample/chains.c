/*
 * chains.c - which tokens begin and end each token.
 *
 * The beginnings of a token that are tokens are a chain: the longest, the longest that
 * begins that one, and so on.  So one search for each token and each end of it finds all
 * pairs, and not one for each place between two bytes.  Searches go through one table of
 * all surfaces, from long to short.
 *
 * The hash is a polynomial in an odd number modulo 2^64, which has an inverse: a byte
 * less at either end is one multiplication.  What it finds is compared, so that a hostile
 * vocabulary can make it slow but not wrong.
 */
#include <stdlib.h>

#include "tok/sample/splits_internal.h"

#define BASE         UINT64_C(0x9E3779B97F4A7C15)
#define INVERSE_BASE UINT64_C(0xF1DE83E19937733D)
_Static_assert(BASE *INVERSE_BASE == 1, "modulo 2^64");

/* Searches that go on side by side, so that none waits for memory alone. */
enum { LANES = 16 };

struct slot {
	uint32_t id, tag;
};

struct builder {
	const struct tok_surfaces *surfaces;
	size_t count;
	uint64_t *hashes; /* by id */
	struct slot *slots;
	size_t mask;
	const uint32_t *lengths;
};

/* ---- the table ------------------------------------------------------------- */

static uint64_t hash_text(struct tok_span text)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < text.count; i++)
		hash = hash * BASE + text.bytes[i] + 1;
	return hash;
}

/* Texts are told apart by length and places, too. */
static uint64_t mix(uint64_t hash, size_t length, uint32_t places)
{
	uint64_t key = (hash ^ (uint64_t)length << 32 ^ places) * UINT64_C(0xBF58476D1CE4E5B9);
	key ^= key >> 31;
	return key * UINT64_C(0x94D049BB133111EB);
}

static size_t home_of(const struct builder *b, uint64_t mixed)
{
	return (size_t)(mixed >> 32) & b->mask;
}

static bool is_same(const struct builder *b, struct slot slot, uint32_t tag, struct tok_span text,
		    uint32_t places)
{
	if (slot.tag != tag || b->lengths[slot.id] != text.count)
		return false;
	const struct tok_surface *surface = tok_surfaces_at(b->surfaces, slot.id);
	return surface->places == places &&
	       memcmp(surface->text.bytes, text.bytes, text.count) == 0;
}

/* Of two with one surface the model has at most one that is not whole: that one. */
static void put_surface(struct builder *b, tok_id id)
{
	const struct tok_surface *surface = tok_surfaces_at(b->surfaces, id);
	const uint64_t mixed = mix(b->hashes[id], surface->text.count, surface->places);
	size_t at = home_of(b, mixed);
	for (; b->slots[at].id != TOK_NO_ID; at = (at + 1) & b->mask) {
		if (!is_same(b, b->slots[at], (uint32_t)mixed, surface->text, surface->places))
			continue;
		if (!tok_surfaces_at(b->surfaces, b->slots[at].id)->whole)
			return;
		break;
	}
	b->slots[at] = (struct slot){ id, (uint32_t)mixed };
}

static tok_id find_surface(const struct builder *b, uint64_t mixed, struct tok_span text,
			   uint32_t places)
{
	size_t at = home_of(b, mixed);
	for (; b->slots[at].id != TOK_NO_ID; at = (at + 1) & b->mask)
		if (is_same(b, b->slots[at], (uint32_t)mixed, text, places))
			break;
	return b->slots[at].id;
}

static void expect_surface(const struct builder *b, tok_id id)
{
	const struct tok_surface *surface = tok_surfaces_at(b->surfaces, id);
	const uint64_t mixed = mix(b->hashes[id], surface->text.count, surface->places);
	__builtin_prefetch(&b->slots[home_of(b, mixed)]);
}

static bool build_table(struct builder *b, struct tok_arena *scratch)
{
	size_t slots = 2;
	while (slots < 2 * b->count + 2)
		slots *= 2;
	b->hashes = tok_arena_array(scratch, b->count, sizeof *b->hashes);
	b->slots = tok_arena_array(scratch, slots, sizeof *b->slots);
	if (!b->hashes || !b->slots)
		return false;
	b->mask = slots - 1;
	memset(b->slots, 0xFF, slots * sizeof *b->slots);
	for (tok_id id = 0; id < b->count; id++)
		if (b->lengths[id])
			b->hashes[id] = hash_text(tok_surfaces_at(b->surfaces, id)->text);
	for (tok_id id = 0; id < b->count; id++) {
		enum { AHEAD = 12 };
		if (b->count - id > AHEAD)
			expect_surface(b, id + AHEAD);
		if (b->lengths[id])
			put_surface(b, id);
	}
	return true;
}

/* ---- the searches ---------------------------------------------------------- */

/* Where a part stands if it is the left or the right one of a token that stands there. */
static uint32_t places_of_left(uint32_t places)
{
	const bool either = places & TOK_PLACE_LAST && places & TOK_PLACE_NOT_LAST;
	return either ? places : (places & ~(uint32_t)TOK_PLACE_LAST) | TOK_PLACE_NOT_LAST;
}

static uint32_t places_of_right(uint32_t places)
{
	const bool either = places & TOK_PLACE_FIRST && places & TOK_PLACE_INNER;
	return either ? places : (places & ~(uint32_t)TOK_PLACE_FIRST) | TOK_PLACE_INNER;
}

static uint64_t raise_base(size_t exponent)
{
	uint64_t power = 1;
	for (uint64_t factor = BASE; exponent; exponent >>= 1, factor *= factor)
		if (exponent & 1)
			power *= factor;
	return power;
}

/* A search for the token `id`: what is left of its text, and the hash of that. */
struct lane {
	tok_id id;
	uint32_t places;
	struct tok_span text;
	uint64_t hash, mixed;
	uint64_t power; /* from the front: of the first byte */
};

static void shorten_left(struct lane *lane)
{
	lane->text.count--;
	lane->hash = (lane->hash - lane->text.bytes[lane->text.count] - 1) * INVERSE_BASE;
}

static void shorten_right(struct lane *lane)
{
	lane->hash -= (lane->text.bytes[0] + UINT64_C(1)) * lane->power;
	lane->power *= INVERSE_BASE;
	lane->text.bytes++;
	lane->text.count--;
}

/* A byte less, and the memory for what is left fetched. */
static void shorten(const struct builder *b, bool left, struct lane *lane)
{
	if (left)
		shorten_left(lane);
	else
		shorten_right(lane);
	lane->mixed = mix(lane->hash, lane->text.count, lane->places);
	__builtin_prefetch(&b->slots[home_of(b, lane->mixed)]);
}

/* The next token from *next on that has parts; false if there is none. */
static bool start_lane(const struct builder *b, bool left, tok_id *next, struct lane *lane)
{
	while (*next < b->count && b->lengths[*next] < 2)
		++*next;
	if (*next == b->count)
		return false;
	const struct tok_surface *surface = tok_surfaces_at(b->surfaces, *next);
	*lane = (struct lane){
		.id = *next,
		.places = left ? places_of_left(surface->places) : places_of_right(surface->places),
		.text = surface->text,
		.hash = b->hashes[*next],
		.power = left ? 1 : raise_base(surface->text.count - 1),
	};
	++*next;
	shorten(b, left, lane);
	return true;
}

/* One look into the table; true if the search is over. */
static bool step_lane(const struct builder *b, bool left, struct lane *lane, uint32_t *chain)
{
	const tok_id found = find_surface(b, lane->mixed, lane->text, lane->places);
	if (found != TOK_NO_ID || lane->text.count == 1) {
		chain[lane->id] = found;
		return true;
	}
	shorten(b, left, lane);
	return false;
}

static void search(const struct builder *b, bool left, uint32_t *chain)
{
	struct lane lanes[LANES];
	size_t active = 0;
	tok_id next = 0;
	memset(chain, 0xFF, b->count * sizeof *chain);
	while (active < LANES && start_lane(b, left, &next, &lanes[active]))
		active++;
	while (active > 0)
		for (size_t i = 0; i < active; i++)
			if (step_lane(b, left, &lanes[i], chain) &&
			    !start_lane(b, left, &next, &lanes[i]))
				lanes[i--] = lanes[--active];
}

enum tok_status tok_chains_init(struct tok_chains *out, const struct tok_surfaces *surfaces,
				struct tok_arena *arena, struct tok_error *err)
{
	struct builder b = { .surfaces = surfaces, .count = tok_surfaces_count(surfaces) };
	struct tok_arena scratch = { 0 };
	uint32_t *lengths = tok_arena_array(arena, b.count, sizeof *lengths);
	uint32_t *front = tok_arena_array(arena, b.count, sizeof *front);
	uint32_t *back = tok_arena_array(arena, b.count, sizeof *back);
	if (!lengths || !front || !back)
		return tok_fail_memory(err);
	*out = (struct tok_chains){ .front = front, .back = back, .lengths = lengths };
	for (tok_id id = 0; id < b.count; id++) {
		/* Texts of a tokenizer have less than 4 GiB in all. */
		lengths[id] = (uint32_t)tok_surfaces_at(surfaces, id)->text.count;
		if (lengths[id] > out->longest)
			out->longest = lengths[id];
	}
	b.lengths = lengths;
	const bool room = build_table(&b, &scratch);
	if (room) {
		search(&b, true, front);
		search(&b, false, back);
	}
	tok_arena_release(&scratch);
	return room ? TOK_OK : tok_fail_memory(err);
}
