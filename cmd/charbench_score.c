/* charbench_score.c - tok charbench score: how often answers are right. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "cmd/cli_page.h"
#include "tok/text/json.h"
#include "vocab/audit/stats.h"

/* Of the items that count; numbers are those that were valid. */
struct tally {
	uint64_t n, answered, valid, right;
	uint64_t numbers, off_by_one;
	double error, absolute; /* sums */
};

static double ratio(double a, uint64_t b)
{
	return b ? a / (double)b : NAN;
}

static void count(struct tally *t, const struct charbench_options *o,
		  const struct charbench_item *item, const struct charbench_answer *answer)
{
	const bool valid = answer->state >= CHARBENCH_WRONG;
	if (!charbench_counts(o, answer))
		return;
	t->n++;
	t->answered += answer->state != CHARBENCH_MISSING;
	t->valid += valid;
	t->right += answer->state == CHARBENCH_RIGHT;
	if (!valid || !item->is_number)
		return;
	const double error = (double)answer->number - (double)item->number;
	t->numbers++;
	t->error += error;
	t->absolute += fabs(error);
	t->off_by_one += fabs(error) == 1;
}

/* Items [begin, end), which are of one task. */
static struct tally count_range(const struct charbench_data *data,
				const struct charbench_options *o,
				const struct charbench_model *model, size_t begin, size_t end)
{
	struct tally t = { 0 };
	for (size_t i = begin; i < end; i++)
		count(&t, o, &data->items[i], &model->answers[i]);
	return t;
}

static size_t end_of_length(const struct charbench_data *data, size_t begin, size_t end)
{
	size_t i = begin;
	while (i < end && data->items[i].length == data->items[begin].length)
		i++;
	return i;
}

/* ---- text -------------------------------------------------------------------------- */

static void put_name(struct cli_put *out, struct tok_span name)
{
	cli_put(out, "%-20s", tok_show(name).text);
}

static void put_accuracy(struct cli_put *out, const struct tally *t)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(t->right, t->n);
	cli_put(out, " %7" PRIu64, t->n);
	charbench_put_cell(out, 8, 4, ratio((double)t->right, t->n));
	charbench_put_cell(out, 7, 4, t->n ? wilson.low : NAN);
	charbench_put_cell(out, 7, 4, t->n ? wilson.high : NAN);
}

static void put_task(struct cli_put *out, const struct tally *t)
{
	put_accuracy(out, t);
	charbench_put_cell(out, 8, 4, ratio((double)t->valid, t->n));
	charbench_put_cell(out, 8, 4, ratio((double)t->right, t->valid));
	charbench_put_cell(out, 8, 3, ratio(t->error, t->numbers));
	charbench_put_cell(out, 8, 3, ratio(t->absolute, t->numbers));
	charbench_put_cell(out, 8, 4, ratio((double)t->off_by_one, t->numbers));
	cli_put(out, "\n");
}

static void put_lengths(const struct charbench_data *data, const struct charbench_options *o,
			const struct charbench_model *model, struct cli_put *out)
{
	cli_put(out, "\n%-20s %-26s %6s %7s %8s %7s %7s\n", "model", "task", "length", "items",
		"accuracy", "low", "high");
	for (size_t task = 0; task < data->task_count; task++) {
		const size_t last = data->task_starts[task + 1];
		for (size_t i = data->task_starts[task], end; i < last; i = end) {
			end = end_of_length(data, i, last);
			const struct tally t = count_range(data, o, model, i, end);
			put_name(out, model->name);
			cli_put(out, " %-26s %6" PRIu64, tok_show(data->tasks[task]).text,
				data->items[i].length);
			put_accuracy(out, &t);
			cli_put(out, "\n");
		}
	}
}

static struct tally count_task(const struct charbench_data *data, const struct charbench_options *o,
			       const struct charbench_model *model, size_t task)
{
	return count_range(data, o, model, data->task_starts[task], data->task_starts[task + 1]);
}

/* The unweighted mean over tasks. */
static double macro(const struct charbench_data *data, const struct charbench_options *o,
		    const struct charbench_model *model)
{
	double sum = 0;
	uint64_t counted = 0;
	for (size_t task = 0; task < data->task_count; task++) {
		const struct tally t = count_task(data, o, model, task);
		sum += t.n ? ratio((double)t.right, t.n) : 0;
		counted += t.n > 0;
	}
	return ratio(sum, counted);
}

