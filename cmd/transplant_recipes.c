#include "cmd/transplant_recipes.h"

#include <stdlib.h>
#include <string.h>

const char *transplant_how_name(enum transplant_how how)
{
	static const char *const names[TRANSPLANT_HOWS] = { "copied", "method", "pieces", "fill",
							    "none" };
	return names[how];
}

void transplant_recipes_release(struct transplant_recipes *r)
{
	for (int side = 0; side < TRANSPLANT_SIDES; side++) {
		hyper_recipe_release(&r->sides[side]);
		free(r->reports[side].how);
	}
	free(r->wanted);
	*r = (struct transplant_recipes){ 0 };
}

const struct hyper_recipe *transplant_recipe(const struct transplant_recipes *r,
					     enum transplant_side side)
{
	return &r->sides[r->both ? TRANSPLANT_IN : side];
}

/* ---- one side ------------------------------------------------------------------------ */

/* Tokens that have no row yet. */
struct rest {
	tok_id *ids;
	size_t count;
};

struct making {
	struct transplant_case *c;
	const struct transplant_choice *choice;
	enum transplant_side side;
	const tok_id *wanted;
	size_t count;
	struct hyper_recipe *recipe;
	struct transplant_side_report *report;
	const struct making *like; /* the other side, whose method's sums are this one's; or NULL */
};

static void mark(const struct making *m, tok_id id, enum transplant_how how)
{
	m->report->how[id] = (uint8_t)how;
}

/* What `made` has goes into the recipe; what it lacks stays in `rest`. */
static enum tok_status take(const struct making *m, struct transplant_made *made,
			    enum transplant_how how, struct rest *rest, struct tok_error *err)
{
	struct hyper_weights *sums = &made->sums;
	size_t kept = 0, given = 0, left;
	tok_id *ids = malloc((rest->count + 1) * sizeof *ids);
	if (!ids)
		return tok_fail_memory(err);
	const bool is_given = made->given;
	memcpy(ids, rest->ids, rest->count * sizeof *ids);
	for (size_t i = 0; i < rest->count; i++) {
		const bool has =
		    is_given ? made->has[i] : sums->ends[i] > hyper_weights_begin(sums, i);
		if (!has) {
			rest->ids[kept++] = ids[i];
			continue;
		}
		mark(m, ids[i], how);
		if (!is_given)
			continue;
		memmove(made->given + given * made->width, made->given + i * made->width,
			made->width * sizeof *made->given);
		ids[given++] = ids[i];
	}
	const enum tok_status status =
	    made->given ? hyper_recipe_give(m->recipe, ids, given, &made->given, made->width, err)
			: hyper_recipe_sum(m->recipe, ids, rest->count, sums, &left, err);
	rest->count = kept;
	free(ids);
	return status;
}

/* What the method made for the other side, which came first into that recipe. */
static enum tok_status make_like(const struct making *m, struct transplant_made *out,
				 struct tok_error *err)
{
	const struct hyper_weights *sums = &m->like->recipe->weights;
	enum tok_status status = TOK_OK;
	*out = (struct transplant_made){ .used = m->like->report->used };
	for (size_t i = 0; i < m->count && status == TOK_OK; i++) {
		const uint64_t begin = hyper_weights_begin(sums, i);
		status = hyper_weights_add(&out->sums, sums->sources + begin, sums->weights + begin,
					   (size_t)(sums->ends[i] - begin), err);
	}
	if (status != TOK_OK)
		transplant_made_release(out);
	return status;
}

