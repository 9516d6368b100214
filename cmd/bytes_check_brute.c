/* bytes_check_brute.c - all rows of tokens that cover a text, one after the other. */
#include "cmd/bytes_check_internal.h"

#include <math.h>
#include <stdlib.h>

struct brute {
	const struct bytes_side *side;
	struct tok_span text;
	uint64_t rows, most_rows;
	struct tok_buffer context; /* start ids, and those of the row at hand */
	size_t start;              /* of them at its beginning */
	double log_p;
};

/* ---- validity -------------------------------------------------------------------- */

/* Behind `state`: may the token stand here? */
static bool try_token(const struct bytes_side *side, const struct tok_valid_state *state, tok_id id,
		      struct tok_valid_state *next)
{
	const struct tok_span text = tok_byte_tokens_text(side->tokens, id);
	struct tok_valid_state inside = *state;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(side->validity, &inside, text.bytes[i]))
			return false;
	return tok_validity_token(side->validity, &inside, id, next);
}

bool bytes_check_validity(const struct bytes_side *side, const tok_id *ids, size_t count)
{
	struct tok_valid_state state = tok_validity_start(side->validity), next;
	for (size_t i = 0; i < count; i++) {
		if (!try_token(side, &state, ids[i], &next))
			return false;
		state = next;
	}
	return tok_validity_end(side->validity, &state);
}

/* ---- what the model says behind a row ----------------------------------------------- */

/* The logarithm of the sum of `count` numbers that are logarithms. */
static double sum_logs(const double *logs, size_t count)
{
	double most = -INFINITY, sum = 0;
	for (size_t i = 0; i < count; i++)
		most = fmax(most, logs[i]);
	for (size_t i = 0; i < count && most > -INFINITY; i++)
		sum += exp(logs[i] - most);
	return most > -INFINITY ? most + log(sum) : most;
}

/* log p of each id, -infinity where the semantics leave it out. */
static enum tok_status ask(struct brute *b, const struct tok_valid_state *state, double *p,
			   struct tok_error *err)
{
	const struct bytes_side *side = b->side;
	const size_t size = side->lm->info->size;
	const struct tok_lm_request request = { (const tok_id *)(const void *)b->context.bytes,
						b->context.count / sizeof(tok_id) };
	struct tok_lm_row row = { .log_p = p };
	struct tok_valid_state next;
	const enum tok_status status = side->lm->rows(side->lm, &request, 1, &row, err);
	if (status != TOK_OK)
		return status;
	b->rows++;
	const double all = sum_logs(p, size);
	for (tok_id id = 0; id < size; id++)
		if (side->validity && ((tok_byte_tokens_kind(side->tokens, id) == TOK_BYTE_TEXT &&
					!try_token(side, state, id, &next)) ||
				       (tok_byte_tokens_kind(side->tokens, id) == TOK_BYTE_END &&
					!tok_validity_end(side->validity, state))))
			p[id] = -INFINITY;
	const double whole =
	    side->machine.semantics == TOK_BYTES_VALID_RENORM ? sum_logs(p, size) : all;
	for (tok_id id = 0; id < size; id++)
		p[id] = whole > -INFINITY ? p[id] - whole : -INFINITY;
	return TOK_OK;
}

/* ---- rows ------------------------------------------------------------------------------ */

static enum tok_status walk(struct brute *b, size_t at, double weight,
			    const struct tok_valid_state *state, struct tok_error *err);

/* The row goes on with `id`; `weight`: log p of it all. */
static enum tok_status walk_on(struct brute *b, size_t at, double weight,
			       const struct tok_valid_state *state, tok_id id,
			       struct tok_error *err)
{
	const struct bytes_side *side = b->side;
	const struct tok_span text = tok_byte_tokens_text(side->tokens, id),
			      rest = tok_span_slice(b->text, at, b->text.count);
	struct tok_valid_state next = { { 0 } };
	if (tok_span_starts(text, rest)) {
		b->log_p = sum_logs((double[]){ b->log_p, weight }, 2);
		return TOK_OK;
	}
	if (!tok_span_starts(rest, text) || (side->validity && !try_token(side, state, id, &next)))
		return TOK_OK;
	if (!tok_buffer_add(&b->context, &id, sizeof id))
		return tok_fail_memory(err);
	const enum tok_status status = walk(b, at + text.count, weight, &next, err);
	b->context.count -= sizeof id;
	return status;
}

