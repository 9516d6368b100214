/*
 * merger.c - a batch as one line of places, and merging on it.
 *
 * A place was one id of the input; between sequences, and at both ends of the line, is a
 * place that is none.  A token stands at the first of its places; how many it has is
 * noted at its first and at its last one, so that both neighbours are found.
 */
#include "tok/dynamic/merger.h"

#include <assert.h>
#include <stdlib.h>

#include "tok/dynamic/made_internal.h"
#include "tok/dynamic/pairs_internal.h"

struct tok_merger {
	struct tok_spelling spelling;
	struct tok_boundary *boundary;

	tok_id *ids;     /* by place; TOK_NO_ID between sequences */
	uint32_t *spans; /* places of the token, at its first and last one */
	uint32_t *at;    /* the pair that begins here */
	size_t ids_capacity, spans_capacity, at_capacity;
	size_t place_count, length;

	struct tok_pairs pairs;
	struct tok_made made;
	struct tok_buffer joined;
	uint32_t *places, *gained; /* of the pair being merged; pairs that gained by it */
	size_t places_capacity, gained_capacity, gained_count;

	struct tok_merge_step *steps;
	size_t step_count, step_capacity;
	size_t *offsets;
	size_t offsets_capacity;
	size_t used_count; /* tokens that the vocabulary does not have, and sequences do */
};

struct tok_merger *tok_merger_new(const struct tok_tokenizer *tokenizer,
				  struct tok_boundary *boundary)
{
	struct tok_merger *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	tok_spelling_init(&m->spelling, tokenizer);
	m->boundary = boundary;
	return m;
}

void tok_merger_free(struct tok_merger *m)
{
	if (!m)
		return;
	free(m->ids);
	free(m->spans);
	free(m->at);
	tok_pairs_release(&m->pairs);
	tok_made_release(&m->made);
	tok_buffer_release(&m->joined);
	free(m->places);
	free(m->gained);
	free(m->steps);
	free(m->offsets);
	free(m);
}

/* ---- pairs --------------------------------------------------------------------- */

/* How any id is written; .bytes NULL if it never joins. */
static struct tok_span written(const struct tok_merger *m, tok_id id, uint8_t *byte)
{
	const size_t size = tok_tokenizer_size(m->spelling.tokenizer);
	return id < size ? tok_spelling_of(&m->spelling, id, byte)
			 : tok_made_at(&m->made, id - size);
}

static enum tok_status ask_boundary(struct tok_merger *m, struct tok_pair *pair,
				    struct tok_error *err)
{
	uint8_t bytes[2];
	const struct tok_span left = written(m, pair->left, &bytes[0]);
	const struct tok_span right = written(m, pair->right, &bytes[1]);
	if (!left.bytes || !right.bytes || left.count + right.count > TOK_DYNAMIC_TOKEN_MAX)
		return TOK_OK;
	if (!tok_spelling_keeps_marks(&m->spelling, left, right, &m->joined, &pair->allowed))
		return tok_fail_memory(err);
	return pair->allowed ? tok_boundary_allows(m->boundary, left, right, &pair->allowed, err)
			     : TOK_OK;
}

/* The pair of two neighbours; TOK_NO_PAIR if they may not join. */
static enum tok_status find_pair(struct tok_merger *m, tok_id left, tok_id right, uint32_t *out,
				 struct tok_error *err)
{
	const size_t known = m->pairs.count;
	enum tok_status status = TOK_OK;
	if (!tok_pairs_find(&m->pairs, left, right, out))
		return tok_fail_memory(err);
	struct tok_pair *pair = &m->pairs.items[*out];
	if (m->pairs.count > known)
		status = ask_boundary(m, pair, err);
	if (!pair->allowed)
		*out = TOK_NO_PAIR;
	return status;
}

/* ---- the batch ------------------------------------------------------------------- */

