/*
 * cli_page.h - a page of HTML: one file without anything from outside.
 *
 *	struct cli_put p = { .out = &buffer };
 *	cli_page_begin(&p, "Audit", "what six tokenizers make of 204 languages");
 *	cli_page_table_begin(&p, "Premiums", columns, 3);
 *	cli_page_row(&p);
 *	cli_page_cell_text(&p, name);
 *	cli_page_cell_number(&p, 1.25, 2);
 *	cli_page_table_end(&p);
 *	cli_page_end(&p);
 *	status = cli_page_write(&buffer, path, &err);
 *
 * Whoever reads it needs no script; with scripts, a click on the head of a column sorts its table:
 * largest number or first letter first, then the other way, then as written.  No other script runs
 * in it, and nothing is loaded.  Colours follow the reader's light or dark page; it can be read at
 * 360 pixels and on paper.  Whether memory was out is kept in `p`, to be asked once at the end.
 */
#ifndef CMD_CLI_PAGE_H
#define CMD_CLI_PAGE_H

#include "cmd/cli_put.h"
#include "tok/base/span.h"

/* `title` and `summary` are escaped here, as all text is that has no HTML in its name. */
void cli_page_begin(struct cli_put *p, const char *title, const char *summary);
void cli_page_end(struct cli_put *p);

void cli_page_heading(struct cli_put *p, const char *text);
void cli_page_paragraph(struct cli_put *p, const char *text);
void cli_page_lines(struct cli_put *p, struct tok_span text); /* as they stand, in one width */

/* Text as it stands in HTML and in attributes: <, >, &, quotes, control bytes, what turns the order
 * of letters and what is no UTF-8 are escaped or replaced, so that nothing in a file can change the
 * page.  Line ends and tabs stay. */
void cli_page_text(struct cli_put *p, struct tok_span text);

/* ---- series --------------------------------------------------------------------------- */

/* A model, a tokenizer: what has a number has one colour in all of a page.  Colours come again
 * after so many. */
enum { CLI_PAGE_SERIES = 8 };

/* The class that gives an element the colour of a series; static. */
const char *cli_page_series(int series);

/* A name with its colour, as text. */
void cli_page_named(struct cli_put *p, struct tok_span name, int series);
/* Which series is which: names of 0, 1, ... */
void cli_page_legend(struct cli_put *p, const struct tok_span *names, size_t count);

/* ---- tables --------------------------------------------------------------------------- */

struct cli_page_column {
	const char *head;
	const char *note; /* unit, convention: written above the table; or NULL */
	bool number;      /* set to the right, sorted by value */
};

void cli_page_table_begin(struct cli_put *p, const char *caption,
			  const struct cli_page_column *columns, size_t count);
void cli_page_row(struct cli_put *p); /* ends the one before */
/* A row's first cell names it. */
void cli_page_cell_text(struct cli_put *p, struct tok_span text);
void cli_page_cell_series(struct cli_put *p, struct tok_span text,
			  int series);                                   /* with its colour */
void cli_page_cell_number(struct cli_put *p, double number, int digits); /* NAN: a dash */
void cli_page_table_end(struct cli_put *p);

/* The page into a file that is replaced in one step, or to standard output ("-"); releases
 * `buffer`. */
TOK_MUST_USE enum tok_status cli_page_write(struct tok_buffer *buffer, const char *path,
					    struct tok_error *err);

#endif
