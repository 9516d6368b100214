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

bool tok_decode_sentencepiece(struct tok_decoder *d, const struct tok_decode_step *step,
			      const tok_id *ids, size_t count, bool skip_special)
{
	const bool drops_space = step->as.sentencepiece.add_dummy_prefix ||
				 step->as.sentencepiece.remove_extra_whitespaces;
	bool at_start = true;

	for (size_t i = 0; i < count; i++) {
		const uint8_t flags = d->tokenizer->names.flags[ids[i]];
		const enum tok_piece_type type = (enum tok_piece_type)(flags & TOK_NAME_TYPE);
		struct tok_span piece = tok_texts_at(&d->tokenizer->names.decodes, ids[i]);
		if (type == TOK_PIECE_BYTE) {
			const int byte = tok_byte_of_name(piece);
			if (byte >= 0 && !tok_buffer_add_byte(&d->text, (uint8_t)byte))
				return false;
			continue;
		}
		at_start &= d->text.count == 0;
		if (type == TOK_PIECE_CONTROL || (skip_special && flags & TOK_NAME_SKIPPED))
			continue;
		if (type == TOK_PIECE_UNKNOWN) {
			const struct tok_span surface = step->as.sentencepiece.unk_surface;
			if (!tok_buffer_add(&d->text, surface.bytes, surface.count))
				return false;
			at_start &= d->text.count == 0;
			continue;
		}
		if (at_start && drops_space && tok_span_starts(piece, space_symbol)) {
			piece = tok_span_slice(piece, space_symbol.count, piece.count);
			/* With extra spaces removed all leading ones go, else only one. */
			at_start = step->as.sentencepiece.remove_extra_whitespaces;
		}
		if (!put_spaced(&d->text, piece))
			return false;
		at_start &= d->text.count == 0;
	}
	return true;
}
