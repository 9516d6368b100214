/* view_pieces.c - tokens as pieces of their text, of several tokenizers side by side. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_visible.h"
#include "cmd/view_internal.h"

/* ---- one tokenizer ----------------------------------------------------------------- */

static bool add_piece(struct view_row *row, struct view_piece piece)
{
	if (!tok_grow(&row->pieces, &row->capacity, row->count + 1, sizeof *row->pieces))
		return false;
	row->pieces[row->count++] = piece;
	return true;
}

static struct view_piece *last_piece(struct view_row *row)
{
	return row->count ? &row->pieces[row->count - 1] : NULL;
}

/* A token whose bytes are those of the one before: a character became several. */
static bool joins(struct view_row *row, const struct tok_range *range, uint32_t at)
{
	struct view_piece *last = last_piece(row);
	if (!last || last->kind == VIEW_GAP || last->begin == last->end || range->end > at ||
	    range->begin == range->end)
		return false;
	last->tokens++;
	return true;
}

static bool add_gap(struct view_row *row, uint32_t begin, uint32_t end)
{
	return begin >= end ||
	       add_piece(row, (struct view_piece){ .begin = begin, .end = end, .kind = VIEW_GAP });
}

/* Tokens from this one on have no bytes: a template put them behind the text. */
static size_t find_behind(const struct tok_encoding *e)
{
	size_t behind = e->count;
	while (behind > 0 && e->ranges[behind - 1].begin == e->ranges[behind - 1].end)
		behind--;
	return behind;
}

static enum view_kind kind_of(const struct view_row *row, size_t token)
{
	const tok_id id = row->encoding.ids[token];
	return tok_tokenizer_is_special(row->tokenizer, id) ? VIEW_SPECIAL : VIEW_TOKEN;
}

/* Ranges rise, but for those of a template, which have no bytes, and of characters that became
 * several tokens.  Of these all may have the character's bytes, or the last alone: so tokens
 * without bytes go with the next one that has some. */
static bool tile(struct view_row *row, size_t bytes)
{
	const struct tok_encoding *e = &row->encoding;
	const size_t behind = find_behind(e);
	uint32_t at = 0, waiting = 0;
	row->count = 0;
	for (size_t i = 0; i < e->count; i++) {
		const struct tok_range *r = &e->ranges[i];
		if (joins(row, r, at))
			continue;
		const bool has_bytes = r->end > at;
		if (!has_bytes && at > 0 && i < behind) {
			waiting++;
			continue;
		}
		const uint32_t begin = i >= behind                  ? (uint32_t)bytes
				       : has_bytes && r->begin > at ? r->begin
								    : at;
		const struct view_piece piece = { .begin = begin,
						  .end = has_bytes ? r->end : begin,
						  .token = (uint32_t)i - waiting,
						  .tokens = 1 + waiting,
						  .kind = kind_of(row, i) };
		if (!add_gap(row, at, begin) || !add_piece(row, piece))
			return false;
		at = piece.end;
		waiting = 0;
	}
	return add_gap(row, at, (uint32_t)bytes);
}

enum tok_status view_encode(struct view_text *view, struct tok_span text,
			    const struct tok_encode_options *how, struct tok_error *err)
{
	struct tok_encode_options ranged = *how;
	ranged.offsets = true;
	for (size_t i = 0; i < view->row_count; i++) {
		struct view_row *row = &view->rows[i];
		view->text = text;
		const enum tok_status status =
		    cli_encoder_text(&row->encoder, &ranged, &view->text, &row->encoding, err);
		if (status != TOK_OK)
			return status;
		if (!tile(row, view->text.count))
			return tok_fail_memory(err);
		row->tokens += row->encoding.count;
	}
	view->bytes += view->text.count;
	return TOK_OK;
}