static enum tok_status step(const struct making *m, enum transplant_method method,
			    const char *folder, enum transplant_how how, struct rest *rest,
			    struct tok_error *err)
{
	struct transplant_made made;
	if (rest->count == 0)
		return TOK_OK;
	enum tok_status status = how == TRANSPLANT_BY_METHOD && m->like
				     ? make_like(m, &made, err)
				     : transplant_make(m->c, &m->c->matches, m->side, method,
						       folder, rest->ids, rest->count, &made, err);
	if (status != TOK_OK)
		return status;
	if (how == TRANSPLANT_BY_METHOD) {
		m->report->used = made.used;
		m->report->omp = made.omp;
		m->report->explains = made.explains;
	}
	status = take(m, &made, how, rest, err);
	transplant_made_release(&made);
	return status;
}

/* Ids that are no token on either side keep the model's rows: padding stays what it was. */
static void keep_holes(const struct transplant_case *c, struct hyper_recipe *recipe)
{
	const struct hyper_vocab *s = &c->source.vocab, *t = &c->target.vocab;
	const size_t old = c->embeddings.input->shape[0];
	for (size_t row = 0; row < recipe->rows && row < old; row++)
		if (recipe->origins[row] == HYPER_ROW_ZERO &&
		    (row >= t->count || t->kinds[row] == HYPER_TOKEN_NONE) &&
		    (row >= s->count || s->kinds[row] == HYPER_TOKEN_NONE)) {
			recipe->origins[row] = HYPER_ROW_COPY;
			recipe->sources[row] = (tok_id)row;
		}
}

static enum tok_status begin_side(const struct making *m, size_t rows, struct tok_error *err)
{
	const struct hyper_matches *matches = &m->c->matches;
	enum tok_status status = hyper_recipe_new(matches, rows, m->recipe, err);
	m->report->method = m->choice->method[m->side];
	m->report->how = calloc(matches->count + 1, 1);
	if (status == TOK_OK && !m->report->how)
		status = tok_fail_memory(err);
	if (status != TOK_OK)
		return status;
	keep_holes(m->c, m->recipe);
	for (size_t id = 0; id < matches->count; id++)
		if (matches->classes[id] == HYPER_MATCH_NONE)
			mark(m, (tok_id)id, TRANSPLANT_NO_TOKEN);
	return TOK_OK;
}

static void count_hows(const struct hyper_matches *matches, struct transplant_side_report *report)
{
	for (size_t id = 0; id < matches->count; id++)
		report->counts[report->how[id]]++;
}

/* Rows behind the last id, by the last resort too. */
static enum tok_status fill_padding(const struct making *m, size_t rows, struct tok_error *err)
{
	const size_t first = m->c->matches.count, count = rows - first;
	tok_id *ids = malloc((count + 1) * sizeof *ids);
	struct transplant_made made = { 0 };
	if (!ids)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		ids[i] = (tok_id)(first + i);
	enum tok_status status = transplant_make(
	    m->c, &m->c->matches, m->side, m->choice->last_resort, NULL, ids, count, &made, err);
	if (status == TOK_OK)
		status = hyper_recipe_give(m->recipe, ids, count, &made.given, made.width, err);
	transplant_made_release(&made);
	free(ids);
	return status;
}

static enum tok_status make_side(const struct making *m, size_t rows, struct tok_error *err)
{
	const struct transplant_choice *choice = m->choice;
	struct rest rest = { malloc((m->count + 1) * sizeof *rest.ids), m->count };
	if (!rest.ids)
		return tok_fail_memory(err);
	memcpy(rest.ids, m->wanted, m->count * sizeof *rest.ids);
	enum tok_status status = begin_side(m, rows, err);
	if (status == TOK_OK)
		status = step(m, choice->method[m->side], choice->folder[m->side],
			      TRANSPLANT_BY_METHOD, &rest, err);
	if (status == TOK_OK && choice->pieces_next)
		status = step(m, TRANSPLANT_SUBWORD, NULL, TRANSPLANT_BY_PIECES, &rest, err);
	if (status == TOK_OK)
		status = step(m, choice->last_resort, NULL, TRANSPLANT_BY_FILL, &rest, err);
	if (status == TOK_OK && choice->pads && rows > m->c->matches.count)
		status = fill_padding(m, rows, err);
	if (status == TOK_OK)
		count_hows(&m->c->matches, m->report);
	free(rest.ids);
	return status;
}