static void put_model(const struct charbench_data *data, const struct charbench_options *o,
		      const struct charbench_model *model, struct cli_put *out)
{
	const struct tally all = count_range(data, o, model, 0, data->count);
	for (size_t task = 0; task < data->task_count; task++) {
		const struct tally t = count_task(data, o, model, task);
		put_name(out, model->name);
		cli_put(out, " %-26s", tok_show(data->tasks[task]).text);
		put_task(out, &t);
	}
	put_name(out, model->name);
	cli_put(out, " %-26s", "all items");
	put_task(out, &all);
	put_name(out, model->name);
	cli_put(out, " %-26s %7zu", "mean of tasks", data->task_count);
	charbench_put_cell(out, 8, 4, macro(data, o, model));
	cli_put(out, "\n");
}

static void tell(const struct charbench_data *data, const struct charbench_options *o,
		 struct cli_put *out)
{
	cli_put(out, "%-20s %-26s %7s %8s %7s %7s %8s %8s %8s %8s %8s\n", "model", "task", "items",
		"accuracy", "low", "high", "valid", "of valid", "error", "absolute", "off by 1");
	for (size_t i = 0; i < data->model_count; i++)
		put_model(data, o, &data->models[i], out);
	for (size_t i = 0; i < data->model_count; i++)
		put_lengths(data, o, &data->models[i], out);
}

/* ---- JSON -------------------------------------------------------------------------- */

static void put_share(struct cli_put *out, const struct tally *t)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(t->right, t->n);
	cli_put(out, "\"n\":%" PRIu64 ",\"right\":%" PRIu64, t->n, t->right);
	charbench_put_field(out, "accuracy", ratio((double)t->right, t->n));
	charbench_put_field(out, "low", t->n ? wilson.low : NAN);
	charbench_put_field(out, "high", t->n ? wilson.high : NAN);
	if (t->n == 0)
		charbench_put_why(out, "accuracy", "no item is counted");
}

static void put_json_tally(struct cli_put *out, const struct tally *t)
{
	put_share(out, t);
	cli_put(out, ",\"answered\":%" PRIu64 ",\"valid\":%" PRIu64, t->answered, t->valid);
	charbench_put_field(out, "accuracy_of_valid", ratio((double)t->right, t->valid));
	charbench_put_field(out, "mean_error", ratio(t->error, t->numbers));
	charbench_put_field(out, "mean_absolute_error", ratio(t->absolute, t->numbers));
	charbench_put_field(out, "off_by_one", ratio((double)t->off_by_one, t->numbers));
	if (t->valid == 0)
		charbench_put_why(out, "accuracy_of_valid", "no output is valid");
	if (t->numbers == 0)
		charbench_put_why(out, "mean_error", "no valid output is a number");
}

static void put_json_task(const struct charbench_data *data, const struct charbench_options *o,
			  const struct charbench_model *model, size_t task, struct cli_put *out)
{
	const struct tally all = count_task(data, o, model, task);
	const size_t first = data->task_starts[task], last = data->task_starts[task + 1];
	cli_put(out, "%s{\"task\":", task ? "," : "");
	cli_put_json(out, data->tasks[task]);
	cli_put(out, ",");
	put_json_tally(out, &all);
	cli_put(out, ",\"lengths\":[");
	for (size_t i = first, end; i < last; i = end) {
		end = end_of_length(data, i, last);
		const struct tally t = count_range(data, o, model, i, end);
		cli_put(out, "%s{\"length\":%" PRIu64 ",", i > first ? "," : "",
			data->items[i].length);
		put_share(out, &t);
		cli_put(out, "}");
	}
	cli_put(out, "]}");
}

