/* charbench_tell.c - what tok charbench analyse found, as text and as JSON. */
#include <inttypes.h>
#include <math.h>

#include "cmd/charbench_internal.h"
#include "tok/text/json.h"
#include "vocab/audit/stats.h"

const char *const charbench_feature_names[CHARBENCH_FEATURES] = {
	"word_length",       "answer",
	"answer_share",      "tokens",
	"compression",       "target_token_length",
	"unique_characters",
};

static const char *const context_names[CHARBENCH_CONTEXTS] = { "bare", "space", "prompt" };

/* ---- text ------------------------------------------------------------------------ */

static void put_percent(struct cli_put *out, double share)
{
	if (isfinite(share))
		cli_put(out, "%.2f %%", 100 * share);
	else
		cli_put(out, "unknown");
}

static void put_feature(struct cli_put *out, const char *name, const struct charbench_found *f)
{
	cli_put(out, "  %-20s", name);
	charbench_put_cell(out, 8, 4, f->pearson);
	charbench_put_cell(out, 8, 4, f->low);
	charbench_put_cell(out, 8, 4, f->high);
	charbench_put_cell(out, 8, 4, f->p);
	charbench_put_cell(out, 8, 4, f->holm);
	charbench_put_cell(out, 8, 4, f->bh);
	charbench_put_cell(out, 8, 4, f->spearman);
	charbench_put_cell(out, 7, 4, f->auc);
	charbench_put_cell(out, 8, 4, f->partial);
	charbench_put_cell(out, 8, 4, f->coefficient);
	charbench_put_cell(out, 8, 4, f->error);
	charbench_put_cell(out, 8, 2, f->inflation);
	cli_put(out, "\n");
}

static void put_analysis(const struct charbench_report *r, const struct charbench_analysis *a,
			 struct cli_put *out)
{
	cli_put(out, "\n%s: ", tok_show(r->data->models[a->model].name).text);
	cli_put(out, "%s, %zu items, accuracy", tok_show(r->data->tasks[a->task]).text, a->n);
	charbench_put_cell(out, 0, 4, a->n ? (double)a->right / (double)a->n : NAN);
	cli_put(out, "; over the length z");
	charbench_put_cell(out, 0, 3, a->trend_z);
	cli_put(out, ", p");
	charbench_put_cell(out, 0, 4, a->trend_p);
	cli_put(out, "\n  %-20s %8s %8s %8s %8s %8s %8s %8s %7s %8s %8s %8s %8s\n", "feature",
		"pearson", "low", "high", "p", "holm", "bh", "spearman", "auc", "partial",
		"logistic", "error", "vif");
	for (int i = 0; i < CHARBENCH_FEATURES; i++)
		put_feature(out, charbench_feature_names[i], &a->features[i]);
	charbench_put_bins(a, out);
}

static void put_pairs(const struct charbench_report *r, struct cli_put *out)
{
	if (r->pair_count == 0)
		return;
	cli_put(out, "\n%-20s %-20s %-26s %7s %7s %7s %8s %8s %8s %8s\n", "model", "other", "task",
		"items", "only 1", "only 2", "p", "holm", "bh", "jaccard");
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct charbench_pair *p = &r->pairs[i];
		cli_put(out, "%-20s ", tok_show(r->data->models[p->a].name).text);
		cli_put(out, "%-20s ", tok_show(r->data->models[p->b].name).text);
		cli_put(out, "%-26s %7" PRIu64 " %7" PRIu64 " %7" PRIu64,
			tok_show(r->data->tasks[p->task]).text, p->n, p->only_a, p->only_b);
		charbench_put_cell(out, 8, 4, p->p);
		charbench_put_cell(out, 8, 4, p->holm);
		charbench_put_cell(out, 8, 4, p->bh);
		charbench_put_cell(out, 8, 4, p->jaccard);
		cli_put(out, "\n");
	}
}

static void put_tokenizer(const struct charbench_report *r, size_t which, struct cli_put *out)
{
	cli_put(out, "%s", which ? "\n" : "");
	cli_put_span(out, tok_span_of(r->tokenizers[which]));
	cli_put(out, ": words as tokens %s; cut as if bare: behind a space ",
		context_names[r->options->context]);
	put_percent(out, r->agree[which][CHARBENCH_SPACE]);
	cli_put(out, ", in the prompt ");
	put_percent(out, r->agree[which][CHARBENCH_PROMPT]);
	cli_put(out, "\n");
}

void charbench_tell(const struct charbench_report *r, struct cli_put *out)
{
	for (size_t i = 0; i < r->analysis_count; i++) {
		const size_t which = r->analyses[i].tokenizer;
		if (i == 0 || r->analyses[i - 1].tokenizer != which)
			put_tokenizer(r, which, out);
		put_analysis(r, &r->analyses[i], out);
		if (i + 1 == r->analysis_count || r->analyses[i + 1].tokenizer != which)
			charbench_put_means(r, which, out);
	}
	put_pairs(r, out);
}

/* ---- JSON -------------------------------------------------------------------------- */

