/* charbench_page.c - what tok charbench score and analyse found, as a page. */
#include <math.h>
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"
#include "tok/text/json.h"
#include "vocab/audit/stats.h"

/* ---- accuracy against length ------------------------------------------------------- */

/* Points of a model's line, one a length; room for all items. */
struct points {
	double *x, *y, *low, *high;
	size_t count;
};

static void add_point(struct points *p, uint64_t length, uint64_t right, uint64_t n)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(right, n);
	p->x[p->count] = (double)length;
	p->y[p->count] = n ? (double)right / (double)n : NAN;
	p->low[p->count] = n ? wilson.low : NAN;
	p->high[p->count] = n ? wilson.high : NAN;
	p->count++;
}

/* Items are in the order of their lengths. */
static void count_lengths(const struct charbench_data *data, const struct charbench_options *o,
			  const struct charbench_model *model, size_t task, struct points *p)
{
	const size_t end = data->task_starts[task + 1];
	p->count = 0;
	for (size_t i = data->task_starts[task]; i < end;) {
		const uint64_t length = data->items[i].length;
		uint64_t right = 0, n = 0;
		for (; i < end && data->items[i].length == length; i++) {
			n += charbench_counts(o, &model->answers[i]);
			right += model->answers[i].state == CHARBENCH_RIGHT;
		}
		add_point(p, length, right, n);
	}
}

static size_t count_different(const struct charbench_data *data, size_t task)
{
	size_t count = 0;
	for (size_t i = data->task_starts[task]; i < data->task_starts[task + 1]; i++)
		count += i == data->task_starts[task] ||
			 data->items[i].length != data->items[i - 1].length;
	return count;
}

static void put_lengths(struct cli_put *p, const struct charbench_data *data,
			const struct charbench_options *o, size_t task, double *room,
			struct cli_chart_line *lines)
{
	const size_t lengths = count_different(data, task);
	const struct tok_shown name = tok_show(data->tasks[task]);
	const struct cli_chart chart = { .title = name.text,
					 .x = "length of the word",
					 .y = "accuracy" };
	for (size_t model = 0; model < data->model_count; model++) {
		double *at = room + 4 * lengths * model;
		struct points points = { at, at + lengths, at + 2 * lengths, at + 3 * lengths, 0 };
		count_lengths(data, o, &data->models[model], task, &points);
		lines[model] = (struct cli_chart_line){ .name = data->models[model].name,
							.x = points.x,
							.y = points.y,
							.low = points.low,
							.high = points.high,
							.count = points.count,
							.series = (int)model };
	}
	cli_chart_lines(p, &chart, lines, data->model_count, 1);
}

void charbench_page_lengths(struct cli_put *p, const struct charbench_data *data,
			    const struct charbench_options *o)
{
	size_t most = 0;
	for (size_t task = 0; task < data->task_count; task++) {
		const size_t lengths = count_different(data, task);
		most = lengths > most ? lengths : most;
	}
	double *room = calloc(4 * most * data->model_count + 1, sizeof *room);
	struct cli_chart_line *lines = calloc(data->model_count + 1, sizeof *lines);
	p->lost |= !room || !lines;
	cli_page_heading(p, "Accuracy against length");
	cli_page_paragraph(p, "Bands are Wilson's intervals at 95 %.");
	for (size_t task = 0; task < data->task_count && !p->lost; task++)
		put_lengths(p, data, o, task, room, lines);
	free(room);
	free(lines);
}

/* ---- features ---------------------------------------------------------------------- */

