/* decode_sentencepiece.c - pieces to text, as SentencePiece 0.2 decodes ids
 * (SentencePieceProcessor::Decode): control pieces vanish, an unknown reads as
 * the model's unk_surface, byte pieces are their bytes, U+2581 is a space, and
 * the space that encoding put in front is taken away. */
#include "tok/pipe/decode_internal.h"

static const struct tok_span space_symbol = { (const uint8_t *)"\xE2\x96\x81", 3 };

static bool put_spaced(struct tok_buffer *out, struct tok_span piece)
{
	size_t at = 0;
	while (at < piece.count) {
		const uint8_t *hit = memmem(piece.bytes + at, piece.count - at, space_symbol.bytes,
					    space_symbol.count);
		const size_t end = hit ? (size_t)(hit - piece.bytes) : piece.count;
		if (!tok_buffer_add(out, piece.bytes + at, end - at) ||
		    (hit && !tok_buffer_add_byte(out, ' ')))
			return false;
		at = hit ? end + space_symbol.count : end;
	}
	return true;
}

bool tok_decode_typed(const struct tok_decoder *d, tok_id id, bool skip_special, bool *at_start,
		      struct tok_buffer *out)
{
	const struct tok_decode_step *step = &d->tokenizer->spec.decoders[0];
	const bool drops_space = step->as.sentencepiece.add_dummy_prefix ||
				 step->as.sentencepiece.remove_extra_whitespaces;
	const uint8_t flags = d->tokenizer->names.flags[id];
	const enum tok_piece_type type = (enum tok_piece_type)(flags & TOK_NAME_TYPE);
	struct tok_span piece = tok_texts_at(&d->tokenizer->names.decodes, id);
	if (type == TOK_PIECE_BYTE) {
		const int byte = tok_byte_of_name(piece);
		return byte < 0 || tok_buffer_add_byte(out, (uint8_t)byte);
	}
	*at_start &= out->count == 0;
	if (type == TOK_PIECE_CONTROL || (skip_special && flags & TOK_NAME_SKIPPED))
		return true;
	if (type == TOK_PIECE_UNKNOWN) {
		const struct tok_span surface = step->as.sentencepiece.unk_surface;
		return tok_buffer_add(out, surface.bytes, surface.count);
	}
	if (*at_start && drops_space && tok_span_starts(piece, space_symbol)) {
		piece = tok_span_slice(piece, space_symbol.count, piece.count);
		/* With extra spaces removed all leading ones go, else only one. */
		*at_start = step->as.sentencepiece.remove_extra_whitespaces;
	}
	return put_spaced(out, piece);
}
