/* view_lines.c - pieces as lines of a terminal, those of several tokenizers under each other.
 *
 * A line is put together as characters with a colour each; a row's pieces begin in the columns that
 * their first bytes have in all rows.  Without colours a bar stands before each piece: blanks mean
 * nothing, as those of the text are visible. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cli_visible.h"
#include "cmd/view_internal.h"
#include "tok/text/utf8.h"

/* ---- colours ----------------------------------------------------------------------- */

/* Black on pale colours of the 256 that terminals have: readable on dark and light ones.  One
 * tokenizer's pieces go through five of them, those of several through two shades of their own. */
enum { TURNS = 5, SHADES = 8 };
enum style {
	STYLE_NONE,
	STYLE_TURN,
	STYLE_SHADE = STYLE_TURN + TURNS,
	STYLE_SPECIAL = STYLE_SHADE + 2 * SHADES,
	STYLE_DIM,
	STYLES
};

static const char *const styles[STYLES] = {
	"",
	"38;5;16;48;5;153",
	"38;5;16;48;5;223",
	"38;5;16;48;5;157",
	"38;5;16;48;5;225",
	"38;5;16;48;5;229",
	"38;5;16;48;5;153",
	"38;5;16;48;5;117",
	"38;5;16;48;5;223",
	"38;5;16;48;5;216",
	"38;5;16;48;5;157",
	"38;5;16;48;5;114",
	"38;5;16;48;5;225",
	"38;5;16;48;5;183",
	"38;5;16;48;5;229",
	"38;5;16;48;5;186",
	"38;5;16;48;5;195",
	"38;5;16;48;5;116",
	"38;5;16;48;5;224",
	"38;5;16;48;5;181",
	"38;5;16;48;5;255",
	"38;5;16;48;5;250",
	"1;38;5;231;48;5;238",
	"2",
};

static const char bar[] = "│";

/* ---- a line that is put together --------------------------------------------------- */

struct glyph {
	size_t at; /* in bytes, which go to where the next one's begin */
	uint8_t width, style;
};

struct strip {
	struct tok_buffer bytes;
	struct glyph *glyphs;
	size_t first; /* those before went out */
	size_t count, capacity, width;
};

struct view_lines {
	struct view_look look;
	size_t rows, strips; /* two a row with ids, else one */
	struct strip *all;
	size_t room;     /* columns of a line's pieces */
	bool begun;      /* the document has a line */
	uint64_t *turns; /* pieces so far, by row */
	size_t *columns; /* of a chunk's borders */
	size_t capacity;
	struct tok_buffer visible;
};

struct view_lines *view_lines_new(const struct view_look *look, size_t rows)
{
	struct view_lines *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->look = *look;
	l->rows = rows;
	l->strips = look->ids ? 2 * rows : rows;
	l->room = look->columns - (rows > 1 ? 2 : 0) - (look->colours ? 0 : 1);
	l->all = calloc(l->strips, sizeof *l->all);
	l->turns = calloc(rows, sizeof *l->turns);
	if (l->all && l->turns)
		return l;
	view_lines_free(l);
	return NULL;
}

void view_lines_free(struct view_lines *l)
{
	if (!l)
		return;
	for (size_t i = 0; l->all && i < l->strips; i++) {
		tok_buffer_release(&l->all[i].bytes);
		free(l->all[i].glyphs);
	}
	tok_buffer_release(&l->visible);
	free(l->all);
	free(l->turns);
	free(l->columns);
	free(l);
}

/* A mark goes with the character before it. */
static bool add_text(struct strip *s, struct tok_span text, uint8_t style)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const struct tok_span one = tok_span_slice(text, at, at + c.length);
		const size_t width = cli_visible_width(one);
		if (width > 0 || s->count == 0) {
			if (!tok_grow(&s->glyphs, &s->capacity, s->count + 1, sizeof *s->glyphs))
				return false;
			s->glyphs[s->count++] =
			    (struct glyph){ s->bytes.count, (uint8_t)width, style };
			s->width += width;
		}
		if (!tok_buffer_add(&s->bytes, one.bytes, one.count))
			return false;
		at += c.length;
	}
	return true;
}

