/*
 * decoder.h - ids back to bytes.
 *
 * The bytes are exact: where Hugging Face or SentencePiece would write U+FFFD
 * for bytes that are not UTF-8, the bytes themselves come out.
 */
#ifndef TOK_PIPE_DECODER_H
#define TOK_PIPE_DECODER_H

#include "tok/pipe/tokenizer.h"

/* One per thread.  It remembers what ids read as, in 16 bytes an id of the tokenizer
 * and more for long tokens: decoding much is faster with one than with many. */
struct tok_decoder;

TOK_API struct tok_decoder *tok_decoder_new(const struct tok_tokenizer *tokenizer);
TOK_API void tok_decoder_free(struct tok_decoder *decoder);

/* Is the text of ids always that of each by itself, one behind the other?  So it is where tokens
 * are decoded to their bytes and nothing more. */
TOK_API bool tok_decoder_adds_up(const struct tok_decoder *decoder);

/* Decode one document.  Ids that no token has fail with TOK_ETEXT, naming the
 * id.  *out belongs to the decoder and lives until its next call. */
TOK_API TOK_MUST_USE enum tok_status tok_decode(struct tok_decoder *decoder, const tok_id *ids,
						size_t count, bool skip_special,
						struct tok_span *out, struct tok_error *err);

/* The same of a document whose ids come in parts, in memory for one part:
 *
 *	tok_decode_begin(decoder);
 *	while (status == TOK_OK && read_more(&ids, &count))
 *		status = tok_decode_part(decoder, ids, count, false, &text, &err);
 *
 * The texts, one behind the other, are what tok_decode makes of all ids.  Where a step
 * strips the end of the text, what it may take is held back until something follows.
 * After a failure, or tok_decode, a document begins with tok_decode_begin.
 *
 * Decoders that look at ids that follow, or at the joined text, cannot do it: those
 * with a BPEDecoder or CTC step, and those with a step behind Fuse or ByteFallback
 * other than a Strip of an ASCII character, of up to 65,536 at the end.  Of them
 * tok_decoder_takes_parts is false and tok_decode_part fails with TOK_EARG. */
TOK_API bool tok_decoder_takes_parts(const struct tok_decoder *decoder);
TOK_API void tok_decode_begin(struct tok_decoder *decoder);
TOK_API TOK_MUST_USE enum tok_status tok_decode_part(struct tok_decoder *decoder, const tok_id *ids,
						     size_t count, bool skip_special,
						     struct tok_span *out, struct tok_error *err);

#endif
