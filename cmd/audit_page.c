/* audit_page.c - an audit as a page: tables to be sorted, premiums as bars, Lorenz curves. */
#include <math.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_morphology.h"
#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"

/* ---- tables -------------------------------------------------------------------------------- */

static const struct cli_page_column summary_columns[] = {
	{ "tokenizer", NULL, false },
	{ "entries", "tokens that the vocabulary has", true },
	{ "Gini", "of tokens of parallel texts; 0: all languages cost the same", true },
	{ "Gini of tokens a byte", "hides what a script costs in UTF-8", true },
	{ "median premium", "tokens over those of the pivot", true },
	{ "largest premium", NULL, true },
	{ "of", NULL, false },
	{ "variation of use", "standard deviation / mean of used types over languages", true },
	{ "F1 of digits", "cuts in numbers, beside groups of three from the right", true },
};

static void put_summary(struct cli_put *p, const struct audit_report *r)
{
	cli_page_table_begin(p, "Tokenizers", summary_columns,
			     sizeof summary_columns / sizeof *summary_columns);
	for (size_t i = 0; i < r->tokenizer_count; i++) {
		const struct audit_tokenizer *t = &r->tokenizers[i];
		const bool worst = t->premium_worst < r->language_count;
		cli_page_row(p);
		cli_page_cell_series(p, tok_span_of(t->name), (int)i);
		cli_page_cell_number(p, (double)t->vocabulary, 0);
		cli_page_cell_number(p, t->gini, 4);
		cli_page_cell_number(p, t->gini_bytes, 4);
		cli_page_cell_number(p, t->premium_median, 3);
		cli_page_cell_number(p, t->premium_max, 3);
		cli_page_cell_text(p,
				   tok_span_of(worst ? r->languages[t->premium_worst].name : "-"));
		cli_page_cell_number(p, t->utilization_variation, 4);
		cli_page_cell_number(p, t->digits.grade.f1, 4);
	}
	cli_page_table_end(p);
}

static const struct cli_page_column cell_columns[] = {
	{ "language", NULL, false },
	{ "script", "of most letters", false },
	{ "tokens a line", NULL, true },
	{ "bytes a token", NULL, true },
	{ "characters a token", NULL, true },
	{ "premium", "tokens over those of the pivot", true },
	{ "fertility", "tokens a word", true },
	{ "continued", "share of words of two tokens or more", true },
	{ "single", "share of running words that are one token", true },
	{ "single types", "the same of distinct words", true },
	{ "continuing", "share of the tokens of words that do not begin one", true },
	{ "types", "distinct tokens that come", true },
	{ "use", "types, as a share of the vocabulary", true },
	{ "entropy", "bits a token", true },
	{ "Shannon", "efficiency over the types that come", true },
	{ "R\xC3\xA9nyi 2.5", "efficiency over the types that come", true },
	{ "return", "share of lines that decode to themselves", true },
	{ "errors", "of the text that is decoded, a character; of the front of the text", true },
	{ "white space", "share that comes back; of the front of the text", true },
	{ "normalised", "share of characters that the normaliser changes; of the front of the text",
	  true },
	{ "NFC", "share of lines that NFC changes whose ids stay", true },
	{ "NFD", "share of lines that NFD changes whose ids stay", true },
	{ "split", "share of multi-byte characters in several tokens", true },
	{ "unknown", "share of tokens that stand for something unknown", true },
	{ "script's tokens", "share of tokens of the language's script", true },
};

static void put_cell(struct cli_put *p, const struct audit_language *l, const struct audit_cell *c)
{
	const struct vocab_audit_measures *m = &c->measures;
	cli_page_row(p);
	cli_page_cell_text(p, tok_span_of(l->name));
	cli_put(p, "%s", l->abridged ? " (abridged)" : "");
	cli_page_cell_text(p, tok_span_of(l->facts.script));
	cli_page_cell_number(p, m->tokens_per_line, 2);
	cli_page_cell_number(p, m->bytes_per_token, 4);
	cli_page_cell_number(p, m->characters_per_token, 4);
	cli_page_cell_number(p, c->premium, 3);
	cli_page_cell_number(p, m->fertility, 4);
	cli_page_cell_number(p, m->continued, 4);
	cli_page_cell_number(p, m->single, 4);
	cli_page_cell_number(p, m->single_types, 4);
	cli_page_cell_number(p, m->continuing, 4);
	cli_page_cell_number(p, (double)m->types, 0);
	cli_page_cell_number(p, m->vocabulary_use, 4);
	cli_page_cell_number(p, m->entropy, 4);
	cli_page_cell_number(p, m->efficiency, 4);
	cli_page_cell_number(p, m->renyi_efficiency[1], 4);
	cli_page_cell_number(p, m->round_trip, 4);
	cli_page_cell_number(p, c->fidelity.error_rate, 4);
	cli_page_cell_number(p, c->fidelity.spaces_kept, 4);
	cli_page_cell_number(p, c->fidelity.normalizer_loss, 4);
	cli_page_cell_number(p, c->fidelity.nfc_stable, 4);
	cli_page_cell_number(p, c->fidelity.nfd_stable, 4);
	cli_page_cell_number(p, m->split_characters, 4);
	cli_page_cell_number(p, m->tokens ? (double)m->unknown / (double)m->tokens : (double)NAN,
			     4);
	cli_page_cell_number(p, m->script_tokens, 4);
}

