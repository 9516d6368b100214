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
 * tokenizer.model and the others); a GGUF file has its own.  Roles come from tokenizer_config.json,
 * special_tokens_map.json and config.json beside it, from a GGUF file's keys, else from usual
 * names (<s>, </s>, <pad>, <unk>, [CLS], <|endoftext|>, ...).
 */
#ifndef CMD_TRANSPLANT_VOCAB_H
#define CMD_TRANSPLANT_VOCAB_H

#include "cmd/cli_load.h"
#include "hypernet/transplant/vocab.h"

/* A zeroed struct is closed. */
struct transplant_vocab {
	struct hyper_vocab vocab;
	struct tok_tokenizer *tokenizer;
	struct tok_arena arena; /* private, as the rest */
	struct tok_span *bytes;
	uint8_t *kinds;
	char *file; /* the path of the tokenizer's file */
};

/* Messages name `path`. */
TOK_MUST_USE enum tok_status transplant_vocab_open(struct transplant_vocab *out, const char *path,
						   const char *pattern, struct tok_error *err);
void transplant_vocab_close(struct transplant_vocab *vocab);

#endif
