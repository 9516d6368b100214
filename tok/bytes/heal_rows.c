/* heal_rows.c - tokens taken away from the end of a prompt, rows behind those that are left, and
 * what somebody writes who takes the most probable token each time. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/heal_internal.h"
#include "tok/bytes/window.h"

/* How far from 1 a row may sum to. */
static const double sum_tolerance = 1e-3;

static bool is_text(const struct tok_byte_tokens *tokens, tok_id id)
{
	return tok_byte_tokens_kind(tokens, id) == TOK_BYTE_TEXT;
}

/* ---- prompts --------------------------------------------------------------------------- */

static bool take_away(struct tok_healing *h, size_t count, size_t back)
{
	while (h->back < back && h->back < count && is_text(h->tokens, h->ids[count - h->back - 1]))
		h->back++;
	h->count = count - h->back;
	for (size_t i = h->count; i < count; i++) {
		const struct tok_span text = tok_byte_tokens_text(h->tokens, h->ids[i]);
		if (!tok_buffer_add(&h->text, text.bytes, text.count))
			return false;
	}
	return true;
}

enum tok_status tok_healing_init(struct tok_healing *h, const struct tok_byte_tokens *tokens,
				 struct tok_lm *lm, const tok_id *ids, size_t count, size_t back,
				 struct tok_error *err)
{
	*h = (struct tok_healing){ .tokens = tokens, .lm = lm, .ids = ids, .one = back == 1 };
	if (tok_byte_tokens_size(tokens) != lm->info->size)
		return tok_fail(err, TOK_EARG, "rows of the model have %zu numbers, not %zu",
				lm->info->size, tok_byte_tokens_size(tokens));
	if (lm->info->top)
		return tok_fail(err, TOK_EARG,
				"healing needs whole rows, of which this model tells %zu numbers",
				lm->info->top);
	h->row = calloc(lm->info->size + 1, sizeof *h->row);
	h->masses = calloc(tok_byte_tokens_node_count(tokens), sizeof *h->masses);
	return h->row && h->masses && take_away(h, count, back) ? TOK_OK : tok_fail_memory(err);
}

void tok_healing_release(struct tok_healing *h)
{
	tok_buffer_release(&h->text);
	tok_buffer_release(&h->context);
	free(h->row);
	free(h->masses);
}

size_t tok_heal_longest(const struct tok_byte_tokens *tokens, const tok_id *ids, size_t count)
{
	const size_t levels = tok_byte_tokens_levels(tokens);
	size_t longest = 0, length = 0;
	for (size_t back = 1; back <= count && is_text(tokens, ids[count - back]); back++) {
		uint32_t node = 0;
		bool fits = true;
		length += tok_byte_tokens_text(tokens, ids[count - back]).count;
		if (length >= levels) /* no token is so long */
			break;
		for (size_t i = count - back; fits && i < count; i++) {
			const struct tok_span text = tok_byte_tokens_text(tokens, ids[i]);
			for (size_t k = 0; fits && k < text.count; k++) {
				node = tok_byte_tokens_child(tokens, node, text.bytes[k]);
				fits = node != 0;
			}
		}
		if (fits)
			longest = back;
	}
	return longest;
}

/* ---- rows ------------------------------------------------------------------------------- */

static void note_windows(struct tok_healing *h, size_t count)
{
	const struct tok_lm_info *info = h->lm->info;
	const size_t windows = info->window ? 1 + tok_lm_cut(info, count) / info->stride : 1;
	if (windows > h->windows.count)
		h->windows = (struct tok_machine_windows){ info->window, info->stride, windows };
}

