/* charbench_bins.c - accuracy by feature; correlations as means over models. */
#include <inttypes.h>
#include <math.h>

#include "cmd/charbench_internal.h"
#include "tok/text/json.h"
#include "vocab/audit/stats.h"

/* ---- bins ------------------------------------------------------------------------ */

/* The bin of a number, which is made between the others if there is none yet; `count`: there are
 * too many. */
static size_t place(struct charbench_bin *bins, size_t *count, double x)
{
	size_t at = 0;
	while (at < *count && bins[at].from < x)
		at++;
	if (at < *count && bins[at].from == x)
		return at;
	if (*count == CHARBENCH_BINS)
		return CHARBENCH_BINS;
	memmove(bins + at + 1, bins + at, (*count - at) * sizeof *bins);
	bins[at] = (struct charbench_bin){ .from = x, .to = x };
	++*count;
	return at;
}

/* False if there are too many numbers. */
static bool count_each(const double *x, const double *right, size_t n, struct charbench_bin *bins,
		       size_t *count)
{
	for (size_t i = 0; i < n; i++) {
		const size_t at = place(bins, count, x[i]);
		if (at == CHARBENCH_BINS)
			return false;
		bins[at].n++;
		bins[at].right += right[i] != 0;
	}
	return true;
}

static void count_ranges(const double *x, const double *right, size_t n, struct charbench_bin *bins,
			 size_t *count)
{
	double low = x[0], high = x[0];
	for (size_t i = 0; i < n; i++) {
		low = fmin(low, x[i]);
		high = fmax(high, x[i]);
	}
	const double width = (high - low) / CHARBENCH_BINS;
	for (size_t i = 0; i < CHARBENCH_BINS; i++)
		bins[i] = (struct charbench_bin){ .from = low + (double)i * width,
						  .to = low + (double)(i + 1) * width };
	bins[CHARBENCH_BINS - 1].to = high;
	for (size_t i = 0; i < n; i++) {
		const size_t at = (size_t)fmin((x[i] - low) / width, CHARBENCH_BINS - 1);
		bins[at].n++;
		bins[at].right += right[i] != 0;
	}
	*count = 0;
	for (size_t i = 0; i < CHARBENCH_BINS; i++)
		if (bins[i].n > 0)
			bins[(*count)++] = bins[i];
}

enum tok_status charbench_bin(const double *x, const double *right, size_t n,
			      struct tok_arena *arena, struct charbench_found *out,
			      struct tok_error *err)
{
	struct charbench_bin *bins = tok_arena_array(arena, CHARBENCH_BINS, sizeof *bins);
	size_t count = 0;
	if (!bins)
		return tok_fail_memory(err);
	if (!count_each(x, right, n, bins, &count))
		count_ranges(x, right, n, bins, &count);
	out->bins = bins;
	out->bin_count = count;
	return TOK_OK;
}

static void put_bin(const char *feature, const struct charbench_bin *b, struct cli_put *out)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(b->right, b->n);
	cli_put(out, "  %-20s %10.4g %10.4g %7" PRIu64, feature, b->from, b->to, b->n);
	charbench_put_cell(out, 8, 4, (double)b->right / (double)b->n);
	charbench_put_cell(out, 7, 4, wilson.low);
	charbench_put_cell(out, 7, 4, wilson.high);
	cli_put(out, "\n");
}

void charbench_put_bins(const struct charbench_analysis *a, struct cli_put *out)
{
	for (int i = 0, all = 0; i < CHARBENCH_FEATURES; i++) {
		const struct charbench_found *f = &a->features[i];
		if (f->bin_count > 0 && all++ == 0)
			cli_put(out, "  %-20s %10s %10s %7s %8s %7s %7s\n", "feature", "from", "to",
				"items", "accuracy", "low", "high");
		for (size_t k = 0; k < f->bin_count; k++)
			put_bin(charbench_feature_names[i], &f->bins[k], out);
	}
}

void charbench_put_json_bins(const struct charbench_found *f, struct cli_put *out)
{
	for (size_t i = 0; i < f->bin_count; i++) {
		const struct charbench_bin *b = &f->bins[i];
		const struct vocab_stats_interval wilson = vocab_stats_wilson(b->right, b->n);
		cli_put(out, "%s{\"from\":%.17g,\"to\":%.17g,\"n\":%" PRIu64 ",\"right\":%" PRIu64,
			i ? "," : ",\"bins\":[", b->from, b->to, b->n, b->right);
		charbench_put_field(out, "accuracy", (double)b->right / (double)b->n);
		charbench_put_field(out, "low", wilson.low);
		charbench_put_field(out, "high", wilson.high);
		cli_put(out, "}");
	}
	cli_put(out, "%s", f->bin_count ? "]" : "");
}

/* ---- means over models --------------------------------------------------------------- */

double charbench_mean_r(const struct charbench_report *report, size_t tokenizer, size_t task,
			enum charbench_feature feature, size_t *models)
{
	const size_t all = report->data->model_count, tasks = report->data->task_count;
	const struct charbench_analysis *first = report->analyses + tokenizer * all * tasks;
	double sum = 0;
	*models = 0;
	for (size_t i = 0; i < all; i++) {
		const double r = first[i * tasks + task].features[feature].pearson;
		if (!isfinite(r))
			continue;
		sum += r;
		++*models;
	}
	return *models ? sum / (double)*models : NAN;
}

void charbench_put_means(const struct charbench_report *r, size_t tokenizer, struct cli_put *out)
{
	size_t models;
	if (r->data->model_count < 2)
		return;
	cli_put(out, "\n%-26s", "pearson, mean of models");
	for (int i = 0; i < CHARBENCH_FEATURES; i++)
		cli_put(out, " %11s", charbench_feature_names[i]);
	cli_put(out, "\n");
	for (size_t task = 0; task < r->data->task_count; task++) {
		cli_put(out, "%-26s", tok_show(r->data->tasks[task]).text);
		for (int i = 0; i < CHARBENCH_FEATURES; i++) {
			const int columns = (int)strlen(charbench_feature_names[i]);
			charbench_put_cell(out, columns > 11 ? columns : 11, 4,
					   charbench_mean_r(r, tokenizer, task,
							    (enum charbench_feature)i, &models));
		}
		cli_put(out, "\n");
	}
}

static void put_json_mean(const struct charbench_report *r, size_t tokenizer, size_t task,
			  struct cli_put *out)
{
	cli_put(out, "{\"tokenizer\":");
	cli_put_json(out, tok_span_of(r->tokenizers[tokenizer]));
	cli_put(out, ",\"task\":");
	cli_put_json(out, r->data->tasks[task]);
	cli_put(out, ",\"features\":[");
	for (int i = 0; i < CHARBENCH_FEATURES; i++) {
		size_t models;
		const double mean =
		    charbench_mean_r(r, tokenizer, task, (enum charbench_feature)i, &models);
		cli_put(out, "%s{\"feature\":\"%s\"", i ? "," : "", charbench_feature_names[i]);
		charbench_put_field(out, "pearson", mean);
		cli_put(out, ",\"models\":%zu", models);
		if (models == 0)
			charbench_put_why(out, "pearson", "no model has one");
		cli_put(out, "}");
	}
	cli_put(out, "]}");
}

void charbench_put_json_means(const struct charbench_report *r, struct cli_put *out)
{
	cli_put(out, ",\"means\":[");
	for (size_t i = 0; i < r->tokenizer_count; i++)
		for (size_t task = 0; task < r->data->task_count; task++) {
			cli_put(out, "%s", i + task > 0 ? "," : "");
			put_json_mean(r, i, task, out);
		}
	cli_put(out, "]");
}
