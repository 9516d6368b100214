/* audit_vocab_page.c - what tok audit --vocab found, as a page. */
#include <stdlib.h>

#include "cmd/audit_vocab.h"
#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"
#include "cmd/cli_visible.h"

/* A cell of what is put together first. */
struct cell {
	struct tok_buffer text;
	struct cli_put put;
};

static void end_cell(struct cli_put *p, struct cell *c)
{
	p->lost |= c->put.lost;
	cli_page_cell_text(p, tok_buffer_span(&c->text));
	tok_buffer_release(&c->text);
}

static void put_token_cell(struct cli_put *p, const struct tok_tokenizer *t, tok_id id)
{
	struct cell c = { .put.out = &c.text };
	audit_vocab_put_token(&c.put, t, id);
	end_cell(p, &c);
}

/* ---- all vocabularies beside each other --------------------------------------------------- */

static void put_summary(struct cli_put *p, const struct audit_vocab *vocabs, size_t count)
{
	static const struct cli_page_column columns[] = {
		{ "vocabulary", NULL, false },
		{ "verdict", "the gravest of what was found", false },
		{ "tokens", NULL, true },
		{ "bytes missing", "of the 243 that UTF-8 has, those that do not come back", true },
		{ "bytes alone", "that are a token of their own", true },
		{ "merges", NULL, true },
		{ "dead merges", "that never happen", true },
	};
	cli_page_table_begin(p, "Vocabularies", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < count; i++) {
		const struct vocab_health *h = &vocabs[i].health;
		cli_page_row(p);
		cli_page_cell_series(p, tok_span_of(vocabs[i].name), (int)i);
		cli_page_cell_text(p,
				   tok_span_of(vocab_health_level_name(vocab_health_verdict(h))));
		cli_page_cell_number(p, (double)h->tokens, 0);
		cli_page_cell_number(p, (double)h->bytes_missing, 0);
		cli_page_cell_number(p, (double)h->bytes_alone, 0);
		cli_page_cell_number(p, (double)h->merge_count, 0);
		cli_page_cell_number(p, (double)h->dead_merge_count, 0);
	}
	cli_page_table_end(p);
}

static void put_count(struct cli_put *p, const struct audit_vocab *v, const char *name,
		      size_t tokens, enum vocab_health_level level, const char *text)
{
	if (tokens == 0)
		return;
	cli_page_row(p);
	cli_page_cell_text(p, tok_span_of(name));
	cli_page_cell_text(p, tok_span_of(v->name));
	cli_page_cell_number(p, (double)tokens, 0);
	cli_page_cell_text(p, tok_span_of(vocab_health_level_name(level)));
	cli_page_cell_text(p, tok_span_of(text));
}

static void put_counts(struct cli_put *p, const struct audit_vocab *vocabs, size_t count)
{
	static const struct cli_page_column columns[] = {
		{ "what", NULL, false },  { "vocabulary", NULL, false }, { "tokens", NULL, true },
		{ "level", NULL, false }, { "meaning", NULL, false },
	};
	cli_page_table_begin(p, "Categories and defects", columns,
			     sizeof columns / sizeof *columns);
	for (unsigned k = 0; k < VOCAB_HEALTH_CATEGORIES; k++)
		for (size_t i = 0; i < count; i++)
			put_count(p, &vocabs[i], vocab_health_category_name(k),
				  vocabs[i].health.categories[k], vocab_health_category_level(k),
				  vocab_health_category_text(k));
	for (unsigned k = 0; k < VOCAB_HEALTH_DEFECTS; k++)
		for (size_t i = 0; i < count; i++)
			put_count(p, &vocabs[i], vocab_health_defect_name(k),
				  vocabs[i].health.defects[k], vocab_health_defect_level(k),
				  vocab_health_defect_text(k));
	cli_page_table_end(p);
}