enum tok_status tok_healing_ask(struct tok_healing *h, double *log_scale, double *error,
				struct tok_error *err)
{
	struct tok_row_masses others;
	const struct tok_lm_info *info = h->lm->info;
	const size_t count = h->context.count / sizeof(tok_id), order = info->markov_order,
		     kept = order > 0 && count > order - 1 ? order - 1 : count;
	const tok_id *ids = (const tok_id *)(const void *)h->context.bytes;
	if (info->max_context > 0 && kept > info->max_context)
		return tok_fail(err, TOK_ELIMIT,
				"a context of %zu tokens: the model takes up to %zu", kept,
				info->max_context);
	const struct tok_lm_request request = { kept ? ids + (count - kept) : NULL, kept };
	struct tok_lm_row row = { .log_p = h->row };
	const enum tok_status status = h->lm->rows(h->lm, &request, 1, &row, err);
	if (status != TOK_OK)
		return status;
	tok_byte_tokens_masses(h->tokens, h->row, h->masses, &others);
	const double sum = h->masses[0] + others.end + others.nontext;
	if (!(fabs(sum - 1.0) <= sum_tolerance))
		return tok_fail(err, TOK_EFORMAT, "a row of the model sums to %.6g, not to 1", sum);
	*log_scale = -log(sum);
	*error = row.error < 0.25 ? 4.0 * row.error : 1.0; /* of a share, and of what it is of */
	h->unclear |= row.error > 0.0;
	note_windows(h, count);
	h->rows++;
	return TOK_OK;
}

/* ---- greedy decoding --------------------------------------------------------------------- */

static bool may_come(const struct tok_healing *h, tok_id id, struct tok_span rest)
{
	if (!is_text(h->tokens, id))
		return rest.count == 0 && tok_byte_tokens_kind(h->tokens, id) == TOK_BYTE_END;
	const struct tok_span text = tok_byte_tokens_text(h->tokens, id);
	return tok_span_starts(text, rest) || (!h->one && tok_span_starts(rest, text));
}

/* TOK_NO_ID where nothing may come. */
static tok_id choose(const struct tok_healing *h, struct tok_span rest)
{
	tok_id best = TOK_NO_ID;
	for (tok_id id = 0; id < h->lm->info->size; id++)
		if (h->row[id] > (best == TOK_NO_ID ? -INFINITY : h->row[best]) &&
		    may_come(h, id, rest))
			best = id;
	return best;
}

/* Adds `id` to the context and what is new of its text to `out`; moves *rest. */
static bool take(struct tok_healing *h, tok_id id, struct tok_span *rest, size_t room,
		 struct tok_buffer *out)
{
	const struct tok_span text = tok_byte_tokens_text(h->tokens, id);
	const size_t old = text.count < rest->count ? text.count : rest->count,
		     fresh = text.count - old;
	*rest = tok_span_slice(*rest, old, rest->count);
	return tok_buffer_add(&h->context, &id, sizeof id) &&
	       (fresh == 0 || tok_buffer_add(out, text.bytes + old, fresh < room ? fresh : room));
}

static enum tok_status write_greedily(struct tok_healing *h, size_t limit, struct tok_buffer *out,
				      bool *ended, struct tok_error *err)
{
	struct tok_span rest = tok_buffer_span(&h->text);
	const size_t end = limit < SIZE_MAX - out->count ? out->count + limit : SIZE_MAX;
	if (!tok_buffer_add(&h->context, h->ids, h->count * sizeof(tok_id)))
		return tok_fail_memory(err);
	while (out->count < end) {
		double log_scale, error;
		const enum tok_status status = tok_healing_ask(h, &log_scale, &error, err);
		if (status != TOK_OK)
			return status;
		const tok_id id = choose(h, rest);
		*ended = id != TOK_NO_ID && !is_text(h->tokens, id);
		if (id == TOK_NO_ID || *ended)
			return TOK_OK;
		if (!take(h, id, &rest, end - out->count, out))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

enum tok_status tok_heal_greedy(const struct tok_byte_tokens *tokens, struct tok_lm *lm,
				const tok_id *ids, size_t count, size_t back, size_t limit,
				struct tok_buffer *out, bool *ended, struct tok_error *err)
{
	struct tok_healing h;
	bool end = false;
	enum tok_status status = tok_healing_init(&h, tokens, lm, ids, count, back, err);
	if (status == TOK_OK)
		status = write_greedily(&h, limit, out, &end, err);
	if (status == TOK_OK)
		*ended = end;
	tok_healing_release(&h);
	return status;
}