static void tell_json(const struct charbench_data *data, const struct charbench_options *o,
		      struct cli_put *out)
{
	static const char *const parsers[] = { "strict", "last-int", "first-int", "quoted", "tag" };
	cli_put(out,
		"{\"schema\":\"tok.charbench.score.1\",\"version\":\"%s\",\"items\":%zu,"
		"\"missing\":\"%s\",\"parse\":\"%s\",\"case_fold\":%s,\"models\":[",
		TOK_VERSION, data->count, o->missing == CHARBENCH_MISSING_SKIP ? "skip" : "wrong",
		parsers[o->parser], o->case_fold ? "true" : "false");
	for (size_t i = 0; i < data->model_count; i++) {
		const struct charbench_model *model = &data->models[i];
		const struct tally all = count_range(data, o, model, 0, data->count);
		cli_put(out, "%s{\"model\":", i ? "," : "");
		cli_put_json(out, model->name);
		cli_put(out, ",");
		put_json_tally(out, &all);
		charbench_put_field(out, "mean_of_tasks", macro(data, o, model));
		if (all.n == 0)
			charbench_put_why(out, "mean_of_tasks", "no item is counted");
		cli_put(out, ",\"tasks\":[");
		for (size_t task = 0; task < data->task_count; task++)
			put_json_task(data, o, model, task, out);
		cli_put(out, "]}");
	}
	cli_put(out, "]}\n");
}

/* ---- a page ------------------------------------------------------------------------ */

static void put_page_row(struct cli_put *p, const struct charbench_data *data, size_t model,
			 struct tok_span task, const struct tally *t)
{
	const struct vocab_stats_interval wilson = vocab_stats_wilson(t->right, t->n);
	cli_page_row(p);
	cli_page_cell_series(p, data->models[model].name, (int)model);
	cli_page_cell_text(p, task);
	cli_page_cell_number(p, (double)t->n, 0);
	cli_page_cell_number(p, ratio((double)t->right, t->n), 4);
	cli_page_cell_number(p, t->n ? wilson.low : NAN, 4);
	cli_page_cell_number(p, t->n ? wilson.high : NAN, 4);
	cli_page_cell_number(p, ratio((double)t->valid, t->n), 4);
	cli_page_cell_number(p, ratio((double)t->right, t->valid), 4);
	cli_page_cell_number(p, ratio(t->error, t->numbers), 3);
	cli_page_cell_number(p, ratio(t->absolute, t->numbers), 3);
	cli_page_cell_number(p, ratio((double)t->off_by_one, t->numbers), 4);
}

static enum tok_status put_page(const struct charbench_data *data,
				const struct charbench_options *o, struct tok_error *err)
{
	static const struct cli_page_column columns[] = {
		{ .head = "model" },
		{ .head = "task" },
		{ .head = "items", .number = true },
		{ .head = "accuracy", .number = true },
		{ .head = "low", .note = "Wilson's interval at 95 %, to high", .number = true },
		{ .head = "high", .number = true },
		{ .head = "valid", .note = "share that is an answer", .number = true },
		{ .head = "of valid", .note = "accuracy of these", .number = true },
		{ .head = "error", .note = "mean of numbers that are valid", .number = true },
		{ .head = "absolute", .note = "mean of its amount", .number = true },
		{ .head = "off by 1", .note = "share of these", .number = true },
	};
	struct tok_buffer page = { 0 };
	struct cli_put p = { .out = &page };
	cli_page_begin(&p, "Right answers", "Models on questions about characters.");
	cli_page_table_begin(&p, "Accuracy", columns, sizeof columns / sizeof *columns);
	for (size_t model = 0; model < data->model_count; model++) {
		const struct tally all = count_range(data, o, &data->models[model], 0, data->count);
		for (size_t task = 0; task < data->task_count; task++) {
			const struct tally t = count_task(data, o, &data->models[model], task);
			put_page_row(&p, data, model, data->tasks[task], &t);
		}
		put_page_row(&p, data, model, tok_span_of("all items"), &all);
	}
	cli_page_table_end(&p);
	charbench_page_lengths(&p, data, o);
	cli_page_end(&p);
	return charbench_page_finish(&p, o, err);
}

enum cli_exit charbench_score(const void *options, int argc, char **argv)
{
	const struct charbench_options *o = options;
	struct tok_error err = { 0 };
	struct tok_buffer bytes = { 0 };
	struct cli_put out = { .out = &bytes };
	if (argc < 2)
		return cli_usage("score takes a file of items and at least one of answers");
	struct charbench_data *data = calloc(1, sizeof *data);
	enum tok_status status =
	    data ? charbench_read(o, argc, argv, data, &err) : tok_fail_memory(&err);
	if (status == TOK_OK) {
		charbench_tell_missing(data);
		if (o->json)
			tell_json(data, o, &out);
		else
			tell(data, o, &out);
		status = charbench_put_all(&out, &err);
		if (status == TOK_OK && o->html)
			status = put_page(data, o, &err);
	}
	if (data)
		charbench_release(data);
	free(data);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
