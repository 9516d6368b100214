/*
 * reader.c - is a split seen in the decoded text?
 *
 * Where decoding is joining what ids read as - most decoders, but for something at the
 * beginning of a text - two texts an id tell all pairs apart.  Where it is not, or where a
 * text begins with nothing, so that what is taken from its beginning may be taken from the
 * next id instead, the token and the pair are decoded where a token can stand: alone,
 * behind another one, before one, between two.
 */
#include <stdlib.h>

#include "tok/sample/splits_internal.h"

static bool has_step(const struct tok_spec *spec, enum tok_decode_kind kind)
{
	for (size_t i = 0; i < spec->decoder_count; i++)
		if (spec->decoders[i].kind == kind)
			return true;
	return false;
}

/* Ends that are stripped depend on all that stands before. */
static bool strips_ends(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->decoder_count; i++)
		if (spec->decoders[i].kind == TOK_DECODE_STRIP && spec->decoders[i].as.strip.stop)
			return true;
	return false;
}

static bool is_letter(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* A token that no rule about spaces or marks is about, and that reads as something. */
static enum tok_status find_filler(struct tok_reader *r, struct tok_error *err)
{
	r->filler = TOK_NO_ID;
	for (tok_id id = 0; id < tok_surfaces_count(r->surfaces); id++) {
		const struct tok_span text = tok_surfaces_at(r->surfaces, id)->text;
		struct tok_span read;
		const bool is_word =
		    text.bytes && is_letter(text.bytes[0]) && is_letter(text.bytes[text.count - 1]);
		if (!text.bytes || (r->filler != TOK_NO_ID && !is_word))
			continue;
		const enum tok_status status = tok_decode(r->alone, &id, 1, false, &read, err);
		if (status != TOK_OK)
			return status;
		if (read.count == 0)
			continue;
		r->filler = id;
		if (is_word)
			break;
	}
	return TOK_OK;
}

/* Bytes that are joined: but an added token may read as something that it is not matched as. */
static enum tok_status find_plain(struct tok_reader *r, struct tok_error *err)
{
	r->is_plain = tok_surfaces_are_bytes(r->surfaces) && r->spec->decoder_count == 1 &&
		      r->spec->decoders[0].kind == TOK_DECODE_BYTE_LEVEL;
	for (tok_id id = 0; r->is_plain && id < tok_surfaces_count(r->surfaces); id++) {
		const struct tok_surface *surface = tok_surfaces_at(r->surfaces, id);
		struct tok_span read;
		if (!surface->whole)
			continue;
		const enum tok_status status = tok_decode(r->alone, &id, 1, false, &read, err);
		if (status != TOK_OK)
			return status;
		r->is_plain = tok_span_equal(read, surface->text);
	}
	return TOK_OK;
}

static bool make_room(struct tok_reader *r, const struct tok_tokenizer *tokenizer)
{
	const size_t count = tok_surfaces_count(r->surfaces);
	r->behind = tok_decoder_new(tokenizer);
	r->readings = malloc((count + 1) * sizeof *r->readings);
	if (!r->behind || !r->readings)
		return false;
	memset(r->readings, 0xFF, (count + 1) * sizeof *r->readings);
	return true;
}

enum tok_status tok_reader_init(struct tok_reader *out, const struct tok_tokenizer *tokenizer,
				const struct tok_surfaces *surfaces, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	struct tok_reader *r = out;
	*r = (struct tok_reader){ .surfaces = surfaces, .spec = spec, .filler = TOK_NO_ID };
	r->has_ctc = has_step(spec, TOK_DECODE_CTC);
	if (r->has_ctc)
		return TOK_OK;
	r->alone = tok_decoder_new(tokenizer);
	enum tok_status status = r->alone ? find_plain(r, err) : tok_fail_memory(err);
	if (status != TOK_OK || r->is_plain)
		return status;
	if (!make_room(r, tokenizer))
		return tok_fail_memory(err);
	status = find_filler(r, err);
	r->by_pieces =
	    r->filler != TOK_NO_ID && tok_decoder_takes_parts(r->behind) && !strips_ends(spec);
	return status;
}

void tok_reader_release(struct tok_reader *r)
{
	tok_decoder_free(r->alone);
	tok_decoder_free(r->behind);
	free(r->readings);
	tok_buffer_release(&r->texts);
	tok_buffer_release(&r->whole);
}

/* ---- two texts an id --------------------------------------------------------- */

static enum tok_status keep_text(struct tok_reader *r, struct tok_span text, size_t *at,
				 uint32_t *count, struct tok_error *err)
{
	if (text.count >= TOK_NO_ID)
		return tok_fail(err, TOK_ELIMIT, "a token reads as %zu bytes", text.count);
	*at = r->texts.count;
	if (!tok_buffer_add(&r->texts, text.bytes, text.count))
		return tok_fail_memory(err);
	*count = (uint32_t)text.count;
	return TOK_OK;
}

static enum tok_status read_alone(struct tok_reader *r, tok_id id, struct tok_error *err)
{
	struct tok_reading *reading = &r->readings[id];
	struct tok_span text;
	if (reading->alone_count != TOK_NO_ID)
		return TOK_OK;
	const enum tok_status status = tok_decode(r->alone, &id, 1, false, &text, err);
	return status == TOK_OK ? keep_text(r, text, &reading->alone, &reading->alone_count, err)
				: status;
}

static enum tok_status read_behind(struct tok_reader *r, tok_id id, struct tok_error *err)
{
	struct tok_reading *reading = &r->readings[id];
	struct tok_span text;
	if (reading->behind_count != TOK_NO_ID)
		return TOK_OK;
	tok_decode_begin(r->behind);
	enum tok_status status = tok_decode_part(r->behind, &r->filler, 1, false, &text, err);
	if (status == TOK_OK)
		status = tok_decode_part(r->behind, &id, 1, false, &text, err);
	return status == TOK_OK ? keep_text(r, text, &reading->behind, &reading->behind_count, err)
				: status;
}

/* Are the `count` bytes from `whole` on those of the two others? */
static bool is_joined(const struct tok_reader *r, size_t whole, uint32_t count, size_t left,
		      uint32_t left_count, size_t right, uint32_t right_count)
{
	const uint8_t *bytes = r->texts.bytes;
	return count == (size_t)left_count + right_count &&
	       (left_count == 0 || memcmp(bytes + whole, bytes + left, left_count) == 0) &&
	       (right_count == 0 ||
		memcmp(bytes + whole + left_count, bytes + right, right_count) == 0);
}

enum verdict { AGREES, DIFFERS, UNSURE };

static enum tok_status compare_readings(struct tok_reader *r, tok_id id, tok_id left, tok_id right,
					enum verdict *out, struct tok_error *err)
{
	enum tok_status status = read_alone(r, id, err);
	if (status == TOK_OK)
		status = read_alone(r, left, err);
	if (status == TOK_OK)
		status = read_behind(r, id, err);
	if (status == TOK_OK)
		status = read_behind(r, left, err);
	if (status == TOK_OK)
		status = read_behind(r, right, err);
	if (status != TOK_OK)
		return status;
	const struct tok_reading t = r->readings[id], a = r->readings[left], b = r->readings[right];
	if (!is_joined(r, t.behind, t.behind_count, a.behind, a.behind_count, b.behind,
		       b.behind_count))
		*out = DIFFERS;
	else if (t.alone_count == 0 || a.alone_count == 0)
		*out = UNSURE;
	else
		*out = is_joined(r, t.alone, t.alone_count, a.alone, a.alone_count, b.behind,
				 b.behind_count)
			   ? AGREES
			   : DIFFERS;
	return TOK_OK;
}

/* ---- decoded in its places ---------------------------------------------------- */

/* The ids between the fillers that are wanted. */
static enum tok_status decode_between(struct tok_reader *r, bool before, bool behind,
				      const tok_id *ids, size_t count, struct tok_span *out,
				      struct tok_error *err)
{
	tok_id all[4];
	size_t n = 0;
	if (before)
		all[n++] = r->filler;
	for (size_t i = 0; i < count; i++)
		all[n++] = ids[i];
	if (behind)
		all[n++] = r->filler;
	return tok_decode(r->alone, all, n, false, out, err);
}

static enum tok_status decode_around(struct tok_reader *r, tok_id id, tok_id left, tok_id right,
				     bool *out, struct tok_error *err)
{
	const tok_id pair[] = { left, right };
	const unsigned places = r->filler == TOK_NO_ID ? 1 : 4;
	*out = true;
	for (unsigned place = 0; place < places && *out; place++) {
		const bool before = place & 1, behind = place & 2;
		struct tok_span text;
		enum tok_status status = decode_between(r, before, behind, &id, 1, &text, err);
		if (status != TOK_OK)
			return status;
		tok_buffer_clear(&r->whole);
		if (!tok_buffer_add(&r->whole, text.bytes, text.count))
			return tok_fail_memory(err);
		status = decode_between(r, before, behind, pair, 2, &text, err);
		if (status != TOK_OK)
			return status;
		*out = tok_span_equal(text, tok_buffer_span(&r->whole));
	}
	return TOK_OK;
}

enum tok_status tok_reader_agrees(struct tok_reader *r, tok_id id, tok_id left, tok_id right,
				  bool *out, struct tok_error *err)
{
	enum verdict verdict = UNSURE;
	if (r->has_ctc) {
		verdict = DIFFERS;
	} else if (r->by_pieces) {
		const enum tok_status status = compare_readings(r, id, left, right, &verdict, err);
		if (status != TOK_OK)
			return status;
	}
	if (verdict == UNSURE)
		return decode_around(r, id, left, right, out, err);
	*out = verdict == AGREES;
	return TOK_OK;
}
