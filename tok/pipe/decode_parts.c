/* decode_parts.c - a document whose ids come in parts.  What an id reads as depends
 * on nothing behind it, by any way but the list; only the ends of the whole text are
 * stripped, and of them as much is held back as a strip may still take away: runs of
 * one character, of which a number says all. */
#include <stdlib.h>

#include "tok/pipe/decode_internal.h"

/* A run that was held back comes out at once, so its length is bounded. */
enum { HELD_MOST = 1 << 16 };

bool tok_decoder_takes_parts(const struct tok_decoder *d)
{
	const struct tok_spec *spec = &d->tokenizer->spec;
	if (d->way == TOK_DECODE_BY_LIST)
		return false;
	for (size_t i = d->joined; i < spec->decoder_count; i++) {
		const struct tok_decode_step *step = &spec->decoders[i];
		/* Other characters than these can be cut in two by ids of bytes. */
		if (step->as.strip.content >= 0x80 || step->as.strip.stop > HELD_MOST)
			return false;
	}
	return true;
}

static bool put_run(struct tok_buffer *to, uint8_t byte, size_t count)
{
	if (!tok_buffer_reserve(to, count))
		return false;
	if (count)
		memset(to->bytes + to->count, byte, count);
	to->count += count;
	return true;
}

/* The next part of what a Strip step leaves: from `text`, in which it may lie, or
 * appended to `room`, which is empty. */
static bool strip_part(const struct tok_decode_step *step, struct tok_decode_ends *ends,
		       struct tok_span *text, struct tok_buffer *room)
{
	const uint8_t byte = (uint8_t)step->as.strip.content;
	size_t begin = 0, end = text->count;
	while (begin < end && ends->front < step->as.strip.start && text->bytes[begin] == byte) {
		begin++;
		ends->front++;
	}
	if (begin < end)
		ends->front = SIZE_MAX; /* nothing more is taken from the front */
	while (end > begin && text->bytes[end - 1] == byte && step->as.strip.stop > 0)
		end--;
	const size_t run = text->count - end, before = ends->held;
	*text = tok_span_slice(*text, begin, text->count);
	ends->held = run;
	if (end == begin)
		ends->held += before;
	if (ends->held > step->as.strip.stop)
		ends->held = step->as.strip.stop;
	if (before == 0) {
		text->count -= ends->held;
	} else {
		/* Of one character throughout, whichever of them go out first. */
		const size_t all = before + text->count - ends->held;
		const size_t first = before < all ? before : all;
		if (!put_run(room, byte, first) || !tok_buffer_add(room, text->bytes, all - first))
			return false;
		*text = tok_buffer_span(room);
	}
	return true;
}

void tok_decode_begin(struct tok_decoder *d)
{
	const size_t strips = d->tokenizer->spec.decoder_count - d->joined;
	d->place =
	    (struct tok_decode_place){ .begun = d->way == TOK_DECODE_BY_BYTES, .at_start = true };
	if (d->ends)
		memset(d->ends, 0, strips * sizeof *d->ends);
}

enum tok_status tok_decode_part(struct tok_decoder *d, const tok_id *ids, size_t count,
				bool skip_special, struct tok_span *out, struct tok_error *err)
{
	const struct tok_spec *spec = &d->tokenizer->spec;
	const size_t strips = spec->decoder_count - d->joined;
	if (!tok_decoder_takes_parts(d))
		return tok_fail(err, TOK_EARG, "this tokenizer decodes whole documents only");
	if (!d->ends)
		d->ends = calloc(strips + 1, sizeof *d->ends);
	if (!d->ends)
		return tok_fail_memory(err);
	const enum tok_status status = tok_decode_pieces(d, ids, count, skip_special, err);
	if (status != TOK_OK)
		return status;
	d->place.ids += count;
	struct tok_span text = tok_buffer_span(&d->text);
	const struct tok_buffer *holder = &d->text;
	for (size_t i = 0; i < strips; i++) {
		struct tok_buffer *room = holder == &d->piece ? &d->scratch : &d->piece;
		tok_buffer_clear(room);
		if (!strip_part(&spec->decoders[d->joined + i], &d->ends[i], &text, room))
			return tok_fail_memory(err);
		if (room->count)
			holder = room;
	}
	*out = text;
	return TOK_OK;
}