static const struct cli_page_column feature_columns[] = {
	{ .head = "model" },
	{ .head = "task" },
	{ .head = "feature" },
	{ .head = "Pearson", .note = "r with right (1) and wrong (0)", .number = true },
	{ .head = "low", .note = "bootstrap interval of r at 95 %, to high", .number = true },
	{ .head = "high", .number = true },
	{ .head = "p", .number = true },
	{ .head = "Holm", .note = "p corrected over all rows of all tables", .number = true },
	{ .head = "BH", .note = "the same by Benjamini and Hochberg", .number = true },
	{ .head = "Spearman", .number = true },
	{ .head = "AUC", .number = true },
	{ .head = "partial", .note = "r with the length held fast", .number = true },
	{ .head = "logistic",
	  .note = "coefficient of one regression on standardised columns",
	  .number = true },
	{ .head = "error", .note = "of that coefficient", .number = true },
	{ .head = "VIF", .note = "variance inflation", .number = true },
};

static void put_feature(struct cli_put *p, const struct charbench_report *r,
			const struct charbench_analysis *a, int feature)
{
	const struct charbench_found *f = &a->features[feature];
	const double numbers[] = { f->pearson,  f->low, f->high,    f->p,           f->holm, f->bh,
				   f->spearman, f->auc, f->partial, f->coefficient, f->error };
	cli_page_row(p);
	cli_page_cell_series(p, r->data->models[a->model].name, (int)a->model);
	cli_page_cell_text(p, r->data->tasks[a->task]);
	cli_page_cell_text(p, tok_span_of(charbench_feature_names[feature]));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		cli_page_cell_number(p, numbers[i], 4);
	cli_page_cell_number(p, f->inflation, 2);
}

static void put_features(struct cli_put *p, const struct charbench_report *r)
{
	cli_page_heading(p, "What right answers go with");
	for (size_t i = 0; i < r->analysis_count; i++) {
		const struct charbench_analysis *a = &r->analyses[i];
		if (i == 0 || a[-1].tokenizer != a->tokenizer)
			cli_page_table_begin(p, r->tokenizers[a->tokenizer], feature_columns,
					     sizeof feature_columns / sizeof *feature_columns);
		for (int feature = 0; feature < CHARBENCH_FEATURES; feature++)
			put_feature(p, r, a, feature);
		if (i + 1 == r->analysis_count || a[1].tokenizer != a->tokenizer)
			cli_page_table_end(p);
	}
}

/* ---- models beside each other ------------------------------------------------------ */

static void put_overlap(struct cli_put *p, const struct charbench_report *r, size_t task,
			const struct tok_span *names, double *values)
{
	const size_t n = r->data->model_count;
	for (size_t i = 0; i < n * n; i++)
		values[i] = i / n == i % n ? 1 : NAN;
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct charbench_pair *pair = &r->pairs[i];
		if (pair->task == task)
			values[pair->a * n + pair->b] = values[pair->b * n + pair->a] =
			    pair->jaccard;
	}
	cli_chart_heat(p, &(struct cli_chart){ .title = tok_show(r->data->tasks[task]).text },
		       names, n, values);
}

static void put_overlaps(struct cli_put *p, const struct charbench_report *r)
{
	const size_t n = r->data->model_count;
	double *values = calloc(n * n + 1, sizeof *values);
	struct tok_span *names = calloc(n + 1, sizeof *names);
	p->lost |= !values || !names;
	for (size_t i = 0; i < n && !p->lost; i++)
		names[i] = r->data->models[i].name;
	cli_page_heading(p, "Errors in common");
	cli_page_paragraph(p, "Jaccard's index: of the items that either model had wrong, the "
			      "share that both had wrong.");
	for (size_t task = 0; task < r->data->task_count && !p->lost; task++)
		put_overlap(p, r, task, names, values);
	free(values);
	free(names);
}