static enum tok_status check_batch(const struct tok_sequences *batch, struct tok_error *err)
{
	const size_t count = batch->offsets[batch->count];
	assert(batch->offsets[0] == 0);
	if (count > TOK_MERGE_BATCH_MAX || batch->count > TOK_MERGE_BATCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"a batch of %zu ids in %zu sequences is too large: at most %zu of "
				"either are taken",
				count, batch->count, TOK_MERGE_BATCH_MAX);
	return TOK_OK;
}

static enum tok_status lay_line(struct tok_merger *m, const struct tok_sequences *batch,
				struct tok_error *err)
{
	const struct tok_tokenizer *t = m->spelling.tokenizer;
	const size_t want = batch->offsets[batch->count] + batch->count + 1;
	size_t place = 0;
	if (!tok_grow(&m->ids, &m->ids_capacity, want, sizeof *m->ids) ||
	    !tok_grow(&m->spans, &m->spans_capacity, want, sizeof *m->spans) ||
	    !tok_grow(&m->at, &m->at_capacity, want, sizeof *m->at))
		return tok_fail_memory(err);
	for (size_t s = 0; s < batch->count; s++) {
		m->ids[place++] = TOK_NO_ID;
		for (size_t i = batch->offsets[s]; i < batch->offsets[s + 1]; i++) {
			const tok_id id = batch->ids[i];
			if (!tok_tokenizer_token(t, id).bytes)
				return tok_fail(err, TOK_ETEXT,
						"sequence %zu: id %u at place %zu is none of the "
						"tokenizer's",
						s, id, i - batch->offsets[s]);
			m->ids[place] = id;
			m->spans[place++] = 1;
		}
	}
	m->ids[place++] = TOK_NO_ID;
	m->place_count = place;
	m->length = batch->offsets[batch->count];
	return TOK_OK;
}

