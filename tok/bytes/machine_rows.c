/* machine_rows.c - what the model says, asked for when it is needed and in batches.  Rows are big:
 * those of live heads are held, of others a few are kept, which a model of finite order and whoever
 * goes back will ask for again. */
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* ---- the rows that are kept --------------------------------------------------- */

static struct tok_row **bucket_of(struct tok_core *core, uint64_t key)
{
	return &core->buckets[(key ^ key >> 32) % ROW_BUCKETS];
}

static struct tok_row *find_row(struct tok_core *core, const struct tok_head *head)
{
	struct tok_row *row = *bucket_of(core, head->key);
	while (row && !(row->key == head->key && tok_head_same(core, row->of, head)))
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
	struct tok_row **at = bucket_of(core, row->key);
	while (*at != row)
		at = &(*at)->next;
	*at = row->next;
	if (row->users == 0)
		take_up(core, row);
	tok_head_release(core, row->of);
	row->of = NULL;
	core->row_count--;
}

static void free_row(struct tok_row *row)
{
	tok_row_leave_parts(row);
	tok_sums_release(&row->sums);
	free(row->log_p);
	free(row->known);
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
	free(core->asking.rows);
	free(core->asking.requests);
	free(core->asking.answers);
}

bool tok_row_make_room(const struct tok_core *core, struct tok_row *row)
{
	const size_t size = core->lm->info->size;
	row->log_p = calloc(size + 1, sizeof *row->log_p);
	return tok_sums_init(&row->sums, size) && row->log_p;
}

static struct tok_row *make_row(const struct tok_core *core)
{
	const struct tok_lm_info *info = core->lm->info;
	struct tok_row *row = calloc(1, sizeof *row);
	bool made = row != NULL;
	if (made && info->top) {
		row->known = calloc(info->top, sizeof *row->known);
		made = row->known != NULL;
	} else if (made && !core->in_parts) {
		made = tok_row_make_room(core, row);
	}
	if (made)
		return row;
	if (row)
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
	row->key = head->key;
	row->users = 1;
	row->lasts = false;
	row->in_parts = core->in_parts;
	row->vague = false;
	row->error = 0.0;
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
	if (!row->lasts || core->row_count > core->row_budget)
		remove_row(core, row);
}

/* ---- asking ---------------------------------------------------------------------- */

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
static enum tok_status write_requests(struct tok_core *core, size_t begin, size_t end,
				      struct tok_error *err)
{
	struct tok_asking *a = &core->asking;
	tok_buffer_clear(&core->contexts);
	for (size_t i = begin; i < end; i++) {
		const size_t before = core->contexts.count;
		const enum tok_status status = check_length(core, a->rows[i]->of, err);
		if (status != TOK_OK)
			return status;
		if (!tok_head_context(core, a->rows[i]->of, &core->contexts))
			return tok_fail_memory(err);
		a->requests[i].count = (core->contexts.count - before) / sizeof(tok_id);
	}
	const uint8_t *at = core->contexts.bytes;
	for (size_t i = begin; i < end; i++) {
		a->requests[i].ids = (const tok_id *)(const void *)at;
		at += a->requests[i].count * sizeof(tok_id);
		const size_t top = core->lm->info->top;
		a->answers[i] = (struct tok_lm_row){
			.log_p = top ? NULL : a->rows[i]->log_p,
			.best = top ? core->best + (i - begin) * top : NULL,
		};
	}
	return TOK_OK;
}

/* One by one: nothing is asked of anybody who is far away. */
static enum tok_status join_rows(struct tok_core *core, struct tok_error *err)
{
	struct tok_asking *a = &core->asking;
	for (size_t i = 0; i < a->count; i++) {
		enum tok_status status = write_requests(core, i, i + 1, err);
		if (status == TOK_OK)
			status = tok_row_fill_parts(core, a->rows[i], &a->requests[i], err);
		if (status != TOK_OK)
			return status;
		a->rows[i]->lasts = a->rows[i]->in_parts; /* else it is far greater than others */
		core->cost.rows++;
	}
	return TOK_OK;
}

static enum tok_status ask(struct tok_core *core, struct tok_error *err)
{
	struct tok_asking *a = &core->asking;
	const struct tok_lm_info *info = core->lm->info;
	const size_t batch = info->batch ? info->batch : 1;
	if (core->in_parts)
		return join_rows(core, err);
	for (size_t begin = 0; begin < a->count; begin += batch) {
		const size_t end = a->count - begin < batch ? a->count : begin + batch;
		enum tok_status status = write_requests(core, begin, end, err);
		if (status == TOK_OK)
			status = core->lm->rows(core->lm, a->requests + begin, end - begin,
						a->answers + begin, err);
		for (size_t i = begin; status == TOK_OK && i < end; i++) {
			a->rows[i]->error = a->answers[i].error;
			core->loose |= a->answers[i].error > 0.0;
			status = info->top
				     ? tok_row_fill_best(core, a->rows[i], &a->answers[i], err)
				     : tok_row_fill_whole(core, a->rows[i], err);
			a->rows[i]->lasts = status == TOK_OK;
		}
		if (status != TOK_OK)
			return status;
		core->cost.rows += end - begin;
	}
	return TOK_OK;
}

static enum tok_status collect(struct tok_core *core, struct tok_head *const *heads, size_t count,
			       struct tok_error *err)
{
	struct tok_asking *a = &core->asking;
	a->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (heads[i]->row)
			continue;
		struct tok_row *row = find_row(core, heads[i]);
		if (!row) {
			row = add_row(core, heads[i]);
			if (!row)
				return tok_fail_memory(err);
			a->rows[a->count++] = row;
		} else if (row->users++ == 0) {
			take_up(core, row);
		}
		heads[i]->row = row;
	}
	return TOK_OK;
}

static bool make_room(struct tok_asking *a, size_t count)
{
	return tok_grow(&a->rows, &a->row_capacity, count, sizeof(a->rows[0])) &&
	       tok_grow(&a->requests, &a->request_capacity, count, sizeof(a->requests[0])) &&
	       tok_grow(&a->answers, &a->answer_capacity, count, sizeof(a->answers[0]));
}

enum tok_status tok_row_store_need(struct tok_core *core, struct tok_head *const *heads,
				   size_t count, struct tok_error *err)
{
	size_t missing = 0;
	for (size_t i = 0; i < count; i++)
		missing += heads[i]->row == NULL;
	if (missing == 0)
		return TOK_OK;
	enum tok_status status = TOK_OK;
	if (!make_room(&core->asking, missing))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = collect(core, heads, count, err);
	if (status == TOK_OK)
		status = ask(core, err);
	for (size_t i = 0; status != TOK_OK && i < count; i++)
		if (heads[i]->row && !heads[i]->row->lasts)
			tok_head_drop_row(core, heads[i]);
	return status;
}
