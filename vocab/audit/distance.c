/*
 * distance.c - Levenshtein's distance, 64 rows of the table at a time.
 *
 * The column of the table is kept as where it rises and where it falls (Myers 1999; Hyyro 2003 for
 * columns of several words): what is added to get from one row to the next is -1, 0 or 1.
 */
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/audit/fidelity.h"

enum { ROWS = 64 };

struct block {
	uint64_t up, down; /* rows that are one more, and one less, than the one above */
};

/* Characters of the pattern with the rows where they stand, by open addressing. */
struct places {
	uint32_t *codes; /* FREE: nobody */
	uint64_t *rows;  /* [slot][block] */
	size_t mask, blocks;
};
#define FREE UINT32_MAX

static size_t find_slot(const struct places *places, uint32_t code)
{
	size_t at = code * UINT32_C(2654435769) & places->mask;
	while (places->codes[at] != code && places->codes[at] != FREE)
		at = (at + 1) & places->mask;
	return at;
}

static bool place_all(struct places *places, const uint32_t *pattern, size_t count)
{
	size_t slots = 4;
	while (slots < 2 * count)
		slots *= 2;
	places->blocks = (count + ROWS - 1) / ROWS;
	places->mask = slots - 1;
	places->codes = malloc(slots * sizeof *places->codes);
	places->rows = calloc(slots * places->blocks, sizeof *places->rows);
	if (!places->codes || !places->rows)
		return false;
	memset(places->codes, 0xFF, slots * sizeof *places->codes);
	for (size_t i = 0; i < count; i++) {
		const size_t slot = find_slot(places, pattern[i]);
		places->codes[slot] = pattern[i];
		places->rows[slot * places->blocks + i / ROWS] |= UINT64_C(1) << i % ROWS;
	}
	return true;
}

/* One character of the other text; what the last row is more than before: -1, 0 or 1. */
static int step_column(struct block *blocks, size_t count, const uint64_t *rows, uint64_t last)
{
	uint64_t rises = 1, falls = 0; /* of the row above the block, from column to column */
	int change = 0;
	for (size_t i = 0; i < count; i++) {
		const uint64_t up = blocks[i].up, down = blocks[i].down;
		const uint64_t equal = rows[i] | falls, either = rows[i] | down;
		const uint64_t diagonal = (((equal & up) + up) ^ up) | equal;
		uint64_t rising = down | ~(diagonal | up), falling = up & diagonal;
		if (i + 1 == count)
			change = (rising & last ? 1 : 0) - (falling & last ? 1 : 0);
		const uint64_t carry_rises = rising >> (ROWS - 1),
			       carry_falls = falling >> (ROWS - 1);
		rising = rising << 1 | rises;
		falling = falling << 1 | falls;
		blocks[i].up = falling | ~(either | rising);
		blocks[i].down = rising & either;
		rises = carry_rises;
		falls = carry_falls;
	}
	return change;
}

/* Neither is empty. */
static enum tok_status distance_of(const uint32_t *a, size_t a_count, const uint32_t *b,
				   size_t b_count, uint64_t *out, struct tok_error *err)
{
	struct places places = { 0 };
	const bool placed = place_all(&places, a, a_count);
	struct block *blocks = calloc(places.blocks, sizeof *blocks);
	const bool ok = placed && blocks;
	if (ok) {
		const uint64_t last = UINT64_C(1) << (a_count - 1) % ROWS;
		int64_t distance = (int64_t)a_count;
		for (size_t i = 0; i < places.blocks; i++)
			blocks[i].up = UINT64_MAX;
		for (size_t i = 0; i < b_count; i++)
			distance += step_column(
			    blocks, places.blocks,
			    places.rows + find_slot(&places, b[i]) * places.blocks, last);
		*out = (uint64_t)distance;
	}
	free(blocks);
	free(places.codes);
	free(places.rows);
	return ok ? TOK_OK : tok_fail_memory(err);
}

/* ---- characters ------------------------------------------------------------------------ */

/* What both begin and end with makes no difference. */
static void trim(struct tok_span *a, struct tok_span *b)
{
	while (a->count && b->count) {
		const struct tok_char c = tok_utf8_at(*a, 0);
		if (tok_utf8_at(*b, 0).code != c.code)
			break;
		*a = tok_span_slice(*a, c.length, a->count);
		*b = tok_span_slice(*b, c.length, b->count);
	}
	while (a->count && b->count) {
		const struct tok_char c = tok_utf8_before(*a, a->count);
		if (tok_utf8_before(*b, b->count).code != c.code)
			break;
		a->count -= c.length;
		b->count -= c.length;
	}
}

static void list_codes(struct tok_span text, uint32_t *out)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		*out++ = c.code;
		at += c.length;
	}
}

enum tok_status vocab_audit_distance(struct tok_span a, struct tok_span b, uint64_t *out,
				     bool *exact, struct tok_error *err)
{
	trim(&a, &b);
	const size_t a_count = tok_utf8_count(a), b_count = tok_utf8_count(b);
	const size_t longer = a_count > b_count ? a_count : b_count;
	*exact = a_count == 0 || b_count == 0 || longer <= VOCAB_AUDIT_FIDELITY_MAX;
	if (a_count == 0 || b_count == 0 || !*exact) {
		*out = longer;
		return TOK_OK;
	}
	uint32_t *codes = malloc((a_count + b_count) * sizeof *codes);
	if (!codes)
		return tok_fail_memory(err);
	list_codes(a, codes);
	list_codes(b, codes + a_count);
	const enum tok_status status =
	    distance_of(codes, a_count, codes + a_count, b_count, out, err);
	free(codes);
	return status;
}
