/* machine_rows.c - what the model says, asked for when it is needed and in batches.  Rows are big:
 * those of live heads are held, of others a few are kept, which a model of finite order and whoever
 * goes back will ask for again. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* How far from 1 a row may sum to. */
static const double sum_tolerance = 1e-3;

/* ---- the rows that are kept --------------------------------------------------- */

static struct tok_row **bucket_of(struct tok_core *core, uint64_t key)
{
	return &core->buckets[(key ^ key >> 32) % ROW_BUCKETS];
}

static struct tok_row *find_row(struct tok_core *core, const struct tok_head *head)
{
	struct tok_row *row = *bucket_of(core, head->key);
	while (row && !tok_head_same(core, row->of, head))
		row = row->next;
	return row;
}

/* ---- those that nobody uses, by when they were last ---- */

static void put_aside(struct tok_core *core, struct tok_row *row)
{
	row->older = core->newest;
	row->newer = NULL;
	*(core->newest ? &core->newest->newer : &core->oldest) = row;
	core->newest = row;
}

static void take_up(struct tok_core *core, struct tok_row *row)
{
	*(row->older ? &row->older->newer : &core->oldest) = row->newer;
	*(row->newer ? &row->newer->older : &core->newest) = row->older;
}

static void unlink_row(struct tok_core *core, struct tok_row *row)
{
	struct tok_row **at = bucket_of(core, row->of->key);
	while (*at != row)
		at = &(*at)->next;
	*at = row->next;
	if (row->users == 0)
		take_up(core, row);
	tok_head_release(row->of);
	row->of = NULL;
	core->row_count--;
}

static void free_row(struct tok_row *row)
{
	tok_row_leave_parts(row);
	if (row->high != row->low)
		free(row->high);
	if (row->mass_high != row->mass_low)
		free(row->mass_high);
	free(row->low);
	free(row->mass_low);
	free(row);
}

static void remove_row(struct tok_core *core, struct tok_row *row)
{
	unlink_row(core, row);
	free_row(row);
}

void tok_row_store_free(struct tok_core *core)
{
	for (size_t i = 0; i < ROW_BUCKETS; i++)
		while (core->buckets[i])
			remove_row(core, core->buckets[i]);
}

static struct tok_row *make_row(const struct tok_core *core)
{
	const size_t ids = core->lm->info->size, nodes = core->tokens->nodes;
	struct tok_row *row = calloc(1, sizeof *row);
	if (!row || core->in_parts)
		return row;
	row->low = calloc(ids + 1, sizeof *row->low);
	row->mass_low = calloc(nodes, sizeof *row->mass_low);
	row->high = row->low;
	row->mass_high = row->mass_low;
	if (core->lm->info->top) {
		row->high = calloc(ids + 1, sizeof *row->high);
		row->mass_high = calloc(nodes, sizeof *row->mass_high);
	}
	if (row->low && row->mass_low && row->high && row->mass_high)
		return row;
	free_row(row);
	return NULL;
}

/* A row without content for `head`: an old one that nobody uses, or a new one. */
static struct tok_row *add_row(struct tok_core *core, struct tok_head *head)
{
	struct tok_row *row = core->row_count >= core->row_budget ? core->oldest : NULL;
	if (row) {
		unlink_row(core, row);
		tok_row_leave_parts(row);
	} else {
		row = make_row(core);
	}
	if (!row)
		return NULL;
	struct tok_row **bucket = bucket_of(core, head->key);
	row->of = tok_head_hold(head);
	row->users = 1;
	row->ready = false;
	row->next = *bucket;
	*bucket = row;
	core->row_count++;
	return row;
}

void tok_head_drop_row(struct tok_core *core, struct tok_head *head)
{
	struct tok_row *row = head->row;
	if (!row)
		return;
	head->row = NULL;
	if (--row->users > 0)
		return;
	put_aside(core, row);
	if (!row->ready || core->row_count > core->row_budget)
		remove_row(core, row);
}

/* ---- what a row says ---------------------------------------------------------- */

struct tok_bounds tok_row_log_p(const struct tok_row *row, tok_id id)
{
	if (!row->low) {
		const double log_p = log(tok_joined_p(row, id)) + row->log_scale;
		return (struct tok_bounds){ log_p, log_p };
	}
	return (struct tok_bounds){ row->low[id] + row->log_scale, row->high[id] + row->log_scale };
}

struct tok_bounds tok_row_mass(const struct tok_core *core, const struct tok_row *row,
			       uint32_t node)
{
	if (core->in_parts) {
		const double mass = tok_joined_mass(core, row, node, false) * row->scale;
		return (struct tok_bounds){ mass, mass };
	}
	return (struct tok_bounds){ row->mass_low[node] * row->scale,
				    row->mass_high[node] * row->scale };
}

