/* view_page.c - pieces in a page: each tells of its tokens when it is pointed at. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_page.h"
#include "cmd/cli_visible.h"
#include "cmd/view_internal.h"

/* Browsers take long over what is larger. */
enum { PAGE_MB = 16, TURNS = 5 };

/* What there is to know of a token: its text in the file, id, bytes, and where they are. */
static void put_token(struct cli_put *p, const struct view_text *view, const struct view_row *row,
		      const struct view_piece *piece, uint32_t which)
{
	const tok_id id = row->encoding.ids[piece->token + which];
	struct tok_buffer bytes = { 0 };
	cli_page_text(p, tok_tokenizer_token(row->tokenizer, id));
	cli_put(p, "\nid %" PRIu32, id);
	if (view->row_count > 1) {
		cli_put(p, " of ");
		cli_page_text(p, tok_span_of(row->name));
	}
	cli_put(p, "\nbytes");
	p->lost |= !cli_token_bytes(row->tokenizer, id, &bytes);
	for (size_t i = 0; i < bytes.count; i++)
		cli_put(p, " %02x", bytes.bytes[i]);
	tok_buffer_release(&bytes);
	if (piece->begin == piece->end)
		cli_put(p, "\nadded");
	else
		cli_put(p, "\nat %" PRIu64 " to %" PRIu64, view->offset + piece->begin,
			view->offset + piece->end);
}

static void put_title(struct cli_put *p, const struct view_text *view, const struct view_row *row,
		      const struct view_piece *piece)
{
	cli_put(p, " title=\"");
	for (uint32_t i = 0; i < piece->tokens; i++) {
		if (i > 0)
			cli_put(p, "\n");
		put_token(p, view, row, piece, i);
	}
	if (piece->kind == VIEW_GAP)
		cli_put(p, "no token\nat %" PRIu64 " to %" PRIu64, view->offset + piece->begin,
			view->offset + piece->end);
	cli_put(p, "\"");
}

/* Its colour: one tokenizer's pieces go through several, those of several have two shades each. */
static void put_class(struct cli_put *p, const struct view_text *view, size_t row, size_t number,
		      const struct view_piece *piece)
{
	switch (piece->kind) {
	case VIEW_TOKEN:
		if (view->row_count > 1)
			cli_put(p, "p %s%s", cli_page_series((int)row), number % 2 ? " o" : "");
		else
			cli_put(p, "p %s", cli_page_series((int)(number % TURNS)));
		return;
	case VIEW_SPECIAL:
		cli_put(p, "p x");
		return;
	case VIEW_GAP:
		cli_put(p, "p y");
		return;
	}
}

static void put_piece(struct cli_put *p, const struct view_text *view, size_t row, size_t number,
		      const struct view_piece *piece, const char *style, bool ids)
{
	const struct view_row *r = &view->rows[row];
	struct tok_buffer visible = { 0 };
	cli_put(p, "<span class=\"");
	put_class(p, view, row, number, piece);
	cli_put(p, "\"%s", style);
	put_title(p, view, r, piece);
	cli_put(p, ">");
	p->lost |= !view_piece_visible(view, r, piece, &visible);
	cli_page_text(p, tok_buffer_span(&visible));
	tok_buffer_release(&visible);
	for (uint32_t i = 0; i < piece->tokens && ids; i++)
		cli_put(p, "%s%" PRIu32, i ? "+" : "<small>", r->encoding.ids[piece->token + i]);
	cli_put(p, ids && piece->tokens ? "</small></span>" : "</span>");
}

/* Several rows are a grid whose columns are borders, so that what begins with the same byte begins
 * in the same place. */
static void put_chunk(struct cli_put *p, const struct view_text *view, const struct view_chunk *c,
		      bool ids)
{
	const bool several = view->row_count > 1;
	char style[96] = "";
	if (several)
		cli_put(p, "<span class=\"c\">");
	for (size_t row = 0; row < view->row_count; row++)
		for (size_t k = c->from[row]; k < c->to[row]; k++) {
			const struct view_piece *piece = &view->rows[row].pieces[k];
			size_t begin, end;
			view_chunk_place(c, piece, k - c->from[row], &begin, &end);
			if (several)
				snprintf(style, sizeof style,
					 " style=\"grid-area:%zu/%zu/auto/%zu\"", row + 1,
					 begin + 1, end + 1);
			put_piece(p, view, row, k, piece, style, ids);
		}
	if (several)
		cli_put(p, "</span>");
	if (c->begin < c->end &&
	    memchr(view->text.bytes + c->begin, '\n', c->end - c->begin) != NULL)
		cli_put(p, "</div>\n<div dir=\"auto\">");
}

enum tok_status view_page_add(struct cli_put *p, const struct view_text *view, bool first,
			      bool last, bool ids, struct tok_error *err)
{
	struct view_chunk chunk = { 0 };
	bool more = true;
	enum tok_status status = TOK_OK;
	if (first)
		cli_put(p, "<div class=\"text\"><div dir=\"auto\">");
	while (status == TOK_OK) {
		status = view_chunk_next(view, &chunk, &more, err);
		if (status != TOK_OK || !more)
			break;
		put_chunk(p, view, &chunk, ids);
		if (p->out->count > (size_t)PAGE_MB << 20)
			status = tok_fail(err, TOK_ELIMIT,
					  "the page would be larger than %d MB: show less text",
					  PAGE_MB);
	}
	if (last)
		cli_put(p, "</div></div>\n");
	free(chunk.borders);
	return status;
}

void view_page_file(struct cli_put *p, const char *name)
{
	cli_page_heading(p, name);
}

static void put_totals(struct cli_put *p, const struct view_text *view)
{
	static const struct cli_page_column columns[] = {
		{ .head = "tokenizer" },
		{ .head = "tokens", .number = true },
		{ .head = "bytes/token", .number = true },
	};
	cli_page_table_begin(p, view->row_count > 1 ? "Rows, from top to bottom" : "Tokens",
			     columns, 3);
	for (size_t i = 0; i < view->row_count; i++) {
		const struct view_row *row = &view->rows[i];
		cli_page_row(p);
		if (view->row_count > 1)
			cli_page_cell_series(p, tok_span_of(row->name), (int)i);
		else
			cli_page_cell_text(p, tok_span_of(row->name));
		cli_page_cell_number(p, (double)row->tokens, 0);
		cli_page_cell_number(p, (double)view->bytes / (double)row->tokens, 3);
	}
	cli_page_table_end(p);
}

enum tok_status view_page_write(struct cli_put *body, const struct view_text *view,
				const char *path, struct tok_error *err)
{
	struct tok_buffer page = { 0 };
	struct cli_put p = { .out = &page, .lost = body->lost };
	cli_page_begin(
	    &p, "Tokens of a text",
	    "Point at a piece for its token, id, bytes and place. ␠ is a blank, ␊ the end "
	    "of a line, <0xE3> a byte of a character that is cut. Special tokens stand in "
	    "reverse; what has no colour belongs to no token.");
	put_totals(&p, view);
	p.lost |= !tok_buffer_add(&page, body->out->bytes, body->out->count);
	cli_page_end(&p);
	tok_buffer_release(body->out);
	if (!p.lost)
		return cli_page_write(&page, path, err);
	tok_buffer_release(&page);
	return tok_fail_memory(err);
}
