/* protocol_rows.c - contexts and rows, whoever sent them: are they what they should be? */
#include <math.h>

#include "vocab/lm/protocol_internal.h"

/* Numbers of four bytes sum to one within a millionth; a row that is further off than this
 * lacks a part, or its numbers are something else. */
#define SLACK 1e-3

enum tok_status lm_request_check(const struct tok_lm_info *info,
				 const struct tok_lm_request *request, struct tok_error *err)
{
	if (info->max_context > 0 && request->count > info->max_context)
		return tok_fail(err, TOK_ELIMIT, "a context of %zu ids: the model takes %zu",
				request->count, info->max_context);
	for (size_t i = 0; i < request->count; i++)
		if (request->ids[i] >= info->size)
			return tok_fail(err, TOK_EARG, "the model has no id %u: it has %zu",
					request->ids[i], info->size);
	return TOK_OK;
}

static enum tok_status check_number(size_t id, double log_p, struct tok_error *err)
{
	if (isnan(log_p))
		return tok_fail(err, TOK_EFORMAT, "id %zu: this is not a number", id);
	if (log_p > SLACK)
		return tok_fail(err, TOK_EFORMAT,
				"id %zu: the logarithm of a probability is 0 at most, not %g", id,
				log_p);
	return TOK_OK;
}

static enum tok_status check_sum(double sum, struct tok_error *err)
{
	if (!(fabs(sum - 1) <= SLACK))
		return tok_fail(err, TOK_EFORMAT,
				"the probabilities of a row sum to %.6g, not to 1", sum);
	return TOK_OK;
}

static enum tok_status check_full(const struct tok_lm_info *info, const struct tok_lm_row *row,
				  struct tok_error *err)
{
	double sum = 0;
	for (size_t i = 0; i < info->size; i++) {
		const enum tok_status status = check_number(i, row->log_p[i], err);
		if (status != TOK_OK)
			return status;
		sum += exp(row->log_p[i]);
	}
	return check_sum(sum, err);
}

static enum tok_status check_best(struct lm_peer *peer, const struct tok_lm_row *row,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	double sum = exp(row->log_rest);
	size_t done = 0;
	for (; status == TOK_OK && done < row->best_count; done++) {
		const struct tok_lm_top *best = &row->best[done];
		if (best->id >= peer->info.size) {
			status = tok_fail(err, TOK_EFORMAT, "the model has no id %u: it has %zu",
					  best->id, peer->info.size);
			break;
		}
		uint8_t *byte = &peer->seen[best->id / 8];
		const uint8_t bit = (uint8_t)(1u << best->id % 8);
		if (*byte & bit) {
			status = tok_fail(err, TOK_EFORMAT, "id %u is there twice", best->id);
			break;
		}
		*byte |= bit;
		status = check_number(best->id, best->log_p, err);
		sum += exp(best->log_p);
	}
	for (size_t i = 0; i < done; i++)
		peer->seen[row->best[i].id / 8] = 0;
	if (status == TOK_OK && isnan(row->log_rest))
		status = tok_fail(err, TOK_EFORMAT, "the rest is not a number");
	return status == TOK_OK ? check_sum(sum, err) : status;
}

enum tok_status lm_row_check(struct lm_peer *peer, const struct tok_lm_row *row,
			     struct tok_error *err)
{
	return peer->info.top > 0 ? check_best(peer, row, err) : check_full(&peer->info, row, err);
}

/* What is no number stays none, so that the check finds it. */
void lm_row_normalize(double *row, size_t count)
{
	double most = -INFINITY, sum = 0;
	for (size_t i = 0; i < count; i++)
		most = row[i] > most ? row[i] : most;
	for (size_t i = 0; i < count; i++)
		sum += exp(row[i] - most);
	const double whole = most + log(sum);
	for (size_t i = 0; i < count; i++)
		row[i] -= whole;
}
