/*
 * transplant_tokenizer.h - the new tokenizer's files, as they come into a model's folder.
 *
 * From a folder come the files of usual names; and whatever the tokenizer was opened from comes so
 * that the new folder opens as the same tokenizer.  Its content decides, not its name: a
 * tokenizer.json as that, a SentencePiece model as tokenizer.model because it says more than a
 * tokenizer.json can, all other kinds as the tokenizer.json that they amount to.  A GGUF model has
 * its tokenizer inside: nothing is made for it.
 */
#ifndef CMD_TRANSPLANT_TOKENIZER_H
#define CMD_TRANSPLANT_TOKENIZER_H

#include "cmd/transplant_files.h"

/* The old tokenizer's files go, the new one's come.  TOK_EARG for one that no file can say (a
 * built-in one without a file, a compiled image); TOK_EIO; messages name it. */
TOK_MUST_USE enum tok_status transplant_tokenizer_take(struct transplant_files *files,
						       const struct transplant_case *c,
						       struct tok_error *err);

/* The same with nothing kept, so that it fails before rows are made. */
TOK_MUST_USE enum tok_status transplant_tokenizer_try(const struct transplant_case *c,
						      struct tok_error *err);

/* Does `folder`, with `files` in it, open as the new tokenizer?  TOK_EFORMAT if not. */
TOK_MUST_USE enum tok_status transplant_tokenizer_check(const struct transplant_case *c,
							const struct transplant_files *files,
							const char *folder, struct tok_error *err);

#endif
