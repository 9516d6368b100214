/* machine_mask.c - masses of the ids that may stand behind a head: a subtree is walked down level
 * by level with the validity of each node, and summed on the way back. */
#include <math.h>

#include "tok/bytes/machine_internal.h"

/* Validity behind the bytes of each child of `parents`. */
static void walk_down(struct tok_core *core, struct tok_level parents)
{
	const struct tok_byte_tokens *t = core->tokens;
	for (uint32_t node = parents.begin; node < parents.end; node++) {
		for (uint32_t child = t->first[node]; child < t->first[node + 1]; child++) {
			core->states[child] = core->states[node];
			core->dead[child] = core->dead[node] ||
					    !tok_validity_byte(core->validity, &core->states[child],
							       t->bytes[child]);
		}
	}
}

/* What ends at a node: *seen gets the probability of what is known, *unseen the number of others.
 */
static void sum_ends(struct tok_core *core, const struct tok_row *row, uint32_t node, double *seen,
		     double *unseen)
{
	const struct tok_byte_tokens *t = core->tokens;
	struct tok_valid_state next;
	for (uint32_t i = t->ends_from[node]; i < t->ends_from[node + 1]; i++) {
		const tok_id id = t->ends[i];
		if (row->high[id] == -INFINITY ||
		    !tok_validity_token(core->validity, &core->states[node], id, &next))
			continue;
		if (row->low[id] == row->high[id])
			*seen += exp(row->low[id]);
		else
			*unseen += 1.0;
	}
}

/* Where rows are whole nothing is unseen; else mass_high counts them until bounds are made. */
static void sum_level(struct tok_core *core, struct tok_row *row, struct tok_level level)
{
	const struct tok_byte_tokens *t = core->tokens;
	for (uint32_t node = level.begin; node < level.end; node++) {
		double seen = 0.0, unseen = 0.0;
		if (!core->dead[node]) {
			sum_ends(core, row, node, &seen, &unseen);
			for (uint32_t c = t->first[node]; c < t->first[node + 1]; c++) {
				seen += row->mass_low[c];
				unseen += row->mass_high[c];
			}
		}
		row->mass_high[node] = unseen;
		row->mass_low[node] = seen; /* the last word where both are one */
	}
}

static void make_bounds(struct tok_row *row, struct tok_level level)
{
	for (uint32_t node = level.begin; node < level.end; node++) {
		const double seen = row->mass_low[node], count = row->mass_high[node];
		row->mass_low[node] = seen + tok_unseen_least(&row->unseen, count);
		row->mass_high[node] = seen + tok_unseen_most(&row->unseen, count);
	}
}

size_t tok_subtree_walk(struct tok_core *core, uint32_t node, const struct tok_valid_state *state)
{
	size_t depth = 0;
	if (core->validity) {
		core->states[node] = *state;
		core->dead[node] = false;
	}
	for (struct tok_level level = tok_level_of(node); level.begin < level.end;
	     level = tok_level_below(core->tokens, level)) {
		core->levels[depth++] = level;
		if (core->validity)
			walk_down(core, level);
	}
	return depth;
}

void tok_row_mask(struct tok_core *core, struct tok_row *row, uint32_t node,
		  const struct tok_valid_state *state)
{
	const size_t depth = tok_subtree_walk(core, node, state);
	for (size_t i = depth; i-- > 0;)
		sum_level(core, row, core->levels[i]);
	for (size_t i = 0; row->mass_high != row->mass_low && i < depth; i++)
		make_bounds(row, core->levels[i]);
}
