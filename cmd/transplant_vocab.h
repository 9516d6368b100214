/*
 * transplant_vocab.h - a tokenizer's vocabulary as hypernet/transplant takes it, from a file or a
 * model's folder.
 *
 *	struct transplant_vocab v = { 0 };
 *	status = transplant_vocab_open(&v, "model-folder", NULL, &err);
 *	use(&v.vocab);
 *	transplant_vocab_close(&v);
 *
 * A folder's tokenizer is the file that tok's other tools would take (tokenizer.json first, then
 * tokenizer.model and the others); a GGUF file has its own.  What tokens stand for is told by
 * vocab/convert/token_bytes.h.  A role is what tokenizer_config.json says beside it, else
 * special_tokens_map.json, else config.json, else a GGUF file's keys; where none of these says
 * anything, what is called by a usual name (<s>, </s>, <pad>, [CLS], <|endoftext|>, ...).  The
 * unknown token is the model's, if nobody says another one.
 */
#ifndef CMD_TRANSPLANT_VOCAB_H
#define CMD_TRANSPLANT_VOCAB_H

#include "cmd/cli_load.h"
#include "hypernet/transplant/vocab.h"
#include "vocab/convert/token_bytes.h"

/* A zeroed struct is closed. */
struct transplant_vocab {
	struct hyper_vocab vocab;
	struct tok_tokenizer *tokenizer;
	char *file; /* the path of the tokenizer's file; NULL of a built-in one */
	struct vocab_token_bytes tokens; /* private */
};

/* Messages name `path`. */
TOK_MUST_USE enum tok_status transplant_vocab_open(struct transplant_vocab *out, const char *path,
						   const char *pattern, struct tok_error *err);
void transplant_vocab_close(struct transplant_vocab *vocab);

#endif
