/* sample_list.c - segmentations of each document with their probabilities: all of them,
 * the best, or some that are drawn without replacement. */
#include "cmd/sample_list.h"

#include <inttypes.h>
#include <math.h>

/* Columns of a document that stand above its segmentations. */
enum { HEAD_COLUMNS = 60 };

static enum tok_status find_draws(struct sample_list *list, struct tok_span text, uint64_t number,
				  struct tok_draws *out, struct tok_error *err)
{
	struct tok_sampling *sampling = list->drawer.sampling;
	switch (list->kind) {
	case SAMPLE_LIST_ALL:
		return sample_draw_all(&list->drawer, text, &list->how, list->limit, out, err);
	case SAMPLE_LIST_BEST:
		return tok_sample_best(sampling, text, &list->how, list->count, out, err);
	case SAMPLE_LIST_DISTINCT:
		break;
	}
	return tok_sample_distinct(sampling, text, &list->how, list->count, list->include_best,
				   list->seed, number, out, err);
}

/* ---- for programs: a line each --------------------------------------------- */

static void put_line(struct sample_list *list, uint64_t number, const struct tok_draw *draw)
{
	struct cli_put *out = &list->out;
	cli_put(out, "{\"document\":%" PRIu64 ",", number);
	if (list->kind == SAMPLE_LIST_ALL)
		cli_put(out, "\"probability\":%.15g,", exp(draw->log_probability));
	cli_put(out, "\"log_probability\":%.15g,", draw->log_probability);
	if (list->kind == SAMPLE_LIST_DISTINCT)
		cli_put(out, "\"log_inclusion\":%.15g,", draw->log_inclusion);
	sample_put_json_ids(out, list->drawer.method->tokenizer, draw->ids, draw->count);
	cli_put(out, "}\n");
}

/* ---- for people: a table --------------------------------------------------- */

static void put_head(struct sample_list *list, struct tok_span text, uint64_t number, size_t count)
{
	struct cli_put *out = &list->out;
	if (number > 0)
		cli_put(out, "\n");
	sample_put_visible(out, text, HEAD_COLUMNS);
	cli_put(out, ": %s%zu%s segmentation%s\n", list->kind == SAMPLE_LIST_BEST ? "the " : "",
		count,
		list->kind == SAMPLE_LIST_BEST       ? " best"
		: list->kind == SAMPLE_LIST_DISTINCT ? " drawn"
						     : "",
		count == 1 ? "" : "s");
	cli_put(out, "probability  %sids  tokens\n",
		list->kind == SAMPLE_LIST_DISTINCT ? "  inclusion  " : "");
}

static void put_row(struct sample_list *list, const struct tok_draw *draw)
{
	struct cli_put *out = &list->out;
	cli_put(out, "%11.6g  ", exp(draw->log_probability));
	if (list->kind == SAMPLE_LIST_DISTINCT)
		cli_put(out, "%11.6g  ", exp(draw->log_inclusion));
	cli_put(out, draw->count ? "%3zu  " : "%3zu", draw->count);
	sample_put_tokens(out, list->drawer.method->tokenizer, draw->ids, draw->count);
	cli_put(out, "\n");
}

static void put_rest(struct sample_list *list, const struct tok_draws *draws, size_t shown)
{
	double rest = 0;
	for (size_t i = draws->count; i > shown; i--)
		rest += exp(draws->items[i - 1].log_probability);
	cli_put(&list->out, "%11.6g  %zu more\n", rest, draws->count - shown);
}

/* Where the list is long, the first of it leave before the last are put. */
static enum tok_status put_out(struct sample_list *list, struct tok_error *err)
{
	struct tok_buffer *bytes = list->out.out;
	if (list->out.lost)
		return tok_fail_memory(err);
	const enum tok_status status =
	    cli_output_add(list->output, bytes->bytes, bytes->count, err);
	tok_buffer_clear(bytes);
	return status;
}

enum tok_status sample_list_take(void *context, struct tok_span text, uint64_t number,
				 struct tok_error *err)
{
	struct sample_list *list = context;
	struct tok_draws draws;
	enum tok_status status = find_draws(list, text, number, &draws, err);
	if (status == TOK_ELIMIT && list->kind == SAMPLE_LIST_ALL &&
	    list->limit < SAMPLE_MOST_LISTED) {
		const struct tok_error what = *err;
		return tok_fail(err, status, "%s: --limit allows more", what.message);
	}
	if (status != TOK_OK)
		return status;
	const size_t shown = draws.count < list->top ? draws.count : list->top;
	if (!list->json)
		put_head(list, text, number, draws.count);
	for (size_t i = 0; i < shown && status == TOK_OK; i++) {
		if (list->json)
			put_line(list, number, &draws.items[i]);
		else
			put_row(list, &draws.items[i]);
		status = put_out(list, err);
	}
	if (status == TOK_OK && !list->json && shown < draws.count) {
		put_rest(list, &draws, shown);
		status = put_out(list, err);
	}
	return status;
}