static void put_lengths(struct cli_put *p, const struct audit_vocab *vocabs, size_t count)
{
	const struct cli_chart chart = {
		.title = "Tokens by length",
		.x = "characters (the last: more than 64)",
		.y = "tokens",
		.caption = "Of tokens that stand for text, the blank in front counted; bytes that "
			   "are no whole character count one each.",
	};
	double *numbers = calloc(count * VOCAB_HEALTH_LENGTHS + 1, sizeof *numbers);
	struct cli_chart_counts *series = calloc(count + 1, sizeof *series);
	for (size_t i = 0; numbers && series && i < count; i++) {
		double *mine = numbers + i * VOCAB_HEALTH_LENGTHS;
		for (size_t k = 0; k < VOCAB_HEALTH_LENGTHS; k++)
			mine[k] = (double)vocabs[i].health.lengths[k];
		series[i] = (struct cli_chart_counts){ tok_span_of(vocabs[i].name), mine,
						       VOCAB_HEALTH_LENGTHS, (int)i };
	}
	if (numbers && series)
		cli_chart_histogram(p, &chart, series, count);
	else
		p->lost = true;
	free(series);
	free(numbers);
}

/* ---- of one --------------------------------------------------------------------------------- */

static void put_finding(struct cli_put *p, const struct audit_vocab *v,
			const struct vocab_health_finding *f)
{
	struct cell what = { .put.out = &what.text }, witness = { .put.out = &witness.text };
	cli_page_row(p);
	cli_page_cell_number(p, f->id, 0);
	put_token_cell(p, v->tokenizer, f->id);
	cli_page_cell_text(p, tok_span_of(vocab_health_level_name(vocab_health_finding_level(f))));
	audit_vocab_put_what(&what.put, f);
	if (f->run > 1)
		cli_put(&what.put, ", to %u", f->id + f->run - 1);
	end_cell(p, &what);
	if (f->witness.bytes)
		witness.put.lost |= !cli_visible_text(f->witness, &witness.text);
	end_cell(p, &witness);
}

static void put_more(struct cli_put *p, size_t count)
{
	char text[80];
	if (count <= AUDIT_VOCAB_PAGE)
		return;
	snprintf(text, sizeof text, "%zu more are left out here: --json has them.",
		 count - AUDIT_VOCAB_PAGE);
	cli_page_paragraph(p, text);
}

static void put_findings(struct cli_put *p, const struct audit_vocab *v)
{
	static const struct cli_page_column columns[] = {
		{ "id", NULL, true },
		{ "token", NULL, false },
		{ "level", NULL, false },
		{ "what", NULL, false },
		{ "witness", "a text that has the token", false },
	};
	const size_t count = v->health.finding_count;
	if (count == 0)
		return;
	cli_page_table_begin(p, "Findings, the gravest first", columns,
			     sizeof columns / sizeof *columns);
	for (size_t i = 0; i < count && i < AUDIT_VOCAB_PAGE; i++)
		put_finding(p, v, v->findings[i]);
	cli_page_table_end(p);
	put_more(p, count);
}

static void put_suspects(struct cli_put *p, const struct audit_vocab *v)
{
	static const struct cli_page_column columns[] = {
		{ "id", NULL, true },
		{ "token", NULL, false },
		{ "norm", "length of its row of the input embeddings", true },
		{ "cosine", "to the mean of rows that are known to be unused", true },
		{ "by", NULL, false },
	};
	const struct vocab_suspects *s = &v->rows->found;
	cli_page_table_begin(p, "Perhaps hardly trained: suspects by their embeddings", columns,
			     sizeof columns / sizeof *columns);
	for (size_t i = 0; i < s->suspect_count && i < AUDIT_VOCAB_PAGE; i++) {
		const struct vocab_suspect *one = &s->suspects[i];
		cli_page_row(p);
		cli_page_cell_number(p, one->id, 0);
		put_token_cell(p, v->tokenizer, one->id);
		cli_page_cell_number(p, one->norm, 4);
		cli_page_cell_number(p, one->cosine, 4);
		cli_page_cell_text(p, tok_span_of(one->is_short && one->is_alike ? "both"
						  : one->is_short                ? "norm"
										 : "cosine"));
	}
	cli_page_table_end(p);
	put_more(p, s->suspect_count);
}

void audit_vocab_page(struct cli_put *p, const struct audit_vocab *vocabs, size_t count)
{
	char summary[96];
	snprintf(summary, sizeof summary, "of what use each token is, by tok %s", TOK_VERSION);
	cli_page_begin(p, "Audit of vocabularies", summary);
	put_summary(p, vocabs, count);
	put_lengths(p, vocabs, count);
	put_counts(p, vocabs, count);
	for (size_t i = 0; i < count; i++) {
		cli_page_heading(p, vocabs[i].name);
		put_findings(p, &vocabs[i]);
		if (vocabs[i].rows)
			put_suspects(p, &vocabs[i]);
	}
	cli_page_end(p);
}
