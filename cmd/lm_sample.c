/* lm_sample.c - tok lm sample: texts that a model makes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/cli_output.h"
#include "cmd/lm_internal.h"
#include "tok/base/random.h"
#include "tok/pipe/decoder.h"

struct sampling {
	const struct lm_options *opts;
	struct tok_tokenizer *tokenizer;
	struct tok_lm *lm;
	const char *model; /* its name */
	bool lost;         /* it did not answer */
	struct tok_decoder *decoder;
	struct cli_output out;
	struct tok_random random;
	double *row;
	tok_id *ids; /* start ids, then what was drawn */
	size_t count, capacity;
};

/* ---- one id --------------------------------------------------------------------- */

static bool is_end(const struct tok_lm_info *info, tok_id id)
{
	for (size_t i = 0; i < info->eos_count; i++)
		if (info->eos[i] == id)
			return true;
	return false;
}

/* Ids that no token has, as where rows were made longer than the vocabulary, make no text. */
static bool can_be_drawn(const struct sampling *s, tok_id id)
{
	return (id < tok_tokenizer_size(s->tokenizer) &&
		tok_tokenizer_token(s->tokenizer, id).bytes) ||
	       is_end(s->lm->info, id);
}

/* Logarithms become weights, the greatest 1. */
static double weigh(struct sampling *s)
{
	const size_t size = s->lm->info->size;
	const double temperature = s->opts->temperature;
	double most = -INFINITY, sum = 0;
	for (tok_id id = 0; id < size; id++) {
		if (!can_be_drawn(s, id))
			s->row[id] = -INFINITY;
		most = s->row[id] > most ? s->row[id] : most;
	}
	for (tok_id id = 0; id < size && most > -INFINITY; id++) {
		s->row[id] =
		    temperature > 0 ? exp((s->row[id] - most) / temperature) : s->row[id] == most;
		sum += s->row[id];
	}
	return sum;
}

static enum tok_status draw(struct sampling *s, tok_id *out, struct tok_error *err)
{
	const struct tok_lm_request request = { s->ids, s->count };
	struct tok_lm_row row = { .log_p = s->row };
	const enum tok_status status = s->lm->rows(s->lm, &request, 1, &row, err);
	s->lost = lm_is_lost(s->model, status);
	if (status != TOK_OK)
		return status;
	const double sum = weigh(s);
	if (!(sum > 0))
		return tok_fail(err, TOK_EFORMAT, "nothing is possible behind %zu ids", s->count);
	double left = tok_random_real(&s->random) * sum;
	for (tok_id id = 0; id < s->lm->info->size; id++) {
		if (s->row[id] <= 0)
			continue;
		*out = id;
		left -= s->row[id];
		if (left < 0)
			break;
	}
	return TOK_OK;
}

/* ---- one text --------------------------------------------------------------------- */

static enum tok_status draw_ids(struct sampling *s, struct tok_error *err)
{
	const struct tok_lm_info *info = s->lm->info;
	s->count = 0;
	if (!tok_grow(&s->ids, &s->capacity, info->start_count + 1, sizeof *s->ids))
		return tok_fail_memory(err);
	for (size_t i = 0; i < info->start_count; i++)
		s->ids[s->count++] = info->start[i];
	for (uint64_t n = 0; n < s->opts->max_tokens; n++) {
		tok_id id = TOK_NO_ID;
		const enum tok_status status = draw(s, &id, err);
		if (status != TOK_OK)
			return status;
		if (is_end(info, id))
			break;
		if (!tok_grow(&s->ids, &s->capacity, s->count + 1, sizeof *s->ids))
			return tok_fail_memory(err);
		s->ids[s->count++] = id;
	}
	return TOK_OK;
}

static enum tok_status put_ids(struct sampling *s, const tok_id *ids, size_t count,
			       struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		char text[16];
		const int length = snprintf(text, sizeof text, "%s%u", i ? " " : "", ids[i]);
		status = cli_output_add(&s->out, text, (size_t)length, err);
	}
	return status == TOK_OK ? cli_output_add(&s->out, "\n", 1, err) : status;
}

static enum tok_status put_text(struct sampling *s, const tok_id *ids, size_t count,
				struct tok_error *err)
{
	const struct cli_split *split = &s->opts->split;
	struct tok_span text = { 0 };
	enum tok_status status = tok_decode(s->decoder, ids, count, false, &text, err);
	if (status == TOK_OK)
		status = cli_output_add(&s->out, text.bytes, text.count, err);
	if (status == TOK_OK && (split->lines || split->null))
		status = cli_output_add(&s->out, split->lines ? "\n" : "", 1, err);
	return status;
}

/* ---- all ---------------------------------------------------------------------------- */

static enum tok_status prepare(struct sampling *s, struct tok_error *err)
{
	const enum tok_status status =
	    lm_open(s->opts, s->model, &s->tokenizer, &s->lm, &s->lost, err);
	if (status != TOK_OK)
		return status;
	const struct tok_lm_info *info = s->lm->info;
	if (info->top > 0)
		return tok_fail(err, TOK_EARG,
				"the model tells the best %zu ids only: a draw needs all",
				info->top);
	s->decoder = tok_decoder_new(s->tokenizer);
	s->row =
	    info->size > SIZE_MAX / sizeof *s->row ? NULL : malloc(info->size * sizeof *s->row);
	if (!s->decoder || !s->row)
		return tok_fail_memory(err);
	return cli_output_open(&s->out, s->opts->output, err);
}

static enum tok_status sample(struct sampling *s, struct tok_error *err)
{
	const struct lm_options *opts = s->opts;
	enum tok_status status = prepare(s, err);
	for (uint64_t i = 0; i < opts->count && status == TOK_OK; i++) {
		s->random = tok_random_of(opts->seed, i);
		status = draw_ids(s, err);
		if (status != TOK_OK)
			break;
		const tok_id *ids = s->ids + s->lm->info->start_count;
		const size_t count = s->count - s->lm->info->start_count;
		status = opts->format == LM_IDS ? put_ids(s, ids, count, err)
						: put_text(s, ids, count, err);
	}
	if (status == TOK_OK)
		return cli_output_commit(&s->out, err);
	struct tok_error ignored = { 0 };
	if (!opts->output && s->out.fd >= 0) /* texts that are whole are not lost */
		(void)!cli_output_commit(&s->out, &ignored);
	return status;
}

enum cli_exit lm_sample(const void *options, int argc, char **argv)
{
	struct sampling s = { .opts = options, .out = { .fd = -1 } };
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("sample takes one model, not %d", argc);
	if (s.opts->split.jsonl || (s.opts->split.lines && s.opts->split.null))
		return cli_usage("sample ends texts with --lines or --null");
	s.model = argv[0];
	const enum tok_status status = sample(&s, &err);
	cli_output_abandon(&s.out);
	tok_decoder_free(s.decoder);
	if (s.lm)
		s.lm->free(s.lm);
	free(s.row);
	free(s.ids);
	tok_tokenizer_free(s.tokenizer);
	return status == TOK_OK ? CLI_OK : lm_trouble(s.lost, &err);
}