bool view_piece_visible(const struct view_text *view, const struct view_row *row,
			const struct view_piece *piece, struct tok_buffer *out)
{
	const size_t before = out->count;
	if (piece->begin < piece->end)
		return cli_visible_text(tok_span_slice(view->text, piece->begin, piece->end), out);
	const tok_id id = row->encoding.ids[piece->token];
	if (!cli_visible_token(row->tokenizer, id, out))
		return false;
	struct cli_put put = { .out = out };
	if (out->count == before) /* a template may name an id that is no token */
		cli_put(&put, "<%" PRIu32 ">", id);
	return !put.lost;
}

/* ---- several ----------------------------------------------------------------------- */

static bool is_empty(const struct view_row *row, size_t at)
{
	return at < row->count && row->pieces[at].begin == row->pieces[at].end;
}

/* What has no bytes, in any row, before what follows; how many in the longest row. */
static size_t take_empty(const struct view_text *view, struct view_chunk *c)
{
	size_t most = 0;
	for (size_t i = 0; i < view->row_count; i++) {
		while (is_empty(&view->rows[i], c->to[i]))
			c->to[i]++;
		most = c->to[i] - c->from[i] > most ? c->to[i] - c->from[i] : most;
	}
	return most;
}

/* Every row goes on until it reaches where the furthest one is. */
static void take_pieces(const struct view_text *view, struct view_chunk *c)
{
	uint32_t reached[VIEW_TOKENIZERS_MAX], furthest;
	bool even = false;
	for (size_t i = 0; i < view->row_count; i++)
		reached[i] = c->begin;
	furthest = view->rows[0].pieces[c->to[0]].end;
	while (!even) {
		even = true;
		for (size_t i = 0; i < view->row_count; i++) {
			while (reached[i] < furthest)
				reached[i] = view->rows[i].pieces[c->to[i]++].end;
			even &= reached[i] == furthest || i == 0;
			furthest = reached[i];
		}
		even &= reached[0] == furthest;
	}
	c->end = furthest;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static bool find_borders(const struct view_text *view, struct view_chunk *c)
{
	size_t count = 1, kept = 0;
	for (size_t i = 0; i < view->row_count; i++)
		count += c->to[i] - c->from[i];
	if (!tok_grow(&c->borders, &c->capacity, count, sizeof *c->borders))
		return false;
	c->borders[0] = c->begin;
	count = 1;
	for (size_t i = 0; i < view->row_count; i++)
		for (size_t k = c->from[i]; k < c->to[i]; k++)
			c->borders[count++] = view->rows[i].pieces[k].end;
	if (view->row_count > 1)
		qsort(c->borders, count, sizeof *c->borders, compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || c->borders[i] != c->borders[kept - 1])
			c->borders[kept++] = c->borders[i];
	c->border_count = kept;
	return true;
}

static bool number_borders(struct view_chunk *c, size_t count)
{
	if (!tok_grow(&c->borders, &c->capacity, count + 1, sizeof *c->borders))
		return false;
	for (size_t i = 0; i <= count; i++)
		c->borders[i] = (uint32_t)i;
	c->border_count = count + 1;
	return true;
}

enum tok_status view_chunk_next(const struct view_text *view, struct view_chunk *c, bool *more,
				struct tok_error *err)
{
	memcpy(c->from, c->to, sizeof c->from);
	c->begin = c->end;
	const size_t empty = take_empty(view, c);
	*more = empty > 0 || c->begin < view->text.count;
	if (!*more)
		return TOK_OK;
	if (empty == 0)
		take_pieces(view, c);
	return (empty ? number_borders(c, empty) : find_borders(view, c)) ? TOK_OK
									  : tok_fail_memory(err);
}

static size_t find_border(const struct view_chunk *c, uint32_t at)
{
	size_t low = 0, high = c->border_count - 1;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (c->borders[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void view_chunk_place(const struct view_chunk *c, const struct view_piece *piece, size_t index,
		      size_t *begin, size_t *end)
{
	*begin = c->begin == c->end ? index : find_border(c, piece->begin);
	*end = c->begin == c->end ? index + 1 : find_border(c, piece->end);
}