static void put_pairs(struct cli_put *p, const struct charbench_report *r)
{
	static const struct cli_page_column columns[] = {
		{ .head = "model" },
		{ .head = "other" },
		{ .head = "task" },
		{ .head = "items", .note = "that both were counted on", .number = true },
		{ .head = "only 1", .note = "right of the model alone", .number = true },
		{ .head = "only 2", .note = "right of the other alone", .number = true },
		{ .head = "p", .note = "McNemar's exact test", .number = true },
		{ .head = "Holm", .note = "p corrected over all rows", .number = true },
		{ .head = "BH", .note = "the same by Benjamini and Hochberg", .number = true },
		{ .head = "Jaccard", .note = "of errors", .number = true },
	};
	cli_page_table_begin(p, "Two models on one task", columns,
			     sizeof columns / sizeof *columns);
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct charbench_pair *pair = &r->pairs[i];
		cli_page_row(p);
		cli_page_cell_series(p, r->data->models[pair->a].name, (int)pair->a);
		cli_page_cell_series(p, r->data->models[pair->b].name, (int)pair->b);
		cli_page_cell_text(p, r->data->tasks[pair->task]);
		cli_page_cell_number(p, (double)pair->n, 0);
		cli_page_cell_number(p, (double)pair->only_a, 0);
		cli_page_cell_number(p, (double)pair->only_b, 0);
		cli_page_cell_number(p, pair->p, 4);
		cli_page_cell_number(p, pair->holm, 4);
		cli_page_cell_number(p, pair->bh, 4);
		cli_page_cell_number(p, pair->jaccard, 4);
	}
	cli_page_table_end(p);
}

/* ---- the whole --------------------------------------------------------------------- */

static void put_tasks(struct cli_put *p, const struct charbench_report *r)
{
	static const struct cli_page_column columns[] = {
		{ .head = "model" },
		{ .head = "task" },
		{ .head = "items", .number = true },
		{ .head = "accuracy", .number = true },
		{ .head = "low", .note = "Wilson's interval at 95 %, to high", .number = true },
		{ .head = "high", .number = true },
		{ .head = "z",
		  .note = "Cochran and Armitage's trend over lengths",
		  .number = true },
		{ .head = "p", .note = "of z", .number = true },
	};
	cli_page_table_begin(p, "Accuracy", columns, sizeof columns / sizeof *columns);
	/* Of the first tokenizer: of others the same, but for words that it has no tokens of. */
	for (size_t i = 0; i < r->analysis_count && r->analyses[i].tokenizer == 0; i++) {
		const struct charbench_analysis *a = &r->analyses[i];
		const struct vocab_stats_interval wilson = vocab_stats_wilson(a->right, a->n);
		cli_page_row(p);
		cli_page_cell_series(p, r->data->models[a->model].name, (int)a->model);
		cli_page_cell_text(p, r->data->tasks[a->task]);
		cli_page_cell_number(p, (double)a->n, 0);
		cli_page_cell_number(p, a->n ? (double)a->right / (double)a->n : NAN, 4);
		cli_page_cell_number(p, a->n ? wilson.low : NAN, 4);
		cli_page_cell_number(p, a->n ? wilson.high : NAN, 4);
		cli_page_cell_number(p, a->trend_z, 3);
		cli_page_cell_number(p, a->trend_p, 4);
	}
	cli_page_table_end(p);
}

enum tok_status charbench_page_analysis(const struct charbench_report *r, struct tok_error *err)
{
	struct tok_buffer page = { 0 };
	struct cli_put p = { .out = &page };
	cli_page_begin(&p, "Right answers, and what they go with",
		       "Models on questions about characters, and the tokens that they see.");
	put_tasks(&p, r);
	charbench_page_lengths(&p, r->data, r->options);
	put_features(&p, r);
	if (r->pair_count > 0) {
		put_overlaps(&p, r);
		put_pairs(&p, r);
	}
	cli_page_end(&p);
	return charbench_page_finish(&p, r->options, err);
}

enum tok_status charbench_page_finish(struct cli_put *p, const struct charbench_options *o,
				      struct tok_error *err)
{
	if (!p->lost)
		return cli_page_write(p->out, o->html, err);
	tok_buffer_release(p->out);
	return tok_fail_memory(err);
}
