/*
 * pretok_marked.c - cuts at characters that are left out or stand alone, in one
 * pass: the white space and the punctuation of BERT, above all.
 *
 * The k-th beginning of a piece belongs to its k-th end, so that both are written
 * where they are found; between the two a piece is open.  ASCII is taken 64 bytes
 * at a time, as masks.
 */
#include "tok/base/buffer.h"
#include "tok/pretok/pretok_internal.h"
#include "tok/text/utf8.h"

enum { BLOCK = 64 };

struct marked_run {
	const struct pretok_op *ops;
	struct tok_range *ranges;
	size_t begun, ended;
};

/* ---- marks ---------------------------------------------------------------- */

static enum pretok_mark find_mark(const struct pretok_op *ops, uint32_t code)
{
	for (size_t i = 0; i < ops->passes; i++)
		if (pretok_class_has(ops[i].which, ops[i].character, code))
			return ops[i].behavior == TOK_REMOVED ? PRETOK_LEFT_OUT : PRETOK_ALONE;
	return PRETOK_KEPT;
}

static bool has_marks(const struct pretok_op *op, enum tok_behavior behavior)
{
	return op->kind == PRETOK_CUT_CLASS && !op->invert && op->behavior == behavior;
}

void pretok_mark(struct pretok_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pretok_op *op = &ops[i];
		const bool removes = has_marks(op, TOK_REMOVED);
		op->passes = removes || has_marks(op, TOK_ISOLATED);
		if (removes && i + 1 < count && has_marks(&op[1], TOK_ISOLATED))
			op->passes = 2;
		for (uint32_t c = 0; c < 256; c++)
			op->marks[c] = (uint8_t)(c < 128 ? find_mark(op, c) : PRETOK_LOOK);
	}
}

/* ---- cutting -------------------------------------------------------------- */

static inline void begin_piece(struct marked_run *run, size_t at)
{
	run->ranges[run->begun++].begin = (uint32_t)at;
}

static inline void end_piece(struct marked_run *run, size_t at)
{
	run->ranges[run->ended++].end = (uint32_t)at;
}

/* The 64 bytes at `at`; false if they are not all ASCII. */
static bool cut_block(struct marked_run *run, const uint8_t *bytes, size_t at)
{
	const uint8_t *marks = run->ops->marks;
	uint64_t left_out = 0, alone = 0;
	unsigned all = 0;
	for (unsigned i = 0; i < BLOCK; i++) {
		const unsigned mark = marks[bytes[at + i]];
		all |= mark;
		left_out |= (uint64_t)(mark & 1) << i;
		alone |= (uint64_t)(mark >> 1 & 1) << i;
	}
	if (all & PRETOK_LOOK)
		return false;

	const uint64_t kept = ~(left_out | alone), open = run->begun > run->ended;
	uint64_t begins = (kept & ~(kept << 1 | open)) | alone;
	/* What is kept up to the end of the block stays open. */
	uint64_t lasts = (kept & ~(kept >> 1 | UINT64_C(1) << 63)) | alone;
	if (open && !(kept & 1))
		end_piece(run, at);
	for (; begins; begins &= begins - 1)
		begin_piece(run, at + (size_t)__builtin_ctzll(begins));
	for (; lasts; lasts &= lasts - 1)
		end_piece(run, at + (size_t)__builtin_ctzll(lasts) + 1);
	return true;
}

/* The characters that begin in [at, end), of which the last may end behind it. */
static size_t cut_chars(struct marked_run *run, struct tok_span text, size_t at, size_t end)
{
	while (at < end) {
		const struct tok_char now = tok_utf8_at(text, at);
		const uint8_t byte_mark = run->ops->marks[text.bytes[at]];
		const unsigned mark =
		    byte_mark == PRETOK_LOOK ? find_mark(run->ops, now.code) : byte_mark;
		const bool open = run->begun > run->ended;
		if (mark == PRETOK_KEPT && !open)
			begin_piece(run, at);
		if (mark != PRETOK_KEPT && open)
			end_piece(run, at);
		if (mark == PRETOK_ALONE) {
			begin_piece(run, at);
			end_piece(run, at + now.length);
		}
		at += now.length;
	}
	return at;
}

bool pretok_cut_marked(const struct pretok_op *ops, struct pretok_run *run)
{
	struct tok_pieces *out = run->new_pieces;
	const struct tok_span text = tok_text_span(run->text);
	struct marked_run marked = { .ops = ops, .begun = out->count, .ended = out->count };
	for (size_t i = 0; i < run->pieces->count; i++) {
		const struct tok_range piece = run->pieces->ranges[i];
		const struct tok_span upto = tok_span_slice(text, 0, piece.end);
		for (size_t at = piece.begin; at < piece.end;) {
			/* A piece has at least one byte. */
			if (!tok_grow(&out->ranges, &out->capacity, marked.begun + BLOCK,
				      sizeof *out->ranges))
				return false;
			marked.ranges = out->ranges;
			const size_t left = piece.end - at;
			if (left >= BLOCK && cut_block(&marked, text.bytes, at))
				at += BLOCK;
			else
				at = cut_chars(&marked, upto, at,
					       at + (left < BLOCK ? left : BLOCK));
		}
		if (marked.begun > marked.ended)
			end_piece(&marked, piece.end);
	}
	out->count = marked.ended;
	return true;
}
