/*
 * encoder.h - bytes to ids, one document at a time.
 *
 *	struct tok_encoder *e = tok_encoder_new(tokenizer);
 *	struct tok_encode_options o = { .offsets = true };
 *	struct tok_encoding r;
 *	status = tok_encode(e, text, &o, &r, &err);
 *	for (size_t i = 0; i < r.count; i++) use(r.ids[i]);
 *	tok_encoder_free(e);
 *
 * One encoder per thread.  What tok_encode returns belongs to the encoder and
 * lives until its next call.
 */
#ifndef TOK_PIPE_ENCODER_H
#define TOK_PIPE_ENCODER_H

#include "tok/pipe/tokenizer.h"

enum tok_special_text {
	TOK_SPECIAL_ORDINARY, /* text of special tokens is ordinary text */
	TOK_SPECIAL_MATCH,    /* it becomes the special token */
	TOK_SPECIAL_ERROR     /* it is refused with TOK_ETEXT */
};

struct tok_encode_options {
	enum tok_special_text special_text;
	bool add_special; /* lay the template around the text */
	bool truncate;    /* obey the file's own truncation and padding */
	bool offsets;     /* fill tok_encoding.ranges */
	bool tokens;      /* fill tok_encoding.tokens */
	/* The text goes on behind another one that tok_tokenizer_cut() parted it
	 * from: nothing is put in front of it, and spaces at its beginning are not
	 * taken away. */
	bool continues;
};

struct tok_encoding {
	const tok_id *ids;
	/* Bytes of the original text, half open; {0, 0} for a token that the
	 * template put in.  NULL unless asked for. */
	const struct tok_range *ranges;
	const struct tok_span *tokens; /* NULL unless asked for */
	size_t count;
};

TOK_API struct tok_encoder *tok_encoder_new(const struct tok_tokenizer *tokenizer);
TOK_API void tok_encoder_free(struct tok_encoder *encoder);

/* Largest document, in bytes. */
#define TOK_DOCUMENT_MAX ((size_t)UINT32_MAX - 1)

TOK_API TOK_MUST_USE enum tok_status tok_encode(struct tok_encoder *encoder, struct tok_span text,
						const struct tok_encode_options *options,
						struct tok_encoding *out, struct tok_error *err);

/* Words of a text, in order, some at a time: ranges of `text`, which is normalised
 * and lives until the call returns.  False: memory is out. */
typedef bool tok_word_sink(void *context, struct tok_span text, const struct tok_range *words,
			   size_t count);

/* What the model would be asked for if `text` were encoded: the pieces that are left
 * when added tokens are cut out, and normaliser and pre-tokenizer have run.  Raw bytes
 * where the model knows bytes.  Of `options` only .special_text and .continues are
 * looked at.  What was given to the sink before a failure stays given. */
TOK_API TOK_MUST_USE enum tok_status tok_encode_words(struct tok_encoder *encoder,
						      struct tok_span text,
						      const struct tok_encode_options *options,
						      tok_word_sink *sink, void *context,
						      struct tok_error *err);

/* What may stand in for the model: append the tokens of bytes [piece.begin, piece.end) of
 * `text` as tok_model_encode does, with ranges if out->ranged.  What `out` holds already
 * are the tokens before the piece, of the same document. */
typedef enum tok_status tok_piece_coder(void *context, struct tok_span text, struct tok_range piece,
					struct tok_tokens *out, struct tok_error *err);

/* tok_encode with `coder` instead of the model: everything around it - added tokens,
 * normaliser, pre-tokenizer, template - is the tokenizer's.  Pieces come in the order of
 * the text, never empty; raw bytes where the model knows bytes. */
TOK_API TOK_MUST_USE enum tok_status
tok_encode_with(struct tok_encoder *encoder, struct tok_span text,
		const struct tok_encode_options *options, tok_piece_coder *coder, void *context,
		struct tok_encoding *out, struct tok_error *err);

/* From inside a coder, or of a piece that it was given in an earlier call: what the model
 * itself makes of it. */
TOK_API TOK_MUST_USE enum tok_status tok_encoder_piece(struct tok_encoder *encoder,
						       struct tok_span text, struct tok_range piece,
						       struct tok_tokens *out,
						       struct tok_error *err);

/* The same of `count` pieces, given one behind the other from the beginning of `text`: each ends
 * at one of `ends`, which rise.  Without ranges. */
TOK_API TOK_MUST_USE enum tok_status tok_encoder_run(struct tok_encoder *encoder,
						     struct tok_span text, const uint32_t *ends,
						     size_t count, struct tok_tokens *out,
						     struct tok_error *err);

#endif
