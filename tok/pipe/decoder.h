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

/* Decode one document.  Ids that no token has fail with TOK_ETEXT, naming the
 * id.  *out belongs to the decoder and lives until its next call. */
TOK_API TOK_MUST_USE enum tok_status tok_decode(struct tok_decoder *decoder, const tok_id *ids,
						size_t count, bool skip_special,
						struct tok_span *out, struct tok_error *err);

#endif