struct tok_bounds tok_row_below(const struct tok_core *core, const struct tok_row *row,
				uint32_t node)
{
	const struct tok_byte_tokens *t = core->tokens;
	struct tok_bounds below = { 0 };
	if (core->in_parts) {
		below.low = below.high = tok_joined_mass(core, row, node, true) * row->scale;
		return below;
	}
	for (uint32_t c = t->first[node]; c < t->first[node + 1]; c++) {
		below.low += row->mass_low[c];
		below.high += row->mass_high[c];
	}
	below.low *= row->scale;
	below.high *= row->scale;
	return below;
}

/* ---- what is in a row ---------------------------------------------------------- */

static enum tok_status check_sum(double sum, struct tok_error *err)
{
	if (fabs(sum - 1.0) <= sum_tolerance)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT, "a row of the model sums to %.6g, not to 1", sum);
}

static enum tok_status check_number(double log_p, size_t id, struct tok_error *err)
{
	if (log_p <= sum_tolerance) /* false of what is no number */
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT,
			"a row of the model has %g for id %zu, which is no logarithm of a "
			"probability",
			log_p, id);
}

/* Of what is no text, by kind. */
static void sum_others(const struct tok_byte_tokens *t, const double *log_p,
		       struct tok_row_masses *out)
{
	*out = (struct tok_row_masses){ 0 };
	for (size_t i = 0; i < t->other_count; i++) {
		const tok_id id = t->others[i];
		*(t->kinds[id] == TOK_BYTE_END ? &out->end : &out->nontext) += exp(log_p[id]);
	}
}

/* A row of tokens may be the beginning of an encoding without being one. */
static void leave_out_end(const struct tok_core *core, struct tok_row *row)
{
	if (core->validity && !tok_validity_end(core->validity, &row->of->valid))
		row->other_low.end = row->other_high.end = 0.0;
}

static void forget_masses(const struct tok_core *core, struct tok_row *row)
{
	for (uint32_t node = 0; node < core->tokens->nodes; node++)
		row->mass_low[node] = row->mass_high[node] = -1.0;
}

static void set_scale(struct tok_row *row, double sum)
{
	row->scale = 1.0 / sum;
	row->log_scale = -log(sum);
}

/* Each row is renormalised: over all ids, or over what is valid. */
static enum tok_status fill_whole(struct tok_core *core, struct tok_row *row, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	double sum = 0.0;
	for (size_t id = 0; id < t->size; id++) {
		const enum tok_status status = check_number(row->low[id], id, err);
		if (status != TOK_OK)
			return status;
	}
	if (core->validity) {
		for (size_t id = 0; id < t->size; id++)
			sum += exp(row->low[id]);
		sum_others(t, row->low, &row->other_low);
		forget_masses(core, row);
	} else {
		tok_byte_tokens_masses(t, row->low, row->mass_low, &row->other_low);
		sum = row->mass_low[0] + row->other_low.end + row->other_low.nontext;
	}
	const enum tok_status status = check_sum(sum, err);
	if (status != TOK_OK)
		return status;
	leave_out_end(core, row);
	if (core->options.semantics == TOK_BYTES_VALID_RENORM) {
		tok_row_mask(core, row, 0, &row->of->valid);
		sum = row->mass_low[0] + row->other_low.end + row->other_low.nontext;
	}
	row->other_high = row->other_low;
	set_scale(row, sum > 0.0 ? sum : 1.0);
	return TOK_OK;
}

/* Ids that are told twice, or that do not exist, would count for more than they are. */
static enum tok_status check_best(const struct tok_core *core, struct tok_row *row,
				  const struct tok_lm_row *answer, struct tok_error *err)
{
	double sum = exp(answer->log_rest);
	for (size_t i = 0; i < answer->best_count; i++) {
		const tok_id id = answer->best[i].id;
		if (id >= core->tokens->size)
			return tok_fail(err, TOK_EFORMAT,
					"a row of the model has id %u: ids are below %zu", id,
					core->tokens->size);
		if (row->low[id] == 1.0)
			return tok_fail(err, TOK_EFORMAT, "a row of the model has id %u twice", id);
		row->low[id] = 1.0;
		const enum tok_status status = check_number(answer->best[i].log_p, id, err);
		if (status != TOK_OK)
			return status;
		sum += exp(answer->best[i].log_p);
	}
	return check_sum(sum, err);
}

static enum tok_status fill_top(struct tok_core *core, struct tok_row *row,
				const struct tok_lm_row *answer, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	for (size_t id = 0; id < t->size; id++)
		row->low[id] = 0.0;
	const enum tok_status status = check_best(core, row, answer, err);
	if (status != TOK_OK)
		return status;
	row->unseen = tok_unseen_of(t, answer);
	const double low = log(tok_unseen_least(&row->unseen, 1.0)),
		     high = log(tok_unseen_most(&row->unseen, 1.0));
	for (size_t id = 0; id < t->size; id++) {
		row->low[id] = low;
		row->high[id] = high;
	}
	for (size_t i = 0; i < answer->best_count; i++)
		row->low[answer->best[i].id] = row->high[answer->best[i].id] =
		    answer->best[i].log_p;
	tok_byte_tokens_bounds(t, answer, row->mass_low, row->mass_high, &row->other_low,
			       &row->other_high);
	leave_out_end(core, row);
	if (core->validity)
		forget_masses(core, row);
	set_scale(row, 1.0);
	return TOK_OK;
}

