/* decode_pieces.c - token by token.  What an id reads as anywhere but at the
 * beginning is worked out when it first comes, in the plain way, and remembered:
 * a text is then copies of 16 bytes, of which the next overwrites what is too much. */
#include <stdlib.h>

#include "tok/pipe/decode_internal.h"

enum { BLOCK_IDS = 4096, LONGEST = sizeof((struct tok_decode_piece *)0)->bytes };

/* ---- what an id reads as --------------------------------------------------- */

static bool is_left_out(const struct tok_decoder *d, tok_id id)
{
	const uint8_t flags = d->tokenizer->names.flags[id];
	if (d->way == TOK_DECODE_BY_TYPES && (flags & TOK_NAME_TYPE) == TOK_PIECE_BYTE)
		return false; /* SentencePiece's bytes are never skipped */
	return flags & TOK_NAME_SKIPPED;
}

/* The text of a token, alone or behind an empty one, appended to `out`. */
static enum tok_status run_steps(struct tok_decoder *d, bool alone, struct tok_span token,
				 struct tok_buffer *out, struct tok_error *err)
{
	tok_list_clear(&d->list);
	if ((!alone && !tok_list_close(&d->list)) || !tok_list_put(&d->list, token) ||
	    !tok_list_close(&d->list))
		return tok_fail_memory(err);
	return tok_decode_steps(d, d->joined, out, err);
}

/* Behind an empty string, which may be replaced by something: that is not of this id. */
static enum tok_status run_steps_behind(struct tok_decoder *d, struct tok_span token,
					struct tok_span *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (!d->front_known) {
		status = run_steps(d, true, tok_span_of(""), &d->piece, err);
		d->front = d->piece.count;
		d->front_known = status == TOK_OK;
		tok_buffer_clear(&d->piece);
	}
	if (status == TOK_OK)
		status = run_steps(d, false, token, &d->piece, err);
	if (status == TOK_OK)
		*out = tok_span_slice(tok_buffer_span(&d->piece), d->front, d->piece.count);
	return status;
}

/* *out lives until the next call. */
static enum tok_status work_out(struct tok_decoder *d, tok_id id, struct tok_span *out,
				struct tok_error *err)
{
	const struct tok_span token = tok_texts_at(&d->tokenizer->names.decodes, id);
	bool at_start = false;
	tok_buffer_clear(&d->piece);
	if (d->way == TOK_DECODE_BY_PIECES)
		return run_steps_behind(d, token, out, err);
	*out = token;
	if (d->way == TOK_DECODE_BY_BYTES)
		return TOK_OK;
	if (!tok_decode_typed(d, id, false, &at_start, &d->piece))
		return tok_fail_memory(err);
	*out = tok_buffer_span(&d->piece);
	return TOK_OK;
}

static bool remember(struct tok_decoder *d, struct tok_decode_piece *piece, struct tok_span text)
{
	const size_t at = d->long_pieces.count;
	if (text.count <= LONGEST) {
		if (text.count)
			memcpy(piece->bytes, text.bytes, text.count);
		piece->filled = (uint8_t)(text.count + 1);
		return true;
	}
	if (!tok_buffer_add(&d->long_pieces, &text.count, sizeof text.count) ||
	    !tok_buffer_add(&d->long_pieces, text.bytes, text.count)) {
		d->long_pieces.count = at;
		return false;
	}
	memcpy(piece->bytes, &at, sizeof at);
	piece->filled = TOK_DECODE_LONG;
	return true;
}

static struct tok_span recall(const struct tok_decoder *d, const struct tok_decode_piece *piece)
{
	size_t at, count;
	if (piece->filled != TOK_DECODE_LONG)
		return (struct tok_span){ piece->bytes, piece->filled - 1u };
	memcpy(&at, piece->bytes, sizeof at);
	memcpy(&count, d->long_pieces.bytes + at, sizeof count);
	return (struct tok_span){ d->long_pieces.bytes + at + sizeof count, count };
}

/* ---- the text -------------------------------------------------------------- */

/* What is special about the beginning, unless that is over; *done ids are taken. */
static enum tok_status put_beginning(struct tok_decoder *d, const tok_id *ids, size_t count,
				     bool skip_special, size_t *done, struct tok_error *err)
{
	struct tok_decode_place *place = &d->place;
	enum tok_status status = TOK_OK;
	size_t i = 0;
	for (; status == TOK_OK && !place->begun && i < count; i++) {
		if (!tok_names_has(&d->tokenizer->names, ids[i]))
			return tok_decode_refuse(d, ids[i], i, err);
		if (d->way == TOK_DECODE_BY_TYPES) {
			if (!tok_decode_typed(d, ids[i], skip_special, &place->at_start, &d->text))
				return tok_fail_memory(err);
			place->begun = d->text.count > 0;
		} else if (!skip_special || !is_left_out(d, ids[i])) {
			status =
			    run_steps(d, true, tok_texts_at(&d->tokenizer->names.decodes, ids[i]),
				      &d->text, err);
			place->begun = true;
		}
	}
	*done = i;
	return status;
}

/* Of ids that are remembered and short; stops at another.  There is room for 16
 * bytes an id.  Returns how many. */
static size_t copy_short(const struct tok_decode_piece *pieces, size_t size, const tok_id *ids,
			 size_t count, struct tok_buffer *out)
{
	uint8_t *to = out->bytes + out->count;
	size_t i = 0;
	for (; i < count && ids[i] < size; i++) {
		const struct tok_decode_piece *piece = &pieces[ids[i]];
		const unsigned length = piece->filled - 1u;
		if (length > LONGEST)
			break;
		memcpy(to, piece, sizeof *piece);
		to += length;
	}
	out->count = (size_t)(to - out->bytes);
	return i;
}

/* An id that copy_short does not take. */
static enum tok_status put_other(struct tok_decoder *d, const tok_id *ids, size_t at,
				 bool skip_special, struct tok_error *err)
{
	const tok_id id = ids[at];
	if (!tok_names_has(&d->tokenizer->names, id))
		return tok_decode_refuse(d, id, at, err);
	struct tok_decode_piece *piece = &d->pieces[skip_special][id];
	if (piece->filled == 0) {
		struct tok_span text = tok_span_of("");
		if (!skip_special || !is_left_out(d, id)) {
			const enum tok_status status = work_out(d, id, &text, err);
			if (status != TOK_OK)
				return status;
		}
		if (!remember(d, piece, text))
			return tok_fail_memory(err);
	}
	const struct tok_span text = recall(d, piece);
	return tok_buffer_add(&d->text, text.bytes, text.count) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status tok_decode_pieces(struct tok_decoder *d, const tok_id *ids, size_t count,
				  bool skip_special, struct tok_error *err)
{
	const size_t size = d->tokenizer->names.size;
	struct tok_decode_piece **pieces = &d->pieces[skip_special];
	if (!*pieces)
		*pieces = calloc(size + 1, sizeof **pieces);
	if (!*pieces)
		return tok_fail_memory(err);

	tok_buffer_clear(&d->text);
	size_t i = 0;
	enum tok_status status = put_beginning(d, ids, count, skip_special, &i, err);
	while (status == TOK_OK && i < count) {
		const size_t block = count - i < BLOCK_IDS ? count - i : BLOCK_IDS;
		if (!tok_buffer_reserve(&d->text, block * sizeof **pieces))
			return tok_fail_memory(err);
		const size_t taken = copy_short(*pieces, size, ids + i, block, &d->text);
		i += taken;
		if (taken < block)
			status = put_other(d, ids, i++, skip_special, err);
	}
	return status;
}