static void put_cells(struct cli_put *p, const struct audit_report *r, size_t which)
{
	cli_page_table_begin(p, r->tokenizers[which].name, cell_columns,
			     sizeof cell_columns / sizeof *cell_columns);
	for (size_t l = 0; l < r->language_count; l++)
		put_cell(p, &r->languages[l], &r->cells[which * r->language_count + l]);
	cli_page_table_end(p);
}

static void put_pairs(struct cli_put *p, const struct audit_report *r)
{
	static const struct cli_page_column columns[] = {
		{ "tokenizer", NULL, false },
		{ "other", NULL, false },
		{ "Jaccard", "of tokens as bytes", true },
		{ "same id", "of tokens in both", true },
		{ "words", "share of words that both cut alike", true },
		{ "F1 of cuts", NULL, true },
	};
	if (r->pair_count == 0)
		return;
	cli_page_table_begin(p, "How alike tokenizers are", columns,
			     sizeof columns / sizeof *columns);
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct audit_pair *pair = &r->pairs[i];
		cli_page_row(p);
		cli_page_cell_text(p, tok_span_of(r->tokenizers[pair->a].name));
		cli_page_cell_text(p, tok_span_of(r->tokenizers[pair->b].name));
		cli_page_cell_number(p, pair->similarity.jaccard, 4);
		cli_page_cell_number(p, pair->similarity.same_id, 4);
		cli_page_cell_number(p, pair->similarity.same_words, 4);
		cli_page_cell_number(p, pair->similarity.boundary_f1, 4);
	}
	cli_page_table_end(p);
}

static void put_morphology(struct cli_put *p, const struct audit_report *r)
{
	static const struct cli_page_column columns[] = {
		{ "file", NULL, false },
		{ "tokenizer", NULL, false },
		{ "recall", "of words that are cut, those cut where their parts meet", true },
		{ "by chance", "as many cuts in each word, at random", true },
		{ "precision", "of cuts, those where the parts meet", true },
		{ "by chance", NULL, true },
		{ "F1", NULL, true },
		{ "by chance", NULL, true },
		{ "cut", "words", true },
		{ "one token", "words: they are not in the other numbers", true },
		{ "bad", "rows without two parts that make the word", true },
	};
	if (r->morphology_count == 0)
		return;
	cli_page_table_begin(p, "Parts of words", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < r->tokenizer_count * r->morphology_count; i++) {
		const struct audit_morphology *m = &r->morphology[i];
		cli_page_row(p);
		cli_page_cell_text(p, tok_span_of(m->name));
		cli_page_cell_text(p, tok_span_of(r->tokenizers[i / r->morphology_count].name));
		cli_page_cell_number(p, m->measures.recall, 4);
		cli_page_cell_number(p, m->measures.random_recall, 4);
		cli_page_cell_number(p, m->measures.precision, 4);
		cli_page_cell_number(p, m->measures.random_precision, 4);
		cli_page_cell_number(p, m->measures.f1, 4);
		cli_page_cell_number(p, m->measures.random_f1, 4);
		cli_page_cell_number(p, (double)m->measures.scored, 0);
		cli_page_cell_number(p, (double)m->measures.single, 0);
		cli_page_cell_number(p, (double)m->measures.bad, 0);
	}
	cli_page_table_end(p);
}

/* ---- premiums ------------------------------------------------------------------------------- */

struct ranked {
	size_t language;
	double premium; /* of the first tokenizer that has one */
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->premium != y->premium)
		return x->premium < y->premium ? 1 : -1;
	return (x->language > y->language) - (x->language < y->language);
}

/* The dearest of the first tokenizer first. */
static bool put_premiums(struct cli_put *p, const struct audit_report *r)
{
	const struct cli_chart chart = {
		.title = "Premiums",
		.x = "tokens over those of the pivot",
		.caption = "In the order of the first tokenizer. The line is the pivot.",
	};
	const size_t n = r->language_count;
	struct ranked *order = calloc(n + 1, sizeof *order);
	struct cli_chart_bar *bars = calloc(n * r->tokenizer_count + 1, sizeof *bars);
	size_t count = 0;
	if (order && bars) {
		for (size_t l = 0; l < n; l++)
			order[l] =
			    (struct ranked){ l,
					     isnan(r->cells[l].premium) ? 0 : r->cells[l].premium };
		qsort(order, n, sizeof *order, compare_ranked);
		for (size_t i = 0; i < n; i++)
			for (size_t t = 0; t < r->tokenizer_count; t++) {
				const size_t l = order[i].language;
				const double premium = r->cells[t * n + l].premium;
				if (!isnan(premium))
					bars[count++] = (struct cli_chart_bar){
						tok_span_of(r->languages[l].name), premium, (int)t
					};
			}
		cli_chart_bars(p, &chart, bars, count, 1);
	}
	const bool ok = order && bars;
	free(order);
	free(bars);
	return ok;
}

