/* charbench_analyse.c - tok charbench analyse: what right answers go with. */
#include <math.h>
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "cmd/cli_load.h"
#include "cmd/cli_pool.h"
#include "vocab/audit/stats.h"

/* Rows of one tokenizer, model and task: a column a feature. */
struct columns {
	double *numbers; /* CHARBENCH_FEATURES times room, then `right`, then room for as much */
	double *right, *spare;
	size_t n, room;
};

struct analysing {
	const struct charbench_options *opts;
	struct charbench_data *data;
	struct charbench_report report;
	size_t capacity, pair_capacity;
	struct columns columns;
};

static double *column(const struct columns *c, enum charbench_feature feature)
{
	return c->numbers + feature * c->room;
}

/* ---- features --------------------------------------------------------------------- */

/* Of long words nobody knows. */
static double count_unique(const struct charbench_item *item)
{
	struct tok_span units[VOCAB_WORD_UNITS];
	const size_t count = vocab_word_units(item->word, (enum vocab_unit)item->unit, units);
	double distinct = 0;
	if (count > VOCAB_WORD_UNITS)
		return NAN;
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;
		while (k < i && !tok_span_equal(units[k], units[i]))
			k++;
		distinct += k == i;
	}
	return distinct;
}

static void add_row(struct columns *c, const struct charbench_item *item,
		    const struct charbench_segment *segment, bool right)
{
	const double length = (double)item->length,
		     gold = item->is_number ? (double)item->number : (double)NAN;
	const double row[CHARBENCH_FEATURES] = {
		[CHARBENCH_WORD_LENGTH] = length,
		[CHARBENCH_GOLD] = gold,
		[CHARBENCH_GOLD_SHARE] = gold / length,
		[CHARBENCH_TOKENS] = segment->tokens,
		[CHARBENCH_COMPRESSION] = length / segment->tokens,
		[CHARBENCH_TARGET_LENGTH] =
		    segment->target_units ? (double)segment->target_units : (double)NAN,
		[CHARBENCH_UNIQUE] = count_unique(item),
	};
	for (int i = 0; i < CHARBENCH_FEATURES; i++)
		column(c, (enum charbench_feature)i)[c->n] = row[i];
	c->right[c->n++] = right;
}

/* Does every row have it? */
static bool is_whole(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return n > 0;
}

/* ---- statistics --------------------------------------------------------------------- */

static const struct charbench_found nothing = { .pearson = NAN,
						.low = NAN,
						.high = NAN,
						.t = NAN,
						.p = NAN,
						.holm = NAN,
						.bh = NAN,
						.spearman = NAN,
						.auc = NAN,
						.partial = NAN,
						.coefficient = NAN,
						.error = NAN,
						.inflation = NAN };

