/*
 * transplant_gguf.h - what a GGUF model's file says of its tokenizer, under another one.
 *
 *	struct transplant_gguf g = { 0 };
 *	status = transplant_gguf_make(&g, &c, &files, rows, &err);
 *	graft.values = tok_buffer_span(&g.values), graft.value_count = g.count;
 *	transplant_gguf_release(&g);
 */
#ifndef CMD_TRANSPLANT_GGUF_H
#define CMD_TRANSPLANT_GGUF_H

#include "cmd/transplant_files.h"

/* Empty where the model is no GGUF file, or keeps its tokenizer. */
struct transplant_gguf {
	struct tok_buffer values;
	uint64_t count; /* of pairs */
};

/* The model's pairs with those of the new tokenizer: of its own GGUF file, or made of any other
 * kind (vocab/format/gguf_write.h); where that has all the old tokens at their ids, what else the
 * model says of its tokenizer stays.  Its chat template is the one that `files` have, else by
 * --chat-template the old one.  TOK_EARG for what a GGUF file cannot say. */
TOK_MUST_USE enum tok_status transplant_gguf_make(struct transplant_gguf *out,
						  const struct transplant_case *c,
						  struct transplant_files *files, size_t rows,
						  struct tok_error *err);
void transplant_gguf_release(struct transplant_gguf *gguf);

#endif