/* ---- both ------------------------------------------------------------------------------ */

static enum tok_status find_wanted(const struct hyper_matches *matches,
				   struct transplant_recipes *out, struct tok_error *err)
{
	out->wanted = malloc((matches->counts[HYPER_MATCH_NEW] + 1) * sizeof *out->wanted);
	if (!out->wanted)
		return tok_fail_memory(err);
	for (size_t id = 0; id < matches->count; id++)
		if (matches->classes[id] == HYPER_MATCH_NEW)
			out->wanted[out->wanted_count++] = (tok_id)id;
	return TOK_OK;
}

bool transplant_is_one(const struct transplant_case *c)
{
	if (c->options->tie != HYPER_TIE_KEEP)
		return c->options->tie == HYPER_TIE_FORCE;
	return transplant_matrix(c, TRANSPLANT_OUT) == transplant_matrix(c, TRANSPLANT_IN);
}

bool transplant_is_asked_once(const struct transplant_case *c,
			      const struct transplant_choice *choice)
{
	const enum transplant_method method = choice->method[TRANSPLANT_IN];
	return !transplant_is_one(c) && choice->method[TRANSPLANT_OUT] == method &&
	       transplant_method_is_sideless(c, method);
}

enum tok_status transplant_recipes_make(struct transplant_case *c,
					const struct transplant_choice *choice,
					struct transplant_recipes *out, struct tok_error *err)
{
	struct transplant_recipes r = { .rows = transplant_rows(c, choice),
					.both = transplant_is_one(c) };
	struct making sides[TRANSPLANT_SIDES];
	enum tok_status status = find_wanted(&c->matches, &r, err);
	for (int side = 0; side < (r.both ? 1 : TRANSPLANT_SIDES) && status == TOK_OK; side++) {
		const bool again = side == TRANSPLANT_OUT && transplant_is_asked_once(c, choice);
		sides[side] = (struct making){ c,
					       choice,
					       (enum transplant_side)side,
					       r.wanted,
					       r.wanted_count,
					       &r.sides[side],
					       &r.reports[side],
					       again ? &sides[TRANSPLANT_IN] : NULL };
		status = make_side(&sides[side], r.rows, err);
	}
	if (status == TOK_OK)
		*out = r;
	else
		transplant_recipes_release(&r);
	return status;
}

enum tok_status transplant_recipes_recount(const struct transplant_case *c,
					   const struct transplant_choice *choice,
					   struct transplant_recipes *r, struct tok_error *err)
{
	const struct hyper_matches *m = &c->matches;
	for (int side = 0; side < (r->both ? 1 : TRANSPLANT_SIDES); side++) {
		struct transplant_side_report *report = &r->reports[side];
		report->method = choice->method[side];
		report->how = calloc(m->count + 1, 1);
		if (!report->how)
			return tok_fail_memory(err);
		for (size_t id = 0; id < m->count; id++)
			report->how[id] = m->classes[id] == HYPER_MATCH_NONE ? TRANSPLANT_NO_TOKEN
					  : r->sides[side].origins[id] == HYPER_ROW_COPY
					      ? TRANSPLANT_COPIED
					      : TRANSPLANT_BY_METHOD;
		count_hows(m, report);
	}
	return TOK_OK;
}

enum tok_status transplant_recipes_stats(const struct transplant_case *c,
					 struct transplant_recipes *r, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (int side = 0; side < (r->both ? 1 : TRANSPLANT_SIDES) && status == TOK_OK; side++) {
		const struct hyper_rows_view rows = { .tensor = transplant_matrix(
							  c, (enum transplant_side)side) };
		status = hyper_row_stats(&r->sides[side], &rows, c->options->seed, c->threads,
					 &r->reports[side].stats, err);
	}
	return status;
}