/* All rows that go on from the one at hand, which spells the first `at` bytes. */
static enum tok_status walk(struct brute *b, size_t at, double weight,
			    const struct tok_valid_state *state, struct tok_error *err)
{
	const struct bytes_side *side = b->side;
	const size_t size = side->lm->info->size;
	if (b->rows >= b->most_rows)
		return TOK_OK;
	double *p = calloc(size, sizeof *p);
	if (!p)
		return tok_fail_memory(err);
	enum tok_status status = ask(b, state, p, err);
	for (tok_id id = 0; id < size && status == TOK_OK; id++)
		if (p[id] > -INFINITY && tok_byte_tokens_kind(side->tokens, id) == TOK_BYTE_TEXT)
			status = walk_on(b, at, weight + p[id], state, id, err);
	free(p);
	return status;
}

static enum tok_status sum_covers(struct brute *b, struct tok_span text, double *log_p,
				  struct tok_error *err)
{
	struct tok_valid_state state = { { 0 } };
	if (b->side->validity)
		state = tok_validity_start(b->side->validity);
	b->text = text;
	b->log_p = -INFINITY;
	if (text.count == 0) {
		*log_p = 0;
		return TOK_OK;
	}
	const enum tok_status status = walk(b, 0, 0, &state, err);
	*log_p = b->log_p;
	return status;
}

enum tok_status bytes_check_brute(const struct bytes_side *side, struct tok_span text,
				  uint64_t most_rows, double *log_p, bool *finished,
				  struct tok_error *err)
{
	const struct tok_span front = tok_byte_tokens_forced_front(side->tokens);
	const struct tok_lm_info *info = side->lm->info;
	struct brute b = { .side = side, .most_rows = most_rows };
	struct tok_buffer whole = { 0 };
	double hidden = 0;
	enum tok_status status = TOK_OK;
	if (!tok_buffer_add(&whole, front.bytes, front.count) ||
	    !tok_buffer_add(&whole, text.bytes, text.count) ||
	    !tok_buffer_add(&b.context, info->start, info->start_count * sizeof *info->start))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = sum_covers(&b, tok_buffer_span(&whole), log_p, err);
	if (status == TOK_OK)
		status = sum_covers(&b, front, &hidden, err);
	*finished = b.rows < most_rows;
	*log_p -= hidden;
	tok_buffer_release(&b.context);
	tok_buffer_release(&whole);
	return status;
}

/* ---- rows at random ------------------------------------------------------------------ */

/* One of the tokens that spell what `text` goes on with at `at`. */
static tok_id draw_token(const struct bytes_side *side, struct tok_span text, size_t at,
			 struct tok_random *random)
{
	tok_id drawn = TOK_NO_ID;
	uint64_t seen = 0;
	uint32_t node = 0;
	while (at < text.count &&
	       (node = tok_byte_tokens_child(side->tokens, node, text.bytes[at++])) != 0) {
		const tok_id *ids;
		const size_t count = tok_byte_tokens_ends(side->tokens, node, &ids);
		for (size_t i = 0; i < count; i++)
			if (tok_random_below(random, ++seen) == 0)
				drawn = ids[i];
	}
	return drawn;
}

enum tok_status bytes_check_draw(const struct bytes_side *side, struct tok_span text,
				 struct tok_random *random, struct tok_buffer *ids,
				 struct tok_error *err)
{
	for (size_t at = 0; at < text.count;) {
		const tok_id id = draw_token(side, text, at, random);
		if (id == TOK_NO_ID) {
			tok_buffer_clear(ids);
			return TOK_OK;
		}
		if (!tok_buffer_add(ids, &id, sizeof id))
			return tok_fail_memory(err);
		at += tok_byte_tokens_text(side->tokens, id).count;
	}
	return TOK_OK;
}