static enum tok_status find_pairs(struct tok_merger *m, struct tok_error *err)
{
	m->at[0] = m->at[m->place_count - 1] = TOK_NO_PAIR;
	for (size_t place = 1; place + 1 < m->place_count; place++) {
		uint32_t *pair = &m->at[place];
		*pair = TOK_NO_PAIR;
		if (m->ids[place] == TOK_NO_ID || m->ids[place + 1] == TOK_NO_ID)
			continue;
		const enum tok_status status =
		    find_pair(m, m->ids[place], m->ids[place + 1], pair, err);
		if (status != TOK_OK)
			return status;
		if (*pair != TOK_NO_PAIR)
			m->pairs.items[*pair].count++;
	}
	if (!tok_pairs_lay_out(&m->pairs))
		return tok_fail_memory(err);
	for (size_t place = 1; place < m->place_count; place++)
		if (m->at[place] != TOK_NO_PAIR)
			tok_pairs_put(&m->pairs, m->at[place], (uint32_t)place);
	for (size_t pair = 0; pair < m->pairs.count; pair++)
		if (!tok_pairs_offer(&m->pairs, (uint32_t)pair))
			return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status load(struct tok_merger *m, const struct tok_sequences *batch,
			    struct tok_error *err)
{
	m->step_count = 0;
	if (!tok_pairs_clear(&m->pairs) || !tok_made_clear(&m->made))
		return tok_fail_memory(err);
	const enum tok_status status = lay_line(m, batch, err);
	return status == TOK_OK ? find_pairs(m, err) : status;
}

/* ---- one merge --------------------------------------------------------------------- */

static void leave(struct tok_merger *m, size_t place)
{
	if (m->at[place] == TOK_NO_PAIR)
		return;
	m->pairs.items[m->at[place]].count--;
	m->at[place] = TOK_NO_PAIR;
}

/* Make the tokens at `place` and behind it neighbours. */
static enum tok_status meet(struct tok_merger *m, size_t place, struct tok_error *err)
{
	const tok_id left = m->ids[place], right = m->ids[place + m->spans[place]];
	uint32_t pair;
	if (left == TOK_NO_ID || right == TOK_NO_ID)
		return TOK_OK;
	const enum tok_status status = find_pair(m, left, right, &pair, err);
	if (status != TOK_OK || pair == TOK_NO_PAIR)
		return status;
	if (!tok_pairs_add(&m->pairs, pair, (uint32_t)place) ||
	    !tok_grow(&m->gained, &m->gained_capacity, m->gained_count + 1, sizeof *m->gained))
		return tok_fail_memory(err);
	m->at[place] = pair;
	m->gained[m->gained_count++] = pair;
	return TOK_OK;
}

static enum tok_status join(struct tok_merger *m, size_t place, tok_id result,
			    struct tok_error *err)
{
	const size_t behind = place + m->spans[place], end = behind + m->spans[behind];
	const bool first = m->ids[place - 1] == TOK_NO_ID;
	const size_t before = first ? place : place - m->spans[place - 1];
	leave(m, before);
	leave(m, place);
	leave(m, behind);
	m->ids[place] = result;
	m->spans[place] = m->spans[end - 1] = (uint32_t)(end - place);
	m->length--;
	const enum tok_status status = first ? TOK_OK : meet(m, before, err);
	return status == TOK_OK ? meet(m, place, err) : status;
}

/* The token that `pair` becomes. */
static enum tok_status name_result(struct tok_merger *m, const struct tok_pair *pair, tok_id *out,
				   struct tok_error *err)
{
	uint8_t bytes[2];
	if (!tok_spelling_join(&m->spelling, written(m, pair->left, &bytes[0]),
			       written(m, pair->right, &bytes[1]), &m->joined) ||
	    !tok_made_name(&m->made, &m->spelling, tok_buffer_span(&m->joined), out))
		return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status merge(struct tok_merger *m, uint32_t number, struct tok_error *err)
{
	const struct tok_pair pair = m->pairs.items[number];
	struct tok_merge_step step = { .left = pair.left,
				       .right = pair.right,
				       .count = pair.count };
	enum tok_status status = name_result(m, &pair, &step.result, err);
	if (status != TOK_OK)
		return status;
	if (!tok_grow(&m->places, &m->places_capacity, pair.place_count, sizeof *m->places) ||
	    !tok_grow(&m->steps, &m->step_capacity, m->step_count + 1, sizeof *m->steps))
		return tok_fail_memory(err);
	const size_t count = tok_pairs_take(&m->pairs, m->at, number, m->places);
	m->gained_count = 0;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		if (m->at[m->places[i]] == number) /* "aaa": the second one is gone */
			status = join(m, m->places[i], step.result, err);
	for (size_t i = 0; i < m->gained_count && status == TOK_OK; i++)
		if (!tok_pairs_offer(&m->pairs, m->gained[i]))
			status = tok_fail_memory(err);
	step.length = m->length;
	m->steps[m->step_count++] = step;
	return status;
}

/* At most `merges`; *done if there were no more. */
static enum tok_status run(struct tok_merger *m, size_t merges, bool *done, struct tok_error *err)
{
	*done = false;
	while (m->step_count < merges && !*done) {
		uint32_t best;
		if (!tok_pairs_best(&m->pairs, m->at, &best))
			return tok_fail_memory(err);
		*done = best == TOK_NO_PAIR;
		const enum tok_status status = *done ? TOK_OK : merge(m, best, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* ---- what comes of it ----------------------------------------------------------------- */

/* The fewest merges that go `percent` of the way. */
static size_t merges_for(const struct tok_merger *m, size_t before, double percent)
{
	const double way = (double)(before - m->length);
	size_t merges = 0;
	size_t length = before;
	while (merges < m->step_count && 100.0 * (double)(before - length) < percent * way)
		length = m->steps[merges++].length;
	return merges;
}

/* What `parts` of the input have become, where it is a new token. */
static void note_token(struct tok_merger *m, tok_id id, const tok_id *parts, size_t count)
{
	const size_t size = tok_tokenizer_size(m->spelling.tokenizer);
	struct tok_dynamic_token *token = id < size ? NULL : &m->made.tokens[id - size];
	if (!token || token->parts)
		return;
	token->parts = parts;
	token->part_count = count;
}

/* Which merge made each token, and those that stand somewhere counted. */
static void number_tokens(struct tok_merger *m)
{
	const size_t size = tok_tokenizer_size(m->spelling.tokenizer);
	for (size_t i = m->step_count; i-- > 0;)
		if (m->steps[i].result >= size)
			m->made.tokens[m->steps[i].result - size].step = i;
	m->used_count = 0;
	for (size_t i = 0; i < m->made.count; i++) {
		m->made.tokens[i].number = m->used_count;
		m->used_count += m->made.tokens[i].parts != NULL;
	}
}

/* Ids and parts move to the front of where they were. */
static enum tok_status gather(struct tok_merger *m, const struct tok_sequences *batch,
			      struct tok_error *err)
{
	size_t count = 0, place = 0;
	if (!tok_grow(&m->offsets, &m->offsets_capacity, batch->count + 1, sizeof *m->offsets) ||
	    !tok_made_list(&m->made))
		return tok_fail_memory(err);
	for (size_t s = 0; s < batch->count; s++) {
		m->offsets[s] = count;
		for (place++; m->ids[place] != TOK_NO_ID;) {
			const uint32_t span = m->spans[place];
			note_token(m, m->ids[place], batch->ids + place - s - 1, span);
			m->ids[count] = m->ids[place];
			m->spans[count++] = span;
			place += span;
		}
	}
	m->offsets[batch->count] = count;
	number_tokens(m);
	return TOK_OK;
}

enum tok_status tok_merge_batch(struct tok_merger *m, const struct tok_merge_batch_options *options,
				const struct tok_sequences *batch, struct tok_merged_batch *out,
				struct tok_error *err)
{
	const double percent = options->reduce_percent;
	const bool by_percent = percent != 0.0;
	size_t shortest = SIZE_MAX;
	bool done;
	if (!(percent >= 0.0 && percent <= 100.0))
		return tok_fail(err, TOK_EARG, "reduced by %g percent: that is from 0 to 100",
				percent);
	enum tok_status status = check_batch(batch, err);
	if (status == TOK_OK)
		status = load(m, batch, err);
	if (status == TOK_OK)
		status = run(m, by_percent ? TOK_MERGES_ALL : options->merges, &done, err);
	if (status == TOK_OK && done)
		shortest = m->length;
	if (status == TOK_OK && by_percent) {
		const size_t merges = merges_for(m, batch->offsets[batch->count], percent);
		if (merges < m->step_count) /* what is merged cannot be undone */
			status = load(m, batch, err);
		if (status == TOK_OK)
			status = run(m, merges, &done, err);
	}
	if (status == TOK_OK)
		status = gather(m, batch, err);
	if (status != TOK_OK)
		return status;
	*out = (struct tok_merged_batch){
		.ids = m->ids,
		.parts = m->spans,
		.offsets = m->offsets,
		.count = batch->count,
		.tokens = m->made.tokens,
		.token_count = m->made.count,
		.used_count = m->used_count,
		.steps = m->steps,
		.step_count = m->step_count,
		.shortest = shortest,
	};
	return TOK_OK;
}

/* ---- lengths ------------------------------------------------------------------------- */

enum tok_status tok_dynamic_lengths(const struct tok_tokenizer *tokenizer, uint32_t *lengths,
				    struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(tokenizer);
	struct tok_spelling spelling;
	struct tok_buffer text = { 0 }, plain = { 0 };
	bool ok = true;
	tok_spelling_init(&spelling, tokenizer);
	for (size_t id = 0; id < size && ok; id++) {
		uint8_t byte;
		const struct tok_span name = tok_tokenizer_token(tokenizer, (tok_id)id);
		const struct tok_span own = tok_spelling_of(&spelling, (tok_id)id, &byte);
		lengths[id] = name.bytes ? (uint32_t)name.count : TOK_NO_LENGTH;
		if (!own.bytes)
			continue;
		ok = tok_spelling_read(&spelling, own, &text) &&
		     tok_spelling_space(&spelling, tok_buffer_span(&text), &plain);
		lengths[id] = (uint32_t)plain.count;
	}
	tok_buffer_release(&text);
	tok_buffer_release(&plain);
	return ok ? TOK_OK : tok_fail_memory(err);
}
