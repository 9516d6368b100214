/*
 * pretok_marked.c - cuts at characters that are left out or stand alone, one
 * operation or two in one pass: see mark_internal.h.
 */
#include "tok/base/buffer.h"
#include "tok/pretok/pretok_internal.h"

/* Ranges made room for at once. */
enum { ROOM = 4096 };

static bool has_marks(const struct pretok_op *op, enum tok_behavior behavior)
{
	return op->kind == PRETOK_CUT_CLASS && !op->invert && op->behavior == behavior;
}

void pretok_mark(struct pretok_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pretok_op *op = &ops[i];
		struct mark_rule rules[MARK_RULES];
		const bool removes = has_marks(op, TOK_REMOVED);
		op->passes = removes || has_marks(op, TOK_ISOLATED);
		if (removes && i + 1 < count && has_marks(&op[1], TOK_ISOLATED))
			op->passes = 2;
		for (uint32_t k = 0; k < op->passes; k++)
			rules[k] = (struct mark_rule){ op[k].which, op[k].character,
						       op[k].behavior == TOK_REMOVED ? MARK_LEFT_OUT
										     : MARK_ALONE };
		mark_set_init(&op->marks, rules, op->passes);
	}
}

bool pretok_cut_marked(const struct pretok_op *ops, struct pretok_run *run)
{
	struct tok_pieces *out = run->new_pieces;
	const struct tok_span text = tok_text_span(run->text);
	mark_cut *cut = mark_cut_of(run->kernel);
	struct mark_run marked = { .begun = out->count, .ended = out->count };
	for (size_t i = 0; i < run->pieces->count; i++) {
		const struct tok_range piece = run->pieces->ranges[i];
		const struct tok_span upto = tok_span_slice(text, 0, piece.end);
		for (size_t at = piece.begin; at < piece.end;) {
			if (!tok_grow(&out->ranges, &out->capacity, marked.begun + ROOM,
				      sizeof *out->ranges))
				return false;
			marked.ranges = out->ranges;
			marked.capacity = out->capacity;
			at = cut(&ops->marks, upto, at, &marked);
		}
		if (marked.begun > marked.ended)
			marked.ranges[marked.ended++].end = piece.end;
	}
	out->count = marked.ended;
	return true;
}
