/*
 * pretok_rewrite.c - operations that change the text of pieces.
 *
 * Characters put in front of a piece come from its first character, as in the
 * reference.
 */
#include "tok/pretok/pretok_internal.h"

#include "tok/text/normalize.h"
#include "tok/text/places.h"
#include "tok/text/utf8.h"

enum { METASPACE = 0x2581, METASPACE_BYTES = 3 };

static struct tok_range first_origin(const struct tok_text *text, struct tok_range piece)
{
	const struct tok_span span = tok_text_span(text);
	const size_t length = tok_utf8_at(span, piece.begin).length;
	return tok_text_origin(text, piece.begin, piece.begin + length);
}

/* Did the piece begin at byte 0 of the document?  Until the first cut the text
 * is one piece that began where the text began, whatever became of its head. */
static bool begins_document(const struct pretok_run *run, struct tok_range piece)
{
	if (run->text->continues)
		return false;
	if (!run->cut)
		return run->starts;
	if (!run->text->tracked)
		return run->starts && piece.begin == 0;
	return run->text->origin[piece.begin].begin == 0;
}

/* Does the piece go on behind another text?  Behind a cut it does not. */
static bool goes_on(const struct pretok_run *run)
{
	return run->text->continues && !run->cut;
}

static bool add_space(struct pretok_run *run, struct tok_range piece)
{
	const struct tok_text *text = run->text;
	if (text->bytes[piece.begin] != ' ' && !goes_on(run) &&
	    !tok_text_put(run->new_text, " ", 1, first_origin(text, piece)))
		return false;
	return tok_text_copy(run->new_text, text, piece.begin, piece.end);
}

static bool write_alphabet(struct pretok_run *run, const struct tok_bytemap *map,
			   struct tok_range piece)
{
	const struct tok_text *text = run->text;
	if (!text->tracked)
		return tok_bytemap_append(
		    map, tok_span_slice(tok_text_span(text), piece.begin, piece.end),
		    run->new_text);
	for (size_t at = piece.begin; at < piece.end; at++)
		if (!tok_text_put_char(run->new_text, tok_byte_to_char(text->bytes[at]),
				       tok_text_origin(text, at, at + 1)))
			return false;
	return true;
}

static bool wants_metaspace(const struct pretok_op *op, const struct pretok_run *run,
			    struct tok_range piece)
{
	const uint32_t first = tok_utf8_at(tok_text_span(run->text), piece.begin).code;
	if (first == ' ' || first == op->character)
		return false;
	switch (op->prepend) {
	case TOK_PREPEND_ALWAYS:
		return !goes_on(run);
	case TOK_PREPEND_FIRST:
		return begins_document(run, piece);
	case TOK_PREPEND_NEVER:
		return false;
	}
	return false;
}

static bool write_metaspace(const struct pretok_op *op, struct pretok_run *run,
			    const struct tok_bytemap *map, struct tok_range piece)
{
	const struct tok_text *text = run->text;
	if (wants_metaspace(op, run, piece) &&
	    !tok_text_put_char(run->new_text, op->character, first_origin(text, piece)))
		return false;
	if (!text->tracked)
		return tok_bytemap_append(
		    map, tok_span_slice(tok_text_span(text), piece.begin, piece.end),
		    run->new_text);
	for (size_t at = piece.begin; at < piece.end;) {
		const uint8_t *space = memchr(text->bytes + at, ' ', piece.end - at);
		const size_t end = space ? (size_t)(space - text->bytes) : piece.end;
		if (!tok_text_copy(run->new_text, text, at, end))
			return false;
		if (space && !tok_text_put_char(run->new_text, op->character,
						tok_text_origin(text, end, end + 1)))
			return false;
		at = end + 1;
	}
	return true;
}

void pretok_rewrite_prepare(struct pretok_op *op)
{
	op->map = op->kind == PRETOK_ALPHABET ? tok_bytemap_alphabet() : tok_bytemap_identity();
	if (op->kind == PRETOK_METASPACE) {
		uint8_t bytes[4];
		const size_t count = tok_utf8_put(op->character, bytes);
		tok_bytemap_set(&op->map, ' ', (struct tok_span){ bytes, count });
	}
}