static bool pad(struct strip *s, size_t width, uint8_t style)
{
	bool ok = true;
	while (ok && s->width < width)
		ok = add_text(s, tok_span_of(" "), style);
	return ok;
}

/* ---- lines that go out ------------------------------------------------------------- */

/* Where its characters end that have room in so many columns, and which columns they take. */
static size_t end_within(const struct strip *s, size_t columns, size_t *taken)
{
	size_t end = s->first;
	*taken = 0;
	while (end < s->count && *taken + s->glyphs[end].width <= columns)
		*taken += s->glyphs[end++].width;
	return end;
}

static size_t end_of(const struct strip *s, size_t glyph)
{
	return glyph + 1 < s->count ? s->glyphs[glyph + 1].at : s->bytes.count;
}

/* Blanks at the end that have no colour say nothing. */
static size_t without_blanks(const struct strip *s, size_t end)
{
	while (end > s->first && s->glyphs[end - 1].style == STYLE_NONE &&
	       s->bytes.bytes[s->glyphs[end - 1].at] == ' ')
		end--;
	return end;
}

static void put_style(struct cli_put *out, bool colours, uint8_t style)
{
	if (colours && style != STYLE_NONE)
		cli_put(out, "\x1b[%sm", styles[style]);
}

static void put_glyphs(struct cli_put *out, const struct view_lines *l, const struct strip *s,
		       size_t end)
{
	uint8_t style = STYLE_NONE;
	for (size_t i = s->first; i < end; i++) {
		if (s->glyphs[i].style != style) {
			if (l->look.colours && style != STYLE_NONE)
				cli_put(out, "\x1b[0m");
			style = s->glyphs[i].style;
			put_style(out, l->look.colours, style);
		}
		out->lost |= !tok_buffer_add(out->out, s->bytes.bytes + s->glyphs[i].at,
					     end_of(s, i) - s->glyphs[i].at);
	}
	if (l->look.colours && style != STYLE_NONE)
		cli_put(out, "\x1b[0m");
}

/* What went out stays until all did: a piece may be as long as a text. */
static void drop(struct strip *s, size_t end, size_t taken)
{
	s->first = end;
	s->width -= taken;
	if (s->first == s->count) {
		s->first = s->count = 0;
		tok_buffer_clear(&s->bytes);
	}
}

/* A wide character that would lie across the end goes on in the next line: in all rows. */
static size_t cut_at(const struct view_lines *l, size_t columns)
{
	for (size_t at = columns; at > 0; at--) {
		bool clean = true;
		for (size_t i = 0; i < l->strips; i++) {
			size_t taken;
			end_within(&l->all[i], at, &taken);
			clean &= taken == at || taken == l->all[i].width;
		}
		if (clean)
			return at;
	}
	return columns;
}

static size_t width_of(const struct view_lines *l)
{
	size_t most = 0;
	for (size_t i = 0; i < l->strips; i++)
		most = l->all[i].width > most ? l->all[i].width : most;
	return most;
}

/* The first so many columns as a line of each row. */
static bool put_lines(struct view_lines *l, size_t columns, struct tok_buffer *to)
{
	struct cli_put out = { .out = to };
	const size_t per = l->strips / l->rows;
	for (size_t i = 0; i < l->strips; i++) {
		struct strip *s = &l->all[i];
		size_t taken;
		const size_t end = end_within(s, columns, &taken);
		const size_t shown = without_blanks(s, end);
		const bool any = shown > s->first;
		if (l->rows > 1 && (i % per == 0 || any))
			cli_put(&out, any ? "%c " : "%c", i % per ? ' ' : (char)('A' + i / per));
		put_glyphs(&out, l, s, shown);
		cli_put(&out, "\n");
		drop(s, end, taken);
	}
	if (l->strips > 1)
		cli_put(&out, "\n");
	l->begun = true;
	return !out.lost;
}