static bool is_constant(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

static enum tok_status measure(struct analysing *a, enum charbench_feature feature,
			       struct charbench_found *f, struct tok_error *err)
{
	const struct columns *c = &a->columns;
	const double *x = column(c, feature), *length = column(c, CHARBENCH_WORD_LENGTH);
	const size_t n = c->n;
	struct vocab_stats_interval interval;
	bool defined = false;
	*f = nothing;
	f->whole = is_whole(x, n);
	if (!f->whole)
		return TOK_OK;
	f->constant = is_constant(x, n);
	if (a->opts->bins && charbench_bin(x, c->right, n, &a->data->arena, f, err) != TOK_OK)
		return err->status;
	if (!vocab_stats_pearson(x, c->right, n, &f->pearson))
		f->pearson = NAN;
	else if (!vocab_stats_r_test(f->pearson, n, &f->t, &f->p))
		f->t = f->p = NAN;
	if (feature != CHARBENCH_WORD_LENGTH &&
	    !vocab_stats_partial(x, c->right, length, n, &f->partial))
		f->partial = NAN;
	enum tok_status status = vocab_stats_spearman(x, c->right, n, &defined, &f->spearman, err);
	f->spearman = defined ? f->spearman : NAN;
	if (status == TOK_OK)
		status = vocab_stats_auc(x, c->right, n, &defined, &f->auc, err);
	f->auc = defined ? f->auc : NAN;
	if (status != TOK_OK || isnan(f->pearson))
		return status;
	status =
	    vocab_stats_bootstrap(VOCAB_STATS_PEARSON, x, c->right, n, a->opts->boot, a->opts->seed,
				  cli_threads_for(a->opts->threads), &interval, &defined, err);
	if (status == TOK_OK && defined) {
		f->low = interval.low;
		f->high = interval.high;
	}
	return status;
}

static void standardise(const double *x, size_t n, double *out)
{
	double mean = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += (x[i] - mean) * (x[i] - mean) / (double)n;
	for (size_t i = 0; i < n; i++)
		out[i] = (x[i] - mean) / sqrt(square);
}

/* Compression and the answer's share of the length are made of the others: with them nothing
 * could be told apart. */
static enum tok_status regress(struct analysing *a, struct charbench_analysis *out,
			       struct tok_error *err)
{
	static const enum charbench_feature taken[] = { CHARBENCH_WORD_LENGTH, CHARBENCH_GOLD,
							CHARBENCH_TOKENS, CHARBENCH_TARGET_LENGTH };
	const struct columns *c = &a->columns;
	enum charbench_feature used[CHARBENCH_FEATURES];
	double coefficients[CHARBENCH_FEATURES + 1], errors[CHARBENCH_FEATURES + 1];
	double factors[CHARBENCH_FEATURES];
	bool converged = false;
	size_t k = 0;
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		if (!isfinite(out->features[taken[i]].pearson))
			continue;
		standardise(column(c, taken[i]), c->n, c->spare + k * c->n);
		used[k++] = taken[i];
	}
	if (k == 0)
		return TOK_OK;
	enum tok_status status = vocab_stats_logistic(c->spare, k, c->right, c->n, coefficients,
						      errors, &converged, err);
	if (status == TOK_OK)
		status = vocab_stats_inflation(c->spare, k, c->n, factors, err);
	for (size_t i = 0; i < k && status == TOK_OK; i++) {
		struct charbench_found *f = &out->features[used[i]];
		f->coefficient = converged ? coefficients[i + 1] : NAN;
		f->error = converged ? errors[i + 1] : NAN;
		f->inflation = factors[i];
	}
	return status;
}

/* Over the lengths, of which rows come in order. */
static enum tok_status find_trend(struct analysing *a, struct charbench_analysis *out,
				  struct tok_error *err)
{
	const struct columns *c = &a->columns;
	const double *length = column(c, CHARBENCH_WORD_LENGTH);
	uint64_t *counts = calloc(2 * c->n + 1, sizeof *counts);
	size_t groups = 0;
	if (!counts)
		return tok_fail_memory(err);
	uint64_t *right = counts, *all = counts + c->n;
	double *scores = c->spare;
	for (size_t i = 0; i < c->n; i++) {
		if (i == 0 || length[i] != length[i - 1])
			scores[groups++] = length[i];
		all[groups - 1]++;
		right[groups - 1] += c->right[i] != 0;
	}
	if (!vocab_stats_trend(right, all, scores, groups, &out->trend_z, &out->trend_p))
		out->trend_z = out->trend_p = NAN;
	free(counts);
	return TOK_OK;
}

static enum tok_status analyse(struct analysing *a, const struct charbench_segments *segments,
			       struct charbench_analysis *out, struct tok_error *err)
{
	const struct charbench_data *data = a->data;
	const struct charbench_answer *answers = data->models[out->model].answers;
	enum tok_status status = TOK_OK;
	a->columns.n = 0;
	for (size_t i = data->task_starts[out->task]; i < data->task_starts[out->task + 1]; i++)
		if (charbench_counts(a->opts, &answers[i]) && segments->items[i].tokens > 0)
			add_row(&a->columns, &data->items[i], &segments->items[i],
				answers[i].state == CHARBENCH_RIGHT);
	out->n = a->columns.n;
	for (size_t i = 0; i < out->n; i++)
		out->right += a->columns.right[i] != 0;
	for (int i = 0; i < CHARBENCH_FEATURES && status == TOK_OK; i++)
		status = measure(a, (enum charbench_feature)i, &out->features[i], err);
	if (status == TOK_OK)
		status = regress(a, out, err);
	return status == TOK_OK ? find_trend(a, out, err) : status;
}

/* ---- two models ------------------------------------------------------------------------ */

