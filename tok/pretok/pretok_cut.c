/*
 * pretok_cut.c - operations that cut pieces into smaller ones.
 */
#include "tok/pretok/pretok_internal.h"

#include "tok/text/places.h"
#include "tok/text/utf8.h"

/* ---- what becomes of matches and of the text between them ---- */

struct cutter {
	struct tok_pieces *out;
	const struct pretok_op *op;
	size_t base;  /* where the piece begins in the text */
	size_t done;  /* where in the piece the last match ended */
	bool holding; /* `held` may still grow */
	bool held_matches, held_grew;
	struct tok_range held;
	bool failed; /* memory is out */
};

static void emit(struct cutter *c, size_t begin, size_t end)
{
	if (begin < end && !tok_pieces_add(c->out, c->base + begin, c->base + end))
		c->failed = true;
}

static void release_held(struct cutter *c)
{
	if (c->holding)
		emit(c, c->held.begin, c->held.end);
	c->holding = false;
}

/* Does [begin, end), which follows the held range, belong to it? */
static bool joins_held(const struct cutter *c, bool matches)
{
	if (!c->holding)
		return false;
	switch (c->op->behavior) {
	case TOK_CONTIGUOUS:
		return matches == c->held_matches;
	case TOK_MERGED_WITH_PREVIOUS:
		return matches && !c->held_matches && !c->held_grew;
	case TOK_MERGED_WITH_NEXT:
		return !matches && c->held_matches && !c->held_grew;
	case TOK_REMOVED:
	case TOK_ISOLATED:
		return false;
	}
	return false;
}

/* The next stretch of the piece; stretches come without gaps, in order. */
static void put_stretch(struct cutter *c, size_t begin, size_t end, bool found)
{
	const bool matches = found != c->op->invert;
	if (c->op->behavior == TOK_REMOVED) {
		if (!matches)
			emit(c, begin, end);
		return;
	}
	if (joins_held(c, matches)) {
		c->held.end = (uint32_t)end;
		c->held_grew = true;
		return;
	}
	release_held(c);
	c->holding = true;
	c->held_matches = matches;
	c->held_grew = false;
	c->held = (struct tok_range){ (uint32_t)begin, (uint32_t)end };
}

static void put_match(struct cutter *c, struct tok_range match)
{
	if (c->done != match.begin)
		put_stretch(c, c->done, match.begin, false);
	put_stretch(c, match.begin, match.end, true);
	c->done = match.end;
}

static void finish(struct cutter *c, size_t count)
{
	if (c->done != count)
		put_stretch(c, c->done, count, false);
	release_held(c);
}

/* ---- ways to find matches ---- */

static void cut_by_scan(struct cutter *c, struct tok_span piece)
{
	struct tok_range match;
	while (!c->failed && c->op->scan->next(piece, c->done, &match))
		put_match(c, match);
}

static void cut_by_class(struct cutter *c, struct tok_span piece)
{
	for (size_t at = 0; at < piece.count && !c->failed;) {
		const struct tok_char now = tok_utf8_at(piece, at);
		const size_t end = at + now.length;
		if (pretok_class_has(c->op->which, c->op->character, now.code))
			put_match(c, (struct tok_range){ (uint32_t)at, (uint32_t)end });
		at = end;
	}
}

/* May the bytes of the character be looked for? */
static bool is_sought(const struct pretok_op *op)
{
	uint8_t bytes[4];
	if (op->kind != PRETOK_CUT_CLASS || op->which != PRETOK_CHARACTER ||
	    op->character >= TOK_BAD_BYTE)
		return false;
	const struct tok_span text = { bytes, tok_utf8_put(op->character, bytes) };
	return tok_utf8_at(text, 0).code == op->character;
}