/* ---- Lorenz curves --------------------------------------------------------------------------- */

static int compare_costs(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* From (0, 0) to (1, 1); y holds costs at first, x is room. */
static void accumulate(double *x, double *y, size_t count)
{
	double sum = 0, so_far = 0;
	qsort(y, count, sizeof *y, compare_costs);
	for (size_t i = 0; i < count; i++)
		sum += y[i];
	for (size_t i = 0; i < count; i++) {
		so_far += y[i];
		y[i] = so_far / sum;
	}
	memmove(y + 1, y, count * sizeof *y);
	y[0] = 0;
	for (size_t i = 0; i <= count; i++)
		x[i] = (double)i / (double)count;
}

static bool put_lorenz(struct cli_put *p, const struct audit_report *r)
{
	static const double equal[] = { 0, 1 };
	const struct cli_chart chart = {
		.title = "Lorenz curves",
		.x = "share of languages, the cheapest first",
		.y = "share of tokens",
		.caption =
		    "Where all languages cost the same, the curve is the straight line; Gini is "
		    "twice the area between.",
	};
	const size_t room = r->language_count + 1;
	struct cli_chart_line *lines = calloc(r->tokenizer_count + 1, sizeof *lines);
	double *numbers = calloc(2 * room * r->tokenizer_count + 1, sizeof *numbers);
	size_t count = 0;
	for (size_t t = 0; lines && numbers && t < r->tokenizer_count; t++) {
		double *x = numbers + 2 * t * room, *y = x + room;
		const size_t costs = audit_costs(r, r->cells + t * r->language_count, false, y);
		if (costs == 0)
			continue;
		accumulate(x, y, costs);
		lines[count++] =
		    (struct cli_chart_line){ .name = tok_span_of(r->tokenizers[t].name),
					     .x = x,
					     .y = y,
					     .count = costs + 1,
					     .series = (int)t };
	}
	const bool ok = lines && numbers;
	if (ok) {
		lines[count] = (struct cli_chart_line){ .name = tok_span_of("all the same"),
							.x = equal,
							.y = equal,
							.count = 2,
							.series = (int)r->tokenizer_count };
		cli_chart_lines(p, &chart, lines, count + 1, 1);
	}
	free(lines);
	free(numbers);
	return ok;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void put_conventions(struct cli_put *p)
{
	static const struct cli_page_column columns[] = { { "number", NULL, false },
							  { "how it is counted", NULL, false } };
	cli_page_table_begin(p, "How to read the numbers", columns, 2);
	for (const struct audit_convention *c = audit_conventions; c->name; c++) {
		cli_page_row(p);
		cli_page_cell_text(p, tok_span_of(c->name));
		cli_page_cell_text(p, tok_span_of(c->text));
	}
	cli_page_table_end(p);
}

static bool put_comparison(struct cli_put *p, const struct audit_report *r)
{
	if (r->pivot == SIZE_MAX)
		return true;
	cli_page_heading(p, "Languages beside each other");
	return put_lorenz(p, r) && put_premiums(p, r);
}

enum tok_status audit_page(const struct audit_report *report, struct tok_error *err)
{
	struct tok_buffer buffer = { 0 };
	struct cli_put p = { .out = &buffer };
	char summary[160];
	snprintf(summary, sizeof summary,
		 "%zu tokenizer%s on the texts of %zu language%s, by tok %s",
		 report->tokenizer_count, report->tokenizer_count == 1 ? "" : "s",
		 report->language_count, report->language_count == 1 ? "" : "s", TOK_VERSION);
	struct tok_span *names = calloc(report->tokenizer_count, sizeof *names);
	for (size_t i = 0; names && i < report->tokenizer_count; i++)
		names[i] = tok_span_of(report->tokenizers[i].name);
	p.lost = !names;
	cli_page_begin(&p, "Audit of tokenizers", summary);
	if (names)
		cli_page_legend(&p, names, report->tokenizer_count);
	put_summary(&p, report);
	p.lost |= !put_comparison(&p, report);
	put_pairs(&p, report);
	put_morphology(&p, report);
	cli_page_heading(&p, "Languages");
	for (size_t i = 0; i < report->tokenizer_count; i++)
		put_cells(&p, report, i);
	put_conventions(&p);
	cli_page_end(&p);
	free(names);
	if (p.lost) {
		tok_buffer_release(&buffer);
		return tok_fail_memory(err);
	}
	return cli_page_write(&buffer, report->options->html, err);
}