static void compare(const struct analysing *a, struct charbench_pair *pair)
{
	const struct charbench_data *data = a->data;
	uint64_t both_wrong = 0;
	for (size_t i = data->task_starts[pair->task]; i < data->task_starts[pair->task + 1]; i++) {
		const struct charbench_answer *left = &data->models[pair->a].answers[i],
					      *right = &data->models[pair->b].answers[i];
		if (!charbench_counts(a->opts, left) || !charbench_counts(a->opts, right))
			continue;
		const bool x = left->state == CHARBENCH_RIGHT, y = right->state == CHARBENCH_RIGHT;
		pair->n++;
		pair->only_a += x && !y;
		pair->only_b += y && !x;
		both_wrong += !x && !y;
	}
	const uint64_t wrong = both_wrong + pair->only_a + pair->only_b;
	vocab_stats_mcnemar(pair->only_a, pair->only_b, &pair->p, &pair->chi_square);
	pair->p = pair->n ? pair->p : NAN;
	pair->chi_square = pair->n ? pair->chi_square : NAN;
	pair->jaccard = wrong ? (double)both_wrong / (double)wrong : NAN;
}

static enum tok_status compare_models(struct analysing *a, struct tok_error *err)
{
	struct charbench_report *r = &a->report;
	for (size_t left = 0; left < a->data->model_count; left++)
		for (size_t right = left + 1; right < a->data->model_count; right++)
			for (size_t task = 0; task < a->data->task_count; task++) {
				if (!tok_grow(&r->pairs, &a->pair_capacity, r->pair_count + 1,
					      sizeof *r->pairs))
					return tok_fail_memory(err);
				struct charbench_pair *pair = &r->pairs[r->pair_count++];
				*pair =
				    (struct charbench_pair){ .a = left, .b = right, .task = task };
				compare(a, pair);
			}
	return TOK_OK;
}

/* ---- many tests ------------------------------------------------------------------------- */

/* Those that are there, corrected together. */
struct tests {
	double *p, *holm, *bh;
	size_t count;
};

static enum tok_status correct(struct tests *t, struct tok_error *err)
{
	const enum tok_status status = vocab_stats_holm(t->p, t->count, t->holm, err);
	return status == TOK_OK ? vocab_stats_benjamini_hochberg(t->p, t->count, t->bh, err)
				: status;
}

