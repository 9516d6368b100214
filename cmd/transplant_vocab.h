/*
 * transplant_vocab.h - a tokenizer's vocabulary as hypernet/transplant takes it, from whatever a
 * name stands for (cli_named.h), or from a model's folder.
 *
 *	struct transplant_vocab v = { 0 };
 *	status = transplant_vocab_open(&v, "llama-3", NULL, &err);
 *	use(&v.vocab);
 *	transplant_vocab_close(&v);
 *
 * A folder's tokenizer is the file that tok's other tools would take (tokenizer.json first, then
 * tokenizer.model and the others); a GGUF file has its own.  What tokens stand for is told by
 * vocab/convert/token_bytes.h.  A role is what tokenizer_config.json says beside it, else
 * special_tokens_map.json, else config.json, else a GGUF file's keys; where none of these says
 * anything, what is called by a usual name (<s>, </s>, <pad>, [CLS], <|endoftext|>, ...).  The
 * unknown token is the model's, if nobody says another one.  Beside a vocabulary of the store,
 *which has a tokenizer's own files only, nothing lies.
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
	enum cli_named_kind kind;
	char *name;                      /* finds it again, and nothing else */
	char *folder;                    /* that was named; NULL: it was none */
	char *file;                      /* the tokenizer's own; NULL: it lies in no folder */
	struct vocab_token_bytes tokens; /* private */
};

/* Messages name `name`. */
TOK_MUST_USE enum tok_status transplant_vocab_open(struct transplant_vocab *out, const char *name,
						   const char *pattern, struct tok_error *err);

/* The own tokenizer of the model in the folder or file `path`, whatever that is called. */
TOK_MUST_USE enum tok_status transplant_vocab_open_own(struct transplant_vocab *out,
						       const char *path, const char *pattern,
						       struct tok_error *err);
void transplant_vocab_close(struct transplant_vocab *vocab);

/* Its files, to be closed; TOK_EARG of a built-in one. */
TOK_MUST_USE enum tok_status transplant_vocab_files(const struct transplant_vocab *vocab,
						    struct cli_named_files *out,
						    struct tok_error *err);

#endif
