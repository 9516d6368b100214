/*
 * cli_encoder.h - what a thread encodes texts with, as documents bring them.
 *
 *	struct cli_encoder encoder;
 *	ok = cli_encoder_init(&encoder, tokenizer, &split);
 *	status = cli_encoder_text(&encoder, &how, &text, &encoding, &err);
 *	cli_encoder_release(&encoder);
 */
#ifndef CMD_CLI_ENCODER_H
#define CMD_CLI_ENCODER_H

#include "cmd/cli_documents.h"
#include "tok/text/json.h"

/* One a thread. */
struct cli_encoder {
	struct tok_encoder *encoder;
	const struct cli_split *split; /* borrowed, as the tokenizer is */
	struct tok_json_document json; /* of the current line */
};

/* False if memory is out: then there is nothing to release. */
TOK_MUST_USE bool cli_encoder_init(struct cli_encoder *out, const struct tok_tokenizer *tokenizer,
				   const struct cli_split *split);
void cli_encoder_release(struct cli_encoder *encoder);

/* Encode `*text`, a document or a part of one; with --jsonl it is a line, and becomes
 * the string that is found in it.  Both that and *out live until the next call. */
TOK_MUST_USE enum tok_status cli_encoder_text(struct cli_encoder *encoder,
					      const struct tok_encode_options *how,
					      struct tok_span *text, struct tok_encoding *out,
					      struct tok_error *err);

#endif