static bool end_line(struct view_lines *l, struct tok_buffer *out)
{
	for (size_t i = 0; i < l->strips && !l->look.colours; i += l->strips / l->rows)
		if (!add_text(&l->all[i], tok_span_of(bar), STYLE_NONE))
			return false;
	return put_lines(l, width_of(l), out);
}

/* ---- pieces in columns ------------------------------------------------------------- */

static uint8_t style_of(const struct view_lines *l, size_t row, const struct view_piece *piece)
{
	switch (piece->kind) {
	case VIEW_TOKEN:
		break;
	case VIEW_SPECIAL:
		return STYLE_SPECIAL;
	case VIEW_GAP:
		return STYLE_DIM;
	}
	if (l->rows == 1)
		return (uint8_t)(STYLE_TURN + l->turns[row] % TURNS);
	return (uint8_t)(STYLE_SHADE + 2 * (row % SHADES) + l->turns[row] % 2);
}

/* Without colours the place of what no token has is left free. */
static bool see(struct view_lines *l, const struct view_text *view, size_t row,
		const struct view_piece *piece)
{
	tok_buffer_clear(&l->visible);
	if (!l->look.colours && !tok_buffer_add(&l->visible, bar, sizeof bar - 1))
		return false;
	return view_piece_visible(view, &view->rows[row], piece, &l->visible);
}

static bool see_ids(struct view_lines *l, const struct view_text *view, size_t row,
		    const struct view_piece *piece)
{
	struct cli_put put = { .out = &l->visible };
	tok_buffer_clear(&l->visible);
	if (!l->look.colours)
		cli_put(&put, " ");
	for (uint32_t i = 0; i < piece->tokens; i++)
		cli_put(&put, "%s%" PRIu32, i ? "+" : "",
			view->rows[row].encoding.ids[piece->token + i]);
	return !put.lost;
}

static bool measure(struct view_lines *l, const struct view_text *view, size_t row,
		    const struct view_piece *piece, size_t *width)
{
	if (!see(l, view, row, piece))
		return false;
	*width = cli_visible_width(tok_buffer_span(&l->visible));
	if (!l->look.ids)
		return true;
	if (!see_ids(l, view, row, piece))
		return false;
	const size_t ids = l->visible.count + (l->look.colours ? 1 : 0);
	*width = ids > *width ? ids : *width;
	return true;
}

/* A border stands where all pieces that end there have room. */
static bool place(struct view_lines *l, const struct view_text *view, const struct view_chunk *c)
{
	size_t next[VIEW_TOKENIZERS_MAX], begin, end, width;
	if (!tok_grow(&l->columns, &l->capacity, c->border_count, sizeof *l->columns))
		return false;
	memcpy(next, c->from, sizeof next);
	l->columns[0] = 0;
	for (size_t b = 1; b < c->border_count; b++) {
		l->columns[b] = l->columns[b - 1];
		for (size_t row = 0; row < view->row_count; row++) {
			const struct view_piece *piece = &view->rows[row].pieces[next[row]];
			if (next[row] == c->to[row])
				continue;
			view_chunk_place(c, piece, next[row] - c->from[row], &begin, &end);
			if (end != b)
				continue;
			if (!measure(l, view, row, piece, &width))
				return false;
			if (l->columns[begin] + width > l->columns[b])
				l->columns[b] = l->columns[begin] + width;
			next[row]++;
		}
	}
	return true;
}

static bool draw_piece(struct view_lines *l, const struct view_text *view, size_t row,
		       const struct view_piece *piece, size_t from, size_t to)
{
	const size_t per = l->strips / l->rows;
	struct strip *s = &l->all[row * per];
	const uint8_t style = l->look.colours ? style_of(l, row, piece) : STYLE_NONE;
	bool ok = pad(s, from, STYLE_NONE) && see(l, view, row, piece);
	if (ok && !l->look.colours && piece->kind == VIEW_GAP)
		l->visible.count = sizeof bar - 1;
	ok = ok && add_text(s, tok_buffer_span(&l->visible), style) && pad(s, to, style);
	if (ok && l->look.ids)
		ok = pad(&s[1], from, STYLE_NONE) && see_ids(l, view, row, piece) &&
		     add_text(&s[1], tok_buffer_span(&l->visible), l->look.colours ? STYLE_DIM : 0);
	l->turns[row] += piece->kind != VIEW_GAP;
	return ok;
}

