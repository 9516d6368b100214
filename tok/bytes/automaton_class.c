/* automaton_class.c - sets of characters, and what reads their bytes.  A range of characters
 * becomes rows of ranges of bytes; tails of rows that take any following byte are shared. */
#include <stdlib.h>

#include "tok/bytes/automaton_internal.h"

enum { SURROGATES_BEGIN = 0xD800, SURROGATES_END = 0xE000, LONGEST = 4 };

/* ---- sets ---------------------------------------------------------------------- */

bool automaton_set_add(struct automaton_set *set, uint32_t first, uint32_t last)
{
	if (!tok_grow(&set->ranges, &set->capacity, set->count + 1, sizeof *set->ranges))
		return false;
	set->ranges[set->count++] = (struct tok_range){ first, last + 1 };
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const uint32_t x = ((const struct tok_range *)a)->begin,
		       y = ((const struct tok_range *)b)->begin;
	return x < y ? -1 : x > y;
}

void automaton_set_tidy(struct automaton_set *set)
{
	size_t kept = 0;
	if (set->count == 0)
		return;
	qsort(set->ranges, set->count, sizeof *set->ranges, compare_ranges);
	for (size_t i = 1; i < set->count; i++) {
		struct tok_range *last = &set->ranges[kept];
		if (set->ranges[i].begin > last->end)
			set->ranges[++kept] = set->ranges[i];
		else if (set->ranges[i].end > last->end)
			last->end = set->ranges[i].end;
	}
	set->count = kept + 1;
}

bool automaton_set_complement(struct automaton_set *set)
{
	struct automaton_set gaps = { 0 };
	uint32_t from = 0;
	bool fits = automaton_set_add(set, TOK_BAD_BYTE, TOK_BAD_BYTE); /* ends the last gap */
	for (size_t i = 0; fits && i < set->count; i++) {
		const struct tok_range *range = &set->ranges[i];
		if (range->begin > from)
			fits = automaton_set_add(&gaps, from, range->begin - 1);
		from = range->end;
	}
	free(set->ranges);
	*set = gaps;
	return fits;
}

/* ---- bytes of characters --------------------------------------------------------- */

/* One row: bytes that may stand at each place. */
struct row {
	size_t length;
	uint8_t low[LONGEST], high[LONGEST];
};

/* The last character from `first` on, up to `last`, so that all between are one row: up to
 * where the length of a character changes, and to where following bytes begin again. */
static uint32_t end_of_row(uint32_t first, uint32_t last)
{
	static const uint32_t ends[] = { 0x7F, 0x7FF, 0xFFFF };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (first <= ends[i] && last > ends[i])
			last = ends[i];
	if (last <= 0x7F)
		return last;
	for (unsigned bits = 6; bits <= 18; bits += 6) {
		const uint32_t below = (UINT32_C(1) << bits) - 1;
		if ((first & ~below) == (last & ~below))
			break; /* they differ in following bytes only, which are full from there */
		if ((first & below) != 0)
			return first | below;
		if ((last & below) != below)
			last = (last & ~below) - 1;
	}
	return last;
}

static struct row row_of(uint32_t first, uint32_t last)
{
	struct row row;
	row.length = tok_utf8_put(first, row.low);
	tok_utf8_put(last, row.high);
	return row;
}

/* ---- nodes ------------------------------------------------------------------------ */

struct writer {
	struct automaton_nodes *nodes;
	uint32_t entry;
	uint32_t tails[LONGEST]; /* reads so many following bytes, any; the first is the exit */
	struct tok_error *err;
};

static enum tok_status add_tail(struct writer *w, size_t length)
{
	for (size_t i = 1; i <= length; i++) {
		if (w->tails[i] != NO_NODE)
			continue;
		const struct automaton_node node = { NODE_BYTE, 0x80, 0xBF, w->tails[i - 1],
						     NO_NODE };
		const enum tok_status status =
		    automaton_node_add(w->nodes, node, &w->tails[i], w->err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* Another way to go, before those there are. */
static enum tok_status add_way(struct writer *w, uint32_t to)
{
	const struct automaton_node fork = { NODE_FORK, 0, 0, to, w->entry };
	if (w->entry != NO_NODE)
		return automaton_node_add(w->nodes, fork, &w->entry, w->err);
	w->entry = to;
	return TOK_OK;
}

static enum tok_status add_row(struct writer *w, const struct row *row)
{
	size_t tail = 0;
	while (tail < row->length && row->low[row->length - 1 - tail] == 0x80 &&
	       row->high[row->length - 1 - tail] == 0xBF)
		tail++;
	enum tok_status status = add_tail(w, tail);
	uint32_t to = w->tails[tail];
	for (size_t i = row->length - tail; status == TOK_OK && i-- > 0;) {
		const struct automaton_node node = { NODE_BYTE, row->low[i], row->high[i], to,
						     NO_NODE };
		status = automaton_node_add(w->nodes, node, &to, w->err);
	}
	return status == TOK_OK ? add_way(w, to) : status;
}

static enum tok_status add_characters(struct writer *w, uint32_t begin, uint32_t end)
{
	while (begin < end) {
		const uint32_t last = end_of_row(begin, end - 1);
		const struct row row = row_of(begin, last);
		const enum tok_status status = add_row(w, &row);
		if (status != TOK_OK)
			return status;
		begin = last + 1;
	}
	return TOK_OK;
}

static enum tok_status add_bytes(struct writer *w, uint32_t begin, uint32_t end)
{
	struct row row = { .length = 1 };
	if (begin >= end)
		return TOK_OK;
	row.low[0] = (uint8_t)(begin - TOK_BAD_BYTE);
	row.high[0] = (uint8_t)(end - 1 - TOK_BAD_BYTE);
	return add_row(w, &row);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

enum tok_status automaton_set_part(const struct automaton_set *set, struct automaton_nodes *nodes,
				   struct automaton_part *out, struct tok_error *err)
{
	const struct automaton_node leave = { NODE_FORK, 0, 0, NO_NODE, NO_NODE };
	struct writer w = { .nodes = nodes, .err = err };
	const uint32_t begin = (uint32_t)nodes->count;
	for (size_t i = 0; i < LONGEST; i++)
		w.tails[i] = NO_NODE;
	w.entry = NO_NODE;
	enum tok_status status = automaton_node_add(nodes, leave, &w.tails[0], err);
	for (size_t i = 0; status == TOK_OK && i < set->count; i++) {
		const struct tok_range range = set->ranges[i];
		status = add_characters(&w, range.begin, least(range.end, SURROGATES_BEGIN));
		if (status == TOK_OK)
			status = add_characters(&w, most(range.begin, SURROGATES_END),
						least(range.end, TOK_BAD_BYTE));
		if (status == TOK_OK)
			status = add_bytes(&w, most(range.begin, TOK_BAD_BYTE), range.end);
	}
	if (status == TOK_OK && w.entry == NO_NODE) /* nothing but surrogates: no way at all */
		status = automaton_node_add(nodes, leave, &w.entry, err);
	*out = (struct automaton_part){ begin, w.entry, w.tails[0] };
	return status;
}
