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
enum { LANES = 24 };

struct slot {
	uint32_t id, tag;
};

struct builder {
	const struct tok_surface *surfaces; /* by id */
	size_t count;
	uint64_t *hashes; /* by id */
	struct slot *slots;
	size_t mask;
	struct tok_chain_link *links;
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

static uint64_t mix_of(const struct builder *b, tok_id id)
{
	return mix(b->hashes[id], b->surfaces[id].text.count, b->surfaces[id].places);
}

/* Of two with one surface, which no file has, the first. */
static void put_surface(struct builder *b, tok_id id)
{
	const struct tok_surface *surface = &b->surfaces[id];
	const uint64_t mixed = mix_of(b, id);
	size_t at = home_of(b, mixed);
	for (; b->slots[at].id != TOK_NO_ID; at = (at + 1) & b->mask) {
		const struct tok_surface *other = &b->surfaces[b->slots[at].id];
		if (b->slots[at].tag == (uint32_t)mixed && other->places == surface->places &&
		    tok_span_equal(other->text, surface->text))
			return;
	}
	b->slots[at] = (struct slot){ id, (uint32_t)mixed };
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
		b->hashes[id] = hash_text(b->surfaces[id].text);
	for (tok_id id = 0; id < b->count; id++) {
		enum { AHEAD = 12 };
		if (b->count - id > AHEAD)
			__builtin_prefetch(&b->slots[home_of(b, mix_of(b, id + AHEAD))]);
		if (b->links[id].length)
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

/* Memory that a search needs next is fetched while others go on: a slot of the table, the
 * surface that it names, the bytes of that. */
enum stage { AT_SLOT, AT_SURFACE, AT_BYTES };

/* A search for the token `id`: what is left of its text, and the hash of that. */
struct lane {
	tok_id id;
	uint32_t places;
	struct tok_span text;
	uint64_t hash;
	uint64_t power; /* from the front: of the first byte */
	uint32_t tag;
	enum stage stage;
	size_t at; /* the slot */
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

/* A byte less. */
static void shorten(const struct builder *b, bool left, struct lane *lane)
{
	if (left)
		shorten_left(lane);
	else
		shorten_right(lane);
	const uint64_t mixed = mix(lane->hash, lane->text.count, lane->places);
	lane->tag = (uint32_t)mixed;
	lane->at = home_of(b, mixed);
	lane->stage = AT_SLOT;
	__builtin_prefetch(&b->slots[lane->at]);
}

/* The next token from *next on that has parts; false if there is none. */
static bool start_lane(const struct builder *b, bool left, tok_id *next, struct lane *lane)
{
	while (*next < b->count && b->links[*next].length < 2)
		++*next;
	if (*next == b->count)
		return false;
	const struct tok_surface *surface = &b->surfaces[*next];
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

/* One look at memory; true if the search is over, with what was found in *found. */
static bool step_lane(const struct builder *b, bool left, struct lane *lane, tok_id *found)
{
	const struct slot *slot = &b->slots[lane->at];
	const struct tok_surface *surface;
	switch (lane->stage) {
	case AT_SLOT:
		while (slot->id != TOK_NO_ID && slot->tag != lane->tag) {
			lane->at = (lane->at + 1) & b->mask;
			slot = &b->slots[lane->at];
		}
		if (slot->id != TOK_NO_ID) {
			lane->stage = AT_SURFACE;
			__builtin_prefetch(&b->surfaces[slot->id]);
			return false;
		}
		*found = TOK_NO_ID;
		if (lane->text.count == 1)
			return true;
		shorten(b, left, lane);
		return false;
	case AT_SURFACE:
		lane->stage = AT_BYTES;
		__builtin_prefetch(b->surfaces[slot->id].text.bytes);
		return false;
	case AT_BYTES:
		*found = slot->id;
		surface = &b->surfaces[slot->id];
		if (surface->places == lane->places && tok_span_equal(surface->text, lane->text))
			return true;
		lane->at = (lane->at + 1) & b->mask;
		lane->stage = AT_SLOT;
		break;
	}
	return false;
}

static void search(const struct builder *b, bool left)
{
	struct lane lanes[LANES];
	size_t active = 0;
	tok_id next = 0, found;
	while (active < LANES && start_lane(b, left, &next, &lanes[active]))
		active++;
	while (active > 0)
		for (size_t i = 0; i < active; i++) {
			if (!step_lane(b, left, &lanes[i], &found))
				continue;
			struct tok_chain_link *link = &b->links[lanes[i].id];
			*(left ? &link->front : &link->back) = found;
			if (!start_lane(b, left, &next, &lanes[i]))
				lanes[i] = lanes[--active];
		}
}

enum tok_status tok_chains_init(struct tok_chains *out, const struct tok_surfaces *surfaces,
				struct tok_arena *arena, struct tok_error *err)
{
	struct builder b = { .count = tok_surfaces_count(surfaces) };
	struct tok_arena scratch = { 0 };
	b.surfaces = tok_surfaces_at(surfaces, 0);
	b.links = tok_arena_array(arena, b.count, sizeof *b.links);
	if (!b.links)
		return tok_fail_memory(err);
	*out = (struct tok_chains){ .links = b.links };
	for (size_t id = 0; id < b.count; id++) {
		/* Texts of a tokenizer have less than 4 GiB in all. */
		const uint32_t length = (uint32_t)b.surfaces[id].text.count;
		b.links[id] = (struct tok_chain_link){ TOK_NO_ID, TOK_NO_ID, length };
		if (length > out->longest)
			out->longest = length;
	}
	const bool room = build_table(&b, &scratch);
	if (room) {
		search(&b, true);
		search(&b, false);
	}
	tok_arena_release(&scratch);
	return room ? TOK_OK : tok_fail_memory(err);
}