/* A row that has nothing here, where others have tokens of a template. */
static bool draw_nothing(struct view_lines *l, size_t row, size_t from)
{
	struct strip *s = &l->all[row * (l->strips / l->rows)];
	return l->look.colours ||
	       (pad(s, from, STYLE_NONE) && add_text(s, tok_span_of(bar), STYLE_NONE));
}

static bool draw(struct view_lines *l, const struct view_text *view, const struct view_chunk *c)
{
	const size_t at = width_of(l);
	bool ok = true;
	for (size_t row = 0; row < view->row_count; row++) {
		if (c->from[row] == c->to[row])
			ok = ok && draw_nothing(l, row, at);
		for (size_t k = c->from[row]; k < c->to[row] && ok; k++) {
			const struct view_piece *piece = &view->rows[row].pieces[k];
			size_t begin, end;
			view_chunk_place(c, piece, k - c->from[row], &begin, &end);
			ok = draw_piece(l, view, row, piece, at + l->columns[begin],
					at + l->columns[end]);
		}
	}
	for (size_t i = 0; i < l->strips && ok; i++)
		ok = pad(&l->all[i], at + l->columns[c->border_count - 1], STYLE_NONE);
	return ok;
}

static bool has_newline(const struct view_text *view, const struct view_chunk *c)
{
	return c->begin < c->end &&
	       memchr(view->text.bytes + c->begin, '\n', c->end - c->begin) != NULL;
}

static bool add_chunk(struct view_lines *l, const struct view_text *view,
		      const struct view_chunk *c, struct tok_buffer *out)
{
	if (!place(l, view, c))
		return false;
	const size_t width = l->columns[c->border_count - 1];
	bool ok = true;
	if (width_of(l) > 0 && width_of(l) + width > l->room)
		ok = end_line(l, out);
	ok = ok && draw(l, view, c);
	while (ok && width_of(l) > l->room)
		ok = put_lines(l, cut_at(l, l->room), out);
	return ok && has_newline(view, c) ? end_line(l, out) : ok;
}

bool view_lines_end(struct view_lines *l, struct tok_buffer *out)
{
	bool ok = true;
	if (width_of(l) > 0)
		ok = end_line(l, out);
	else if (!l->begun)
		ok = tok_buffer_add_byte(out, '\n');
	l->begun = false;
	return ok;
}

enum tok_status view_lines_add(struct view_lines *l, const struct view_text *view, bool last,
			       struct tok_buffer *out, struct tok_error *err)
{
	struct view_chunk chunk = { 0 };
	bool more = true, ok = true;
	enum tok_status status = view_chunk_next(view, &chunk, &more, err);
	while (status == TOK_OK && more && ok) {
		ok = add_chunk(l, view, &chunk, out);
		if (ok)
			status = view_chunk_next(view, &chunk, &more, err);
	}
	free(chunk.borders);
	if (status == TOK_OK && ok && last)
		ok = view_lines_end(l, out);
	return status == TOK_OK && !ok ? tok_fail_memory(err) : status;
}

void view_lines_totals(const struct view_lines *l, const struct view_text *view,
		       struct cli_put *out)
{
	if (l->strips == 1)
		cli_put(out, "\n");
	for (size_t i = 0; i < view->row_count; i++) {
		const struct view_row *row = &view->rows[i];
		if (l->rows > 1)
			cli_put(out, "%c  ", (char)('A' + i));
		cli_put(out, "%" PRIu64 " token%s, %" PRIu64 " byte%s", row->tokens,
			row->tokens == 1 ? "" : "s", view->bytes, view->bytes == 1 ? "" : "s");
		if (row->tokens > 0)
			cli_put(out, ", %.3f bytes/token",
				(double)view->bytes / (double)row->tokens);
		cli_put(out, l->rows > 1 ? "  %s\n" : "\n", row->name);
	}
}