static void put_json_feature(const struct charbench_report *r, const struct charbench_analysis *a,
			     enum charbench_feature feature, struct cli_put *out)
{
	const struct charbench_found *f = &a->features[feature];
	cli_put(out, "{\"feature\":\"%s\"", charbench_feature_names[feature]);
	for (size_t i = 0; i < CHARBENCH_NUMBERS; i++) {
		const double number = charbench_number(f, i);
		const char *name = charbench_numbers[i].name;
		charbench_put_field(out, name, number);
		if (!isfinite(number))
			charbench_put_why(out, name, charbench_why(r, a, feature, i));
	}
	charbench_put_json_bins(f, out);
	cli_put(out, "}");
}

static void put_json_analysis(const struct charbench_report *r, const struct charbench_analysis *a,
			      struct cli_put *out)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(a->right, a->n);
	cli_put(out, "{\"tokenizer\":");
	cli_put_json(out, tok_span_of(r->tokenizers[a->tokenizer]));
	cli_put(out, ",\"model\":");
	cli_put_json(out, r->data->models[a->model].name);
	cli_put(out, ",\"task\":");
	cli_put_json(out, r->data->tasks[a->task]);
	cli_put(out, ",\"n\":%zu,\"right\":%zu", a->n, a->right);
	charbench_put_field(out, "accuracy", a->n ? (double)a->right / (double)a->n : NAN);
	charbench_put_field(out, "low", a->n ? wilson.low : NAN);
	charbench_put_field(out, "high", a->n ? wilson.high : NAN);
	charbench_put_field(out, "trend_z", a->trend_z);
	charbench_put_field(out, "trend_p", a->trend_p);
	if (a->n == 0)
		charbench_put_why(out, "accuracy", "no item is counted");
	if (!isfinite(a->trend_z))
		charbench_put_why(out, "trend", charbench_why_trend(a));
	cli_put(out, ",\"features\":[");
	for (int i = 0; i < CHARBENCH_FEATURES; i++) {
		cli_put(out, "%s", i ? "," : "");
		put_json_feature(r, a, (enum charbench_feature)i, out);
	}
	cli_put(out, "]}");
}

static void put_json_pair(const struct charbench_report *r, const struct charbench_pair *p,
			  struct cli_put *out)
{
	cli_put(out, "{\"model\":");
	cli_put_json(out, r->data->models[p->a].name);
	cli_put(out, ",\"other\":");
	cli_put_json(out, r->data->models[p->b].name);
	cli_put(out, ",\"task\":");
	cli_put_json(out, r->data->tasks[p->task]);
	cli_put(out, ",\"n\":%" PRIu64 ",\"only\":%" PRIu64 ",\"only_other\":%" PRIu64, p->n,
		p->only_a, p->only_b);
	charbench_put_field(out, "p", p->p);
	charbench_put_field(out, "p_holm", p->holm);
	charbench_put_field(out, "p_bh", p->bh);
	charbench_put_field(out, "chi_square", p->chi_square);
	charbench_put_field(out, "jaccard", p->jaccard);
	if (p->n == 0)
		charbench_put_why(out, "p", "no item is counted of both");
	if (!isfinite(p->jaccard))
		charbench_put_why(out, "jaccard", "neither is wrong");
	cli_put(out, "}");
}

void charbench_tell_json(const struct charbench_report *r, struct cli_put *out)
{
	const struct charbench_options *o = r->options;
	cli_put(out,
		"{\"schema\":\"tok.charbench.analyse.1\",\"version\":\"%s\","
		"\"context\":\"%s\",\"missing\":\"%s\",\"boot\":%" PRIu64 ",\"seed\":%" PRIu64
		",\"tokenizers\":[",
		TOK_VERSION, context_names[o->context],
		o->missing == CHARBENCH_MISSING_SKIP ? "skip" : "wrong", o->boot, o->seed);
	for (size_t i = 0; i < r->tokenizer_count; i++) {
		cli_put(out, "%s{\"tokenizer\":", i ? "," : "");
		cli_put_json(out, tok_span_of(r->tokenizers[i]));
		cli_put(out, ",\"hash\":\"%s\"", r->hashes[i].text);
		charbench_put_field(out, "space_as_bare", r->agree[i][CHARBENCH_SPACE]);
		charbench_put_field(out, "prompt_as_bare", r->agree[i][CHARBENCH_PROMPT]);
		cli_put(out, ",\"left_out\":%zu", r->unplaced[i]);
		if (!isfinite(r->agree[i][CHARBENCH_PROMPT]))
			charbench_put_why(out, "prompt_as_bare", "no prompt has its word");
		cli_put(out, "}");
	}
	cli_put(out, "],\"analyses\":[");
	for (size_t i = 0; i < r->analysis_count; i++) {
		cli_put(out, "%s", i ? "," : "");
		put_json_analysis(r, &r->analyses[i], out);
	}
	cli_put(out, "]");
	charbench_put_json_means(r, out);
	cli_put(out, ",\"pairs\":[");
	for (size_t i = 0; i < r->pair_count; i++) {
		cli_put(out, "%s", i ? "," : "");
		put_json_pair(r, &r->pairs[i], out);
	}
	cli_put(out, "]}\n");
}
