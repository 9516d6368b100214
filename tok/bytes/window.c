#include "tok/bytes/window.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

struct windowed {
	struct tok_lm lm; /* the first */
	struct tok_lm_info info;
	struct tok_lm *inner;
	struct tok_lm_request *requests; /* as the inner one gets them */
	size_t capacity;
	struct tok_buffer ids; /* of those that were cut */
};

/* ---- rows ------------------------------------------------------------------------ */

/* What remains of a request, at the end of w->ids; nothing where it remains whole. */
static bool add_rest(struct windowed *w, const struct tok_lm_request *request)
{
	const size_t cut = tok_lm_cut(&w->info, request->count), start = w->info.start_count,
		     rest = request->count - start - cut;
	return cut == 0 ||
	       (tok_buffer_add(&w->ids, request->ids, start * sizeof(tok_id)) &&
		tok_buffer_add(&w->ids, request->ids + start + cut, rest * sizeof(tok_id)));
}

static bool cut_requests(struct windowed *w, const struct tok_lm_request *requests, size_t count)
{
	tok_buffer_clear(&w->ids);
	if (!tok_grow(&w->requests, &w->capacity, count, sizeof *w->requests))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_rest(w, &requests[i]))
			return false;
	const tok_id *at = (const tok_id *)(const void *)w->ids.bytes;
	for (size_t i = 0; i < count; i++) {
		const size_t cut = tok_lm_cut(&w->info, requests[i].count);
		w->requests[i] = requests[i];
		if (cut == 0)
			continue;
		w->requests[i] = (struct tok_lm_request){ at, requests[i].count - cut };
		at += w->requests[i].count;
	}
	return true;
}

static enum tok_status rows(struct tok_lm *lm, const struct tok_lm_request *requests, size_t count,
			    struct tok_lm_row *out, struct tok_error *err)
{
	struct windowed *w = (struct windowed *)lm;
	if (!cut_requests(w, requests, count))
		return tok_fail_memory(err);
	return w->inner->rows(w->inner, w->requests, count, out, err);
}

static void free_windowed(struct tok_lm *lm)
{
	struct windowed *w = (struct windowed *)lm;
	w->inner->free(w->inner);
	tok_buffer_release(&w->ids);
	free(w->requests);
	free(w);
}

/* ---- windows ----------------------------------------------------------------------- */

static enum tok_status check(const struct tok_lm_info *info, size_t window, size_t stride,
			     struct tok_error *err)
{
	if (info->max_context > 0 && window > info->max_context)
		return tok_fail(err, TOK_EARG, "a window of %zu tokens: the model takes up to %zu",
				window, info->max_context);
	if (window <= info->start_count)
		return tok_fail(err, TOK_EARG,
				"a window of %zu tokens has no room behind the %zu before every "
				"text",
				window, info->start_count);
	if (stride > window - info->start_count)
		return tok_fail(err, TOK_EARG,
				"a stride of %zu: a window of %zu tokens has room for %zu", stride,
				window, window - info->start_count);
	return TOK_OK;
}

enum tok_status tok_lm_window(struct tok_lm *lm, size_t window, size_t stride, struct tok_lm **out,
			      struct tok_error *err)
{
	const struct tok_lm_info *info = lm->info;
	const enum tok_status status = check(info, window, stride, err);
	if (status != TOK_OK)
		return status;
	const size_t room = window - info->start_count, half = room > 1 ? room / 2 : 1,
		     step = stride > 0 ? stride : half, seen = room - step + 1;
	if (info->markov_order > 0) {
		if (seen < info->markov_order - 1)
			return tok_fail(err, TOK_EARG,
					"windows that keep %zu tokens: the model looks at %zu",
					seen, info->markov_order - 1);
		*out = lm;
		return TOK_OK;
	}
	struct windowed *w = calloc(1, sizeof *w);
	if (!w)
		return tok_fail_memory(err);
	w->info = *info;
	w->info.max_context = 0; /* none is too long */
	w->info.window = window;
	w->info.stride = step;
	w->inner = lm;
	w->lm = (struct tok_lm){ .info = &w->info, .rows = rows, .free = free_windowed };
	*out = &w->lm;
	return TOK_OK;
}