/* Features are one family over tokenizers, models and tasks; pairs of models another one. */
static enum tok_status correct_all(struct charbench_report *r, struct tok_error *err)
{
	const size_t features = r->analysis_count * CHARBENCH_FEATURES,
		     most = features > r->pair_count ? features : r->pair_count;
	double *room = calloc(3 * most + 1, sizeof *room);
	if (!room)
		return tok_fail_memory(err);
	struct tests t = { room, room + most, room + 2 * most, 0 };
	for (size_t i = 0; i < features; i++) {
		const double p =
		    r->analyses[i / CHARBENCH_FEATURES].features[i % CHARBENCH_FEATURES].p;
		if (isfinite(p))
			t.p[t.count++] = p;
	}
	enum tok_status status = correct(&t, err);
	for (size_t i = 0, k = 0; i < features && status == TOK_OK; i++) {
		struct charbench_found *f =
		    &r->analyses[i / CHARBENCH_FEATURES].features[i % CHARBENCH_FEATURES];
		if (isfinite(f->p)) {
			f->holm = t.holm[k];
			f->bh = t.bh[k++];
		}
	}
	t.count = 0;
	for (size_t i = 0; i < r->pair_count; i++) {
		r->pairs[i].holm = r->pairs[i].bh = NAN;
		if (isfinite(r->pairs[i].p))
			t.p[t.count++] = r->pairs[i].p;
	}
	if (status == TOK_OK)
		status = correct(&t, err);
	for (size_t i = 0, k = 0; i < r->pair_count && status == TOK_OK; i++)
		if (isfinite(r->pairs[i].p)) {
			r->pairs[i].holm = t.holm[k];
			r->pairs[i].bh = t.bh[k++];
		}
	free(room);
	return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static size_t largest_task(const struct charbench_data *data)
{
	size_t most = 0;
	for (size_t i = 0; i < data->task_count; i++) {
		const size_t count = data->task_starts[i + 1] - data->task_starts[i];
		most = count > most ? count : most;
	}
	return most;
}

static enum tok_status make_columns(struct analysing *a, struct tok_error *err)
{
	struct columns *c = &a->columns;
	c->room = largest_task(a->data);
	c->numbers = calloc(c->room * (2 * CHARBENCH_FEATURES + 1), sizeof *c->numbers);
	if (!c->numbers)
		return tok_fail_memory(err);
	c->right = c->numbers + CHARBENCH_FEATURES * c->room;
	c->spare = c->right + c->room;
	return TOK_OK;
}

static void note_contexts(struct analysing *a, size_t tokenizer, const struct charbench_segments *s)
{
	struct charbench_report *r = &a->report;
	for (int i = 1; i < CHARBENCH_CONTEXTS; i++)
		r->agree[tokenizer][i] =
		    s->compared[i] ? (double)s->same[i] / (double)s->compared[i] : NAN;
	for (size_t i = 0; i < a->data->count; i++)
		r->unplaced[tokenizer] += s->items[i].tokens == 0;
	if (r->unplaced[tokenizer])
		cli_tell("%s: %zu of %zu items are left out: no tokens of the word are found",
			 r->tokenizers[tokenizer], r->unplaced[tokenizer], a->data->count);
}

static enum tok_status analyse_tokenizer(struct analysing *a, size_t which, const char *path,
					 struct tok_error *err)
{
	const struct cli_load load = { path, a->opts->pattern };
	struct charbench_report *r = &a->report;
	struct tok_tokenizer *tokenizer = NULL;
	struct charbench_segments segments = { 0 };
	enum tok_status status = cli_load(&load, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	status = cli_hash_tokenizer(tokenizer, &r->hashes[which], err);
	if (status == TOK_OK)
		status =
		    charbench_segment(a->data, tokenizer, (enum charbench_context)a->opts->context,
				      cli_threads_for(a->opts->threads), &segments, err);
	if (status == TOK_OK)
		note_contexts(a, which, &segments);
	for (size_t model = 0; model < a->data->model_count; model++)
		for (size_t task = 0; task < a->data->task_count && status == TOK_OK; task++) {
			struct charbench_analysis *out = &r->analyses[r->analysis_count++];
			*out = (struct charbench_analysis){ .tokenizer = which,
							    .model = model,
							    .task = task };
			status = analyse(a, &segments, out, err);
		}
	charbench_segments_release(&segments);
	tok_tokenizer_free(tokenizer);
	return status;
}

static enum tok_status run(struct analysing *a, int argc, char **argv, struct tok_error *err)
{
	struct charbench_report *r = &a->report;
	struct charbench_data *data = a->data;
	enum tok_status status = charbench_read(a->opts, argc, argv, data, err);
	if (status != TOK_OK)
		return status;
	charbench_tell_missing(data);
	r->analyses = calloc(r->tokenizer_count * data->model_count * data->task_count + 1,
			     sizeof *r->analyses);
	if (!r->analyses)
		return tok_fail_memory(err);
	status = make_columns(a, err);
	for (size_t i = 0; i < r->tokenizer_count && status == TOK_OK; i++)
		status = analyse_tokenizer(a, i, a->opts->tokenizer.count ? r->tokenizers[i] : NULL,
					   err);
	if (status == TOK_OK)
		status = compare_models(a, err);
	return status == TOK_OK ? correct_all(r, err) : status;
}

static enum cli_exit analyse_all(struct analysing *a, int argc, char **argv)
{
	struct tok_error err = { 0 };
	struct tok_buffer bytes = { 0 };
	struct cli_put out = { .out = &bytes };
	enum tok_status status = run(a, argc, argv, &err);
	if (status == TOK_OK) {
		if (a->opts->json)
			charbench_tell_json(&a->report, &out);
		else
			charbench_tell(&a->report, &out);
		status = charbench_put_all(&out, &err);
		if (status == TOK_OK && a->opts->html)
			status = charbench_page_analysis(&a->report, &err);
	}
	charbench_release(a->data);
	free(a->report.analyses);
	free(a->report.pairs);
	free(a->columns.numbers);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}

enum cli_exit charbench_analyse(const void *options, int argc, char **argv)
{
	static const char *const builtin[] = { CLI_BUILTIN_NAME };
	const struct charbench_options *o = options;
	if (argc < 2)
		return cli_usage("analyse takes a file of items and at least one of answers");
	enum cli_exit result = cli_threads_check(o->threads);
	if (result != CLI_OK)
		return result;
	struct analysing *a = calloc(1, sizeof *a);
	struct charbench_data *data = calloc(1, sizeof *data);
	if (a && data) {
		a->opts = o;
		a->data = data;
		a->report.options = o;
		a->report.data = data;
		a->report.tokenizers = o->tokenizer.count ? o->tokenizer.items : builtin;
		a->report.tokenizer_count = o->tokenizer.count ? o->tokenizer.count : 1;
		result = analyse_all(a, argc, argv);
	} else {
		result = cli_error("out of memory");
	}
	free(a);
	free(data);
	return result;
}