static bool rewrite_piece(const struct pretok_op *op, struct pretok_run *run,
			  struct tok_range piece)
{
	if (op->kind == PRETOK_ADD_SPACE)
		return add_space(run, piece);
	if (op->kind == PRETOK_ALPHABET)
		return write_alphabet(run, &op->map, piece);
	return write_metaspace(op, run, &op->map, piece);
}

bool pretok_rewrite(const struct pretok_op *op, struct pretok_run *run)
{
	run->new_text->continues = run->text->continues;
	for (size_t i = 0; i < run->pieces->count; i++) {
		const size_t begin = run->new_text->count;
		if (!rewrite_piece(op, run, run->pieces->ranges[i]) ||
		    !tok_pieces_add(run->new_pieces, begin, run->new_text->count))
			return false;
	}
	return true;
}

/* ---- Metaspace with its cut ------------------------------------------------- */

void pretok_find_spaced(struct pretok_op *ops, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		ops[i].spaced = ops[i].kind == PRETOK_METASPACE && ops[i].character == METASPACE &&
				ops[i + 1].kind == PRETOK_CUT_CLASS &&
				ops[i + 1].which == PRETOK_CHARACTER &&
				ops[i + 1].character == METASPACE && !ops[i + 1].invert &&
				ops[i + 1].behavior == TOK_MERGED_WITH_NEXT;
}

/* Words are short: sixteen bytes are copied where they may be read, and there is room. */
enum { COPIED = 16 };

static inline uint8_t *copy_word(uint8_t *to, struct tok_span text, size_t begin, size_t end)
{
	const size_t count = end - begin;
	if (count <= COPIED && text.count - begin >= COPIED)
		memcpy(to, text.bytes + begin, COPIED);
	else
		memcpy(to, text.bytes + begin, count);
	return to + count;
}

/* The words of a piece, each beginning with a mark, but the first where none is put in
 * front. */
static bool put_words(const struct pretok_op *op, struct pretok_run *run, struct tok_range piece)
{
	static const uint8_t mark[METASPACE_BYTES + 1] = { 0xE2, 0x96, 0x81 };
	const struct tok_span upto = tok_span_slice(tok_text_span(run->text), 0, piece.end);
	tok_places *find = tok_places_of(TOK_PLACES_GAPS, run->kernel);
	struct tok_text *text = run->new_text;
	struct tok_pieces *out = run->new_pieces;
	size_t word = text->count, done = piece.begin;
	if (wants_metaspace(op, run, piece) &&
	    !tok_text_put(text, mark, METASPACE_BYTES, (struct tok_range){ 0 }))
		return false;
	for (size_t at = piece.begin; at < piece.end;) {
		uint32_t places[TOK_PLACES_BLOCK];
		const size_t count = find(upto, &at, places);
		uint8_t *to = tok_text_room(text, (at > done ? at - done : 0) +
						      count * METASPACE_BYTES + COPIED);
		if (!to || !tok_grow(&out->ranges, &out->capacity, out->count + count + 1,
				     sizeof *out->ranges))
			return false;
		for (size_t i = 0; i < count; i++) {
			to = copy_word(to, upto, done, places[i]);
			const size_t end = (size_t)(to - text->bytes);
			out->ranges[out->count] =
			    (struct tok_range){ (uint32_t)word, (uint32_t)end };
			out->count += end > word;
			word = end;
			memcpy(to, mark, sizeof mark);
			to += METASPACE_BYTES;
			done = places[i] + (upto.bytes[places[i]] == ' ' ? 1 : METASPACE_BYTES);
		}
		text->count = (size_t)(to - text->bytes);
	}
	uint8_t *to = tok_text_room(text, piece.end - done);
	if (!to)
		return false;
	memcpy(to, upto.bytes + done, piece.end - done);
	text->count += piece.end - done;
	return text->count == word || tok_pieces_add(out, word, text->count);
}

bool pretok_spaced(const struct pretok_op *op, struct pretok_run *run)
{
	run->new_text->continues = run->text->continues;
	for (size_t i = 0; i < run->pieces->count; i++)
		if (!put_words(op, run, run->pieces->ranges[i]))
			return false;
	return true;
}
