/* sample_page.c - a comparison of methods as a page: what each gives how often, and what each is.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"
#include "cmd/cli_visible.h"
#include "cmd/sample_compare.h"

enum { PAGE_MB = 32 };

static const struct cli_page_column method_columns[] = {
	{ "method", NULL, false },
	{ "parameters", NULL, false },
	{ "segmentations", "that it gives; none where there are too many to list", true },
	{ "entropy", "bits", true },
	{ "length", "tokens to be expected", true },
	{ "canonical", "probability of the tokenizer's own segmentation", true },
	{ "divergence", "Kullback and Leibler's from uniform, bits", true },
};

/* "␠read ing" */
static bool put_segmentation(const struct sample_comparison *c, const struct sample_row *row,
			     struct tok_buffer *out)
{
	bool ok = true;
	for (size_t i = 0; i < row->count && ok; i++)
		ok = (i == 0 || tok_buffer_add_byte(out, ' ')) &&
		     cli_visible_token(c->tokenizer, row->ids[i], out);
	return ok;
}

/* `caption` is not that of another text's table. */
static void put_methods(const struct sample_comparison *c, const char *caption, struct cli_put *p)
{
	cli_page_table_begin(p, caption, method_columns,
			     sizeof method_columns / sizeof *method_columns);
	for (size_t m = 0; m < c->method_count; m++) {
		const struct sample_compared *method = &c->methods[m];
		cli_page_row(p);
		cli_page_cell_series(p, tok_span_of(sample_method_name(method->method.method)),
				     (int)m);
		cli_page_cell_text(p, tok_span_of(method->parameters));
		cli_page_cell_number(p, method->listed ? (double)method->draws.count : NAN, 0);
		cli_page_cell_number(p, method->entropy, 4);
		cli_page_cell_number(p, method->length, 4);
		cli_page_cell_number(p, method->canonical, 6);
		cli_page_cell_number(p, method->divergence, 4);
	}
	cli_page_table_end(p);
}

/* A bar a method for each segmentation, and one for all that are not among the rows. */
static enum tok_status put_rows(const struct sample_comparison *c, struct cli_put *p,
				struct tok_error *err)
{
	static const struct cli_chart chart = {
		.title = "How often each segmentation comes",
		.x = "probability",
		.caption = "the most probable, all methods together; * is the tokenizer's own",
	};
	const size_t count = (c->row_count + 1) * c->method_count;
	struct cli_chart_bar *bars = calloc(count, sizeof *bars);
	struct tok_buffer names = { 0 };
	size_t *ends = calloc(c->row_count + 1, sizeof *ends);
	bool ok = bars && ends;
	for (size_t r = 0; r < c->row_count && ok; r++) {
		ok = put_segmentation(c, &c->rows[r], &names) &&
		     (!c->rows[r].canonical || tok_buffer_add(&names, " *", 2));
		ends[r] = names.count;
	}
	for (size_t i = 0; i < count && ok; i++) {
		const size_t r = i / c->method_count, m = i % c->method_count;
		const bool others = r == c->row_count;
		bars[i] = (struct cli_chart_bar){
			.name = others ? tok_span_of("all others")
				       : tok_span_slice(tok_buffer_span(&names),
							r ? ends[r - 1] : 0, ends[r]),
			.value = others ? c->methods[m].others : c->rows[r].probabilities[m],
			.series = (int)m,
		};
	}
	if (ok)
		cli_chart_bars(p, &chart, bars, count, NAN);
	free(ends);
	free(bars);
	tok_buffer_release(&names);
	return ok ? TOK_OK : tok_fail_memory(err);
}

enum tok_status sample_page_text(const struct sample_comparison *c, struct cli_put *p,
				 struct tok_error *err)
{
	struct tok_span names[SAMPLE_METHODS];
	struct tok_buffer shown = { 0 }, caption = { 0 };
	struct cli_put put = { .out = &caption };
	if (p->out->count > (size_t)PAGE_MB << 20)
		return tok_fail(err, TOK_ELIMIT,
				"the page would have more than %d MB: compare fewer texts",
				PAGE_MB);
	put.lost |= !cli_visible_text(c->text, &shown) || !tok_buffer_add_byte(&shown, 0);
	if (!put.lost)
		cli_put(&put, "What each method does to %" PRIu64 ", %s%c", c->number + 1,
			(const char *)shown.bytes, 0);
	for (size_t m = 0; m < c->method_count; m++)
		names[m] = tok_span_of(sample_method_name(c->methods[m].method.method));
	enum tok_status status = TOK_OK;
	if (!put.lost) {
		cli_page_heading(p, (const char *)shown.bytes);
		cli_page_legend(p, names, c->method_count);
		status = put_rows(c, p, err);
		put_methods(c, (const char *)caption.bytes, p);
	}
	p->lost |= put.lost;
	tok_buffer_release(&caption);
	tok_buffer_release(&shown);
	return status == TOK_OK && p->lost ? tok_fail_memory(err) : status;
}