/* ---- asking ---------------------------------------------------------------------- */

/* Rows that wait for their content. */
struct asking {
	struct tok_core *core;
	struct tok_row **rows;
	struct tok_lm_request *requests;
	struct tok_lm_row *answers;
	size_t count;
};

static enum tok_status check_length(const struct tok_core *core, const struct tok_head *head,
				    struct tok_error *err)
{
	const size_t most = core->lm->info->max_context;
	if (most == 0 || core->finite || head->count <= most)
		return TOK_OK;
	return tok_fail(err, TOK_ELIMIT, "a context of %zu tokens: the model takes up to %zu",
			head->count, most);
}

/* Requests for rows [begin, end). */
static enum tok_status write_requests(struct asking *a, size_t begin, size_t end,
				      struct tok_error *err)
{
	struct tok_core *core = a->core;
	tok_buffer_clear(&core->contexts);
	for (size_t i = begin; i < end; i++) {
		const size_t before = core->contexts.count;
		const enum tok_status status = check_length(core, a->rows[i]->of, err);
		if (status != TOK_OK)
			return status;
		if (!tok_head_context(a->rows[i]->of, &core->contexts))
			return tok_fail_memory(err);
		a->requests[i].count = (core->contexts.count - before) / sizeof(tok_id);
	}
	const uint8_t *at = core->contexts.bytes;
	for (size_t i = begin; i < end; i++) {
		a->requests[i].ids = (const tok_id *)(const void *)at;
		at += a->requests[i].count * sizeof(tok_id);
		const size_t top = core->lm->info->top;
		a->answers[i] = (struct tok_lm_row){
			.log_p = top ? NULL : a->rows[i]->low,
			.best = top ? core->best + (i - begin) * top : NULL,
		};
	}
	return TOK_OK;
}

/* One by one: nothing is asked of anybody who is far away. */
static enum tok_status join_rows(struct asking *a, struct tok_error *err)
{
	for (size_t i = 0; i < a->count; i++) {
		enum tok_status status = write_requests(a, i, i + 1, err);
		if (status == TOK_OK)
			status = tok_row_join(a->core, a->rows[i], &a->requests[i], err);
		if (status == TOK_OK)
			status = check_sum(1.0 / a->rows[i]->scale, err);
		if (status != TOK_OK)
			return status;
		a->rows[i]->ready = true;
		a->core->cost.rows++;
	}
	return TOK_OK;
}

static enum tok_status ask(struct asking *a, struct tok_error *err)
{
	struct tok_core *core = a->core;
	const struct tok_lm_info *info = core->lm->info;
	const size_t batch = info->batch ? info->batch : 1;
	if (core->in_parts)
		return join_rows(a, err);
	for (size_t begin = 0; begin < a->count; begin += batch) {
		const size_t end = a->count - begin < batch ? a->count : begin + batch;
		enum tok_status status = write_requests(a, begin, end, err);
		if (status == TOK_OK)
			status = core->lm->rows(core->lm, a->requests + begin, end - begin,
						a->answers + begin, err);
		for (size_t i = begin; status == TOK_OK && i < end; i++) {
			status = info->top ? fill_top(core, a->rows[i], &a->answers[i], err)
					   : fill_whole(core, a->rows[i], err);
			a->rows[i]->ready = status == TOK_OK;
		}
		if (status != TOK_OK)
			return status;
		core->cost.rows += end - begin;
	}
	return TOK_OK;
}

static enum tok_status collect(struct asking *a, struct tok_head *const *heads, size_t count,
			       struct tok_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (heads[i]->row)
			continue;
		struct tok_row *row = find_row(a->core, heads[i]);
		if (!row) {
			row = add_row(a->core, heads[i]);
			if (!row)
				return tok_fail_memory(err);
			a->rows[a->count++] = row;
		} else if (row->users++ == 0) {
			take_up(a->core, row);
		}
		heads[i]->row = row;
	}
	return TOK_OK;
}

enum tok_status tok_row_store_need(struct tok_core *core, struct tok_head *const *heads,
				   size_t count, struct tok_error *err)
{
	struct asking a = { .core = core };
	size_t missing = 0;
	for (size_t i = 0; i < count; i++)
		missing += heads[i]->row == NULL;
	if (missing == 0)
		return TOK_OK;
	enum tok_status status = TOK_OK;
	a.rows = calloc(missing, sizeof *a.rows);
	a.requests = calloc(missing, sizeof *a.requests);
	a.answers = calloc(missing, sizeof *a.answers);
	if (!a.rows || !a.requests || !a.answers)
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = collect(&a, heads, count, err);
	if (status == TOK_OK)
		status = ask(&a, err);
	for (size_t i = 0; status != TOK_OK && i < count; i++)
		if (heads[i]->row && !heads[i]->row->ready)
			tok_head_drop_row(core, heads[i]);
	free(a.answers);
	free(a.requests);
	free(a.rows);
	return status;
}