/* U+2581, above all, and the space. */
static void cut_by_character(struct cutter *c, struct tok_span piece, enum tok_kernel kernel)
{
	uint8_t bytes[4];
	const size_t length = tok_utf8_put(c->op->character, bytes);
	if (c->op->character == 0x2581) {
		tok_places *find = tok_places_of(TOK_PLACES_SPACES, kernel);
		uint32_t places[TOK_PLACES_BLOCK];
		for (size_t at = 0; at < piece.count && !c->failed;) {
			const size_t count = find(piece, &at, places);
			for (size_t i = 0; i < count; i++)
				put_match(c, (struct tok_range){ places[i],
								 places[i] + (uint32_t)length });
		}
		return;
	}
	for (size_t at = 0; at + length <= piece.count && !c->failed;) {
		const uint8_t *from = piece.bytes + at;
		const uint8_t *found = memchr(from, bytes[0], piece.count - length - at + 1);
		if (!found)
			break;
		at = (size_t)(found - piece.bytes);
		const bool matches = memcmp(found, bytes, length) == 0;
		if (matches)
			put_match(c, (struct tok_range){ (uint32_t)at, (uint32_t)(at + length) });
		at += matches ? length : 1;
	}
}

/* As Oniguruma's binding iterates: an empty match right behind the match
 * before is passed over, and the search goes on one character further. */
static enum tok_status cut_by_regex(struct cutter *c, struct tok_span piece,
				    struct tok_regex_scratch *scratch, struct tok_error *err)
{
	bool any = false;
	for (size_t from = 0; from <= piece.count && !c->failed;) {
		struct tok_range match;
		bool found;
		const enum tok_status status =
		    tok_regex_find(c->op->regex, scratch, piece, from, &found, &match, err);
		if (status != TOK_OK)
			return status;
		if (!found)
			break;
		if (match.begin == match.end && any && c->done == match.end) {
			from += from < piece.count ? tok_utf8_at(piece, from).length : 1;
			continue;
		}
		put_match(c, match);
		from = match.end;
		any = true;
	}
	return TOK_OK;
}

/* A character of script 0 goes with what is before it.  Where nothing is, it
 * is lost: so does the reference. */
static void cut_by_script(struct cutter *c, struct tok_span piece)
{
	uint32_t last = 0;
	size_t begin = 0;
	for (size_t at = 0; at < piece.count && !c->failed;) {
		const struct tok_char now = tok_utf8_at(piece, at);
		const uint32_t script = pretok_script(now.code);
		if (script != 0 && script != last) {
			if (last != 0)
				emit(c, begin, at);
			begin = at;
			last = script;
		}
		at += now.length;
	}
	if (last != 0)
		emit(c, begin, piece.count);
}

static void cut_by_length(struct cutter *c, struct tok_span piece)
{
	size_t begin = 0, at = 0;
	for (uint32_t count = 0; at < piece.count && !c->failed;) {
		at += tok_utf8_at(piece, at).length;
		if (++count == c->op->length) {
			emit(c, begin, at);
			begin = at;
			count = 0;
		}
	}
	emit(c, begin, at);
}

static enum tok_status cut_piece(const struct pretok_op *op, struct pretok_run *run,
				 struct tok_range range, struct tok_error *err)
{
	struct cutter c = { .out = run->new_pieces, .op = op, .base = range.begin };
	const struct tok_span piece =
	    tok_span_slice(tok_text_span(run->text), range.begin, range.end);
	enum tok_status status = TOK_OK;

	if (op->kind == PRETOK_CUT_SCRIPTS) {
		cut_by_script(&c, piece);
	} else if (op->kind == PRETOK_CUT_LENGTH) {
		cut_by_length(&c, piece);
	} else {
		if (op->kind == PRETOK_CUT_SCAN)
			cut_by_scan(&c, piece);
		else if (is_sought(op))
			cut_by_character(&c, piece, run->kernel);
		else if (op->kind == PRETOK_CUT_CLASS)
			cut_by_class(&c, piece);
		else
			status = cut_by_regex(&c, piece, run->regex, err);
		finish(&c, piece.count);
	}
	if (status == TOK_OK && c.failed)
		return tok_fail_memory(err);
	return status;
}

enum tok_status pretok_cut(const struct pretok_op *op, struct pretok_run *run,
			   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < run->pieces->count; i++)
		status = cut_piece(op, run, run->pieces->ranges[i], err);
	return status;
}
